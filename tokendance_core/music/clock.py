"""The time in which a dance is generated: 16 frames to every beat, however fast the song is.

On this clock a step falls on the same frame of a token whatever the tempo, so that the network learns a phrase once and
not once for each tempo and phase, and what it dances on a beat is played on the beat. Not in the paper, whose clock
ticks with the frames: ``Clock.steady``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tokendance_core.motion import kinematics
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.sampling import neighbours
from tokendance_core.music import features
from tokendance_core.music.rhythm.measure import varies
from tokendance_core.music.rhythm.settings import BeatSettings
from tokendance_core.types import FPS, MotionClip, MusicFeatures

ClockForm = Literal["beats", "frames"]

FRAMES_PER_BEAT = 16
SLOWEST_BPM = 80.0
"""Tempos are halved or doubled until they lie between this and twice this; at 112.5 beats a minute a dance then plays
as fast as it was danced.
"""

_USUAL_BPM, _TOLD_BPM = (SLOWEST_BPM, 2 * SLOWEST_BPM), (SLOWEST_BPM / 2, 4 * SLOWEST_BPM)
"""Tempos of a clock by what is heard, and by what a person says: half or twice as fast at most."""

TEMPO_CLASSES = 8
"""Parts of that octave that the generator tells apart."""

TIMINGS = ("not told", "as danced", "on the beat")
"""How the dance at a place keeps to the clock, as a number of the prompt: in a way nobody vouches for, or so that its
beats are those of the music.
"""

ON_THE_BEAT = TIMINGS.index("on the beat")
AS_DANCED = TIMINGS.index("as danced")

_FEWEST_BEATS = 4
_NEAR = 4
"""Beats at an end of a song by which it is carried on where its tempo varies."""

_STEADINESS = 1.5
"""Beats: sigma of the smoothing of tracked beats, which fall on whole frames, about an even grid."""


@dataclass(frozen=True, eq=False)
class Clock:
    """``seconds`` (N,): the time in the song of each frame of the clock, rising, from 0 or before to the song's end or
    beyond; ``form``: what the frames follow.
    """

    seconds: np.ndarray
    form: ClockForm

    @classmethod
    def steady(cls, duration: float) -> Clock:
        """The plain time of the frames, 30 a second."""
        return cls(np.arange(int(np.ceil(duration * FPS)) + 1) / FPS, "frames")

    @classmethod
    def of_beats(cls, beats: np.ndarray, duration: float, tempo: str = BeatSettings.tempo) -> Clock:
        """The clock of a song with beats at ``beats`` (B,) seconds; with fewer than four, an even one at 112.5 bpm.

        The first frame is a beat; beats are carried on at their own tempo to both ends of ``duration`` seconds. They
        may be far slower or faster where a person says so: where ``tempo`` is not “heard”.
        """
        if len(beats) < _FEWEST_BEATS:
            beats = np.arange(_FEWEST_BEATS) * FRAMES_PER_BEAT / FPS
        range_of_tempos = _USUAL_BPM if tempo == BeatSettings.tempo else _TOLD_BPM
        beats = to_both_ends(_evened(_within(beats, *range_of_tempos)), duration)
        at = np.arange((len(beats) - 1) * FRAMES_PER_BEAT + 1) / FRAMES_PER_BEAT
        return cls(np.interp(at, np.arange(len(beats)), beats), "beats")

    @classmethod
    def of_music(cls, song_features: MusicFeatures, form: ClockForm, tempo: str = BeatSettings.tempo) -> Clock:
        """The clock for a song with these features; ``tempo`` as in ``of_beats``."""
        duration = song_features.frames / FPS
        if form == "frames":
            return cls.steady(duration)
        return cls.of_beats(features.beat_times(song_features), duration, tempo)

    @property
    def frames(self) -> int:
        return len(self.seconds)

    @property
    def beats(self) -> np.ndarray:
        """(B,) seconds of the beats; only a clock of beats has them."""
        return self.seconds[::FRAMES_PER_BEAT]

    @property
    def bpm(self) -> float:
        """Usual tempo in beats a minute."""
        return 60.0 / (FRAMES_PER_BEAT * float(np.median(np.diff(self.seconds))))

    @property
    def tempo(self) -> int:
        """The tempo's class: eighths of the octave from ``SLOWEST_BPM``, 1 to 8; 0 for a clock of frames."""
        return tempo_class(self.bpm) if self.form == "beats" else 0

    def beat_positions(self, hop: int) -> np.ndarray:
        """(L,) position of each token of ``hop`` frames in its beat, counted from 1; zeros for a clock of frames."""
        tokens = -(-self.frames // hop)
        return np.arange(tokens) % (FRAMES_PER_BEAT // hop) + 1 if self.form == "beats" else np.zeros(tokens, int)

    def resample_features(self, song_features: MusicFeatures) -> MusicFeatures:
        """Features at 30 a second -> features at every frame of the clock; a peak stays one frame, a beat falls on
        every 16th.
        """
        low, high, share = neighbours(self.seconds * FPS, song_features.frames)
        weight = share[:, None].astype(np.float32)
        values = song_features.values[low] * (1 - weight) + song_features.values[high] * weight
        for column in (features.PEAK, features.BEAT):
            events = np.flatnonzero(song_features.values[:, column] > 0.5) / FPS
            values[:, column] = 0
            values[np.clip(np.searchsorted(self.seconds, events - 0.5 / FPS), 0, self.frames - 1), column] = 1
        if self.form == "beats":
            values[:, features.BEAT] = np.arange(self.frames) % FRAMES_PER_BEAT == 0
        return MusicFeatures(values)

    def to_clock(self, clip: MotionClip) -> MotionClip:
        """A dance in the song's time -> the same dance with one frame for every frame of the clock (called 30 fps)."""
        return kinematics.resample(clip, self.seconds, FPS)

    def to_song(self, clip: MotionClip, frames: int) -> MotionClip:
        """A dance in the clock's time -> ``frames`` frames at 30 fps in the song's time."""
        at = np.interp(np.arange(frames) / FPS, self.seconds, np.arange(self.frames))
        return kinematics.resample(clip, at / FPS, FPS)


def tempo_class(bpm: float) -> int:
    """Eighths of the octave from ``SLOWEST_BPM``, 1 to 8, for any beats a minute."""
    return int(TEMPO_CLASSES * (math.log2(bpm / SLOWEST_BPM) % 1.0)) + 1


def _within(beats: np.ndarray, slowest: float, fastest: float) -> np.ndarray:
    """Every other beat, or beats between beats, until there are ``slowest`` to ``fastest`` a minute."""
    while np.median(np.diff(beats)) > 60.0 / slowest:
        beats = np.interp(np.arange(2 * len(beats) - 1) / 2, np.arange(len(beats)), beats)
    while np.median(np.diff(beats)) <= 60.0 / fastest:
        beats = beats[::2]
    return beats


def _evened(beats: np.ndarray) -> np.ndarray:
    """Beats without the jitter of whole frames: their deviation from an even grid is smoothed over their neighbours."""
    number = np.arange(len(beats))
    grid = np.polyval(np.polyfit(number, beats, 1), number)
    away, kernel = beats - grid, gaussian(_STEADINESS)
    # Mirrored about its ends, so that a tempo that rises or falls there goes on doing so.
    reach = min(len(kernel) // 2, len(beats) - 1) if varies(beats) else 0
    mirrored = np.pad(away, reach, mode="reflect", reflect_type="odd")
    evened: np.ndarray = grid + filtered(mirrored[:, None], kernel)[reach : reach + len(beats), 0]
    return evened


def to_both_ends(beats: np.ndarray, duration: float) -> np.ndarray:
    """The beats carried on at their own tempo until they cover [0, duration]."""
    steps, near = np.diff(beats), _NEAR if varies(beats) else len(beats)
    first, last = float(np.median(steps[:near])), float(np.median(steps[-near:]))
    before = beats[0] - first * np.arange(max(int(np.ceil(beats[0] / first)), 0), 0, -1)
    after = beats[-1] + last * np.arange(1, max(int(np.ceil((duration - beats[-1]) / last)), 0) + 1)
    return np.concatenate((before, beats, after))
