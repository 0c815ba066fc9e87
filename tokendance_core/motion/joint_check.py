"""A motion to check a rig map with: one joint after another, so that a wrong bone is seen at once."""

from __future__ import annotations

import numpy as np

from tokendance_core.motion.edits import bend, hold_t_pose
from tokendance_core.types import FPS, MotionClip

# joint, axis in the T-pose, angle in radians
_BENDS = (
    ("left_shoulder", "Z", 1.2),
    ("right_shoulder", "Z", -1.2),
    ("left_elbow", "Y", -1.5),
    ("right_elbow", "Y", 1.5),
    ("left_hip", "X", -1.0),
    ("left_knee", "X", 1.2),
    ("right_hip", "X", -1.0),
    ("right_knee", "X", 1.2),
    ("spine2", "X", 0.5),
    ("head", "Y", 0.8),
    ("pelvis", "Y", 0.6),
)
_FRAMES = FPS // 2
"""Frames for each joint, out and back."""


def joint_check() -> MotionClip:
    """From the T-pose, arms, legs, spine, head and pelvis move out and back in turn, half a second each."""
    clip = hold_t_pose(_FRAMES * len(_BENDS) + 1, name="joint check")
    wave = np.sin(np.pi * np.arange(_FRAMES) / _FRAMES)
    for number, (joint, axis, angle) in enumerate(_BENDS):
        angles = np.zeros(clip.frames)
        angles[number * _FRAMES : (number + 1) * _FRAMES] = angle * wave
        clip = bend(clip, joint, axis, angles)
    return clip
