"""Correct which bone plays which joint: operators on the panel's character, for the panel and for scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from tokendance_core import (
    JOINTS,
    RigError,
    RigMap,
    TokenDanceError,
    load_rig_map,
    match_rig,
    mirrored_rig_map,
    rig_problems,
    save_rig_map,
)

from .. import session
from ..armature import map_store, rig
from ..compat import RELATIVE_PATH
from ..interface.mixins import OperatorMixin
from ..interface.reports import told
from . import dancer as dancers
from . import map_test

_PARTS = {
    "hip": "thigh",
    "knee": "shin",
    "ankle": "foot",
    "foot": "toes",
    "collar": "clavicle",
    "shoulder": "upper arm",
    "elbow": "forearm",
    "wrist": "hand",
    "hand": "fingers",
    "spine1": "low spine",
    "spine2": "mid spine",
    "spine3": "chest",
}


def _label(joint: str) -> str:
    """What the panel calls a joint: the bone that begins there."""
    side, _, part = joint.rpartition("_")
    return f"{side} {_PARTS.get(part, part)}".strip().capitalize()


JOINT_LABELS: dict[str, str] = {joint: _label(joint) for joint in ("root", *JOINTS)}
"""Joint -> what the panel calls it."""

_JOINT_ITEMS = tuple((joint, label, "") for joint, label in JOINT_LABELS.items())


def _joint_property() -> object:
    return bpy.props.EnumProperty(
        name="Joint", description="Joint of the dancer", items=_JOINT_ITEMS, options={"SKIP_SAVE"}
    )


class OnArmature(OperatorMixin):
    """Operators on the character of the panel, an armature of this file."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        found = dancers.who(context, now=bpy.app.background)
        active = found.armature
        if active is None:
            cls.poll_message_set(f"{found.problem} {found.hint}" if found.problem else "Select an armature first")
            return False
        if active.library is not None:
            cls.poll_message_set("The armature is linked from another file: make a library override of it")
            return False
        if active.mode == "EDIT":
            cls.poll_message_set("Leave edit mode first: bones that are being edited cannot be read")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            self.work(context, dancers.dancer(context))
        except TokenDanceError as error:
            return told(self, error)
        session.current().summaries.refresh(dancers.dancer(context))
        return {"FINISHED"}

    def work(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        """What the operator does with the character; TokenDanceError when it cannot."""
        raise NotImplementedError


def _edit(armature: bpy.types.Object, change: Callable[[RigMap], RigMap]) -> None:
    """Keep on the armature what ``change`` makes of its present map; of an empty map where it is not recognised.

    RigError when the map that is kept is damaged, and when the new one would have no bones.
    """
    rig_map = map_store.kept(armature)
    if rig_map is None:
        try:
            rig_map = match_rig(rig.as_it_rests(armature))
        except RigError:
            rig_map = RigMap({}, "by hand")
    changed = change(rig_map)
    if not changed.bones:
        raise RigError("The map would be left without any bones.", hint="Forget the map instead.")
    map_store.keep(armature, changed)


class RecogniseRig(OnArmature, bpy.types.Operator):
    """Find out which bone plays which joint, and keep the answer on the armature"""

    bl_idname = "tokendance.recognise_rig"
    bl_label = "Recognise"

    def work(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        rig_map = match_rig(rig.as_it_rests(armature))
        map_store.keep(armature, rig_map)
        self.report({"INFO"}, f"{rig_map.family}, {100 * rig_map.score:.0f} %. {' '.join(rig_map.reasons)}")


class SetMapBone(OnArmature, bpy.types.Operator):
    """Let a bone play a joint: the named one, else the active bone"""

    bl_idname = "tokendance.set_map_bone"
    bl_label = "Set Bone"

    joint: _joint_property()
    bone: bpy.props.StringProperty(
        name="Bone", description="Name of the bone; empty: the active bone", options={"SKIP_SAVE"}
    )

    def work(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        active = armature.data.bones.active
        name = self.bone or (active.name if active else "")
        if not name:
            raise RigError("No bone is active.", hint="Click a bone in pose mode, or name one.")
        if name not in armature.data.bones:
            raise RigError(f"“{armature.name}” has no bone named “{name}”.", hint="Choose one of its bones.")
        _edit(armature, lambda rig_map: replace(rig_map, bones={**rig_map.bones, self.joint: name}))


def _bone_items(_operator: SearchMapBone, context: bpy.types.Context) -> list[tuple[str, str, str]]:
    now = session.current()
    now.bone_items = [(bone.name, bone.name, "") for bone in dancers.dancer(context).data.bones]
    return now.bone_items


class SearchMapBone(OnArmature, bpy.types.Operator):
    """Search the armature's bones for the one that plays a joint"""

    bl_idname = "tokendance.search_map_bone"
    bl_label = "Search Bone"
    bl_property = "bone"

    joint: _joint_property()
    bone: bpy.props.EnumProperty(name="Bone", items=_bone_items, options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.invoke_search_popup(self)
        return {"RUNNING_MODAL"}

    def work(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        _edit(armature, lambda rig_map: replace(rig_map, bones={**rig_map.bones, self.joint: self.bone}))


class ClearMapBone(OnArmature, bpy.types.Operator):
    """Let no bone play a joint"""

    bl_idname = "tokendance.clear_map_bone"
    bl_label = "Clear Bone"

    joint: _joint_property()

    def work(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        def without(table: Mapping[str, object]) -> dict[str, object]:
            return {joint: value for joint, value in table.items() if joint != self.joint}

        def change(rig_map: RigMap) -> RigMap:
            tables = ("bones", "twist", "followers", "ik", "offsets")
            left: dict[str, Any] = {name: without(getattr(rig_map, name)) for name in tables}
            return replace(rig_map, **left)

        _edit(armature, change)


class SetMapOffset(OnArmature, bpy.types.Operator):
    """Turn a joint on top of the dance, about the character's left, up and front axes"""

    bl_idname = "tokendance.set_map_offset"
    bl_label = "Set Offset"

    joint: _joint_property()
    angles: bpy.props.FloatVectorProperty(
        name="Angles", description="About left, up and front", subtype="EULER", options={"SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        summary = session.current().summaries.make(dancers.dancer(context))
        if summary.rig_map is not None:
            self.angles = np.radians(summary.rig_map.offsets.get(self.joint, (0.0, 0.0, 0.0)))
        return set(context.window_manager.invoke_props_dialog(self))

    def work(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        if self.joint not in JOINTS:
            raise RigError(
                "A root bone does not turn with the dance, so it has no offset.", hint="Choose another joint."
            )
        left, up, front = (round(float(angle), 4) for angle in np.degrees(self.angles))
        turn = left, up, front

        def change(rig_map: RigMap) -> RigMap:
            offsets = {joint: angles for joint, angles in rig_map.offsets.items() if joint != self.joint}
            return replace(rig_map, offsets=offsets | ({self.joint: turn} if any(turn) else {}))

        _edit(armature, change)


class MirrorMap(OnArmature, bpy.types.Operator):
    """Copy the bones of one side's joints to the other side"""

    bl_idname = "tokendance.mirror_map"
    bl_label = "Mirror"

    side: bpy.props.EnumProperty(
        name="From", description="Side that is copied", items=(("left", "Left", ""), ("right", "Right", ""))
    )

    def work(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        read = rig.as_it_rests(armature)
        _edit(armature, lambda rig_map: mirrored_rig_map(read, rig_map, self.side))


class ForgetMap(OnArmature, bpy.types.Operator):
    """Discard the map that is kept on the armature, so that it is recognised anew for every dance"""

    bl_idname = "tokendance.forget_map"
    bl_label = "Forget"

    def work(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        map_store.forget(armature)


class _MapFile(OnArmature):
    filename_ext = ".json"
    filepath: bpy.props.StringProperty(
        name="File", description="Rig map as JSON", subtype="FILE_PATH", options={"SKIP_SAVE", *RELATIVE_PATH}
    )
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def path(self) -> Path:
        return Path(bpy.path.ensure_ext(bpy.path.abspath(self.filepath), self.filename_ext))


class ImportMap(_MapFile, bpy.types.Operator):
    """Use the rig map of a JSON file for the active armature"""

    bl_idname = "tokendance.import_map"
    bl_label = "Import Map"

    def work(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        rig_map = load_rig_map(self.path())
        unknown = [use.bone for use in rig_map.bones_in_use() if use.dances and use.bone not in armature.data.bones]
        if unknown:
            raise RigError(
                f"“{armature.name}” has no bone “{unknown[0]}”, which this map names.",
                hint="Choose a map that was made for this rig.",
            )
        map_store.keep(armature, rig_map)
        for problem in rig_problems(rig.as_it_rests(armature), rig_map):
            self.report({"WARNING"}, problem)


class ExportMap(_MapFile, bpy.types.Operator):
    """Write the rig map of the active armature to a JSON file"""

    bl_idname = "tokendance.export_map"
    bl_label = "Export Map"

    def work(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        save_rig_map(rig.mapped(armature), self.path())


class TestMap(OnArmature, bpy.types.Operator):
    """Move one joint after another, to see whether the right bones move. Afterwards everything is as it was"""

    bl_idname = "tokendance.test_map"
    bl_label = "Test"
    bl_options = {"REGISTER"}

    def work(self, context: bpy.types.Context, armature: bpy.types.Object) -> None:
        for warning in map_test.begin(context, armature):
            self.report({"WARNING"}, warning)


class EndTest(bpy.types.Operator):
    """Stop the test; the character, the frame and playback are as before"""

    bl_idname = "tokendance.end_test"
    bl_label = "Stop Test"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not map_test.is_on(dancers.dancer(context)):
            cls.poll_message_set("Nothing is being tested")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        map_test.end_all()
        return {"FINISHED"}


CLASSES = (
    RecogniseRig,
    SetMapBone,
    SearchMapBone,
    ClearMapBone,
    SetMapOffset,
    MirrorMap,
    ForgetMap,
    ImportMap,
    ExportMap,
    TestMap,
    EndTest,
)
