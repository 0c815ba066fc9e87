"""Takes side by side: copies of the character, each dancing another take, for as long as the comparison lasts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import bpy
import numpy as np

from .. import compat
from ..character.standing import COMPARISON
from . import properties
from . import store as takes

MOST = 8
"""Copies at once."""

_SHOWN = frozenset({"MESH", "CURVE", "CURVES", "EMPTY", "SURFACE"})

_SPACING = 1.5
"""Distance between neighbours in widths of the resting character."""


def candidates(armature: bpy.types.Object | None) -> list[bpy.types.Action]:
    """The starred takes that the character does not dance itself."""
    starred = [take for take in takes.of(armature) if properties.of_action(take).starred]
    return [take for take in starred if take != takes.active(armature)][:MOST]


def is_on(scene: bpy.types.Scene) -> bool:
    return any(child.name.startswith(COMPARISON) for child in scene.collection.children)


def begin(context: bpy.types.Context, armature: bpy.types.Object) -> int:
    """Put a copy of the character for each candidate beside it, first to its left, then to its right; how many."""
    collection = bpy.data.collections.new(COMPARISON)
    context.scene.collection.children.link(collection)
    step = _SPACING * _width(armature)
    for number, take in enumerate(candidates(armature)):
        place = (number // 2 + 1) * (1 if number % 2 == 0 else -1)
        copy = _copied(context.scene, armature, collection)
        copy.matrix_world = armature.matrix_world.copy()
        copy.location = copy.location + armature.matrix_world.to_3x3().normalized().col[0] * step * place
        compat.use_action(copy, take)
    return len(candidates(armature))


def end(scene: bpy.types.Scene) -> None:
    """Remove the copies; what they share with the character stays."""
    for collection in [child for child in scene.collection.children if child.name.startswith(COMPARISON)]:
        for item in list(collection.objects):
            bpy.data.objects.remove(item)
        bpy.data.collections.remove(collection)


def _copied(scene: bpy.types.Scene, armature: bpy.types.Object, collection: bpy.types.Collection) -> bpy.types.Object:
    """A copy of the armature with copies of everything that hangs on it; meshes and bones are shared."""
    made = {item: item.copy() for item in (armature, *_hanging_on(scene, armature))}
    for item, copy in made.items():
        copy.parent = made.get(item.parent, item.parent) if item is not armature else None
        for modifier in copy.modifiers:
            if isinstance(modifier, bpy.types.ArmatureModifier) and modifier.object in made:
                modifier.object = made[modifier.object]
        collection.objects.link(copy)
    _look_at_itself(armature, made[armature])
    data = made[armature].animation_data
    for track in list(data.nla_tracks) if data is not None else ():
        data.nla_tracks.remove(track)
    return made[armature]


def _look_at_itself(armature: bpy.types.Object, copy: bpy.types.Object) -> None:
    """Constraints and drivers of the copy that look at the armature look at the copy instead."""
    constraints = [constraint for bone in copy.pose.bones for constraint in bone.constraints]
    listed = [target for constraint in constraints for target in getattr(constraint, "targets", ())]
    drivers = copy.animation_data.drivers if copy.animation_data is not None else ()
    variables = [target for curve in drivers for variable in curve.driver.variables for target in variable.targets]
    for holder, name in itertools.product((*constraints, *listed, *variables), ("target", "pole_target", "id")):
        if getattr(holder, name, None) == armature:
            setattr(holder, name, copy)


def _hanging_on(scene: bpy.types.Scene, armature: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """Objects below the armature, and those that it bends, wherever they are."""
    below = set(armature.children_recursive)
    for item in scene.objects:
        bending = [modifier for modifier in item.modifiers if isinstance(modifier, bpy.types.ArmatureModifier)]
        bent = any(modifier.object == armature for modifier in bending)
        if item.type in _SHOWN and (item in below or bent):
            yield item


def _width(armature: bpy.types.Object) -> float:
    """Metres from one hand to the other at rest, in the world."""
    heads = np.array([armature.matrix_world @ bone.head_local for bone in armature.data.bones])
    side = np.array(armature.matrix_world.to_3x3().normalized().col[0])
    return float(np.ptp(heads @ side)) or 1.0
