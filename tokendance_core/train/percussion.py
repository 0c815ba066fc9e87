"""Synthetic drum tracks on an exact grid: music whose beats are all known, at any tempo that the motion needs."""

from __future__ import annotations

import numpy as np

from tokendance_core.music import loudness
from tokendance_core.types import SAMPLE_RATE, Music

# sixteenth steps of a bar on which each drum sounds
_PATTERNS = {
    "four on the floor": {"kick": (0, 4, 8, 12), "snare": (4, 12), "hat": (2, 6, 10, 14)},
    "back beat": {"kick": (0, 8, 10), "snare": (4, 12), "hat": (0, 2, 4, 6, 8, 10, 12, 14)},
    "clave": {"kick": (0, 6, 8, 14), "snare": (0, 3, 6, 10, 12), "hat": (0, 4, 8, 12)},
    "half time": {"kick": (0, 7), "snare": (8,), "hat": (0, 2, 4, 6, 8, 10, 12, 14)},
}
_PROGRESSIONS = ((0, 9, 5, 7), (0, 7, 9, 5), (0, 5, 0, 7), (9, 5, 0, 7))
"""Roots of a four-bar chord loop in semitones above the key."""


def beat_times(bpm: float, seconds: float) -> np.ndarray:
    """(B,) seconds, the first beat half a beat after the start."""
    return np.arange(30.0 / bpm, seconds, 60.0 / bpm)


def _decay(seconds: float, half_life: float) -> np.ndarray:
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    level: np.ndarray = 0.5 ** (t / half_life)
    return level


def _drums(rng: np.random.Generator) -> dict[str, np.ndarray]:
    t = np.arange(int(0.25 * SAMPLE_RATE)) / SAMPLE_RATE
    fall = rng.uniform(80, 140)
    kick = np.sin(2 * np.pi * np.cumsum(45 + fall * np.exp(-t * 35)) / SAMPLE_RATE) * _decay(0.25, 0.05)
    noise = rng.standard_normal(len(t))
    snare = (0.7 * noise + 0.5 * np.sin(2 * np.pi * rng.uniform(160, 220) * t)) * _decay(0.25, 0.04)
    hat = np.diff(noise, prepend=0.0) * _decay(0.25, 0.015)
    return {"kick": kick, "snare": 0.6 * snare, "hat": 0.25 * hat}


def _chord(root: int, seconds: float) -> np.ndarray:
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * 220 * 2 ** ((root + step) / 12) * t) / 3 for step in (0, 4, 7))
    bass = np.sin(2 * np.pi * 55 * 2 ** (root / 12) * t)
    level = np.minimum(1.0, 0.3 + _decay(seconds, seconds / 3)[: len(t)])
    chord: np.ndarray = (0.12 * tones + 0.2 * bass) * level
    return chord


def drum_track(bpm: float, seconds: float, rng: np.random.Generator) -> Music:
    """A song of drums and chords at ``bpm``; its beats are :func:`beat_times`. Pattern, key, drums and level are drawn
    from ``rng``.
    """
    samples = np.zeros(int(seconds * SAMPLE_RATE) + SAMPLE_RATE, np.float64)
    pattern = _PATTERNS[str(rng.choice(list(_PATTERNS)))]
    drums, chords, key = _drums(rng), _PROGRESSIONS[rng.integers(len(_PROGRESSIONS))], int(rng.integers(12))
    step = 15.0 / bpm

    def add(sound: np.ndarray, at: float) -> None:
        start = int(at * SAMPLE_RATE)
        end = min(start + len(sound), len(samples))
        samples[start:end] += sound[: max(end - start, 0)]

    for bar, start in enumerate(np.arange(30.0 / bpm, seconds, 16 * step)):
        add(_chord(key + chords[bar % 4], 16 * step), start)
        for drum, steps in pattern.items():
            for position in steps:
                add(drums[drum] * rng.uniform(0.7, 1.0), start + position * step)
    name = f"drums {bpm:.0f} bpm"
    return Music(loudness.level(samples[: int(seconds * SAMPLE_RATE)].astype(np.float32), name), name)
