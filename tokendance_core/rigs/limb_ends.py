"""Feet and hands that hang elsewhere than on the limb, reached for by inverse kinematics; and the controls of limbs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from tokendance_core.motion.skeleton import SIDES
from tokendance_core.rigs import names
from tokendance_core.rigs.anatomy import Tree, other_side
from tokendance_core.types import Rig

_LIMBS = (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))

_CALLED = {"ankle": re.compile("foot|feet|ankle|leg"), "wrist": re.compile("hand|wrist|palm|arm")}
_POLES = {"knee": re.compile("knee|leg|foot"), "elbow": re.compile("elbow|arm|hand")}
_POLE = re.compile("pole|(knee|elbow).*(target|ctrl|control|ik)|(target|ctrl|control|ik).*(knee|elbow)")
_CONTROL = re.compile("ik|ctrl|control|target|goal|effector")

_LEAF = re.compile(r"(end|nub|leaf|tip)\d*$")
"""What exporters call the bones that they put at the tips of chains: they carry no skin."""

_AT_ONE_PLACE = 0.15
"""Distance, in lengths of the upper limb, up to which a bone lies where the limb ends."""

_POLE_REACH = 4.0
"""Distance of a pole from its knee or elbow, in lengths of the upper limb, at most."""


class _Limb:
    """A limb whose first two bones are mapped, and what its side of the rig has beside it."""

    def __init__(self, rig: Rig, tree: Tree, bones: Mapping[str, int], side: str, limb: tuple[str, str, str]) -> None:
        self.rig, self.tree, self.names = rig, tree, names.split_all(rig.names)
        self.joints = tuple(f"{side}_{joint}" for joint in limb)
        self.start, self.middle = (bones[joint] for joint in self.joints[:2])
        self.end = bones.get(self.joints[2], -1)
        self.length = max(self.apart(self.start, self.middle), 1e-12)
        self.others = [bones[joint] for joint in map(other_side, self.joints[:2]) if joint in bones]
        self.taken = set(bones.values())

    def apart(self, one: int, other: int) -> float:
        return float(np.linalg.norm(self.rig.heads[one] - self.rig.heads[other]))

    def _is_of_this_side(self, bone: int) -> bool:
        said = self.names[bone][0]
        if said:
            return self.joints[0].startswith(said)
        return all(self.apart(bone, self.middle) <= self.apart(bone, other) for other in self.others)

    def beside(self) -> Iterator[int]:
        """Free bones of this side that neither carry the limb nor hang on it."""
        carrying = set(self.tree.lineage(self.start))
        for bone in range(len(self.rig.names)):
            is_free = bone not in carrying and bone not in self.taken and not self.rig.driven[bone]
            if is_free and not {self.start, self.end} & set(self.tree.lineage(bone)) and self._is_of_this_side(bone):
                yield bone

    def chain(self) -> Iterator[int]:
        """Bones of the limb, its end first."""
        for bone in self.tree.lineage(self.end if self.hangs() else self.middle):
            yield bone
            if bone == self.start:
                return

    def hangs(self) -> bool:
        """Whether the limb's end descends from its middle."""
        return self.end >= 0 and self.middle in self.tree.lineage(self.end)

    def called(self, bone: int, *words: re.Pattern[str]) -> bool:
        return all(word.search(self.names[bone][1]) for word in words)

    def outermost(self, bone: int, among: Iterable[int]) -> int:
        """The bone that carries this one and lies at its place: moving it moves both. It is of one side as this is."""
        side = self.names[bone][0]
        near = {
            other
            for other in among
            if self.names[other][0] == side and self.apart(bone, other) < _AT_ONE_PLACE * self.length
        }
        return [other for other in self.tree.lineage(bone) if other in near or other == bone][-1]

    def at_tip(self, bone: int) -> bool:
        """Whether a bone begins where the middle one ends."""
        tip = self.rig.tails[self.middle]
        return bool(np.linalg.norm(self.rig.heads[bone] - tip) < _AT_ONE_PLACE * self.length)

    def at_end(self, bone: int) -> bool:
        """Whether a bone lies where the limb goes on from its middle, about as far as the upper limb is long."""
        heads = self.rig.heads
        if self.at_tip(bone):
            return True
        lower, length = heads[bone] - heads[self.middle], self.apart(bone, self.middle)
        is_straight = lower @ (heads[self.middle] - heads[self.start]) > 0.3 * length * self.length
        return bool(is_straight and 0.5 < length / self.length < 2.0)

    def is_pole(self, bone: int, bones: Mapping[str, int]) -> bool:
        """Whether a bone beside the limb is the pole of its middle: by its name and, where that does not say of which
        one, by its place.
        """
        if not self.called(bone, _POLE) or self.apart(bone, self.middle) > _POLE_REACH * self.length:
            return False
        side, _, own = self.joints[1].partition("_")
        other = next(joint for joint in _POLES if joint != own)
        said = [joint for joint in _POLES if self.called(bone, _POLES[joint])]
        if len(said) == 1 or f"{side}_{other}" not in bones:
            return own in said or not said
        return self.apart(bone, self.middle) < self.apart(bone, bones[f"{side}_{other}"])

    def is_leaf(self, bone: int) -> bool:
        """Whether a bone only marks the tip of a chain."""
        return not self.tree.children[bone] and self.called(bone, _LEAF)

    def below(self) -> list[int]:
        """Bones that hang on the middle, but for mere tips."""
        bones = range(self.middle + 1, len(self.rig.names))
        return [bone for bone in bones if self.middle in self.tree.lineage(bone) and not self.is_leaf(bone)]

    def goes_on(self) -> bool:
        """Whether anything that hangs on the middle reaches as far as an end would."""
        return any(self.apart(bone, self.middle) > 0.5 * self.length for bone in self.below())

    def own_end(self) -> int:
        """The limb's own bone where a control outside bears the name of its end; -1 for none."""
        word = _CALLED[self.joints[2].partition("_")[2]]
        near = (bone for bone in self.below() if self.apart(bone, self.end) < _AT_ONE_PLACE * self.length)
        return next((bone for bone in near if self.tree.children[bone] or self.called(bone, word)), -1)


def _limbs(rig: Rig, tree: Tree, bones: Mapping[str, int]) -> Iterator[_Limb]:
    for side in SIDES:
        for limb in _LIMBS:
            if all(f"{side}_{joint}" in bones for joint in limb[:2]):
                yield _Limb(rig, tree, bones, side, limb)


def find(rig: Rig, tree: Tree, bones: Mapping[str, int]) -> dict[str, int]:
    """Ankles and wrists without a bone of their own -> the bone that stands at the end of the limb without hanging on
    it: the target of its inverse kinematics, what is called a foot or a hand, or whatever lies at its tip. And those
    whose name a control bears -> the limb's own bone.
    """
    found = {}
    for limb in _limbs(rig, tree, bones):
        if limb.end >= 0 and not limb.hangs() and (own := limb.own_end()) >= 0:
            found[limb.joints[2]] = own
        if (limb.end >= 0 and not limb.is_leaf(limb.end)) or limb.goes_on():
            continue
        beside = [bone for bone in limb.beside() if not limb.called(bone, _POLE) and limb.at_end(bone)]
        targets = [int(rig.reaches[bone]) for bone in limb.chain()]
        feet = [bone for bone in targets if bone in beside]
        feet += [bone for bone in beside if limb.called(bone, _CALLED[limb.joints[2].partition("_")[2]])]
        feet += [bone for bone in beside if limb.at_tip(bone)]
        if feet:
            found[limb.joints[2]] = limb.outermost(feet[0], beside)
    return found


def controls(rig: Rig, tree: Tree, bones: Mapping[str, int]) -> dict[str, int]:
    """Ankle or wrist -> the control that the limb reaches for, knee or elbow -> its pole, where the rig has them beside
    the limb's own bones.
    """
    found = {}
    for limb in _limbs(rig, tree, bones):
        beside, chain = list(limb.beside()), list(limb.chain())
        _, middle, end = limb.joints
        if limb.hangs():
            near = [bone for bone in beside if limb.apart(bone, limb.end) < _AT_ONE_PLACE * limb.length]
            targets = [int(rig.reaches[bone]) for bone in chain]
            goals = [bone for bone in targets if bone in near]
            word = _CALLED[end.partition("_")[2]]
            called = [bone for bone in near if limb.called(bone, _CONTROL, word) or word.fullmatch(limb.names[bone][1])]
            goals += sorted(called, key=lambda bone: not limb.names[bone][0])
            if goals:
                found[end] = limb.outermost(goals[0], near)
        poles = [int(rig.poles[bone]) for bone in chain if rig.poles[bone] in beside]
        poles += [bone for bone in beside if limb.is_pole(bone, bones)]
        if poles:
            found[middle] = poles[0]
    return found
