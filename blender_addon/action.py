"""Write a ``RigAnimation`` as one action, all keys of a curve in one call.

``keyframe_insert`` takes 15 to 22 s for a minute of dance, this takes tens of milliseconds; the test keeps the slow
writer as the reference.
"""

from __future__ import annotations

from collections.abc import Mapping

import bpy
import numpy as np

from tokendance_core import RigAnimation, RigError

from .compat import CurveWriter

FORMER_MODE = "tokendance_rotation_mode"
"""Custom property of a pose bone: the rotation mode it had before the dance."""

RECIPE = "tokendance"
"""Custom property of an action: how the dance was made."""


def write(
    armature: bpy.types.Object,
    animation: RigAnimation,
    *,
    name: str,
    frame_start: float,
    scene_fps: float,
    recipe: Mapping[str, object],
) -> bpy.types.Action:
    """Key ``animation`` on ``armature`` as a new active action, its first sample at ``frame_start``.

    A sample at t seconds lands on frame ``frame_start`` + t * ``scene_fps``. Former rotation modes stay in ``FORMER_MODE``.
    RigError when the armature lacks a bone.
    """
    missing = [bone for bone in animation.bones if bone not in armature.pose.bones]
    if missing:
        raise RigError(f"“{armature.name}” has no bone named “{missing[0]}”.", hint="Match the armature again: its bones changed.")
    action = bpy.data.actions.new(name)
    action.use_fake_user = True
    action[RECIPE] = dict(recipe)
    writer = CurveWriter(action, armature)
    frames = frame_start + np.arange(len(animation.quaternions)) * (scene_fps / animation.fps)
    for column, bone in enumerate(animation.bones):
        _put(writer, bone, "rotation_quaternion", frames, animation.quaternions[:, column])
    _put(writer, animation.root_bone, "location", frames, animation.locations)
    writer.assign()
    for bone in animation.bones:
        _use_quaternion(armature.pose.bones[bone])
    return action


def _put(writer: CurveWriter, bone: str, attribute: str, frames: np.ndarray, values: np.ndarray) -> None:
    """One linear curve per column of ``values`` (T, N)."""
    path = f'pose.bones["{bpy.utils.escape_identifier(bone)}"].{attribute}'
    linear = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items["LINEAR"].value
    keys = np.empty((len(frames), 2), np.float32)
    keys[:, 0] = frames
    for index in range(values.shape[1]):
        curve = writer.new(path, index, bone)
        curve.keyframe_points.add(len(frames))
        keys[:, 1] = values[:, index]
        curve.keyframe_points.foreach_set("co", keys.ravel())
        curve.keyframe_points.foreach_set("interpolation", np.full(len(frames), linear, np.int32))
        curve.update()


def _use_quaternion(bone: bpy.types.PoseBone) -> None:
    if bone.rotation_mode != "QUATERNION":
        bone[FORMER_MODE] = bone.rotation_mode
        bone.rotation_mode = "QUATERNION"
