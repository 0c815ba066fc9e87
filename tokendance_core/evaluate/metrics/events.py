"""The moments of a dance that can fall on a beat: where it settles, where it brakes, where a foot comes down.

These definitions are the evaluation's own: what a model or its training data is made with must not be what it is judged
by. All times in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tokendance_core.motion.contacts import runs
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.kinematics import foot_contacts, joint_positions, velocities
from tokendance_core.motion.skeleton import LOWER, UPPER
from tokendance_core.motion.speed import BEAT_SMOOTHING, motion_beats, smoothed_speed
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


def halves_agree(upper: MotionClip, lower: MotionClip) -> float:
    """Do both body halves brake together? Correlation, -1 to 1, of the deceleration of the upper body of one dance with
    that of the lower body of the other, usually the same; over the time that they share.

    Each is of the mean speed of a half's joints around the pelvis, smoothed as for motion beats; speeding up counts as
    no braking. 0 when either never brakes. Known defect: a body that is swung as a whole brakes in both halves.
    """
    frames = min(upper.frames, lower.frames)
    brakes = [_braking(clip, half)[:frames] for clip, half in ((upper, UPPER), (lower, LOWER))]
    return float(np.corrcoef(brakes)[0, 1]) if all(np.ptp(brake) > 0 for brake in brakes) else 0.0


def _braking(clip: MotionClip, joints: Sequence[int]) -> np.ndarray:
    """(T,) m/s^2 by which some joints slow down."""
    positions = joint_positions(clip)
    speed = np.linalg.norm(velocities(positions - positions[:, :1], clip.fps)[:, list(joints)], axis=-1).mean(1)
    smooth = filtered(speed, gaussian(BEAT_SMOOTHING * clip.fps))
    braking: np.ndarray = np.maximum(-np.gradient(smooth) * clip.fps, 0)
    return braking


EVENTS: Mapping[str, Callable[[MotionClip], np.ndarray]] = {
    "minima": motion_beats,
    "decelerations": decelerations,
    "footfalls": footfalls,
}
"""Name -> how they are found; ``minima`` of all joints are the field's motion beats."""
