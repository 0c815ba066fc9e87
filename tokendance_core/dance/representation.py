"""MotionClip <-> the matrix of numbers a frame that the tokenizers see: root and 24 joints x 6D (paper section 1.1).

Three root forms. ``heading`` describes the body as the dancer feels it: steps and pelvis relative to the own heading,
how fast that turns, and how far each foot moves over the floor; the same dance has the same numbers wherever it faces.
``velocity`` is planar velocity in the axes of the world, ``absolute`` the position as in the paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tokendance_core.dance import footing
from tokendance_core.motion import edits, kinematics, rotation
from tokendance_core.motion.skeleton import FEET, HORIZONTAL, JOINTS, LOWER, UP, UPPER
from tokendance_core.types import FPS, MotionClip

RootForm = Literal["heading", "velocity", "absolute"]

ROOT = slice(0, 3)
"""Columns of the root: x and z in metres a frame (or metres, if absolute) around the height y in metres."""

BODY = ROOT.stop + 6 * len(JOINTS)
"""The paper's 147 columns; what else the form ``heading`` needs stands behind them."""

ROTATIONS = slice(ROOT.stop, BODY)
PELVIS = slice(ROTATIONS.start, ROTATIONS.start + 6)

YAW = BODY
"""Column of the turn since the frame before in radians (``heading`` alone)."""

FOOT_STEPS = slice(YAW + 1, YAW + 1 + 2 * len(FEET))
"""Columns of the metres over the floor by which each of ``FEET`` moved since the frame before, x and z in the axes of
the dancer (``heading`` alone).
"""


def _joint_columns(joints: tuple[int, ...]) -> np.ndarray:
    return np.concatenate([np.arange(6) + ROOT.stop + 6 * joint for joint in joints])


UPPER_COLUMNS = _joint_columns(UPPER)
"""The 90 columns of the upper-body stream."""

_LOWER_BODY = np.concatenate((np.arange(ROOT.stop), _joint_columns(LOWER)))


def column_count(root: RootForm) -> int:
    """Columns of a matrix: 147, or 156 in the form ``heading``."""
    return FOOT_STEPS.stop if root == "heading" else BODY


def lower_columns(root: RootForm) -> np.ndarray:
    """The columns of the lower-body stream, root first: 57, or 66 in the form ``heading``."""
    return np.concatenate((_LOWER_BODY, np.arange(BODY, column_count(root))))


def to_matrix(clip: MotionClip, root: RootForm = "velocity") -> np.ndarray:
    """A clip at 30 fps -> (T, 147 or 156) float32. Raises ValueError at any other frame rate: velocities would be
    wrong.
    """
    if clip.fps != FPS:
        raise ValueError(
            f"representation needs {FPS} fps, found {clip.fps}; resample first or every velocity is scaled"
        )
    path, rot6d, more = clip.root.astype(np.float64), clip.rot6d, np.empty((clip.frames, 0))
    if root != "absolute":
        path[:, HORIZONTAL] = _steps(path[:, HORIZONTAL])
    if root == "heading":
        facing = edits.headings(clip)
        yaw = _steps(facing)
        path[:, HORIZONTAL] = footing.turned(path[:, HORIZONTAL], -facing)
        rot6d = _pelvis_turned(rot6d, -facing)
        moved = path[1:, None, HORIZONTAL] + footing.leg_steps(_feet(rot6d, path), yaw)
        foot_steps = np.concatenate((moved[:1], moved)) if len(moved) else np.zeros((clip.frames, len(FEET), 2))
        more = np.concatenate((yaw[:, None], foot_steps.reshape(clip.frames, -1)), 1)
    matrix: np.ndarray = np.concatenate((path, rot6d.reshape(clip.frames, -1), more), 1).astype(np.float32)
    return matrix


def _steps(track: np.ndarray) -> np.ndarray:
    """(T, …) -> (T, …) the change since the frame before; the first one is that of the second."""
    steps = np.diff(track, axis=0)
    return np.concatenate((steps[:1], steps)) if len(steps) else np.zeros_like(track)


def _feet(rot6d: np.ndarray, path: np.ndarray) -> np.ndarray:
    """(T, 4, 3) metres: ``FEET`` with the pelvis at its height above the origin."""
    joints: np.ndarray = kinematics.forward_kinematics(rotation.matrix_from_6d(rot6d), path * UP)[0]
    return joints[:, list(FEET)]


def _pelvis_turned(rot6d: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """(T, 24, 6) with both columns of the pelvis, long or short, turned about the vertical by ``angles`` (T,)
    radians.
    """
    turned = rot6d.astype(np.float64)
    for x, z in ((0, 2), (3, 5)):
        turned[:, 0, [x, z]] = footing.turned(turned[:, 0, [x, z]], angles)
    return turned


def from_matrix(matrix: np.ndarray, root: RootForm = "velocity") -> MotionClip:
    """(T, 147 or 156) -> a clip at 30 fps; its pelvis starts above the origin unless positions are absolute, and it
    starts facing +Z in the form ``heading``.
    """
    path = matrix[:, ROOT].astype(np.float64)
    rot6d = matrix[:, ROTATIONS].reshape(len(matrix), len(JOINTS), 6)
    if root == "heading":
        yaw = matrix[:, YAW].astype(np.float64)
        told = matrix[:, FOOT_STEPS].reshape(len(matrix), len(FEET), 2)
        legs = footing.leg_steps(_feet(rot6d, path), yaw)
        facing = np.concatenate(([0.0], np.cumsum(yaw[1:])))
        path[:, HORIZONTAL] = footing.turned(footing.anchored(path[:, HORIZONTAL], told, legs), facing)
        rot6d = _pelvis_turned(rot6d, facing)
    if root != "absolute":
        path[0, HORIZONTAL] = 0.0
        path[:, HORIZONTAL] = np.cumsum(path[:, HORIZONTAL], axis=0)
    return MotionClip(rot6d.astype(np.float32), path.astype(np.float32))


@dataclass(frozen=True, eq=False)
class Statistics:
    """Normalisation of a feature matrix: ``mean`` (F,) and ``std`` (F,), both float32; columns that hardly vary keep
    std 1.
    """

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, matrices: list[np.ndarray], floor: float = 1e-4) -> Statistics:
        """Statistics over the frames of all ``matrices`` (T, F)."""
        rows = np.concatenate(matrices).astype(np.float64)
        std = rows.std(0)
        return cls(rows.mean(0).astype(np.float32), np.where(std < floor, 1.0, std).astype(np.float32))

    def normalise(self, matrix: np.ndarray) -> np.ndarray:
        """(…, F) in deviations from the mean."""
        normal: np.ndarray = (matrix - self.mean) / self.std
        return normal

    def restore(self, matrix: np.ndarray) -> np.ndarray:
        """The inverse of ``normalise``."""
        restored: np.ndarray = matrix * self.std + self.mean
        return restored
