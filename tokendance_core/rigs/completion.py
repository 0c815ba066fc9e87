"""What names (or shapes) leave open and the hierarchy tells: the pelvis, feet that stand for themselves, the spine,
toes, neck, clavicles and the root.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.motion.skeleton import SIDES
from tokendance_core.rigs import anatomy, limb_ends, names, pelvis
from tokendance_core.rigs.anatomy import Tree, both
from tokendance_core.types import Rig

_TOES = re.compile("toe|ball")
_NO_TOES = re.compile("heel|ik|roll|pole|ankle|twist|target|ctrl|control|helper|shoe")
_SPINE = ("spine1", "spine2", "spine3")

_ON_THE_FLOOR = 0.15
"""Height above the feet, in heights of the body, up to which a bone can be the root of all."""


@dataclass(frozen=True, eq=False)
class Completed:
    """``bones`` joint -> bone; ``at_hips``: bones of the trunk that turn as the pelvis does."""

    bones: dict[str, int]
    at_hips: tuple[int, ...] = ()


def completed(
    rig: Rig,
    tree: Tree,
    given: Mapping[str, int],
    spine: Sequence[int] = (),
    *,
    waist_is_split: bool = False,
    is_guess: bool = False,
) -> Completed:
    """The joints that are ``given``, corrected and completed by how the bones hang together.

    ``spine``: bones between pelvis and neck, parents first, to be shared out among the spine's joints;
    ``waist_is_split``, ``is_guess``: as ``pelvis.find``.
    """
    bones = {**given, **limb_ends.find(rig, tree, given)}
    chest = _chest(tree, bones, spine)
    if chest < 0 or not all(joint in bones for joint in both("hip")):
        return Completed(bones | anatomy.shared_out(spine))
    found = pelvis.find(rig, tree, bones, chest, waist_is_split=waist_is_split, is_guess=is_guess)
    if found.bone >= 0:
        bones["pelvis"] = found.bone
    bones = _with_spine(tree, bones, spine, chest, {*tree.lineage(found.bone), *found.along})
    return Completed(_with_ends(rig, tree, bones), found.along)


def _with_spine(tree: Tree, bones: dict[str, int], spine: Sequence[int], chest: int, below: set[int]) -> dict[str, int]:
    """The joints with a spine of the bones that names give, from above those ``below`` it up to the chest, else of all
    that lie between.
    """
    if not spine and any(joint in bones for joint in _SPINE):
        return {joint: bone for joint, bone in bones.items() if joint not in _SPINE or bone not in below}
    others = {joint: bone for joint, bone in bones.items() if joint not in _SPINE}
    carriers = {bone for joint in both("hip") for bone in tree.lineage(bones[joint])}
    between = [b for b in reversed(tree.lineage(chest)) if b not in below | carriers | set(others.values())]
    named = [bone for bone in spine if bone not in below]
    if named and between[-1:] == [chest] and tree.descends_from(chest, named[-1]):
        named.append(chest)
    return others | anatomy.shared_out(named or between)


def _chest(tree: Tree, bones: Mapping[str, int], spine: Sequence[int]) -> int:
    """The bone that carries both arms, else the uppermost of the trunk that is known; -1 for none."""
    tops = [bones[joint] for joint in ("spine3", "neck", "head") if joint in bones]
    neck = tree.above(bones.get("neck", bones.get("head", -1)))
    options = [_holder(tree, bones), *neck[:1], *spine[-1:], *tops]
    thighs = [bones[joint] for joint in both("hip") if joint in bones]
    return next((bone for bone in options if bone >= 0 and not _carries(tree, bone, thighs)), -1)


def _holder(tree: Tree, bones: Mapping[str, int]) -> int:
    """The lowest bone that carries both arms; -1 while they are not both known."""
    arms = [bones[joint] for joint in both("shoulder") if joint in bones]
    return tree.common(arms) if len(arms) == 2 else -1


def _carries(tree: Tree, bone: int, others: Sequence[int]) -> bool:
    return any(bone in tree.lineage(other) for other in others)


def _with_ends(rig: Rig, tree: Tree, bones: dict[str, int]) -> dict[str, int]:
    """The joints with those added that names leave out at the ends of the body: toes, neck, clavicles, root."""
    found = {"neck": _neck(tree, bones), "root": _root(rig, tree, bones)}
    for side in SIDES:
        found |= {f"{side}_foot": _toes(rig, tree, bones, side), f"{side}_collar": _collar(tree, bones, side)}
    taken = set(bones.values())
    return bones | {
        joint: bone for joint, bone in found.items() if bone >= 0 and joint not in bones and bone not in taken
    }


def _neck(tree: Tree, bones: Mapping[str, int]) -> int:
    """The bone between the chest and the head that is next to the head; -1 for none."""
    holder = _chest(tree, bones, ())
    above = tree.above(bones.get("head", -1))
    return above[0] if above and above[0] != holder and holder in above else -1


def _collar(tree: Tree, bones: Mapping[str, int], side: str) -> int:
    """The bone between the chest and the upper arm; -1 for none."""
    line = tree.lineage(bones.get(f"{side}_shoulder", -1))
    holder = _holder(tree, bones)
    return line[line.index(holder) - 1] if holder in line[2:] else -1


def _toes(rig: Rig, tree: Tree, bones: Mapping[str, int], side: str) -> int:
    """The bone that hangs on the foot and is called toes, or is the only one; -1 for none."""
    ankle = bones.get(f"{side}_ankle", -1)
    if ankle < 0:
        return -1
    near = 1e-2 * float(np.linalg.norm(np.ptp(rig.heads, axis=0)))
    stems = [stem for _, stem in names.split_all(rig.names)]
    called = {child: stems[child].removeprefix(stems[ankle]) for child in tree.children[ankle]}
    children = [
        child
        for child, stem in called.items()
        if not rig.driven[child]
        and not _NO_TOES.search(stem)
        and np.linalg.norm(rig.heads[child] - rig.heads[ankle]) > near
    ]
    toes = [child for child in children if _TOES.search(called[child])]
    return next(iter(toes or (children if len(children) == 1 else [])), -1)


def _root(rig: Rig, tree: Tree, bones: Mapping[str, int]) -> int:
    """The outermost bone that carries the pelvis, if it begins on the floor; -1 for none."""
    outermost = tree.lineage(bones.get("pelvis", -1))[-1:]
    places = {joint: rig.heads[bone] for joint, bone in bones.items() if joint != "root"}
    standing = anatomy.stance(places)
    if not outermost or outermost[0] == bones["pelvis"] or standing is None:
        return -1
    heights = np.array(list(places.values())) @ standing.up
    above = float(rig.heads[outermost[0]] @ standing.up - heights.min())
    return outermost[0] if above < _ON_THE_FLOOR * float(np.ptp(heights)) else -1
