"""How a dance moves: speed, smoothness, stillness, reach, joint limits, and its distance from another dance."""

from __future__ import annotations

import numpy as np

from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.contacts import runs
from tokendance_core.motion.edits import headings
from tokendance_core.motion.skeleton import HORIZONTAL, INDEX
from tokendance_core.motion.speed import smoothed_speed
from tokendance_core.types import MotionClip

FREEZE_SPEED = 0.08
"""Mean joint speed in m/s below which a dancer stands frozen; a held pose of real dance sways by more."""

FREEZE_SECONDS = 0.5
"""A stillness shorter than this is an accent, not a freeze."""

DRIFT_SECONDS = 10.0

_X, _Y, _Z = np.eye(3)

# joints whose rotations add up, rest direction of the bone, direction of flexion, flexion range, side bend, twist
# (degrees)
_LIMITS = (
    (("left_knee",), -_Y, -_Z, (-15, 165), 40, 60),
    (("right_knee",), -_Y, -_Z, (-15, 165), 40, 60),
    (("left_elbow",), _X, _Z, (-20, 165), 60, 120),
    (("right_elbow",), -_X, _Z, (-20, 165), 60, 120),
    (("neck", "head"), _Y, _Z, (-80, 80), 50, 90),
    (("spine1", "spine2", "spine3"), _Y, _Z, (-60, 100), 60, 75),
)
_KNEES = _LIMITS[:2]


def heading_centred(clip: MotionClip) -> np.ndarray:
    """Joints around the pelvis in the frame that it faces, (T, 24, 3) metres: place, path and heading are gone, lean
    and pose stay.

    Known defect: quick twists of the hips count as pose; upside down the heading is that of the frames around.
    """
    joints = kinematics.joint_positions(clip)
    centred: np.ndarray = (joints - joints[:, :1]) @ rotation.heading_matrix(headings(clip))
    return centred


def joint_error(made: MotionClip, truth: MotionClip) -> np.ndarray:
    """Mean distance between the joints of two clips of one length, each around its own pelvis and in its own heading,
    (T,) metres: a pose is right wherever it faces.

    Known defect: that of ``heading_centred``.
    """
    error: np.ndarray = np.linalg.norm(heading_centred(made) - heading_centred(truth), axis=-1).mean(1)
    return error


def drift(made: MotionClip, truth: MotionClip) -> float:
    """Planar distance in metres between two paths that start at one point, after 10 s.

    Mean over all windows of 10 s, a second apart; clips shorter than that: the distance at their end, scaled to 10 s.
    Known defect: a heading lost before the window turns the window's whole path and is counted again.
    """
    changes, scale = _within_ten_seconds((made.root.astype(np.float64) - truth.root)[:, HORIZONTAL], truth.fps)
    return float(np.linalg.norm(changes, axis=-1).mean() * scale)


def yaw_drift(made: MotionClip, truth: MotionClip) -> float:
    """Degrees between the headings of two clips that face alike at first, after 10 s; windows as for ``drift``.

    Known defect: a turn too many is none: half a turn is the largest error that a window can show.
    """
    changes, scale = _within_ten_seconds(headings(made) - headings(truth), truth.fps)
    return float(np.degrees(np.abs((changes + np.pi) % (2 * np.pi) - np.pi)).mean() * scale)


def _within_ten_seconds(apart: np.ndarray, fps: float) -> tuple[np.ndarray, float]:
    """(T, …) -> (W, …) how much it changes within 10 s, windows a second apart; a shorter one: within all of it, and
    the factor to 10 s.
    """
    window = round(DRIFT_SECONDS * fps)
    if len(apart) <= window:
        return apart[-1:] - apart[:1], window / max(len(apart) - 1, 1)
    starts = np.arange(0, len(apart) - window, max(round(fps), 1))
    return apart[starts + window] - apart[starts], 1.0


def jerk(clip: MotionClip) -> float:
    """Mean length of the third derivative of the 24 joints' world positions, m/s^3; 0 below 4 frames (paper 8.2).

    Known defect: third differences amplify capture noise with the cube of the frame rate: compare clips of one rate.
    """
    return float(_jerks(clip).mean()) if clip.frames >= 4 else 0.0


def jerk_at(clip: MotionClip, moments: np.ndarray, around: float = 0.2) -> np.ndarray:
    """Is a join seen? (N,) mean jerk within ``around`` seconds of each of ``moments`` (N,) seconds, m/s^3; read it
    beside the same moments of a dance without joins.

    Raises ValueError below 4 frames. Known defect: that of ``jerk``.
    """
    if clip.frames < 4:
        raise ValueError(f"jerk needs 4 frames, found {clip.frames}")
    jerks = _jerks(clip)
    times = (np.arange(len(jerks)) + 1.5) / clip.fps
    near = np.abs(times - np.clip(moments, times[0], times[-1])[:, None]) <= around
    means: np.ndarray = (near * jerks).sum(1) / near.sum(1)
    return means


def _jerks(clip: MotionClip) -> np.ndarray:
    """(T - 3,) length of the third derivative, mean over joints, m/s^3, halfway between four frames."""
    third = np.diff(kinematics.joint_positions(clip).astype(np.float64), n=3, axis=0) * clip.fps**3
    jerks: np.ndarray = np.linalg.norm(third, axis=-1).mean(1)
    return jerks


def freeze_ratio(clip: MotionClip) -> float:
    """Share of time, 0 to 1, in stretches of half a second or more in which smoothed joint speed is below 0.08 m/s
    (paper 8.2).

    Known defect: real dance holds poses too, before it starts and when it ends: read it beside ground truth.
    """
    lengths = [stop - start for start, stop in runs(smoothed_speed(clip) < FREEZE_SPEED)]
    return float(sum(length for length in lengths if length >= FREEZE_SECONDS * clip.fps) / max(clip.frames, 1))


def range_of_motion(clip: MotionClip) -> float:
    """How far the joints reach: rms distance of each from its mean place around the pelvis, mean over the 23 others,
    metres.

    Heading and travel do not count. Known defect: grows with the length of a clip, as a dancer tries new poses.
    """
    joints = heading_centred(clip)[:, 1:]
    return float(np.sqrt(((joints - joints.mean(0)) ** 2).sum(-1).mean(0)).mean())


def _bends(clip: MotionClip, limit: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Flexion, side bend and twist about the bone, (T,) radians each, of the joints of one row of ``_LIMITS``."""
    names, bone, front, *_ = limit
    turn, *more = (rotation.matrix_from_6d(clip.rot6d[:, INDEX[name]].astype(np.float64)) for name in names)
    for matrices in more:
        turn = turn @ matrices
    direction = turn @ bone
    quaternion = rotation.quaternion_from_matrix(turn)
    twist = 2 * np.arctan2(quaternion[:, 1:] @ bone, quaternion[:, 0])
    flexion = np.arctan2(direction @ front, direction @ bone)
    side = np.arcsin(np.clip(direction @ np.cross(bone, front), -1, 1))
    return flexion, side, (twist + np.pi) % (2 * np.pi) - np.pi


def joint_limit_violations(clip: MotionClip) -> float:
    """Share, 0 to 1, of frames times parts (knees, elbows, neck, spine) that bend, tilt or twist beyond what a dancer
    can.

    Source: normal ranges of the American Academy of Orthopaedic Surgeons (knee 0 to 135 degrees, elbow 0 to 150, neck
    45 / 80, trunk 80 / 25 / 35 / 45), widened by 15 to 60 degrees for dancers and for the noise of capture; neck with
    head and the three spine joints are judged as one bend each. Known defects: the hinge of an elbow depends on how the
    capture shared a twist between shoulder and elbow (waacking arms of AIST++ violate up to a tenth of the frames while
    looking right); shoulders and hips are not judged, and neither is a body that passes through itself.
    """
    beyond = []
    for limit in _LIMITS:
        *_, (low, high), most_side, most_twist = limit
        flexion, side, twist = np.degrees(_bends(clip, limit))
        beyond.append((flexion < low) | (flexion > high) | (np.abs(side) > most_side) | (np.abs(twist) > most_twist))
    return float(np.mean(beyond))


def knee_acceleration(clip: MotionClip) -> np.ndarray:
    """Second derivative of the flexion of left and right knee, (T, 2) rad/s^2, signed; zero at both ends. Large values
    are pops.

    Known defect: a second difference amplifies noise with the square of the frame rate: compare clips of one rate.
    """
    flexion = np.unwrap(np.stack([_bends(clip, knee)[0] for knee in _KNEES], 1), axis=0)
    result = np.zeros_like(flexion)
    result[1:-1] = (flexion[2:] - 2 * flexion[1:-1] + flexion[:-2]) * clip.fps**2
    return result
