"""The time line of a scene."""

from __future__ import annotations

import bpy

from tokendance_core import SettingError


def scene_fps(scene: bpy.types.Scene) -> float:
    """Frames per second, 23.976 and the like included."""
    return scene.render.fps / scene.render.fps_base


def chosen_range(scene: bpy.types.Scene) -> tuple[int, int]:
    """The first and the last frame of what is played: the preview range where it is on."""
    if scene.use_preview_range:
        return scene.frame_preview_start, scene.frame_preview_end
    return scene.frame_start, scene.frame_end


def check_clock(scene: bpy.types.Scene) -> None:
    """SettingError where the scene shows its keys at another speed than it plays its sound."""
    old, new = scene.render.frame_map_old, scene.render.frame_map_new
    if old != new:
        raise SettingError(
            f"The scene is stretched in time ({old} to {new}): keys would not keep time with the sound.",
            hint="Set both numbers of Output > Frame Range > Time Stretching to 100.",
        )
