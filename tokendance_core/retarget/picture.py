"""A small picture of a dance: the figure in the middle of it, drawn with lines."""

from __future__ import annotations

import numpy as np

from tokendance_core.motion.skeleton import joint_above
from tokendance_core.retarget.posing import predicted_heads
from tokendance_core.types import Rig, RigAnimation, RigMap

SIZE = 256
"""Pixels of the picture's sides."""

_MARGIN, _WIDTH = 24, 3.0
_BACKGROUND, _LINE = (0.11, 0.13, 0.17), (0.95, 0.62, 0.25)


def draw(rig: Rig, rig_map: RigMap, animation: RigAnimation) -> np.ndarray:
    """(SIZE, SIZE, 4) float32 RGBA, first row at the bottom: the character as it dances, seen from the front."""
    heads = predicted_heads(rig, animation, [len(animation.quaternions) // 2])
    points = {joint: heads[bone][0] for joint, bone in rig_map.bones.items() if bone in heads}
    return figure(points, *_plane(rig, rig_map))


def _plane(rig: Rig, rig_map: RigMap) -> tuple[np.ndarray, np.ndarray]:
    """(3,) unit vectors: the picture's right, which is the character's left, and up."""
    left_hip, right_hip, left_ankle = (
        rig.heads[rig.names.index(rig_map.bones[joint])] for joint in ("left_hip", "right_hip", "left_ankle")
    )
    right, up = left_hip - right_hip, left_hip - left_ankle
    right = right / np.linalg.norm(right)
    up = up - right * (up @ right)
    return right, up / np.linalg.norm(up)


def figure(points: dict[str, np.ndarray], right: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE, 4) float32 RGBA, first row at the bottom: joints (name -> (3,)), each joined by a line to the next
    joint above that is known.

    ``right`` and ``up``: unit vectors (3,) of the picture plane. The figure fills the picture but for a margin.
    """
    places = {joint: np.array([point @ right, point @ up]) for joint, point in points.items()}
    low, extents = np.min(list(places.values()), axis=0), np.ptp(list(places.values()), axis=0)
    scale = (SIZE - 2 * _MARGIN) / max(extents.max(), 1e-9)
    places = {joint: SIZE / 2 + (place - low - extents / 2) * scale for joint, place in places.items()}
    pixels = np.stack(np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5), -1)
    nearest = np.full((SIZE, SIZE), np.inf)
    for joint, place in places.items():
        above = joint_above(joint, places)
        if above is not None:
            nearest = np.minimum(nearest, _distance(pixels, places[above], place))
    ink = np.clip(_WIDTH + 0.5 - nearest, 0.0, 1.0)[..., None]
    colour = ink * _LINE + (1 - ink) * _BACKGROUND
    return np.concatenate((colour, np.ones_like(ink)), -1).astype(np.float32)


def _distance(pixels: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE): how far each pixel is from the line between two points (2,)."""
    line = end - start
    along = np.clip(((pixels - start) @ line) / max(line @ line, 1e-9), 0.0, 1.0)
    distance: np.ndarray = np.linalg.norm(pixels - start - along[..., None] * line, axis=-1)
    return distance
