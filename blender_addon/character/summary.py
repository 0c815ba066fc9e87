"""What the panel says of a character, worked out outside of drawing and remembered until its map or bones change."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from tokendance_core import RigError, RigMap, rig_problems

from ..armature import rig
from ..interface import ticker


@dataclass(frozen=True)
class Summary:
    """The map in force, whether the user keeps it, and what is wrong with it, in sentences."""

    rig_map: RigMap | None
    kept: bool
    problems: tuple[str, ...]


_known: dict[str, tuple[object, Summary]] = {}
_asked: set[str] = set()


def _state(armature: bpy.types.Object) -> object:
    """Whatever a summary depends on, cheap to look up."""
    return armature.tokendance_rig_map, armature.data.session_uid, tuple(bone.name for bone in armature.data.bones)


def look_up(armature: bpy.types.Object) -> Summary | None:
    """The summary if it is known; None otherwise, and then it will be soon."""
    state, summary = _known.get(armature.name, (None, None))
    if summary is not None and state == _state(armature):
        return summary
    if armature.name not in _asked and armature.mode != "EDIT":
        _asked.add(armature.name)
        ticker.add(lambda name=armature.name: _answer(name))
    return None


def _answer(name: str) -> bool:
    """Work a summary out and show it; False, because once is enough."""
    _asked.discard(name)
    armature = bpy.data.objects.get(name)
    if armature is not None and armature.type == "ARMATURE" and armature.mode != "EDIT":
        refresh(armature)
    return False


def refresh(armature: bpy.types.Object) -> None:
    """Work the summary out now and draw the sidebars anew."""
    make(armature)
    ticker.redraw()


def make(armature: bpy.types.Object) -> Summary:
    """Work the summary out now and remember it."""
    kept = bool(armature.tokendance_rig_map)
    try:
        rig_map = rig.mapped(armature)
        summary = Summary(rig_map, kept, rig_problems(rig.read_rig(armature), rig_map))
    except RigError as error:
        summary = Summary(None, kept, (error.text,))
    _known[armature.name] = (_state(armature), summary)
    return summary


def forget_all() -> None:
    """Drop what is remembered, when the add-on goes."""
    _known.clear()
    _asked.clear()
