from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.rig_zoo import SPECIMENS, lists, pairs, rig_of
from tokendance_core.rigs import checks, recognise
from tokendance_core.rigs.anatomy import shared_out
from tokendance_core.rigs.families import FAMILIES, MOTION_FILES
from tokendance_core.rigs.families.family import SIDED


@pytest.mark.parametrize("name", SPECIMENS)
def test_every_family_is_recognised(name: str) -> None:
    specimen = SPECIMENS[name]
    rig = rig_of(specimen)
    found = recognise.match(rig)
    assert dict(found.bones) == pairs(specimen.expected)
    assert found.family == specimen.family
    assert dict(found.twist) == lists(specimen.twist)
    assert dict(found.followers) == lists(specimen.followers)
    assert dict(found.ik) == pairs(specimen.ik)
    assert found.path == specimen.path
    assert tuple((switch.bone, switch.property, switch.value) for switch in found.switches) == specimen.switches
    assert found.score > 0.85
    assert "Left and right mirror each other." in found.reasons
    assert checks.problems(rig, found) == ()


@pytest.mark.parametrize("name", SPECIMENS)
def test_the_likeliest_candidate_is_the_match(name: str) -> None:
    rig = rig_of(SPECIMENS[name])
    found = recognise.candidates(rig)
    assert dict(found[0].bones) == dict(recognise.match(rig).bones)
    assert len({tuple(sorted(rig_map.bones.items())) for rig_map in found}) == len(found)


def test_tables_know_only_joints() -> None:
    for family in (*FAMILIES, *MOTION_FILES):
        joints = {*family.joints, *family.twist, *family.followers, *family.ik}
        assert joints <= {*SIDED, "pelvis", "spine1", "spine2", "spine3", "neck", "head"}, family.name
        assert all(stem == stem.lower() and " " not in stem for stems in family.joints.values() for stem in stems)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, {}),
        (1, {3: 1}),
        (2, {1: 1, 3: 2}),
        (3, {1: 1, 2: 2, 3: 3}),
        (4, {1: 1, 2: 3, 3: 4}),
        (5, {1: 2, 2: 3, 3: 5}),
        (7, {1: 2, 2: 5, 3: 7}),
    ],
)
def test_spine_bones_are_shared_out_evenly(count: int, expected: dict[int, int]) -> None:
    assert shared_out(list(range(1, count + 1))) == {f"spine{joint}": bone for joint, bone in expected.items()}


def test_motion_files_are_read_by_names_alone() -> None:
    found = recognise.match_names(rig_of(SPECIMENS["cmu"]))
    assert found.bones["left_shoulder"] == "LeftArm"
    assert {"spine1": "Spine", "spine2": "Spine1"}.items() <= found.bones.items()


def test_bones_that_constraints_turn_come_second() -> None:
    rig = rig_of(SPECIMENS["rigify"])
    assert {found.family for found in recognise.candidates(rig)} >= {"rigify", "rigify deform"}
    assert recognise.match(rig).family == "rigify"
    alone = rig_of(SPECIMENS["rigify deform"])
    assert recognise.match(replace(alone, driven=np.ones(len(alone.names), bool))).score < recognise.match(alone).score


def test_followers_that_constraints_turn_are_left_alone() -> None:
    specimen = replace(SPECIMENS["mmd_tools"], driven="(足|ひざ|足首)D")
    assert recognise.match(rig_of(specimen)).followers == {}


def test_only_controls_that_exist_are_named() -> None:
    specimen = SPECIMENS["rigify"]
    bones = "\n".join(line for line in specimen.bones.splitlines() if "_ik" not in line and "_parent." not in line)
    found = recognise.match(
        rig_of(replace(specimen, bones=bones.replace("torso @", "trunk @").replace("MCH-trunk", "MCH-torso")))
    )
    assert (found.ik, found.switches, found.path) == ({}, (), "")
