"""Spines, necks and limbs with more or fewer bones than ours: who takes which part of a turn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tokendance_core.motion import rotation
from tokendance_core.motion.skeleton import INDEX, PARENTS, T_POSE
from tokendance_core.retarget.posing import ancestors
from tokendance_core.retarget.rest_pose import SIDES, RestPose
from tokendance_core.types import Rig, RigMap

_TRUNK = ("pelvis", "spine1", "spine2", "spine3", "neck", "head")

# joint of a limb -> the joint whose twist its segment takes up, and whether the twist comes from the far end
_TWISTED = (("shoulder", "shoulder", False), ("hip", "hip", False), ("elbow", "wrist", True), ("knee", "ankle", True))


def _between(turns: np.ndarray, below: int, above: int, part: float) -> np.ndarray:
    """(T, 3, 3): between the turns of two joints, ``part`` 0 to 1 of the way."""
    q = rotation.quaternion_from_matrix(turns[:, [below, above]])
    return rotation.matrix_from_quaternion(rotation.slerp(q[:, 0], q[:, 1], np.full(len(q), part)))


def trunk_turns(turns: np.ndarray, rig: Rig, rig_map: RigMap, rest: RestPose) -> dict[int, np.ndarray]:
    """Turns (T, 3, 3) of trunk bones that are not simply those of their joint, by bone; ``turns`` (T, 24, 3, 3) of our
    joints.

    A spine joint without a bone of its own lends half its turn to the bone below. Bones between two mapped ones are
    spread evenly, except on control rigs, where mechanism lies between the controls.
    """
    bones = rest.bones
    mapped = [joint for joint in _TRUNK if joint in bones]
    found = {}
    for joint in mapped:
        following = _TRUNK[min(_TRUNK.index(joint) + 1, len(_TRUNK) - 1)]
        if joint in ("spine1", "spine2") and following not in bones:
            found[bones[joint]] = _between(turns, INDEX[joint], INDEX[following], 0.5) @ rest.alignment[INDEX[joint]]
    if rig_map.switches:
        return found
    path = _path(rig, bones["pelvis"], bones[mapped[-1]])
    knots = [(0, "pelvis"), *((path.index(bones[joint]) + 1, joint) for joint in mapped[1:] if bones[joint] in path)]
    for (start, below), (stop, above) in pairwise(knots):
        for place in range(start + 1, stop):
            found[path[place - 1]] = _between(turns, INDEX[below], INDEX[above], (place - start) / (stop - start))
    return found


def _path(rig: Rig, pelvis: int, top: int) -> list[int]:
    """Bones from above the pelvis, or beside it where spine and pelvis are siblings, up to ``top``."""
    below = {pelvis, *ancestors(rig, pelvis)}
    path = []
    bone = top
    while bone >= 0 and bone not in below:
        path.append(bone)
        bone = int(rig.parents[bone])
    return path[::-1]


def _twist(turns: np.ndarray, joint: int, axis: np.ndarray) -> np.ndarray:
    """(T,) radians, continuous: how far the joint turns about ``axis`` (3,) relative to the joint above."""
    q = rotation.quaternion_from_matrix(turns[:, PARENTS[joint]].swapaxes(-1, -2) @ turns[:, joint])
    return 2 * np.unwrap(np.arctan2(q[:, 1:] @ axis, q[:, 0]))


def twist_turns(turns: np.ndarray, rig: Rig, rig_map: RigMap, rest: RestPose) -> dict[int, np.ndarray]:
    """Turns (T, 3, 3) in our axes of twist bones, and of the limb bones that leave their twist to those, by bone.

    An upper limb unwinds towards the body, a lower one winds up towards the hand or foot. Each turns about the line to
    the next bone of the chain, so that the limb keeps its direction exactly.
    """
    found = {}
    index = {name: i for i, name in enumerate(rig.names)}
    for side in SIDES:
        for joint, source, from_far_end in _TWISTED:
            name, end = f"{side}_{joint}", _next(rest, f"{side}_{joint}")
            more = [index[bone] for bone in rig_map.twist.get(name, ())]
            if (
                not more
                or name not in rest.bones
                or end is None
                or (from_far_end and f"{side}_{source}" not in rest.bones)
            ):
                continue
            chain = [bone for bone in more if bone in set(ancestors(rig, rest.bones[end]))]
            axis = T_POSE[INDEX[end]] - T_POSE[INDEX[name]]
            angle = _twist(turns, INDEX[f"{side}_{source}"], axis / np.linalg.norm(axis))
            turn = turns[:, INDEX[name]] @ rest.alignment[INDEX[name]]
            bones = [rest.bones[name], *more] if chain and not from_far_end else more
            for bone, part in _parts(bones, in_chain=bool(chain), from_far_end=from_far_end):
                following = next((b for b in [*chain, rest.bones[end]] if bone in set(ancestors(rig, b))), None)
                line = (
                    rest.axes.T
                    @ (
                        rest.posture.heads[rest.bones[end] if following is None else following]
                        - rest.posture.heads[bone]
                    )[0]
                )
                length = np.linalg.norm(line)
                line = line / length if length > 0 else rest.axes.T @ rest.posture.turns[bone][0, :, 1]
                found[bone] = turn @ rotation.matrix_from_axis_angle((part * angle)[:, None] * line)
    return found


def _next(rest: RestPose, joint: str) -> str | None:
    side, name = joint.split("_")
    end = f"{side}_" + {"shoulder": "elbow", "elbow": "wrist", "hip": "knee", "knee": "ankle"}[name]
    return end if end in rest.bones else None


def _parts(bones: list[int], *, in_chain: bool, from_far_end: bool) -> Iterator[tuple[int, float]]:
    """Each bone, nearest to the body first, with its part of the twist on top of the limb's own turn."""
    last = len(bones) - 1
    for place, bone in enumerate(bones):
        if from_far_end:
            yield bone, (place + 1) / (len(bones) if in_chain else len(bones) + 1)
        else:
            yield bone, place / last - 1 if in_chain else (place + 1) / (len(bones) + 1) - 1


def followers(rig: Rig, rig_map: RigMap) -> Iterator[tuple[int, int]]:
    """(bone, joint) of further bones that turn as a joint does."""
    for joint, bones in rig_map.followers.items():
        for bone in bones if joint in INDEX else ():
            yield rig.names.index(bone), INDEX[joint]
