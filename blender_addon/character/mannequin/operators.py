"""Add the mannequin to the scene."""

from __future__ import annotations

from typing import ClassVar

import bpy

from ...interface.scene_guard import all_or_nothing, restored
from . import build


class AddMannequin(bpy.types.Operator):
    """Add a skinned dancer with SMPL bone names at the 3D cursor"""

    bl_idname = "tokendance.add_mannequin"
    bl_label = "Add Mannequin"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != "OBJECT":
            cls.poll_message_set("Switch to object mode first")
        return context.mode == "OBJECT"

    def execute(self, context: bpy.types.Context) -> set[str]:
        with all_or_nothing(context.scene), restored(context):
            name = build.add(context).name
        for item in list(context.view_layer.objects.selected):
            item.select_set(False)
        armature = context.view_layer.objects[name]
        armature.select_set(True)
        context.view_layer.objects.active = armature
        return {"FINISHED"}


CLASSES = (AddMannequin,)
