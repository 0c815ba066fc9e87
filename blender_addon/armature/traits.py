"""What in an armature moves bones besides their own channels: constraints and drivers."""

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
    last = next((c for c in reversed(bone.constraints) if acts(c)), None)
    copies = (
        last is not None
        and last.type == "COPY_TRANSFORMS"
        and last.target == armature
        and last.influence > 1 - _INFLUENCE
    )
    same_space = (
        copies
        and last.owner_space == last.target_space
        and last.owner_space in ("WORLD", "POSE")
        and last.mix_mode == "REPLACE"
    )
    return (
        last.subtarget if same_space and last.subtarget in armature.pose.bones and last.subtarget != bone.name else None
    )


def _chain(bone: bpy.types.PoseBone, constraint: bpy.types.Constraint) -> list[bpy.types.PoseBone]:
    """Bones that a constraint turns: its own, and for inverse kinematics those above as well."""
    if constraint.type not in ("IK", "SPLINE_IK"):
        return [bone]
    lineage = [bone, *bone.parent_recursive]
    if constraint.type == "IK" and not constraint.use_tail:
        lineage = lineage[1:]
    return lineage[: constraint.chain_count] if constraint.chain_count else lineage


def holding(armature: bpy.types.Object) -> Iterator[tuple[bpy.types.PoseBone, bpy.types.Constraint, set[str]]]:
    """Bone, constraint and the names of the bones whose turns that constraint decides, of every constraint that acts
    now.
    """
    for bone in armature.pose.bones:
        for constraint in bone.constraints:
            if acts(constraint) and constraint.type not in _HARMLESS:
                yield bone, constraint, {held.name for held in _chain(bone, constraint)}


def channel_drivers(armature: bpy.types.Object) -> Iterator[tuple[str, bpy.types.FCurve]]:
    """Bone name and driver of every driven rotation or location channel."""
    for driver in armature.animation_data.drivers if armature.animation_data else ():
        found = _CHANNEL.match(driver.data_path)
        if found and not driver.mute:
            yield bpy.utils.unescape_identifier(found[1]), driver


def held_bones(armature: bpy.types.Object) -> set[str]:
    """Names of the bones for which constraints or drivers decide how they turn."""
    held = {name for _, _, names in holding(armature) for name in names}
    return held | {name for name, driver in channel_drivers(armature) if "rotation" in driver.data_path}
