"""Small motions and songs for the training tests."""

from __future__ import annotations

import numpy as np

from tokendance_core import rotation
from tokendance_core.train.pack import BeatGrid, SourceClip
from tokendance_core.types import MotionClip


def swaying_clip(frames: int = 240, bpm: float = 120.0, seed: int = 0) -> MotionClip:
    """A dancer who sways to a beat: every joint swings, the pelvis travels."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None, None] / 30.0
    swing = 0.4 * rng.standard_normal((1, 24, 3)) * np.sin(np.pi * bpm / 60.0 * t + rng.uniform(0, 6, (1, 24, 3)))
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(swing)).astype(np.float32)
    root = np.stack((0.3 * np.sin(t[:, 0, 0]), 0.9 + 0.03 * np.cos(4 * t[:, 0, 0]), 0.2 * t[:, 0, 0]), 1)
    return MotionClip(rot6d, root.astype(np.float32), name=f"sway{seed}")


def source(clip: MotionClip, bpm: float = 120.0, genre: str = "pop") -> SourceClip:
    return SourceClip(clip, genre, "train", BeatGrid(bpm, 0.0))
