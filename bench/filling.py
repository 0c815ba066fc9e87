"""How well a dance is filled in: a body half, four bars in the middle, half a minute after a beginning.

``python -m bench.filling CHECKPOINT DATA`` prints tables and writes out/filling.json; DATA is the data pack's folder.
The dances are composed of clips that nothing was trained on, to songs that nothing was trained on; the network is told
their genre and otherwise what it is told in use. Beside what it fills in stand the composed dance at the same places,
and what it dances there when everything is hidden. Dances are not finished.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.conditions import entropies
from bench.excerpts import Excerpts, add_arguments, danced, decoded, of_data, report
from tokendance_core.commands.devices import keep_large_blocks
from tokendance_core.dance import checkpoint
from tokendance_core.dance.checkpoint import Checkpoint
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.datasets import pack
from tokendance_core.evaluate.metrics.events import halves_agree
from tokendance_core.evaluate.metrics.motion import jerk_at
from tokendance_core.evaluate.metrics.statistics import Estimate, interval
from tokendance_core.evaluate.metrics.tempo_lock import WINDOW
from tokendance_core.evaluate.results import Row
from tokendance_core.evaluate.study.rhythm import real_dance, timing
from tokendance_core.evaluate.timed_dances import Kind, Moves, exact_clips
from tokendance_core.model.config import HALVES
from tokendance_core.train.paired_tokens import TOKENS
from tokendance_core.types import FPS, MotionClip

TOKENS_PER_BEAT = 4
BAR = 4 * TOKENS_PER_BEAT

COMPOSED, FILLED, ANEW = "composed, through the tokenizers", "filled in", "everything hidden"
SHUFFLED = "upper body of one, lower body of another"

EVERY = 5.0
"""Seconds between the moments at which real dance shows how jerky a dance is anywhere."""


@dataclass(frozen=True)
class Gap:
    """Tokens that are hidden: of ``streams`` (a body half, or both) from ``first`` to ``stop``."""

    streams: slice
    first: int
    stop: int

    @property
    def joins(self) -> list[int]:
        """Tokens at which what was there meets what is new, or the reverse."""
        return [place for place in (self.first, self.stop) if 0 < place < TOKENS]

    def hide(self, dance: np.ndarray, mask: int) -> np.ndarray:
        """The dance tokens (N, streams, L) with the gap."""
        hidden = dance.copy()
        hidden[:, self.streams, self.first : self.stop] = mask
        return hidden


BOTH, UPPER, LOWER = slice(None), slice(0, None, len(HALVES)), slice(1, None, len(HALVES))
MIDDLE = TOKENS // 2
GAPS = {
    "upper body": Gap(UPPER, 0, TOKENS),
    "lower body": Gap(LOWER, 0, TOKENS),
    "4 bars": Gap(BOTH, MIDDLE - 2 * BAR, MIDDLE + 2 * BAR),
    "30 s after 16 beats": Gap(BOTH, 4 * BAR, 4 * BAR + 15 * BAR),
}
"""What is asked for. Half a minute is fifteen bars at 120 beats a minute."""


@dataclass(frozen=True)
class Figures(Row):
    """Dances at the places of a gap; ``entropy_nats``: of the composed dance's first codes there, given what is known.

    ``join_jerk_m_s3``: around the joins; ``halves_agree``: correlation of their braking.
    """

    entropy_nats: float | None = None
    lock_excess: Estimate | None = None
    deceleration_gain: Estimate | None = None
    footfall_gain: Estimate | None = None
    join_jerk_m_s3: Estimate | None = None
    halves_agree: Estimate | None = None


def figures(kind: Kind, jerks: Sequence[np.ndarray], agreement: Sequence[float], entropy: float | None) -> Figures:
    """One row."""
    found = timing(kind)
    joins = np.concatenate(jerks)
    return Figures(
        entropy_nats=entropy,
        lock_excess=found.lock_excess,
        deceleration_gain=found.deceleration_gain,
        footfall_gain=found.footfall_gain,
        join_jerk_m_s3=interval(joins) if len(joins) else None,
        halves_agree=interval(agreement),
    )


def measure(model: Checkpoint, excerpts: Excerpts, settings: GenerateSettings) -> dict[str, Figures]:
    """A row for each gap and kind of dance."""
    prompt = excerpts.in_use._replace(genre=excerpts.told.genre)
    mask, truth = model.engine.generator.mask, excerpts.dance
    composed, anew = (
        decoded(model, tokens, excerpts.clocks) for tokens in (truth, danced(model, prompt, settings, seed=0))
    )
    rows = {}
    for name, gap in GAPS.items():
        asked = gap.hide(truth, mask)
        filled = decoded(model, danced(model, prompt, settings, 0, asked), excerpts.clocks)
        everything = np.full_like(truth, mask)
        for kind, clips, known in ((COMPOSED, composed, None), (FILLED, filled, asked), (ANEW, anew, everything)):
            hidden = asked[:, : len(HALVES)] == mask
            entropy = None
            if known is not None:
                entropy = float(entropies(model.engine, prompt, truth, known)[hidden].mean())
            rows[f"{name}: {kind}"] = at_gap(excerpts, gap, clips, entropy)
    rows[SHUFFLED] = Figures(halves_agree=interval(_halves(composed, [composed[i] for i in excerpts.another])))
    return rows


def at_gap(excerpts: Excerpts, gap: Gap, clips: Sequence[MotionClip], entropy: float | None) -> Figures:
    """What some dances to the excerpts measure at the gap, which counts as at least a window of tempo lock."""
    spans, beats, jerks = [], [], []
    for clip, clock in zip(clips, excerpts.clocks, strict=True):
        hop = clock.frames // TOKENS
        first, *joins = (float(clock.seconds[place * hop]) for place in (gap.first, *gap.joins))
        last = float(clock.seconds[min(gap.stop * hop, clock.frames - 1)])
        start, stop = _widened(first, last, clip.seconds)
        spans.append(clip.cut(round(start * FPS), round(stop * FPS)))
        beats.append(clock.beats[(clock.beats >= start) & (clock.beats <= stop)] - start)
        jerks.append(jerk_at(clip, np.array(joins)))
    kind = Kind([[Moves.of(span) for span in spans]], beats, excerpts.artists)
    return figures(kind, jerks, _halves(spans, spans), entropy)


def _widened(first: float, last: float, seconds: float) -> tuple[float, float]:
    """The span, or as much more around it as a window of tempo lock takes."""
    more = max(WINDOW + 2 / FPS - (last - first), 0) / 2
    start = min(max(first - more, 0), seconds)
    return start, min(max(last + more, start), seconds)


def _halves(upper: Sequence[MotionClip], lower: Sequence[MotionClip]) -> list[float]:
    return [halves_agree(one, other) for one, other in zip(upper, lower, strict=True)]


def real(clips: Sequence[pack.SourceClip]) -> dict[str, Figures]:
    """Real dance on its exact clock, its jerk every few seconds."""
    dances = [source.clip for source in exact_clips(clips)]
    jerks = [jerk_at(clip, np.arange(EVERY, clip.seconds, EVERY)) for clip in dances]
    return {kind: figures(found, jerks, _halves(dances, dances), None) for kind, found in real_dance(clips).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    arguments = parser.parse_args()
    keep_large_blocks()
    model, clips = checkpoint.load(arguments.checkpoint), pack.load_motion(arguments.data)
    excerpts = of_data(model, arguments.data, [c for c in clips if c.split != "train"], arguments.excerpts)
    rows = real(clips) | measure(model, excerpts, GenerateSettings())
    report("gap", rows, arguments.out / "filling.json")


if __name__ == "__main__":
    main()
