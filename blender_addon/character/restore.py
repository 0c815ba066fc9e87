"""Restore the rig settings that a character had before its first dance."""

from __future__ import annotations

import bpy

from ..armature import holds, map_store
from ..interface.translate import rpt
from . import dancer as dancers


class RestoreRig(bpy.types.Operator):
    """Restore the IK/FK switches, constraints and drivers of the character as they were before the first dance"""

    bl_idname = "tokendance.restore_rig"
    bl_label = "Restore Rig"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        armature = dancers.dancer(context)
        ready = armature is not None and bool(map_store.of_armature(armature).tokendance_former)
        if not ready:
            cls.poll_message_set("No settings of the character were changed")
        return ready

    def execute(self, context: bpy.types.Context) -> set[str]:
        count = holds.restore(dancers.dancer(context))
        self.report({"INFO"}, rpt("Restored {count} settings of the rig").format(count=count))
        return {"FINISHED"}


CLASSES = (RestoreRig,)
