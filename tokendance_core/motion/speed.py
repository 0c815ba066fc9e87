"""How fast a dancer moves, and the moments at which the movement settles."""

from __future__ import annotations

import numpy as np

from tokendance_core.motion import kinematics
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.types import MotionClip

BEAT_SMOOTHING = 5 / 60
"""Seconds: Gaussian smoothing of joint speed before its minima are taken (5 frames at 60 fps in the field's scripts).
"""


def joint_speed(clip: MotionClip) -> np.ndarray:
    """Mean speed of the 24 joints, travel included, (T,) m/s. Source: the motion envelope of AIST++ and Bailando (paper
    4.5).
    """
    velocities = kinematics.velocities(kinematics.joint_positions(clip), clip.fps)
    speed: np.ndarray = np.linalg.norm(velocities, axis=-1).mean(1)
    return speed


def smoothed_speed(clip: MotionClip, sigma: float = BEAT_SMOOTHING) -> np.ndarray:
    """Joint speed after a Gaussian of ``sigma`` seconds, (T,) m/s."""
    return filtered(joint_speed(clip), gaussian(sigma * clip.fps))


def motion_beats(clip: MotionClip, smoothing: float = BEAT_SMOOTHING) -> np.ndarray:
    """Local minima of joint speed smoothed by ``smoothing`` seconds, (B,) seconds. Source: Bailando and Lodge (paper
    4.5).

    Lodge smooths by 5 frames at 30 fps: pass 5 / 30. Known defects: some styles settle after the beat by design, so
    this is no ground truth; noise makes minima, so that jitter looks like rhythm.
    """
    speed = smoothed_speed(clip, smoothing)
    inner = speed[1:-1]
    return (np.flatnonzero((inner < speed[:-2]) & (inner <= speed[2:])) + 1) / clip.fps
