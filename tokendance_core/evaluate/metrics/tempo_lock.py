"""Does the dance keep a tempo at all? Its events against the beats at every phase, at the true tempo and at wrong ones.

Times in seconds. A dancer may answer the beat early or late: the phase is free, within a window it must stay the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tokendance_core.evaluate.metrics.beats import BEAT_TOLERANCE
from tokendance_core.music.clock import to_both_ends

WINDOW, STEP = 8.0, 4.0
"""Seconds of a window, and from one to the next."""

PHASES = 12
WRONG_TEMPOS = (0.83, 0.89, 0.93, 1.07, 1.12, 1.19)
"""Factors of the beat period that belong to no simple ratio of tempos."""


@dataclass(frozen=True)
class Lock:
    """Mean over windows of the alignment at the best phase above that at all phases: at the true tempo, and on average
    at wrong ones, which says what searching for the best phase is worth by itself.
    """

    true: float
    wrong: float

    @property
    def excess(self) -> float:
        return self.true - self.wrong


def tempo_lock(events: np.ndarray, beats: np.ndarray, seconds: float) -> Lock:
    """The lock of a dance of ``seconds`` with ``events`` (N,) to music with ``beats`` (B,), two or more.

    The score is that of ``beat_alignment``. Raises ValueError below a window of 8 s. Known defects: the mean of few
    windows is noisy (a standard deviation of about 0.1 for one); half and double tempo of the beats are not told apart.
    """
    if seconds < WINDOW:
        raise ValueError(f"tempo lock needs {WINDOW:g} s of dance, found {seconds:g}")
    true, *wrong = (_best_over_mean(events, beats * factor, seconds) for factor in (1.0, *WRONG_TEMPOS))
    return Lock(true, float(np.mean(wrong)))


def _best_over_mean(events: np.ndarray, beats: np.ndarray, seconds: float) -> float:
    """Mean over windows of (score at the best phase - mean over phases)."""
    period = float(np.median(np.diff(beats)))
    shifted = to_both_ends(beats, seconds) + period * (np.arange(PHASES)[:, None] / PHASES - 1)
    shifted = np.concatenate((shifted, shifted[:, -1:] + period), 1)
    near = _closeness(events, shifted)
    scores = [
        _by_window(shifted - start, near, int((seconds - start + 1e-6) // WINDOW))
        for start in np.arange(0, WINDOW, STEP)
    ]
    found = np.concatenate(scores, 1)
    return float((found.max(0) - found.mean(0)).mean())


def _by_window(times: np.ndarray, near: np.ndarray, count: int) -> np.ndarray:
    """(P, B) times and values -> (P, count) mean value in each window of ``WINDOW`` seconds from 0 on."""
    window = np.floor(times / WINDOW).astype(int)
    inside = (window >= 0) & (window < count)
    cell = (window + count * np.arange(len(times))[:, None])[inside]
    size = len(times) * count
    total, number = np.bincount(cell, near[inside], size), np.bincount(cell, minlength=size)
    means: np.ndarray = (total / np.maximum(number, 1)).reshape(len(times), count)
    return means


def _closeness(events: np.ndarray, times: np.ndarray) -> np.ndarray:
    """exp(-d^2 / 2 tolerance^2) for each of ``times``, d = seconds to the nearest event; zeros without events."""
    if not len(events):
        return np.zeros(times.shape)
    after = np.searchsorted(events, times)
    gaps = [np.abs(times - events[np.clip(i, 0, len(events) - 1)]) for i in (after - 1, after)]
    closeness: np.ndarray = np.exp(-0.5 * (np.minimum(*gaps) / BEAT_TOLERANCE) ** 2)
    return closeness
