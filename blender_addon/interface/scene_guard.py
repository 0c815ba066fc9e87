"""Leave the user's scene as it was: mode, selection, active object and frame always, everything else after a
failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from .. import compat
from .pose_guard import Before

# Kinds of data that this add-on can create, users before what they use, so that removal leaves no dangling link.
_KINDS = ("objects", "meshes", "armatures", "actions", "materials", "sounds")

_SETTINGS = ("frame_start", "frame_end", "sync_mode")


def object_mode(context: bpy.types.Context) -> None:
    if context.mode != "OBJECT" and context.view_layer.objects.active is not None:
        bpy.ops.object.mode_set(mode="OBJECT")


def leave_modes() -> None:
    """Every object of the file in object mode: bones that are edited cannot be read, and a file may be saved so."""
    for item in bpy.data.objects:
        for scene in item.users_scene if item.mode != "OBJECT" else ():
            layer = next((layer for layer in scene.view_layers if item.name in layer.objects), None)
            if layer is not None:
                with bpy.context.temp_override(scene=scene, view_layer=layer, active_object=item, object=item):
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


class Added:
    """What was added to the file and to a scene, and the scene's settings before: by name, so that an undo in between
    does no harm.
    """

    def __init__(self) -> None:
        self._data: list[tuple[str, str]] = []
        self._strips: list[str] = []
        self._settings: dict[str, object] | None = None
        self._had_sequencer = True
        self._character: Before | None = None

    def remember(self, armature: bpy.types.Object) -> None:
        """Remember how a character stands that is about to be worked on."""
        self._character = Before(armature)

    def look(self, scene: bpy.types.Scene) -> tuple[dict[str, set[int]], set[str]]:
        """What is there now, for ``note``; the first look remembers the settings."""
        if self._settings is None:
            self._settings = {name: getattr(scene, name) for name in _SETTINGS}
            self._had_sequencer = scene.sequence_editor is not None
        data = {kind: {item.as_pointer() for item in getattr(bpy.data, kind)} for kind in _KINDS}
        return data, {strip.name for strip in compat.existing_strips(scene)}

    def note(self, scene: bpy.types.Scene, before: tuple[dict[str, set[int]], set[str]]) -> None:
        """Remember what has come since ``look``."""
        data, strips = before
        for kind in _KINDS:
            self._data += [(kind, item.name) for item in getattr(bpy.data, kind) if item.as_pointer() not in data[kind]]
        self._strips += [strip.name for strip in compat.existing_strips(scene) if strip.name not in strips]

    def remove(self, scene: bpy.types.Scene | None) -> None:
        """Take it all back; missing items, or a missing scene, are ignored."""
        for kind, name in sorted(self._data, key=lambda item: _KINDS.index(item[0])):
            if (item := getattr(bpy.data, kind).get(name)) is not None:
                getattr(bpy.data, kind).remove(item)
        if scene is not None:
            for strip in [strip for strip in compat.existing_strips(scene) if strip.name in self._strips]:
                compat.strips(scene).remove(strip)
            if not self._had_sequencer:
                scene.sequence_editor_clear()
            for name, value in (self._settings or {}).items():
                setattr(scene, name, value)
        if self._character is not None:
            self._character.give_back()
        self._data, self._strips, self._character = [], [], None


@contextmanager
def noted(scene: bpy.types.Scene, added: Added) -> Iterator[None]:
    """Remember in ``added`` what the body makes, whether it succeeds or not."""
    before = added.look(scene)
    try:
        yield
    finally:
        added.note(scene, before)


@contextmanager
def all_or_nothing(scene: bpy.types.Scene, armature: bpy.types.Object | None = None) -> Iterator[None]:
    """If the body fails, take back the data blocks, strips and settings that it made in ``scene`` and let ``armature``
    stand and play as before, then raise on.
    """
    added = Added()
    if armature is not None:
        added.remember(armature)
    try:
        with noted(scene, added):
            yield
    except BaseException:
        added.remove(scene)
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
