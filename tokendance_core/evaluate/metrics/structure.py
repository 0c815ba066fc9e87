"""Does the dance follow the form of the song? Energy per phrase of four bars."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import stats

from tokendance_core.types import FPS

BEATS_PER_PHRASE = 16
"""Four bars of four beats."""

_FEWEST_PHRASES = 4


def phrase_energy(
    values: np.ndarray, fps: float, beats: np.ndarray, beats_per_phrase: int = BEATS_PER_PHRASE
) -> np.ndarray:
    """Mean of ``values`` (T,) at ``fps`` over each whole phrase of the song, (P,) in the unit of the values.

    ``beats`` (B,) seconds, sorted; the first starts the first phrase; a phrase that the values do not cover to its end
    is left out. Known defect: the first beat found need not start a bar: phrases may be up to three beats off.
    """
    edges = np.round(np.asarray(beats)[::beats_per_phrase] * fps).astype(int)
    edges = edges[edges <= len(values)]
    return np.array([np.mean(values[start:end]) for start, end in pairwise(edges) if end > start])


def energy_correlation(
    speed: np.ndarray, loudness: np.ndarray, beats: np.ndarray, fps: float = FPS, loudness_fps: float = FPS
) -> float:
    """Spearman's rho of joint ``speed`` (T,) with ``loudness`` (U,), or onset density, per phrase; -1 to 1.

    0 with fewer than four phrases, and when either does not change at all. Read it beside the same dance against other
    songs.
    Known defect: few phrases make large values by chance: a song of a minute has eight.
    """
    energies = [phrase_energy(speed, fps, beats), phrase_energy(loudness, loudness_fps, beats)]
    phrases = min(map(len, energies))
    ranks = [stats.rankdata(energy[:phrases]) for energy in energies]
    if phrases < _FEWEST_PHRASES or any(np.ptp(rank) == 0 for rank in ranks):
        return 0.0
    return float(np.corrcoef(ranks)[0, 1])
