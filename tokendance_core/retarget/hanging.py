"""What a rig's hierarchy does not hold together: bones that turn as the pelvis does, and bones that have to be moved to
stay where they hang.

A thigh that is no descendant of the pelvis, an IK foot below the root, a trunk that is a root of its own: each gets
location keys that keep it at its resting place on the bone of the joint above, so that nothing stretches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import takewhile

import numpy as np

from tokendance_core.motion.skeleton import JOINTS, SIDES, joint_above
from tokendance_core.retarget import posing
from tokendance_core.retarget.posing import Hung, Posture, ancestors
from tokendance_core.types import Rig, RigMap

_SPINE = ("spine1", "spine2", "spine3")
_TRUNK = (*_SPINE, "neck", "head")
_NEAR = 0.25
"""Part of hip to ankle: a bone that begins no further from the hips than this may belong to the pelvis."""
_LEVEL = 0.08
"""Likewise: a bone between pelvis and spine that begins no higher than this over the hips belongs to the pelvis."""
_TOGETHER, _SIBLINGS = 0.02, 0.08
"""Part of the body's size: bones nearer to each other need no keys to stay together; likewise upper and lower body,
which some rigs let begin side by side.
"""


def pelvis_bones(rig: Rig, rig_map: RigMap, bones: Mapping[str, int], heads: np.ndarray) -> tuple[int, ...]:
    """The bones that turn as the pelvis does; the first one carries the legs if any does.

    ``bones`` joint -> bone, ``heads`` (B, 3) where they rest. Beside the mapped bone: those between it and the thighs,
    those of the spine that begin where it does, those right above it, and, where it does not carry the legs, the one
    that does.
    """
    pelvis, thighs = bones["pelvis"], [bones[f"{side}_hip"] for side in SIDES]
    if rig_map.switches:
        return (pelvis,)  # constraints hold the controls together
    hips, ankles = heads[thighs].mean(0), heads[[bones[f"{side}_ankle"] for side in SIDES]].mean(0)
    leg = float(np.linalg.norm(hips - ankles))
    others = {bone for joint, bone in bones.items() if joint not in ("pelvis", "spine1")}
    others |= {rig.names.index(rig_map.path)} if rig_map.path in rig.names else set()

    def belongs(bone: int) -> bool:
        return bone not in others and float(np.linalg.norm(heads[bone] - hips)) < _NEAR * leg

    def level(bone: int) -> bool:
        return bone not in bones.values() and float((heads[bone] - hips) @ (hips - ankles)) < _LEVEL * leg**2

    legs = [bone for bone in ancestors(rig, thighs[0]) if bone in set(ancestors(rig, thighs[1]))]
    spine = list(ancestors(rig, next(bones[joint] for joint in _TRUNK if joint in bones)))
    if pelvis in legs:
        found = [pelvis, *filter(belongs, legs[: legs.index(pelvis)])]
    else:
        found = [pelvis, *_while(belongs, legs)]
    if pelvis in legs and pelvis in spine:
        found += _while(belongs, ancestors(rig, pelvis))
    for bone in spine[::-1]:
        if belongs(bone) and level(bone) and set(found) & set(ancestors(rig, bone)):
            found.append(bone)
    return tuple(sorted(dict.fromkeys(found), key=lambda bone: (bone not in legs, bone)))


def _while(belongs: Callable[[int], bool], bones: Iterable[int]) -> list[int]:
    return list(takewhile(belongs, bones))


def hung(
    rig: Rig, rig_map: RigMap, bones: Mapping[str, int], pelvis: tuple[int, ...], posture: Posture
) -> dict[int, Hung]:
    """Bone -> where it has to be kept, of mapped bones that do not hang on the joint above by themselves.

    ``pelvis``: the bones that turn as the pelvis does; ``posture``: where all bones rest. Bones that cannot be moved,
    and the controls of a rig whose constraints hold them together, are left out.
    """
    if rig_map.switches:
        return {}
    owners = _owners(rig, rig_map, bones, pelvis)
    carriers = {bone: pelvis[0] for bone in pelvis[1:] if not _in_line(rig, bone, pelvis[0])}
    for joint in JOINTS[1:]:
        above = joint_above(joint, bones)
        if joint in bones and bones[joint] not in pelvis and above and not _is_held(rig, bones[joint], above, owners):
            carriers[bones[joint]] = pelvis[0] if above == "pelvis" else bones[above]
    size = float(np.ptp([posture.heads[bone][0] for bone in bones.values()], axis=0).max())
    found: dict[int, Hung] = {}
    for bone, carrier in carriers.items():
        arm = posture.heads[bone][0] - posture.heads[carrier][0]
        side_by_side = carrier in pelvis and owners[bone] in _TRUNK and rig.parents[bone] == rig.parents[carrier] >= 0
        near = _SIBLINGS if side_by_side else _TOGETHER
        is_ring = bone in posing.needed(rig, [carrier], found)
        if _can_move(rig, bone, owners) and not is_ring and np.linalg.norm(arm) > near * size:
            found[bone] = Hung(carrier, posture.turns[carrier][0].T @ arm / posture.scales[carrier])
    return found


def _owners(rig: Rig, rig_map: RigMap, bones: Mapping[str, int], pelvis: tuple[int, ...]) -> dict[int, str]:
    """Bone -> the joint as which it turns."""
    index = {name: bone for bone, name in enumerate(rig.names)}
    tables = (rig_map.twist, rig_map.followers)
    owners = {index[name]: joint for table in tables for joint, names in table.items() for name in names}
    owners |= {bone: joint for joint, bone in bones.items() if joint != "root"}
    return owners | dict.fromkeys(pelvis, "pelvis")


def _in_line(rig: Rig, bone: int, other: int) -> bool:
    """Whether one of two bones descends from the other."""
    return other in ancestors(rig, bone) or bone in ancestors(rig, other)


def _is_held(rig: Rig, bone: int, above: str, owners: Mapping[int, str]) -> bool:
    """Whether the nearest bone above that dances plays the joint ``above``; collars and neck may sit on any of the
    spine.
    """
    nearest = next((owners[other] for other in posing.carriers(rig, bone) if other in owners), "")
    in_spine = above in _SPINE and nearest in _SPINE and owners[bone] not in _SPINE
    return nearest == above or in_spine


def _can_move(rig: Rig, bone: int, owners: Mapping[int, str]) -> bool:
    """Whether a location of the bone has an effect that is known: no constraint decides where its parents are."""
    held = any(rig.driven[other] and rig.follows[other] < 0 and other not in owners for other in ancestors(rig, bone))
    return not held and not rig.connected[bone] and rig.follows[bone] < 0
