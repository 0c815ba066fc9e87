from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.rig_zoo import OTHERS, SPECIMENS, ZOO, rig_of
from tokendance_core.errors import RigError
from tokendance_core.rigs import recognise


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no bones", "has no bones"),
        ("two left arms", "claim to be left_shoulder: “LeftArm” and “LeftArm.001”"),
        ("two left arms, spelled otherwise", "Two bones claim to be left_.*left_.*Left"),
        ("two characters", "“anna:Hips” and “bob:Hips”"),
        ("knee gone", "no bone for left_knee, right_knee .*missing in the middle of a limb"),
        ("knee at the hip", "left_hip .*UpLeg.* and left_knee .*Leg.* lie at the same place"),
    ],
)
def test_broken_rigs_are_refused_and_told_why(name: str, words: str) -> None:
    with pytest.raises(RigError, match=words) as caught:
        recognise.match(OTHERS[name]())
    assert caught.value.hint


def test_a_copy_that_constraints_turn_does_not_count() -> None:
    rig = OTHERS["two left arms"]()
    found = recognise.match(replace(rig, driven=np.array([".001" in name for name in rig.names])))
    assert found.bones["left_shoulder"] == "LeftArm"


def test_a_mesh_that_ends_a_bone_of_the_same_name_does_not_count() -> None:
    bones = SPECIMENS["vrm"].bones.replace("    foot.[L|R] @ ankle", "    foot.[L|R] @ ankle\n     Foot.[L|R] @ ankle")
    assert recognise.match(rig_of(replace(SPECIMENS["vrm"], bones=bones))).bones["left_ankle"] == "foot.L"


@pytest.mark.parametrize("name", ["mixamo", "unreal 5", "mmd", "rigify", "smpl"])
def test_swapped_sides_are_said(name: str) -> None:
    rig = ZOO[name]()
    rest = rig.rest.copy()
    rest[:, 0, 3] *= -1
    found = recognise.match(replace(rig, rest=rest))
    assert any("may be swapped" in reason for reason in found.reasons)
    assert found.score < 0.85


def test_known_names_on_a_heap_of_bones_are_refused() -> None:
    rig = ZOO["mixamo"]()
    flat = replace(rig, parents=np.full(len(rig.names), -1))
    with pytest.raises(RigError):
        recognise.match(flat)
