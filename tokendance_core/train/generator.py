"""Stage two: the generator learns to fill in masked dance tokens (paper section 1.3; masking after arXiv 2202.04200)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tokendance_core.checkpoint import Checkpoint
from tokendance_core.model.generator import CONFIGS, Generator
from tokendance_core.train import pack, paired_tokens
from tokendance_core.train.loop import Batch
from tokendance_core.train.losses import masked_cross_entropy
from tokendance_core.train.paired_tokens import PairedTokens
from tokendance_core.types import CODES

CROPS = (30, 120)
"""Tokens of a training crop: the paper's 240 frames, or more, so that long songs are nothing new; a batch holds equally many tokens."""

PAIRS = 2000
VALIDATION_PAIRS = 24
TIMBRE_NOISE = 0.3
"""Share of semantic tokens replaced by random ones, so that a song is danced to and not recognised by its sound."""

GENRE_DROPOUT = 0.3
ON_REQUEST = tuple(pack.GENRES.index(genre) for genre in ("break", "pop"))
"""Genres that "any" never learns: floor work amid steps looks like a fall, and the calm takes of "pop" are so easy to foretell that the
sampler, which fixes the surest tokens first, would stand still."""

ALL_MASKED = 0.2
ONE_HALF_MASKED = 0.1
SPAN_KEPT = 0.1
"""How often a crop is masked whole (the paper's model), in one body half only, or except for a span: what editing will ask for."""


def draw_masks(rng: np.random.Generator, count: int, length: int) -> np.ndarray:
    """(count, 2, length) bool, True where the upper or lower token is hidden; each crop hides at least one token.

    Mostly a share cos(pi/2 u) of single tokens with u uniform, as the sampler will meet them.
    """
    share = np.cos(0.5 * np.pi * rng.random((count, 1, 1)))
    masks = rng.random((count, 2, length)) < share
    kind = rng.random(count)
    bounds = np.cumsum([ALL_MASKED, ONE_HALF_MASKED, SPAN_KEPT])
    masks[kind < bounds[0]] = True
    for row in np.flatnonzero((kind >= bounds[0]) & (kind < bounds[1])):
        masks[row] = False
        masks[row, rng.integers(2)] = True
    for row in np.flatnonzero((kind >= bounds[1]) & (kind < bounds[2])):
        start, end = np.sort(rng.integers(0, length, 2))
        masks[row] = True
        masks[row, :, start:end] = False
    masks[~masks.any((1, 2)), 0, 0] = True
    return masks


def hidden_logits(model: Generator, tokens: Batch, masks: Tensor) -> tuple[Tensor, Tensor]:
    """Upper and lower logits for whole tokens of which those in ``masks`` (B, 2, L) are hidden from the model."""
    known = [tokens[half].masked_fill(masks[:, i], CODES) for i, half in enumerate(("upper", "lower"))]
    return model(tokens["semantic"], tokens["acoustic"], *known, tokens["genre"])


class GeneratorTask:
    """Crops of paired tokens, masked at random; the loss counts the hidden ones."""

    def __init__(self, model: Generator, pairs: PairedTokens, held_out: PairedTokens) -> None:
        self.model, self._pairs, self._held_out = model, pairs, held_out

    def batch(self, rng: np.random.Generator, size: int) -> Batch:
        length = int(rng.choice(CROPS))
        count = max(size * CROPS[0] // length, 1)
        rows = rng.integers(0, len(self._pairs), count)
        starts = rng.integers(0, self._pairs.upper.shape[1] - length + 1, count)
        at = starts[:, None] + np.arange(length)
        crop = {
            name: torch.from_numpy(getattr(self._pairs, name)[rows[:, None], at]) for name in ("semantic", "acoustic", "upper", "lower")
        }
        noise = torch.from_numpy(rng.integers(0, CODES, at.shape))
        crop["semantic"] = torch.where(torch.from_numpy(rng.random(at.shape) < TIMBRE_NOISE), noise, crop["semantic"])
        genre = self._pairs.genre[rows]
        forget = (rng.random(count) < GENRE_DROPOUT) & ~np.isin(genre, ON_REQUEST)
        genre = np.where(forget, 0, genre)
        return crop | {"genre": torch.from_numpy(genre), "masks": torch.from_numpy(draw_masks(rng, count, length))}

    def loss(self, batch: Batch) -> Tensor:
        masks = batch["masks"]
        upper, lower = hidden_logits(self.model, batch, masks)
        return masked_cross_entropy(upper, batch["upper"], masks[:, 0]) + masked_cross_entropy(lower, batch["lower"], masks[:, 1])

    def validate(self) -> dict[str, float]:
        return token_figures(self.model, self._held_out)


@torch.inference_mode()
def token_figures(model: Generator, pairs: PairedTokens) -> dict[str, float]:
    """Cross-entropy in nats and accuracy of either half on whole pairs: everything hidden, and half of the tokens hidden."""
    device = next(model.parameters()).device
    data = {name: torch.from_numpy(getattr(pairs, name)).to(device) for name in ("semantic", "acoustic", "upper", "lower", "genre")}
    hidden = {"all_hidden": torch.ones(len(pairs), 2, data["upper"].shape[1], dtype=torch.bool)}
    hidden["half_hidden"] = torch.rand(hidden["all_hidden"].shape, generator=torch.Generator().manual_seed(0)) < 0.5
    figures = {}
    for name, masks in hidden.items():
        masks = masks.to(device)
        logits = hidden_logits(model, data, masks)
        for i, half in enumerate(("upper", "lower")):
            figures[f"{name}_{half}_entropy"] = float(masked_cross_entropy(logits[i], data[half], masks[:, i]))
            figures[f"{name}_{half}_accuracy"] = float((logits[i].argmax(-1) == data[half])[masks[:, i]].float().mean())
    return figures


def load_or_build_pairs(folder: Path, data: Path, codecs: Checkpoint, seed: int, count: int = PAIRS) -> tuple[PairedTokens, PairedTokens]:
    """Training and validation pairs, built at the first start of a run and read from its folder ever after."""
    paths = {split: folder / f"pairs_{split}.npz" for split in ("train", "validation")}
    if not all(path.exists() for path in paths.values()):
        clips, songs = pack.load_motion(data), list(pack.load_songs(data))
        drums = paired_tokens.drum_songs(np.random.default_rng(seed))
        paired_tokens.save(paired_tokens.build(songs, drums, clips, "train", codecs, count, seed), paths["train"])
        paired_tokens.save(
            paired_tokens.build(songs, [], clips, "validation", codecs, min(count, VALIDATION_PAIRS), seed), paths["validation"]
        )
    return paired_tokens.load(paths["train"]), paired_tokens.load(paths["validation"])


def generator_task(size: str, genres: int, pairs: PairedTokens, held_out: PairedTokens) -> GeneratorTask:
    """A new generator of a named size on these pairs."""
    return GeneratorTask(Generator(replace(CONFIGS[size], genres=genres)), pairs, held_out)
