"""Takes: the dances of one character, each an action. Which there are, which is danced, and how one is remembered."""

from __future__ import annotations

import uuid

import bpy

from tokendance_core import ClipError, MotionClip, clip_from_bytes, clip_to_bytes

from . import compat
from .action import RECIPE


def dancer(context: bpy.types.Context) -> bpy.types.Object | None:
    """The character of the panel: the one that was chosen, else the active armature; None without either."""
    chosen = context.scene.tokendance.character
    if chosen is not None and chosen.name in context.scene.objects:
        return chosen
    active = context.view_layer.objects.active
    return active if active is not None and active.type == "ARMATURE" else None


def show(context: bpy.types.Context, armature: str) -> None:
    """Let the panel go on with the character that was danced on, unless it shows one: it may be no longer, or never have been, active."""
    settings = context.scene.tokendance
    if dancer(context) is None:
        settings.character = context.scene.objects.get(armature)


def remember(armature: bpy.types.Object, action: bpy.types.Action, clip: MotionClip) -> None:
    """Make ``action`` a take of ``armature``; ``clip`` is the motion before it was finished and fitted."""
    if not armature.tokendance_dancer:
        armature.tokendance_dancer = uuid.uuid4().hex
    action.tokendance_take.dancer = armature.tokendance_dancer
    action.tokendance_take.motion = clip_to_bytes(clip)


def is_take(action: bpy.types.Action, armature: bpy.types.Object | None) -> bool:
    """Whether ``action`` was made for ``armature`` or a copy of it."""
    return bool(armature is not None and armature.tokendance_dancer and action.tokendance_take.dancer == armature.tokendance_dancer)


def of(armature: bpy.types.Object | None) -> list[bpy.types.Action]:
    """The takes of a character by name."""
    return [action for action in bpy.data.actions if is_take(action, armature)]


def active(armature: bpy.types.Object | None) -> bpy.types.Action | None:
    """The take that is danced now."""
    data = armature.animation_data if armature is not None else None
    action = data.action if data is not None else None
    return action if action is not None and is_take(action, armature) else None


def motion(action: bpy.types.Action) -> MotionClip:
    """The motion that the take was made from; ClipError when the file does not hold it (any more)."""
    if not action.tokendance_take.motion:
        raise ClipError(f"The take “{action.name}” does not hold its motion.", "Generate it again with its settings.")
    return clip_from_bytes(action.tokendance_take.motion)


def locked(armature: bpy.types.Object | None) -> str:
    """Why the active action of a character cannot be changed now; empty when it can."""
    if armature is None:
        return "Choose a character first"
    if not armature.is_editable:
        return "The character is linked from another file: make a library override of it"
    if armature.animation_data is not None and armature.animation_data.use_tweak_mode:
        return "An NLA strip is being tweaked: leave that first (Tab in the NLA editor)"
    return ""


def activate(armature: bpy.types.Object, action: bpy.types.Action) -> None:
    """Let the character dance ``action``."""
    compat.use_action(armature, action)


def active_index(settings: bpy.types.PropertyGroup) -> int:
    """Where the danced take lies among all actions, -1 without one: what the list highlights."""
    found = active(dancer(bpy.context))
    return bpy.data.actions.find(found.name) if found is not None else -1


def activate_index(settings: bpy.types.PropertyGroup, index: int) -> None:
    """Let the character dance the action that was clicked in the list."""
    armature = dancer(bpy.context)
    action = bpy.data.actions[index] if 0 <= index < len(bpy.data.actions) else None
    if action is not None and is_take(action, armature) and not locked(armature):
        activate(armature, action)


def frame_range(action: bpy.types.Action) -> tuple[int, int]:
    """First and last frame of a take."""
    first, last = action.curve_frame_range
    return round(first), round(last)


def recipe(action: bpy.types.Action) -> dict[str, object]:
    """How the take was made; empty for an action that is none."""
    return action[RECIPE].to_dict() if RECIPE in action else {}
