from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.rig_zoo import SPECIMENS, Specimen, build, pairs, rig_of
from tests.rig_zoo.animals import ANIMALS, bird, quadruped
from tokendance_core.errors import RigError
from tokendance_core.motion import rotation
from tokendance_core.rigs import recognise
from tokendance_core.rigs.anatomy import Tree
from tokendance_core.rigs.checks import problems
from tokendance_core.types import Rig, RigMap

_UPRIGHT = Specimen("", SPECIMENS["two halves"].bones, SPECIMENS["two halves"].expected)


def _below(rig: Rig, bone: int) -> list[int]:
    tree = Tree(rig)
    return [other for other in range(len(rig.names)) if bone in tree.lineage(other)]


# --- animals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ANIMALS)
@pytest.mark.parametrize("spelling", ["{}", "bone{:03}"])
def test_animals_are_refused_whatever_they_are_called(name: str, spelling: str) -> None:
    rig = build(ANIMALS[name])
    named = rig if spelling == "{}" else replace(rig, names=tuple(map(spelling.format, range(len(rig.names)))))
    with pytest.raises(RigError) as caught:
        recognise.match(named)
    assert caught.value.hint
    assert recognise.candidates(named) == ()


@given(st.integers(0, 2**16), st.integers(0, 2))
@settings(max_examples=40, deadline=None)
@example(76, 1)
@example(84, 2)
@example(21098, 1)
def test_no_beast_dances_on_its_hind_legs(seed: int, names: int) -> None:
    with pytest.raises(RigError):
        recognise.match(build(quadruped(np.random.default_rng(seed), names)))


def test_hardly_a_bird_dances() -> None:
    danced = []
    for seed in range(40):
        for names in (0, 1):
            try:
                recognise.match(build(bird(np.random.default_rng(seed), names)))
                danced.append(names)
            except RigError:
                pass
    assert 0 not in danced  # wings are no arms
    assert len(danced) <= 4


@pytest.mark.parametrize(("joint", "word"), [("Arm", "Wing"), ("Arm", "Ear"), ("UpLeg", "BackLeg")])
def test_names_of_an_animal_s_limbs_are_quoted(joint: str, word: str) -> None:
    specimen = SPECIMENS["mixamo without prefix"]
    rig = rig_of(specimen)
    new = {f"{side}{joint}": f"{side}{word}" for side in ("Left", "Right")}
    names = tuple(new.get(name, name) for name in rig.names)
    found = recognise.match(rig)
    renamed = replace(found, bones={joint: new.get(bone, bone) for joint, bone in found.bones.items()})
    said = problems(replace(rig, names=names), renamed)
    assert any(f"would be “Left{word}”, expected two legs and two arms" in sentence for sentence in said)


# --- people -----------------------------------------------------------------------------------------------------------


@given(
    st.sampled_from(["mixamo", "unreal 5", "vrm", "english", "mmd", "daz genesis 8", "ethan"]), st.integers(0, 2**16)
)
@settings(max_examples=25, deadline=None)
def test_a_rest_pose_in_the_middle_of_a_dance_is_still_a_person(name: str, seed: int) -> None:
    rig, joints, rng = rig_of(SPECIMENS[name]), pairs(SPECIMENS[name].expected), np.random.default_rng(seed)
    rest = rig.rest.copy()
    for joint, reach in (("hip", 0.6), ("knee", 0.6), ("shoulder", 0.9), ("elbow", 0.6)):
        for side in ("left", "right"):
            bone = rig.names.index(joints[f"{side}_{joint}"])
            turn = rotation.matrix_from_axis_angle(rng.uniform(-reach, reach, 3))
            for other in _below(rig, bone):
                rest[other, :3, 3] = rest[bone, :3, 3] + turn @ (rest[other, :3, 3] - rest[bone, :3, 3])
                rest[other, :3, :3] = turn @ rest[other, :3, :3]
    assert dict(recognise.match(replace(rig, rest=rest)).bones) == joints


@given(
    st.sampled_from(["mixamo", "unreal 5", "xsens", "kaykit", "makehuman", "english", "vrm"]),
    *(st.floats(low, high) for low, high in ((0.3, 0.8), (0.5, 0.9), (0.4, 0.75), (1.0, 2.5))),
)
@settings(max_examples=25, deadline=None)
def test_chibis_are_found_by_their_shape(name: str, legs: float, trunk: float, arms: float, head: float) -> None:
    specimen = SPECIMENS[name]
    rig, joints = rig_of(specimen), pairs(specimen.expected)
    index = {joint: rig.names.index(bone) for joint, bone in joints.items()}
    places = rig.heads @ specimen.axes / specimen.unit
    hips = places[index["left_hip"], 1]
    low = places[:, 1] < hips
    small = places.copy()
    small[:, 1] = np.where(low, places[:, 1] * legs, hips * legs + (places[:, 1] - hips) * trunk)
    for joint, factor in (("left_collar", arms), ("right_collar", arms), ("head", head)):
        start = index.get(joint, index.get(joint.replace("collar", "shoulder"), 0))
        for bone in _below(rig, start):
            small[bone] = small[start] + (places[bone] - places[start]) * factor
    rest = rig.rest.copy()
    rest[:, :3, 3] = specimen.unit * small @ specimen.axes.T
    names = tuple(f"bone_{bone:03}" for bone in range(len(rig.names)))
    found = recognise.match(replace(rig, names=names, rest=rest, lengths=min(legs, arms) * rig.lengths))
    back = dict(zip(names, rig.names, strict=True))
    assert {joint: back[bone] for joint, bone in found.bones.items()} == joints


# --- what does not hang together --------------------------------------------------------------------------------------


def _refused(rig: Rig, **bones: str) -> tuple[str, ...]:
    """What is said of the rig's own map with other bones for some joints."""
    found = recognise.match(rig_of(_UPRIGHT))
    return problems(rig, replace(found, bones={**found.bones, **bones}))


def test_a_body_in_two_pieces_is_well_while_both_can_be_moved() -> None:
    rig = rig_of(_UPRIGHT)
    assert _refused(rig) == ()
    locked = np.array([name == "Chest" for name in rig.names])
    (said,) = _refused(replace(rig, location_locked=locked))
    assert said == (
        "spine3 (“Chest”) does not descend from pelvis (“Abdomen”), and its location is locked: it would stay behind."
    )
    with pytest.raises(RigError, match="it would stay behind") as caught:
        recognise.match(replace(rig, location_locked=locked))
    assert "Unlock the location" in caught.value.hint


def test_a_knee_must_hang_on_its_thigh() -> None:
    rig = rig_of(_UPRIGHT)
    said = _refused(rig, left_knee="Right_Lower_Leg", right_knee="Left_Lower_Leg")
    assert any("left_knee (“Right_Lower_Leg”) does not descend from left_hip" in sentence for sentence in said)


def test_legs_that_nothing_carries_are_told_with_a_way_out() -> None:
    text = "\n".join(line for line in SPECIMENS["three roots"].bones.splitlines() if "Abdomen" not in line)
    with pytest.raises(RigError, match="no bone carries “Left_Upper_Leg”, “Right_Upper_Leg” and the trunk") as caught:
        recognise.match(build(_dedented(text)))
    assert "Add a bone between the hips" in caught.value.hint
    assert "Edit Map" in caught.value.hint


def _dedented(text: str) -> str:
    """The trunk one level further up."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if "Chest" in line)
    return "\n".join([*lines[:start], *(line[1:] for line in lines[start:])])


def test_halves_of_a_limb_are_of_about_one_length() -> None:
    specimen = SPECIMENS["mixamo without prefix"]
    rig = rig_of(specimen)
    rest = rig.rest.copy()
    rest[rig.names.index("LeftForeArm"), :3, 3] += 0.97 * (
        rig.heads[rig.names.index("LeftHand")] - rig.heads[rig.names.index("LeftForeArm")]
    )
    found: RigMap = recognise.match(rig)
    assert any("times as long as the left forearm" in sentence for sentence in problems(replace(rig, rest=rest), found))
