"""Whether the beats that were found lie on the beats or half-way between them.

The onset envelope hears the rise of every band alike, so that bright or sustained sounds between the beats can draw the
chain of beats to themselves. What dancers step on are kick, snare and clap: a low thump, and noise in all bands at
once. A bass note has no noise in the gaps between its harmonics, a hi-hat none below 2 kHz.
"""

from __future__ import annotations

import numpy as np

_THUMP = (30.0, 110.0)
"""Hertz of the kick drum, where the mean of the power is heard."""

_NOISE = ((1000.0, 2000.0), (2000.0, 4000.0), (4000.0, 7500.0))
"""Hertz in which a snare has noise. The geometric mean of the power is heard there: a tone hardly raises it."""

COLUMNS = 1 + len(_NOISE)
"""What ``attacks`` tells of each frame."""

_WEIGHTS = np.array([1.0, 2.0])
"""What it counts that thump or noise is heard on the beats alone; less where it is heard between them too."""

_CLEARLY = -0.35
"""The weighted sum, from -3 to 3, below which beats are moved. No song of the data pack is below -0.21; where the beats
lie on a bright bass it is -0.4 to -2.2.
"""

_LOUDNESS = 0.3
"""Power to this exponent is about loudness."""

_LOUDEST = 0.995
"""The share of frames that are less loud than a band's usual strokes."""

_FAINT = 0.01
"""The least mean stroke, of the usual loudest one, that is compared."""

_BEFORE, _AT, _AFTER = np.arange(-6, -3), np.arange(-3, 1), np.arange(2, 6)
"""Frames about a beat: those before a stroke, among which it is loudest, and when it has died away. Spectra hear it two
frames early.
"""

_FEWEST_BEATS = 8


def attacks(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """Power spectra (T, bins) at ``hertz`` (bins,) -> loudness (T, COLUMNS) of thump and of noise in each band."""
    thump = power[:, _within(hertz, _THUMP)].mean(axis=1)
    noise = [np.exp(np.log(power[:, _within(hertz, band)] + 1e-12).mean(axis=1)) for band in _NOISE]
    loudness: np.ndarray = np.stack([thump, *noise], axis=1) ** _LOUDNESS
    return loudness


def _within(hertz: np.ndarray, band: tuple[float, float]) -> slice:
    return slice(*np.searchsorted(hertz, band).tolist())


def on_the_beat(beats: np.ndarray, loudness: np.ndarray) -> np.ndarray:
    """The frames of beats (B,), or those half-way between them where kick and snare, as ``attacks`` (T, COLUMNS) tells,
    are clearly there.
    """
    if len(beats) < _FEWEST_BEATS:
        return beats
    heard = loudness / np.maximum(np.quantile(loudness, _LOUDEST, axis=0), np.finfo(np.float32).tiny)
    drums = np.stack([heard[:, 0], heard[:, 1:].min(axis=1)], axis=1)
    between = (beats[1:] + beats[:-1]) // 2
    on, off = _strokes(beats, drums), _strokes(between, drums)
    difference = (on - off) / np.maximum(on + off, _FAINT)
    moved: np.ndarray = between if _WEIGHTS @ difference < _CLEARLY else beats
    return moved


def _strokes(frames: np.ndarray, loudness: np.ndarray) -> np.ndarray:
    """(columns,) mean rise of ``loudness`` (T, columns) at some frames, half of it counted only as far as the sound
    dies away again.
    """

    def near(offsets: np.ndarray) -> np.ndarray:
        values: np.ndarray = loudness[np.clip(frames[:, None] + offsets, 0, len(loudness) - 1)]
        return values

    peak, before, after = near(_AT).max(axis=1), near(_BEFORE).min(axis=1), near(_AFTER).min(axis=1)
    rise, fall = np.maximum(peak - before, 0), np.maximum(peak - np.maximum(before, after), 0)
    strokes: np.ndarray = (rise + fall).mean(axis=0) / 2
    return strokes
