"""What the add-on keeps on an armature object: the user's rig map, and how its rig was set before the first dance.

These are registered properties, because plain custom ones on a library override are lost when the file is saved.
"""

from __future__ import annotations

import bpy

from tokendance_core import RigMap, rig_map_from_json, rig_map_to_json


def register() -> None:
    text = {"options": {"HIDDEN"}, "override": {"LIBRARY_OVERRIDABLE"}}
    bpy.types.Object.tokendance_rig_map = bpy.props.StringProperty(
        name="Rig Map", description="Which bone plays which joint, as JSON", **text
    )
    bpy.types.Object.tokendance_former = bpy.props.StringProperty(
        name="Former Settings", description="Switches, constraints and drivers before the first dance, as JSON", **text
    )


def unregister() -> None:
    del bpy.types.Object.tokendance_rig_map
    del bpy.types.Object.tokendance_former


def kept(armature: bpy.types.Object) -> RigMap | None:
    """The map that is kept on the armature, None without one; RigError when its text is damaged."""
    return rig_map_from_json(armature.tokendance_rig_map) if armature.tokendance_rig_map else None


def keep(armature: bpy.types.Object, rig_map: RigMap) -> None:
    armature.tokendance_rig_map = rig_map_to_json(rig_map)


def forget(armature: bpy.types.Object) -> None:
    armature.tokendance_rig_map = ""
