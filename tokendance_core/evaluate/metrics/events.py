"""The moments of a dance that can fall on a beat: where it settles, where it brakes, where a foot comes down.

These definitions are the evaluation's own: what a model or its training data is made with must not be what it is judged
by. All times in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tokendance_core.motion.contacts import runs
from tokendance_core.motion.kinematics import foot_contacts, joint_positions
from tokendance_core.motion.speed import motion_beats, smoothed_speed
from tokendance_core.types import MotionClip

AIRBORNE = 0.13
"""Seconds for which a foot must have been in the air: a shorter gap is noise of a foot that stands."""

STRONG = 75.0
"""Percentile of the deceleration of a dance above which a brake counts."""


def decelerations(clip: MotionClip) -> np.ndarray:
    """Peaks of the deceleration of smoothed joint speed above its own 75th percentile, (B,) seconds.

    Known defect: a dancer who brakes evenly has peaks too, where noise makes them.
    """
    if clip.frames < 3:
        return np.zeros(0)
    braking = -np.gradient(smoothed_speed(clip)) * clip.fps
    inner = braking[1:-1]
    peaks = (inner > braking[:-2]) & (inner >= braking[2:]) & (inner > np.percentile(braking, STRONG))
    return (np.flatnonzero(peaks) + 1) / clip.fps


def footfalls(clip: MotionClip) -> np.ndarray:
    """Moments at which a foot, ankle or toe, touches the floor after 0.13 s or more in the air, (B,) seconds.

    Known defect: contact is low and slow (``kinematics.foot_contacts``), so a foot that lands gliding comes down late,
    and one that is dragged never does.
    """
    contacts = foot_contacts(joint_positions(clip), clip.fps)
    landings = [
        stop
        for foot in (contacts[:, :2].any(1), contacts[:, 2:].any(1))
        for start, stop in runs(~foot)
        if start > 0 and stop < clip.frames and stop - start >= AIRBORNE * clip.fps
    ]
    return np.sort(np.array(landings, float)) / clip.fps


EVENTS: Mapping[str, Callable[[MotionClip], np.ndarray]] = {
    "minima": motion_beats,
    "decelerations": decelerations,
    "footfalls": footfalls,
}
"""Name -> how they are found; ``minima`` of all joints are the field's motion beats."""
