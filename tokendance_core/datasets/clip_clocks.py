"""The clock that a clip was danced to, as far as it is known, and how certain it is.

A clock that nobody wrote down is read from where the body brakes and the feet come down, never from where the body is
slowest: those moments carry no phase. It counts only if both halves of the clip tell the same tempo, and if it fits
better than clocks fit the same movements in a shuffled order. ``python -m bench.clocks`` measures all of this on the
clips whose clock is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tokendance_core.datasets.pack import BeatGrid, SourceClip
from tokendance_core.motion.events import deceleration_strength, foot_braking_strength, footfall_strength
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.types import FPS, MotionClip

Certainty = Literal["none", "guessed", "recovered", "exact"]
"""From least to most. ``exact``: the grid of the music it was danced to. ``recovered``: fitted on both partners of a
couple. ``guessed``: found in the motion, with evidence. ``none``: evenly spaced beats, good for cutting phrases and for
nothing else.
"""

_TEMPOS = np.arange(65.0, 160.25, 0.25)
_USUAL_TEMPO = 100.0
_OCTAVES = 0.45
"""Standard deviation of tempo around ``_USUAL_TEMPO`` in octaves: whether a beat, its half or its double is meant."""

_METRE = {0.5: 0.5, 1.0: 1.0, 2.0: 1.0}
"""Multiples of its tempo at which a beat shows, and what their power counts: beats come in twos and have halves."""

_SMOOTHING = 2 / 30  # seconds
_PHASES = 48
_CONTROLS = 100
_AS_GOOD = 5
"""So many of the ``_CONTROLS`` may fit as well as the clip itself for its clock to count as guessed."""

_SAME_TEMPO = 0.05
"""Largest difference, as a logarithm, of the tempos of a clip's two halves for its clock to count as guessed."""

_PIECE = 1.0
"""Seconds, on average, of the pieces whose order a control shuffles: its steps stay, what they have in common goes."""


@dataclass(frozen=True, eq=False)
class ClipClock:
    """The beats (B,) of a clip in seconds, ascending, and how certain they are."""

    beats: np.ndarray
    certainty: Certainty


def clock_of(source: SourceClip) -> ClipClock:
    """The clip's own clock where the pack knows it, else the one that its movement tells."""
    if source.grid:
        return ClipClock(source.grid.beats(source.clip.seconds), "exact" if source.grid.exact else "recovered")
    events = event_envelope(source.clip)
    bpm = _tempo_of(events)
    beats = BeatGrid(bpm, phase_of(events, bpm)).beats(source.clip.seconds)
    return ClipClock(beats, "guessed" if _halves_agree(events) and _beats_controls(events) else "none")


def event_envelope(clip: MotionClip) -> np.ndarray:
    """(T,) how strongly the movement marks each moment: three kinds of events, each in its own standard deviations."""
    smooth = gaussian(_SMOOTHING * clip.fps)
    strengths = (deceleration_strength(clip), foot_braking_strength(clip), footfall_strength(clip))
    envelope: np.ndarray = np.sum([_standardised(filtered(strength, smooth)) for strength in strengths], 0)
    return envelope


def phase_of(events: np.ndarray, bpm: float) -> float:
    """Seconds of the first beat of the clock of this tempo whose beats meet the strongest of ``events`` (T,)."""
    turns = np.linspace(0.0, 1.0, _PHASES, endpoint=False)
    waves = [(multiple, _spectrum(events[None], np.array([bpm * multiple]))[0, 0]) for multiple in (1.0, 2.0)]
    met = np.sum([(wave * np.exp(2j * np.pi * multiple * turns)).real for multiple, wave in waves], 0)
    return float(turns[met.argmax()] * 60.0 / bpm)


def _standardised(values: np.ndarray) -> np.ndarray:
    standardised: np.ndarray = (values - values.mean()) / (values.std() + 1e-9)
    return standardised


def _spectrum(events: np.ndarray, tempos: np.ndarray) -> np.ndarray:
    """(N, T) events -> (N, K) complex: their Fourier coefficients at ``tempos`` (K,) in beats per minute."""
    seconds = np.arange(events.shape[1]) / FPS
    spectrum: np.ndarray = events @ np.exp(-2j * np.pi * np.outer(seconds, tempos / 60.0))
    return spectrum


def _fits(events: np.ndarray) -> np.ndarray:
    """(N, T) events -> (N, K) how well a clock of each of ``_TEMPOS`` fits, at its best phase."""
    powers = [weight * np.abs(_spectrum(events, multiple * _TEMPOS)) ** 2 for multiple, weight in _METRE.items()]
    likely = np.exp(-((np.log2(_TEMPOS / _USUAL_TEMPO) / _OCTAVES) ** 2))
    fits: np.ndarray = np.sum(powers, 0) * likely
    return fits


def _tempo_of(events: np.ndarray) -> float:
    return float(_TEMPOS[_fits(events[None])[0].argmax()])


def _halves_agree(events: np.ndarray) -> bool:
    """Whether the first and the second half of ``events`` (T,) tell the same tempo, each by itself."""
    first, second = np.array_split(events, 2)
    return bool(abs(np.log(_tempo_of(first) / _tempo_of(second))) <= _SAME_TEMPO)


def _beats_controls(events: np.ndarray) -> bool:
    """Whether hardly any control fits as well as ``events`` (T,) itself."""
    controls = _fits(_controls(events, np.random.default_rng(0))).max(1)
    return bool((controls >= _fits(events[None]).max()).sum() <= _AS_GOOD)


def _controls(events: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(``_CONTROLS``, T) the events cut anywhere into pieces of about ``_PIECE``, in a new order each time."""
    frames = len(events)
    pieces = min(max(round(frames / (_PIECE * FPS)), 2), frames)

    def shuffled() -> np.ndarray:
        cuts = np.sort(rng.choice(np.arange(1, frames), pieces - 1, replace=False))
        parts = np.split(np.roll(events, rng.integers(frames)), cuts)
        return np.concatenate([parts[i] for i in rng.permutation(pieces)])

    return np.stack([shuffled() for _ in range(_CONTROLS)])
