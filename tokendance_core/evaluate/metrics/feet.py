"""Feet and floor: sliding, sinking, skating and the physics of support."""

from __future__ import annotations

import numpy as np

from tokendance_core.motion import kinematics
from tokendance_core.motion.skeleton import FEET, HORIZONTAL, INDEX
from tokendance_core.types import FPS, MotionClip

_LOW = np.array([0.08, 0.05, 0.08, 0.05])
"""Metres above the ground below which left ankle, left toe, right ankle, right toe may stand (Lodge)."""

_SLIDE = 0.01
"""Metres a frame at 30 fps above which a standing foot slides (Lodge)."""

_LEVEL = 0.02
"""First-frame toes closer in height than this share the ground, otherwise the lower one has it (Lodge)."""

_GRAVITY = 9.81

_LEFT, _RIGHT = slice(0, 2), slice(2, 4)
"""Ankle and toe of a foot among ``FEET``."""


def _feet(clip: MotionClip) -> np.ndarray:
    return kinematics.joint_positions(clip)[:, list(FEET)].astype(np.float64)


def foot_slide(clip: MotionClip) -> float:
    """Mean horizontal speed in m/s of ankles and toes while they are in contact (``kinematics.foot_contacts``); 0 when
    they never are.

    Known defects: contact means slow and low, so a foot that slides faster than 0.35 m/s is no contact and is not
    counted; the foot lock of ``finishing`` makes just this figure small: judge feet by ``low_foot_speeds``.
    """
    return slide_during(clip, kinematics.foot_contacts(kinematics.joint_positions(clip), clip.fps))


def slide_during(clip: MotionClip, contacts: np.ndarray) -> float:
    """Mean horizontal speed in m/s of ankles and toes in the frames of ``contacts`` (T, 4) bool, the clip's own or
    those of the dance that it should be; 0 without any.
    """
    speed = np.linalg.norm(kinematics.velocities(_feet(clip), clip.fps)[..., HORIZONTAL], axis=-1)
    return float(speed[contacts].mean()) if contacts.any() else 0.0


def low_foot_speeds(clip: MotionClip) -> np.ndarray:
    """Horizontal speed, (N,) m/s, of each foot in each frame in which it is low, however fast it goes.

    That of ankle or toe, whichever is faster, while both are as low as in ``skating_ratio``. Read it beside real dance:
    standing feet are slow, and a foot that travels is lifted.
    Known defect: a step that brushes over the floor on purpose is low and fast too.
    """
    feet = _feet(clip)
    speeds = np.linalg.norm(kinematics.velocities(feet, clip.fps)[..., HORIZONTAL], axis=-1)
    low = feet[..., 1] <= _LOW
    return np.concatenate([speeds[low[:, foot].all(1), foot].max(1) for foot in (_LEFT, _RIGHT)])


def foot_penetration(clip: MotionClip) -> float:
    """Mean depth in metres of the lowest foot joint below the floor at y = 0, over all frames.

    Known defect: joints, not soles: a sole a few centimetres below its joint may sink unseen.
    """
    return float(np.maximum(-_feet(clip)[..., 1].min(1), 0.0).mean())


def _skating(low: np.ndarray, moving: np.ndarray) -> float:
    """Share of the frames in which a foot stands, ankle and toe ``low`` (T, 4), in which one of both is ``moving`` (T,
    4); mean of the feet that ever stand.
    """
    shares = []
    for foot in (_LEFT, _RIGHT):
        standing = low[:, foot].all(1)
        if standing.any():
            shares.append(moving[standing, foot].any(1).mean())
    return float(np.mean(shares)) if shares else 0.0


def _steps(feet: np.ndarray) -> np.ndarray:
    """Forward horizontal differences (T, 4, 2) metres a frame; the last frame stands still."""
    return np.diff(feet[..., HORIZONTAL], axis=0, append=feet[-1:, :, HORIZONTAL])


def skating_ratio(clip: MotionClip) -> float:
    """Foot skating ratio, corrected: share, 0 to 1, of standing frames in which ankle or toe moves faster than 0.3 m/s;
    mean of both feet.

    Standing: ankle at most 0.08 m and toe at most 0.05 m above the floor at y = 0. Source: Lodge (paper 4.7), with the
    length of the velocity instead of the signed mean, seconds instead of frames, and the floor instead of the first
    frame's toes.
    Known defect: height alone makes a contact: a low step that brushes over the floor counts as skating.
    """
    feet = _feet(clip)
    return _skating(feet[..., 1] <= _LOW, np.linalg.norm(_steps(feet), axis=-1) * clip.fps > _SLIDE * FPS)


def skating_ratio_signed(clip: MotionClip) -> float:
    """Foot skating ratio as Lodge's script computes it (paper 4.7), 0 to 1; read at 30 fps. Ground truth of FineDance:
    0.0622.

    Known defects: the speed is the absolute *mean of x and z*, so that a slide with vx = -vz vanishes, one along an
    axis counts half, and the figure changes as the dancer turns; the ground is the height of the toes in the first
    frame, wrong when the dance starts in the air or on the knees. Feet that never stand count as 0 here; upstream
    divides by zero.
    """
    feet = _feet(kinematics.resample_to_fps(clip, FPS))
    toes = feet[0, [1, 3], 1]
    ground = toes.mean() if abs(toes[0] - toes[1]) < _LEVEL else toes.min()
    return _skating(feet[..., 1] - ground <= _LOW, np.abs(_steps(feet).mean(-1)) > _SLIDE)


def _sliding_feet_and_push(clip: MotionClip) -> tuple[np.ndarray, np.ndarray]:
    """(T - 2,) step of the left foot times that of the right, m^2, where a foot's step is the smaller horizontal one of
    ankle and toe; and (T - 2,) acceleration of the pelvis, falling left out, m/s^2.
    """
    joints = kinematics.joint_positions(clip).astype(np.float64)
    push = np.diff(joints[:, INDEX["pelvis"]], n=2, axis=0) * clip.fps**2
    push[:, 1] = np.maximum(push[:, 1], 0.0)
    steps = np.linalg.norm(np.diff(joints[1:, list(FEET)][..., HORIZONTAL], axis=0), axis=-1)
    return steps[:, _LEFT].min(1) * steps[:, _RIGHT].min(1), np.linalg.norm(push, axis=-1)


def physical_foot_contact(clip: MotionClip) -> float:
    """PFC of EDGE (paper 4.6) at 30 fps, lower is better, in 10^-4 m^2; 0 below 3 frames. AIST++ itself: 1.332 over 5
    s, 1.47 over 20 s.

    10^4 times the mean of (left foot's step x right foot's step x the pelvis' acceleration), where a foot's step is the
    smaller of ankle and toe, falling counts as no acceleration, and acceleration is divided by the clip's largest. Y is
    up here. Known defects: one spike of acceleration shrinks the whole clip's figure; longer clips have larger spikes;
    dances that hardly move win.
    """
    steps, push = _sliding_feet_and_push(kinematics.resample_to_fps(clip, FPS))
    return float(1e4 * (steps * push).mean() / push.max()) if push.size and push.max() > 0 else 0.0


def physical_foot_contact_absolute(clip: MotionClip) -> float:
    """PFC without its normalisation: mean of (m/s of the left foot x m/s of the right x g of the pelvis), any frame
    rate; lower is better.

    Comparable between clips of any length, not with published figures. Known defect: dances that hardly move still win.
    """
    steps, push = _sliding_feet_and_push(clip)
    return float((steps * clip.fps**2 * push / _GRAVITY).mean()) if push.size else 0.0
