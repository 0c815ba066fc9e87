"""Put a motion file on a character."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from tokendance_core import (
    ClipError,
    MotionClip,
    RigError,
    TokenDanceError,
    load_clip,
    read_bvh,
    stand_on_floor,
)

from ..armature import own_keys
from ..armature.placement import fitted, place, retire
from ..armature.recipe import Recipe
from ..character import dancer as dancers
from ..compat import RELATIVE_PATH
from ..interface.reports import told
from ..interface.scene_guard import all_or_nothing, restored
from ..interface.timeline import scene_fps
from ..options import FilePlacement, chosen, options_of
from ..takes import naming
from ..takes import store as takes


class ApplyMotion(options_of(FilePlacement), bpy.types.Operator):
    """Put a motion file on an armature: npz of TokenDance, AMASS or SMPL, or a BVH file of any person"""

    bl_idname = "tokendance.apply_motion"
    bl_label = "Apply Motion File"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(
        name="File", description="Motion file", subtype="FILE_PATH", options={"SKIP_SAVE", *RELATIVE_PATH}
    )
    filter_glob: bpy.props.StringProperty(default="*.npz;*.bvh", options={"HIDDEN", "SKIP_SAVE"})
    armature: bpy.props.StringProperty(
        name="Armature",
        description="Armature that dances; empty: the panel's character, else that of the active object, else the only "
        "one that is seen",
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
            armature = dancers.who(context, self.armature).ready()
            if armature is None:
                raise RigError("There is no character in the scene.", hint="Add one, or add TokenDance's mannequin.")
            clip = self._clip(path)
            placement = FilePlacement(**chosen(FilePlacement, self))
            dance = fitted(clip, placement, scene_fps(scene))
            recipe = Recipe(kind="file", source=str(path), frame=frame, fps=scene_fps(scene))
            name = self.action_name or naming.given(recipe)
            with all_or_nothing(scene, armature), restored(context):
                former = own_keys.played(armature)
                made, warnings = place(context, placement, dance, armature, name=name, made=recipe)
                takes.remember(armature, made, clip)
                # The former dance goes when nothing can fail any more.
                if placement.replace and former is not None and retire(former.action):
                    made.name = name
        except TokenDanceError as error:
            return told(self, error)
        for warning in warnings:
            self.report({"WARNING"}, warning)
        return {"FINISHED"}

    def _clip(self, path: Path) -> MotionClip:
        """The motion; TokenDanceError when the file is missing or is none."""
        if not os.path.exists(path):
            raise ClipError(f"There is no file {path}.", hint="Check the path of the motion file.")
        clip = read_bvh(path) if path.suffix.lower() == ".bvh" else load_clip(path)
        return stand_on_floor(clip) if self.level else clip


CLASSES = (ApplyMotion,)
