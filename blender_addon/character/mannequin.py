"""The mannequin in Blender: armature, skinned mesh and materials, facing -Y."""

from __future__ import annotations

import threading
from typing import Any, cast

import bpy
import numpy as np
from mathutils import Vector

from tokendance_core import JOINTS, PARENTS, Mannequin, mannequin_body

from ..compat import node_tree
from ..interface.scene_guard import all_or_nothing, editing, restored
from . import free_place

_BLENDER_FROM_CORE = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Change of basis: Y up facing +Z to Z up facing -Y; the dancer's left stays +X."""


def add(context: bpy.types.Context, place: Vector, name: str = "Mannequin") -> bpy.types.Object:
    """Add the mannequin to the active collection and return its armature object; call it in object mode."""
    body = mannequin_body()
    collection = _visible_collection(context)
    armature = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    armature.location = place
    collection.objects.link(armature)
    with editing(context, armature) as bones:
        _add_bones(bones, body)
    for bone in armature.pose.bones:
        bone.rotation_mode = "QUATERNION"
    armature.data.display_type = "STICK"
    skin = _skin(f"{armature.name} Body", body)
    skin.parent = armature
    collection.objects.link(skin)
    modifier = cast("bpy.types.ArmatureModifier", skin.modifiers.new("Armature", "ARMATURE"))
    modifier.object = armature
    return armature


def _visible_collection(context: bpy.types.Context) -> bpy.types.Collection:
    """The active collection, or the scene's own where the active one is hidden: bones out of sight cannot be edited."""
    layer = context.view_layer.active_layer_collection
    return layer.collection if layer.is_visible and not layer.exclude else context.scene.collection


def _add_bones(bones: bpy.types.ArmatureEditBones, body: Mannequin) -> None:
    for joint, parent, head, tail in zip(JOINTS, PARENTS, body.heads, body.tails, strict=True):
        bone = bones.new(joint)
        bone.head, bone.tail = (Vector(_BLENDER_FROM_CORE @ point) for point in (head, tail))
        is_upright = abs(bone.vector.normalized().z) > 0.7
        bone.align_roll(Vector((0, -1, 0)) if is_upright else Vector((0, 0, 1)))
        if parent >= 0:
            bone.parent = bones[JOINTS[parent]]
            bone.use_connect = bone.parent.tail == bone.head


def _skin(name: str, body: Mannequin) -> bpy.types.Object:
    """The skinned mesh object, not yet linked, with one vertex group per joint."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata((body.vertices @ _BLENDER_FROM_CORE.T).tolist(), [], body.faces)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(body.faces), bool))
    for material in body.materials:
        mesh.materials.append(_material(material.name, material.colour, material.roughness))
    mesh.polygons.foreach_set("material_index", body.face_materials)
    mesh.update()
    skin = bpy.data.objects.new(name, mesh)
    for joint, column in zip(JOINTS, body.weights.T, strict=True):
        group = skin.vertex_groups.new(name=joint)
        for index in np.flatnonzero(column > 1e-3).tolist():
            group.add((index,), column[index], "REPLACE")
    return skin


def _material(name: str, colour: tuple[float, float, float], roughness: float) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.diffuse_color = (*colour, 1.0)
    material.roughness = roughness
    shader: Any = node_tree(material).nodes.get("Principled BSDF")
    if shader is not None:
        shader.inputs["Base Color"].default_value = (*colour, 1.0)
        shader.inputs["Roughness"].default_value = roughness
    return material


def prepare() -> None:
    """Have the body made beside whatever else goes on, so that ``add`` finds it there: it takes a second or two."""
    threading.Thread(target=mannequin_body, name="tokendance-mannequin", daemon=True).start()


class AddMannequin(bpy.types.Operator):
    """Add a skinned dancer with SMPL bone names at the 3D cursor, or beside what is there"""

    bl_idname = "tokendance.add_mannequin"
    bl_label = "Add Mannequin"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != "OBJECT":
            cls.poll_message_set("Switch to object mode first")
        return context.mode == "OBJECT"

    def execute(self, context: bpy.types.Context) -> set[str]:
        place, beside = free_place.near(context, context.scene.cursor.location, free_place.PERSON)
        with all_or_nothing(context.scene), restored(context):
            name = add(context, place).name
        if beside:
            self.report({"INFO"}, free_place.said(beside))
        for item in list(context.view_layer.objects.selected):
            item.select_set(False)
        armature = context.view_layer.objects[name]
        armature.select_set(True)
        context.view_layer.objects.active = armature
        return {"FINISHED"}


CLASSES = (AddMannequin,)
