"""TokenDance for Blender: a song and a character in, an editable, keyframed dance out."""

from __future__ import annotations

import bpy

from . import map_store, operators, preferences, rig_map_operators, rig_map_panel, rig_map_summary

CLASSES = (*preferences.CLASSES, *operators.CLASSES, *rig_map_operators.CLASSES, *rig_map_panel.CLASSES)


def register() -> None:
    map_store.register()
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
    map_store.unregister()
    rig_map_summary.forget_all()
