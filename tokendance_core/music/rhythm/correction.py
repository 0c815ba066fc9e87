"""Beats put right by somebody who hears the song: twice or half as many, or half a beat later."""

from __future__ import annotations

import numpy as np

from tokendance_core.music.rhythm.settings import BeatSettings


def corrected(beats: np.ndarray, settings: BeatSettings, bar: float) -> np.ndarray:
    """Beats (B,), in frames or seconds, as ``settings`` has them; a beat that begins a bar is at ``bar``."""
    if settings.tempo == "double":
        beats = _doubled(beats)
    elif settings.tempo == "half" and len(beats):
        beats = beats[np.abs(beats - bar).argmin() % 2 :: 2]
    return _doubled(beats)[1::2] if settings.beat_shift == "half" else beats


def _doubled(beats: np.ndarray) -> np.ndarray:
    """Every beat, and one half-way to the next; (2 B,). A single beat tells nothing and stays alone."""
    if len(beats) < 2:
        return beats
    number = np.arange(len(beats))
    between = np.interp(number[:-1] + 0.5, number, beats)
    last = beats[-1] + (beats[-1] - beats[-2]) / 2
    doubled: np.ndarray = np.stack([beats, np.append(between, last)], axis=1).ravel()
    return doubled
