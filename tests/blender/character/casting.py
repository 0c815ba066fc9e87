"""Scenes with several who could dance, for the tests of who does."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from tests.blender.rig_builder import build
from tests.unit.rig_poses import character
from tokendance_core.types import Rig


def armature(name: str, prefix: str = "") -> bpy.types.Object:
    """A character without a mesh; nothing is active or selected. Its bones are named with a prefix."""
    made = build(character(rename=lambda bone: f"{prefix}{bone}"), name)
    point_at(None)
    return made


def lamp(name: str = "Lamp") -> bpy.types.Object:
    """An armature that is no character."""
    rest = np.tile(np.eye(4), (2, 1, 1))
    rest[1, 2, 3] = 1.0
    made = build(Rig.plain(("stand", "bulb"), np.array([-1, 0]), rest), name)
    point_at(None)
    return made


def mesh(name: str, *armatures: bpy.types.Object, weights: tuple[float, ...] = ()) -> bpy.types.Object:
    """A cube that armatures deform, each by a weight."""
    data = bpy.data.meshes.new(name)
    corners = np.array(np.meshgrid((-0.2, 0.2), (-0.2, 0.2), (0.0, 1.7))).reshape(3, -1).T
    data.from_pydata(corners.tolist(), [], [(0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6)])
    made = add(bpy.data.objects.new(name, data))
    for number, owner in enumerate(armatures):
        made.modifiers.new(owner.name, "ARMATURE").object = owner
        group = made.vertex_groups.new(name=owner.data.bones[number].name)
        group.add(range(8), weights[number] if weights else 1.0, "REPLACE")
    return made


def add(item: bpy.types.Object) -> bpy.types.Object:
    bpy.context.scene.collection.objects.link(item)
    return item


def empty(name: str = "Empty") -> bpy.types.Object:
    return add(bpy.data.objects.new(name, None))


def point_at(item: bpy.types.Object | None, *selected: bpy.types.Object) -> None:
    """Make ``item`` the active object, and select it and ``selected`` alone."""
    layer = bpy.context.view_layer
    for other in layer.objects:
        other.select_set(other in (item, *selected))
    layer.objects.active = item


def hide(item: bpy.types.Object, how: str) -> None:
    """In one of the ways that Blender has."""
    if how == "eye":
        item.hide_set(True)
    elif how == "screen":
        item.hide_viewport = True
    else:
        collection = bpy.data.collections.new("Away")
        bpy.context.scene.collection.children.link(collection)
        collection.objects.link(item)
        bpy.context.scene.collection.objects.unlink(item)
        if how == "excluded":
            bpy.context.view_layer.layer_collection.children["Away"].exclude = True
        elif how == "collection eye":
            bpy.context.view_layer.layer_collection.children["Away"].hide_viewport = True
        else:
            collection.hide_viewport = True
    bpy.context.view_layer.update()


HIDDEN = ("eye", "screen", "excluded", "collection eye", "collection screen")


def instance(of: bpy.types.Object, *parts: bpy.types.Object, name: str = "Hero") -> bpy.types.Object:
    """An empty that shows a collection of ``of`` and its ``parts``, which are nowhere else."""
    collection = bpy.data.collections.new(name)
    for item in (of, *parts):
        collection.objects.link(item)
        bpy.context.scene.collection.objects.unlink(item)
    return instance_of(collection)


def instance_of(collection: bpy.types.Collection) -> bpy.types.Object:
    made = empty(collection.name)
    made.instance_type, made.instance_collection = "COLLECTION", collection
    bpy.context.view_layer.update()
    return made


def saved_character(folder: Path) -> Path:
    """A library file with the collection “Hero”: the armature “Rig” and the mesh “Body”."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = armature("Rig")
    body = mesh("Body", rig)
    body.parent = rig
    instance(rig, body)
    bpy.data.collections["Hero"].use_fake_user = True
    path = folder / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return path


def linked_collection(path: Path) -> bpy.types.Collection:
    with bpy.data.libraries.load(str(path), link=True) as (_, target):
        target.collections = ["Hero"]
    return target.collections[0]
