"""Why *Generate Dance* is disabled, for the panel. Cheap enough to be asked while drawing."""

from __future__ import annotations

import bpy

from tokendance_core import SettingError

from .. import session
from ..character import dancer as dancers
from ..interface import scene_settings
from ..interface.timeline import check_clock
from ..runtime import preferences
from ..song import strip as audio_strip


def song(scene: bpy.types.Scene) -> audio_strip.Choice:
    """The strip to dance to and why it is that one, or why there is none."""
    return audio_strip.choose(scene, scene_settings.of_scene(scene).strip)


def song_problem(scene: bpy.types.Scene) -> str:
    """Why there is no song to dance to now; empty when there is one."""
    try:
        check_clock(scene)
    except SettingError as error:
        return error.text
    if song(scene).strip is not None:
        return ""
    several = bool(audio_strip.sound_strips(scene))
    return "Choose a sound strip in Music first" if several else "Open a song in Music first"


def why_not(context: bpy.types.Context) -> str:
    """Why no dance can be generated now; empty when one can."""
    return song_problem(context.scene) or character_problem(context)


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
