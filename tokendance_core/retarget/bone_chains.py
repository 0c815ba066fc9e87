"""Spines, necks and limbs with more or fewer bones than ours: which bone takes which part of a turn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tokendance_core.motion import rotation
from tokendance_core.motion.skeleton import INDEX, PARENTS, SIDES, T_POSE
from tokendance_core.retarget.posing import ancestors
from tokendance_core.retarget.rest_pose import RestPose
from tokendance_core.types import Rig, RigMap

_TRUNK = ("pelvis", "spine1", "spine2", "spine3", "neck", "head")

# joints at both ends of a limb's segment, the joint whose twist the segment takes up, whether that is at the far end
_SEGMENTS = (
    ("shoulder", "elbow", "shoulder", False),
    ("hip", "knee", "hip", False),
    ("elbow", "wrist", "wrist", True),
    ("knee", "ankle", "ankle", True),
)


def _between(global_rotations: np.ndarray, below: int, above: int, part: float) -> np.ndarray:
    """(T, 3, 3): between the global rotations of two joints, ``part`` 0 to 1 of the way."""
    q = rotation.quaternion_from_matrix(global_rotations[:, [below, above]])
    between: np.ndarray = rotation.matrix_from_quaternion(rotation.slerp(q[:, 0], q[:, 1], np.full(len(q), part)))
    return between


def trunk_turns(global_rotations: np.ndarray, rig: Rig, rig_map: RigMap, rest: RestPose) -> dict[int, np.ndarray]:
    """Bone -> turn (T, 3, 3) of trunk bones that do not simply turn as their joint does; ``global_rotations``
    (T, 24, 3, 3) of our joints.

    A spine joint without a bone of its own lends half its turn to the bone below. Bones between two mapped ones share
    the turn between those evenly, except on control rigs, where mechanism lies between the controls.
    """
    bones = rest.bones
    mapped = [joint for joint in _TRUNK if joint in bones]
    found = {}
    for joint in mapped:
        following = _TRUNK[min(_TRUNK.index(joint) + 1, len(_TRUNK) - 1)]
        if joint in ("spine1", "spine2") and following not in bones:
            found[bones[joint]] = (
                _between(global_rotations, INDEX[joint], INDEX[following], 0.5) @ rest.alignment[INDEX[joint]]
            )
    if rig_map.switches:
        return found
    path = _path(rig, rest.pelvis, bones[mapped[-1]])
    # Place along the path, where the pelvis comes before the first bone, and the joint that is mapped there.
    knots = [(0, "pelvis"), *((path.index(bones[joint]) + 1, joint) for joint in mapped[1:] if bones[joint] in path)]
    for (start, below), (stop, above) in pairwise(knots):
        for place in range(start + 1, stop):
            part = (place - start) / (stop - start)
            found[path[place - 1]] = _between(global_rotations, INDEX[below], INDEX[above], part)
    return found


def _path(rig: Rig, pelvis: tuple[int, ...], top: int) -> list[int]:
    """Bones from above the ``pelvis``, or beside it where spine and pelvis are siblings, up to ``top``."""
    below = {*pelvis, *(bone for lowest in pelvis for bone in ancestors(rig, lowest))}
    path = []
    bone = top
    while bone >= 0 and bone not in below:
        path.append(bone)
        bone = int(rig.parents[bone])
    return path[::-1]


def _twist(global_rotations: np.ndarray, joint: int, axis: np.ndarray) -> np.ndarray:
    """(T,) radians, continuous: how far the joint turns about ``axis`` (3,) relative to the joint above."""
    local = global_rotations[:, PARENTS[joint]].swapaxes(-1, -2) @ global_rotations[:, joint]
    q = rotation.quaternion_from_matrix(local)
    return 2 * np.unwrap(np.arctan2(q[:, 1:] @ axis, q[:, 0]))


def twist_turns(global_rotations: np.ndarray, rig: Rig, rig_map: RigMap, rest: RestPose) -> dict[int, np.ndarray]:
    """Bone -> turn (T, 3, 3) in our axes, of twist bones and of the limb bones that leave their twist to those.

    An upper limb unwinds towards the body, a lower one winds up towards the hand or foot. Each bone turns about the
    line to the next bone of the chain, so that the limb keeps its direction exactly.
    """
    found = {}
    index = {name: i for i, name in enumerate(rig.names)}
    for side in SIDES:
        for joint, end, twisting, from_far_end in _SEGMENTS:
            start, stop, source = (f"{side}_{name}" for name in (joint, end, twisting))
            twist_bones = [index[bone] for bone in rig_map.twist.get(start, ())]
            if not twist_bones or not {start, stop, source} <= rest.bones.keys():
                continue
            axis = rotation.unit(T_POSE[INDEX[stop]] - T_POSE[INDEX[start]])
            angle = _twist(global_rotations, INDEX[source], axis)
            turn = global_rotations[:, INDEX[start]] @ rest.alignment[INDEX[start]]
            last = rest.bones[stop]
            chain = [bone for bone in twist_bones if bone in set(ancestors(rig, last))]
            bones = [rest.bones[start], *twist_bones] if chain and not from_far_end else twist_bones
            for bone, part in _parts(bones, in_chain=bool(chain), from_far_end=from_far_end):
                line = _line(rest, bone, _following(rig, bone, [*chain, last]))
                found[bone] = turn @ rotation.matrix_from_axis_angle((part * angle)[:, None] * line)
    return found


def _following(rig: Rig, bone: int, chain: list[int]) -> int:
    """The first bone of a chain that descends from ``bone``, else its last."""
    for other in chain:
        if bone in set(ancestors(rig, other)):
            return other
    return chain[-1]


def _line(rest: RestPose, bone: int, following: int) -> np.ndarray:
    """(3,) unit vector in our axes, at rest: from a bone to the following one; along the bone where both begin at one
    place.
    """
    apart: np.ndarray = rest.axes.T @ (rest.posture.heads[following] - rest.posture.heads[bone])[0]
    length = float(np.linalg.norm(apart))
    if length > 0:
        apart /= length
        return apart
    along: np.ndarray = rest.axes.T @ rest.posture.turns[bone][0, :, 1]
    return along


def _parts(bones: list[int], *, in_chain: bool, from_far_end: bool) -> Iterator[tuple[int, float]]:
    """Each bone, nearest to the body first, with the part of the twist that it adds to the limb's own turn."""
    last = len(bones) - 1
    for place, bone in enumerate(bones):
        if from_far_end:
            yield bone, (place + 1) / (len(bones) if in_chain else len(bones) + 1)
        else:
            yield bone, place / last - 1 if in_chain else (place + 1) / (len(bones) + 1) - 1


def followers(rig: Rig, rig_map: RigMap) -> Iterator[tuple[int, int]]:
    """(bone, joint) of further bones that turn as a joint does."""
    for joint, bones in rig_map.followers.items():
        if joint in INDEX:
            for bone in bones:
                yield rig.names.index(bone), INDEX[joint]
