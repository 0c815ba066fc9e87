"""*Test* of a rig map: it moves the joints, and leaves everything as it was however it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest

import blender_addon
from blender_addon import compat, session
from blender_addon.armature import map_store
from blender_addon.character import map_test
from blender_addon.interface import playback
from tests.blender.rig_builder import build, posed_matrices
from tests.blender.takes import test_takes
from tests.unit.rig_poses import character

generate, mannequin, worker = test_takes.generate, test_takes.mannequin, test_takes.worker


@pytest.fixture
def armature(scene) -> bpy.types.Object:
    """A character with a pose and an action of its own, and constraints that would hold it."""
    made = build(character(extra=True))
    made.pose.bones["head"].rotation_quaternion = (0.9, 0.1, 0.2, 0.3)
    made.pose.bones["spine1"].scale = (1.2, 1.2, 1.2)
    held = made.pose.bones["left_wrist"].constraints.new("COPY_ROTATION")
    held.target, held.subtarget = made, "head"
    own = bpy.data.actions.new("By hand")
    made.animation_data_create().action = own
    for frame, height in ((1, 0.0), (50, 1.0)):
        made.location.z = height
        made.keyframe_insert("location", index=2, frame=frame)
    scene.frame_set(33, subframe=0.25)
    return made


def state(armature: bpy.types.Object) -> dict[str, object]:
    """Everything that a test could leave behind."""
    scene = bpy.context.scene
    data = armature.animation_data
    return {
        "actions": sorted(action.name for action in bpy.data.actions),
        "action": data.action.name if data is not None and data.action is not None else "",
        "slot": compat.slot_name(armature),
        "frame": (scene.frame_current, round(scene.frame_subframe, 4)),
        "range": (scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end, scene.frame_end),
        "height": round(armature.location.z, 4),
        "pose": np.round([bone.matrix_basis for bone in armature.pose.bones], 4).tolist(),
        "held": [round(one.influence, 4) for bone in armature.pose.bones for one in bone.constraints],
        "former": map_store.of_armature(armature).tokendance_former,
    }


def test_it_moves_one_joint_after_another(armature, scene):
    bpy.ops.tokendance.test_map()
    assert armature.animation_data.action.name == map_test.ACTION
    first, last = scene.frame_preview_start, scene.frame_preview_end
    assert scene.use_preview_range
    assert (first, last) == tuple(armature.animation_data.action.curve_frame_range)
    assert scene.frame_current == first
    rest, raised = posed_matrices(armature, 1), posed_matrices(armature, 8)
    assert raised["left_wrist"][2, 3] > rest["left_wrist"][2, 3] + 0.3
    np.testing.assert_allclose(raised["right_wrist"], rest["right_wrist"], atol=1e-3)


def saved(folder: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "file.blend"), copy=True)


def disabled(_: Path) -> None:
    blender_addon.unregister()
    blender_addon.register()


ENDS: dict[str, Callable[[Path], object]] = {
    "button": lambda _: bpy.ops.tokendance.end_test(),
    "file save": saved,
    "add-on disabled": disabled,
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("times", [1, 2])
def test_everything_is_as_it_was(armature, scene, tmp_path, end, times):
    scene.frame_preview_start, scene.frame_preview_end = 5, 9
    before = state(armature)
    for _ in range(times):
        bpy.ops.tokendance.test_map()
    scene.frame_set(7)
    ENDS[end](tmp_path)
    assert state(armature) == before
    bpy.ops.tokendance.test_map()
    bpy.ops.tokendance.end_test()
    assert state(armature) == before


def test_a_character_without_an_action_gets_its_pose_back(armature):
    armature.animation_data_clear()
    armature.pose.bones["left_knee"].rotation_mode = "XYZ"
    armature.pose.bones["left_knee"].rotation_euler = (0.4, 0.1, 0.0)
    before = state(armature)
    bpy.ops.tokendance.test_map()
    bpy.ops.tokendance.end_test()
    assert state(armature) == before


def test_a_saved_file_holds_no_test(armature, tmp_path):
    bpy.ops.tokendance.test_map()
    saved(tmp_path)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "file.blend"))
    again = bpy.data.objects["Rig"]
    assert (again.animation_data.action.name, map_test.ACTION in bpy.data.actions) == ("By hand", False)
    assert bpy.context.scene.frame_current == 33


def test_undo_and_redo_bring_no_test_back(armature):
    """A step that was made during a test holds it."""
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.tokendance.test_map()
    bpy.ops.tokendance.clear_map_bone(joint="left_collar")
    bpy.ops.ed.undo_push(message="during")
    bpy.ops.tokendance.end_test()
    bpy.ops.ed.undo_push(message="after")
    for jump in (bpy.ops.ed.undo, bpy.ops.ed.undo, bpy.ops.ed.redo, bpy.ops.ed.redo):
        jump()
        again = bpy.data.objects["Rig"]
        assert (again.animation_data.action.name, map_test.ACTION in bpy.data.actions) == ("By hand", False)


def test_a_test_of_another_character_ends_the_first(armature):
    before = state(armature)
    bpy.ops.tokendance.test_map()
    second = build(character(2), "Second")
    bpy.ops.tokendance.test_map()
    assert map_test.is_on(second)
    assert not map_test.is_on(armature)
    bpy.ops.tokendance.end_test()
    assert state(armature) == before
    assert bpy.data.actions["By hand"].use_fake_user


def test_a_dance_ends_it_and_leaves_no_trace_of_it(mannequin, generate):
    bpy.ops.tokendance.test_map()
    generate(seed=1)
    assert map_test.ACTION not in bpy.data.actions
    assert not bpy.context.scene.use_preview_range


def test_a_test_whose_character_is_gone_gives_the_rest_back(armature, scene):
    bpy.ops.tokendance.test_map()
    bpy.data.objects.remove(armature)
    map_test.end_all()
    assert map_test.ACTION not in bpy.data.actions
    assert (scene.use_preview_range, scene.frame_current) == (False, 33)


def test_without_a_test_there_is_none_to_stop(armature):
    with pytest.raises(RuntimeError, match="Nothing is being tested"):
        bpy.ops.tokendance.end_test()


# --- in a window ------------------------------------------------------------------------------------------------------


@pytest.fixture
def looked_at(armature, monkeypatch) -> SimpleNamespace:
    """A test that plays in a window: there is none, so what is seen there is told by hand."""
    seen = SimpleNamespace(playing=False, tab=True, shown=True)
    monkeypatch.setattr(playback, "is_on", lambda: seen.playing)
    monkeypatch.setattr(playback, "toggle", lambda: setattr(seen, "playing", not seen.playing))
    monkeypatch.setattr(map_test, "_tab_is_shown", lambda: seen.tab)
    monkeypatch.setattr(map_test, "_is_shown", lambda armature: seen.shown)
    seen.before = state(armature)
    bpy.ops.tokendance.test_map()
    map_test._play(armature.name)
    yield seen
    map_test.end_all()


def tick() -> None:
    session.current().ticker.tick()


def test_it_plays_as_long_as_it_is_looked_at(looked_at, armature):
    for _ in range(3):
        tick()
    assert (looked_at.playing, map_test.is_on(armature)) == (True, True)


LOOKED_AWAY: dict[str, Callable[[SimpleNamespace], object]] = {
    "another tab": lambda seen: setattr(seen, "tab", False),
    "another character": lambda seen: setattr(seen, "shown", False),
    "playback stopped": lambda seen: setattr(seen, "playing", False),
    "button": lambda seen: bpy.ops.tokendance.end_test(),
}


@pytest.mark.parametrize("how", LOOKED_AWAY)
def test_it_ends_when_it_is_looked_away_from(looked_at, armature, how):
    LOOKED_AWAY[how](looked_at)
    tick()
    tick()
    assert state(armature) == looked_at.before
    assert not looked_at.playing
    assert session.current().tested == ""


def test_playback_that_was_on_before_goes_on(looked_at, armature):
    bpy.ops.tokendance.end_test()
    looked_at.playing = True
    bpy.ops.tokendance.test_map()
    map_test._play(armature.name)
    bpy.ops.tokendance.end_test()
    assert looked_at.playing


def test_undo_of_a_test_that_is_looked_at_stops_playback(armature, monkeypatch, looked_at):
    bpy.data.actions.remove(armature.animation_data.action)
    tick()
    assert session.current().tested == ""
