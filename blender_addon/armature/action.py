"""Write a ``RigAnimation`` as one action, all keys of a curve in one call.

For a minute of dance ``keyframe_insert`` takes 15 to 22 s, this takes tens of milliseconds; the test keeps the slow
writer as a reference.
"""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np

from tokendance_core import RigAnimation, RigError

from ..compat import CurveWriter
from . import holds, rotation_modes
from .rotation_modes import put

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
        put(writer.channels, bone, attribute, frames, values)
    rotation_modes.remember(armature, action, animation.bones)
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
        attribute, values = rotation_modes.in_mode(mode, animation.quaternions[:, columns])
        found |= {animation.bones[column]: (attribute, values[:, place]) for place, column in enumerate(columns)}
    return {bone: found[bone] for bone in animation.bones}
