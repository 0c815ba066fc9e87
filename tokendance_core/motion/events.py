"""How strongly the movement marks each moment: where the body brakes, where a foot brakes, where it comes down; and the
moments that stand out, its accents and footfalls.
"""

from __future__ import annotations

import numpy as np

from tokendance_core.motion.contacts import runs
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.kinematics import foot_contacts, joint_positions, velocities
from tokendance_core.motion.skeleton import FEET
from tokendance_core.motion.speed import BEAT_SMOOTHING, smoothed_speed
from tokendance_core.types import MotionClip

_AIRBORNE = 0.13
"""Seconds for which a foot must have been in the air before it can come down: less is noise of a foot that stands."""

_AROUND = 1.0
"""Seconds: sigma of the surroundings that an accent stands out of, so that a calm passage has its own."""

_SLIGHT = 0.3
"""m/s^2: a dancer who brakes less hardly moves; three quarters of all braking in the pack is stronger."""


def deceleration_strength(clip: MotionClip) -> np.ndarray:
    """(T,) m/s^2: how fast the mean speed of the joints falls, zero where it rises."""
    return _falling(smoothed_speed(clip), clip.fps)


def foot_braking_strength(clip: MotionClip) -> np.ndarray:
    """(T,) m/s^2: how fast the speed of each foot falls, both together: a step that lands, a kick that is stopped."""
    feet = velocities(joint_positions(clip)[:, list(FEET)], clip.fps)
    speed = np.linalg.norm(feet, axis=-1).reshape(clip.frames, 2, 2).mean(2)
    slowing: np.ndarray = _falling(filtered(speed, gaussian(BEAT_SMOOTHING * clip.fps)), clip.fps).sum(1)
    return slowing


def footfall_strength(clip: MotionClip) -> np.ndarray:
    """(T,) a sum of impulses: 1 for each foot that comes to the floor after ``_AIRBORNE`` seconds or more in the
    air.
    """
    falls: np.ndarray = footfalls(clip).sum(1, dtype=float)
    return falls


def footfalls(clip: MotionClip) -> np.ndarray:
    """(T, 2) bool: the frames in which the left and the right foot, ankle or toe, come down."""
    contacts = foot_contacts(joint_positions(clip), clip.fps).reshape(clip.frames, 2, 2).any(2)
    falls = np.zeros((clip.frames, 2), bool)
    for foot, standing in enumerate(contacts.T):
        for start, stop in runs(~standing):
            if stop < clip.frames and stop - start >= _AIRBORNE * clip.fps:
                falls[stop, foot] = True
    return falls


def accents(clip: MotionClip) -> np.ndarray:
    """(T,) bool: the frames in which the body brakes hardest, peaks of its deceleration above the root mean square of
    the seconds around.
    """
    braking = deceleration_strength(clip)
    usual = np.sqrt(filtered(braking**2, gaussian(_AROUND * clip.fps)))
    return peaks(braking, np.maximum(usual, _SLIGHT))


def peaks(strength: np.ndarray, least: np.ndarray) -> np.ndarray:
    """(T,) bool: where ``strength`` (T,), 0 or more, is higher than just before and after, and than ``least`` (T,)."""
    before, after = np.append(0.0, strength[:-1]), np.append(strength[1:], 0.0)
    higher: np.ndarray = (strength > before) & (strength >= after) & (strength > least)
    return higher


def _falling(speed: np.ndarray, fps: float) -> np.ndarray:
    """(T, …) how fast a speed falls, zero where it rises."""
    slowing: np.ndarray = np.maximum(-velocities(speed, fps), 0.0)
    return slowing
