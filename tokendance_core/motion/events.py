"""How strongly the movement marks each moment: where the body brakes, and where a foot comes down."""

from __future__ import annotations

import numpy as np

from tokendance_core.motion.contacts import runs
from tokendance_core.motion.kinematics import foot_contacts, joint_positions, velocities
from tokendance_core.motion.speed import smoothed_speed
from tokendance_core.types import MotionClip

_AIRBORNE = 0.13
"""Seconds for which a foot must have been in the air: less is noise of a foot that stands."""


def deceleration_strength(clip: MotionClip) -> np.ndarray:
    """(T,) m/s^2: how fast the mean speed of the joints falls, zero where it rises."""
    slowing: np.ndarray = np.maximum(-velocities(smoothed_speed(clip), clip.fps), 0.0)
    return slowing


def footfall_strength(clip: MotionClip) -> np.ndarray:
    """(T,) a sum of impulses: 1 for every foot that comes to the floor after ``_AIRBORNE`` seconds or more in the
    air.
    """
    contacts = foot_contacts(joint_positions(clip), clip.fps)
    impulses = np.zeros(clip.frames)
    for foot in (contacts[:, :2].any(1), contacts[:, 2:].any(1)):
        for start, stop in runs(~foot):
            if stop < clip.frames and stop - start >= _AIRBORNE * clip.fps:
                impulses[stop] += 1.0
    return impulses
