"""What a rig was set to before its first dance is kept on it, and given back; also by what earlier versions kept."""

from __future__ import annotations

import json
from dataclasses import replace

import bpy
import pytest

from blender_addon.armature import action, holds, map_store, rig
from tests.blender.rig_builder import build
from tests.unit.rig_poses import character, own_map, random_clip
from tokendance_core import Switch, retarget_clip

_ODD = 'driver 3 "odd" ü'
"""A bone name that has spaces and quotes in it, and begins like a key of version 1."""


@pytest.fixture
def armature(scene) -> bpy.types.Object:
    """A character with a switch, a constraint that holds a bone, and a driven channel on a bone with an odd name."""
    made = build(character(2))
    bone = made.pose.bones["head"]
    bone["IK_FK"] = 0.25
    constraint = bone.constraints.new("LIMIT_ROTATION")
    constraint.name, constraint.influence = 'my "limit"', 0.75
    made.data.bones["left_wrist"].name = _ODD
    driven = made.pose.bones[_ODD]
    driven.rotation_mode = "XYZ"
    driven.driver_add("rotation_euler", 1).driver.expression = "0.5"
    rig_map = own_map(rig.read_rig(made))
    map_store.keep(made, replace(rig_map, bones={**rig_map.bones, "left_wrist": _ODD}))
    return made


def dance(armature: bpy.types.Object) -> None:
    read, rig_map = rig.recognise(armature)
    animation = replace(retarget_clip(random_clip(), read, rig_map), switches=(Switch("head", "IK_FK", 1.0),))
    action.write(armature, animation, name="Dance", frame_start=1, scene_fps=30)


def settings(armature: bpy.types.Object) -> tuple[float, float, bool]:
    bone = armature.pose.bones["head"]
    driver = next(iter(armature.animation_data.drivers))
    return bone["IK_FK"], bone.constraints[0].influence, driver.mute


def let_go_by_hand(armature: bpy.types.Object) -> None:
    """The rig as an earlier version left it: dancing, with nothing kept yet."""
    armature.pose.bones["head"]["IK_FK"] = 1.0
    armature.pose.bones["head"].constraints[0].influence = 0.0
    next(iter(armature.animation_data.drivers)).mute = True


LIMIT = r'pose.bones["head"].constraints["my \"limit\""].influence'
SWITCH = 'pose.bones["head"]["IK_FK"]'
DRIVEN = rf'pose.bones["{_ODD}"].rotation_euler'.replace('"odd"', r"\"odd\"")
VERSION_1 = {SWITCH: 0.25, LIMIT: 0.75, f"driver 1 {DRIVEN}": 0.0}


def test_what_is_kept_is_structured(armature):
    dance(armature)
    assert json.loads(armature.tokendance_former) == {
        "version": 2,
        "values": {SWITCH: 0.25, LIMIT: 0.75},
        "drivers": [{"path": DRIVEN, "index": 1}],
    }


def test_a_second_dance_remembers_what_was_before_the_first(armature):
    dance(armature)
    first = armature.tokendance_former
    let_go_by_hand(armature)
    dance(armature)
    assert json.loads(armature.tokendance_former) == json.loads(first)
    armature.animation_data.action = None
    assert holds.restore(armature) == 3
    assert settings(armature) == (0.25, 0.75, False)
    assert armature.tokendance_former == ""
    assert holds.restore(armature) == 0


def test_what_version_1_kept_is_given_back(armature):
    let_go_by_hand(armature)
    armature.tokendance_former = json.dumps(VERSION_1)
    assert bpy.ops.tokendance.restore_rig() == {"FINISHED"}
    assert settings(armature) == (0.25, 0.75, False)
    assert armature.tokendance_former == ""


def test_what_version_1_kept_outlives_another_dance_and_a_save(armature, tmp_path):
    let_go_by_hand(armature)
    armature.tokendance_former = json.dumps(VERSION_1)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "file.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "file.blend"))
    again = bpy.data.objects["Rig"]
    dance(again)
    assert json.loads(again.tokendance_former)["version"] == 2
    again.animation_data.action = None
    assert holds.restore(again) == 3
    assert settings(again) == (0.25, 0.75, False)


def test_what_is_gone_meanwhile_is_skipped(armature):
    dance(armature)
    armature.animation_data.action = None
    bone = armature.pose.bones["head"]
    bone.constraints.remove(bone.constraints[0])
    del bone["IK_FK"]
    armature.pose.bones[_ODD].driver_remove("rotation_euler", 1)
    assert holds.restore(armature) == 3


def test_a_rig_that_nothing_holds_keeps_nothing(scene):
    made = build(character(1))
    read, rig_map = rig.recognise(made)
    action.write(made, retarget_clip(random_clip(), read, rig_map), name="Dance", frame_start=1, scene_fps=30)
    assert made.tokendance_former == ""


@pytest.mark.parametrize(
    "text",
    [
        *("{", "[]", "3", "[" * 100_000, '{"version": 2}', '{"driver": null}', '{"driver x location": 1}'),
        '{"version": 2, "values": {"a": "b"}, "drivers": []}',
        '{"version": 2, "values": {}, "drivers": [{"path": "location", "index": 1e300}]}',
    ],
)
def test_what_was_damaged_by_hand_is_forgotten(armature, text):
    before = settings(armature)
    map_store.of_armature(armature).tokendance_former = text
    assert holds.restore(armature) == 0
    assert settings(armature) == before
    assert map_store.of_armature(armature).tokendance_former == ""
    dance(armature)
    assert holds.restore(armature) == 3


def test_nothing_but_switches_and_constraints_is_written(armature):
    """Whatever paths a file names: the rig, the object and the keys of its bones stay as they are."""
    armature["mine"], armature.pose.bones["head"]["words"] = 1.0, "text"
    bone = 'pose.bones["head"]'
    paths = (
        *("location", "hide_render", "data.show_names", "name", '["mine"]', "x", ".", '"]'),
        *(f"{bone}.scale", f"{bone}.name", f'{bone}["words"]', LIMIT.replace("influence", "name")),
    )
    map_store.of_armature(armature).tokendance_former = json.dumps(
        {"version": 2, "values": dict.fromkeys(paths, 7.0), "drivers": []}
    )
    holds.restore(armature)
    assert (armature["mine"], armature.pose.bones["head"]["words"]) == (1.0, "text")
    assert (armature.location[:], armature.hide_render) == ((0.0, 0.0, 0.0), False)
    assert armature.pose.bones["head"].scale[:] == (1.0, 1.0, 1.0)
    assert armature.pose.bones["head"].constraints[0].name == 'my "limit"'
