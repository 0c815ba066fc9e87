"""Facts about a human body, whatever recognises it: which joints it needs, which joint follows which, where they
lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.motion.rotation import unit
from tokendance_core.motion.skeleton import JOINTS, SIDES
from tokendance_core.rigs.families.family import SIDED
from tokendance_core.rigs.names import OTHER_SIDE
from tokendance_core.types import Rig


def both(*joints: str) -> tuple[str, ...]:
    """The left and the right one of each joint."""
    return tuple(f"{side}_{joint}" for joint in joints for side in SIDES)


def other_side(joint: str) -> str:
    """The joint on the other side of the body; a joint of the trunk is its own."""
    side, _, part = joint.partition("_")
    return f"{OTHER_SIDE[side]}_{part}" if part else joint


NEEDED = ("pelvis", "head", *both("hip", "knee", "ankle", "shoulder", "elbow"))
"""Joints without which a dance cannot be put on a rig."""

WELCOME = ("spine3", "neck", *both("wrist", "foot", "collar"))
"""Joints that make a dance look better."""

KNOWN = (*JOINTS, "root")
"""All that ``RigMap.bones`` may name."""

LIMBS = (
    *(("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")),
    *(("ankle", "foot"), ("collar", "shoulder")),
)
"""Joint and the next one down the limb, both without their side."""

TRUNK = (("pelvis", "spine1"), ("spine1", "spine2"), ("spine2", "spine3"), ("spine3", "neck"), ("neck", "head"))
"""Joint and the next one up."""

HIGHER = (("head", "pelvis"), *((f"{side}_{a}", f"{side}_{b}") for side in SIDES for a, b in LIMBS[:2]))
"""Pairs of which the first lies higher in a standing body."""


def sentence_of(joints: Iterable[str]) -> str:
    """Joint names listed, at most six of them."""
    joints = list(joints)
    return ", ".join(joints[:6]) + (f" and {len(joints) - 6} more" if len(joints) > 6 else "")


class Tree:
    """The hierarchy of a rig's bones, with their parents, children and indices by name."""

    def __init__(self, rig: Rig) -> None:
        self.parents = [int(parent) for parent in rig.parents]
        self.index = {name: bone for bone, name in enumerate(rig.names)}
        self.children: list[list[int]] = [[] for _ in self.parents]
        for bone, parent in enumerate(self.parents):
            if parent >= 0:
                self.children[parent].append(bone)

        self._lineages: list[tuple[int, ...]] = []
        for bone, parent in enumerate(self.parents):
            self._lineages.append((bone, *self._lineages[parent]) if parent >= 0 else (bone,))

    def lineage(self, bone: int) -> tuple[int, ...]:
        """The bone and its ancestors, the nearest first; nothing for bone -1."""
        return self._lineages[bone] if bone >= 0 else ()

    def above(self, bone: int) -> tuple[int, ...]:
        """The ancestors of a bone, the nearest first."""
        return self.lineage(bone)[1:]

    def descends_from(self, bone: int, other: int) -> bool:
        return other in self.above(bone)

    def depth(self, bone: int) -> int:
        return len(self.above(bone))

    def common(self, bones: Iterable[int]) -> int:
        """The lowest bone that all these descend from or are; -1 for none."""
        first, *others = (self.lineage(bone) for bone in bones)
        return next((bone for bone in first if all(bone in line for line in others)), -1)


def shared_out(chain: Sequence[int]) -> dict[str, int]:
    """Joint -> bone of a spine, given from above the pelvis to the chest: the last is always the chest (spine3)."""
    count = len(chain)
    if count < 2:
        return dict(zip(("spine3",), chain, strict=False))
    if count == 2:
        return {"spine1": chain[0], "spine3": chain[1]}
    return {"spine1": chain[round(count / 3) - 1], "spine2": chain[round(2 * count / 3) - 1], "spine3": chain[-1]}


@dataclass(frozen=True, eq=False)
class Stance:
    """How a body stands at rest: unit vectors ``left``, ``up`` and ``front`` (3,), its ``centre`` (3,) and ``size``,
    armature units.
    """

    left: np.ndarray
    up: np.ndarray
    front: np.ndarray
    centre: np.ndarray
    size: float


def stance(places: Mapping[str, np.ndarray]) -> Stance | None:
    """How a body with joints at ``places`` stands; None when they are too few, or all at one place."""
    pairs = [joint for joint in ("hip", "shoulder", "elbow", "knee") if all(name in places for name in both(joint))]
    hips = np.mean([places[name] for name in (*both("hip"), "pelvis") if name in places] or [np.zeros(3)], axis=0)
    tops = [places[name] for name in ("head", *both("shoulder")) if name in places]
    feet = [places[name] for name in both("ankle", "knee") if name in places]
    if not pairs or not (tops or feet):
        return None
    spread = np.ptp(np.array(list(places.values())), axis=0)
    size = float(np.linalg.norm(spread))
    # Unit sums: neither the legs nor the trunk alone decides what is up.
    up = np.zeros(3)
    if tops:
        up += unit(np.mean(tops, axis=0) - hips)
    if feet:
        up -= unit(np.mean(feet, axis=0) - hips)
    up = unit(up)
    left = sum((places[f"left_{joint}"] - places[f"right_{joint}"] for joint in pairs), np.zeros(3))
    left = left - up * (left @ up)
    if size < 1e-9 or np.linalg.norm(left) < 1e-3 * size or not up.any():
        return None
    left = unit(left)
    return Stance(left, up, np.cross(left, up), hips, size)


def asymmetry(places: Mapping[str, np.ndarray], body: Stance) -> float:
    """How far left joints lie from the mirror images of right ones, in parts of the body's size, on average."""
    errors = []
    for joint in SIDED:
        left, right = places.get(f"left_{joint}"), places.get(f"right_{joint}")
        if left is not None and right is not None:
            image = right - 2 * body.left * ((right - body.centre) @ body.left)
            errors.append(np.linalg.norm(left - image) / body.size)
    return float(np.mean(errors)) if errors else 0.0


def crossed(places: Mapping[str, np.ndarray], body: Stance) -> tuple[str, ...]:
    """Joints (without their side) whose left one lies to the right of their right one."""
    return tuple(
        joint
        for joint in SIDED
        if all(name in places for name in both(joint))
        and (places[f"left_{joint}"] - places[f"right_{joint}"]) @ body.left < -1e-3 * body.size
    )


def toes_point_back(places: Mapping[str, np.ndarray], body: Stance) -> bool:
    """Whether the toes lie behind the ankles, by what is left and up: then left and right are swapped."""
    feet = [(places.get(f"{side}_ankle"), places.get(f"{side}_foot")) for side in SIDES]
    forward = [(foot - ankle) @ body.front for ankle, foot in feet if ankle is not None and foot is not None]
    return bool(forward) and max(forward) < -0.01 * body.size


def upside_down(places: Mapping[str, np.ndarray], body: Stance) -> tuple[tuple[str, str], ...]:
    """Pairs of ``HIGHER`` of which the first one lies lower."""
    return tuple(
        (a, b)
        for a, b in HIGHER
        if a in places and b in places and (places[a] - places[b]) @ body.up < -1e-3 * body.size
    )


def coincident(places: Mapping[str, np.ndarray]) -> tuple[tuple[str, str], ...]:
    """Neighbours in a limb that lie at one place: that limb has no direction."""
    size = np.linalg.norm(np.ptp(np.array(list(places.values())), axis=0)) if places else 0.0
    return tuple(
        (f"{side}_{a}", f"{side}_{b}")
        for side in SIDES
        for a, b in LIMBS[:4]
        if f"{side}_{a}" in places
        and f"{side}_{b}" in places
        and np.linalg.norm(places[f"{side}_{a}"] - places[f"{side}_{b}"]) <= 2e-3 * size
    )
