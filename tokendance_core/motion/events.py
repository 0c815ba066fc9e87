"""How strongly the movement marks each moment: where the body brakes, where a foot brakes, where it comes down."""

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
    contacts = foot_contacts(joint_positions(clip), clip.fps).reshape(clip.frames, 2, 2).any(2)
    impulses = np.zeros(clip.frames)
    for foot in contacts.T:
        for start, stop in runs(~foot):
            if stop < clip.frames and stop - start >= _AIRBORNE * clip.fps:
                impulses[stop] += 1.0
    return impulses


def _falling(speed: np.ndarray, fps: float) -> np.ndarray:
    """(T, …) how fast a speed falls, zero where it rises."""
    slowing: np.ndarray = np.maximum(-velocities(speed, fps), 0.0)
    return slowing
