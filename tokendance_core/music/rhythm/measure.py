"""The tempo of beats: the usual one, and between which it varies."""

from __future__ import annotations

import math

import numpy as np

_SPAN = 6.0
"""Seconds over which a tempo is told: tracked beats fall on whole frames."""

_VARIES = 1.09
"""The fastest tempo over the slowest from which on a song has more than one."""


def tempo(beats: np.ndarray) -> float:
    """Usual beats a minute between (N,) seconds of beats; 0 where there are fewer than two."""
    return float(np.median(_tempos(beats))) if len(beats) > 1 else 0.0


def tempo_range(beats: np.ndarray) -> tuple[float, float]:
    """The slowest and the fastest beats a minute where the tempo varies, but for a twentieth of the song at each; the
    usual ones twice where it does not.
    """
    if len(beats) < 2:
        return 0.0, 0.0
    slowest, fastest = np.quantile(_tempos(beats), (0.05, 0.95)).tolist()
    return (slowest, fastest) if fastest > _VARIES * slowest else (tempo(beats), tempo(beats))


def varies(beats: np.ndarray) -> bool:
    """Whether the tempo varies."""
    slowest, fastest = tempo_range(beats)
    return slowest < fastest


def _tempos(beats: np.ndarray) -> np.ndarray:
    """Beats a minute over each ``_SPAN`` seconds, or half of what there is: so that one odd beat does not count."""
    span = min(math.ceil(_SPAN / float(np.median(np.diff(beats)))), len(beats) // 2)
    tempos: np.ndarray = 60.0 * span / (beats[span:] - beats[:-span])
    return tempos
