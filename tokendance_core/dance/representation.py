"""MotionClip <-> the matrix of 147 numbers a frame that the tokenizers see: root 3 + 24 joints x 6D (paper section
1.1).

The root is, by default, planar velocity and absolute height (no vertical drift, no limit to travel); ``absolute`` keeps
the position, as in the paper. Columns are named once, in ``ROOT``, ``UPPER_COLUMNS`` and ``LOWER_COLUMNS``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tokendance_core.motion.skeleton import HORIZONTAL, JOINTS, LOWER, UPPER
from tokendance_core.types import FPS, MotionClip

RootForm = Literal["velocity", "absolute"]

ROOT = slice(0, 3)
"""Columns of the root: x and z in metres a frame (or metres, if absolute) around the height y in metres."""

COLUMNS = ROOT.stop + 6 * len(JOINTS)
ROTATIONS = slice(ROOT.stop, COLUMNS)


def _joint_columns(joints: tuple[int, ...]) -> np.ndarray:
    return np.concatenate([np.arange(6) + ROOT.stop + 6 * joint for joint in joints])


UPPER_COLUMNS = _joint_columns(UPPER)
"""The 90 columns of the upper-body stream."""

LOWER_COLUMNS = np.concatenate((np.arange(ROOT.stop), _joint_columns(LOWER)))
"""The 57 columns of the lower-body stream: root first."""


def to_matrix(clip: MotionClip, root: RootForm = "velocity") -> np.ndarray:
    """A clip at 30 fps -> (T, 147) float32. Raises ValueError at any other frame rate: velocities would be wrong."""
    if clip.fps != FPS:
        raise ValueError(
            f"representation needs {FPS} fps, found {clip.fps}; resample first or every velocity is scaled"
        )
    path = clip.root.copy()
    if root == "velocity":
        planar = np.diff(clip.root[:, HORIZONTAL], axis=0)
        path[:, HORIZONTAL] = np.concatenate((planar[:1], planar)) if len(planar) else 0.0
    matrix: np.ndarray = np.concatenate((path, clip.rot6d.reshape(clip.frames, -1)), 1).astype(np.float32)
    return matrix


def from_matrix(matrix: np.ndarray, root: RootForm = "velocity") -> MotionClip:
    """(T, 147) -> a clip at 30 fps; with velocities its pelvis starts above the origin."""
    path = matrix[:, ROOT].astype(np.float64)
    if root == "velocity":
        path[0, HORIZONTAL] = 0.0
        path[:, HORIZONTAL] = np.cumsum(path[:, HORIZONTAL], axis=0)
    rot6d = matrix[:, ROTATIONS].reshape(len(matrix), len(JOINTS), 6)
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
