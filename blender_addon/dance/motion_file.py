"""Operators that need no worker: the mannequin, motion files, and a rig as it was before."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from tokendance_core import (
    ClipError,
    MotionClip,
    RigError,
    TokenDanceError,
    load_clip,
    read_bvh,
    resample_to_fps,
    stand_on_floor,
)

from ..addon import NAME
from ..armature import holds, rig
from ..armature.placement import PlacementOptions, finished, place, smoothing_property
from ..character import dancer as dancers
from ..character.mannequin import build
from ..compat import RELATIVE_PATH
from ..interface.reports import told
from ..interface.scene_guard import all_or_nothing, restored
from ..interface.timeline import scene_fps
from ..takes import store as takes


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


class ApplyMotion(PlacementOptions, bpy.types.Operator):
    """Put a motion file on an armature: npz of TokenDance, AMASS or SMPL, or a BVH file of any person"""

    bl_idname = "tokendance.apply_motion"
    bl_label = "Apply Motion File"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(
        name="File", description="Motion file", subtype="FILE_PATH", options={"SKIP_SAVE", *RELATIVE_PATH}
    )
    filter_glob: bpy.props.StringProperty(default="*.npz;*.bvh", options={"HIDDEN", "SKIP_SAVE"})
    armature: bpy.props.StringProperty(
        name="Armature",
        description="Armature that dances; empty: the active one, else the first recognised",
        options={"SKIP_SAVE"},
    )
    frame_start: bpy.props.IntProperty(
        name="Start Frame",
        description="Where the motion begins; unset: the first frame of the scene",
        options={"SKIP_SAVE"},
    )
    action_name: bpy.props.StringProperty(
        name="Action", description="Name of the new action; empty: the file's", options={"SKIP_SAVE"}
    )
    smoothing: smoothing_property(0.0)  # a file is put down as it is
    level: bpy.props.BoolProperty(
        name="Level Floor",
        description="Bring the motion's floor to the character's; AMASS files do not tell theirs",
        default=True,
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        frame = self.frame_start if self.properties.is_property_set("frame_start") else scene.frame_start
        path = Path(bpy.path.abspath(self.filepath))
        try:
            armature = rig.find_armature(context, self.armature)
            if armature is None:
                raise RigError("There is no character in the scene.", hint="Add one, or add TokenDance's mannequin.")
            clip = self._clip(path)
            placement = self.placement()
            dance = resample_to_fps(finished(clip, placement), scene_fps(scene))
            name, recipe = (
                self.action_name or path.name.split(".")[0],
                {"file": str(path), "frame": frame, "fps": scene_fps(scene)},
            )
            with all_or_nothing(scene), restored(context):
                made, warnings = place(
                    context, placement, dance, armature, name=name, frame=frame, recipe=recipe, replace=self.replace
                )
                takes.remember(armature, made, clip)
        except TokenDanceError as error:
            return told(self, error)
        for warning in warnings:
            self.report({"WARNING"}, warning)
        return {"FINISHED"}

    def _clip(self, path: Path) -> MotionClip:
        """The motion; TokenDanceError when the file is missing or is none."""
        if not path.is_file():
            raise ClipError(f"There is no file {path}.", hint="Check the path of the motion file.")
        clip = read_bvh(path) if path.suffix.lower() == ".bvh" else load_clip(path)
        return stand_on_floor(clip) if self.level else clip


class RestoreRig(bpy.types.Operator):
    """Give IK/FK switches, constraints and drivers of the active armature the values that they had before the first
    dance
    """

    bl_idname = "tokendance.restore_rig"
    bl_label = "Restore Rig"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        armature = dancers.dancer(context)
        ready = armature is not None and bool(armature.tokendance_former)
        if not ready:
            cls.poll_message_set("Nothing was changed on the character")
        return ready

    def execute(self, context: bpy.types.Context) -> set[str]:
        count = holds.restore(dancers.dancer(context))
        self.report({"INFO"}, rpt("{count} settings of the rig are as they were before the dance").format(count=count))
        return {"FINISHED"}


class ShowPreferences(bpy.types.Operator):
    """Open the add-on's preferences, where what makes the dances is set up"""

    bl_idname = "tokendance.show_preferences"
    bl_label = "Open Preferences"

    def execute(self, context: bpy.types.Context) -> set[str]:
        return bpy.ops.preferences.addon_show(module=NAME)


CLASSES = (AddMannequin, ApplyMotion, RestoreRig, ShowPreferences)
