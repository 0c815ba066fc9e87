from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.rig_zoo import SPECIMENS, ZOO, rig_of
from tokendance_core.rigs import recognise
from tokendance_core.rigs.anatomy import KNOWN
from tokendance_core.rigs.checks import mirrored, problems
from tokendance_core.types import RigMap

_RIG = ZOO["mixamo without prefix"]()
_MAP = recognise.match(_RIG)


def _with(**bones: str) -> RigMap:
    return replace(_MAP, bones={**_MAP.bones, **bones})


def _without(*joints: str) -> RigMap:
    return replace(_MAP, bones={joint: bone for joint, bone in _MAP.bones.items() if joint not in joints})


@pytest.mark.parametrize(
    ("rig_map", "words"),
    [
        (_with(left_hip="Thigh"), "The rig has no bone “Thigh”, which left_hip is mapped to."),
        (_with(left_tail="Hips"), "There is no joint called left_tail"),
        (_without("left_knee"), "No bone is mapped to left_knee: pick one."),
        (
            _without("pelvis", "head", "left_ankle"),
            "No bone is mapped to pelvis, head and left_ankle: pick one for each.",
        ),
        (_with(left_foot="LeftFoot"), "“LeftFoot” is used for left_ankle and left_foot"),
        (
            _with(left_knee="LeftFoot", left_ankle="LeftLeg"),
            "left_ankle (“LeftLeg”) does not descend from left_knee (“LeftFoot”)",
        ),
        (_with(left_knee="LeftFoot", left_ankle="LeftLeg"), "left_knee lies below left_ankle"),
        (_with(left_wrist="RightHand", right_wrist="LeftHand"), "Left and right are swapped at the wrist."),
        (replace(_MAP, ik={"left_ankle": "gone"}, path="away"), "no bone “gone”, which belongs to left_ankle"),
        (replace(_MAP, path="away"), "no bone “away”, which belongs to the path"),
    ],
)
def test_mistakes_are_said(rig_map: RigMap, words: str) -> None:
    assert any(words in sentence for sentence in problems(_RIG, rig_map)), problems(_RIG, rig_map)


def test_problems_are_whole_sentences() -> None:
    broken = replace(_without("head"), path="away", ik={"left_ankle": "gone"})
    wrong = [_with(left_hip="Thigh", left_tail="Hips"), _with(left_knee="LeftFoot", left_ankle="LeftLeg"), broken]
    for sentence in (sentence for rig_map in wrong for sentence in problems(_RIG, rig_map)):
        assert sentence.endswith("."), sentence
        assert sentence[0].isupper() or sentence[0] == "“" or sentence.split()[0] in KNOWN, sentence


def test_a_good_map_has_no_problems() -> None:
    assert problems(_RIG, _MAP) == ()


def test_a_body_mapped_the_wrong_way_round_is_told_by_its_toes() -> None:
    other = {"left": "right", "right": "left"}
    bones = {
        joint.replace(s, other[s]) if (s := joint.split("_")[0]) in other else joint: bone
        for joint, bone in _MAP.bones.items()
    }
    assert any("toes would point backwards" in sentence for sentence in problems(_RIG, replace(_MAP, bones=bones)))


def test_a_limb_without_length_is_said() -> None:
    rest = _RIG.rest.copy()
    rest[_RIG.names.index("LeftLeg"), :3, 3] = _RIG.heads[_RIG.names.index("LeftUpLeg")]
    assert any(
        "left_hip and left_knee lie at the same place" in sentence
        for sentence in problems(replace(_RIG, rest=rest), _MAP)
    )


def _half(rig_map: RigMap) -> RigMap:
    return replace(
        rig_map,
        bones={joint: bone for joint, bone in rig_map.bones.items() if not joint.startswith("right_")},
        twist={joint: bones for joint, bones in rig_map.twist.items() if not joint.startswith("right_")},
        followers={joint: bones for joint, bones in rig_map.followers.items() if not joint.startswith("right_")},
        ik={joint: bone for joint, bone in rig_map.ik.items() if not joint.startswith("right_")},
        offsets={"left_shoulder": (10.0, 20.0, 30.0)},
    )


@pytest.mark.parametrize("name", SPECIMENS)
def test_the_other_side_is_filled_in(name: str) -> None:
    rig = ZOO[name]()
    whole = recognise.match(rig)
    copied = mirrored(rig, _half(whole))
    for part in ("bones", "twist", "followers", "ik"):
        assert dict(getattr(copied, part)) == dict(getattr(whole, part)), part
    assert copied.offsets["right_shoulder"] == (10.0, -20.0, -30.0)


@pytest.mark.parametrize("name", ["mixamo", "unreal 5", "kaykit"])
def test_the_other_side_is_filled_in_by_places_where_names_say_nothing(name: str) -> None:
    rig = rig_of(SPECIMENS[name])
    whole = recognise.match(rig)
    new = {bone: f"bone{number}" for number, bone in enumerate(rig.names)}
    renamed = replace(whole, bones={joint: new[bone] for joint, bone in whole.bones.items()}, twist={})
    copied = mirrored(replace(rig, names=tuple(new.values())), _half(renamed))
    assert dict(copied.bones) == dict(renamed.bones)


def test_the_right_side_can_be_the_model() -> None:
    changed = _with(right_wrist="RightHandIndex1")
    assert mirrored(_RIG, changed, "right").bones["left_wrist"] == "LeftHandIndex1"
    assert mirrored(_RIG, changed).bones["right_wrist"] == "RightHand"


def test_nothing_is_lost_where_a_bone_has_no_partner() -> None:
    assert mirrored(_RIG, _with(left_wrist="Head")).bones["right_wrist"] == "RightHand"
    assert np.array_equal(_RIG.heads, ZOO["mixamo without prefix"]().heads)
