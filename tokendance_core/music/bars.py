"""Which beats begin a bar, and which bars begin an eight: the count of dancers, 8 beats or two bars of 4/4.

Music in three is counted in fours as well. Every kind of evidence is heard at each beat and averaged over the beats
that have the same number; the number with the greatest weighted sum is the first one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tokendance_core.music import features
from tokendance_core.music.clock import FRAMES_PER_BEAT, Clock
from tokendance_core.music.rhythm.correction import corrected
from tokendance_core.music.rhythm.settings import BeatSettings
from tokendance_core.types import FPS, MusicFeatures

BEATS_PER_BAR = 4
BEATS_PER_EIGHT = 8

_FEWEST_BEATS = 2 * BEATS_PER_EIGHT
_TIMBRE = features.SEMANTIC[1:]
_COEFFICIENTS = len(features.SEMANTIC)
_LOW_BANDS = 6
"""Mel bands up to about 150 Hz, where kick drum and bass are."""

_ON_THE_BEAT = np.arange(-FRAMES_PER_BEAT // 8, FRAMES_PER_BEAT // 4)
"""Frames of the clock about a beat in which a sound that belongs to it begins."""


def downbeat(song_features: MusicFeatures, clock: Clock) -> int:
    """Index, 0 to 7, of the beat of the clock that begins the first eight: beat ``b`` is number ``(b - downbeat) % 8``.

    4/4 is assumed. 0 where nothing tells: in silence, with fewer than two eights, for a clock of frames.
    """
    if clock.form != "beats" or len(clock.beats) <= _FEWEST_BEATS:
        return 0
    heard = clock.resample_features(song_features).values
    score = np.zeros(BEATS_PER_EIGHT)
    for evidence, period, weight in _EVIDENCE:
        score += weight * _by_number(evidence(heard), period)
    if score.any():
        score[_beginning(heard, clock) % BEATS_PER_EIGHT] += _BEGINNING
    return int(np.argmax(np.round(score, 6)))  # the first of equal ones


def with_corrected_beats(song_features: MusicFeatures, settings: BeatSettings) -> MusicFeatures:
    """The features of a song with its beats as a person wants them; half of them are those that begin bars, and every
    other one from there.
    """
    if settings.tempo == BeatSettings.tempo and settings.beat_shift == BeatSettings.beat_shift:
        return song_features
    clock = Clock.of_music(song_features, "beats")
    bar = clock.beats[downbeat(song_features, clock)] + features.BEAT_LATENCY
    beats = corrected(features.beat_frames(song_features).astype(float), settings, bar * FPS)
    return features.with_beats(song_features, beats)


def by_beat(values: np.ndarray) -> np.ndarray:
    """(T, columns) at the frames of a clock -> (beats, columns) means from each beat to the next."""
    beats = len(values) // FRAMES_PER_BEAT
    means: np.ndarray = values[: beats * FRAMES_PER_BEAT].reshape(beats, FRAMES_PER_BEAT, -1).mean(axis=1)
    return means


def _by_number(evidence: np.ndarray, period: int) -> np.ndarray:
    """(beats,) evidence -> (8,) its mean, in standard deviations, over the beats of each number; numbers ``period``
    apart share theirs.
    """
    spread = evidence.std()
    if spread < 1e-6:
        return np.zeros(BEATS_PER_EIGHT)
    number = np.arange(len(evidence)) % period
    mean = np.bincount(number, evidence - evidence.mean()) / np.bincount(number) / spread
    return np.tile(mean, BEATS_PER_EIGHT // period)


def _low_attack(heard: np.ndarray) -> np.ndarray:
    """(beats,) greatest rise of the lowest bands on each beat: kick drum and bass."""
    low = (heard[:, features.SEMANTIC] @ _low_cosines()).mean(axis=1)
    rise = np.diff(low, prepend=low[:1])
    beats = np.arange(len(heard) // FRAMES_PER_BEAT) * FRAMES_PER_BEAT
    attack: np.ndarray = rise[np.maximum(beats[:, None] + _ON_THE_BEAT, 0)].max(axis=1)
    return attack


def _low_cosines() -> np.ndarray:
    """(20, bands) that give back the lowest mel bands, in decibels, from the mel cepstral coefficients."""
    return features.dct_rows(_COEFFICIENTS, features.MEL_BANDS)[:, :_LOW_BANDS]


def _change(heard: np.ndarray, columns: slice | tuple[int, ...], beats: int) -> np.ndarray:
    """(beats,) how far the mean of ``columns`` over ``beats`` beats from each beat on is from that over as many before
    it; 0 near the ends.
    """
    total = np.cumsum(np.pad(by_beat(heard[:, columns]).astype(np.float64), ((1, 0), (0, 0))), axis=0)
    mean = (total[beats:] - total[:-beats]) / beats
    changes = np.zeros(len(total) - 1)
    changes[beats : len(total) - beats] = np.linalg.norm(mean[beats:] - mean[:-beats], axis=1)
    return changes


def _beginning(heard: np.ndarray, clock: Clock) -> int:
    """The beat nearest to where the music begins to sound: most songs begin with an eight."""
    sounding = features.sounding(heard) & (clock.seconds >= 0)
    return round(int(np.argmax(sounding)) / FRAMES_PER_BEAT)


_Evidence = Callable[[np.ndarray], np.ndarray]

_EVIDENCE: tuple[tuple[_Evidence, int, float], ...] = (
    (_low_attack, BEATS_PER_BAR, 0.5),
    (partial(_change, columns=features.CHROMA, beats=1), BEATS_PER_BAR, 1.0),
    (partial(_change, columns=_TIMBRE, beats=1), BEATS_PER_BAR, 1.0),
    (partial(_change, columns=features.CHROMA, beats=BEATS_PER_BAR), BEATS_PER_EIGHT, 0.5),
    (partial(_change, columns=_TIMBRE, beats=BEATS_PER_EIGHT), BEATS_PER_EIGHT, 0.5),
)
"""What is heard at every beat, after how many beats it comes again, and what a standard deviation of it counts."""

_BEGINNING = 0.25
"""What it counts that the music begins here."""


def counts(clock: Clock, hop: int, downbeat: int) -> np.ndarray:
    """(L,) number of the beat of each token of ``hop`` frames in its eight, from 1, when beat ``downbeat`` begins one;
    zeros for a clock of frames.
    """
    beat = np.arange(-(-clock.frames // hop)) * hop // FRAMES_PER_BEAT
    return (beat - downbeat) % BEATS_PER_EIGHT + 1 if clock.form == "beats" else np.zeros(len(beat), int)
