"""A dance onto a rig: rest-pose-corrected transfer of joint rotations, and the pelvis path scaled to the legs.

A bone keeps, relative to its own rest pose, the world turn of its joint: ``posed = C G C' rest`` with ``G`` the joint's global rotation
and ``C`` our axes expressed in the armature's. That is exact, whatever the bones' rolls and axes, when both rest in a T-pose.
Everything is computed in armature space, so the dance goes along with the armature object wherever it stands and whatever its scale.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tokendance_core import rotation
from tokendance_core.errors import RigError
from tokendance_core.kinematics import forward_kinematics
from tokendance_core.skeleton import ANKLE_HEIGHT, INDEX, OFFSETS
from tokendance_core.types import MotionClip, Rig, RigAnimation, RigMap

_SIDES = ("left", "right")

LEG_LENGTH = sum(float(np.linalg.norm(OFFSETS[INDEX[f"left_{joint}"]])) for joint in ("knee", "ankle"))
"""Hip to ankle of our own skeleton in metres."""

_SNAP = np.cos(np.radians(10.0))


def _mapped_bones(rig: Rig, rig_map: RigMap) -> dict[str, int]:
    """Joint name -> bone index; raises RigError for bones that the rig lacks or that the transfer cannot do without."""
    index = {name: i for i, name in enumerate(rig.names)}
    unknown = [bone for bone in rig_map.bones.values() if bone not in index]
    if unknown:
        raise RigError(f"the armature has no bone {unknown[0]} that its map names", "Match the armature again.")
    needed = ["pelvis", "head", *(f"{side}_{joint}" for side in _SIDES for joint in ("hip", "knee", "ankle"))]
    missing = [joint for joint in needed if joint not in rig_map.bones]
    if missing:
        raise RigError(f"no bone is mapped to {', '.join(missing)}", "Map the pelvis, the head and both legs.")
    return {joint: index[bone] for joint, bone in rig_map.bones.items()}


def _snapped(direction: np.ndarray) -> np.ndarray:
    """The coordinate axis next to a unit direction when they nearly agree: modelled bodies are not quite symmetric."""
    axis = np.zeros(3)
    axis[np.abs(direction).argmax()] = np.sign(direction[np.abs(direction).argmax()])
    return axis if direction @ axis > _SNAP else direction


def body_axes(rig: Rig, rig_map: RigMap) -> np.ndarray:
    """(3, 3) columns: the character's left, up and front in armature space, read from the rest pose.

    Blender's usual Z up, front -Y gives (x, y, z) -> (x, -z, y); files from Y-up programs keep their own axes in armature space.
    """
    bones = _mapped_bones(rig, rig_map)
    heads = rig.rest[:, :3, 3]
    spine = heads[bones["head"]] - heads[bones["pelvis"]]
    up = np.zeros(3)
    up[np.abs(spine).argmax()] = np.sign(spine[np.abs(spine).argmax()])  # a spine leans and curves, the floor does not
    left = heads[bones["left_hip"]] - heads[bones["right_hip"]]
    left = left - up * (left @ up)
    left = _snapped(left / np.linalg.norm(left))
    return np.stack((left, up, np.cross(left, up)), -1)


def leg_length(heads: np.ndarray, bones: dict[str, int]) -> float:
    """Mean hip-knee-ankle length at rest, armature units."""
    chains = [[heads[bones[f"{side}_{joint}"]] for joint in ("hip", "knee", "ankle")] for side in _SIDES]
    return float(np.mean([sum(np.linalg.norm(b - a) for a, b in pairwise(chain)) for chain in chains]))


def _pelvis_path(clip: MotionClip, pelvis_turn: np.ndarray, rig: Rig, bones: dict[str, int], axes: np.ndarray) -> np.ndarray:
    """(T, 3) pelvis positions in armature space: our hip centre, scaled to the rig's legs, standing where the rig rests."""
    heads = rig.rest[:, :3, 3]
    scale = leg_length(heads, bones) / LEG_LENGTH
    hips, ankles = (np.mean([heads[bones[f"{side}_{joint}"]] for side in _SIDES], axis=0) for joint in ("hip", "ankle"))
    our_hips = scale * axes @ OFFSETS[[INDEX["left_hip"], INDEX["right_hip"]]].mean(0)
    # Rigs place the pelvis bone differently above the hips; the legs, and so the feet, hang on the hips.
    lever = our_hips - (hips - heads[bones["pelvis"]])
    up = axes[:, 1]
    # Flat feet stay at their rest height above the floor, and the song's first step starts below the character.
    origin = hips + up * ((ankles - hips) @ up - scale * ANKLE_HEIGHT)
    return origin + scale * clip.root @ axes.T + pelvis_turn @ lever


def _basis_rotations(rig: Rig, targets: dict[int, np.ndarray], frames: int) -> dict[int, np.ndarray]:
    """Posed rotations (T, 3, 3) by bone -> each bone's channel: its turn relative to where its parent carries its rest pose."""
    needed = set(targets)
    for bone in reversed(range(len(rig.names))):
        if bone in needed and rig.parents[bone] >= 0:
            needed.add(int(rig.parents[bone]))
    rest = rig.rest[:, :3, :3]
    posed: dict[int, np.ndarray] = {}
    basis: dict[int, np.ndarray] = {}
    for bone in sorted(needed):
        parent = int(rig.parents[bone])
        carried = posed[parent] @ (rest[parent].T @ rest[bone]) if parent >= 0 else np.broadcast_to(rest[bone], (frames, 3, 3))
        posed[bone] = targets.get(bone, carried)
        if bone in targets:
            basis[bone] = carried.swapaxes(-1, -2) @ targets[bone]
    return basis


def retarget(clip: MotionClip, rig: Rig, rig_map: RigMap) -> RigAnimation:
    """The keys that make ``rig`` dance ``clip``; bones outside ``rig_map`` keep their rest pose. Raises RigError."""
    bones = _mapped_bones(rig, rig_map)
    axes = body_axes(rig, rig_map)
    local = rotation.matrix_from_6d(clip.rot6d.astype(np.float64))
    _, turns = forward_kinematics(local, clip.root.astype(np.float64))
    turns = axes @ turns @ axes.T
    targets = {bone: turns[:, INDEX[joint]] @ rig.rest[bone, :3, :3] for joint, bone in bones.items()}
    basis = _basis_rotations(rig, targets, clip.frames)
    order = sorted(basis)
    quaternions = np.stack([rotation.quaternion_from_matrix(basis[bone]) for bone in order], axis=1)
    root = bones["pelvis"]
    # What is above the pelvis stays at rest, so its own rest axes are the channel's axes.
    locations = (_pelvis_path(clip, turns[:, 0], rig, bones, axes) - rig.rest[root, :3, 3]) @ rig.rest[root, :3, :3]
    names = tuple(rig.names[bone] for bone in order)
    return RigAnimation(names, rotation.continuous_quaternions(quaternions), rig.names[root], locations, clip.fps)
