"""Takes follow their song: when its strip, the strip's speed or the frame rate changes, keys move to the same second of
the song.
"""

from __future__ import annotations

import os
from dataclasses import replace

import bpy

from tokendance_core import SettingError

from .. import compat
from ..armature.recipe import Recipe
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
    waiting = [take for take in takes.of(armature) if Recipe.of(take).kind == "song"]
    lost = [take.name for take in waiting if _strip(strips, Recipe.of(take)) is None]
    if lost and len(lost) == len(waiting):
        raise SettingError(f"No strip plays the song of “{lost[0]}”.", hint="Put the song back into the sequencer.")
    return sum(_follow(scene, take, armature, strips) for take in waiting if take.name not in lost)


def is_off(scene: bpy.types.Scene, take: bpy.types.Action) -> bool:
    """Whether the strip of a take plays its song elsewhere now; what can be said without looking at files."""
    made = Recipe.of(take)
    strip = _strip({strip.name: strip for strip in audio_strip.sound_strips(scene)}, made)
    if strip is None or made.kind != "song":
        return False
    fps, retimed = scene_fps(scene), made.part.speed != 1.0
    frame = audio_strip.frame_of(strip, made.part.start, made.part.speed, fps)
    moved = abs(frame - made.frame) > _HALF
    return moved or abs(fps / made.fps - 1) > _SAME or compat.is_retimed(strip) != retimed


def _strip(strips: dict[str, bpy.types.SoundStrip], made: Recipe) -> bpy.types.SoundStrip | None:
    """The strip that the dance was made for, else the first that plays its song."""
    song = os.path.normpath(made.source)
    playing = (strip for strip in strips.values() if audio_strip.sound_file(strip) == song)
    return strips.get(made.strip) or next(playing, None)


def _follow(
    scene: bpy.types.Scene,
    take: bpy.types.Action,
    armature: bpy.types.Object,
    strips: dict[str, bpy.types.SoundStrip],
) -> bool:
    made, fps = Recipe.of(take), scene_fps(scene)
    strip = _strip(strips, made)
    now = audio_strip.passage(strip, fps)
    frame = audio_strip.frame_of(strip, made.part.start, now.speed, fps)
    scale = fps / made.fps * made.part.speed / now.speed
    if abs(frame - made.frame) <= _HALF and abs(scale - 1) < _SAME:
        return False
    compat.move_keys(take, round(frame) - made.frame, scale, made.frame)
    for track in armature.animation_data.nla_tracks if armature.animation_data else ():
        for laid in track.strips:
            if laid.action == take:
                first, last = take.frame_range[:]
                laid.action_frame_start, laid.action_frame_end = first, last
                laid.frame_start, laid.frame_end = round(frame), round(frame) + last - first
    part = replace(made.part, speed=now.speed)
    replace(made, frame=round(frame), fps=fps, part=part, strip=strip.name).keep(take)
    return True
