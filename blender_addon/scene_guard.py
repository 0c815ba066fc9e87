"""Leave the user's scene as it was: mode, selection, active object and frame always, everything else after a failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from . import compat

# Kinds of data that this add-on can create, users before what they use, so that removal leaves no dangling link.
_KINDS = ("objects", "meshes", "armatures", "actions", "materials", "sounds")


def object_mode(context: bpy.types.Context) -> None:
    if context.mode != "OBJECT" and context.view_layer.objects.active is not None:
        bpy.ops.object.mode_set(mode="OBJECT")


@contextmanager
def restored(context: bpy.types.Context) -> Iterator[None]:
    """Work in object mode, then give back mode, selection, active object and frame; names, not pointers, are kept."""
    scene, layer = context.scene, context.view_layer
    active = layer.objects.active
    active_name, mode = (active.name, active.mode) if active else (None, "OBJECT")
    selected = {item.name for item in context.view_layer.objects.selected}
    frame, subframe = scene.frame_current, scene.frame_subframe
    object_mode(context)
    try:
        yield
    finally:
        object_mode(context)
        for item in layer.objects:
            item.select_set(item.name in selected)
        layer.objects.active = layer.objects.get(active_name) if active_name else None
        if mode != "OBJECT" and layer.objects.active is not None:
            bpy.ops.object.mode_set(mode=mode)
        scene.frame_set(frame, subframe=subframe)


def _data() -> dict[str, set[int]]:
    return {kind: {item.as_pointer() for item in getattr(bpy.data, kind)} for kind in _KINDS}


def _remove_new_data(before: dict[str, set[int]]) -> None:
    for kind in _KINDS:
        collection = getattr(bpy.data, kind)
        for item in [item for item in collection if item.as_pointer() not in before[kind]]:
            collection.remove(item)


def _remove_new_strips(scene: bpy.types.Scene, before: set[str], had_sequencer: bool) -> None:
    for strip in [strip for strip in compat.existing_strips(scene) if strip.name not in before]:
        compat.strips(scene).remove(strip)
    if not had_sequencer:
        scene.sequence_editor_clear()


@contextmanager
def all_or_nothing(scene: bpy.types.Scene) -> Iterator[None]:
    """If the body fails, take back the data blocks, strips and settings that it made in ``scene``, then raise on."""
    data, settings = _data(), {name: getattr(scene, name) for name in ("frame_start", "frame_end", "sync_mode")}
    strips, had_sequencer = {strip.name for strip in compat.existing_strips(scene)}, scene.sequence_editor is not None
    try:
        yield
    except BaseException:
        _remove_new_strips(scene, strips, had_sequencer)
        _remove_new_data(data)
        for name, value in settings.items():
            setattr(scene, name, value)
        raise


@contextmanager
def editing(context: bpy.types.Context, armature: bpy.types.Object) -> Iterator[bpy.types.ArmatureEditBones]:
    """The edit bones of ``armature``, which must be visible in the view layer; back in object mode afterwards."""
    context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        yield armature.data.edit_bones
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
