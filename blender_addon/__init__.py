"""TokenDance for Blender: a song and a character in, an editable, keyframed dance out."""

from __future__ import annotations

import bpy

from . import operators, preferences

CLASSES = (*preferences.CLASSES, *operators.CLASSES)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
