"""Stage two: the generator learns to fill in masked dance tokens (paper section 1.3; masks after arXiv 2202.04200)."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tokendance_core.dance.checkpoint import Checkpoint, for_our_prompts
from tokendance_core.datasets import pack
from tokendance_core.files.atomic import write_aside
from tokendance_core.model.generator import CONFIGS, HALVES, Generator, Prompt
from tokendance_core.train import paired_tokens
from tokendance_core.train.draws import Draws
from tokendance_core.train.log import Say
from tokendance_core.train.losses import masked_cross_entropy
from tokendance_core.train.optimisation import Batch
from tokendance_core.train.paired_tokens import PairedTokens
from tokendance_core.train.workers import Enough, never

CROPS = (60, 240)
"""Tokens of a training crop: the paper's 240 frames, or more, so that long songs are familiar; a batch holds equally
many tokens.
"""

SPLITS: tuple[pack.Split, ...] = ("train", "validation")
"""Songs that training reads."""

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


def draw_masks(draws: Draws, count: int, codebooks: int, length: int) -> Tensor:
    """(count, codebooks x 2, length) bool, True where a dance token is hidden; each crop hides at least one token.

    Mostly a share cos(pi/2 u) of single tokens with u uniform, as the sampler will meet them: in one codebook, with
    those before it known and those after it hidden.
    """
    share = torch.cos(0.5 * math.pi * draws.uniform(count, 1, 1))
    asked = draws.uniform(count, 2, length) < share
    kind = draws.uniform(count, 1, 1)
    whole, one_half, edit = (float(bound) for bound in np.cumsum([ALL_MASKED, ONE_HALF_MASKED, SPAN_KEPT]))
    half = torch.arange(2, device=draws.device)[:, None] == draws.below(2, count, 1, 1)
    start, end = draws.below(length, 2, count, 1, 1).sort(0).values
    place = torch.arange(length, device=draws.device)
    asked = torch.where(kind < edit, (place < start) | (place >= end), asked)
    asked = torch.where(kind < one_half, half, asked) | (kind < whole)
    first = (place == 0) & (torch.arange(2, device=draws.device)[:, None] == 0)
    asked = asked | (~asked.flatten(1).any(1)[:, None, None] & first)
    refining = (kind >= edit) & (draws.uniform(count, 1, 1) < REFINING / (1 - edit)) & (codebooks > 1)
    level = torch.where(refining, 1 + draws.below(max(codebooks - 1, 1), count, 1, 1), 0)
    # In an edit all codes of a kept token are known; while a dance is made, none after the codebook in question is.
    each = [
        torch.where(kind < edit, asked, (level < codebook) | ((level == codebook) & asked))
        for codebook in range(codebooks)
    ]
    return torch.cat(each, dim=1)


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
    """Crops of paired tokens on one device, masked at random; the loss counts the hidden ones."""

    judged_by = "entropy"

    def __init__(self, model: Generator, pairs: PairedTokens, held_out: PairedTokens, device: str = "cpu") -> None:
        self.model, self._held_out = model, held_out
        self._pairs = {name: torch.from_numpy(getattr(pairs, name)).to(device) for name in (*Prompt._fields, "dance")}
        self._on_request = torch.tensor(ON_REQUEST, device=device)

    def batch(self, draws: Draws, size: int) -> Batch:
        pairs, codes = self._pairs, self.model.config.codes
        length = int(draws.host.choice(CROPS))
        count = max(size * CROPS[0] // length, 1)
        rows = draws.below(len(pairs["genre"]), count)
        starts = draws.below(pairs["dance"].shape[2] - length + 1, count)
        at = starts[:, None] + torch.arange(length, device=draws.device)
        crop = {name: values[rows[:, None], at] for name, values in pairs.items() if values.ndim == 2}
        crop["dance"] = pairs["dance"][rows[:, None], :, at].mT
        noise = draws.uniform(count, length) < TIMBRE_NOISE
        crop["semantic"] = torch.where(noise, draws.below(codes, count, length), crop["semantic"])
        for name in ("energy", "timing"):
            crop[name] = crop[name] * (draws.uniform(count, 1) >= PROMPT_DROPOUT)
        crop["tempo"] = pairs["tempo"][rows] * (draws.uniform(count) >= PROMPT_DROPOUT)
        genre = pairs["genre"][rows]
        asked_for = (genre[:, None] == self._on_request).any(1)
        crop["genre"] = genre * ((draws.uniform(count) >= GENRE_DROPOUT) | asked_for)
        crop["masks"] = draw_masks(draws, count, self.model.config.codebooks, length)
        return crop

    def loss(self, batch: Batch) -> Tensor:
        logits, masks = hidden_logits(self.model, batch, batch["masks"]), batch["masks"]
        loss = logits.new_zeros(())
        for stream in range(masks.shape[1]):
            each = masked_cross_entropy(logits[:, stream].float(), batch["dance"][:, stream], masks[:, stream])
            loss = loss + CODEBOOK_WEIGHTS[stream // len(HALVES)] * each
        return loss

    def validate(self) -> dict[str, float]:
        figures = token_figures(self.model, self._held_out)
        return {"entropy": sum(figures[f"half_hidden_{half}_entropy"] for half in HALVES) / len(HALVES), **figures}


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
    folder: Path,
    data: Path,
    codecs: Checkpoint,
    *,
    seed: int,
    count: int,
    say: Say,
    workers: int = 1,
    enough: Enough = never,
) -> tuple[PairedTokens, PairedTokens]:
    """Training pairs, and pairs of held-out songs with the same dances: what matters is how learned dances carry over
    to a new song.

    Built at the first start of a run, and again when the tokenizers have changed; read from its folder otherwise.
    As many training pairs as are ready when there is ``enough``.
    """
    paths = {split: folder / f"pairs_{split}.npz" for split in SPLITS}
    made_with = folder / "pairs.id"
    wanted = f"{codecs.id} {codecs.clock} {count} {seed}"
    if not made_with.exists() or made_with.read_text(encoding="ascii") != wanted:
        clips = [clip for clip in pack.load_motion(data) if clip.split == "train"]
        songs: dict[str, list[pack.SourceSong]] = {split: [] for split in SPLITS}
        for song in pack.load_songs(data, say, SPLITS):
            songs[song.split].append(song)
        drums = paired_tokens.drum_songs(np.random.default_rng(seed))
        build = partial(paired_tokens.build, clips=clips, codecs=codecs, workers=workers)
        few = min(count, VALIDATION_PAIRS)
        paired_tokens.save(build(songs["validation"], [], count=few, seed=seed + 1), paths["validation"])
        paired_tokens.save(build(songs["train"], drums, count=count, seed=seed, enough=enough), paths["train"])
        with write_aside(made_with) as aside:
            aside.write_text(wanted, encoding="ascii")
    return paired_tokens.load(paths["train"]), paired_tokens.load(paths["validation"])


def generator_task(
    size: str,
    pairs: PairedTokens,
    held_out: PairedTokens,
    *,
    genres: int,
    codebooks: int,
    levels: tuple[int, ...],
    device: str = "cpu",
) -> GeneratorTask:
    """A new generator of a named size for these pairs and the tokenizers behind them."""
    config = replace(CONFIGS[size], genres=genres, codebooks=codebooks, levels=levels)
    return GeneratorTask(Generator(for_our_prompts(config)), pairs, held_out, device)
