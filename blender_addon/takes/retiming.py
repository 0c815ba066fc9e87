"""Takes follow their song: when its strip, the strip's speed or the frame rate changes, keys move to the same second of
the song.
"""

from __future__ import annotations

import os

import bpy

from tokendance_core import SettingError

from .. import compat
from ..armature.action import RECIPE
from ..interface.timeline import scene_fps
from ..song import strip as audio_strip
from . import store as takes

_SAME = 1e-4

_HALF = 0.5
"""Frames: keys are on whole ones, and a song may begin between two."""


def follow_strips(scene: bpy.types.Scene, armature: bpy.types.Object) -> int:
    """Move the takes of ``armature`` to where their songs play now; how many had to move. SettingError when no strip
    plays one of them.
    """
    strips = {strip.name: strip for strip in audio_strip.sound_strips(scene)}
    waiting = [take for take in takes.of(armature) if "song" in takes.recipe(take)]
    lost = [take.name for take in waiting if _strip(strips, takes.recipe(take)) is None]
    if lost and len(lost) == len(waiting):
        raise SettingError(f"No strip plays the song of “{lost[0]}”.", hint="Put the song back into the sequencer.")
    return sum(_follow(scene, take, armature, strips) for take in waiting if take.name not in lost)


def is_off(scene: bpy.types.Scene, take: bpy.types.Action) -> bool:
    """Whether the strip of a take plays its song elsewhere now; what can be said without looking at files."""
    recipe = takes.recipe(take)
    strip = _strip({strip.name: strip for strip in audio_strip.sound_strips(scene)}, recipe)
    if strip is None:
        return False
    fps, retimed = scene_fps(scene), float(recipe["speed"]) != 1.0
    frame = audio_strip.frame_of(strip, float(recipe["start"]), float(recipe["speed"]), fps)
    moved = abs(frame - float(recipe["frame"])) > _HALF
    return moved or abs(fps / float(recipe["fps"]) - 1) > _SAME or compat.is_retimed(strip) != retimed


def _strip(strips: dict[str, bpy.types.ID], recipe: dict[str, object]) -> bpy.types.ID | None:
    """The strip that the dance was made for, else the first that plays its song."""
    song = os.path.normpath(str(recipe.get("song")))
    playing = (strip for strip in strips.values() if audio_strip.sound_file(strip) == song)
    return strips.get(str(recipe.get("strip"))) or next(playing, None)


def _follow(
    scene: bpy.types.Scene, take: bpy.types.Action, armature: bpy.types.Object, strips: dict[str, bpy.types.ID]
) -> bool:
    recipe, fps = takes.recipe(take), scene_fps(scene)
    strip = _strip(strips, recipe)
    now = audio_strip.passage(strip, fps)
    old, speed = float(recipe["frame"]), float(recipe["speed"])
    frame = audio_strip.frame_of(strip, float(recipe["start"]), now.speed, fps)
    scale = fps / float(recipe["fps"]) * speed / now.speed
    if abs(frame - old) <= _HALF and abs(scale - 1) < _SAME:
        return False
    compat.move_keys(take, round(frame) - old, scale, old)
    for track in armature.animation_data.nla_tracks if armature.animation_data else ():
        for laid in track.strips:
            if laid.action == take:
                first, last = take.curve_frame_range
                laid.action_frame_start, laid.action_frame_end = first, last
                laid.frame_start, laid.frame_end = round(frame), round(frame) + last - first
    take[RECIPE].update({"frame": round(frame), "fps": fps, "speed": now.speed, "strip": strip.name})
    return True
