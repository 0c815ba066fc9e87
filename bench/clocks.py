"""How well the clocks of clips are found, on clips whose own clock is known but hidden; and how much of the data has
which.

``python -m bench.clocks DATA`` prints tables; DATA is the data pack's folder. Before stands for the clocks of earlier
versions: the grid on which the body is slowest, its beats moved to minima of joint speed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from bench.__main__ import table
from tokendance_core.datasets import clip_clocks, pack
from tokendance_core.datasets.clip_clocks import Certainty, clock_of
from tokendance_core.datasets.pack import BeatGrid, SourceClip
from tokendance_core.datasets.stillness import still
from tokendance_core.motion.speed import motion_beats, smoothed_speed
from tokendance_core.types import FPS, MotionClip

NEAR = 0.15
"""Of a beat: a beat found as near as this to a true one is right; a random one is in 30 % of cases."""

SAME_TEMPO = 0.03
_SNAP = 0.15  # seconds


@dataclass(frozen=True, eq=False)
class Found:
    """What was found for a clip: its beats (B,) in seconds, with a tempo of its own and with the true one."""

    beats: np.ndarray
    at_true_tempo: np.ndarray
    certainty: Certainty = "none"


def before(clip: MotionClip, true: BeatGrid) -> Found:
    """The grid on which the body is slowest; its beats, but not those at the true tempo, moved to speed minima."""
    speed = smoothed_speed(clip)
    slow = (speed.mean() - speed) / speed.std()

    def best(tempos: np.ndarray) -> BeatGrid:
        grids = [BeatGrid(bpm, phase) for bpm in tempos for phase in np.linspace(0, 60 / bpm, 12, endpoint=False)]
        return max(grids, key=lambda grid: met(grid.beats(clip.seconds)))

    def met(beats: np.ndarray) -> float:
        return float(np.interp(beats * clip.fps, np.arange(clip.frames), slow).mean() * np.sqrt(len(beats)))

    beats, minima = best(np.arange(75.0, 150.0, 0.5)).beats(clip.seconds), motion_beats(clip)
    nearest = minima[np.abs(minima[None] - beats[:, None]).argmin(1)]
    snapped = np.where(np.abs(nearest - beats) <= _SNAP, nearest, beats)
    return Found(snapped, best(np.array([true.bpm])).beats(clip.seconds))


def after(clip: MotionClip, true: BeatGrid) -> Found:
    """What ``clock_of`` finds when the clip's clock is hidden from it."""
    clock = clock_of(SourceClip(clip=clip, genre="any", split="train", grid=None))
    phase = clip_clocks.phase_of(clip_clocks.event_envelope(clip), true.bpm)
    return Found(clock.beats, BeatGrid(true.bpm, phase).beats(clip.seconds), clock.certainty)


def share_near(beats: np.ndarray, true: BeatGrid) -> float:
    """Share of ``beats`` that fall within ``NEAR`` of a beat of ``true``."""
    away = (beats - true.phase) * true.bpm / 60
    return float((np.abs(away - np.round(away)) <= NEAR).mean())


def is_tempo(beats: np.ndarray, true: BeatGrid, multiples: tuple[float, ...]) -> bool:
    """Whether the beats go at the true tempo or one of its ``multiples``, within ``SAME_TEMPO``."""
    ratio = 60 / float(np.median(np.diff(beats))) / true.bpm
    return min(abs(np.log(ratio / multiple)) for multiple in multiples) < SAME_TEMPO


def row(title: str, clips: list[SourceClip], found: list[Found]) -> list[str]:
    """Title, clips, and the mean over them of every figure of ``HEADS``."""
    figures = [
        (
            is_tempo(one.beats, source.grid, (1.0,)),
            is_tempo(one.beats, source.grid, (0.5, 1.0, 2.0)),
            share_near(one.at_true_tempo, source.grid),
            share_near(one.beats, source.grid),
        )
        for source, one in zip(clips, found, strict=True)
        if source.grid
    ]
    means = np.mean(np.array(figures, float), 0) if figures else np.full(4, np.nan)
    return [title, str(len(figures)), *(f"{mean:.2f}" for mean in means)]


HEADS = ["clips", "tempo", "or octave", "beats near, tempo given", "beats near"]
METHODS: dict[str, Callable[[MotionClip, BeatGrid], Found]] = {"before": before, "after": after}


def accuracy(clips: list[SourceClip]) -> str:
    """A row for each kind of known clock and method, and one for the clocks that count as guessed."""
    rows = []
    for exact, kind in ((True, "exact"), (False, "recovered")):
        known = [source for source in clips if source.grid and source.grid.exact == exact and not source.low_motion]
        found = {}
        for title, find in METHODS.items():
            found[title] = [find(source.clip, source.grid) for source in known if source.grid]
            rows.append(row(f"{kind}, {title}", known, found[title]))
        sure = [i for i, one in enumerate(found["after"]) if one.certainty == "guessed"]
        rows.append(row(f"{kind}, after, guessed", [known[i] for i in sure], [found["after"][i] for i in sure]))
    return table("own clock hidden", HEADS, rows)


def amounts(clips: list[SourceClip], whole: dict[str, int]) -> str:
    """Seconds of each genre by certainty, of standing cut off at the ends and of stillness left inside; ``whole``:
    frames of the takes as stored.
    """
    columns = (*get_args(Certainty), "of all", "cut off", "still inside")
    seconds = {genre: dict.fromkeys(columns, 0.0) for genre in (*pack.GENRES[1:], "together")}
    for source in clips:
        cut = (whole[source.name] - source.clip.frames) / FPS
        amount = {clock_of(source).certainty: source.clip.seconds, "of all": source.clip.seconds, "cut off": cut}
        amount["still inside"] = float(still(source.clip).mean() * source.clip.seconds)
        for name, value in amount.items():
            for genre in (source.genre, "together"):
                seconds[genre][name] += value
    return table(
        "seconds", list(columns), [[genre, *(f"{row[c]:.0f}" for c in columns)] for genre, row in seconds.items()]
    )


def main(data: Path) -> None:
    """Print both tables, the second for the training split alone as well."""
    clips = pack.load_motion(data)
    index = json.loads((data / "motion_index.json").read_text(encoding="utf-8"))
    whole = {entry["id"]: entry["frames"] for entry in index["clips"]}
    print(accuracy(clips), amounts(clips, whole), sep="\n")
    print("Training split:\n\n" + amounts([source for source in clips if source.split == "train"], whole))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
