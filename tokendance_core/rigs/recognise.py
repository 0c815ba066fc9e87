"""Recognise a rig: every family's names are tried, then the shape of the skeleton, and the likeliest map wins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tokendance_core.errors import RigError
from tokendance_core.motion.skeleton import SIDES
from tokendance_core.rigs import anatomy, fitting, structure, wholeness
from tokendance_core.rigs.anatomy import NEEDED, Tree
from tokendance_core.rigs.completion import completed
from tokendance_core.rigs.families import FAMILIES, MOTION_FILES
from tokendance_core.rigs.families.family import Family
from tokendance_core.types import Rig, RigMap

_LEAST = 0.5
"""Score below which a map does not count as a match."""

_FEW = 4
"""Joints that a family must name for the shape of the skeleton to fill in the rest."""

_MIDDLES = (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
"""Joints of the limbs, without their side."""

_HINT = (
    "Choose Edit Map and pick the missing bones by hand, rename them as a family that TokenDance knows does, or add "
    "TokenDance's mannequin."
)


def _incomplete(rig: Rig, fit: fitting.Fit, missing: Iterable[str] = ()) -> RigError:
    """The error that says which joints have no bone, where a limb is interrupted, and how to give a pelvis."""
    absent = anatomy.sentence_of(missing or fit.missing)
    message = f"This armature of {len(rig.names)} bones is not a character that TokenDance knows: no bone for {absent}"
    gaps = [
        middle
        for side in SIDES
        for start, middle, end in ([f"{side}_{joint}" for joint in limb] for limb in _MIDDLES)
        if start in fit.bones and end in fit.bones and middle not in fit.bones
    ]
    if gaps:
        message += f" (missing in the middle of a limb: {', '.join(gaps)})"
    hips = [fit.bones.get(joint, -1) for joint in anatomy.both("hip")]
    if "pelvis" in fit.missing and min(hips) >= 0:
        message += f": no bone carries “{rig.names[hips[0]]}”, “{rig.names[hips[1]]}” and the trunk"
        return RigError(f"{message}.", hint=_ADD_A_PELVIS)
    return RigError(f"{message}.", hint=_HINT)


_ADD_A_PELVIS = (
    "Add a bone between the hips in edit mode and make the thighs and the lowest bone of the trunk its children, or "
    "choose Edit Map and give pelvis the lowest bone of the trunk."
)


def _doubtful(rig: Rig, fit: fitting.Fit) -> RigError:
    """The error that names two bones which claim to be the same joint."""
    joint, (one, other) = next(iter(fit.doubtful.items()))
    return RigError(
        f"Two bones claim to be {joint}: “{rig.names[one]}” and “{rig.names[other]}”, expected one.",
        hint="Rename or remove the bones of the second limb or character, or pick the right bones by hand.",
    )


def _misshapen(rig: Rig, tree: Tree, rig_map: RigMap) -> RigError | None:
    """The error when the bones make no human body, whatever their names; None when all is well."""
    bones = {joint: tree.index[name] for joint, name in rig_map.bones.items()}
    controls = any(family.name == rig_map.family and family.controls for family in FAMILIES)
    fault = None if controls else next(wholeness.faults(rig, tree, bones), None)
    if fault is not None:
        return RigError(fault.sentence, hint=fault.hint)
    pairs = anatomy.coincident({joint: rig.heads[bone] for joint, bone in bones.items() if joint != "root"})
    if not pairs:
        return None
    a, b = pairs[0]
    return RigError(
        f"{a} (“{rig_map.bones[a]}”) and {b} (“{rig_map.bones[b]}”) lie at the same place, so that the limb between "
        "them has no length.",
        hint="Move the bones apart in edit mode, or pick another bone for one of them.",
    )


def _facing_alike(shaped: dict[str, int], named: dict[str, int]) -> dict[str, int]:
    """The joints of a shape, left and right swapped if that agrees with more of the names."""
    swapped = {anatomy.other_side(joint): bone for joint, bone in shaped.items()}

    def agreeing(bones: dict[str, int]) -> int:
        return sum(bones.get(joint) == bone for joint, bone in named.items() if joint.startswith(SIDES))

    return swapped if agreeing(swapped) > agreeing(shaped) else shaped


def _filled_in(rig: Rig, tree: Tree, fit: fitting.Fit, shape: RigMap) -> RigMap | None:
    """A fit whose missing joints are taken from the skeleton's shape; None when the two disagree or joints are still
    without a bone.
    """
    shaped = _facing_alike({joint: tree.index[name] for joint, name in shape.bones.items()}, fit.bones)
    taken = set(fit.bones.values())
    added = {joint: bone for joint, bone in shaped.items() if joint not in fit.bones and bone not in taken}
    bones = fit.bones | added
    loose = [pair for pair in wholeness.loose(rig, tree, bones) if set(pair) & set(added)]
    if any(joint not in bones for joint in NEEDED) or loose:
        return None
    whole = replace(fit, bones=bones)
    if not fit.family.controls:
        found = completed(rig, tree, bones, waist_is_split=fit.family.waist_is_split)
        whole = replace(fit, bones=found.bones, at_hips=found.at_hips)
    value, reasons = fitting.score(rig, tree, whole.bones, fit.family.controls)
    added_names = anatomy.sentence_of(joint for joint in anatomy.KNOWN if joint in added)
    return replace(
        fitting.rig_map(rig, tree, whole),
        score=round(value * (1 - 0.2 * len(added) / len(bones)), 4),
        reasons=(
            f"Found by {fit.family.title} names: {len(fit.bones)} joints.",
            f"Found by the shape of the skeleton: {added_names}.",
            *reasons,
        ),
    )


def _contradicts(rig: Rig, fit: fitting.Fit, shape: RigMap) -> bool:
    """Whether the shape gives bones to other joints than their names do, in a rig whose names are mostly known."""
    joints = {bone: joint for joint, bone in shape.bones.items()}
    said = {joint: rig.names[bone] for joint, bone in fit.bones.items() if joint in NEEDED}
    return len(said) > len(NEEDED) // 2 and any(joints.get(bone, joint) != joint for joint, bone in said.items())


def _rank(rig_map: RigMap) -> float:
    """The score, raised for the controls of a control rig: they come before the bones that they move."""
    controls = any(family.name == rig_map.family and family.controls for family in FAMILIES)
    return rig_map.score + (0.2 if controls else 0.0)


def _distinct(maps: list[RigMap]) -> tuple[RigMap, ...]:
    """The maps, best first, without those that say no more than another one does."""
    kept: list[RigMap] = []
    contents = [frozenset(found.bones.items()) for found in maps]
    for place, found in enumerate(maps):
        is_repeated = contents[place] in contents[:place]
        is_part_of_another = any(contents[place] < other for other in contents)
        if not is_repeated and not is_part_of_another:
            kept.append(found)
    return tuple(sorted(kept, key=_rank, reverse=True))


def _named(rig: Rig, tree: Tree, families: tuple[Family, ...]) -> tuple[list[fitting.Fit], tuple[RigMap, ...]]:
    """All fits, those that lack the fewest joints first, and the maps of the complete ones."""
    fits = sorted((fitting.fit(rig, family, tree) for family in families), key=lambda fit: len(fit.missing))
    maps = [fitting.rig_map(rig, tree, fit) for fit in fits if not fit.missing and not fit.doubtful]
    maps.sort(key=_rank, reverse=True)
    return fits, _distinct([found for found in maps if found.score >= _LEAST])


def _shape(rig: Rig, tree: Tree) -> RigMap | RigError:
    """The map by the shape of the skeleton alone, or the error that says why there is none."""
    try:
        return structure.find(rig, tree)
    except RigError as problem:
        return problem


def match_names(rig: Rig, families: tuple[Family, ...] = MOTION_FILES) -> RigMap:
    """The map of a motion file's skeleton, by names alone: of the first family that names the body and both hands.

    Raises RigError with the joints that the nearest family lacks.
    """
    tree = Tree(rig)
    fits = [fitting.fit(rig, family, tree) for family in families]
    hands = anatomy.both("wrist")
    missing = [(*fit.missing, *(hand for hand in hands if hand not in fit.bones)) for fit in fits]
    nearest = min(range(len(fits)), key=lambda number: len(missing[number]))
    if missing[nearest]:
        raise _incomplete(rig, fits[nearest], missing[nearest])
    if fits[nearest].doubtful:
        raise _doubtful(rig, fits[nearest])
    return fitting.rig_map(rig, tree, fits[nearest])


def candidates(rig: Rig) -> tuple[RigMap, ...]:
    """All maps that make sense for a rig, the likeliest first: by names, by names and shape, by shape alone."""
    if not rig.names:
        return ()
    tree = Tree(rig)
    fits, maps = _named(rig, tree, FAMILIES)
    shape = _shape(rig, tree)
    found = list(maps)
    if isinstance(shape, RigMap):
        partial = [fit for fit in fits if fit.missing and len(fit.bones) >= _FEW and not fit.doubtful]
        for fit in partial[:3]:
            filled = _filled_in(rig, tree, fit, shape)
            if filled is not None and filled.score >= _LEAST:
                found.append(filled)
        contradicts = bool(fits[0].missing) and _contradicts(rig, fits[0], shape)
        whole = all(joint in shape.bones for joint in NEEDED)
        if shape.score >= _LEAST and whole and not contradicts:
            found.append(shape)
    return _distinct([rig_map for rig_map in found if _misshapen(rig, tree, rig_map) is None])


def match(rig: Rig) -> RigMap:
    """The likeliest map of a humanoid rig, by names and by shape; raises RigError, saying what was found, what was
    expected and what to do.
    """
    if not rig.names:
        raise RigError("This armature has no bones, expected a character's skeleton.", hint="Choose another armature.")
    tree = Tree(rig)
    fits, maps = _named(rig, tree, FAMILIES)
    nearest = fits[0]
    # A family that names the whole body, if with two bones for one joint, must not lose to one that names less of it.
    if nearest.doubtful and (not maps or (not nearest.missing and len(nearest.bones) >= len(maps[0].bones))):
        raise _doubtful(rig, nearest)
    if maps:
        problems = [_misshapen(rig, tree, rig_map) for rig_map in maps]
        if problems[0] is not None and all(problems):
            raise problems[0]
        return maps[problems.index(None)]
    found = candidates(rig)
    if found:
        return found[0]
    if len(nearest.missing) <= len(NEEDED) // 2:
        raise _incomplete(rig, nearest)
    shape = _shape(rig, tree)
    if isinstance(shape, RigError):
        raise shape
    absent = [joint for joint in NEEDED if joint not in shape.bones]
    raise _misshapen(rig, tree, shape) or _incomplete(rig, nearest, absent)
