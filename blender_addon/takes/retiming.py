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
from ..interface.timeline import check_clock, scene_fps
from ..song import passage as passages
from ..song import strip as audio_strip
from . import store as takes

_SAME = 1e-4

_IN_SYNC = 0.25
"""Frames by which a dance may be off before it is moved."""


def follow_strips(scene: bpy.types.Scene, armature: bpy.types.Object) -> int:
    """Move the takes of ``armature`` to where their songs play now; how many had to move. SettingError when no strip
    plays one of them, when two do, and for a scene that is stretched in time.
    """
    check_clock(scene)
    waiting = [take for take in takes.of(armature) if Recipe.of(take).kind == "song"]
    chosen = {take.name: _strip(scene, Recipe.of(take)).checked() for take in waiting}
    lost = [name for name, strip in chosen.items() if strip is None]
    if lost and len(lost) == len(waiting):
        raise SettingError(f"No strip plays the song of “{lost[0]}”.", hint="Put the song back into the sequencer.")
    return sum(_follow(scene, take, armature, strip) for take in waiting if (strip := chosen[take.name]) is not None)


def is_off(scene: bpy.types.Scene, take: bpy.types.Action) -> bool:
    """Whether the strip of a take plays its song elsewhere now; what can be said without looking at files."""
    made = Recipe.of(take)
    strip = _strip(scene, made).strip if made.kind == "song" else None
    if strip is None:
        return False
    fps, heard = scene_fps(scene), passages.retimed_state(strip)
    if abs(fps / made.fps - 1) > _SAME:
        return True
    if heard or made.heard:
        return len(heard) != len(made.heard) or any(
            abs(now - then) > _SAME for now, then in zip(heard, made.heard, strict=True)
        )
    frame = passages.playing(audio_strip.placed(strip), fps).frame_of(made.part.start, fps)
    return abs(frame - made.frame) > _IN_SYNC or made.part.speed != 1.0


def _strip(scene: bpy.types.Scene, made: Recipe) -> audio_strip.Choice:
    """The strip that the dance was made for while it plays the song, else the one that plays it."""
    strips = audio_strip.sound_strips(scene)
    song = os.path.normpath(made.source)
    is_there = any(one.strip.name == made.strip and audio_strip.sound_file(one.strip) == song for one in strips)
    return audio_strip.choose(scene, made.strip if is_there else "", song, os.path.normpath)


def _follow(
    scene: bpy.types.Scene, take: bpy.types.Action, armature: bpy.types.Object, strip: bpy.types.SoundStrip
) -> bool:
    made, fps = Recipe.of(take), scene_fps(scene)
    now, heard = passages.how_it_plays(strip, fps), passages.retimed_state(strip)
    frame = now.frame_of(made.part.start, fps)
    scale = fps / made.fps * made.part.speed / now.speed
    part = replace(made.part, speed=now.speed)
    is_there = abs(frame - made.frame) <= _IN_SYNC and abs(scale - 1) < _SAME
    if not is_there:
        _move(take, armature, frame - made.frame, scale, made.frame)
        made = replace(made, frame=frame)
    replace(made, fps=fps, part=part, strip=strip.name, heard=heard).keep(take)
    return not is_there


def _move(take: bpy.types.Action, armature: bpy.types.Object, offset: float, scale: float, pivot: float) -> None:
    """Move the keys of a take, and the NLA strips that play it."""
    compat.move_keys(take, offset, scale, pivot)
    for track in armature.animation_data.nla_tracks if armature.animation_data else ():
        for laid in track.strips:
            if laid.action == take:
                first, last = take.frame_range[:]
                laid.action_frame_start, laid.action_frame_end = first, last
                laid.frame_start, laid.frame_end = pivot + offset, pivot + offset + last - first
