"""Stage two: the generator learns to fill in masked dance tokens (paper section 1.3; masks after arXiv 2202.04200)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from torch import Tensor

from tokendance_core.dance.checkpoint import Checkpoint, for_our_prompts
from tokendance_core.datasets import pack
from tokendance_core.model.generator import CONFIGS, HALVES, Generator, Prompt
from tokendance_core.train import paired_tokens
from tokendance_core.train.loop import Batch
from tokendance_core.train.losses import masked_cross_entropy
from tokendance_core.train.paired_tokens import PairedTokens

CROPS = (60, 240)
"""Tokens of a training crop: the paper's 240 frames, or more, so that long songs are familiar; a batch holds equally
many tokens.
"""

PAIRS = 2400
VALIDATION_PAIRS = 24
TIMBRE_NOISE = 0.3
"""Share of semantic tokens replaced by random ones, so that a song is danced to and not recognised by its sound."""

GENRE_DROPOUT = 0.3
ON_REQUEST = tuple(pack.GENRES.index(genre) for genre in pack.ON_REQUEST)

PROMPT_DROPOUT = 0.15
"""How often energy, timing or tempo is left unspecified."""

ALL_MASKED = 0.1
ONE_HALF_MASKED = 0.1
SPAN_KEPT = 0.1
"""How often a crop is masked whole (the paper's model), in one body half only, or except for a span as in an edit."""

REFINING = 0.35
"""How often all first codes are known and second or third ones are asked for, as in the sampler's last passes."""

CODEBOOK_WEIGHTS = (1.0, 0.5, 0.25)
"""How much the codes of a token count: a wrong first one is another pose, a wrong third one a few millimetres."""


def draw_masks(rng: np.random.Generator, count: int, codebooks: int, length: int) -> np.ndarray:
    """(count, codebooks x 2, length) bool, True where a dance token is hidden; each crop hides at least one token.

    Mostly a share cos(pi/2 u) of single tokens with u uniform, as the sampler will meet them: in one codebook, with
    those before it known and those after it hidden.
    """
    share = np.cos(0.5 * np.pi * rng.random((count, 1, 1)))
    asked = rng.random((count, 2, length)) < share
    kind = rng.random(count)
    bounds = np.cumsum([ALL_MASKED, ONE_HALF_MASKED, SPAN_KEPT])
    asked[kind < bounds[0]] = True
    for row in np.flatnonzero((kind >= bounds[0]) & (kind < bounds[1])):
        asked[row] = False
        asked[row, rng.integers(2)] = True
    for row in np.flatnonzero((kind >= bounds[1]) & (kind < bounds[2])):
        start, end = np.sort(rng.integers(0, length, 2))
        asked[row] = True
        asked[row, :, start:end] = False
    asked[~asked.any((1, 2)), 0, 0] = True
    refining = (kind >= bounds[2]) & (rng.random(count) < REFINING / (1 - bounds[2])) & (codebooks > 1)
    level = np.where(refining, rng.integers(1, max(codebooks, 2), count), 0)
    # In an edit all codes of a kept token are known; while a dance is made, none after the codebook in question is.
    edit = (kind < bounds[2])[:, None, None]
    each = [
        np.where(edit, asked, (level < codebook)[:, None, None] | (level == codebook)[:, None, None] & asked)
        for codebook in range(codebooks)
    ]
    return np.concatenate(each, axis=1)


def prompt_of(tokens: Batch) -> Prompt:
    """The conditioning inside a batch."""
    return Prompt(*(tokens[name] for name in Prompt._fields))


def hidden_logits(model: Generator, tokens: Batch, masks: Tensor) -> Tensor:
    """Logits (B, streams, L, codes) for whole dance tokens of which those in ``masks`` (B, streams, L) are hidden from
    the model.
    """
    logits: Tensor = model(prompt_of(tokens), tokens["dance"].masked_fill(masks, model.config.mask))
    return logits


class GeneratorTask:
    """Crops of paired tokens, masked at random; the loss counts the hidden ones."""

    def __init__(self, model: Generator, pairs: PairedTokens, held_out: PairedTokens) -> None:
        self.model, self._pairs, self._held_out = model, pairs, held_out

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        length = int(rng.choice(CROPS))
        count = max(size * CROPS[0] // length, 1)
        rows = rng.integers(0, len(self._pairs), count)
        starts = rng.integers(0, self._pairs.dance.shape[2] - length + 1, count)
        at = starts[:, None] + np.arange(length)
        crop = {
            name: getattr(self._pairs, name)[rows[:, None], at]
            for name in ("semantic", "acoustic", "energy", "beat_position", "timing")
        }
        noise = rng.random(at.shape) < TIMBRE_NOISE
        crop["semantic"] = np.where(noise, rng.integers(0, self.model.config.codes, at.shape), crop["semantic"])
        crop["dance"] = self._pairs.dance[rows[:, None], :, at].swapaxes(1, 2)
        for name in ("energy", "timing"):
            crop[name] = crop[name] * (rng.random((count, 1)) >= PROMPT_DROPOUT)
        crop["tempo"] = self._pairs.tempo[rows] * (rng.random(count) >= PROMPT_DROPOUT)
        genre = self._pairs.genre[rows]
        forget = (rng.random(count) < GENRE_DROPOUT) & ~np.isin(genre, ON_REQUEST)
        crop["genre"] = np.where(forget, 0, genre)
        crop["masks"] = draw_masks(rng, count, self.model.config.codebooks, length)
        return {name: torch.from_numpy(values) for name, values in crop.items()}

    def loss(self, batch: Batch) -> Tensor:
        logits, masks = hidden_logits(self.model, batch, batch["masks"]), batch["masks"]
        loss = logits.new_zeros(())
        for stream in range(masks.shape[1]):
            each = masked_cross_entropy(logits[:, stream], batch["dance"][:, stream], masks[:, stream])
            loss = loss + CODEBOOK_WEIGHTS[stream // len(HALVES)] * each
        return loss

    def validate(self) -> dict[str, float]:
        return token_figures(self.model, self._held_out)


@torch.inference_mode()
def token_figures(model: Generator, pairs: PairedTokens) -> dict[str, float]:
    """Cross-entropy in nats and accuracy of codes on whole pairs.

    With everything hidden, with half of the first codes hidden, and of each later codebook half with the codebooks
    before it known.
    """
    device = next(model.parameters()).device
    data = {name: torch.from_numpy(getattr(pairs, name)).to(device) for name in (*Prompt._fields, "dance")}
    half = torch.rand(data["dance"].shape, generator=torch.Generator().manual_seed(0)) < 0.5
    codebook = (torch.arange(model.config.streams) // len(HALVES))[:, None]
    hidden = {"all_hidden": (0, torch.ones_like(half)), "half_hidden": (0, half | (codebook > 0))}
    hidden |= {
        f"codebook_{later + 1}": (later, (half & (codebook == later)) | (codebook > later))
        for later in range(1, model.config.codebooks)
    }
    figures = {}
    for name, (asked_codebook, masks) in hidden.items():
        masks = masks.to(device)
        logits = hidden_logits(model, data, masks)
        for stream, half_name in enumerate(HALVES, start=asked_codebook * len(HALVES)):
            truth, asked = data["dance"][:, stream], masks[:, stream]
            figures[f"{name}_{half_name}_entropy"] = float(masked_cross_entropy(logits[:, stream], truth, asked))
            figures[f"{name}_{half_name}_accuracy"] = float(
                (logits[:, stream].argmax(-1) == truth)[asked].float().mean()
            )
    return figures


def load_or_build_pairs(
    folder: Path, data: Path, codecs: Checkpoint, *, seed: int, count: int
) -> tuple[PairedTokens, PairedTokens]:
    """Training pairs, and pairs of held-out songs with the same dances: what matters is how learned dances carry over
    to a new song.

    Built at the first start of a run and read from its folder afterwards.
    """
    paths = {split: folder / f"pairs_{split}.npz" for split in ("train", "validation")}
    if not all(path.exists() for path in paths.values()):
        clips = [clip for clip in pack.load_motion(data) if clip.split == "train"]
        songs: dict[str, list[pack.SourceSong]] = {split: [] for split in get_args(pack.Split)}
        for song in pack.load_songs(data):
            songs[song.split].append(song)
        drums = paired_tokens.drum_songs(np.random.default_rng(seed))
        pairs = paired_tokens.build(songs["train"], drums, clips, codecs=codecs, count=count, seed=seed)
        paired_tokens.save(pairs, paths["train"])
        held_out = paired_tokens.build(
            songs["validation"], [], clips, codecs=codecs, count=min(count, VALIDATION_PAIRS), seed=seed + 1
        )
        paired_tokens.save(held_out, paths["validation"])
    return paired_tokens.load(paths["train"]), paired_tokens.load(paths["validation"])


def generator_task(
    size: str, pairs: PairedTokens, held_out: PairedTokens, *, genres: int, codebooks: int, levels: tuple[int, ...]
) -> GeneratorTask:
    """A new generator of a named size for these pairs and the tokenizers behind them."""
    config = replace(CONFIGS[size], genres=genres, codebooks=codebooks, levels=levels)
    return GeneratorTask(Generator(for_our_prompts(config)), pairs, held_out)
