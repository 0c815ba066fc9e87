"""Which bone plays which joint: by the names of known families, by the shape of the skeleton, or by both.

``families/`` holds the tables, ``fitting`` reads them, ``structure`` needs no names, ``checks`` judges any map,
``map_file`` keeps one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tokendance_core.errors import RigError
from tokendance_core.rigs import anatomy, fitting, structure
from tokendance_core.rigs.anatomy import NEEDED, Tree
from tokendance_core.rigs.families import FAMILIES, MOTION_FILES
from tokendance_core.rigs.family import Family
from tokendance_core.types import Rig, RigMap

__all__ = ["FAMILIES", "MOTION_FILES", "candidates", "match", "match_names"]

_LEAST = 0.5
"""Score below which a map is no match."""

_FEW = 4
"""Joints that a family must name for the shape of the skeleton to fill in the rest."""

_HINT = (
    "Pick the missing bones by hand, rename them as a family that TokenDance knows does, or add TokenDance's mannequin."
)


def _incomplete(rig: Rig, fit: fitting.Fit, missing: Iterable[str] = ()) -> RigError:
    """Says which joints no bone is known for, and where a limb is interrupted."""
    message = f"this armature of {len(rig.names)} bones is not a character that TokenDance knows: no bone for "
    message += anatomy.sentence_of(missing or fit.missing)
    gaps = [
        f"{side}_{middle}"
        for side in ("left", "right")
        for start, middle, end in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
        if f"{side}_{start}" in fit.bones and f"{side}_{end}" in fit.bones and f"{side}_{middle}" not in fit.bones
    ]
    if gaps:
        message += f" ({', '.join(gaps)} is missing in the middle of a limb)"
    return RigError(message, hint=_HINT)


def _doubtful(rig: Rig, fit: fitting.Fit) -> RigError:
    joint, (one, other) = next(iter(fit.doubtful.items()))
    return RigError(
        f"Two bones claim to be {joint}: “{rig.names[one]}” and “{rig.names[other]}”, expected one.",
        hint="Rename or remove the bones of the second limb or character, or pick the right bones by hand.",
    )


def _misshapen(rig: Rig, bones: dict[str, str]) -> RigError | None:
    """An error when the bones' places make no human body, whatever they are called: neighbours at one place, four
    legs.
    """
    index = {name: bone for bone, name in enumerate(rig.names)}
    places = {joint: rig.heads[index[name]] for joint, name in bones.items() if joint != "root"}
    if anatomy.on_four_legs(places):
        return structure.four_legs(rig)
    pairs = anatomy.coincident(places)
    if not pairs:
        return None
    a, b = pairs[0]
    return RigError(
        f"{a} (“{bones[a]}”) and {b} (“{bones[b]}”) lie at the same place, so that the limb between them has no "
        "length.",
        hint="Move the bones apart in edit mode, or pick another bone for one of them.",
    )


def _filled_in(rig: Rig, tree: Tree, fit: fitting.Fit, shape: RigMap) -> RigMap | None:
    """A fit whose missing joints come from the skeleton's shape; None when both disagree or joints stay without a
    bone.
    """
    shaped = {joint: tree.index[name] for joint, name in shape.bones.items()}
    sided = [joint for joint in fit.bones if joint.startswith(("left", "right"))]
    swapped = {
        joint: {"l": "right", "r": "left"}[joint[0]] + joint[joint.index("_") :] for joint in shaped if "_" in joint
    }
    agree = sum(shaped.get(joint) == fit.bones[joint] for joint in sided)
    if sum(shaped.get(swapped.get(joint, joint)) == fit.bones[joint] for joint in sided) > agree:
        shaped = {swapped.get(joint, joint): bone for joint, bone in shaped.items()}
    taken = set(fit.bones.values())
    added = {joint: bone for joint, bone in shaped.items() if joint not in fit.bones and bone not in taken}
    bones = fit.bones | added
    loose = [pair for pair in anatomy.out_of_order(rig, bones, tree) if set(pair) & set(added)]
    if any(joint not in bones for joint in NEEDED) or loose:
        return None
    value, reasons = fitting.score(rig, tree, bones, fit.family.controls)
    named = fitting.rig_map(rig, tree, fit)
    added_names = anatomy.sentence_of(joint for joint in anatomy.KNOWN if joint in added)
    return replace(
        named,
        bones={joint: rig.names[bones[joint]] for joint in anatomy.KNOWN if joint in bones},
        score=round(value * (1 - 0.2 * len(added) / len(bones)), 4),
        reasons=(
            f"{len(fit.bones)} joints by {fit.family.title} names",
            f"{added_names} by the shape of the skeleton",
            *reasons,
        ),
    )


def _contradicts(rig: Rig, fit: fitting.Fit, shape: RigMap) -> bool:
    """Whether a shape takes bones for other joints than their names say, in a rig whose names are mostly known."""
    joints = {bone: joint for joint, bone in shape.bones.items()}
    said = {joint: rig.names[bone] for joint, bone in fit.bones.items() if joint in NEEDED}
    return len(said) > len(NEEDED) // 2 and any(joints.get(bone, joint) != joint for joint, bone in said.items())


def _rank(rig_map: RigMap) -> float:
    """Score, with the controls of a control rig before bones that they move."""
    controls = any(family.name == rig_map.family and family.controls for family in FAMILIES)
    return rig_map.score + (0.2 if controls else 0.0)


def _distinct(maps: list[RigMap]) -> tuple[RigMap, ...]:
    """Maps best first, each set of bones once; a map that says the same as another, but less of it, is left out."""
    sets = [frozenset(found.bones.items()) for found in maps]
    kept = [
        found
        for place, found in enumerate(maps)
        if not any(
            sets[place] < other or (sets[place] == other and earlier < place) for earlier, other in enumerate(sets)
        )
    ]
    return tuple(sorted(kept, key=lambda found: -_rank(found)))


def _named(rig: Rig, tree: Tree, families: tuple[Family, ...]) -> tuple[list[fitting.Fit], tuple[RigMap, ...]]:
    """All fits, those that name most joints first, and the maps of the complete ones."""
    fits = sorted((fitting.fit(rig, family, tree) for family in families), key=lambda fit: len(fit.missing))
    maps = [fitting.rig_map(rig, tree, fit) for fit in fits if not fit.missing and not fit.doubtful]
    maps.sort(key=lambda found: -_rank(found))
    return fits, _distinct([found for found in maps if found.score >= _LEAST])


def _shape(rig: Rig, tree: Tree) -> RigMap | RigError:
    try:
        return structure.find(rig, tree)
    except RigError as problem:
        return problem


def match_names(rig: Rig, families: tuple[Family, ...] = MOTION_FILES) -> RigMap:
    """Recognise the skeleton of a motion file by its names alone: the first family that names the body and both hands.

    Raises RigError, naming the joints that the nearest family lacks.
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
        found += [
            filled for fit in partial[:3] if (filled := _filled_in(rig, tree, fit, shape)) and filled.score >= _LEAST
        ]
        found += (
            [shape] if shape.score >= _LEAST and not (fits[0].missing and _contradicts(rig, fits[0], shape)) else []
        )
    return _distinct([rig_map for rig_map in found if _misshapen(rig, dict(rig_map.bones)) is None])


def match(rig: Rig) -> RigMap:
    """Recognise a humanoid rig, by names and by shape; raises RigError: what was expected, what was found, what to
    do.
    """
    if not rig.names:
        raise RigError("This armature has no bones, expected a character's skeleton.", hint="Choose another armature.")
    tree = Tree(rig)
    fits, maps = _named(rig, tree, FAMILIES)
    nearest = fits[0]
    # A family that names the whole body, with two bones for one joint, is not to be passed over for a lesser one.
    if nearest.doubtful and (not maps or (not nearest.missing and len(nearest.bones) >= len(maps[0].bones))):
        raise _doubtful(rig, nearest)
    if maps:
        if problem := _misshapen(rig, dict(maps[0].bones)):
            raise problem
        return maps[0]
    found = candidates(rig)
    if found:
        return found[0]
    if len(nearest.missing) <= len(NEEDED) // 2:
        raise _incomplete(rig, nearest)
    shape = _shape(rig, tree)
    raise shape if isinstance(shape, RigError) else _incomplete(rig, nearest)
