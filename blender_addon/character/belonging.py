"""Which armatures an object belongs to: what a user means who clicks a body, its hair or the empty that holds it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import bpy

_SAMPLE = 2000
"""Vertices that are looked at to tell which armature deforms a mesh most."""

_FOLLOWING = frozenset({"ARMATURE", "CHILD_OF", "COPY_LOCATION", "COPY_ROTATION", "COPY_TRANSFORMS"})


@dataclass(frozen=True)
class Link:
    """An armature that an object belongs to; ``loosely`` when a constraint alone ties it there."""

    armature: bpy.types.Object
    loosely: bool


def armatures_above(item: bpy.types.Object) -> list[Link]:
    """The armatures that move ``item``, the closest first: itself, those that deform it, those that carry it, and last
    those that a constraint ties it to.
    """
    firmly, ways = _reached([item], with_constraints=False)
    loosely, _ = _reached(ways, with_constraints=True)
    found = [Link(armature, False) for armature in firmly]
    return found + [Link(armature, True) for armature in loosely if armature not in firmly]


def armatures_below(item: bpy.types.Object, armatures: Iterable[bpy.types.Object]) -> list[bpy.types.Object]:
    """Those of ``armatures`` that an object, such as an empty, holds below it."""
    return [armature for armature in armatures if item in _lineage(armature)]


def _lineage(item: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """The parents of an object. ``children_recursive`` would look through the whole file each time."""
    while item.parent is not None:
        item = item.parent
        yield item


def _reached(
    begin: list[bpy.types.Object], *, with_constraints: bool
) -> tuple[list[bpy.types.Object], list[bpy.types.Object]]:
    """Armatures on the ways up from ``begin``, and every object on them, the closest first."""
    waiting, seen = deque(begin), list(begin)
    while waiting:
        item = waiting.popleft()
        above = [*_holders(item), *(_constrained_to(item) if with_constraints else ())]
        new = [other for other in dict.fromkeys(above) if other not in seen]
        waiting += new
        seen += new
    return [item for item in seen if item.type == "ARMATURE"], seen


def _holders(item: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """What moves an object from one step above: its armatures, its parent, and what else deforms it."""
    yield from _deforming(item)
    if item.parent is not None:
        yield item.parent
    for modifier in item.modifiers:
        for name in ("object", "target"):  # cages, surfaces and lattices that hair and clothes follow
            other = getattr(modifier, name, None)
            if isinstance(other, bpy.types.Object):
                yield other
    surface = getattr(item.data, "surface", None)  # of hair curves
    if isinstance(surface, bpy.types.Object):
        yield surface


def _deforming(item: bpy.types.Object) -> list[bpy.types.Object]:
    """The armatures of the modifiers of an object, those that are on first, then the one that deforms most."""
    modifiers = [one for one in item.modifiers if isinstance(one, bpy.types.ArmatureModifier) and one.object]
    if len({one.object for one in modifiers}) > 1:
        weights = {one: _deformed(item, one) for one in modifiers}
        modifiers.sort(key=lambda one: (one.show_viewport, weights[one]), reverse=True)
    return [one.object for one in modifiers if one.object is not None]


def _deformed(item: bpy.types.Object, modifier: bpy.types.ArmatureModifier) -> float:
    """How much of a mesh an armature modifier deforms: the weight of its bones over evenly picked vertices."""
    if not isinstance(item.data, bpy.types.Mesh) or modifier.object is None:
        return 0.0
    bones = modifier.object.data.bones
    deforming = {bone.name for bone in bones if bone.use_deform}
    groups = {group.index for group in item.vertex_groups if group.name in deforming}
    mask = item.vertex_groups.find(modifier.vertex_group) if modifier.vertex_group else -1
    vertices = item.data.vertices
    total = 0.0
    for index in range(0, len(vertices), max(len(vertices) // _SAMPLE, 1)):
        weights = {element.group: element.weight for element in vertices[index].groups}
        share = weights.get(mask, 0.0) if mask >= 0 else 1.0
        if mask >= 0 and modifier.invert_vertex_group:
            share = 1.0 - share
        total += share * sum(weight for group, weight in weights.items() if group in groups)
    return total


def _constrained_to(item: bpy.types.Object) -> Iterator[bpy.types.Object]:
    for constraint in item.constraints:
        if constraint.type not in _FOLLOWING or constraint.mute:
            continue
        targets = constraint.targets if isinstance(constraint, bpy.types.ArmatureConstraint) else [constraint]
        for owner in targets:
            target = getattr(owner, "target", None)
            if isinstance(target, bpy.types.Object):
                yield target


def instanced(item: bpy.types.Object) -> list[bpy.types.Object]:
    """The armatures that an instance of a collection shows, in collections and instances within it too."""
    found: list[bpy.types.Object] = []
    waiting, seen = [item], set()
    while waiting:
        collection = waiting.pop().instance_collection
        if collection is None or collection in seen:
            continue
        seen.add(collection)
        found += [one for one in collection.all_objects if one.type == "ARMATURE"]
        waiting += [one for one in collection.all_objects if one.instance_type == "COLLECTION"]
    return found
