"""The picture of a dance in the asset browser."""

from __future__ import annotations

from typing import Any

import bpy

from tokendance_core import Rig, RigAnimation, RigMap, draw_dance


def draw(action: bpy.types.Action, rig: Rig, rig_map: RigMap, animation: RigAnimation) -> None:
    """Give the action a preview image."""
    pixels = draw_dance(rig, rig_map, animation)
    picture = action.preview_ensure()
    height, width, _ = pixels.shape
    picture.image_size = width, height
    image: Any = picture.image_pixels_float  # a single number, say the stubs
    image.foreach_set(pixels.ravel())
