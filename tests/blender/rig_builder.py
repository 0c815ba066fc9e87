"""Armatures in Blender from the plain rigs of the tests, and what a posed armature shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import bpy
import numpy as np
from mathutils import Matrix

from blender_addon.armature import rig
from tokendance_core.rigs import fidelity
from tokendance_core.types import MotionClip, Rig

LIMBS = tuple(
    (f"{side}_{start}", f"{side}_{end}")
    for side in ("left", "right")
    for start, end in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
)


def build(plain: Rig, name: str = "Rig", world: np.ndarray | None = None) -> bpy.types.Object:
    """An armature object with the rig's bones, active in the scene, under the object matrix ``world``."""
    made = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(made)
    bpy.context.view_layer.objects.active = made
    bpy.ops.object.mode_set(mode="EDIT")
    size = float(np.ptp(plain.heads, axis=0).max()) if plain.names else 0.0
    for index, bone_name in enumerate(plain.names):
        bone = made.data.edit_bones.new(bone_name)
        bone.head, bone.tail = (0, 0, 0), (0, plain.lengths[index] or 0.05 * size, 0)
        bone.matrix = Matrix(plain.rest[index].tolist())
        if plain.parents[index] >= 0:
            bone.parent = made.data.edit_bones[plain.names[plain.parents[index]]]
        bone.use_inherit_rotation = bool(plain.inherits_rotation[index])
        bone.use_local_location = bool(plain.local_location[index])
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


def misses(
    armature: bpy.types.Object, clip: MotionClip, frames: Sequence[int], first: int = 1, heads: np.ndarray | None = None
) -> dict[str, fidelity.Miss]:
    """How far the armature is off a dance whose first sample is on the frame ``first``, measured in the world on some
    ``frames``; ``heads`` (B, 3): where its bones rest, if not where they are modelled.
    """
    read, rig_map = rig.read_rig(armature), rig.mapped(armature)
    shown = [posed_matrices(armature, frame) for frame in frames]
    posed = {bone: np.array([matrices[bone] for matrices in shown]) for bone in read.names}
    samples = [frame - first for frame in frames]
    danced = replace(clip, rot6d=clip.rot6d[samples], root=clip.root[samples])
    return fidelity.measure(read, rig_map, danced, posed, heads)


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """Degrees between two vectors (3,), exact for small angles."""
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))
