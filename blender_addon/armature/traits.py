"""What moves an armature's bones besides their own channels: constraints and drivers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import bpy

_INFLUENCE = 1e-4
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
_CHANNEL = re.compile(r'pose\.bones\["((?:[^"\\]|\\.)*)"\]\.(rotation_\w+|location)$')


def acts(constraint: bpy.types.Constraint) -> bool:
    """Whether a constraint has an effect now."""
    return not constraint.mute and constraint.influence > _INFLUENCE


def followed(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> str | None:
    """Name of the bone of the same armature whose whole pose ``bone`` takes over by a Copy Transforms; None without."""
    acting = [constraint for constraint in bone.constraints if acts(constraint)]
    last = acting[-1] if acting else None
    if not isinstance(last, bpy.types.CopyTransformsConstraint):
        return None
    takes_all = last.mix_mode == "REPLACE" and last.influence > 1 - _INFLUENCE
    in_one_space = last.owner_space == last.target_space and last.owner_space in ("WORLD", "POSE")
    of_another = last.target == armature and last.subtarget in armature.pose.bones and last.subtarget != bone.name
    return last.subtarget if takes_all and in_one_space and of_another else None


def reached(armature: bpy.types.Object, bone: bpy.types.PoseBone) -> tuple[str, str]:
    """Names of the target and the pole, both of the same armature, of inverse kinematics that act on ``bone``; empty
    without.
    """
    for constraint in bone.constraints:
        if isinstance(constraint, bpy.types.KinematicConstraint) and acts(constraint) and constraint.target == armature:
            return constraint.subtarget, constraint.pole_subtarget if constraint.pole_target == armature else ""
    return "", ""


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


def channel_drivers(armature: bpy.types.Object) -> Iterator[tuple[str, bpy.types.FCurve]]:
    """Bone name and driver of every driven rotation or location channel."""
    if armature.animation_data is None:
        return
    for driver in armature.animation_data.drivers:
        found = _CHANNEL.match(driver.data_path)
        if found and not driver.mute:
            yield bpy.utils.unescape_identifier(found[1]), driver


def held_bones(armature: bpy.types.Object) -> set[str]:
    """Names of the bones that constraints or drivers turn."""
    held = {name for _, _, names in holding(armature) for name in names}
    return held | {name for name, driver in channel_drivers(armature) if "rotation" in driver.data_path}
