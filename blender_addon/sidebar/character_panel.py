"""The character in the sidebar: what it was recognised as, what is wrong, and which bone plays each joint."""

from __future__ import annotations

import bpy

from .. import session
from ..armature import map_store
from ..character import dancer as dancers
from ..character import map_test
from ..character.operators import JOINT_LABELS
from ..character.summary import Summary
from ..dance import properties
from ..interface.drawing import Icon, SidebarPanel, sentence
from ..interface.translate import iface

_ACRONYM = 4
"""Letters that the name of a family has at most if it is an acronym: SMPL, VRM, MMD, CMU."""

_ARM, _LEG = ("collar", "shoulder", "elbow", "wrist"), ("hip", "knee", "ankle", "foot")

GROUPS: dict[str, tuple[str, ...]] = {
    "Trunk": ("head", "neck", "spine3", "spine2", "spine1", "pelvis", "root"),
    "Left Arm": tuple(f"left_{joint}" for joint in _ARM),
    "Right Arm": tuple(f"right_{joint}" for joint in _ARM),
    "Left Leg": tuple(f"left_{joint}" for joint in _LEG),
    "Right Leg": tuple(f"right_{joint}" for joint in _LEG),
}
"""Heading -> joints below it; hands are not offered, as few rigs have a bone for all fingers."""


_SURE = 0.9
"""Score from which on nothing is left to doubt."""


def _recognised(summary: Summary) -> str:
    """What kind of rig it was recognised as, and how surely, in words."""
    name = summary.rig_map.family.replace("_", " ")
    kind = name.upper() if len(name) <= _ACRONYM else name[:1].upper() + name[1:]
    if summary.kept:
        return iface("{kind}: with the map kept on it").format(kind=kind)
    if summary.rig_map.score >= _SURE:
        return iface("{kind}: every joint was recognised").format(kind=kind)
    return iface("{kind}, as it seems: see Edit Map").format(kind=kind)


def _origin(summary: Summary) -> str:
    """Where the map comes from that is shown."""
    if summary.rig_map is None:
        return "Not recognised: set the bones yourself"
    return "Map kept on the armature" if summary.kept else "Recognised automatically"


class CharacterPanel(SidebarPanel, bpy.types.Panel):
    bl_idname = "TOKENDANCE_PT_character"
    bl_label = "Character"
    bl_order = 1

    def draw(self, context: bpy.types.Context) -> None:
        layout, found = self.layout, dancers.shown(context)
        armature, settings = found.armature, properties.of_scene(context.scene)
        layout.prop(settings, "character", text="", icon="ARMATURE_DATA", placeholder="Automatic")
        if found.problem:
            sentence(context, layout, found.problem, icon="ERROR")
            sentence(context, layout, found.hint, icon="BLANK1")
        elif not found.is_known or armature is None or armature != settings.character:
            sentence(context, layout, found.reason, icon="INFO" if found.is_known else "TIME")
        if armature is None:
            layout.operator("tokendance.add_mannequin", icon="ADD")
            return
        summary = session.current().summaries.look_up(armature)
        if summary is None:
            layout.label(text=dancers.LOOKING, icon="TIME")
            return
        if summary.rig_map is not None:
            sentence(context, layout, _recognised(summary), icon="BLANK1" if summary.problems else "CHECKMARK")
        for problem in summary.problems:
            sentence(context, layout, problem, icon="ERROR")
        if map_store.of_armature(armature).tokendance_former:
            layout.operator("tokendance.restore_rig", icon="LOOP_BACK")


class MapPanel(SidebarPanel, bpy.types.Panel):
    bl_idname = "TOKENDANCE_PT_map"
    bl_parent_id = "TOKENDANCE_PT_character"
    bl_label = "Edit Map"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return dancers.dancer(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout, armature = self.layout, dancers.dancer(context)
        summary = session.current().summaries.look_up(armature)
        if summary is None:
            return
        layout.label(text=_origin(summary))
        if summary.rig_map is not None and not summary.kept:
            for reason in summary.rig_map.reasons:
                sentence(context, layout, reason)
        grid = layout.grid_flow(columns=2, align=True, even_columns=True)
        grid.operator("tokendance.recognise_rig", icon="VIEWZOOM")
        if map_test.is_on(armature):
            grid.operator("tokendance.end_test", icon="PAUSE")
        else:
            grid.operator("tokendance.test_map", icon="PLAY")
        grid.operator_menu_enum("tokendance.mirror_map", "side", text="Mirror from", icon="MOD_MIRROR")
        grid.operator("tokendance.forget_map", icon="TRASH")
        grid.operator("tokendance.import_map", text="Import", icon="IMPORT")
        grid.operator("tokendance.export_map", text="Export", icon="EXPORT")


class JointsPanel(SidebarPanel, bpy.types.Panel):
    bl_idname = "TOKENDANCE_PT_joints"
    bl_parent_id = "TOKENDANCE_PT_map"
    bl_label = "Joints"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        summary = session.current().summaries.look_up(dancers.dancer(context))
        if summary is None:
            return
        bones = summary.rig_map.bones if summary.rig_map is not None else {}
        offsets = summary.rig_map.offsets if summary.rig_map is not None else {}
        for heading, joints in GROUPS.items():
            column = self.layout.column(align=True)
            column.label(text=heading)
            for joint in joints:
                row = column.row(align=True)
                split = row.split(factor=0.4, align=True)
                split.label(text=JOINT_LABELS[joint].removeprefix("Left ").removeprefix("Right ").capitalize())
                name = bones.get(joint, "none")
                split.operator(
                    "tokendance.search_map_bone", text=name, translate=joint not in bones, icon="BONE_DATA"
                ).joint = joint
                row.operator("tokendance.set_map_bone", text="", icon="EYEDROPPER").joint = joint
                turned: Icon = "ORIENTATION_GIMBAL" if joint in offsets else "DRIVER_ROTATIONAL_DIFFERENCE"
                row.operator("tokendance.set_map_offset", text="", icon=turned).joint = joint
                row.operator("tokendance.clear_map_bone", text="", icon="X").joint = joint


CLASSES = (CharacterPanel, MapPanel, JointsPanel)
