"""What moves an armature's bones besides their own channels: constraints and drivers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import bpy

from ..interface import bone_paths

_INFLUENCE = 1e-4
_SAME_PLACE, _SAME_AXES = 0.02, 0.1
"""Distance in lengths of a bone, and angle in radians, up to which a double rests as its source does."""

_SAME_ANGLE = 1e-3
# Constraints that leave a bone's orientation alone.
_HARMLESS = {
    "LIMIT_LOCATION",
    "LIMIT_SCALE",
    "COPY_SCALE",
    "MAINTAIN_VOLUME",
    "LIMIT_DISTANCE",
    "COPY_LOCATION",
    "SHRINKWRAP",
}
# Those of them that decide where a bone is, against its location keys.
_PLACING = {"LIMIT_LOCATION", "LIMIT_DISTANCE", "COPY_LOCATION"}


def acts(constraint: bpy.types.Constraint) -> bool:
    """Whether a constraint has an effect now."""
    return not constraint.mute and constraint.influence > _INFLUENCE


def followed(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str | None:
    """Name of the bone of the same armature whose whole pose ``bone`` takes over; None without.

    By a Copy Transforms; or, for a double that rests where that bone does, by a Copy Rotation or a Transformation of
    rotation into rotation (MMD's appended rotation, as mmd_tools makes it).
    """
    acting = [constraint for constraint in bone.constraints if acts(constraint)]
    last = acting[-1] if acting else None
    if last is None or last.influence <= 1 - _INFLUENCE:
        return None
    if isinstance(last, bpy.types.CopyTransformsConstraint):
        in_one_space = last.owner_space == last.target_space and last.owner_space in ("WORLD", "POSE")
        source = _of_another(armature, bone, last)
        return source if last.mix_mode == "REPLACE" and in_one_space else None
    turning = [constraint for constraint in acting if constraint.type not in _HARMLESS]
    if len(turning) != 1 or not _copies_rotation(turning[0]):
        return None
    source = _of_another(armature, bone, turning[0])
    return source if source is not None and _is_double(bone.bone, armature.data.bones[source]) else None


def _of_another(armature: bpy.types.Object, bone: bpy.types.PoseBone, constraint: Any) -> str | None:
    """Name of the other bone of the armature that a constraint points at; None where it points elsewhere."""
    is_other = constraint.target == armature and constraint.subtarget in armature.pose.bones
    return constraint.subtarget if is_other and constraint.subtarget != bone.name else None


def _copies_rotation(constraint: bpy.types.Constraint) -> bool:
    """Whether a constraint gives a bone the whole rotation of another one, about every axis and in one space."""
    if constraint.influence <= 1 - _INFLUENCE or constraint.owner_space != constraint.target_space:
        return False
    if isinstance(constraint, bpy.types.CopyRotationConstraint):
        axes = [(getattr(constraint, f"use_{axis}"), getattr(constraint, f"invert_{axis}")) for axis in "xyz"]
        return constraint.mix_mode == "REPLACE" and all(used and not inverted for used, inverted in axes)
    if not isinstance(constraint, bpy.types.TransformConstraint) or constraint.owner_space != "LOCAL":
        return False
    straight = all(getattr(constraint, f"map_to_{axis}_from") == axis.upper() for axis in "xyz")
    return constraint.map_from == constraint.map_to == "ROTATION" and straight and _is_one_to_one(constraint)


def _is_one_to_one(constraint: bpy.types.TransformConstraint) -> bool:
    """Whether every angle is mapped to itself: an appended rotation of ratio 1."""
    ends = [f"{end}_{axis}_rot" for end in ("min", "max") for axis in "xyz"]
    pairs = [(getattr(constraint, f"from_{end}"), getattr(constraint, f"to_{end}")) for end in ends]
    return all(abs(before - after) < _SAME_ANGLE and abs(before) > _SAME_ANGLE for before, after in pairs)


def _is_double(bone: bpy.types.Bone, source: bpy.types.Bone) -> bool:
    """Whether a bone rests as its source does, and hangs on the same bone or on one that begins where that does."""
    turned = bone.matrix_local.to_quaternion().dot(source.matrix_local.to_quaternion())
    if 2 * math.acos(min(abs(turned), 1.0)) > _SAME_AXES or not _begin_at_one_place(bone, source):
        return False
    if bone.parent is None or source.parent is None:
        return bone.parent == source.parent
    return bone.parent == source.parent or _begin_at_one_place(bone.parent, source.parent)


def _begin_at_one_place(one: bpy.types.Bone, other: bpy.types.Bone) -> bool:
    return (one.head_local - other.head_local).length < _SAME_PLACE * max(one.length, other.length)


def reached(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> tuple[str, str]:
    """Names of the target and the pole, both of the same armature, of inverse kinematics that act on ``bone``; empty
    without.
    """
    for constraint in bone.constraints:
        if isinstance(constraint, bpy.types.KinematicConstraint) and acts(constraint) and constraint.target == armature:
            return constraint.subtarget, constraint.pole_subtarget if constraint.pole_target == armature else ""
    return "", ""


def moved_by(bone: bpy.types.PoseBone, constraint: bpy.types.Constraint) -> set[str]:
    """Names of the bones that a constraint of ``bone`` may move: itself, and for inverse kinematics those above."""
    return {bone.name, *(held.name for held in _chain(bone, constraint))}


def _chain(bone: bpy.types.PoseBone, constraint: bpy.types.Constraint) -> list[bpy.types.PoseBone]:
    """Bones that a constraint turns: its owner, and for inverse kinematics those above it as well."""
    if not isinstance(constraint, bpy.types.KinematicConstraint | bpy.types.SplineIKConstraint):
        return [bone]
    lineage = [bone, *bone.parent_recursive]
    if isinstance(constraint, bpy.types.KinematicConstraint) and not constraint.use_tail:
        lineage = lineage[1:]
    return lineage[: constraint.chain_count] if constraint.chain_count else lineage


def holding(armature: bpy.types.Object) -> Iterator[tuple[bpy.types.PoseBone, bpy.types.Constraint, set[str]]]:
    """Every constraint that acts now: the bone that has it, itself, and the names of the bones that it turns."""
    for bone in armature.pose.bones:
        for constraint in bone.constraints:
            if acts(constraint) and constraint.type not in _HARMLESS:
                yield bone, constraint, {held.name for held in _chain(bone, constraint)}


def placing(armature: bpy.types.Object) -> Iterator[tuple[bpy.types.PoseBone, bpy.types.Constraint]]:
    """Every constraint that acts now and decides where its bone is, whichever way that is turned: bone and itself."""
    for bone in armature.pose.bones:
        for constraint in bone.constraints:
            if acts(constraint) and constraint.type in _PLACING:
                yield bone, constraint


def channel_drivers(armature: bpy.types.Object) -> Iterator[tuple[str, bpy.types.FCurve]]:
    """Bone name and driver of every driven rotation or location channel."""
    if armature.animation_data is None:
        return
    for driver in armature.animation_data.drivers:
        found = bone_paths.split(driver.data_path)
        if found and (found[1] == ".location" or found[1].startswith(".rotation_")) and not driver.mute:
            yield found[0], driver


def held_bones(armature: bpy.types.Object) -> set[str]:
    """Names of the bones that constraints or drivers turn."""
    held = {name for _, _, names in holding(armature) for name in names}
    return held | {name for name, driver in channel_drivers(armature) if "rotation" in driver.data_path}
