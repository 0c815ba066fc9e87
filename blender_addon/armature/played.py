"""Where the bones of an armature are while an action plays, from its curves alone: the scene does not move."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import bpy
import numpy as np

from tokendance_core import matrix_from_axis_angle, matrix_from_quaternion, posed_heads

from .. import compat
from ..interface import bone_paths
from . import rig


def heads(
    armature: bpy.types.Object, action: bpy.types.Action | None, frames: np.ndarray, bones: Iterable[str]
) -> np.ndarray:
    """(N, B, 3) where ``bones`` begin on ``frames`` (N,), in the world as the armature object stands now, if nothing
    but the action moves them; what it does not key is posed as now.
    """
    read = rig.read_rig(armature)
    keyed = _channels(armature, action, frames) if action is not None else {}
    basis = [np.array(matrix, np.float64) for matrix in read.basis]
    for name, channels in keyed.items():
        index = read.names.index(name)
        basis[index] = _with_channels(basis[index], armature.pose.bones[name].rotation_mode, channels, len(frames))
    found = posed_heads(read, basis, list(bones))
    placed = np.stack([np.broadcast_to(found[bone], (len(frames), 3)) for bone in bones], 1)
    world: np.ndarray = placed @ read.world[:3, :3].T + read.world[:3, 3]
    return world


def _channels(
    armature: bpy.types.Object, action: bpy.types.Action, frames: np.ndarray
) -> dict[str, dict[str, np.ndarray]]:
    """Bone -> channel -> its values (N, 3 or 4) on ``frames``; what has no curve is as posed now."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for curve in compat.curves(action):
        bone, rest = bone_paths.split(curve.data_path) or ("", "")
        channel = rest.removeprefix(".")
        if channel not in bone_paths.TRANSFORMS or bone not in armature.pose.bones:
            continue
        values = found.setdefault(bone, {}).setdefault(
            channel, np.tile(getattr(armature.pose.bones[bone], channel)[:], (len(frames), 1))
        )
        values[:, curve.array_index] = [curve.evaluate(frame) for frame in frames.tolist()]
    return found


def _with_channels(basis: np.ndarray, mode: str, channels: dict[str, np.ndarray], count: int) -> np.ndarray:
    """(N, 4, 4) the channels of a bone: ``basis`` (4, 4) with what is keyed."""
    made = np.tile(basis, (count, 1, 1))
    scale = np.cbrt(abs(np.linalg.det(basis[:3, :3])))
    made[:, :3, :3] /= scale
    rotation = bone_paths.ROTATIONS.get(mode, "rotation_euler")
    if rotation in channels:
        made[:, :3, :3] = _turned(mode, channels[rotation])
    # Sizes do not change along a dance.
    made[:, :3, :3] *= channels["scale"][0].mean() if "scale" in channels else scale
    if "location" in channels:
        made[:, :3, 3] = channels["location"]
    return made


def _turned(mode: str, values: np.ndarray) -> np.ndarray:
    """(N, 3, 3) of the values (N, 3 or 4) of a rotation mode's channel."""
    if mode == "QUATERNION":
        return matrix_from_quaternion(values / np.linalg.norm(values, axis=-1, keepdims=True))
    if mode == "AXIS_ANGLE":
        axes = values[:, 1:] / np.maximum(np.linalg.norm(values[:, 1:], axis=-1, keepdims=True), 1e-9)
        return matrix_from_axis_angle(axes * values[:, :1])
    # Blender names the axis that turns first first.
    each = [matrix_from_axis_angle(np.eye(3)["XYZ".index(axis)] * values[:, ["XYZ".index(axis)]]) for axis in mode]
    return reduce(np.matmul, reversed(each))
