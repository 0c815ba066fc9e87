"""One body, spelled, turned, scaled and dressed otherwise: its map stays the same."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rig_zoo import SPECIMENS, pairs, rig_of
from tests.rig_zoo.builder import Specimen
from tokendance_core.motion import rotation
from tokendance_core.rigs import recognise
from tokendance_core.types import Rig

_BODIES = (
    "mixamo without prefix",
    "unreal 4",
    "vrm",
    "xsens",
    "english",
    "rokoko",
    "two halves",
    "ik feet",
    "vrm humanoid names",
)
_PREFIXES = ("", "Fred_", "b_", "bn_", "Character1:", "SK_", "jnt-", "Ethan", "Bob 01 ", "Armature|")
_SUFFIXES = ("", "Bone", "_jnt", ".001", "_JNT_SKN", "_01", "-bind", " bone", "_Joint")
_SIDES = {
    "as they are": None,
    "before": ("L_{}", "R_{}"),
    "behind": ("{}.L", "{}.R"),
    "words": ("Left_{}", "Right_{}"),
    "two letters": ("lf_{}", "rt_{}"),
    "behind, in words": ("{}_left", "{}_right"),
}
_EXTRA = """
Prop @ 1 0.5 0.5
 Prop Tip @ 1 1.5 0.5
Camera Target @ 0 1.5 3
"""
_SIDED = re.compile(r"\[[^\]]*\|[^\]]*\]")


def _without_toes(specimen: Specimen) -> Specimen:
    toes = {name for joint, name in pairs(specimen.expected).items() if joint.endswith("_foot")}
    lines, depth = [], 99
    for line in specimen.bones.splitlines():
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent <= depth:
            depth = indent if toes & set(_both(line.strip().partition(" @ ")[0])) else 99
        if depth == 99:
            lines.append(line)
    joints = [part for part in specimen.expected.split(";") if not part.strip().startswith("foot ")]
    return replace(specimen, bones="\n".join(lines), expected=";".join(joints))


def _both(pattern: str) -> list[str]:
    """The names of the left and the right bone that a line makes."""
    return [_SIDED.sub(lambda found, s=side: found[0][1:-1].split("|")[s], pattern) for side in (0, 1)]


def _respelled(name: str, sides: tuple[str, str] | None, prefix: str, suffix: str, side: int | None) -> str:
    spelled = name if sides is None or side is None else sides[side].format(name)
    if prefix.isalpha():
        spelled = spelled[0].upper() + spelled[1:]
    return f"{prefix}{spelled}{suffix}"


def _renamed(rig: Rig, specimen: Specimen, sides: str, prefix: str, suffix: str) -> dict[str, str]:
    """Bone -> its new name."""
    found = {name: (name, None) for name in rig.names}
    for line in specimen.bones.splitlines():
        pattern = line.strip().partition(" @ ")[0]
        if _SIDED.search(pattern) and not pattern.startswith("*"):
            stem = _SIDED.sub("", pattern).strip(" ._-")
            for side, name in enumerate(_both(pattern)):
                found[name] = (stem if _SIDES[sides] else name, side)
    return {name: _respelled(stem, _SIDES[sides], prefix, suffix, side) for name, (stem, side) in found.items()}


def _turned(rig: Rig, degrees: float, scale: float) -> Rig:
    """The rig turned about its up axis, in other units."""
    up = np.linalg.inv(rig.world[:3, :3]) @ [0, 0, 1]
    turn = rotation.matrix_from_axis_angle(np.radians(degrees) * up / np.linalg.norm(up))
    rest = rig.rest.copy()
    rest[:, :3, :3] = turn @ rest[:, :3, :3]
    rest[:, :3, 3] = scale * rest[:, :3, 3] @ turn.T
    return replace(rig, rest=rest, lengths=scale * rig.lengths)


@given(
    st.sampled_from(_BODIES),
    st.sampled_from(_PREFIXES),
    st.sampled_from(_SUFFIXES),
    st.sampled_from(sorted(_SIDES)),
    st.sampled_from([0.0, 90.0, 180.0, 270.0, 33.0]),
    st.booleans(),
    st.booleans(),
    st.floats(0.01, 100.0),
    st.integers(0, 99),
)
@settings(max_examples=50, deadline=None)
def test_spelling_facing_scale_and_dress_change_nothing(
    name: str,
    prefix: str,
    suffix: str,
    sides: str,
    turn: float,
    has_toes: bool,
    is_dressed: bool,
    scale: float,
    seed: int,
) -> None:
    specimen = SPECIMENS[name] if has_toes else _without_toes(SPECIMENS[name])
    if is_dressed:
        specimen = replace(specimen, bones=specimen.bones + _EXTRA)
    rig = _turned(rig_of(specimen, seed), turn, scale)
    new = _renamed(rig, specimen, sides, prefix, suffix)
    found = recognise.match(replace(rig, names=tuple(new[bone] for bone in rig.names)))
    assert dict(found.bones) == {joint: new[bone] for joint, bone in pairs(specimen.expected).items()}
    assert found.score > 0.5


@pytest.mark.parametrize("turn", [0.0, 90.0, 180.0])
@pytest.mark.parametrize("name", ["xsens", "kaykit", "unreal 4"])
def test_knees_say_where_the_front_is_when_nothing_else_does(name: str, turn: float) -> None:
    specimen = _without_toes(SPECIMENS[name])
    plain = rig_of(replace(specimen, tails=False))
    rig = _turned(replace(plain, names=tuple(f"bone_{bone}" for bone in range(len(plain.names)))), turn, 1.0)
    found = recognise.match(rig)
    assert {joint: plain.names[rig.names.index(bone)] for joint, bone in found.bones.items()} == pairs(
        specimen.expected
    )
    assert not any("front from back" in reason for reason in found.reasons)


@pytest.mark.parametrize("turn", [0.0, 180.0])
def test_names_decide_sides_where_they_say_nothing_else(turn: float) -> None:
    specimen = _without_toes(SPECIMENS["xsens"])
    plain = rig_of(replace(specimen, tails=False))
    words = {"Left": "_L", "Right": "_R"}
    names = tuple(
        f"b{bone}" + next((end for word, end in words.items() if name.startswith(word)), "")
        for bone, name in enumerate(plain.names)
    )
    found = recognise.match(_turned(replace(plain, names=names), turn, 1.0))
    back = dict(zip(names, plain.names, strict=True))
    assert {joint: back[bone] for joint, bone in found.bones.items()} == pairs(specimen.expected)
