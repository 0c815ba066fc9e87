from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rig_zoo import OTHERS, SPECIMENS, pairs, rig_of
from tokendance_core.errors import RigError
from tokendance_core.motion import rotation
from tokendance_core.rigs import recognise, structure
from tokendance_core.rigs.anatomy import Tree
from tokendance_core.types import Rig

# name -> joints that shape alone cannot tell: SMPL's hands are fingers to the eye, Daz's metatarsals the toes.
_SHAPED = {
    **dict.fromkeys(
        (
            "mixamo",
            "mixamo numbered",
            "unreal 5",
            "unreal 4",
            "mesh2motion",
            "vroid",
            "xsens",
            "kaykit",
            "smpl-x",
            "rigify deform",
        ),
        (),
    ),
    **dict.fromkeys(
        ("makehuman", "character creator", "cmu", "english", "auto-rig pro deform", "rigify basic metarig", "vrm"), ()
    ),
    "smpl": ("left_hand", "right_hand"),
    "daz genesis 8": ("left_foot", "right_foot"),
}


def _unnamed(rig: Rig, seed: int, turn: np.ndarray, scale: float) -> Rig:
    """The rig with names that say nothing, in other axes and units."""
    order = np.random.default_rng(seed).permutation(len(rig.names))
    rest = rig.rest.copy()
    rest[:, :3, :3] = turn @ rest[:, :3, :3]
    rest[:, :3, 3] = scale * rest[:, :3, 3] @ turn.T
    return replace(rig, names=tuple(f"bone_{number:03}" for number in order), rest=rest, lengths=scale * rig.lengths)


@given(
    st.sampled_from(sorted(_SHAPED)),
    st.integers(0, 2**16),
    st.lists(st.floats(-3, 3), min_size=3, max_size=3),
    st.floats(1e-3, 1e3),
)
@settings(max_examples=60, deadline=None)
def test_a_body_is_found_whatever_its_bones_are_called(name: str, seed: int, turn: list[float], scale: float) -> None:
    rig = rig_of(SPECIMENS[name], seed)
    unnamed = _unnamed(rig, seed, rotation.matrix_from_axis_angle(np.array(turn)), scale)
    found = recognise.match(unnamed)
    back = dict(zip(unnamed.names, rig.names, strict=True))
    kept = {joint: bone for joint, bone in pairs(SPECIMENS[name].expected).items() if joint not in _SHAPED[name]}
    assert {joint: back[bone] for joint, bone in found.bones.items() if joint not in _SHAPED[name]} == kept
    assert found.family == "structure"
    assert found.score < 0.9
    assert any("without names" in reason for reason in found.reasons)


def test_a_body_without_feet_is_taken_to_face_as_usual() -> None:
    text = "\n".join(line for line in SPECIMENS["xsens"].bones.splitlines() if "Toe" not in line)
    flat = rig_of(replace(SPECIMENS["xsens"], bones=text))
    rest = flat.rest.copy()
    rest[:, 1, 3] = 0  # a paper doll: nothing lies before or behind
    found = recognise.match(_unnamed(replace(flat, rest=rest), 0, np.eye(3), 1.0))
    back = dict(zip(_unnamed(flat, 0, np.eye(3), 1.0).names, flat.names, strict=True))
    assert back[found.bones["left_hip"]] == "LeftUpperLeg"
    assert any("front from back" in reason for reason in found.reasons)
    assert found.score < 0.7


@pytest.mark.parametrize("known", ["arm|fore|hand|shoulder", "leg|foot|toe|hips", "spine|neck|head|hips"])
def test_shape_fills_in_what_names_leave_open(known: str) -> None:
    specimen = SPECIMENS["mixamo without prefix"]
    rig = rig_of(specimen)
    words = known.split("|")
    names = tuple(name if any(word in name.lower() for word in words) else f"b{i}" for i, name in enumerate(rig.names))
    found = recognise.match(replace(rig, names=names))
    back = dict(zip(names, rig.names, strict=True))
    assert {joint: back[bone] for joint, bone in found.bones.items()} == pairs(specimen.expected)


def test_one_odd_name_is_filled_in_and_said() -> None:
    rig = rig_of(SPECIMENS["mixamo without prefix"])
    found = recognise.match(replace(rig, names=tuple("Tail" if name == "LeftLeg" else name for name in rig.names)))
    assert found.bones["left_knee"] == "Tail"
    assert "Found by the shape of the skeleton: left_knee." in found.reasons


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dog", "stand on four legs"),
        ("wolf with a person's names", "stand on four legs"),
        ("chair", "without a pair of mirrored limbs"),
        ("hand", "no humanoid"),
        ("face", "no humanoid"),
        ("rope", "a single chain of 12 bones"),
        ("door", "a single chain of 2 bones"),
    ],
)
def test_other_shapes_are_refused_and_named(name: str, words: str) -> None:
    rig = OTHERS[name]()
    for shape in (rig, _unnamed(rig, 1, np.eye(3), 1.0)):
        with pytest.raises(RigError, match=words) as caught:
            recognise.match(shape)
        assert caught.value.hint
        assert recognise.candidates(shape) == ()
    with pytest.raises(RigError):
        structure.find(rig, Tree(rig))
