"""The user's rig map, kept on the armature object as text, so that it goes along with the file, copies and library overrides."""

from __future__ import annotations

import bpy

from tokendance_core import RigMap, rig_map_from_json, rig_map_to_json

PROPERTY = "tokendance_rig_map"
"""Custom property of the armature object that holds the map as JSON."""


def kept(armature: bpy.types.Object) -> RigMap | None:
    """The map on the armature, None without one; RigError when its text is damaged."""
    text = armature.get(PROPERTY)
    return rig_map_from_json(text) if isinstance(text, str) and text else None


def keep(armature: bpy.types.Object, rig_map: RigMap) -> None:
    armature[PROPERTY] = rig_map_to_json(rig_map)


def forget(armature: bpy.types.Object) -> None:
    if PROPERTY in armature:
        del armature[PROPERTY]
