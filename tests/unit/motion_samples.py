"""Small motions and songs for the training tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tokendance_core.datasets.pack import BeatGrid, SourceClip
from tokendance_core.motion import rotation
from tokendance_core.motion.skeleton import INDEX
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
    return SourceClip(clip=clip, genre=genre, split="train", grid=BeatGrid(bpm, 0.0))


def still_clip(frames: int = 60, height: float = 0.94) -> MotionClip:
    """A dancer who stands in the T-pose, the pelvis at ``height``."""
    rot6d = np.tile(np.array([1, 0, 0, 0, 1, 0], np.float32), (frames, 24, 1))
    return MotionClip(rot6d, np.tile(np.array([0, height, 0], np.float32), (frames, 1)))


def walking(
    speed: float | np.ndarray, frames: int = 60, direction: tuple[float, float, float] = (1, 0, 0)
) -> MotionClip:
    """The T-pose gliding at ``speed`` m/s, constant or (frames,), along ``direction``."""
    clip = still_clip(frames)
    way = np.concatenate(([0.0], np.cumsum(np.broadcast_to(speed, frames) / clip.fps)[:-1]))
    return replace(clip, root=(clip.root + way[:, None] * np.array(direction)).astype(np.float32))


def arms_or_knees(genre: str, seed: int, frames: int = 300) -> MotionClip:
    """A dancer who swings the "arms" or bends the "knees", each seed in another way."""
    rng = np.random.default_rng(seed)
    swing = 0.5 * np.sin(np.arange(frames) / 30 * rng.uniform(4, 8)) + 0.1 * rng.standard_normal()
    if genre == "arms":
        return posed(frames, left_shoulder=(0, 0, swing), right_shoulder=(0, 0, -swing))
    return posed(frames, left_knee=(swing, 0, 0), right_knee=(swing, 0, 0))


def posed(frames: int, **axis_angles: object) -> MotionClip:
    """The T-pose with joints turned: name = rotation vector in radians, (3,) or a triple of (frames,)."""
    clip = still_clip(frames)
    rot6d = clip.rot6d.copy()
    for joint, vector in axis_angles.items():
        vector = np.stack(np.broadcast_arrays(*vector, np.zeros(frames))[:3], 1)
        rot6d[:, INDEX[joint]] = rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(vector))
    return replace(clip, rot6d=rot6d)
