"""The course of the tempo: how many frames lie between one beat and the next, at every frame.

Most songs keep one tempo. It is told as librosa tells it, whole frames for the whole song, so that a network hears what
it has learned from. A course is told only where it fits the song far better than any one tempo does: the path through
the autocorrelation of one window after the other that is high and changes little (Viterbi).
"""

from __future__ import annotations

import numpy as np

from tokendance_core.types import FPS

WINDOW = 8 * FPS
FASTEST_BPM, USUAL_BPM = 320.0, 120.0
BLOCK = 1024
"""Windows worked on at once."""

HOP = FPS // 2
"""Frames from one place at which a course is told to the next."""

COURSE_BPM = np.exp(np.arange(np.log(45.0), np.log(230.0), 0.02))
"""Tempos of a course, in steps of 2 %."""

_TOGETHER = (1, 2, 4)
"""Beats after which the envelope has to be alike: long spans tell the tempo exactly, short ones which it is."""

_LONGEST = 0.6 * WINDOW
"""Frames of the longest span that is compared: windows fade at both ends."""

_SLOWEST_BIN = 5
"""Lowest bin of a window's spectrum that is heard: below are its mean and slow swells."""

_PRIOR = 0.3
"""What an octave away from the usual tempo costs, against an autocorrelation of 1."""

_STEP, _JUMP = 0.1, 8.0
"""What a change of 2 % within half a second costs, growing with its square, and what any change costs at most."""

_BETTER = 0.15
"""Mean autocorrelation by which a course has to fit better than one tempo."""

_TINY = np.finfo(np.float64).tiny


def periods(onset: np.ndarray) -> np.ndarray:
    """(T,) frames from beat to beat at every frame of an onset envelope (T,) that is not all zeros; the same whole
    number everywhere where the song keeps one tempo.
    """
    path = _course(onset)
    if path is None:
        return np.full(len(onset), float(beat_period(onset)))
    bpm: np.ndarray = np.exp(np.interp(np.arange(len(onset)), np.arange(len(path)) * HOP, np.log(path)))
    return FPS * 60 / bpm


def beat_period(onset: np.ndarray) -> int:
    """Frames from beat to beat: the peak of the mean local autocorrelation, under a log-normal prior about 120 BPM."""
    windows = _windows(onset)
    power = np.zeros(WINDOW + 1)
    for first in range(0, len(onset), BLOCK):
        spectra, energy = _spectra(windows[first : first + BLOCK])
        # An autocorrelation is highest at lag 0, where it is the energy: divided by it, all windows count the same.
        power += (1 / np.where(energy < _TINY, 1, energy)) @ spectra
    total = np.fft.irfft(power)[:WINDOW]
    lags = np.arange(1, WINDOW)
    bpm = FPS * 60 / lags
    score = np.log1p(1e6 * total[1:] / len(onset)) - 0.5 * np.log2(bpm / USUAL_BPM) ** 2
    return int(lags[np.argmax(np.where(bpm < FASTEST_BPM, score, -np.inf))])


def _windows(onset: np.ndarray) -> np.ndarray:
    """(T, WINDOW) a window around every frame."""
    padded = np.pad(onset.astype(np.float64), WINDOW // 2, mode="linear_ramp")
    windows: np.ndarray = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: len(onset)]
    return windows


def _hann() -> np.ndarray:
    hann: np.ndarray = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    return hann


def _spectra(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Power spectra (N, WINDOW + 1) and energies (N,) of windows (N, WINDOW) that fade at both ends."""
    local = windows * _hann()
    spectrum = np.fft.rfft(local, 2 * WINDOW)
    return spectrum.real**2 + spectrum.imag**2, (local**2).sum(axis=1)


def _course(onset: np.ndarray) -> np.ndarray | None:
    """(N,) beats a minute every ``HOP`` frames; None where one tempo fits nearly as well."""
    fit = _tempogram(_spectra(_windows(onset)[::HOP])[0]) - _PRIOR * np.log2(COURSE_BPM / USUAL_BPM) ** 2
    path, total = _best_path(fit)
    is_better = total - fit.sum(axis=0).max() > _BETTER * len(fit)
    return COURSE_BPM[path] if is_better else None


def _tempogram(spectra: np.ndarray) -> np.ndarray:
    """(N, tempos) how alike the envelope is after some beats at each tempo of a course: 1 for the same, about 0 by
    chance.
    """
    bins = np.arange(WINDOW + 1)
    heard = np.where(bins < _SLOWEST_BIN, 0.0, np.where(bins < WINDOW, 2.0, 1.0)) * spectra
    heard /= np.maximum(heard.sum(axis=1, keepdims=True), _TINY)
    lags = np.outer(_TOGETHER, FPS * 60 / COURSE_BPM)
    fading = np.correlate(_hann(), _hann(), "full")[WINDOW - 1 :]
    counts = (lags < _LONGEST) * fading[0] / np.interp(lags, np.arange(WINDOW), fading)
    cosines = np.cos(np.pi / WINDOW * bins[:, None, None] * lags) * counts
    alike: np.ndarray = heard @ (cosines.sum(axis=1) / (lags < _LONGEST).sum(axis=0))
    return alike


def _best_path(fit: np.ndarray) -> tuple[np.ndarray, float]:
    """(N,) columns of ``fit`` (N, tempos) whose sum, less what their changes cost, is greatest; and that sum."""
    tempos = np.arange(fit.shape[1])
    cost = np.minimum(_STEP * np.subtract.outer(tempos, tempos) ** 2.0, _JUMP)
    total, previous = fit[0], np.zeros(fit.shape, int)
    for place in range(1, len(fit)):
        reached = total - cost
        previous[place] = reached.argmax(axis=1)
        total = reached[tempos, previous[place]] + fit[place]
    path = [int(total.argmax())]
    for place in range(len(fit) - 1, 0, -1):
        path.append(int(previous[place, path[-1]]))
    return np.array(path[::-1]), float(total.max())
