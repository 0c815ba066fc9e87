"""The time line of a scene."""

from __future__ import annotations

import bpy


def scene_fps(scene: bpy.types.Scene) -> float:
    """Frames per second, 23.976 and the like included."""
    return scene.render.fps / scene.render.fps_base
