from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokendance_core.rigs import names

_SPELLED = {
    **dict.fromkeys(
        [
            "LeftArm",
            "Arm_Left",
            "arm.L",
            "arm_l",
            "L_Arm",
            "l_arm",
            "lArm",
            "ArmLeft",
            "Left_Arm",
            "left-arm",
            "LEFT_ARM",
            "LArm",
            "ArmL",
            "leftarm",
        ],
        "arm",
    ),
    **dict.fromkeys(
        ("Left Arm", "mixamorig:LeftArm", "Armature|LeftArm", "a:b|LeftArm", "ｌｅｆｔ＿ａｒｍ", "IKLeftArm"[2:]), "arm"
    ),
    "lThigh": "thigh",
    "LThigh": "thigh",
    "LUArm": "uarm",
    "LHipJoint": "hipjoint",
    "upperarm01.L": "upperarm01",
    "thigh_stretch.l": "thighstretch",
    "thigh.L.001": "thigh001",
    "左足": "足",
    "足.L": "足",
    "左足ＩＫ": "足ik",
    "腕捩.L": "腕捩",
    "lHand": "hand",
    "leftUpperLeg": "upperleg",
}


@pytest.mark.parametrize("name", _SPELLED)
def test_left_is_found_in_every_spelling(name: str) -> None:
    assert names.split(name) == ("left", _SPELLED[name])


@pytest.mark.parametrize(
    "name",
    [
        "lowerarm",
        "leg",
        "root",
        "ring",
        "lip",
        "Rib",
        "Leg",
        "Ring",
        "Root",
        "ROOT",
        "LEG",
        "RIB",
        "Lip",
        "Loin",
        "Reference",
        "upright",
        "Roll",
        "Lowerlip",
        "頭",
    ],
)
def test_letters_of_a_word_are_no_side(name: str) -> None:
    assert names.split(name) == ("", name.lower())


_STEMS = st.sampled_from(["Thigh", "Hand", "UpperArm", "Clavicle", "Foot", "Toe0", "Arm", "Eye", "Leg"])
_SPELLINGS = [
    "{side} {stem}",
    "{side}_{stem}",
    "{stem}_{side}",
    "{stem}.{side}",
    "{stem}-{side}",
    "rig:{side}_{stem}",
    "{side}{stem}",
]


@given(
    _STEMS,
    st.sampled_from([("Left", "Right"), ("L", "R")]),
    st.sampled_from(_SPELLINGS),
    st.sampled_from([str, str.lower]),
)
def test_both_sides_of_any_spelling_are_partners(stem: str, sides: tuple[str, str], spelling: str, case) -> None:
    if spelling == "{side}{stem}" and sides == ("L", "R"):
        case = str  # "lthigh" says nothing of a side
    left, right = (case(spelling.format(side=side, stem=stem)) for side in sides)
    assert names.split(left) == ("left", stem.lower())
    assert names.split(right) == ("right", stem.lower())
    assert names.mirrored(left) == names.split(right)


def test_prefixes_are_taken_off_behind_any_namespace() -> None:
    found = names.stripped(("mixamorig:Hips", "mixamorig12:Spine", "anna|mixamorig_Head", "Hips"), r"mixamorig\d*[:_]?")
    assert found == ["Hips", "Spine", "Head", None]


def test_the_characters_own_name_is_taken_off() -> None:
    bones = tuple(
        f"Fred_{name}" for name in ["Hip", "Ab", "Chest", "Neck", "Head", "LThigh", "RThigh", "LShin", "RShin", "LFoot"]
    )
    assert names.stripped(bones, "")[:2] == ["Hip", "Ab"]


def test_running_numbers_are_taken_off_only_where_all_names_have_them() -> None:
    bones = tuple(
        f"{name}_{number:02}"
        for number, name in enumerate(
            ["Hips", "Spine", "Chest", "Neck", "Head", "Arm", "Hand", "Leg", "Foot", "Toe", "Eye"]
        )
    )
    assert names.stripped(bones, "")[1] == "Spine"
    assert names.stripped(("spine_01", "spine_02", *"abcdefghij"), "")[1] == "spine_02"
