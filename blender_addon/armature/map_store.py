"""What the add-on keeps on an armature object: the user's rig map, how its rig was set before the first
dance, and the pose that it rests in.

These are registered properties, because plain custom ones on a library override are lost when the file is saved.
"""

from __future__ import annotations

from typing import Any, Protocol

import bpy

from tokendance_core import RigMap, parse_json, rig_map_from_json, rig_map_to_json


class Kept(Protocol):
    """The registered properties of an armature object, both JSON; empty where nothing is kept."""

    tokendance_rig_map: str
    tokendance_former: str
    tokendance_resting: str


def of_armature(armature: bpy.types.Object) -> Kept:
    """The armature object itself, as something that has the registered properties."""
    owner: Any = armature  # the stubs know Blender's own properties alone
    return owner


def mapping(text: object) -> dict[str, Any]:
    """The JSON object in a text that a file has kept; empty where it is none: anybody may have written the file."""
    try:
        found = parse_json(text) if isinstance(text, str) else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def register() -> None:
    owner: Any = bpy.types.Object
    owner.tokendance_rig_map = bpy.props.StringProperty(
        name="Rig Map",
        description="Which bone plays which joint, as JSON",
        options={"HIDDEN"},
        override={"LIBRARY_OVERRIDABLE"},
    )
    owner.tokendance_former = bpy.props.StringProperty(
        name="Former Settings",
        description="Switches, constraints and drivers before the first dance, as JSON",
        options={"HIDDEN"},
        override={"LIBRARY_OVERRIDABLE"},
    )
    owner.tokendance_resting = bpy.props.StringProperty(
        name="Resting Pose",
        description="Channels of the bones in the pose that is taken for the rest pose, as JSON",
        options={"HIDDEN"},
        override={"LIBRARY_OVERRIDABLE"},
    )


def unregister() -> None:
    owner: Any = bpy.types.Object
    del owner.tokendance_rig_map
    del owner.tokendance_former
    del owner.tokendance_resting


def kept(armature: bpy.types.Object) -> RigMap | None:
    """The map that is kept on the armature, None without one; RigError when its text is damaged."""
    text = of_armature(armature).tokendance_rig_map
    return rig_map_from_json(text) if text else None


def keep(armature: bpy.types.Object, rig_map: RigMap) -> None:
    of_armature(armature).tokendance_rig_map = rig_map_to_json(rig_map)


def forget(armature: bpy.types.Object) -> None:
    of_armature(armature).tokendance_rig_map = ""
