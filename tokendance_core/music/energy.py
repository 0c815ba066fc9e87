"""How big the dance is at every moment: a level from 1 (calm) to 8 (wild) as input of the network, 0 for unspecified.

In training the level is the dance's own, ranked within its genre; for a song it follows loudness and onsets. Not in the
paper, which leaves it to the music tokens; those are quantised and lose slow swells.
"""

from __future__ import annotations

import math

import numpy as np

from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.music import features
from tokendance_core.types import FPS, MusicFeatures

LEVELS = 8
SMOOTHING = 1.0
"""Seconds: sigma of the Gaussian that makes energy out of speed or loudness."""

_LEAST_SPREAD = {"loudness": 17.0, "onset": 0.15}
"""Least standard deviation of each over a song, so that an even song stays even: 1.5 dB in all bands, and of the onset
envelope.
"""

_WEIGHTS = {"loudness": 1.0, "onset": 0.7}
"""How much a standard deviation of each counts: enough of both for a visible effect on the dance."""

_USUAL = 0.25
"""Standard deviations by which the usual energy lies above the median: big moments of a real dance are few, but very
big.
"""


def smoothed(values: np.ndarray, fps: float = FPS) -> np.ndarray:
    """(T,) averaged over about two seconds."""
    return filtered(values[:, None], gaussian(SMOOTHING * fps))[:, 0]


def level_of_rank(rank: np.ndarray) -> np.ndarray:
    """Ranks from 0 to 1 -> levels 1 to ``LEVELS``."""
    level: np.ndarray = np.clip(np.floor(np.asarray(rank) * LEVELS), 0, LEVELS - 1).astype(np.int64) + 1
    return level


def below_normal(deviations: np.ndarray) -> np.ndarray:
    """The share of a normal distribution that lies below so many standard deviations, 0 to 1."""
    halves = np.asarray(deviations, np.float64) / math.sqrt(2)
    errors: np.ndarray = np.frompyfunc(math.erf, 1, 1)(halves).astype(np.float64)
    return (1 + errors) / 2


def of_music(song_features: MusicFeatures, shift: float = 0.0) -> np.ndarray:
    """(T,) levels for a song at 30 fps: loud passages with many onsets are high; ``shift`` in standard deviations, 0
    follows the song.
    """
    values = song_features.values
    tracks = {"loudness": values[:, features.LOUDNESS], "onset": values[:, features.ONSET]}
    score = np.zeros(song_features.frames)
    for name, track in tracks.items():
        slow = smoothed(track.astype(np.float64))
        score += _WEIGHTS[name] * (slow - slow.mean()) / max(slow.std(), _LEAST_SPREAD[name])
    return level_of_rank(below_normal(score + _USUAL + shift))


def untold(song_features: MusicFeatures, shift: float = 0.0) -> np.ndarray:
    """(T,) zeros: the network is left to hear from the music how big the dance should be."""
    return np.zeros(song_features.frames, np.int64)


def of_tokens(levels: np.ndarray, hop: int) -> np.ndarray:
    """(T,) levels of frames -> (L,) levels of tokens of ``hop`` frames: the one at the middle of each."""
    padded = np.pad(levels, (0, -len(levels) % hop), mode="edge")
    return padded[hop // 2 :: hop]
