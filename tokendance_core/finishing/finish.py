"""Mends what the network leaves undone: jitter, an abrupt start and end, a floating floor and sliding feet.

    smooth        takes out what is faster than a dance (low pass)
    settle        lets the dance begin from rest and end on a pose
    floor_shift   moves the dance up or down so that the floor is at y = 0
    path_shift    corrects the pelvis path so that standing feet slide least (one linear solve for the whole clip)
    lock_feet     takes up the rest of the slide with the legs (two-bone inverse kinematics)

Everything is numpy over the whole clip and linear in its length.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tokendance_core.finishing.ends import settle
from tokendance_core.finishing.floor_and_path import floor_shift, path_shift
from tokendance_core.finishing.leg_ik import lock_feet
from tokendance_core.finishing.settings import NOTHING, FinishSettings
from tokendance_core.motion import rotation
from tokendance_core.motion.contacts import steady_contacts
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.kinematics import joint_positions
from tokendance_core.types import FPS, MotionClip

LAST_BEAT, FINISHED = "last_beat", "finished"
"""What the pipeline keeps in ``MotionClip.info``: seconds of the song's last beat; whether the dance is finished."""


def finish(clip: MotionClip, settings: FinishSettings | None = None, end: float | None = None) -> MotionClip:
    """The clip smoothed, at rest at both ends, with standing feet that stay still; itself when every setting is off.

    ``end``: seconds of the music's last beat, on which the dance comes to rest; the clip's last frame if None.
    """
    settings = settings or FinishSettings()
    if clip.frames < 2:
        return clip
    if settings.smoothing:
        clip = smooth(clip, settings.smoothing)
    if settings.settle:
        clip = settle(clip, settings.settle, end)
    if settings.ground:
        clip = _moved(clip, floor_shift(joint_positions(clip), clip.fps))
    if settings.foot_lock:
        clip = _stabilise(clip, settings.foot_lock)
    return clip


def complete(clip: MotionClip, settings: FinishSettings) -> MotionClip:
    """A dance of the network finished, if that was left for later; any other motion only as smooth as asked for."""
    end = unfinished_until(clip)
    if end is None:
        return finish(clip, replace(NOTHING, smoothing=settings.smoothing))
    return finish(clip, settings, end=end)


def unfinished_until(clip: MotionClip) -> float | None:
    """Seconds of the beat on which a dance of the network is to come to rest; None for motion that is finished."""
    end = clip.info.get(LAST_BEAT)
    return float(end) if clip.info.get(FINISHED) is False and isinstance(end, int | float) else None


def _moved(clip: MotionClip, shift: np.ndarray) -> MotionClip:
    return replace(clip, root=(clip.root + shift).astype(np.float32))


def _stabilise(clip: MotionClip, strength: float) -> MotionClip:
    """The clip with feet that stand still: first its path is corrected, then its legs."""
    positions = joint_positions(clip)
    total = np.zeros((clip.frames, 3))
    # Twice: once most of the drift is gone, more feet turn out to stand.
    for _ in range(2):
        shift = strength * path_shift(positions, steady_contacts(positions, clip.fps), clip.fps)
        positions, total = positions + shift[:, None], total + shift
    return lock_feet(_moved(clip, total), steady_contacts(positions, clip.fps), strength)


# --- smoothing --------------------------------------------------------------------------------------------------------


def smooth(clip: MotionClip, sigma: float) -> MotionClip:
    """Low pass of all joints and the root, ``sigma`` in frames at 30 fps.

    The kernel is a Gaussian applied twice to its own residual (Tukey's twicing): at ``sigma`` 1 it keeps 97 % at 3 Hz,
    83 % at 5 Hz and 20 % at 10 Hz, where a plain Gaussian would already take a fifth at 3 Hz off the accents.
    """
    plain = gaussian(sigma * clip.fps / FPS)
    kernel = -np.convolve(plain, plain)
    kernel[len(plain) // 2 : -(len(plain) // 2)] += 2 * plain
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_6d(filtered(clip.rot6d, kernel)))
    return replace(clip, rot6d=rot6d.astype(np.float32), root=filtered(clip.root, kernel).astype(np.float32))
