"""BVH files of people of any proportions, names, units and axes, danced by our own skeleton.

Every joint keeps its rotation in the world, and limbs keep the direction in which they point, whatever pose the file
rests in (T, A, or arms down). What depends on proportions cannot be kept: with other bone lengths hands and feet end up
elsewhere, by the difference in reach (centimetres for an adult), and feet may slide a little more than in the file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tokendance_core.errors import ClipError, DataError, RigError
from tokendance_core.files import bvh
from tokendance_core.files.bvh import BvhFile
from tokendance_core.files.guarded import guarded
from tokendance_core.motion import rotation
from tokendance_core.motion.contacts import stand_on_floor
from tokendance_core.motion.skeleton import INDEX, JOINTS, OFFSETS, PARENTS, SIDES
from tokendance_core.retarget.stance import LEG_LENGTH, body_axes, leg_length
from tokendance_core.rigs import recognise
from tokendance_core.types import MotionClip, Rig

_LIMBS = {"hip": "knee", "knee": "ankle", "shoulder": "elbow", "elbow": "wrist"}
"""Joint -> the joint it points at. Spine, shoulders and feet of resting bodies differ by build, not by pose: they stay
as they are.
"""

_LEAST_UPRIGHT = 0.8
"""Cosine between the resting legs and the vertical below which the file's zero pose is no standing pose."""


def _rest(file: BvhFile) -> Rig:
    """The skeleton as it stands when every channel is zero."""
    rest = np.tile(np.eye(4), (len(file.names), 1, 1))
    for joint, parent in enumerate(file.parents):
        rest[joint, :3, 3] = file.offsets[joint] + (rest[parent, :3, 3] if parent >= 0 else 0.0)
    return Rig.plain(file.names, np.array(file.parents), rest)


def _standing_axes(path: Path, heads: dict[str, np.ndarray]) -> np.ndarray:
    """(3, 3) columns: left, up and front of the body whose joints rest at ``heads``; DataError when it does not
    stand.
    """
    axes = body_axes(heads)
    legs = [heads[f"{side}_hip"] - heads[f"{side}_ankle"] for side in SIDES]
    if not all(leg @ axes[:, 1] > _LEAST_UPRIGHT * np.linalg.norm(leg) for leg in legs):
        raise DataError(
            f"The zero pose of {path.name} does not stand upright, expected a T-pose, an A-pose or hanging arms.",
            hint="Export the file with the character's T-pose as rest pose.",
        )
    return axes


def _corrections(heads: dict[str, np.ndarray], axes: np.ndarray) -> dict[str, np.ndarray]:
    """Joint -> (3, 3) turn, in the file's axes, from our T-pose to the file's rest pose: limbs, and hands along with
    the arm.
    """
    found = {}
    for side in SIDES:
        for joint, target in ((f"{side}_{a}", f"{side}_{b}") for a, b in _LIMBS.items()):
            found[joint] = rotation.shortest_arc(axes @ OFFSETS[INDEX[target]], heads[target] - heads[joint])
        found[f"{side}_wrist"] = found[f"{side}_elbow"]
    return found


def _posed(file: BvhFile, wanted: set[int]) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
    """Rotations (T, 3, 3) and positions (T, 3) in the world, by joint, of the wanted joints and all above them."""
    needed = set(wanted)
    for joint in reversed(range(len(file.names))):
        if joint in needed and file.parents[joint] >= 0:
            needed.add(file.parents[joint])
    global_rotations: dict[int, np.ndarray] = {}
    places: dict[int, np.ndarray] = {}
    for joint in sorted(needed):
        parent = file.parents[joint]
        global_rotations[joint], places[joint] = file.rotations(joint), file.positions(joint)
        if parent >= 0:
            above = global_rotations[parent]
            places[joint] = places[parent] + (above @ places[joint][..., None])[..., 0]
            global_rotations[joint] = above @ global_rotations[joint]
    return global_rotations, places


@guarded(ClipError, "is not a complete BVH file", "Export it again; the file may have been cut short.")
def read(path: Path) -> MotionClip:
    """The dance of a BVH file on our skeleton: scaled to our legs, its zero pose facing +Z, on the floor, at the file's
    own frame rate.

    Joints that the file lacks go along with their parent. Raises ClipError (not a BVH file, cut short) and DataError
    (names that are not known, a zero pose that does not stand).
    """
    file = bvh.parse(path)
    rig = _rest(file)
    try:
        rig_map = recognise.match_names(rig)
    except RigError as problem:
        raise DataError(
            f"The skeleton of {path.name} is not known: {problem}",
            hint="Rename its joints as Mixamo, CMU, Daz or SMPL do (Hips, Spine, LeftUpLeg, LeftArm, …) and export it "
            "again.",
        ) from problem
    bones = {joint: file.names.index(name) for joint, name in rig_map.bones.items()}
    heads = {joint: rig.heads[bone] for joint, bone in bones.items()}
    axes = _standing_axes(path, heads)
    corrections = _corrections(heads, axes)
    global_rotations, places = _posed(file, set(bones.values()))

    ours: list[np.ndarray] = []
    local = np.empty((len(file.table), len(JOINTS), 3, 3))
    for joint, parent in enumerate(PARENTS):
        name = JOINTS[joint]
        above = ours[parent] if parent >= 0 else np.broadcast_to(np.eye(3), local[:, 0].shape)
        ours.append(
            axes.T @ global_rotations[bones[name]] @ corrections.get(name, np.eye(3)) @ axes if name in bones else above
        )
        local[:, joint] = above.swapaxes(-1, -2) @ ours[joint]

    scale = LEG_LENGTH / leg_length(heads)
    hips = (places[bones["left_hip"]] + places[bones["right_hip"]]) / 2
    # The hips carry the legs, so their centre is what is placed; files put the pelvis joint at different heights above.
    root = scale * hips @ axes - ours[0] @ OFFSETS[[INDEX["left_hip"], INDEX["right_hip"]]].mean(0)
    rot6d = rotation.rot6d_from_matrix(local).astype(np.float32)
    return stand_on_floor(MotionClip(rot6d, root.astype(np.float32), file.fps, path.stem))
