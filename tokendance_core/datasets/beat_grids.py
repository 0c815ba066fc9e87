"""The beats a clip was danced to: those of a known grid, or of one guessed from the motion and moved to its beats."""

from __future__ import annotations

import numpy as np

from tokendance_core.datasets.pack import BeatGrid, SourceClip
from tokendance_core.motion.speed import motion_beats, smoothed_speed
from tokendance_core.types import FPS, MotionClip

_TEMPOS = np.arange(75.0, 150.0, 0.5)
_SNAP = 0.15
"""Seconds within which a motion beat is taken for a grid beat."""


def guess_grid(clip: MotionClip) -> BeatGrid:
    """The tempo and phase whose beats fall where the motion is slowest: no more than a guess."""
    energy = smoothed_speed(clip)
    energy = (energy - energy.mean()) / (energy.std() + 1e-9)
    best = (-np.inf, 120.0, 0.0)
    for bpm in _TEMPOS:
        period = 60.0 / bpm
        for phase in np.linspace(0, period, 12, endpoint=False):
            at = np.arange(phase, clip.seconds, period)
            score = -np.interp(at * clip.fps, np.arange(clip.frames), energy).mean() * np.sqrt(len(at))
            best = max(best, (score, bpm, phase))
    return BeatGrid(float(best[1]), float(best[2]))


def beat_times(source: SourceClip) -> np.ndarray:
    """(B,) seconds of the clip's beats. A known grid is used as it is: some styles settle late, which is their groove.

    A guessed one takes the nearest motion beat within ``_SNAP`` instead, so that all guessed clips agree on what a beat
    looks like.
    """
    if source.grid:
        return source.grid.beats(source.clip.seconds)
    beats = guess_grid(source.clip).beats(source.clip.seconds)
    moves = motion_beats(source.clip)
    if not len(moves) or not len(beats):
        return beats
    nearest = moves[np.abs(moves[None] - beats[:, None]).argmin(1)]
    snapped = np.where(np.abs(nearest - beats) <= _SNAP, nearest, beats)
    return np.maximum.accumulate(snapped + np.arange(len(snapped)) / (1000.0 * FPS))
