"""How well the names of one family fit a rig: which joints they find, in which order, and where those lie."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tokendance_core.motion.skeleton import SIDES
from tokendance_core.rigs import anatomy, limb_ends, names, wholeness
from tokendance_core.rigs.anatomy import NEEDED, WELCOME, Tree, shared_out
from tokendance_core.rigs.completion import Completed, completed
from tokendance_core.rigs.families.family import ROOTS, SIDED, Family
from tokendance_core.types import Rig, RigMap, Switch

Stems = Mapping[tuple[str, str], list[int]]
"""(side, stem) -> bones of that name; more than one where spellings differ in case, separators or namespace alone."""

# Joints whose spellings are the least mistakable first: a bone plays one joint, "leg" is the shin only where there is a
# thigh.
_SEARCH = ("hip", "knee", "ankle", "foot", "elbow", "shoulder", "wrist", "collar", "hand")


_KEY_IK = "IK controls and poles that follow when Key IK Controls is on"

_ODDEST = 0.6
"""Factor on the score for the oddest rest pose: some were saved in the middle of a run."""

_LOOSE = 0.99
"""Factor on the score for a bone that hangs elsewhere than on the bone of the joint before it."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A family on a rig: ``bones`` joint -> bone index, ``doubtful`` joint -> two bones that claim it, ``stems`` of the
    rig, ``at_hips`` bones that turn as the pelvis does, ``added`` joints that the hierarchy gave and not the names.
    """

    family: Family
    bones: dict[str, int]
    doubtful: dict[str, tuple[int, int]]
    stems: Stems
    at_hips: tuple[int, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(joint for joint in NEEDED if joint not in self.bones)


def stems_of(rig: Rig, prefix: str) -> Stems:
    """The rig's bones by side and stem; bones without the prefix are left out, but for those that carry the whole
    character.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for bone, (name, rest) in enumerate(zip(rig.names, names.stripped(rig.names, prefix), strict=True)):
        key = names.split(rest if rest is not None else name)
        if rest is not None or key in {("", root) for root in ROOTS}:
            found.setdefault(key, []).append(bone)
    return found


def _held(rig: Rig) -> np.ndarray:
    """(B,) bool: bones that are driven, but for those that inverse kinematics turn: these let go when the dance turns
    them.
    """
    solved = rig.reaches >= 0
    solved[rig.parents[solved & (rig.parents >= 0)]] = True
    held: np.ndarray = rig.driven & ~solved
    return held


class _Search:
    """Looks up bones by stem, each for one joint."""

    def __init__(self, rig: Rig, tree: Tree, stems: Stems) -> None:
        self.tree, self.stems = tree, stems
        self.held = _held(rig)
        self.taken: set[int] = set()
        self.poles = {int(pole) for pole in rig.poles}
        self.doubtful: dict[str, tuple[int, int]] = {}

    def claimants(self, side: str, stem: str) -> list[int]:
        """Bones of that name: free ones if there are any, else driven ones; copies that end a chain are left out."""
        bones = [bone for bone in self.stems.get((side, stem), ()) if bone not in self.taken | self.poles]
        bones = [bone for bone in bones if not self.held[bone]] or bones
        return [bone for bone in bones if not self._ends_chain_of(bone, bones)]

    def _ends_chain_of(self, bone: int, bones: list[int]) -> bool:
        """Whether a bone is the last of a chain in which another one of ``bones`` comes earlier."""
        return not self.tree.children[bone] and any(other in self.tree.above(bone) for other in bones)

    def first(self, joint: str, side: str, stems: Iterable[str]) -> int | None:
        """The bone that plays a joint: of the likeliest name, but a bone that obeys its keys before a driven one."""
        found = [(bones, stem) for stem in stems if (bones := self.claimants(side, stem))]
        if not found:
            return None
        bones = next((bones for bones, _ in found if not self.held[bones[0]]), found[0][0])
        if not side:
            bones = self._carrying(bones)
        if len(bones) > 1:
            self.doubtful[joint] = (bones[0], bones[1])
        self.taken.add(bones[0])
        return bones[0]

    def _carrying(self, bones: list[int]) -> list[int]:
        """Of bones of the trunk, those that carry anything; of a chain (``Pelvis``, below it ``pelvis``), the first."""
        bones = [bone for bone in bones if self.tree.children[bone]] or bones
        return [bone for bone in bones if not any(other in self.tree.above(bone) for other in bones)]

    def chain(self, joint: str, stems: Iterable[str]) -> list[int]:
        """One bone for each of these stems, parents before children."""
        found = []
        for stem in dict.fromkeys(stems):
            if bones := self.claimants("", stem):
                found.append(bones[0])
                if len(bones) > 1:
                    self.doubtful[joint] = (bones[0], bones[1])
        self.taken.update(found)
        return sorted(found, key=self.tree.depth)


def _copies(rig: Rig, tree: Tree, bones: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Joint -> bone and its numbered copy, where a limb has a second chain of bones with the same names (``Arm.L`` and
    ``Arm.L.001``).
    """
    numbered: dict[str, list[int]] = {}
    for name, bone in tree.index.items():
        if found := re.fullmatch(r"(.+)\.\d{3}", name):
            numbered.setdefault(found[1], []).append(bone)
    copies = {}
    for joint, bone in bones.items():
        for copy in numbered.get(rig.names[bone], ()):
            if not tree.descends_from(copy, bone) and not rig.driven[copy]:
                copies[joint] = (bone, copy)
    for side in SIDES:
        for limb in (("shoulder", "elbow"), ("hip", "knee")):
            upper, lower = (copies.get(f"{side}_{joint}") for joint in limb)
            if upper and lower and tree.descends_from(lower[1], upper[1]):
                return {f"{side}_{limb[0]}": upper}
    return {}


def _hanging_middles(tree: Tree, stems: Stems, family: Family, bones: Mapping[str, int]) -> dict[str, int]:
    """Knees and elbows of a likely name that do not hang on their limb, such as poles -> the next likely that do."""
    found = {}
    for side in SIDES:
        for start, middle in ((f"{side}_hip", f"{side}_knee"), (f"{side}_shoulder", f"{side}_elbow")):
            if {start, middle} <= set(bones) and not tree.descends_from(bones[middle], bones[start]):
                names_of = family.joints[middle.partition("_")[2]]
                likely = (bone for stem in names_of for bone in stems.get((side, stem), ()))
                hanging = (bone for bone in likely if tree.descends_from(bone, bones[start]))
                if (other := next((bone for bone in hanging if bone not in bones.values()), None)) is not None:
                    found[middle] = other
    return found


def fit(rig: Rig, family: Family, tree: Tree) -> Fit:
    """The bones that a family's names give to the joints."""
    stems = stems_of(rig, family.prefix)
    search = _Search(rig, tree, stems)
    bones: dict[str, int | None] = {}
    # The pelvis first: one of the spine's names may be its own.
    for joint in (joint for joint in family.joints if joint not in SIDED and joint != "neck"):
        bones[joint] = search.first(joint, "", family.joints[joint])
    for side in SIDES:
        for joint in (joint for joint in _SEARCH if joint in family.joints):
            bones[f"{side}_{joint}"] = search.first(f"{side}_{joint}", side, family.joints[joint])
    if necks := search.chain("neck", family.joints.get("neck", ())):
        bones["neck"] = necks[-1]
    spine = search.chain("spine3", family.spine)
    found = {joint: bone for joint, bone in bones.items() if bone is not None}
    found |= _hanging_middles(tree, stems, family, found)
    if "pelvis" in found:
        root = search.first("root", "", ROOTS)
        if root is not None and (family.controls or tree.descends_from(found["pelvis"], root)):
            found["root"] = root
    search.doubtful.pop("root", None)
    whole = Completed(found | shared_out(spine))
    if not family.controls:
        whole = completed(rig, tree, found, spine, waist_is_split=family.waist_is_split)
    named = found | shared_out(spine)
    return Fit(
        family,
        whole.bones,
        search.doubtful | _copies(rig, tree, whole.bones),
        stems,
        whole.at_hips,
        tuple(joint for joint in anatomy.KNOWN if joint in whole.bones and joint not in named),
    )


def has_mark(result: Fit) -> bool:
    """Whether the rig has a bone that only this family has."""
    return any((side, mark) in result.stems for mark in result.family.marks for side in ("", *SIDES))


def _posture(places: Mapping[str, np.ndarray]) -> tuple[float, list[str]]:
    """How much like a person joints at these ``places`` (3,) stand, from ``_ODDEST`` to 1, and the reasons."""
    standing = anatomy.stance(places)
    if standing is None:
        return 0.8, []
    uneven, wrong = anatomy.asymmetry(places, standing), anatomy.crossed(places, standing)
    value = max(0.5, 1 - 2 * max(0.0, uneven - 0.02))
    reasons = [
        "Left and right mirror each other." if uneven < 0.02 else "Left and right do not quite mirror each other."
    ]
    for joint in wrong:
        value *= 0.85
        reasons.append(f"left_{joint} and right_{joint} lie on each other's side.")
    for a, b in anatomy.upside_down(places, standing):
        value *= 0.9
        reasons.append(f"{a} lies below {b}.")
    if anatomy.toes_point_back(places, standing):
        value *= 0.8
        reasons.append("The toes point backwards: left and right may be swapped.")
    return max(_ODDEST, value), reasons


def score(rig: Rig, tree: Tree, bones: Mapping[str, int], controls: bool = False) -> tuple[float, tuple[str, ...]]:
    """How plausible it is that these bones play these joints: 0 to 1, and the reasons in sentences."""
    places = {joint: rig.heads[bone] for joint, bone in bones.items() if joint != "root"}
    reasons = []
    needed = sum(joint in bones for joint in NEEDED) / len(NEEDED)
    welcome = sum(joint in bones for joint in WELCOME) / len(WELCOME)
    value = needed * (0.9 + 0.1 * welcome)
    absent = {"foot": "toes", "collar": "clavicles", "wrist": "hands"}
    for joint, word in absent.items():
        if not any(name in bones for name in anatomy.both(joint)):
            reasons.append(f"There are no {word}.")
    if "neck" not in bones:
        reasons.append("There is no neck.")
    loose = [] if controls else [pair for pair in wholeness.loose(rig, tree, bones) if not rig.driven[bones[pair[0]]]]
    if loose:
        value *= _LOOSE ** len(loose)
        reasons += [
            f"{joint} (“{rig.names[bones[joint]]}”) does not descend from {above}: it is moved by keys of its own."
            for joint, above in loose[:3]
        ]
    posture, remarks = _posture(places)
    value *= posture
    reasons += remarks
    held = _held(rig)
    driven = float(np.mean([held[bone] for joint, bone in bones.items() if joint != "root"])) if bones else 0.0
    if driven:
        value *= 1 - 0.4 * driven
        reasons.append(f"Constraints or drivers turn {round(driven * len(bones))} of the bones.")
    return round(value, 4), tuple(reasons)


def _of_limbs(
    rig: Rig, result: Fit, table: Mapping[str, tuple[str, ...]], *, driven: bool = True
) -> dict[str, tuple[str, ...]]:
    """Joint -> bones of a table of limbs, nearest to the joint first; ``driven``: including driven bones."""
    taken = set(result.bones.values())
    found = {}
    for joint, stems in table.items():
        for name in anatomy.both(joint):
            if name not in result.bones:
                continue
            side = name.partition("_")[0]
            bones = [bone for stem in stems for bone in result.stems.get((side, stem), ()) if bone not in taken]
            bones = [bone for bone in bones if driven or not rig.driven[bone]]
            from_start = np.linalg.norm(rig.heads - rig.heads[result.bones[name]], axis=1)
            bones.sort(key=lambda bone: round(float(from_start[bone]), 6))
            if bones:
                found[name] = tuple(rig.names[bone] for bone in bones)
    return found


def rig_map(rig: Rig, tree: Tree, result: Fit) -> RigMap:
    """The map of a fit, as the user and the transfer see it."""
    family = result.family
    total = len(NEEDED) + len(WELCOME)
    known = sum(joint in result.bones for joint in (*NEEDED, *WELCOME))
    given = [joint for joint in result.added if joint in (*NEEDED, *WELCOME)]
    value, reasons = score(rig, tree, result.bones, family.controls)
    if family.marks and not has_mark(result):
        value *= 0.9
    by_names = f"Found by {family.title} names: {known - len(given)} of {total} joints."
    if given:
        value *= 1 - 0.005 * len(given)
        reasons = (f"Found by how the bones hang together: {anatomy.sentence_of(given)}.", *reasons)
    switches = tuple(
        Switch(rig.names[bone], prop, amount)
        for stem, prop, amount in family.switches
        for side in ("", *SIDES)
        for bone in result.stems.get((side, stem), ())
    )
    paths = [rig.names[bone] for stem in family.path for bone in result.stems.get(("", stem), ())]
    followers = _of_limbs(rig, result, family.followers, driven=False)
    if result.at_hips:
        followers["pelvis"] = tuple(rig.names[bone] for bone in result.at_hips)
    ik = {joint: bones[0] for joint, bones in _of_limbs(rig, result, family.ik).items()}
    if not family.ik:
        ik = {joint: rig.names[bone] for joint, bone in limb_ends.controls(rig, tree, result.bones).items()}
    if ik:
        reasons = (*reasons, f"{_KEY_IK}: {anatomy.sentence_of(dict.fromkeys(ik.values()))}.")
    return RigMap(
        bones={joint: rig.names[result.bones[joint]] for joint in anatomy.KNOWN if joint in result.bones},
        family=family.name,
        score=round(value, 4),
        reasons=(by_names, *reasons),
        twist=_of_limbs(rig, result, family.twist),
        followers=followers,
        ik=ik,
        switches=switches,
        path=paths[0] if paths else "",
    )
