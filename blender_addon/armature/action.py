"""Write a ``RigAnimation`` as one action, all keys of a curve in one call.

For a minute of dance ``keyframe_insert`` takes 15 to 22 s, this takes tens of milliseconds; the test keeps the slow
writer as a reference.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

import bpy
import numpy as np

from tokendance_core import (
    RigAnimation,
    RigError,
    axis_angles,
    continuous_quaternions,
    euler_angles,
    matrix_from_quaternion,
)

from ..compat import CurveWriter, new_curve
from ..interface.bone_paths import ROTATIONS, path_of
from . import holds, map_store

_MOVED = 1e-6

_ORDERS = "tokendance_orders"
"""Custom property of an action: bone -> the order of its Euler angles, as JSON."""

_EULER_ORDERS = frozenset(map("".join, itertools.permutations("XYZ")))


def write(
    armature: bpy.types.Object,
    animation: RigAnimation,
    *,
    name: str,
    frame_start: float,
    scene_fps: float,
) -> bpy.types.Action:
    """Key ``animation`` on ``armature`` as a new active action, its first sample at ``frame_start``.

    A sample at t seconds lands on frame ``frame_start`` + t * ``scene_fps``. Bones keep their rotation modes. What
    would hold bones against their keys is disabled (``holds``). RigError when the armature lacks a bone.
    """
    missing = [bone for bone in (*animation.bones, *animation.locations) if bone not in armature.pose.bones]
    if missing:
        raise RigError(
            f"“{armature.name}” has no bone named “{missing[0]}”.", hint="Match the armature again: its bones changed."
        )
    action = bpy.data.actions.new(name)
    action.use_fake_user = True
    writer = CurveWriter(action, armature)
    frames = frame_start + np.arange(len(animation.quaternions)) * (scene_fps / animation.fps)
    for bone, (attribute, values) in _rotations(armature, animation).items():
        put(writer.channels, bone, attribute, frames, values)
    remember_orders(action, {bone: armature.pose.bones[bone].rotation_mode for bone in animation.bones})
    for bone, values in animation.locations.items():
        put(writer.channels, bone, "location", frames, values)
    for bone, attribute, value in _left_behind(armature, animation):
        put(writer.channels, bone, attribute, frames[:1], np.full((1, 3), value))
    former = holds.let_go(armature, animation, writer, frames[0])
    writer.assign()
    holds.remember(armature, animation, former)
    return action


def _left_behind(armature: bpy.types.Object, animation: RigAnimation) -> Iterator[tuple[str, str, float]]:
    """Bone, channel and value of what an earlier action left in the pose, or plays below the dance, and what would be
    added to it: places, and scales.
    """
    underlaid = bool(armature.animation_data and armature.animation_data.nla_tracks)
    for name in animation.bones:
        bone, scale = armature.pose.bones[name], animation.scales.get(name, 1.0)
        if name not in animation.locations and (underlaid or max(map(abs, bone.location[:])) > _MOVED):
            yield name, "location", 0.0
        if underlaid or name in animation.scales or max(abs(size - 1.0) for size in bone.scale[:]) > _MOVED:
            yield name, "scale", scale


def _rotations(armature: bpy.types.Object, animation: RigAnimation) -> dict[str, tuple[str, np.ndarray]]:
    """Bone -> the channel of its rotation mode and that channel's values (T, 3 or 4), continuous over time."""
    modes: dict[str, list[int]] = {}
    for column, bone in enumerate(animation.bones):
        modes.setdefault(armature.pose.bones[bone].rotation_mode, []).append(column)
    found: dict[str, tuple[str, np.ndarray]] = {}
    for mode, columns in modes.items():
        attribute, values = in_mode(mode, animation.quaternions[:, columns])
        found |= {animation.bones[column]: (attribute, values[:, place]) for place, column in enumerate(columns)}
    return {bone: found[bone] for bone in animation.bones}


def in_mode(mode: str, quaternions: np.ndarray) -> tuple[str, np.ndarray]:
    """Channel and values (T, K, 3 or 4) in a rotation mode; Blender names Euler orders innermost axis first."""
    if mode == "QUATERNION":
        return ROTATIONS[mode], quaternions
    if mode == "AXIS_ANGLE":
        return ROTATIONS[mode], axis_angles(continuous_quaternions(quaternions))
    outermost_first = mode[::-1]
    angles = euler_angles(matrix_from_quaternion(quaternions), outermost_first)
    return "rotation_euler", angles[..., [outermost_first.index(axis) for axis in "XYZ"]]


def put(into: Any, bone: str, attribute: str, frames: np.ndarray, values: np.ndarray) -> None:
    """One linear curve per column of ``values`` (T, N), in the ``channels`` of an action."""
    path = f"{path_of(bone)}.{attribute}"
    interpolation = cast("bpy.types.EnumProperty", bpy.types.Keyframe.bl_rna.properties["interpolation"])
    linear = interpolation.enum_items["LINEAR"].value
    keys = np.empty((len(frames), 2), np.float32)
    keys[:, 0] = frames
    for index in range(values.shape[1]):
        curve = new_curve(into, path, index, bone)
        curve.keyframe_points.add(len(frames))
        keys[:, 1] = values[:, index]
        curve.keyframe_points.foreach_set("co", keys.ravel())
        curve.keyframe_points.foreach_set("interpolation", np.full(len(frames), linear, np.int32))
        curve.update()


def orders(action: bpy.types.Action) -> dict[str, str]:
    """Bone -> the order of the Euler angles that an action has for it, where it was written with some."""
    kept = map_store.mapping(action.get(_ORDERS))
    return {bone: order for bone, order in kept.items() if isinstance(order, str) and order in _EULER_ORDERS}


def remember_orders(action: bpy.types.Action, modes: Mapping[str, str]) -> None:
    """Keep with an action the orders of its Euler angles, because curves do not tell; ``modes``: bone -> its mode."""
    action[_ORDERS] = json.dumps({bone: mode for bone, mode in modes.items() if mode in _EULER_ORDERS})
