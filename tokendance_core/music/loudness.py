"""One loudness for every song, -16 dBFS RMS: MFCC 0 and the 1e-10 floor of the mel spectrum depend on the level, and a
quiet master should give the same dance as a loud one.

As in loudness meters, stretches of 0.4 s that are 10 dB below the mean power are left out of the measurement, so that a
long silent intro does not make the rest loud.
"""

from __future__ import annotations

import numpy as np

from tokendance_core.errors import AudioError
from tokendance_core.types import SAMPLE_RATE

SILENT_PEAK = 1e-4
LOUDNESS_DB = -16.0
GATE_SAMPLES = SAMPLE_RATE * 2 // 5
GATE_POWER = 0.1


def level(samples: np.ndarray, name: str) -> np.ndarray:
    """``samples`` (N,) float32, changed in place: without offset, the louder stretches at ``LOUDNESS_DB``. Raises
    AudioError for silence.
    """
    samples -= samples.mean(dtype=np.float64).astype(np.float32)
    peak = np.abs(samples).max()
    if peak < SILENT_PEAK:
        raise AudioError(f"{name} is silent.", hint="Choose another song, or another stretch of this one.")
    starts = np.arange(0, len(samples) - GATE_SAMPLES + 1, GATE_SAMPLES)
    power = np.add.reduceat(np.square(samples), starts) / np.diff(starts, append=len(samples))
    loud = power[power >= GATE_POWER * power.mean()]
    samples *= np.float32(10 ** (LOUDNESS_DB / 20) / np.sqrt(loud.mean(dtype=np.float64)))
    return samples
