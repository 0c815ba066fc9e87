"""Does the dance follow the form of the song? Energy per phrase of four bars."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import ndimage, stats

from tokendance_core.evaluate.metrics.windows import RATE, over_windows
from tokendance_core.music import features
from tokendance_core.types import FPS, MusicFeatures

BEATS_PER_PHRASE = 16
"""Four bars of four beats."""

_FEWEST_PHRASES = 4

SAME_SOUND = 0.5
"""Correlation above which two windows of 8 s are one passage: windows of two songs stay below 0.25, four in five of the
passages that ``music/form.py`` finds to return lie above.
"""

_LOOSE = 1.0
"""Seconds by which a return may be early or late: a window of a dance is like those that begin a little before or
after.
"""


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


def returns(song: MusicFeatures, seconds: float) -> np.ndarray:
    """(W, W) bool, ``RATE`` windows of ``seconds`` a second: whether the song sounds in one as in the other.

    Correlation of timbre and harmony over the window, each column standardised over the song. Known defects: a passage
    that returns at another tempo, or with other instruments, is not found.
    """
    step, length = round(FPS / RATE), round(seconds * RATE)
    columns = song.values[:, [*features.SEMANTIC, *range(*features.CHROMA.indices(song.values.shape[1]))]]
    frames = len(columns) // step
    sound = columns[: frames * step].reshape(frames, step, -1).mean(1).astype(np.float64)
    sound = (sound - sound.mean(0)) / np.maximum(sound.std(0), 1e-6)
    alike = over_windows(sound @ sound.T, length)
    size = np.sqrt(np.diagonal(alike))
    same = alike > SAME_SOUND * np.maximum(np.outer(size, size), 1e-6)
    near = ndimage.maximum_filter1d(same, 2 * round(_LOOSE * RATE) + 1, axis=1, mode="constant")
    found: np.ndarray = near | near.T
    return found
