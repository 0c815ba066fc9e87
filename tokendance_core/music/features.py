"""Music features, the network's input: 35 numbers a frame, 30 frames a second (paper section 3.1 after Lodge and EDGE).

    column    0      1 … 20     21 … 32     33     34
    feature   onset  MFCC 0-19  chroma C-B  peak   beat

They are defined as in librosa (0.11 and 1.0) and computed by numpy alone: librosa compiles for half a minute on its
first start, and Blender's own Python has numpy and nothing else. The setting, the same for all: 15,360 Hz mono, STFT of
2048 samples every 512, periodic Hann window, frame t centred on sample 512 t, zeros beyond both ends; power spectrum;
128 Slaney mel bands from 0 to 7680 Hz with area norm; decibels over 1e-10, at most 80 dB below the song's loudest band.
With ``sr=15360, hop_length=512`` the columns are

    onset    onset.onset_strength           mean rise of the mel bands, moved by half a window to where sounds begin
    mfcc     feature.mfcc(n_mfcc=20)        orthonormal DCT-II of the mel decibels
    chroma   feature.chroma_stft(tuning=0)  each frame divided by its maximum
    peak     onset.onset_detect             1 where the onset envelope stands 0.07 of its range above its neighbours
    beat     beat.beat_track                1 on a beat (Ellis 2007); see ``rhythm`` for how it differs

Chroma is not the CENS that FineDance ships: CENS needs a constant-Q transform (ten times the cost of everything here)
and smooths over a second. Tuning is fixed at 0 (A = 440 Hz), because an estimate jumps between excerpts of one song.
Nothing is normalised over the song: the codec brings columns to zero mean and unit variance with the statistics of its
training data.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from tokendance_core.music.rhythm import phase, tracker
from tokendance_core.types import FPS, SAMPLE_RATE, Music, MusicFeatures, OnShare, nobody

FEATURE_NAMES: tuple[str, ...] = (
    "onset",
    *(f"mfcc_{i}" for i in range(20)),
    *(f"chroma_{i}" for i in range(12)),
    "peak",
    "beat",
)
DEFINITION = 2
"""Changes whenever the same sound would get other numbers: features that were kept in a file are stale then."""

ONSET, CHROMA, PEAK, BEAT = 0, slice(21, 33), 33, 34

SEMANTIC: tuple[int, ...] = tuple(i for i, name in enumerate(FEATURE_NAMES) if name.startswith("mfcc"))
"""Columns of the semantic stream: timbre."""

LOUDNESS = SEMANTIC[0]
"""The first mel cepstral coefficient: the mean of the mel bands in decibels, but for a factor."""

ACOUSTIC: tuple[int, ...] = tuple(i for i in range(len(FEATURE_NAMES)) if i not in SEMANTIC)
"""Columns of the acoustic stream: rhythm and harmony."""

WINDOW = 2048
STEP = SAMPLE_RATE // FPS
BINS = WINDOW // 2 + 1
_HERTZ = np.arange(BINS) * SAMPLE_RATE / WINDOW
MEL_BANDS = 128
BLOCK = 1024
"""Frames worked on at once: memory stays the same however long the song is."""

ROWS = 16
"""Frames transformed at once, few enough that their spectra, in double precision, stay in the processor's cache."""

ONSET_SHIFT = 1 + WINDOW // (2 * STEP)
BEAT_LATENCY = 1.0 / FPS
"""Seconds by which the onset envelope, and with it a beat frame, trails the sound: its peak is the steepest rise,
mid-window.
"""

FADED = 280.0
"""How far ``LOUDNESS`` falls below its median when the music has faded away: 25 dB in all bands."""

PEAK_NEIGHBOURS, PEAK_HEIGHT = 3, 0.07


def extract(music: Music, on_share: OnShare = nobody) -> MusicFeatures:
    """Compute the 35 features of a song, exactly ``music.frames`` rows.

    Time and memory grow linearly with the song (20 minutes: 36,000 rows). Silence is legal: no onsets, no beats, all
    finite.
    """
    values = np.zeros((music.frames, len(FEATURE_NAMES)), np.float32)
    if not music.frames:
        return MusicFeatures(values)
    decibels, chroma, attacks = _spectral(music, on_share)
    onset = _onset_strength(decibels)
    values[:, ONSET] = onset
    values[:, SEMANTIC] = decibels @ _cosines().T
    values[:, CHROMA] = chroma
    values[_peaks(onset), PEAK] = 1
    values[tracker.beats(onset, attacks), BEAT] = 1
    return MusicFeatures(values)


def beat_frames(features: MusicFeatures) -> np.ndarray:
    """(B,) int frames that carry a beat, ascending."""
    return np.flatnonzero(features.values[:, BEAT] > 0.5)


def beat_times(features: MusicFeatures) -> np.ndarray:
    """(B,) seconds of the beats in the sound itself, ascending: frames carry a beat ``BEAT_LATENCY`` late."""
    return np.maximum(beat_frames(features) / FPS - BEAT_LATENCY, 0.0)


def with_beats(features: MusicFeatures, frames: np.ndarray) -> MusicFeatures:
    """The same features with beats at ``frames`` (B,), to the nearest whole one inside the song."""
    values = features.values.copy()
    values[:, BEAT] = 0
    nearest = np.round(frames).astype(int)
    values[nearest[(nearest >= 0) & (nearest < len(values))], BEAT] = 1
    return MusicFeatures(values)


def sounding(values: np.ndarray) -> np.ndarray:
    """(T,) bool: where the music has begun and not yet faded away, from features (T, 35) of all of it."""
    loudness = values[:, LOUDNESS]
    audible: np.ndarray = loudness > np.median(loudness) - FADED
    return audible


# Spectrum


def _spectral(music: Music, on_share: OnShare) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mel decibels (T, 128), chroma (T, 12) and what ``phase.attacks`` tells."""
    mel = np.empty((music.frames, MEL_BANDS), np.float32)
    chroma = np.empty((music.frames, 12), np.float32)
    attacks = np.empty((music.frames, phase.COLUMNS), np.float32)
    for first, power in _power_blocks(music):
        rows = slice(first, first + len(power))
        mel[rows] = power @ _mel_bands().T
        chroma[rows] = power @ _chroma_bands().T
        attacks[rows] = phase.attacks(power, _HERTZ)
        on_share(rows.stop / music.frames)
    decibels = 10 * np.log10(np.maximum(mel, 1e-10, out=mel))
    np.maximum(decibels, decibels.max() - 80, out=decibels)
    loudest = chroma.max(axis=1, keepdims=True)
    chroma /= np.where(loudest < np.finfo(np.float32).tiny, 1, loudest)
    return decibels, chroma, attacks


def _power_blocks(music: Music) -> Iterator[tuple[int, np.ndarray]]:
    """First frame and power spectra (up to ``BLOCK``, 1025) of one block of the song after the other."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    for first in range(0, music.frames, BLOCK):
        last = min(first + BLOCK, music.frames)
        begin, end = first * STEP - WINDOW // 2, (last - 1) * STEP + WINDOW // 2
        inside = music.samples[max(begin, 0) : end]
        before = max(-begin, 0)
        padded = np.pad(inside, (before, end - begin - before - len(inside))).astype(np.float32, copy=False)
        frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::STEP]
        power = np.empty((len(frames), BINS), np.float32)
        for row in range(0, len(frames), ROWS):
            spectrum = np.fft.rfft(frames[row : row + ROWS] * hann)
            power[row : row + ROWS] = spectrum.real**2 + spectrum.imag**2
        yield first, power


@cache
def _mel_bands() -> np.ndarray:
    """Triangles (128, 1025) on Slaney's scale: linear to 1 kHz (3 mel to 200 Hz), then 27 mel to a factor of 6.4."""
    knee, step = 15.0, np.log(6.4) / 27
    top = knee + np.log(SAMPLE_RATE / 2 / 1000) / step
    mels = np.linspace(0, top, MEL_BANDS + 2)
    edges = np.where(mels < knee, mels * 200 / 3, 1000 * np.exp(step * (mels - knee)))
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.minimum((_HERTZ - low) / (centre - low), (high - _HERTZ) / (high - centre))
    bands: np.ndarray = np.maximum(triangles, 0) * 2 / (high - low)
    return bands.astype(np.float32)


@cache
def _chroma_bands() -> np.ndarray:
    """Pitch classes (12, 1025), C first: a bump as wide as a bin or a semitone, times a bell two octaves wide about
    A4.
    """
    semitones = 12 * np.log2(np.arange(1, WINDOW) * SAMPLE_RATE / WINDOW / 27.5)
    semitones = np.concatenate([[semitones[0] - 18], semitones])
    width = np.append(np.maximum(np.diff(semitones), 1), 1)
    distance = (semitones - np.arange(12)[:, None] + 6) % 12 - 6
    bumps: np.ndarray = np.exp(-0.5 * (2 * distance / width) ** 2)
    bumps /= np.linalg.norm(bumps, axis=0)
    bumps *= np.exp(-0.5 * ((semitones / 12 - 5) / 2) ** 2)
    from_c: np.ndarray = np.roll(bumps, -3, axis=0)[:, :BINS]
    return from_c.astype(np.float32)


@cache
def _cosines() -> np.ndarray:
    """The first 20 rows of the orthonormal DCT-II over the mel bands, (20, 128)."""
    return dct_rows(len(SEMANTIC), MEL_BANDS).astype(np.float32)


def dct_rows(rows: int, length: int) -> np.ndarray:
    """The first ``rows`` rows of the orthonormal DCT-II over ``length`` values, (rows, length); transposed, the
    inverse.
    """
    phase = np.pi / length * np.arange(rows)[:, None] * (np.arange(length) + 0.5)
    cosines: np.ndarray = np.sqrt(2 / length) * np.cos(phase)
    cosines[0] = np.sqrt(1 / length)
    return cosines


# Rhythm


def _onset_strength(decibels: np.ndarray) -> np.ndarray:
    """The onset envelope (T,): mean rise in dB, moved from the first frame whose window reaches a sound to the frame
    where the sound begins.
    """
    rise: np.ndarray = np.maximum(np.diff(decibels, axis=0), 0).mean(axis=1)
    onset: np.ndarray = np.concatenate([np.zeros(ONSET_SHIFT, np.float32), rise])[: len(decibels)]
    return onset


def _peaks(onset: np.ndarray) -> np.ndarray:
    """The frames that stand out of the three on each side.

    librosa's other two conditions, a 30 ms local maximum and a 30 ms pause, are shorter than one frame and always hold.
    """
    height = (onset - onset.min()).astype(np.float64)
    height /= height.max() + np.finfo(np.float32).tiny
    box = np.ones(2 * PEAK_NEIGHBOURS + 1)
    inside = slice(PEAK_NEIGHBOURS, PEAK_NEIGHBOURS + len(onset))
    mean = np.convolve(height, box)[inside] / np.convolve(np.ones_like(height), box)[inside]
    return np.flatnonzero(height >= mean + PEAK_HEIGHT)
