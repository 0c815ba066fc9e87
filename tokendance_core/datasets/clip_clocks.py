"""The clock that a clip was danced to, as far as it is known, and how certain it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tokendance_core.datasets.pack import BeatGrid, SourceClip
from tokendance_core.motion.events import deceleration_strength, footfall_strength
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.types import FPS, MotionClip

Certainty = Literal["none", "guessed", "recovered", "exact"]
"""From least to most. ``exact``: the grid of the music it was danced to. ``recovered``: fitted on both partners of a
couple. ``guessed``: found in the motion, with evidence. ``none``: evenly spaced beats, good for cutting phrases and for
nothing else.
"""

_TEMPOS = np.arange(70.0, 150.25, 0.5)
_USUAL_TEMPO = 105.0
_OCTAVES = 0.35
"""Standard deviation of tempo around ``_USUAL_TEMPO`` in octaves: whether a beat, its half or its double is meant."""

_HARMONICS = 2
"""Sinusoids of the beat whose power counts: a beat is sharper than a sway."""

_SMOOTHING = 2 / 30  # seconds
_EVIDENCE = 3.0
"""Power at the best tempo over the median power at all tempos, from which a clock counts as guessed."""


@dataclass(frozen=True, eq=False)
class ClipClock:
    """The beats (B,) of a clip in seconds, ascending, and how certain they are."""

    beats: np.ndarray
    certainty: Certainty


def clock_of(source: SourceClip) -> ClipClock:
    """The clip's own clock where the pack knows it, else the one its movement tells."""
    if source.grid:
        return ClipClock(source.grid.beats(source.clip.seconds), "exact" if source.grid.exact else "recovered")
    events = event_envelope(source.clip)
    power = _power(events)
    best = int((power * _prior()).argmax())
    grid = BeatGrid(float(_TEMPOS[best]), _phase(events, float(_TEMPOS[best])))
    certain = power[best] >= _EVIDENCE * np.median(power)
    return ClipClock(grid.beats(source.clip.seconds), "guessed" if certain else "none")


def event_envelope(clip: MotionClip) -> np.ndarray:
    """(T,) how strongly decelerations and footfalls mark each moment, both in their own standard deviations."""
    smooth = gaussian(_SMOOTHING * clip.fps)
    return sum(
        (_standardised(filtered(find(clip), smooth)) for find in (deceleration_strength, footfall_strength)),
        np.zeros(clip.frames),
    )


def _standardised(values: np.ndarray) -> np.ndarray:
    standardised: np.ndarray = (values - values.mean()) / (values.std() + 1e-9)
    return standardised


def _power(events: np.ndarray) -> np.ndarray:
    """Power of the events at each of ``_TEMPOS`` and its harmonics."""
    turns = 2j * np.pi * np.outer(_TEMPOS / 60.0, np.arange(len(events)) / FPS)
    waves = [np.abs(np.exp(-harmonic * turns) @ events) ** 2 for harmonic in range(1, _HARMONICS + 1)]
    power: np.ndarray = np.sum(waves, 0)
    return power


def _prior() -> np.ndarray:
    weight: np.ndarray = np.exp(-((np.log2(_TEMPOS / _USUAL_TEMPO) / _OCTAVES) ** 2))
    return weight


def _phase(events: np.ndarray, bpm: float) -> float:
    """Seconds of the first beat: where a grid of this tempo meets the strongest events."""
    period, frames = 60.0 / bpm, np.arange(len(events))
    phases = np.linspace(0, period, 24, endpoint=False)
    seconds = len(events) / FPS
    met = [np.interp(BeatGrid(bpm, phase).beats(seconds) * FPS, frames, events).mean() for phase in phases]
    return float(phases[int(np.argmax(met))])
