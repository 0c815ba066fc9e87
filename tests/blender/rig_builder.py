"""Armatures in Blender from the plain rigs of the tests, and what a posed armature shows."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix

from tokendance_core.types import Rig

LIMBS = tuple(
    (f"{side}_{start}", f"{side}_{end}")
    for side in ("left", "right")
    for start, end in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
)


def build(rig: Rig, name: str = "Rig", world: np.ndarray | None = None) -> bpy.types.Object:
    """An armature object with the rig's bones, active in the scene, under the object matrix ``world``."""
    made = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(made)
    bpy.context.view_layer.objects.active = made
    bpy.ops.object.mode_set(mode="EDIT")
    size = float(np.ptp(rig.heads, axis=0).max()) if rig.names else 0.0
    for index, bone_name in enumerate(rig.names):
        bone = made.data.edit_bones.new(bone_name)
        bone.head, bone.tail = (0, 0, 0), (0, rig.lengths[index] or 0.05 * size, 0)
        bone.matrix = Matrix(rig.rest[index].tolist())
        if rig.parents[index] >= 0:
            bone.parent = made.data.edit_bones[rig.names[rig.parents[index]]]
        bone.use_inherit_rotation = bool(rig.inherits_rotation[index])
        bone.use_local_location = bool(rig.local_location[index])
    bpy.ops.object.mode_set(mode="OBJECT")
    made.matrix_world = Matrix((np.eye(4) if world is None else world).tolist())
    bpy.context.view_layer.update()
    return made


def posed_matrices(armature: bpy.types.Object, frame: int | None = None) -> dict[str, np.ndarray]:
    """Bone name -> (4, 4) pose matrix in armature space, as Blender evaluates it."""
    if frame is not None:
        bpy.context.scene.frame_set(frame)
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose
    return {bone.name: np.array(bone.matrix) for bone in posed.bones}


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """Degrees between two vectors (3,), exact for small angles."""
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))
