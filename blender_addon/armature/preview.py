"""A picture for the asset browser: the figure in the middle of the dance, drawn with lines."""

from __future__ import annotations

from collections.abc import Container

import bpy
import numpy as np

from tokendance_core import JOINTS, PARENTS, Rig, RigAnimation, RigMap, predicted_heads

SIZE = 256
_MARGIN, _WIDTH = 24, 3.0
_BACKGROUND, _LINE = (0.11, 0.13, 0.17), (0.95, 0.62, 0.25)


def draw(action: bpy.types.Action, rig: Rig, rig_map: RigMap, animation: RigAnimation) -> None:
    """Give the action a preview image."""
    heads = predicted_heads(rig, animation, [len(animation.quaternions) // 2])
    points = {joint: heads[bone][0] for joint, bone in rig_map.bones.items() if bone in heads}
    picture = action.preview_ensure()
    picture.image_size = SIZE, SIZE
    picture.image_pixels_float.foreach_set(figure(points, *_plane(rig, rig_map)).ravel())


def _plane(rig: Rig, rig_map: RigMap) -> tuple[np.ndarray, np.ndarray]:
    """(3,) unit vectors: the picture's right and up, for a character seen from the front."""
    heads = {
        joint: rig.heads[rig.names.index(rig_map.bones[joint])] for joint in ("left_hip", "right_hip", "left_ankle")
    }
    right, up = heads["left_hip"] - heads["right_hip"], heads["left_hip"] - heads["left_ankle"]
    right = right / np.linalg.norm(right)
    up = up - right * (up @ right)
    return right, up / np.linalg.norm(up)


def figure(points: dict[str, np.ndarray], right: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE, 4) float32, first row at the bottom: joints (name -> (3,)) joined by lines to the next joint above
    that is known.
    """
    places = {joint: np.array([point @ right, point @ up]) for joint, point in points.items()}
    low = np.min(list(places.values()), axis=0)
    extent = max(np.ptp(list(places.values()), axis=0).max(), 1e-9)
    middle = low + np.ptp(list(places.values()), axis=0) / 2
    places = {joint: SIZE / 2 + (place - middle) / extent * (SIZE - 2 * _MARGIN) for joint, place in places.items()}
    pixels = np.stack(np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5), -1)
    nearest = np.full((SIZE, SIZE), np.inf)
    for joint, place in places.items():
        above = joint_above(joint, places)
        if above is not None:
            nearest = np.minimum(nearest, _distance(pixels, places[above], place))
    ink = np.clip(_WIDTH + 0.5 - nearest, 0.0, 1.0)[..., None]
    colour = ink * _LINE + (1 - ink) * _BACKGROUND
    return np.concatenate((colour, np.ones_like(ink)), -1).astype(np.float32)


def joint_above(joint: str, known: Container[str]) -> str | None:
    """The next of the ``known`` joints above a joint in the body; None for the topmost and for what is no joint."""
    number = PARENTS[JOINTS.index(joint)] if joint in JOINTS else -1
    while number >= 0 and JOINTS[number] not in known:
        number = PARENTS[number]
    return JOINTS[number] if number >= 0 else None


def _distance(pixels: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE) pixels from each point to a line."""
    line = end - start
    along = np.clip(((pixels - start) @ line) / max(line @ line, 1e-9), 0.0, 1.0)
    return np.linalg.norm(pixels - start - along[..., None] * line, axis=-1)
