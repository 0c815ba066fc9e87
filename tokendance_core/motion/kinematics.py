"""Forward kinematics, velocities, floor contacts and resampling of a ``MotionClip``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tokendance_core.motion import rotation
from tokendance_core.motion.rotation import Array
from tokendance_core.motion.sampling import neighbours
from tokendance_core.motion.skeleton import FEET, FLAT, HORIZONTAL, MIRROR, OFFSETS, PARENTS
from tokendance_core.types import MotionClip

CONTACT_SPEED = 0.35
"""Horizontal speed in m/s below which a foot near the floor counts as standing."""

CONTACT_HEIGHT = 0.06
"""Height in metres above its flat-foot height below which an ankle or toe counts as near the floor."""


def forward_kinematics(matrices: Array, root: Array, offsets: Array = OFFSETS) -> tuple[Array, Array]:
    """Local rotations (…, 24, 3, 3) and pelvis (…, 3) -> joint positions (…, 24, 3) and global rotations (…, 24, 3, 3).

    numpy or torch alike; ``offsets`` (24, 3) must be of the same kind.
    """
    positions, global_rotations = [root], [matrices[..., 0, :, :]]
    for joint, parent in enumerate(PARENTS[1:], start=1):
        positions.append(positions[parent] + global_rotations[parent] @ offsets[joint])
        global_rotations.append(global_rotations[parent] @ matrices[..., joint, :, :])
    xp = rotation.namespace(root)
    return xp.stack(positions, -2), xp.stack(global_rotations, -3)


def joint_positions(clip: MotionClip) -> np.ndarray:
    """World positions of the joints, (T, 24, 3) metres."""
    positions: np.ndarray = forward_kinematics(rotation.matrix_from_6d(clip.rot6d), clip.root)[0]
    return positions


def velocities(positions: np.ndarray, fps: float) -> np.ndarray:
    """Central differences along time: (T, …) metres -> (T, …) metres per second; zero for a single frame."""
    return np.gradient(positions, axis=0) * fps if len(positions) > 1 else np.zeros_like(positions)


def foot_contacts(positions: np.ndarray, fps: float) -> np.ndarray:
    """(T, 24, 3) joint positions -> (T, 4) bool: left ankle, left toe, right ankle, right toe is on the floor."""
    feet = positions[:, list(FEET)]
    speed = np.linalg.norm(velocities(feet, fps)[..., HORIZONTAL], axis=-1)
    contacts: np.ndarray = (speed < CONTACT_SPEED) & (feet[..., 1] - FLAT < CONTACT_HEIGHT)
    return contacts


def resample(clip: MotionClip, times: np.ndarray, fps: float) -> MotionClip:
    """The clip at ``times`` (N,) seconds, clamped to its ends: slerp for rotations, linear for the root; ``fps`` is the
    rate of the result.
    """
    low, high, share = neighbours(np.asarray(times, np.float64) * clip.fps, clip.frames)
    quaternions = rotation.quaternion_from_matrix(rotation.matrix_from_6d(clip.rot6d))
    blended = rotation.slerp(quaternions[low], quaternions[high], share[:, None])
    root = clip.root[low] * (1 - share)[:, None] + clip.root[high] * share[:, None]
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_quaternion(blended))
    return replace(clip, rot6d=rot6d.astype(np.float32), root=root.astype(np.float32), fps=float(fps))


def resample_to_fps(clip: MotionClip, fps: float) -> MotionClip:
    """The clip at another frame rate, same start and same length to within a frame; as it is if it has that rate."""
    if clip.fps == fps:
        return clip
    count = max(int(np.floor((clip.frames - 1) / clip.fps * fps + 1e-6)) + 1, 1)
    return resample(clip, np.arange(count) / fps, fps)


def mirror(clip: MotionClip) -> MotionClip:
    """The dance as in a mirror: left and right joints swap, x is reflected."""
    # Reflecting R to SRS with S = diag(-1, 1, 1) negates the entries that mix x with the others.
    signs = np.array([1, -1, -1, -1, 1, 1], np.float32)
    return replace(clip, rot6d=clip.rot6d[:, list(MIRROR)] * signs, root=clip.root * np.array([-1, 1, 1], np.float32))
