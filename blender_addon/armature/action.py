"""Write a ``RigAnimation`` as one action, all keys of a curve in one call.

For a minute of dance ``keyframe_insert`` takes 15 to 22 s, this takes tens of milliseconds; the test keeps the slow
writer as a reference.
"""

from __future__ import annotations

from typing import cast

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

from ..compat import CurveWriter
from . import holds

_MOVED = 1e-6


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
        _put(writer, bone, attribute, frames, values)
    for bone, values in animation.locations.items():
        _put(writer, bone, "location", frames, values)
    for bone in animation.bones:
        # A location left behind by an earlier action would be added to the dance.
        if bone not in animation.locations and max(map(abs, armature.pose.bones[bone].location[:])) > _MOVED:
            _put(writer, bone, "location", frames[:1], np.zeros((1, 3)))
    former = holds.let_go(armature, animation, writer, frames[0])
    writer.assign()
    holds.remember(armature, animation, former)
    return action


def _rotations(armature: bpy.types.Object, animation: RigAnimation) -> dict[str, tuple[str, np.ndarray]]:
    """Bone -> the channel of its rotation mode and that channel's values (T, 3 or 4), continuous over time."""
    modes: dict[str, list[int]] = {}
    for column, bone in enumerate(animation.bones):
        modes.setdefault(armature.pose.bones[bone].rotation_mode, []).append(column)
    found: dict[str, tuple[str, np.ndarray]] = {}
    for mode, columns in modes.items():
        attribute, values = _in_mode(mode, animation.quaternions[:, columns])
        found |= {animation.bones[column]: (attribute, values[:, place]) for place, column in enumerate(columns)}
    return {bone: found[bone] for bone in animation.bones}


def _in_mode(mode: str, quaternions: np.ndarray) -> tuple[str, np.ndarray]:
    """Channel and values (T, K, 3 or 4) in a rotation mode; Blender names Euler orders innermost axis first."""
    if mode == "QUATERNION":
        return "rotation_quaternion", quaternions
    if mode == "AXIS_ANGLE":
        return "rotation_axis_angle", axis_angles(continuous_quaternions(quaternions))
    outermost_first = mode[::-1]
    angles = euler_angles(matrix_from_quaternion(quaternions), outermost_first)
    return "rotation_euler", angles[..., [outermost_first.index(axis) for axis in "XYZ"]]


def _put(writer: CurveWriter, bone: str, attribute: str, frames: np.ndarray, values: np.ndarray) -> None:
    """One linear curve per column of ``values`` (T, N)."""
    path = f'pose.bones["{bpy.utils.escape_identifier(bone)}"].{attribute}'
    interpolation = cast("bpy.types.EnumProperty", bpy.types.Keyframe.bl_rna.properties["interpolation"])
    linear = interpolation.enum_items["LINEAR"].value
    keys = np.empty((len(frames), 2), np.float32)
    keys[:, 0] = frames
    for index in range(values.shape[1]):
        curve = writer.new(path, index, bone)
        curve.keyframe_points.add(len(frames))
        keys[:, 1] = values[:, index]
        curve.keyframe_points.foreach_set("co", keys.ravel())
        curve.keyframe_points.foreach_set("interpolation", np.full(len(frames), linear, np.int32))
        curve.update()
