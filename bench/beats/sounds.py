"""The band that plays the test songs: drums, bass, chords and a voice out of sine waves and noise, 15,360 samples a
second.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tokendance_core.types import SAMPLE_RATE

Sound = Callable[[np.random.Generator, float], np.ndarray]
"""(random numbers, seconds it lasts) -> samples; the loudest is about 1."""

_ROOTS = (0, 9, 5, 7)


def _time(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _decay(time: np.ndarray, half_life: float) -> np.ndarray:
    level: np.ndarray = 0.5 ** (time / half_life)
    return level


def _noise(rng: np.random.Generator, time: np.ndarray, brighter: int = 0) -> np.ndarray:
    """White noise, its high part the more the more often it is differentiated."""
    noise = rng.standard_normal(len(time))
    for _ in range(brighter):
        noise = np.diff(noise, prepend=0.0)
    return noise / (3 * 2**brighter)


def _tone(time: np.ndarray, hertz: float, harmonics: int, fall: float = 1.0) -> np.ndarray:
    """Harmonics that fall as 1 / number ** fall, up to the highest that the rate holds."""
    numbers = [n for n in range(1, harmonics + 1) if n * hertz < 0.45 * SAMPLE_RATE]
    tone: np.ndarray = sum((np.sin(2 * np.pi * n * hertz * time) / n**fall for n in numbers), np.zeros(len(time)))
    return tone / 1.5


def _fade(samples: np.ndarray, seconds: float = 0.01) -> np.ndarray:
    """The sound with soft ends."""
    edge = min(int(seconds * SAMPLE_RATE), len(samples) // 2)
    if edge:
        ramp = np.linspace(0, 1, edge)
        samples[:edge] *= ramp
        samples[-edge:] *= ramp[::-1]
    return samples


def kick(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """A sine that falls from 160 to 50 Hz, and the beater's click."""
    time = _time(0.25)
    phase = 2 * np.pi * np.cumsum(50 + 110 * np.exp(-time * 40)) / SAMPLE_RATE
    return np.sin(phase) * _decay(time, 0.05) + 0.3 * _noise(rng, time) * _decay(time, 0.004)


def snare(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Wires and shell."""
    time = _time(0.25)
    return (_noise(rng, time) + 0.4 * np.sin(2 * np.pi * 190 * time)) * _decay(time, 0.04)


def clap(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Three hands within 20 ms."""
    time = _time(0.2)
    level = sum(np.where(time >= late, _decay(time - late, 0.008), 0.0) for late in (0.0, 0.01, 0.02))
    return _noise(rng, time, 1) * (level + 0.4 * _decay(time, 0.05)) / 1.5


def hat(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """A closed hi-hat."""
    time = _time(0.1)
    return _noise(rng, time, 2) * _decay(time, 0.015)


def open_hat(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """An open hi-hat."""
    time = _time(0.25)
    return _noise(rng, time, 2) * _decay(time, 0.08)


def bass(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """A held bass note with a few harmonics."""
    time = _time(seconds)
    return _fade(_tone(time, 55 * 2 ** (rng.choice(_ROOTS) / 12), 6, 1.2) * _decay(time, 0.4), 0.008)


def saw(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """A bright, plucked bass note: all the harmonics of a sawtooth."""
    time = _time(seconds)
    return _fade(_tone(time, 55 * 2 ** (rng.choice((0, 3, 5)) / 12), 40) * _decay(time, 0.1), 0.003)


def sub(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """A swelling, wobbling sub-bass."""
    time = _time(seconds)
    return _fade(np.sin(2 * np.pi * 48 * time) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time)), 0.05)


def chop(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """A short chord of a guitar or a piano."""
    time = _time(0.18)
    root = 220 * 2 ** (rng.choice(_ROOTS) / 12)
    return _fade(sum(_tone(time, root * 2 ** (step / 12), 8) for step in (0, 4, 7)) * _decay(time, 0.05) / 3, 0.003)


def pad(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """A chord that swells."""
    time = _time(seconds)
    root = 220 * 2 ** (rng.choice(_ROOTS) / 12)
    return _fade(sum(_tone(time, root * 2 ** (step / 12), 4, 1.5) for step in (0, 4, 7)) / 3, 0.25)


def lead(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """A plucked note of a tune."""
    time = _time(max(seconds, 0.1))
    return _fade(_tone(time, 440 * 2 ** (rng.choice([0, 2, 4, 7, 9, 12]) / 12), 5) * _decay(time, 0.12), 0.004)


def voice(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """A sung vowel with vibrato that slides to its pitch, after a breath of consonant."""
    time = _time(seconds)
    hertz = 220 * 2 ** (rng.choice([0, 2, 4, 5, 7]) / 12) * (1 - 0.06 * np.exp(-time * 12))
    hertz = hertz * (1 + 0.012 * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
    vowel = sum(np.sin(n * phase) * np.exp(-(((n * 220 - 700) / 600) ** 2)) for n in range(1, 9))
    return _fade(vowel / 2 + 0.3 * _noise(rng, time, 1) * _decay(time, 0.03), 0.06)
