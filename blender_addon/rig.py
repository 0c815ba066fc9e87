"""Read a ``Rig`` from an armature, and find the armature to dance on."""

from __future__ import annotations

import bpy
import numpy as np

from tokendance_core import Rig, RigError, RigMap, match_rig


def read_rig(armature: bpy.types.Object) -> Rig:
    """The armature at rest: bone names with parents first, rest matrices in armature space, the object's world matrix."""
    bones = _parents_first(armature.data.bones)
    index = {bone.name: i for i, bone in enumerate(bones)}
    return Rig(
        names=tuple(index),
        parents=np.array([index[bone.parent.name] if bone.parent else -1 for bone in bones], int),
        rest=np.array([bone.matrix_local for bone in bones], np.float64).reshape(-1, 4, 4),
        world=np.array(armature.matrix_world, np.float64),
    )


def _parents_first(bones: bpy.types.ArmatureBones) -> list[bpy.types.Bone]:
    return sorted(bones, key=lambda bone: len(bone.parent_recursive))


def find_armature(context: bpy.types.Context, name: str) -> bpy.types.Object | None:
    """The armature called ``name``, else the active one, else the first in the scene that is recognised, else None.

    RigError when ``name`` is given and is no armature of the scene, or when the armature cannot be animated.
    """
    scene = context.scene
    if name:
        found = scene.objects.get(name)
        if found is None or found.type != "ARMATURE":
            raise RigError(f"There is no armature named “{name}” in the scene “{scene.name}”.", hint="Pick an armature of this scene.")
        return _animatable(found)
    if context.active_object is not None and context.active_object.type == "ARMATURE":
        return _animatable(context.active_object)
    return next((item for item in scene.objects if item.type == "ARMATURE" and item.library is None and _is_recognised(item)), None)


def _animatable(armature: bpy.types.Object) -> bpy.types.Object:
    if armature.library is not None:
        raise RigError(
            f"“{armature.name}” is linked from another file and cannot be animated here.",
            hint="Make a library override of it (Object > Library Override > Make) and try again.",
        )
    return armature


def _is_recognised(armature: bpy.types.Object) -> bool:
    try:
        recognise(armature)
    except RigError:
        return False
    return True


def recognise(armature: bpy.types.Object) -> tuple[Rig, RigMap]:
    """The rig and which of its bones plays which joint; RigError when it is no humanoid that we know."""
    rig = read_rig(armature)
    return rig, match_rig(rig)
