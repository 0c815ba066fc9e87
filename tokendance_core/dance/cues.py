"""What a dance does at every token that a dancer could be told in words: where it brakes, and which foot comes down.

In training the cues are the dance's own. Number 0 of a cue says that nothing is told. Not in the paper.
"""

from __future__ import annotations

import numpy as np

from tokendance_core.motion.events import accents, footfalls
from tokendance_core.music.clock import Clock
from tokendance_core.types import MotionClip

ACCENTS = ("not told", "none", "the dance brakes")
"""Values of the cue ``accent``, by their number."""

STEPS = ("not told", "none", "left foot", "right foot", "both feet")
"""Values of the cue ``step``, by their number: which foot comes down."""


def accents_of(clip: MotionClip, clock: Clock, hop: int) -> np.ndarray:
    """A dance in the song's time -> (L,) number of ``ACCENTS`` for every token of ``hop`` frames of the clock."""
    return 1 + _told(accents(clip), clip.fps, clock, hop)


def steps_of(clip: MotionClip, clock: Clock, hop: int) -> np.ndarray:
    """A dance in the song's time -> (L,) number of ``STEPS`` for every token of ``hop`` frames of the clock."""
    left, right = footfalls(clip).T
    return 1 + _told(left, clip.fps, clock, hop) + 2 * _told(right, clip.fps, clock, hop)


def _told(flags: np.ndarray, fps: float, clock: Clock, hop: int) -> np.ndarray:
    """(T,) bool at ``fps`` in the song's time -> (L,) 0 or 1: whether a flag lies nearest to the token's first frame.

    Dancers brake from an eighth of a beat before the beat to an eighth after: cut at the beat, these would be two.
    """
    frames = np.interp(np.flatnonzero(flags) / fps, clock.seconds, np.arange(clock.frames))
    told = np.zeros(-(-clock.frames // hop), int)
    told[np.minimum(np.round(frames / hop).astype(int), len(told) - 1)] = 1
    return told
