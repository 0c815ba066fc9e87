"""The only file that looks at Blender's version: one function per difference between 4.2 and 5.2.

Features are asked for, not version numbers, so that a later Blender that keeps the new way simply works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import bpy
import numpy as np

# From 4.5 on Blender warns of a path beginning with // unless its property says that such a path is understood.
RELATIVE_PATH = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5) else set()
"""Option of every property that holds a path."""


class CurveWriter:
    """F-curves of one object in a fresh action: a slot and its channelbag from 4.4 on, the action itself before."""

    def __init__(self, action: bpy.types.Action, target: bpy.types.Object) -> None:
        self.action = action
        self.target = target
        self.slot = None
        if hasattr(action, "slots"):
            self.slot = action.slots.new(id_type="OBJECT", name=target.name)
            strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
            self.channels: Any = strip.channelbag(self.slot, ensure=True)
        else:
            self.channels = action

    def hold(self, path: str, group: str, frame: float, value: float) -> None:
        """Keep the property at ``path`` at ``value``: a curve of one key."""
        curve = new_curve(self.channels, path, 0, group)
        curve.keyframe_points.insert(frame, value).interpolation = "CONSTANT"

    def assign(self) -> None:
        """Make the action the target's active one; without the slot nothing would play."""
        data = self.target.animation_data_create()
        data.action = self.action
        if self.slot is not None:
            data.action_slot = self.slot


def choose_slot(strip: bpy.types.NlaStrip, action: bpy.types.Action) -> None:
    """From 4.4 on a strip plays one slot of its action, and none until it is chosen."""
    if hasattr(action, "slots") and strip.action_slot is None and action.slots:
        strip.action_slot = action.slots[0]


def use_action(target: bpy.types.Object, action: bpy.types.Action, slot: str = "") -> None:
    """Make ``action`` the active one of an object: with the slot of that identifier, else with one that suits it."""
    data = target.animation_data_create()
    data.action = action
    if hasattr(action, "slots"):
        suitable = {one.identifier: one for one in data.action_suitable_slots}
        data.action_slot = suitable.get(slot) or data.action_slot or next(iter(suitable.values()), None)


def slot_name(target: bpy.types.Object) -> str:
    """The slot of its action that an object plays, for ``use_action``; empty before 4.4, which has none."""
    slot = getattr(target.animation_data, "action_slot", None)
    return slot.identifier if slot is not None else ""


def strip_slot_name(strip: bpy.types.NlaStrip) -> str:
    """The slot of its action that an NLA strip plays; empty before 4.4."""
    slot = getattr(strip, "action_slot", None)
    return slot.identifier if slot is not None else ""


def channels(action: bpy.types.Action, slot: str) -> Any:
    """What holds the ``fcurves`` and ``groups`` that an action has for a slot: a channelbag from 4.4 on, the action
    itself before; None where there are none.
    """
    if not hasattr(action, "slots"):
        return action
    found: bpy.types.ActionSlot | None = action.slots.get(slot)
    strips = [strip for layer in action.layers for strip in layer.strips] if found is not None else []
    return next((bag for bag in (strip.channelbag(found) for strip in strips) if bag is not None), None)


def new_curve(into: Any, path: str, index: int, group: str) -> bpy.types.FCurve:
    """A new curve in the ``channels`` of an action, for component ``index`` of the property at ``path``, filed under
    ``group``.
    """
    curve: bpy.types.FCurve = into.fcurves.new(path, index=index)
    curve.group = into.groups.get(group) or into.groups.new(group)
    return curve


def copy_curve(curve: bpy.types.FCurve, into: Any) -> None:
    """Give the ``channels`` of an action a copy of a curve, with its modifiers and in its group."""
    if hasattr(into.fcurves, "new_from_fcurve"):
        made = into.fcurves.new_from_fcurve(curve)
    else:
        made = into.fcurves.new(curve.data_path, index=curve.array_index)
        _copy_keys(curve, made)
        _copy_settings(curve, made)
        for modifier in curve.modifiers:
            copy: Any = made.modifiers.new(modifier.type)
            _copy_settings(modifier, copy)
            for point in getattr(modifier, "control_points", ()):  # of an envelope
                _copy_settings(point, copy.control_points.add(point.frame))
    if curve.group is not None:
        made.group = into.groups.get(curve.group.name) or into.groups.new(curve.group.name)
    made.update()


_KEY_NUMBERS = ("co", "handle_left", "handle_right", "back", "amplitude", "period")
_KEY_CHOICES = ("interpolation", "easing", "type", "handle_left_type", "handle_right_type")


def _copy_keys(curve: bpy.types.FCurve, made: bpy.types.FCurve) -> None:
    points = curve.keyframe_points
    made.keyframe_points.add(len(points))
    for name in (*_KEY_CHOICES, *_KEY_NUMBERS):
        length = len(points) * (2 if name in _KEY_NUMBERS[:3] else 1)
        values = np.empty(length, np.int32 if name in _KEY_CHOICES else np.float32)
        points.foreach_get(name, values)
        made.keyframe_points.foreach_set(name, values)


def _copy_settings(source: bpy.types.bpy_struct, made: bpy.types.bpy_struct) -> None:
    for name, setting in source.bl_rna.properties.items():
        if not setting.is_readonly and name not in ("group", "data_path", "array_index"):
            setattr(made, name, getattr(source, name))


def move_keys(action: bpy.types.Action, offset: float, scale: float = 1.0, pivot: float = 0.0) -> None:
    """Bring every key of the action from frame f to ``pivot`` + (f - pivot) * ``scale`` + ``offset``."""
    for curve in curves(action):
        for attribute in ("co", "handle_left", "handle_right"):
            values = np.empty(2 * len(curve.keyframe_points), np.float32)
            curve.keyframe_points.foreach_get(attribute, values)
            values[::2] = pivot + (values[::2] - pivot) * scale + offset
            curve.keyframe_points.foreach_set(attribute, values)
        curve.update()
    if action.use_frame_range:
        first, last = (pivot + (frame - pivot) * scale + offset for frame in action.frame_range[:])
        action.frame_start, action.frame_end = first, last


def curves_of(owner: bpy.types.ID) -> list[bpy.types.FCurve]:
    """The curves and drivers that animate a data block."""
    data = owner.animation_data
    if data is None:
        return []
    return [*data.drivers, *(curves(data.action) if data.action is not None else ())]


def curves(action: bpy.types.Action) -> list[bpy.types.FCurve]:
    """All curves of an action, in whatever slot they are."""
    if not hasattr(action, "slots"):
        return list(action.fcurves)
    return [
        curve for layer in action.layers for strip in layer.strips for bag in strip.channelbags for curve in bag.fcurves
    ]


def choose_slots(target: bpy.types.Object, action: bpy.types.Action) -> None:
    """After ``action`` took the place of another one: let the object and its NLA strips play its slot."""
    data = target.animation_data
    if data.action == action:
        use_action(target, action)
    for track in data.nla_tracks:
        for strip in track.strips:
            if strip.action == action:
                choose_slot(strip, action)


def strips(scene: bpy.types.Scene) -> bpy.types.StripsTopLevel:
    """The top-level strips of the scene's sequencer, which is made when there is none."""
    editor = scene.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def existing_strips(scene: bpy.types.Scene) -> Iterator[bpy.types.Strip]:
    """The same strips without making a sequencer."""
    return iter(strips(scene)) if scene.sequence_editor else iter(())


def children(meta: bpy.types.Strip) -> Iterator[bpy.types.Strip]:
    """The strips inside a meta strip."""
    owner: Any = meta
    return iter(owner.strips if hasattr(owner, "strips") else owner.sequences)


def parents(strip: bpy.types.Strip) -> Iterator[bpy.types.MetaStrip]:
    """The meta strips around a strip, from the inside out."""
    around = strip.parent_meta()
    while around is not None:
        yield around
        around = around.parent_meta()


def all_strips(scene: bpy.types.Scene) -> Iterator[bpy.types.Strip]:
    """Every strip of a scene that has a sequencer, those in meta strips too."""
    editor: Any = scene.sequence_editor
    return iter(editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all)


def strip_named(scene: bpy.types.Scene, name: str) -> Any:
    """The strip of that name in a scene that has a sequencer."""
    return next(strip for strip in all_strips(scene) if strip.name == name)


@dataclass(frozen=True)
class StripTiming:
    """Where a strip sits, in scene frames: visible from ``left`` up to but not with ``right``.

    ``skipped`` frames of its content are cut off at its start, ``cut`` at its end; negative where it reaches beyond.
    ``delay``: seconds that its sound comes later than its content would, without changing its ends.
    """

    left: int
    right: int
    skipped: int
    cut: float
    delay: float = 0.0


# 5.1 and newer, older: the old names warn that they will go
_TIMING = (
    (
        "left_handle",
        "right_handle",
        "left_handle_offset",
        "right_handle_offset",
        "content_trim_start",
        "content_trim_end",
    ),
    (
        "frame_final_start",
        "frame_final_end",
        "frame_offset_start",
        "frame_offset_end",
        "animation_offset_start",
        "animation_offset_end",
    ),
)


def strip_timing(strip: bpy.types.Strip) -> StripTiming:
    names = _TIMING[0] if hasattr(strip, "left_handle") else _TIMING[1]
    left, right, before, after, trim_before, trim_after = (getattr(strip, name) for name in names)
    # Blender plays from the whole part of an offset, which is a fraction after a change of the frame rate.
    return StripTiming(left, right, int(before) + trim_before, after + trim_after, getattr(strip, "sound_offset", 0.0))


def trim(strip: bpy.types.Strip, left: int, right: int) -> None:
    """Let the strip be heard from frame ``left`` up to but not with ``right``; its content stays where it is."""
    names = (
        ("left_handle", "right_handle") if hasattr(strip, "left_handle") else ("frame_final_start", "frame_final_end")
    )
    for name, frame in zip(names, (left, right), strict=True):
        setattr(strip, name, frame)


def move(strip: bpy.types.Strip, frames: int) -> None:
    """Let a strip lie so many frames later."""
    name = "content_start" if hasattr(strip, "content_start") else "frame_start"
    setattr(strip, name, getattr(strip, name) + frames)


def delay_sound(strip: bpy.types.Strip, seconds: float) -> None:
    """Let the sound of a strip come later, or earlier, by less than a frame; some Blenders cannot."""
    if hasattr(strip, "sound_offset"):
        strip.sound_offset = seconds


def retiming(strip: bpy.types.Strip) -> tuple[float, ...]:
    """The frames at which a strip's speed may change, its ends among them; empty for one that plays as its file is."""
    return tuple(float(key.timeline_frame) for key in getattr(strip, "retiming_keys", ()))


def retimed_stretch(strip: bpy.types.Strip, frames: int) -> tuple[float, float]:
    """The frame on which a strip with retiming keys begins with its content, and its frames for one of the ``frames``
    of its content: as ``sound.mixdown`` has it, from 5.0 on between the keys, before from a frame after the first one
    and counting without the last one.
    """
    first, *_, last = retiming(strip)
    if hasattr(strip, "pitch_correction"):
        return first, (last - first) / frames
    return first + 1, (last - first) / max(frames - 1, 1)


def play_plainly(strip: bpy.types.SoundStrip, sound: bpy.types.Sound) -> None:
    """Let a strip play ``sound`` as it is, but for its speed."""
    strip.sound, strip.volume, strip.pan, strip.mute = sound, 1.0, 0.0, False
    if hasattr(strip, "pitch_correction"):
        strip.pitch_correction = False


def sound_seconds(path: str) -> float | None:
    """Length of a sound file; None where this Blender has no sound library for Python, or the file cannot be read."""
    try:
        import aud
    except ImportError:
        return None
    try:
        sound = aud.Sound.file(path)
        return float(sound.length / sound.specs[0])
    except aud.error:
        return None


def blender_version() -> str:
    """As a bug report tells it."""
    return f"{bpy.app.version_string} ({bpy.app.build_hash.decode('ascii', 'replace')})"


def decodes_sound() -> bool:
    """Whether Python can reach the sound library: some Blenders play sound and have no ``aud``."""
    try:
        import aud  # noqa: F401
    except ImportError:
        return False
    return True


def plays_sound() -> bool:
    """Whether this Blender was built with its sound library; without it there are no sound strips."""
    return bool(bpy.app.build_options.audaspace)


def show_in_sequencer(context: bpy.types.Context, scene: bpy.types.Scene) -> None:
    """From 5.0 on a workspace shows the sequencer of a chosen scene, and of none until one is chosen."""
    workspace = context.workspace
    if workspace is not None and hasattr(workspace, "sequencer_scene") and workspace.sequencer_scene is None:
        workspace.sequencer_scene = scene


def foreign_property(owner: bpy.types.ID, name: str) -> object:
    """What another add-on keeps on ``owner``, whether it is enabled or not; from 5.0 on that is a place of its own."""
    kept: Any = owner.bl_system_properties_get() if hasattr(owner, "bl_system_properties_get") else owner
    return kept.get(name) if kept is not None else None


def node_tree(material: bpy.types.Material) -> bpy.types.NodeTree:
    """The shader nodes of a material: always there from 5.0 on, asked for before."""
    if material.node_tree is None:
        material.use_nodes = True
    return material.node_tree


def fbx_importer() -> Callable[..., set[str]]:
    """The importer written in Python stumbles over lamps from 5.0 on; before 4.5 there is no other."""
    return bpy.ops.wm.fbx_import if "fbx_import" in dir(bpy.ops.wm) else bpy.ops.import_scene.fbx


def record_movie(scene: bpy.types.Scene) -> None:
    """Make the scene render H.264 with AAC sound into an MP4 file."""
    _record(scene, "VIDEO", "FFMPEG")
    movie = scene.render.ffmpeg
    movie.format, movie.codec, movie.audio_codec = "MPEG4", "H264", "AAC"
    movie.constant_rate_factor = "MEDIUM"


def record_images(scene: bpy.types.Scene) -> None:
    """Make the scene render PNG files."""
    _record(scene, "IMAGE", "PNG")


def _record(scene: bpy.types.Scene, media: Literal["IMAGE", "VIDEO"], file_format: Literal["FFMPEG", "PNG"]) -> None:
    image = scene.render.image_settings
    if hasattr(image, "media_type"):
        image.media_type = media
    image.file_format = file_format
