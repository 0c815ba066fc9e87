"""Beats of a song from a second beat tracker, librosa's, so that no figure hangs on our own alone.

Both follow Ellis 2007, but share neither code nor frame rate nor mel bands: where they agree the beat is clear, and a
figure that holds by one of them alone does not hold. librosa is a tool of the evaluation: dancing never needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import soxr

from tokendance_core.errors import DataError
from tokendance_core.evaluate.results import Row
from tokendance_core.types import SAMPLE_RATE, Music

RATE = 22_050
"""Samples a second that librosa expects by default: 43 frames a second; ours are 30."""

TOLERANCE = 0.07
"""Seconds within which two beats are one, as beat trackers are compared in the field."""


@dataclass(frozen=True)
class Agreement(Row):
    """Of two trackers on one song; ``offset_ms``: the second's beats after the nearest of the first, median."""

    f_at_70_ms: float
    offset_ms: float
    first_bpm: float
    second_bpm: float


def check_installed() -> None:
    """Raise DataError when librosa is missing, to be called before long work."""
    if find_spec("librosa") is None:
        raise DataError(
            "The second beat tracker needs librosa, which is not installed.",
            hint='Install it: pip install "tokendance[evaluate]".',
        )


def beats(music: Music) -> np.ndarray:
    """(B,) seconds of the beats of a song."""
    import librosa

    samples = soxr.resample(music.samples, SAMPLE_RATE, RATE)
    found: np.ndarray = librosa.beat.beat_track(y=samples, sr=RATE, units="time")[1]
    return found


def agreement(first: np.ndarray, second: np.ndarray) -> Agreement:
    """How far two trackers' beats, (A,) and (B,) seconds, are the same; two or more each."""
    nearest = second[np.abs(second - first[:, None]).argmin(1)]
    return Agreement(
        f_at_70_ms=2 * _matches(first, second) / (len(first) + len(second)),
        offset_ms=1000 * float(np.median(nearest - first)),
        first_bpm=60 / float(np.median(np.diff(first))),
        second_bpm=60 / float(np.median(np.diff(second))),
    )


def _matches(first: np.ndarray, second: np.ndarray) -> int:
    """Pairs of beats within the tolerance, each beat in one pair: taking the earliest that fits is optimal."""
    i = j = count = 0
    while i < len(first) and j < len(second):
        if abs(first[i] - second[j]) <= TOLERANCE:
            i, j, count = i + 1, j + 1, count + 1
        elif first[i] < second[j]:
            i += 1
        else:
            j += 1
    return count
