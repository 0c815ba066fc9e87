"""What can be measured on one dance. Pure functions; units in the names or the first line; known defects said."""

from __future__ import annotations

import numpy as np

from tokendance_core import kinematics
from tokendance_core.filters import filtered, gaussian
from tokendance_core.types import MotionClip

BEAT_SMOOTHING = 0.083
"""Seconds: Gaussian smoothing of joint speed before its minima are taken (5 frames at 60 fps in the field's scripts)."""

BEAT_TOLERANCE = 0.1
"""Seconds: sigma of the beat alignment score as Lodge and its relatives apply it at 30 fps (3 frames)."""


def joint_speed(clip: MotionClip) -> np.ndarray:
    """(T,) mean speed of the 24 joints in m/s, travel included."""
    return np.linalg.norm(kinematics.velocities(kinematics.joint_positions(clip), clip.fps), axis=-1).mean(1)


def smoothed_speed(clip: MotionClip, sigma: float = BEAT_SMOOTHING) -> np.ndarray:
    """(T,) joint speed in m/s after a Gaussian of ``sigma`` seconds."""
    return filtered(joint_speed(clip), gaussian(sigma * clip.fps))


def motion_beats(clip: MotionClip) -> np.ndarray:
    """Seconds of the local minima of smoothed joint speed. Some styles settle after the beat by design, so this is no ground truth."""
    speed = smoothed_speed(clip)
    inner = speed[1:-1]
    return (np.flatnonzero((inner < speed[:-2]) & (inner <= speed[2:])) + 1) / clip.fps


def beat_alignment(music_beats: np.ndarray, dance_beats: np.ndarray, tolerance: float = BEAT_TOLERANCE) -> float:
    """Mean over music beats of exp(-d^2 / 2 tolerance^2), d = seconds to the nearest dance beat (music-to-dance form; 0 without beats).

    Rises with the number of dance beats whether they fit or not: read it beside a random phase.
    """
    if not len(music_beats) or not len(dance_beats):
        return 0.0
    distance = np.abs(music_beats[:, None] - dance_beats).min(1)
    return float(np.exp(-0.5 * (distance / tolerance) ** 2).mean())


def random_phase_alignment(music_beats: np.ndarray, dance_beats: np.ndarray, phases: int = 12) -> float:
    """Beat alignment averaged over shifts of the music by fractions of a beat: what tempo and density alone would score."""
    if len(music_beats) < 2:
        return 0.0
    period = float(np.median(np.diff(music_beats)))
    return float(np.mean([beat_alignment(music_beats + period * i / phases, dance_beats) for i in range(phases)]))


def joint_error(made: MotionClip, truth: MotionClip) -> np.ndarray:
    """(T,) mean distance in metres between the joints of two clips of one length, each around its own pelvis."""
    joints = [kinematics.joint_positions(clip) for clip in (made, truth)]
    return np.linalg.norm((joints[0] - joints[0][:, :1]) - (joints[1] - joints[1][:, :1]), axis=-1).mean(1)


def foot_slide(clip: MotionClip) -> float:
    """Mean horizontal speed in m/s of ankles and toes while they are in contact; 0 when they never are."""
    joints = kinematics.joint_positions(clip)
    contacts = kinematics.foot_contacts(joints, clip.fps)
    speed = np.linalg.norm(kinematics.velocities(joints[:, list(kinematics.FEET)], clip.fps)[..., [0, 2]], axis=-1)
    return float(speed[contacts].mean()) if contacts.any() else 0.0


def foot_penetration(clip: MotionClip) -> float:
    """Mean depth in metres of the lowest foot joint below the floor, over all frames."""
    lowest = kinematics.joint_positions(clip)[:, list(kinematics.FEET), 1].min(1)
    return float(np.maximum(-lowest, 0.0).mean())
