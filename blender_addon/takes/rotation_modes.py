"""Takes in the rotation modes that the bones have now, whichever they had when the take was made.

The keys of a take drive the channel of one mode. Where a bone is in another one, they are converted before the take
plays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Quaternion

from tokendance_core import continuous_quaternions

from .. import compat
from ..armature import action, recipe
from ..interface.bone_paths import ROTATIONS, split

_RESTING = {
    "rotation_quaternion": (1.0, 0.0, 0.0, 0.0),
    "rotation_axis_angle": (0.0, 0.0, 1.0, 0.0),
    "rotation_euler": (0.0, 0.0, 0.0),
}
_SAME_FRAME = 1e-3


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
    orders = action.orders(take)
    for name, attribute, curves in list(_rotating(channels)):
        mode = armature.pose.bones[name].rotation_mode if name in armature.pose.bones else ""
        was = orders.get(name, mode)
        if not mode or (attribute == ROTATIONS.get(mode, "rotation_euler") and mode in (was, *ROTATIONS)):
            continue
        frames = _frames(curves)
        quaternions = _quaternions(attribute, was, curves, frames)
        for curve in curves.values():
            channels.fcurves.remove(curve)
        into, values = action.in_mode(mode, quaternions[:, None])
        action.put(channels, name, into, frames, values[:, 0])
        orders[name] = mode
    action.remember_orders(take, orders)


def _rotating(channels: Any) -> Iterator[tuple[str, str, dict[int, bpy.types.FCurve]]]:
    """Bone, channel and curves by component of every bone that turns."""
    found: dict[tuple[str, str], dict[int, bpy.types.FCurve]] = {}
    for curve in channels.fcurves if channels is not None else ():
        bone, rest = split(curve.data_path) or ("", "")
        if (attribute := rest.removeprefix(".")) in _RESTING:
            found.setdefault((bone, attribute), {})[curve.array_index] = curve
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
