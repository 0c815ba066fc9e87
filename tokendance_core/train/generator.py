"""Stage two: the generator learns to fill in masked dance tokens (paper section 1.3; masks after arXiv 2202.04200)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tokendance_core.dance.checkpoint import Checkpoint, for_our_prompts
from tokendance_core.datasets import pack
from tokendance_core.files.atomic import write_aside
from tokendance_core.model.config import CONFIGS, HALVES, Prompt
from tokendance_core.model.generator import Generator
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

GENRE_DROPOUT = 0.1
ON_REQUEST = tuple(pack.GENRES.index(genre) for genre in pack.ON_REQUEST)

UNTOLD = {"energy": 0.15, "beat_count": 0.15, "timing": 0.15, "accent": 0.5, "step": 0.6}
"""How often a crop is not told a cue."""

DANCES_OWN = ("accent", "step")
"""Cues that the dance alone knows in training; in use the music places accents."""

PART_TOLD = 0.4
"""How often such a cue is told in a part of the crop alone."""

TEMPO_DROPOUT = 0.15

KNOWN_NOISE = 0.05
"""Share of known tokens that are another dance's: the sampler's own draws are not all good either."""

MASKS = {
    "anywhere": 0.45,  # a share cos(pi/2 u) of single tokens with u uniform, as in the sampler's passes
    "nearly all": 0.15,  # 85 to 100 % of single tokens, as in its first passes, where most is decided
    "all": 0.05,  # the paper's model
    "bars": 0.10,  # a share of whole bars, as when a passage gets its dance back
    "end": 0.08,  # everything after some moment: going on
    "range": 0.08,  # everything between two moments: an edit
    "half": 0.09,  # one half of the body, with the other known
}
"""How often the first codes are hidden in each way."""

LATER_MASKS = {"all": 0.6, "anywhere": 0.15, "range": 0.15, "half": 0.1}
"""The same for later codes, which the sampler asks for in one pass each."""

EDITS = ("bars", "end", "range", "half")
"""Ways in which known places are those of a finished dance: all their codes are known."""

BAR = 16
"""Tokens that are hidden or known together in masks of bars."""

CODEBOOK_SHARES = {1: (1.0,), 2: (0.65, 0.35), 3: (0.65, 0.21, 0.14)}
"""How often each codebook is asked for, with those before it known and those after it hidden, by their number: a wrong
first code is another pose, a wrong third one a few millimetres.
"""

ALL_AT_ONCE = 0.05
"""How often everything is hidden and every codebook asked for: the paper's one pass."""


def draw_masks(draws: Draws, count: int, length: int, often: Mapping[str, float]) -> tuple[Tensor, Tensor]:
    """(count, 2, length) bool, True where a code of the codebook in question is hidden, at least one in each crop; and
    (count, 1, 1) bool, whether the others are of a finished dance. ``often``: how often each way occurs.
    """
    place = torch.arange(length, device=draws.device)
    halves = torch.arange(len(HALVES), device=draws.device)[:, None]
    share = torch.cos(0.5 * math.pi * draws.uniform(count, 1, 1))
    most = 1.0 - 0.15 * draws.uniform(count, 1, 1)
    start, end = draws.below(length, 2, count, 1, 1).sort(0).values
    of_bar = draws.uniform(count, 1, length // BAR + 2)
    bar = (place + draws.below(BAR, count, 1)) // BAR
    ways = {
        "anywhere": draws.uniform(count, 2, length) < share,
        "nearly all": draws.uniform(count, 2, length) < most,
        "all": place >= 0,
        "bars": of_bar.gather(2, bar[:, None]) < share,
        "end": place >= start,
        "range": (place >= start) & (place <= end),
        "half": halves == draws.below(2, count, 1, 1),
    }
    kind, masks = draws.uniform(count, 1, 1), ways["anywhere"]
    finished = kind < 0
    for way, (low, high) in _intervals(often).items():
        chosen = (kind >= low) & (kind < high)
        masks = torch.where(chosen, ways[way], masks)
        finished = finished | (chosen & (way in EDITS))
    first = (place == 0) & (halves == 0)
    return masks | (~masks.flatten(1).any(1)[:, None, None] & first), finished


def _intervals(often: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Shares -> intervals of [0, 1) as long as each, one after the other."""
    bounds = np.cumsum([0.0, *often.values()]).tolist()
    return dict(zip(often, pairwise(bounds), strict=True))


def draw_codebooks(draws: Draws, codebooks: int) -> range:
    """Which codebooks a batch is asked for: one, or now and then all."""
    if draws.host.random() < ALL_AT_ONCE:
        return range(codebooks)
    asked = int(draws.host.choice(codebooks, p=CODEBOOK_SHARES[codebooks]))
    return range(asked, asked + 1)


def prompt_in(tokens: Batch) -> Prompt:
    """The conditioning inside a batch."""
    return Prompt(*(tokens[name] for name in Prompt._fields))


class GeneratorTask:
    """Crops of paired tokens on one device, masked at random; the loss counts the hidden ones."""

    judged_by = "entropy"

    def __init__(self, model: Generator, pairs: PairedTokens, held_out: PairedTokens, device: str = "cpu") -> None:
        self.model, self._held_out = model, held_out
        self._pairs = {name: torch.from_numpy(getattr(pairs, name)).to(device) for name in (*Prompt._fields, "dance")}
        self._on_request = torch.tensor(ON_REQUEST, device=device)

    def batch(self, draws: Draws, size: int) -> Batch:
        """A prompt, the ``dance`` (B, streams, L) as it is and as it is ``seen``, which codes are ``asked`` for (B,
        asked streams, L).

        What has to be computed is told by shapes alone, for a captured step cannot read: ``before`` has an entry for
        each codebook before those asked for.
        """
        pairs, config = self._pairs, self.model.config
        length = int(draws.host.choice(CROPS))
        codebooks = draw_codebooks(draws, config.codebooks)
        count = max(size * CROPS[0] // length, 1)
        rows = draws.below(len(pairs["genre"]), count)
        starts = draws.below(pairs["dance"].shape[2] - length + 1, count)
        at = starts[:, None] + torch.arange(length, device=draws.device)
        crop = {name: values[rows[:, None], at] for name, values in pairs.items() if values.ndim == 2}
        crop["dance"] = pairs["dance"][rows[:, None], :, at].mT
        noise = draws.uniform(count, length) < TIMBRE_NOISE
        crop["semantic"] = torch.where(noise, draws.below(config.codes, count, length), crop["semantic"])
        for name, often in UNTOLD.items():
            crop[name] = crop[name] * (draws.uniform(count, 1) >= often)
        for name in DANCES_OWN:
            start, end = draws.below(length + 1, 2, count, 1).sort(0).values
            inside = (at - starts[:, None] >= start) & (at - starts[:, None] < end)
            crop[name] = crop[name] * (inside | (draws.uniform(count, 1) >= PART_TOLD))
        crop["tempo"] = pairs["tempo"][rows] * (draws.uniform(count) >= TEMPO_DROPOUT)
        genre = pairs["genre"][rows]
        asked_for = (genre[:, None] == self._on_request).any(1)
        crop["genre"] = genre * ((draws.uniform(count) >= GENRE_DROPOUT) | asked_for)
        crop["seen"], crop["asked"] = self._seen(draws, crop["dance"], codebooks)
        crop["before"] = draws.uniform(codebooks.start)
        return crop

    def _seen(self, draws: Draws, dance: Tensor, codebooks: range) -> tuple[Tensor, Tensor]:
        """The dance with its hidden codes masked and some known ones wrong, and which codes are asked for."""
        config = self.model.config
        count, length = len(dance), dance.shape[2]
        if len(codebooks) > 1:
            masks = torch.ones(count, len(HALVES), length, dtype=torch.bool, device=draws.device)
            finished = ~masks[:, :1, :1]
        else:
            masks, finished = draw_masks(draws, count, length, LATER_MASKS if codebooks.start else MASKS)
        known, hidden = torch.zeros_like(masks), masks | ~finished
        each = [known] * codebooks.start + [masks] * len(codebooks) + [hidden] * (config.codebooks - codebooks.stop)
        wrong = (draws.uniform(count, len(HALVES), length) < KNOWN_NOISE).repeat(1, config.codebooks, 1)
        seen = torch.where(wrong, dance.roll(1, 0), dance).masked_fill(torch.cat(each, 1), config.mask)
        return seen, masks.repeat(1, len(codebooks), 1)

    def loss(self, batch: Batch) -> Tensor:
        asked, first = batch["asked"], len(batch["before"])
        codebooks = range(first, first + asked.shape[1] // len(HALVES))
        logits = self.model(prompt_in(batch), batch["seen"], codebooks)
        truth = batch["dance"][:, len(HALVES) * codebooks.start : len(HALVES) * codebooks.stop]
        each = [
            masked_cross_entropy(logits[:, stream].float(), truth[:, stream], asked[:, stream])
            for stream in range(asked.shape[1])
        ]
        return torch.stack(each).mean()

    def validate(self) -> dict[str, float]:
        figures = token_figures(self.model, self._held_out)
        return {"entropy": sum(figures[f"half_hidden_{half}_entropy"] for half in HALVES) / len(HALVES), **figures}


@torch.inference_mode()
def token_figures(model: Generator, pairs: PairedTokens) -> dict[str, float]:
    """Cross-entropy in nats and accuracy of codes on whole pairs, told all but what the dance alone knows.

    With everything hidden, with half of the first codes hidden, and of each later codebook half with the codebooks
    before it known.
    """
    device = next(model.parameters()).device
    data = {name: torch.from_numpy(getattr(pairs, name)).to(device) for name in (*Prompt._fields, "dance")}
    data |= {name: torch.zeros_like(data[name]) for name in DANCES_OWN}
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
        seen = data["dance"].masked_fill(masks, model.config.mask)
        logits = model(prompt_in(data), seen, range(asked_codebook, asked_codebook + 1))
        for number, half_name in enumerate(HALVES):
            stream = asked_codebook * len(HALVES) + number
            truth, asked = data["dance"][:, stream], masks[:, stream]
            figures[f"{name}_{half_name}_entropy"] = float(masked_cross_entropy(logits[:, number], truth, asked))
            figures[f"{name}_{half_name}_accuracy"] = float(
                (logits[:, number].argmax(-1) == truth)[asked].float().mean()
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
