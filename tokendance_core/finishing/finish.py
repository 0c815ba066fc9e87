"""Mends what the network leaves undone: jitter, abrupt ends, a floating floor, sliding feet, a path that wanders off.

    smooth        takes out what is faster than a dance (low pass)
    settle        lets the dance begin from rest and end on a pose
    floor_shift   moves the dance up or down so that the floor is at y = 0
    path_shift    corrects the pelvis path so that standing feet slide least (one linear solve for the whole clip)
    staged        turns and moves steps so that the dance faces the audience and stays on its stage
    lock_feet     takes up what is left with the legs (two-bone inverse kinematics)
    begin         puts the first frame at the origin, facing +Z

Everything is numpy over the whole clip and linear in its length.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from tokendance_core.finishing.ends import settle
from tokendance_core.finishing.floor_and_path import floor_shift, path_shift
from tokendance_core.finishing.leg_ik import lock_feet
from tokendance_core.finishing.settings import FinishSettings
from tokendance_core.finishing.stage import staged
from tokendance_core.motion import rotation
from tokendance_core.motion.contacts import steady_contacts
from tokendance_core.motion.edits import begin
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.kinematics import joint_positions
from tokendance_core.motion.skeleton import FEET
from tokendance_core.types import FPS, MotionClip

LAST_BEAT, FINISHED = "last_beat", "finished"
"""What the pipeline keeps in ``MotionClip.info``: seconds of the song's last beat; whether the dance is finished."""


def finish(clip: MotionClip, settings: FinishSettings | None = None, end: float | None = None) -> MotionClip:
    """The clip smoothed, at rest at both ends, on its stage, with standing feet that stay still; it begins at the
    origin, facing +Z, also when every setting is off.

    ``end``: seconds of the music's last beat, on which the dance comes to rest; the clip's last frame if None.
    """
    settings = settings or FinishSettings()
    if clip.frames < 2:
        return begin(clip)
    if settings.smoothing:
        clip = smooth(clip, settings.smoothing)
    if settings.settle:
        clip = settle(clip, settings.settle, end)
    if settings.ground:
        clip = _moved(clip, floor_shift(joint_positions(clip), clip.fps))
    if settings.foot_lock:
        clip = _moved(clip, _path_shift(clip, settings.foot_lock))
    if settings.foot_lock or settings.stage:
        clip = _stepped(clip, settings.foot_lock, settings.stage)
    return begin(clip)


def complete(clip: MotionClip, settings: FinishSettings) -> MotionClip:
    """A dance of the network finished, if that was left for later; any other motion only as smooth as asked for."""
    end = unfinished_until(clip)
    if end is None:
        return smooth(clip, settings.smoothing) if settings.smoothing else clip
    return finish(clip, settings, end=end)


def unfinished_until(clip: MotionClip) -> float | None:
    """Seconds of the beat on which a dance of the network is to come to rest; None for motion that is finished."""
    end = clip.info.get(LAST_BEAT)
    is_left = clip.info.get(FINISHED) is False
    return float(end) if is_left and isinstance(end, int | float) and math.isfinite(end) else None


def _moved(clip: MotionClip, shift: np.ndarray) -> MotionClip:
    return replace(clip, root=(clip.root + shift).astype(np.float32))


def _path_shift(clip: MotionClip, strength: float) -> np.ndarray:
    """(T, 3) metres by which the path is corrected, so that standing feet slide less."""
    positions = joint_positions(clip)
    total = np.zeros((clip.frames, 3))
    # Twice: once most of the drift is gone, more feet turn out to stand.
    for _ in range(2):
        shift = strength * path_shift(positions, steady_contacts(positions, clip.fps), clip.fps)
        positions, total = positions + shift[:, None], total + shift
    return total


def _stepped(clip: MotionClip, foot_lock: float, radius: float) -> MotionClip:
    """The clip with legs that bring its feet to where they stand, on a stage of ``radius`` metres unless that is 0."""
    positions = joint_positions(clip)
    contacts, points = steady_contacts(positions, clip.fps), positions[:, list(FEET)]
    if radius:
        clip, points = staged(clip, points, contacts, radius)
    return lock_feet(clip, points, contacts, foot_lock)


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
