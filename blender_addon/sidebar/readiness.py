"""Why *Generate Dance* is disabled, for the panel. Cheap enough to be asked while drawing."""

from __future__ import annotations

import bpy

from tokendance_core import SettingError

from .. import session
from ..character import dancer as dancers
from ..interface import scene_settings
from ..runtime import preferences
from ..song import strip as audio_strip


def song(scene: bpy.types.Scene) -> tuple[bpy.types.SoundStrip | None, str]:
    """The strip to dance to, or why there is none."""
    try:
        return audio_strip.find(scene, scene_settings.of_scene(scene).strip, ""), ""
    except SettingError:
        several = any(audio_strip.sound_strips(scene))
        return None, "Choose a sound strip in Music first" if several else "Open a song in Music first"


def why_not(context: bpy.types.Context) -> str:
    """Why no dance can be generated now; empty when one can."""
    return song(context.scene)[1] or character_problem(context)


def character_problem(context: bpy.types.Context) -> str:
    found = dancers.shown(context)
    if found.problem:
        return f"{found.problem} {found.hint}"
    summary = session.current().summaries.look_up(found.armature) if found.armature is not None else None
    return "The character cannot dance yet: see Character" if summary is not None and summary.problems else ""


def runtime_notice(context: bpy.types.Context) -> str:
    """Why the Python that was asked for does not make the dances; empty when it does, or while that is not known."""
    found = session.current().runtimes.known(preferences.runtime(context).python)
    return preferences.notice(found) if found is not None else ""
