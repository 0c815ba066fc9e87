"""What a dance does at every token that a dancer could be told in words: where it brakes, and which foot comes down.

In training the cues are the dance's own; for a song, accents follow its onsets. Number 0 of a cue says that nothing is
told. Not in the paper.
"""

from __future__ import annotations

import numpy as np

from tokendance_core.motion.events import accents, footfalls, peaks
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.music import features
from tokendance_core.music.clock import FRAMES_PER_BEAT, Clock
from tokendance_core.types import FPS, MotionClip, MusicFeatures

ACCENTS = ("not told", "none", "the dance brakes")
"""Values of the cue ``accent``, by their number."""

STEPS = ("not told", "none", "left foot", "right foot", "both feet")
"""Values of the cue ``step``, by their number: which foot comes down."""

_ACCENT_PLACES = FRAMES_PER_BEAT // 2
"""Frames of the clock from one place for an accent to the next: AIST++ dancers brake 47 % of their accents on the beat,
19 % on the half beat, and an even spread would leave 25 % to each.
"""

_AROUND = 2.0
"""Beats: sigma of the surroundings that an accent of the music stands out of, as long as those of a dance's accents."""

_FAINT = 0.5
"""Decibels of onset below which nothing sounds like an accent: nine in ten moments of the pack's songs have more."""


def accents_of(clip: MotionClip, clock: Clock, hop: int) -> np.ndarray:
    """A dance in the song's time -> (L,) number of ``ACCENTS`` for every token of ``hop`` frames of the clock."""
    return 1 + _told(accents(clip), clip.fps, clock, hop)


def steps_of(clip: MotionClip, clock: Clock, hop: int) -> np.ndarray:
    """A dance in the song's time -> (L,) number of ``STEPS`` for every token of ``hop`` frames of the clock."""
    left, right = footfalls(clip).T
    return 1 + _told(left, clip.fps, clock, hop) + 2 * _told(right, clip.fps, clock, hop)


def accents_of_music(song_features: MusicFeatures, clock: Clock, hop: int) -> np.ndarray:
    """A song -> (L,) number of ``ACCENTS`` for every token of ``hop`` frames: a dance should brake on those beats and
    half beats whose onset is stronger than their neighbours' and than usual around; a clock of frames is told nothing.
    """
    tokens = -(-clock.frames // hop)
    if clock.form != "beats":
        return np.zeros(tokens, int)
    strength = onsets_of(song_features, clock, hop)
    usual = np.sqrt(filtered(strength**2, gaussian(_AROUND * FRAMES_PER_BEAT / hop)))
    told, every = np.ones(tokens, int), _ACCENT_PLACES // hop
    told[::every] += peaks(strength[::every], np.maximum(usual, _FAINT)[::every])
    return told


def told_in_part(cue: np.ndarray, counts: np.ndarray, share: float) -> np.ndarray:
    """A cue (L,) as it is in a ``share`` of the eights, evenly spread, and not told in the others; ``counts`` (L,) as
    ``bars.counts`` gives them.
    """
    eight = np.cumsum(np.diff(counts, prepend=counts[:1]) < 0)
    told = np.floor((eight + 1) * share) > np.floor(eight * share)
    return np.where(told, cue, 0)


def onsets_of(song_features: MusicFeatures, clock: Clock, hop: int) -> np.ndarray:
    """A song -> (L,) decibels: the strongest onset about the first frame of every token of ``hop`` frames."""
    strongest, heard = np.zeros(-(-clock.frames // hop)), np.arange(song_features.frames) / FPS - features.BEAT_LATENCY
    np.maximum.at(strongest, _nearest(heard, clock, hop), song_features.values[:, features.ONSET])
    return strongest


def _told(flags: np.ndarray, fps: float, clock: Clock, hop: int) -> np.ndarray:
    """(T,) bool at ``fps`` in the song's time -> (L,) 0 or 1: whether a flag is nearest to the token."""
    told = np.zeros(-(-clock.frames // hop), int)
    told[_nearest(np.flatnonzero(flags) / fps, clock, hop)] = 1
    return told


def _nearest(seconds: np.ndarray, clock: Clock, hop: int) -> np.ndarray:
    """(N,) seconds in the song -> (N,) the token of ``hop`` frames whose first frame is nearest.

    Dancers brake from an eighth of a beat before the beat to an eighth after: cut at the beat, these would be two
    places.
    """
    frames = np.interp(seconds, clock.seconds, np.arange(clock.frames))
    nearest: np.ndarray = np.minimum(np.round(frames / hop).astype(int), (clock.frames - 1) // hop)
    return nearest
