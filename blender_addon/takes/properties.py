"""What a dance is remembered by, and the mark of the character that it belongs to."""

from __future__ import annotations

from typing import Any, Protocol

import bpy


class TakeProperties(bpy.types.PropertyGroup):
    """``action.tokendance_take``: what a dance is remembered by."""

    dancer: bpy.props.StringProperty(
        name="Dancer", description="Mark of the character that the take was made for", options={"HIDDEN"}
    )
    made: bpy.props.StringProperty(
        name="Made",
        description="When the dance was made, in nanoseconds: tells it from every other, however it is fitted",
        options={"HIDDEN"},
    )
    motion: bpy.props.StringProperty(
        name="Motion",
        description="The dance before it was fitted to the character",
        subtype="BYTE_STRING",
        options={"HIDDEN"},
    )
    starred: bpy.props.BoolProperty(name="Star", description="Mark a take worth keeping", default=False)


def keep_identity(former: bpy.types.Action, fitted: bpy.types.Action) -> None:
    """Let ``fitted`` be the same dance as ``former``, put on the character anew."""
    for name in ("made", "starred"):
        setattr(of_action(fitted), name, getattr(of_action(former), name))


class Marked(Protocol):
    """The registered property of a character; empty before its first dance."""

    tokendance_dancer: str


def of_action(action: bpy.types.Action) -> TakeProperties:
    """``action.tokendance_take``."""
    owner: Any = action  # the stubs know Blender's own properties alone
    return owner.tokendance_take


def of_armature(armature: bpy.types.Object) -> Marked:
    """The armature object itself, as something that has the registered property."""
    owner: Any = armature
    return owner


CLASSES = (TakeProperties,)


def register() -> None:
    action: Any = bpy.types.Action
    action.tokendance_take = bpy.props.PointerProperty(type=TakeProperties)
    character: Any = bpy.types.Object
    character.tokendance_dancer = bpy.props.StringProperty(
        name="Dancer",
        description="Mark that takes of this character carry",
        options={"HIDDEN"},
        override={"LIBRARY_OVERRIDABLE"},
    )


def unregister() -> None:
    action: Any = bpy.types.Action
    del action.tokendance_take
    character: Any = bpy.types.Object
    del character.tokendance_dancer
