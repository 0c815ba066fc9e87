"""A character at rest, as the transfer sees it: where its joints are, which way it faces, and how it differs from our
T-pose.

Limbs of a resting body differ from ours by pose (T, A, arms down): they are aligned exactly. Spine, collars and the
pitch of the feet differ by build: they stay as they are modelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tokendance_core.errors import RigError
from tokendance_core.motion import rotation
from tokendance_core.motion.rotation import unit
from tokendance_core.motion.skeleton import ANKLE_HEIGHT, INDEX, JOINTS, OFFSETS, SIDES, T_POSE
from tokendance_core.retarget import posing
from tokendance_core.retarget.posing import Posture, ancestors
from tokendance_core.types import Rig, RigMap

LEG_LENGTH = sum(float(np.linalg.norm(OFFSETS[INDEX[f"left_{joint}"]])) for joint in ("knee", "ankle"))
"""Hip to ankle of our own skeleton in metres."""

NEEDED = ("pelvis", *(f"{side}_{joint}" for side in SIDES for joint in ("hip", "knee", "ankle")))
"""Joints that the transfer needs, beside one of ``_TOPS``."""

_TOPS = ("head", "neck", "spine3")
_SNAP_FRONT, _SNAP_UP = np.cos(np.radians(10.0)), np.cos(np.radians(30.0))

# joint of a limb, the joints that it may point at, and the joint whose alignment it starts from
_LIMBS = (
    ("hip", ("knee",), None),
    ("knee", ("ankle",), "hip"),
    ("shoulder", ("elbow", "wrist"), None),
    ("elbow", ("wrist",), "shoulder"),
    ("wrist", (), "elbow"),
    ("hand", (), "wrist"),
)
_NEAR_GROUND = 0.08  # of the height; nobody's soles are thicker than that
_FURTHEST_TURN_OUT = np.radians(60.0)
"""A resting foot turned out further than this does not point to the front by its build."""


@dataclass(frozen=True, eq=False)
class RestPose:
    """What the transfer knows of a mapped rig before it dances.

    ``bones`` joint -> bone index; ``root_bone`` the bone whose location moves the body; ``basis`` (B, 4, 4) and
    ``posture``: channels and positions of all bones; ``axes`` (3, 3) columns left, up, front in armature space;
    ``scale`` armature units to one of our metres; ``floor`` height along up at which a dancer of our build would
    stand, ``ground`` height of what is under the soles; ``alignment`` (24, 3, 3) in our axes: what turns each resting
    limb into our T-pose.
    """

    bones: dict[str, int]
    root_bone: int
    basis: np.ndarray
    posture: Posture
    axes: np.ndarray
    scale: float
    floor: float
    ground: float
    alignment: np.ndarray

    def head(self, joint: str) -> np.ndarray:
        """(3,) where the joint's bone begins, armature space."""
        head: np.ndarray = self.posture.heads[self.bones[joint]][0]
        return head


def mapped_bones(rig: Rig, rig_map: RigMap) -> dict[str, int]:
    """Joint name -> bone index; raises RigError for bones that the rig lacks or that play two joints, and for joints
    that the transfer needs and the map lacks.
    """
    index = {name: i for i, name in enumerate(rig.names)}
    unknown = [use.bone for use in rig_map.bones_in_use() if use.dances and use.bone not in index]
    if unknown:
        raise RigError(f"The armature has no bone {unknown[0]} that its map names.", hint="Match the armature again.")
    joints: dict[str, str] = {}
    for joint, bone in rig_map.bones.items():
        if bone in joints:
            raise RigError(
                f"The bone {bone} is mapped to both {joints[bone]} and {joint}.",
                hint="Give each joint a bone of its own.",
            )
        joints[bone] = joint
    missing = [joint for joint in NEEDED if joint not in rig_map.bones]
    if not any(joint in rig_map.bones for joint in _TOPS):
        missing.append("head")
    if missing:
        raise RigError(f"No bone is mapped to {', '.join(missing)}.", hint="Map the pelvis, the head and both legs.")
    return {joint: index[bone] for joint, bone in rig_map.bones.items()}


def read(rig: Rig, rig_map: RigMap, *, root_moves: bool = False) -> RestPose:
    """The rest pose of a mapped rig; ``root_moves``: the bone mapped to root will have a path of its own.

    Raises RigError for maps that do not fit and for joints that lie on top of each other.
    """
    bones = mapped_bones(rig, rig_map)
    path = root_bone(rig, rig_map, bones)
    index = {name: i for i, name in enumerate(rig.names)}
    more = [index[bone] for table in (rig_map.twist, rig_map.followers) for chain in table.values() for bone in chain]
    turned = [bone for joint, bone in bones.items() if joint != "root"]
    basis = posing.resting(rig, [*turned, *more], [path, bones["root"]] if root_moves else [path])
    posture = posing.pose(rig, range(len(rig.names)), {}, basis)
    heads = {joint: posture.heads[bone][0] for joint, bone in bones.items()}
    axes = body_axes(heads)
    scale = leg_length(heads) / LEG_LENGTH
    ankles = np.mean([heads[f"{side}_ankle"] for side in SIDES], axis=0)
    points = {joint: axes.T @ head for joint, head in heads.items()}
    tips = {
        f"{side}_foot": axes.T @ _tail(rig, posture, bones[f"{side}_ankle"])
        for side in SIDES
        if f"{side}_foot" not in bones
    }
    alignment = _alignment(points, tips)
    for joint, degrees in rig_map.offsets.items():
        if joint not in INDEX:
            raise RigError(f"{joint} has an offset, but it does not turn with the dance.", hint="Remove the offset.")
        alignment[INDEX[joint]] = rotation.matrix_from_axis_angle(np.radians(degrees)) @ alignment[INDEX[joint]]
    floor = float(ankles @ axes[:, 1] - scale * ANKLE_HEIGHT)
    return RestPose(
        bones, path, basis, posture, axes, scale, floor, _ground(rig, posture, bones, axes[:, 1]), alignment
    )


def _ground(rig: Rig, posture: Posture, bones: Mapping[str, int], up: np.ndarray) -> float:
    """Height of the ground along ``up`` (3,): the armature's own zero if the feet rest near it, else the lowest end of
    a foot bone.
    """
    feet = [bone for joint, bone in bones.items() if joint.endswith(("_ankle", "_foot"))]
    lowest = min(
        float(point[0] @ up) for bone in feet for point in (posture.heads[bone], _tail(rig, posture, bone)[None])
    )
    top = max(float(posture.heads[bone][0] @ up) for bone in bones.values())
    return 0.0 if abs(lowest) < _NEAR_GROUND * (top - lowest) else lowest


def root_bone(rig: Rig, rig_map: RigMap, bones: dict[str, int]) -> int:
    """The bone whose location moves the whole body: the lowest that carries legs and trunk and is free to move."""
    if rig_map.path in rig.names:
        return rig.names.index(rig_map.path)
    carried = [
        bone for joint, bone in bones.items() if joint.startswith(("spine", "neck", "head")) or joint.endswith("_hip")
    ]
    above = [set(posing.needed(rig, [bone])) for bone in carried]
    lineage = [bones["pelvis"], *ancestors(rig, bones["pelvis"])]
    common = [bone for bone in lineage if all(bone in others for others in above)] or lineage[-1:]
    movable = [bone for bone in common if not rig.connected[bone] or rig.parents[bone] < 0]
    for bone in movable:
        if not rig.location_locked[bone] and not rig.driven[bone]:
            return bone
    return movable[-1] if movable else lineage[-1]


def _snapped(direction: np.ndarray, cosine: float) -> np.ndarray:
    """The coordinate axis nearest to a unit direction if they nearly agree, because modelled bodies lean and are not
    quite symmetric; else the direction.
    """
    axis = np.zeros(3)
    axis[np.abs(direction).argmax()] = np.sign(direction[np.abs(direction).argmax()])
    return axis if direction @ axis > cosine else direction


def body_axes(heads: Mapping[str, np.ndarray]) -> np.ndarray:
    """(3, 3) columns: the character's left, up and front, from where its joints (name -> (3,)) rest.

    Blender's usual Z up, front -Y gives (x, y, z) -> (x, -z, y); files from Y-up programs keep their own axes in
    armature space.
    """
    hips, ankles = (np.mean([heads[f"{side}_{joint}"] for side in SIDES], axis=0) for joint in ("hip", "ankle"))
    top = next(heads[joint] for joint in _TOPS if joint in heads)
    up = _snapped(unit(unit(hips - ankles) + unit(top - hips)), _SNAP_UP)
    left = heads["left_hip"] - heads["right_hip"]
    left = left - up * (left @ up)
    if np.linalg.norm(left) < 1e-6 * np.linalg.norm(top - ankles):
        raise RigError(
            "The left and the right hip lie in the same place, so the character has no front.",
            hint="Map the thighs of both sides.",
        )
    left = _snapped(unit(left), _SNAP_FRONT)
    left = unit(left - up * (left @ up))
    return np.stack((left, up, np.cross(left, up)), -1)


def leg_length(heads: Mapping[str, np.ndarray]) -> float:
    """Mean hip-knee-ankle length of resting joints (name -> (3,)); raises RigError when a thigh or shin has no
    length.
    """
    lengths = []
    for side in SIDES:
        for above, below in pairwise(f"{side}_{joint}" for joint in ("hip", "knee", "ankle")):
            lengths.append(float(np.linalg.norm(heads[below] - heads[above])))
            if not lengths[-1] > 0:
                raise RigError(
                    f"{above} and {below} lie in the same place at rest.",
                    hint=f"Map {above} and {below} to the two ends of a bone.",
                )
    return sum(lengths) / 2


def _tail(rig: Rig, posture: Posture, bone: int) -> np.ndarray:
    """(3,) where a bone ends at rest."""
    along = posture.scales[bone] * rig.lengths[bone] * posture.turns[bone][0, :, 1]
    tail: np.ndarray = posture.heads[bone][0] + along
    return tail


def _alignment(points: dict[str, np.ndarray], tips: dict[str, np.ndarray]) -> np.ndarray:
    """(24, 3, 3) turns from the rest pose to our T-pose; ``points``: joint -> (3,) where it rests in our axes, ``tips``
    likewise for toes that have no bone.
    """
    turns = np.tile(np.eye(3), (len(JOINTS), 1, 1))
    for side in SIDES:
        for joint, ends, start in _LIMBS:
            name = f"{side}_{joint}"
            if start:
                turns[INDEX[name]] = turns[INDEX[f"{side}_{start}"]]
            end = next((f"{side}_{end}" for end in ends if f"{side}_{end}" in points), None)
            if name in points and end and np.linalg.norm(points[end] - points[name]) > 0:
                resting = turns[INDEX[name]] @ (points[end] - points[name])
                turns[INDEX[name]] = (
                    rotation.shortest_arc(resting, T_POSE[INDEX[end]] - T_POSE[INDEX[name]]) @ turns[INDEX[name]]
                )
        toe = (points | tips)[f"{side}_foot"]
        turns[[INDEX[f"{side}_ankle"], INDEX[f"{side}_foot"]]] = _turned_in(toe - points[f"{side}_ankle"])
    return turns


def _turned_in(foot: np.ndarray) -> np.ndarray:
    """(3, 3): the turn about up that lets a resting foot, a vector (3,) from ankle to toe, point to the front as ours
    does.
    """
    heading = float(np.arctan2(foot[0], foot[2])) if np.hypot(foot[0], foot[2]) > 1e-9 else 0.0
    return rotation.heading_matrix(-heading if abs(heading) < _FURTHEST_TURN_OUT else 0.0)
