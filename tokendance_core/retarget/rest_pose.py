"""A character at rest, as the transfer sees it: which bones it moves, where its joints are, and what turns them into
our T-pose.

What looks at the joints alone is in ``stance.py``, what looks at the hierarchy in ``hanging.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tokendance_core.errors import RigError
from tokendance_core.motion import rotation
from tokendance_core.motion.skeleton import ANKLE_HEIGHT, INDEX, SIDES
from tokendance_core.retarget import hanging, posing, stance
from tokendance_core.retarget.posing import Hung, Posture, ancestors
from tokendance_core.retarget.stance import LEG_LENGTH, TOPS, body_axes, leg_length
from tokendance_core.types import Rig, RigMap

NEEDED = ("pelvis", *(f"{side}_{joint}" for side in SIDES for joint in ("hip", "knee", "ankle")))
"""Joints that the transfer needs, beside one of ``TOPS``."""

_NEAR_GROUND = 0.08  # of the height; nobody's soles are thicker than that


@dataclass(frozen=True, eq=False)
class RestPose:
    """What the transfer knows of a mapped rig before it dances.

    ``bones`` joint -> bone index; ``root_bone`` the bone whose location moves the body; ``pelvis`` the bones that turn
    as the pelvis does; ``hung`` the bones that are kept in their place by location keys; ``basis`` (B, 4, 4): the
    channels of all bones without the dance; ``kept``: the bones whose place and scale in the pose belong to the rest
    pose; ``posture``: how all bones rest; ``axes`` (3, 3) columns left, up, front in armature space; ``scale`` armature
    units to one of our metres; ``floor`` height along up at which a dancer of our build would stand, ``ground`` height
    of what is under the soles; ``alignment`` (24, 3, 3) in our axes: what turns each resting limb into our T-pose;
    ``remark``: a sentence on what looks wrong, if anything does.
    """

    bones: dict[str, int]
    root_bone: int
    pelvis: tuple[int, ...]
    hung: dict[int, Hung]
    basis: np.ndarray
    kept: frozenset[int]
    posture: Posture
    axes: np.ndarray
    scale: float
    floor: float
    ground: float
    alignment: np.ndarray
    remark: str = ""

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
    if not any(joint in rig_map.bones for joint in TOPS):
        missing.append("head")
    if missing:
        raise RigError(f"No bone is mapped to {', '.join(missing)}.", hint="Map the pelvis, the head and both legs.")
    return {joint: index[bone] for joint, bone in rig_map.bones.items()}


def read(rig: Rig, rig_map: RigMap, *, root_moves: bool = False, pose_as_rest: bool = False) -> RestPose:
    """The rest pose of a mapped rig; ``root_moves``: the bone mapped to root will have a path of its own;
    ``pose_as_rest``: it rests as it is posed now. So does a rig whose bones rest at one place.

    Raises RigError for maps that do not fit and for joints that lie on top of each other.
    """
    bones = mapped_bones(rig, rig_map)
    everything = range(len(rig.names))
    pose_as_rest = pose_as_rest or posing.rests_in_pose(rig)
    posed = posing.pose(rig, everything, {}, np.asarray(rig.basis, np.float64))
    pelvis = hanging.pelvis_bones(
        rig, rig_map, bones, np.array([posed.heads[bone][0] for bone in everything]) if pose_as_rest else rig.heads
    )
    turned = {*pelvis, *_turned(rig, rig_map, bones)}
    basis = posing.resting(rig, turned, stay=pose_as_rest)
    hung = hanging.hung(rig, rig_map, bones, pelvis, posed if pose_as_rest else posing.pose(rig, everything, {}, basis))
    path = root_bone(rig, rig_map, bones, pelvis, hung)
    moved = {path, bones["root"]} if root_moves else {path}
    basis[list(moved), :3, 3] = 0.0
    posture = posed if pose_as_rest else posing.pose(rig, everything, {}, basis, hung)
    axes = body_axes({joint: posture.heads[bone][0] for joint, bone in bones.items()}, rig.world)
    scale, floor, ground, alignment = _measured(rig, bones, posture, axes)
    rest = RestPose(
        bones=bones,
        root_bone=path,
        pelvis=pelvis,
        hung=hung,
        basis=basis,
        kept=frozenset(turned if pose_as_rest else ()),
        posture=posture,
        axes=axes,
        scale=scale,
        floor=floor,
        ground=ground,
        alignment=alignment,
    )
    return _with_offsets(_set_upright(rig, rest), rig_map)


def _turned(rig: Rig, rig_map: RigMap, bones: Mapping[str, int]) -> list[int]:
    """The bones that the map lets turn."""
    index = {name: i for i, name in enumerate(rig.names)}
    more = [index[bone] for table in (rig_map.twist, rig_map.followers) for chain in table.values() for bone in chain]
    return [*(bone for joint, bone in bones.items() if joint != "root"), *more]


def _measured(
    rig: Rig, bones: Mapping[str, int], posture: Posture, axes: np.ndarray, *, upright: bool = True
) -> tuple[float, float, float, np.ndarray]:
    """Scale, floor, ground and alignment of a body that rests in a posture, as ``RestPose`` has them."""
    points = _points(bones, posture, axes)
    scale = leg_length(points) / LEG_LENGTH
    ankles = np.mean([points[f"{side}_ankle"] for side in SIDES], axis=0)
    tips = {
        f"{side}_foot": axes.T @ _tail(rig, posture, bones[f"{side}_ankle"])
        for side in SIDES
        if f"{side}_foot" not in bones
    }
    alignment = stance.alignment(points, tips, upright=upright)
    return (
        scale,
        float(ankles[1] - scale * ANKLE_HEIGHT),
        _ground(rig, posture, bones, axes[:, 1]),
        alignment,
    )


def _points(bones: Mapping[str, int], posture: Posture, axes: np.ndarray) -> dict[str, np.ndarray]:
    """Joint -> (3,) where it rests, in our axes, armature units."""
    return {joint: axes.T @ posture.heads[bone][0] for joint, bone in bones.items()}


def _set_upright(rig: Rig, rest: RestPose) -> RestPose:
    """The rest pose; one that does not stand upright is brought into our T-pose first, and remarked on."""
    wrong = stance.fault(_points(rest.bones, rest.posture, rest.axes))
    if not wrong:
        return rest
    *_, alignment = _measured(rig, rest.bones, rest.posture, rest.axes, upright=False)
    joints = {bone: INDEX[joint] for joint, bone in rest.bones.items() if joint in INDEX}
    joints |= dict.fromkeys(rest.pelvis, INDEX["pelvis"])
    turns = {
        bone: rest.axes @ alignment[None, joint] @ rest.axes.T @ rest.posture.turns[bone]
        for bone, joint in joints.items()
    }
    posture = posing.pose(rig, range(len(rig.names)), turns, rest.basis, rest.hung)
    scale, floor, ground, alignment = _measured(rig, rest.bones, posture, rest.axes)
    return replace(
        rest,
        posture=posture,
        scale=scale,
        floor=floor,
        ground=ground if rest.ground else 0.0,
        alignment=alignment,
        remark=f"The rest pose looks wrong, {wrong}: it was set upright",
    )


def _with_offsets(rest: RestPose, rig_map: RigMap) -> RestPose:
    """The rest pose with the user's own turns on top; RigError for a joint that does not turn."""
    alignment = rest.alignment.copy()
    for joint, degrees in rig_map.offsets.items():
        if joint not in INDEX:
            raise RigError(f"{joint} has an offset, but it does not turn with the dance.", hint="Remove the offset.")
        alignment[INDEX[joint]] = rotation.matrix_from_axis_angle(np.radians(degrees)) @ alignment[INDEX[joint]]
    return replace(rest, alignment=alignment)


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


def root_bone(
    rig: Rig, rig_map: RigMap, bones: Mapping[str, int], pelvis: tuple[int, ...], hung: Mapping[int, Hung]
) -> int:
    """The bone whose location moves the whole body: the lowest that carries pelvis, legs and trunk and is free to
    move.
    """
    if rig_map.path in rig.names:
        return rig.names.index(rig_map.path)
    carried = [
        bone for joint, bone in bones.items() if joint.startswith(("spine", "neck", "head")) or joint.endswith("_hip")
    ]
    above = [set(posing.needed(rig, [bone], hung)) for bone in carried]
    lineage = [pelvis[0], *ancestors(rig, pelvis[0])]
    common = [bone for bone in lineage if all(bone in others for others in above)] or lineage[-1:]
    movable = [bone for bone in common if not rig.connected[bone] or rig.parents[bone] < 0]
    for bone in movable:
        if not rig.location_locked[bone] and not rig.driven[bone]:
            return bone
    return movable[-1] if movable else lineage[-1]


def _tail(rig: Rig, posture: Posture, bone: int) -> np.ndarray:
    """(3,) where a bone ends at rest."""
    along = posture.scales[bone] * rig.lengths[bone] * posture.turns[bone][0, :, 1]
    tail: np.ndarray = posture.heads[bone][0] + along
    return tail
