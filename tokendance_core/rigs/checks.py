"""What is wrong with a map, told in sentences while the user edits it; and one side's bones copied to the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np

from tokendance_core.motion.skeleton import SIDES
from tokendance_core.rigs import anatomy, names, wholeness
from tokendance_core.rigs.anatomy import KNOWN, NEEDED, Tree
from tokendance_core.rigs.families import FAMILIES
from tokendance_core.types import Rig, RigMap

T = TypeVar("T")


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _missing(rig_map: RigMap) -> list[str]:
    """Needed joints without a bone."""
    absent = [joint for joint in NEEDED if joint not in rig_map.bones]
    if not absent:
        return []
    return [f"No bone is mapped to {_listed(absent)}: pick one{' for each' if len(absent) > 1 else ''}."]


def _unknown(rig: Rig, rig_map: RigMap) -> list[str]:
    """Bones and joints that do not exist."""
    has = set(rig.names)
    said = [f"There is no joint called {joint}: use SMPL's names." for joint in rig_map.bones if joint not in KNOWN]
    for use in rig_map.bones_in_use():
        if use.bone not in has:
            purpose = f"{use.owner} is mapped to" if use.part == "bones" else f"belongs to {use.owner}"
            said.append(f"The rig has no bone “{use.bone}”, which {purpose}.")
    return said


def _twice(rig_map: RigMap) -> list[str]:
    """Bones that several joints are mapped to."""
    users: dict[str, list[str]] = {}
    for joint, bone in rig_map.bones.items():
        users.setdefault(bone, []).append(joint)
    return [
        f"“{bone}” is used for {_listed(joints)}: a bone can play only one joint."
        for bone, joints in users.items()
        if len(joints) > 1
    ]


def _places(bones: Mapping[str, int], rig: Rig) -> list[str]:
    """What the bones' positions reveal: limbs without length, crossed sides, limbs upside down."""
    places = {joint: rig.heads[bone] for joint, bone in bones.items() if joint != "root"}
    said = [
        f"{a} and {b} lie at the same place: the limb between them has no length."
        for a, b in anatomy.coincident(places)
    ]
    standing = anatomy.stance(places)
    if standing is None:
        return said
    if wrong := anatomy.crossed(places, standing):
        said.append(f"Left and right are swapped at {_listed([f'the {joint}' for joint in wrong])}.")
    elif anatomy.toes_point_back(places, standing):
        said.append("Left and right are swapped: the toes would point backwards.")
    return said + [f"{a} lies below {b} in the rest pose." for a, b in anatomy.upside_down(places, standing)]


def problems(rig: Rig, rig_map: RigMap) -> tuple[str, ...]:
    """Everything that keeps a map from working on a rig, one sentence each; empty when all is well."""
    tree = Tree(rig)
    bones = {joint: tree.index[bone] for joint, bone in rig_map.bones.items() if bone in tree.index and joint in KNOWN}
    # Constraints hold controls together: they need not descend from each other.
    controls = any(family.controls for family in FAMILIES if family.name == rig_map.family)
    whole = () if controls else wholeness.faults(rig, tree, bones)
    return (
        *_missing(rig_map),
        *_unknown(rig, rig_map),
        *_twice(rig_map),
        *(fault.sentence for fault in whole),
        *_places(bones, rig),
    )


def _partners(rig: Rig, rig_map: RigMap) -> dict[int, int]:
    """Bone -> the bone at its mirror image, by the plane through the joints in the middle of the body."""
    index = {name: bone for bone, name in enumerate(rig.names)}
    places = {
        joint: rig.heads[index[bone]] for joint, bone in rig_map.bones.items() if bone in index and joint != "root"
    }
    middle = [place for joint, place in places.items() if not joint.startswith(SIDES)]
    standing = anatomy.stance(places)
    if standing is not None:
        normal, size = standing.left, standing.size
    else:
        # One side alone is mapped: its limbs lie to the side of the trunk.
        sided = [place for joint, place in places.items() if joint.startswith(SIDES)]
        trunk = np.ptp(np.array(middle), axis=0) if middle else np.zeros(3)
        spread = (np.mean(sided, axis=0) - np.mean(middle, axis=0)) if middle and sided else np.zeros(3)
        up = trunk / max(float(np.linalg.norm(trunk)), 1e-12)
        normal = np.eye(3)[np.abs(spread - up * (spread @ up)).argmax()]
        size = float(np.linalg.norm(np.ptp(rig.heads, axis=0)))
    centre = np.mean(middle, axis=0) if middle else np.mean(rig.heads, axis=0)
    images = rig.heads - 2 * ((rig.heads - centre) @ normal)[:, None] * normal
    apart = np.linalg.norm(images[:, None] - rig.heads[None], axis=-1)
    return {
        bone: int(row.argmin()) for bone, row in enumerate(apart) if row.min() < 0.02 * size and row.argmin() != bone
    }


def mirrored(rig: Rig, rig_map: RigMap, side: str = "left") -> RigMap:
    """The map with the bones of ``side`` (left or right), its twist bones, followers and controls copied to the other
    side: partners are found by name, or by position where names fail.
    """
    by_name: dict[tuple[str, str], list[str]] = {}
    for name in rig.names:
        by_name.setdefault(names.split(name), []).append(name)
    index = {name: bone for bone, name in enumerate(rig.names)}
    by_place = _partners(rig, rig_map)

    def partner(name: str) -> str | None:
        found = by_name.get(names.mirrored(name), []) if names.split(name)[0] else []
        if len(found) == 1:
            return found[0]
        return rig.names[by_place[index[name]]] if index.get(name) in by_place else None

    def across(table: Mapping[str, T], image: Callable[[T], T | None]) -> dict[str, T]:
        copied = dict(table)
        for joint, value in table.items():
            found = image(value) if joint.startswith(f"{side}_") else None
            if found:
                copied[anatomy.other_side(joint)] = found
        return copied

    def all_partners(bones: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(found for bone in bones if (found := partner(bone)))

    return replace(
        rig_map,
        bones=across(rig_map.bones, partner),
        twist=across(rig_map.twist, all_partners),
        followers=across(rig_map.followers, all_partners),
        ik=across(rig_map.ik, partner),
        # A mirror turns the other way about the up and the front axis.
        offsets=across(rig_map.offsets, lambda turn: (turn[0], -turn[1], -turn[2])),
    )
