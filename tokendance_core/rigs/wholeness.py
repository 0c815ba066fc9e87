"""Whether mapped bones make one human body: limbs that hang together, a trunk that stands on its legs, the proportions
and names of a person and not of an animal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from tokendance_core.motion.rotation import unit
from tokendance_core.motion.skeleton import JOINTS, SIDES, joint_above
from tokendance_core.rigs import names
from tokendance_core.rigs.anatomy import Tree, both
from tokendance_core.types import Rig

_MIDDLES = ("knee", "elbow")
"""Joints whose bone must hang on the bone of the joint before it: nothing else could hold a limb together there."""

_AT_THE_PELVIS = 0.25
"""Distance from the pelvis, in lengths of the thigh, at which a spine that hangs beside it may begin."""

_MOST_LEAN = 60.0
"""Degrees: a trunk that leans further from its legs is an animal's."""

_AHEAD = 0.3
"""How far ahead of the legs front feet stand at least, and how high above them at most, in lengths of the leg."""

_LONGEST = 8.0
"""Bound of the upper arm in lengths of the leg or the other way round, and of the halves of a limb likewise."""

_NO_ARMS = re.compile(
    r"(^|_)(ear|wing|fin|flipper|antenna|antler|horn|tail|tentacle|hair|whisker)s?(_|$|\d)"
    r"|(front|fore)_?(leg|foot|paw|hoof|upper|lower|shoulder|thigh|knee)|(leg|foot|paw|thigh|shin)_?(front|fore)(_|$|\d)"
)
_NO_LEGS = re.compile(
    r"(back|hind|rear)_?(leg|foot|paw|hoof|upper|lower|thigh|knee|hip)|(leg|foot|paw|thigh|shin)_?(back|hind|rear)(_|$|\d)"
)
_NAMES = {_NO_ARMS: both("shoulder", "elbow"), _NO_LEGS: both("hip", "knee")}
"""Names that say of what kind of animal a limb is -> the joints that bones of such names cannot play."""

_HALVES = (("thigh", "shin", "hip", "knee", "ankle"), ("upper arm", "forearm", "shoulder", "elbow", "wrist"))

_PICK = "Choose Edit Map and give the joint another bone."
_HUMANS = "TokenDance dances on two legs: choose a character that stands upright, or pick its bones by hand."


class Fault(NamedTuple):
    """What keeps bones from making a human body, in one sentence, and what can be done."""

    sentence: str
    hint: str


def faults(rig: Rig, tree: Tree, bones: Mapping[str, int]) -> Iterator[Fault]:
    """What keeps these bones (joint -> bone) from making one human body, the gravest first."""
    for animal in _animal(rig, tree, bones):
        yield Fault(f"This armature is no humanoid: {animal}, expected two legs and two arms above them.", _HUMANS)
    yield from _hanging(rig, tree, bones)
    for odd in _proportions(rig, bones):
        yield Fault(f"This is no human body: {odd}.", _PICK)


def loose(rig: Rig, tree: Tree, bones: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Joints whose bone descends neither from the bone of the joint before it nor from one at that place (MMD's
    D-bones lie where the bones do that they stand in for), with that joint before.
    """
    near = 1e-3 * float(np.linalg.norm(np.ptp(rig.heads, axis=0)))
    for joint in (joint for joint in JOINTS if joint in bones):
        above = joint_above(joint, bones)
        if above is None or (above == "pelvis" and joint.startswith("spine") and _begins_beside(rig, bones, joint)):
            continue
        carriers = tree.above(bones[joint])
        at_place = any(np.linalg.norm(rig.heads[bone] - rig.heads[bones[above]]) <= near for bone in carriers)
        if bones[above] not in carriers and not at_place:
            yield joint, above


def _begins_beside(rig: Rig, bones: Mapping[str, int], joint: str) -> bool:
    """Whether a bone of the spine begins where the pelvis does: then they need not carry each other."""
    if not {"left_hip", "left_knee"} <= set(bones):
        return False
    thigh = np.linalg.norm(rig.heads[bones["left_hip"]] - rig.heads[bones["left_knee"]])
    apart = np.linalg.norm(rig.heads[bones[joint]] - rig.heads[bones["pelvis"]])
    return bool(apart < _AT_THE_PELVIS * thigh)


def _hanging(rig: Rig, tree: Tree, bones: Mapping[str, int]) -> Iterator[Fault]:
    """Limbs that do not hang together and cannot be moved so that they do."""
    for joint, above in loose(rig, tree, bones):
        bone, carrier = bones[joint], bones[above]
        pair = f"{joint} (“{rig.names[bone]}”) does not descend from {above} (“{rig.names[carrier]}”)"
        if bone in tree.above(carrier):
            yield Fault(f"{pair} but carries it.", "Choose Edit Map and swap the two, or pick other bones.")
        elif rig.driven[bone]:
            continue
        elif joint.endswith(_MIDDLES):
            yield Fault(f"{pair}: it would not move along.", _PICK)
        elif rig.location_locked[bone] or rig.connected[bone]:
            yield Fault(
                f"{pair}, and its location is locked: it would stay behind.",
                "Unlock the location of that bone (sidebar > Item, in pose mode), or choose Edit Map and pick another.",
            )


def _middle(rig: Rig, bones: Mapping[str, int], joint: str) -> np.ndarray:
    """(3,) between the left and the right one of a joint."""
    place: np.ndarray = np.mean([rig.heads[bones[name]] for name in both(joint)], axis=0)
    return place


def _leg_line(rig: Rig, bones: Mapping[str, int]) -> np.ndarray:
    """(3,) from ankles or toes up to the hips: whichever leans further from the trunk, because the shins of animals
    slant.
    """
    hips, shoulders = (_middle(rig, bones, joint) for joint in ("hip", "shoulder"))
    ends = [joint for joint in ("ankle", "foot") if all(name in bones for name in both(joint))]
    lines = [hips - _middle(rig, bones, joint) for joint in ends]
    furthest: np.ndarray = min(lines, key=lambda line: float(unit(shoulders - hips) @ unit(line)))
    return furthest


def _lean(rig: Rig, bones: Mapping[str, int]) -> float:
    """Degrees between the trunk, from the hips to the shoulders, and the legs."""
    hips, shoulders = (_middle(rig, bones, joint) for joint in ("hip", "shoulder"))
    cosine = unit(shoulders - hips) @ unit(_leg_line(rig, bones))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _animal(rig: Rig, tree: Tree, bones: Mapping[str, int]) -> Iterator[str]:
    """What shows that the body is no human's."""
    for pattern, joints in _NAMES.items():
        for joint in (joint for joint in joints if joint in bones):
            if pattern.search(names.spelled_out(rig.names[bones[joint]])):
                yield f"its {joint} would be “{rig.names[bones[joint]]}”"
    shoulders = [bones[joint] for joint in both("shoulder") if joint in bones]
    if shoulders and bones.get("head", -1) in tree.lineage(tree.common(shoulders)):
        yield f"its arms would hang on its head, “{rig.names[bones['head']]}”"
    if all(joint in bones for joint in ("pelvis", *both("hip", "ankle", "shoulder"))) and (
        _lean(rig, bones) > _MOST_LEAN or _has_front_legs(rig, tree, bones)
    ):
        yield f"its {len(rig.names)} bones stand on four legs"


def _has_front_legs(rig: Rig, tree: Tree, bones: Mapping[str, int]) -> bool:
    """Whether bones of both sides hang on the trunk above the pelvis and reach the floor ahead of the legs, where the
    trunk leans to. A cape reaches it too, but not ahead.
    """
    hips, ankles, shoulders = (_middle(rig, bones, joint) for joint in ("hip", "ankle", "shoulder"))
    leg, up = float(np.linalg.norm(hips - ankles)), unit(_leg_line(rig, bones))
    ahead = shoulders - hips - up * ((shoulders - hips) @ up)
    across = rig.heads[bones["left_hip"]] - rig.heads[bones["right_hip"]]
    if np.linalg.norm(ahead) < _AHEAD * leg:
        return False
    trunk = {bone for bone in tree.lineage(tree.common(bones[joint] for joint in both("shoulder")))}
    trunk = {bone for bone in trunk if bones["pelvis"] in tree.above(bone)}
    legs = {bones[joint] for joint in both("hip")}
    from_ankles = rig.heads - ankles
    is_front_foot = (from_ankles @ up < _AHEAD * leg) & (from_ankles @ unit(ahead) > _AHEAD * leg)
    sides = {
        bool(from_ankles[bone] @ across > 0)
        for bone in np.flatnonzero(is_front_foot)
        if trunk & set(tree.above(bone)) and not legs & set(tree.lineage(bone))
    }
    return len(sides) == 2


def _proportions(rig: Rig, bones: Mapping[str, int]) -> Iterator[str]:
    """Lengths that no human body has."""

    def length(*joints: str) -> float:
        heads = [rig.heads[bones[joint]] for joint in joints if joint in bones]
        return float(np.linalg.norm(np.diff(heads, axis=0), axis=1).sum()) if len(heads) == len(joints) else 0.0

    for side in SIDES:
        parts = [
            ("upper arm", length(f"{side}_shoulder", f"{side}_elbow")),
            ("leg", length(*(f"{side}_{joint}" for joint in ("hip", "knee", "ankle")))),
        ]
        for upper, lower, start, middle, end in _HALVES:
            parts += [
                (upper, length(f"{side}_{start}", f"{side}_{middle}")),
                (lower, length(f"{side}_{middle}", f"{side}_{end}")),
            ]
        for (one, first), (other, second) in zip(parts[::2], parts[1::2], strict=True):
            if first > 0 and second > 0 and not 1 / _LONGEST < first / second < _LONGEST:
                yield f"the {side} {one} is {first / second:.2g} times as long as the {side} {other}"
