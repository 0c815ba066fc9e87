"""The user's corrections: which bone plays which joint, kept on the armature."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest

from blender_addon import session
from blender_addon.armature import map_store, rig
from blender_addon.sidebar import character_panel as rig_map_panel
from tests.blender.rig_builder import build, posed_matrices
from tests.rig_zoo import ZOO
from tests.unit.rig_poses import character
from tokendance_core import JOINTS, RigMap


@pytest.fixture
def armature(scene) -> bpy.types.Object:
    return build(character(extra=True))


def kept(armature: bpy.types.Object):
    return map_store.kept(armature)


def test_recognising_keeps_the_map_and_forgetting_drops_it(armature):
    assert kept(armature) is None
    assert bpy.ops.tokendance.recognise_rig() == {"FINISHED"}
    assert kept(armature).family == "smpl"
    assert bpy.ops.tokendance.forget_map() == {"FINISHED"}
    assert kept(armature) is None


def test_bones_are_set_by_name_from_the_active_bone_searched_and_cleared(armature):
    bpy.ops.tokendance.set_map_bone(joint="root", bone="control")
    assert kept(armature).bones["root"] == "control"
    armature.data.bones.active = armature.data.bones["helper"]
    bpy.ops.tokendance.set_map_bone(joint="left_knee")
    assert kept(armature).bones["left_knee"] == "helper"
    bpy.ops.tokendance.search_map_bone(joint="left_knee", bone="left_knee")
    assert kept(armature).bones["left_knee"] == "left_knee"
    bpy.ops.tokendance.clear_map_bone(joint="left_collar")
    assert "left_collar" not in kept(armature).bones
    bpy.ops.tokendance.mirror_map(side="left")
    assert "right_collar" not in kept(armature).bones or kept(armature).bones["right_collar"] == "right_collar"
    bpy.ops.tokendance.mirror_map(side="right")
    assert kept(armature).bones["left_hip"] == "left_hip"


def test_unknown_bones_and_no_bone_change_nothing(armature):
    bpy.ops.tokendance.recognise_rig()
    before = armature.tokendance_rig_map
    with pytest.raises(RuntimeError, match="no bone named “tail”"):
        bpy.ops.tokendance.set_map_bone(joint="head", bone="tail")
    armature.data.bones.active = None
    with pytest.raises(RuntimeError, match="No bone is active"):
        bpy.ops.tokendance.set_map_bone(joint="head")
    assert armature.tokendance_rig_map == before


def test_a_rig_that_is_not_recognised_can_be_mapped_by_hand(scene):
    made = build(character(rename=lambda name: f"q{JOINTS.index(name) * 7 % 24}"))
    made.data.bones.active = None
    for joint in JOINTS[:22]:
        bpy.ops.tokendance.set_map_bone(joint=joint, bone=f"q{JOINTS.index(joint) * 7 % 24}")
    assert session.current().summaries.make(made).problems == ()


def test_problems_are_told_and_go_away(armature):
    bpy.ops.tokendance.recognise_rig()
    bpy.ops.tokendance.clear_map_bone(joint="left_knee")
    told = session.current().summaries.make(armature).problems
    assert any("left_knee" in problem for problem in told)
    bpy.ops.tokendance.set_map_bone(joint="left_knee", bone="right_knee")
    assert any("right_knee" in problem for problem in session.current().summaries.make(armature).problems)
    bpy.ops.tokendance.set_map_bone(joint="left_knee", bone="left_knee")
    assert session.current().summaries.make(armature).problems == ()


def test_an_incomplete_map_is_refused_before_anything_is_generated(armature, stand_in, tone):
    call = stand_in()
    bpy.ops.tokendance.clear_map_bone(joint="left_knee")
    with pytest.raises(RuntimeError, match="left_knee"):
        bpy.ops.tokendance.generate(filepath=str(tone))
    assert not call.exists()


def test_offsets_turn_the_joint_of_the_dance(armature, stand_in, tone):
    stand_in()
    bpy.ops.tokendance.set_map_offset(joint="right_shoulder", angles=(0, 0, np.radians(-50)))
    assert kept(armature).offsets["right_shoulder"] == (0.0, 0.0, -50.0)
    bpy.ops.tokendance.generate(filepath=str(tone), foot_lock=0, arm_spacing=0)
    found = posed_matrices(armature, 1)
    arm = found["right_elbow"][:3, 3] - found["right_shoulder"][:3, 3]
    assert np.degrees(np.arctan2(arm[2], -arm[0])) == pytest.approx(50, abs=0.1)
    bpy.ops.tokendance.set_map_offset(joint="right_shoulder", angles=(0, 0, 0))
    assert kept(armature).offsets == {}


def test_maps_travel_as_files(armature, scene, tmp_path):
    bpy.ops.tokendance.set_map_offset(joint="head", angles=(0.1, 0, 0))
    bpy.ops.tokendance.export_map(filepath=str(tmp_path / "map"))
    second = build(character(2, extra=True), "Second")
    assert bpy.ops.tokendance.import_map(filepath=str(tmp_path / "map.json")) == {"FINISHED"}
    assert kept(second).offsets == kept(armature).offsets
    third = build(character(rename=str.upper), "Third")
    with pytest.raises(RuntimeError, match="which this map names"):
        bpy.ops.tokendance.import_map(filepath=str(tmp_path / "map.json"))
    (tmp_path / "broken.json").write_text("{")
    for name in ("broken.json", "nothing.json"):
        with pytest.raises(RuntimeError):
            bpy.ops.tokendance.import_map(filepath=str(tmp_path / name))
    assert kept(third) is None


def test_the_map_is_saved_with_the_file_and_undone_with_its_step(armature, tmp_path):
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.tokendance.recognise_rig()
    bpy.ops.ed.undo_push(message="recognised")
    bpy.ops.ed.undo()
    assert kept(bpy.data.objects["Rig"]) is None
    bpy.ops.ed.redo()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "file.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "file.blend"))
    assert kept(bpy.data.objects["Rig"]).family == "smpl"


def test_edit_mode_root_offsets_and_the_last_bone_are_refused(armature):
    with pytest.raises(RuntimeError, match="does not turn with the dance"):
        bpy.ops.tokendance.set_map_offset(joint="root", angles=(0.1, 0, 0))
    map_store.keep(armature, RigMap({"head": "head"}, "by hand"))
    with pytest.raises(RuntimeError, match="without any bone"):
        bpy.ops.tokendance.clear_map_bone(joint="head")
    armature.tokendance_rig_map = '{"format": "tokendance rig map", "version": 3}'
    with pytest.raises(RuntimeError, match="expected version 1"):
        bpy.ops.tokendance.set_map_bone(joint="head", bone="head")
    assert '"version": 3' in armature.tokendance_rig_map
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="Leave edit mode first"):
        bpy.ops.tokendance.recognise_rig()
    bpy.ops.object.mode_set(mode="OBJECT")


def test_the_map_of_an_override_survives_saving(armature, scene, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, target):
        target.objects = ["Rig"]
    override = target.objects[0].override_create()
    bpy.context.scene.collection.objects.link(override)
    bpy.context.view_layer.objects.active = override
    bpy.ops.tokendance.set_map_offset(joint="head", angles=(0.1, 0, 0))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    again = next(item for item in bpy.context.scene.objects if item.type == "ARMATURE")
    assert again.override_library is not None
    assert kept(again).offsets["head"]


def test_operators_say_what_they_need(scene):
    for name in ("recognise_rig", "set_map_bone", "test_map"):
        with pytest.raises(RuntimeError, match="Select an armature first"):
            getattr(bpy.ops.tokendance, name)()


class Layout:
    """Takes every call of a panel and remembers the texts and operators."""

    def __init__(self, seen: list[str]) -> None:
        self.seen = seen

    def __getattr__(self, name: str):
        def call(*words: object, **options: object) -> Layout:
            self.seen.extend([*map(str, words), str(options.get("text", ""))])
            return self

        return call


def drawn(panel: type, context: bpy.types.Context) -> list[str]:
    seen: list[str] = []
    panel.draw(type("Drawn", (), {"layout": Layout(seen)})(), context)
    return seen


def test_the_panel_shows_what_is_known_and_works_nothing_out_itself(armature, monkeypatch):
    session.current().summaries.close()
    assert "Looking at the bones…" in drawn(rig_map_panel.CharacterPanel, bpy.context)
    session.current().summaries.make(armature)
    monkeypatch.setattr(rig, "read_rig", lambda _: pytest.fail("drawing must not read the rig"))
    texts = drawn(rig_map_panel.CharacterPanel, bpy.context)
    assert "SMPL: every joint was recognised" in " ".join(texts)
    joints = drawn(rig_map_panel.JointsPanel, bpy.context)
    assert {"left_shoulder", "Upper arm", "Trunk"} <= set(joints)
    monkeypatch.undo()
    bpy.ops.tokendance.clear_map_bone(joint="left_knee")
    assert any("left_knee" in text for text in drawn(rig_map_panel.CharacterPanel, bpy.context))


def test_a_rig_that_is_refused_is_not_called_recognised(scene):
    refused = build(character(rename=lambda name: f"q{JOINTS.index(name) * 7 % 24}"))
    for bone in refused.pose.bones:
        bone.bone.use_deform = False
    map_store.of_armature(refused).tokendance_rig_map = "{}"
    session.current().summaries.make(refused)
    texts = drawn(rig_map_panel.MapPanel, bpy.context)
    assert "Not recognised: set the bones yourself" in texts
    assert not any("Recognised automatically" in text for text in texts)


def test_a_map_that_version_1_kept_in_the_file_is_read_and_kept_anew(scene):
    made = build(ZOO["mmd"]())
    bpy.ops.tokendance.recognise_rig()
    whole = kept(made)
    assert whole.followers
    text = json.loads(made.tokendance_rig_map)
    text["doubles"] = text.pop("followers")
    made.tokendance_rig_map = json.dumps(text | {"version": 1})
    assert kept(made).followers == whole.followers
    bpy.ops.tokendance.set_map_offset(joint="head", angles=(0.1, 0, 0))
    assert (json.loads(made.tokendance_rig_map)["version"], kept(made).followers) == (2, whole.followers)
