"""The pose that a character rests in, where that is not the rest pose of its bones: kept on it, because while it dances
its pose is that of the dance.
"""

from __future__ import annotations

import json
from dataclasses import replace

import bpy
import numpy as np

from tokendance_core import Rig, RigError

from . import map_store, recipe


def seen(armature: bpy.types.Object, read: Rig) -> Rig:
    """The rig with the pose that it rests in: the one that is kept if it dances, else the one that it shows now."""
    kept = _kept(armature) if _dances(armature) else {}
    return replace(read, basis=np.array([kept.get(name, _shown(armature, name)) for name in read.names]))


def keep(armature: bpy.types.Object, read: Rig) -> Rig:
    """As ``seen``, and the pose is kept. RigError when the character dances already and no pose was kept before."""
    if _dances(armature):
        if not _kept(armature):
            raise RigError(
                f"“{armature.name}” is dancing, so its pose now is not one to rest in.",
                hint="Unlink its action and unmute no take, pose it as it should rest, and try again.",
            )
        return seen(armature, read)
    rig = seen(armature, read)
    channels = {name: matrix.tolist() for name, matrix in zip(rig.names, rig.basis, strict=True)}
    map_store.of_armature(armature).tokendance_resting = json.dumps(channels)
    return rig


def _dances(armature: bpy.types.Object) -> bool:
    """Whether a take moves the character now."""
    data = armature.animation_data
    if data is None:
        return False
    laid = [strip.action for track in data.nla_tracks if not track.mute for strip in track.strips if not strip.mute]
    return any(action is not None and recipe.is_kept(action) for action in (data.action, *laid))


def _kept(armature: bpy.types.Object) -> dict[str, np.ndarray]:
    """Bone -> (4, 4) channels; empty where nothing readable is kept."""
    found = map_store.mapping(map_store.of_armature(armature).tokendance_resting)
    try:
        return {name: np.array(matrix, np.float64).reshape(4, 4) for name, matrix in found.items()}
    except (ValueError, TypeError):
        return {}


def _shown(armature: bpy.types.Object, name: str) -> np.ndarray:
    """(4, 4) the channels that would show the bone where it is now, constraints included."""
    bone = armature.pose.bones[name]
    return np.array(armature.convert_space(pose_bone=bone, matrix=bone.matrix, from_space="POSE", to_space="LOCAL"))
