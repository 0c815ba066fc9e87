"""Takes in the rotation modes that the bones have now, whichever they had when the take was made.

The keys of a take drive the channel of one mode. Where a bone is in another one, they are converted before the take
plays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

import bpy
import numpy as np
from mathutils import Euler, Quaternion

from tokendance_core import axis_angles, continuous_quaternions, euler_angles, matrix_from_quaternion

from .. import compat
from . import recipe

_ORDERS = "tokendance_orders"
"""Custom property of a take: bone -> the order of its Euler angles, as JSON, because curves do not tell it."""

_ROTATION = re.compile(r'pose\.bones\["((?:[^"\\]|\\.)*)"\]\.(rotation_(?:quaternion|euler|axis_angle))$')
_RESTING = {
    "rotation_quaternion": (1.0, 0.0, 0.0, 0.0),
    "rotation_axis_angle": (0.0, 0.0, 1.0, 0.0),
    "rotation_euler": (0.0, 0.0, 0.0),
}
_SAME_FRAME = 1e-3
_ATTRIBUTES = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}  # all others are orders


def in_mode(mode: str, quaternions: np.ndarray) -> tuple[str, np.ndarray]:
    """Channel and values (T, K, 3 or 4) in a rotation mode; Blender names Euler orders innermost axis first."""
    if mode == "QUATERNION":
        return _ATTRIBUTES[mode], quaternions
    if mode == "AXIS_ANGLE":
        return _ATTRIBUTES[mode], axis_angles(continuous_quaternions(quaternions))
    outermost_first = mode[::-1]
    angles = euler_angles(matrix_from_quaternion(quaternions), outermost_first)
    return "rotation_euler", angles[..., [outermost_first.index(axis) for axis in "XYZ"]]


def put(into: Any, bone: str, attribute: str, frames: np.ndarray, values: np.ndarray) -> None:
    """One linear curve per column of ``values`` (T, N), in the ``channels`` of an action."""
    path = f'pose.bones["{bpy.utils.escape_identifier(bone)}"].{attribute}'
    interpolation = cast("bpy.types.EnumProperty", bpy.types.Keyframe.bl_rna.properties["interpolation"])
    linear = interpolation.enum_items["LINEAR"].value
    keys = np.empty((len(frames), 2), np.float32)
    keys[:, 0] = frames
    for index in range(values.shape[1]):
        curve = compat.new_curve(into, path, index, bone)
        curve.keyframe_points.add(len(frames))
        keys[:, 1] = values[:, index]
        curve.keyframe_points.foreach_set("co", keys.ravel())
        curve.keyframe_points.foreach_set("interpolation", np.full(len(frames), linear, np.int32))
        curve.update()


def remember(armature: bpy.types.Object, take: bpy.types.Action, bones: Iterable[str]) -> None:
    """Keep with a take in which order it has the Euler angles of its ``bones``."""
    modes = {bone: armature.pose.bones[bone].rotation_mode for bone in bones}
    take[_ORDERS] = json.dumps({bone: mode for bone, mode in modes.items() if mode not in _ATTRIBUTES})


def follow(armature: bpy.types.Object) -> None:
    """Convert the takes that a character plays, itself and from the NLA, to the rotation modes of its bones."""
    data = armature.animation_data
    if data is None:
        return
    played = [(data.action, compat.slot_name(armature))]
    played += [(strip.action, compat.strip_slot_name(strip)) for track in data.nla_tracks for strip in track.strips]
    for take, slot in played:
        if take is not None and recipe.is_kept(take) and take.library is None:
            _convert(armature, take, slot)


def _convert(armature: bpy.types.Object, take: bpy.types.Action, slot: str) -> None:
    channels = compat.channels(take, slot)
    orders: dict[str, str] = json.loads(take.get(_ORDERS, "{}"))
    for name, attribute, curves in list(_rotating(channels)):
        mode = armature.pose.bones[name].rotation_mode if name in armature.pose.bones else ""
        was = orders.get(name, mode)
        if not mode or (attribute == _ATTRIBUTES.get(mode, "rotation_euler") and mode in (was, *_ATTRIBUTES)):
            continue
        frames = _frames(curves)
        quaternions = _quaternions(attribute, was, curves, frames)
        for curve in curves.values():
            channels.fcurves.remove(curve)
        into, values = in_mode(mode, quaternions[:, None])
        put(channels, name, into, frames, values[:, 0])
        orders[name] = mode
    take[_ORDERS] = json.dumps({name: order for name, order in orders.items() if order not in _ATTRIBUTES})


def _rotating(channels: Any) -> Iterator[tuple[str, str, dict[int, bpy.types.FCurve]]]:
    """Bone, channel and curves by component of every bone that turns."""
    found: dict[tuple[str, str], dict[int, bpy.types.FCurve]] = {}
    for curve in channels.fcurves if channels is not None else ():
        path = _ROTATION.match(curve.data_path)
        if path:
            found.setdefault((bpy.utils.unescape_identifier(path[1]), path[2]), {})[curve.array_index] = curve
    for (name, attribute), curves in found.items():
        yield name, attribute, curves


def _frames(curves: dict[int, bpy.types.FCurve]) -> np.ndarray:
    """(T,) frames of all keys; where an artist has thinned them out, all frames between as well."""
    keyed = np.unique([point.co.x for curve in curves.values() for point in curve.keyframe_points])
    gaps = np.diff(keyed)
    if len(gaps) and gaps.max() > max(1.0, gaps.min()) + _SAME_FRAME:
        keyed = np.union1d(keyed, np.arange(np.ceil(keyed[0]), keyed[-1]))
    return keyed


def _quaternions(attribute: str, order: str, curves: dict[int, bpy.types.FCurve], frames: np.ndarray) -> np.ndarray:
    """(T, 4) what the curves of a channel show on these frames, signs continuous over time."""
    values = np.tile(_RESTING[attribute], (len(frames), 1))
    for index, curve in curves.items():
        values[:, index] = [curve.evaluate(frame) for frame in frames]
    if attribute == "rotation_quaternion":
        found = values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-9)
    elif attribute == "rotation_axis_angle":
        found = np.array([Quaternion(axis, angle) for angle, *axis in values.tolist()])
    else:
        found = np.array([Euler(angles, order).to_quaternion() for angles in values.tolist()])
    return continuous_quaternions(found[:, None])[:, 0]
