"""``bpy.ops.tokendance.generate`` from the song to the posed armature, with a stand-in for the network."""

from __future__ import annotations

import dataclasses
import json

import bpy
import numpy as np
import pytest

from blender_addon import compat
from blender_addon.armature.recipe import Recipe
from tests.blender.curves import curves
from tests.blender.stand_in import known_dance
from tokendance_core import GenerateSettings
from tokendance_core.motion.kinematics import joint_positions, resample
from tokendance_core.motion.skeleton import JOINTS

needs_sound = pytest.mark.skipif(not bpy.app.build_options.audaspace, reason="this Blender has no sound")

FRAME_RATES = [(30, 1.0), (24, 1.0), (25, 1.0), (60, 1.0), (30, 1.001), (24, 1.001)]


def dancer() -> bpy.types.Object:
    return next(item for item in bpy.context.scene.objects if item.type == "ARMATURE")


def heads(armature: bpy.types.Object, frame: int) -> np.ndarray:
    """(24, 3) world positions of the joints' bones in Blender's axes."""
    bpy.context.scene.frame_set(frame)
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([posed.matrix_world @ posed.pose.bones[joint].head for joint in JOINTS])


def in_blender_axes(points: np.ndarray) -> np.ndarray:
    return points[..., [0, 2, 1]] * (1, -1, 1)


def options(call) -> dict[str, object]:
    return json.loads(call.read_text(encoding="utf-8"))


def fingerprint(scene: bpy.types.Scene) -> dict[str, object]:
    """Everything a failed generation could leave behind."""
    kinds = ("objects", "meshes", "armatures", "actions", "materials", "sounds", "collections")
    return {
        **{kind: sorted(item.name for item in getattr(bpy.data, kind)) for kind in kinds},
        "strips": sorted(strip.name for strip in compat.existing_strips(scene)),
        "sequencer": scene.sequence_editor is not None,
        "range": (scene.frame_start, scene.frame_end, scene.frame_current, scene.sync_mode),
        "selection": sorted(item.name for item in bpy.context.selected_objects),
        "mode": bpy.context.mode,
        "modes": [bone.rotation_mode for item in scene.objects if item.pose for bone in item.pose.bones],
        "actions in use": [item.animation_data.action.name for item in scene.objects if item.animation_data],
    }


@pytest.mark.parametrize(("fps", "base"), FRAME_RATES)
def test_every_joint_is_where_the_dance_puts_it_at_any_frame_rate(scene, stand_in, tone, fps, base):
    stand_in()
    scene.render.fps, scene.render.fps_base = fps, base
    assert bpy.ops.tokendance.generate(filepath=str(tone), frame_start=7, foot_lock=0, arm_spacing=0, smoothing=0) == {
        "FINISHED"
    }
    for seconds in (0.0, 0.8, 2.4, 3.7):
        frame = 7 + round(seconds * fps / base)
        at = np.array([(frame - 7) * base / fps])
        expected = in_blender_axes(joint_positions(resample(known_dance(), at, 30.0))[0])
        misses = heads(dancer(), frame) - expected
        lift = misses[:, 2].mean()  # by no more than the soles would sink in by
        assert -1e-4 < lift < 0.005
        np.testing.assert_allclose(misses, np.tile((0.0, 0.0, lift), (len(misses), 1)), atol=2e-4)


def test_keys_are_on_whole_frames_one_for_each(scene, stand_in, tone):
    stand_in()
    scene.render.fps = 24
    bpy.ops.tokendance.generate(filepath=str(tone), frame_start=11)
    frames = [point.co.x for point in curves(dancer())[0].keyframe_points]
    assert frames == [11.0 + i for i in range(len(frames))]
    assert len(frames) == pytest.approx(24 * 4, abs=1)


def test_a_named_armature_dances_and_others_do_not(scene, stand_in, tone):
    stand_in()
    for _ in range(2):
        bpy.ops.tokendance.add_mannequin()
    first, second = sorted((item for item in scene.objects if item.type == "ARMATURE"), key=lambda item: item.name)
    bpy.ops.tokendance.generate(filepath=str(tone), armature=first.name)
    assert first.animation_data.action is not None
    assert second.animation_data is None
    assert len([item for item in scene.objects if item.type == "ARMATURE"]) == 2


def test_active_armature_is_used_before_a_new_mannequin(scene, stand_in, tone):
    stand_in()
    bpy.ops.tokendance.add_mannequin()
    bpy.ops.tokendance.generate(filepath=str(tone), seed=5, genre="pop", action_name="Take")
    assert len([item for item in scene.objects if item.type == "ARMATURE"]) == 1
    taken = dancer().animation_data.action
    assert taken.name == "Take"
    assert taken.use_fake_user
    assert Recipe.of(taken).settings.seed == 5
    assert Recipe.of(taken).settings.genre == "pop"


def test_settings_reach_the_core(scene, stand_in, tone):
    call = stand_in()
    bpy.ops.tokendance.generate(filepath=str(tone), seed=9, genre="salsa", steps=3, temperature=0.5, energy=-0.5)
    asked = options(call)
    chosen = GenerateSettings(seed=9, genre="salsa", steps=3, temperature=0.5, energy=-0.5, finish=None)
    assert asked["settings"] == dataclasses.asdict(chosen)
    assert (asked["run"]["device"], asked["song"]) == ("auto", str(tone))


@needs_sound
def test_sound_strip_is_added_once_and_starts_with_the_dance(scene, stand_in, tone):
    stand_in()
    scene.frame_start = 20
    bpy.ops.tokendance.generate(filepath=str(tone))
    bpy.ops.tokendance.generate(filepath=str(tone), seed=1)
    (strip,) = compat.existing_strips(scene)
    assert compat.strip_timing(strip).left == 20
    assert curves(dancer())[0].keyframe_points[0].co.x == 20
    assert scene.sync_mode == "AUDIO_SYNC"


@needs_sound
def test_trimmed_strip_asks_for_what_is_heard(scene, stand_in, tone):
    call = stand_in()
    strip = compat.strips(scene).new_sound("song", str(tone), 1, 10)
    if hasattr(strip, "left_handle_offset"):
        strip.left_handle_offset, strip.right_handle_offset = 30, 24
    else:
        strip.frame_offset_start, strip.frame_offset_end = 30, 24
    bpy.ops.tokendance.generate()
    assert options(call)["part"]["start"] == pytest.approx(1.0)
    assert options(call)["part"]["duration"] == pytest.approx((120 - 54) / 30)
    points = curves(dancer())[0].keyframe_points
    assert points[0].co.x == 40
    assert points[-1].co.x == 40 + 66 - 1


@needs_sound
def test_several_strips_need_a_name(scene, stand_in, tone):
    stand_in()
    for channel, frame in ((1, 5), (2, 50)):
        compat.strips(scene).new_sound(f"song {channel}", str(tone), channel, frame)
    with pytest.raises(RuntimeError, match="2 sound strips"):
        bpy.ops.tokendance.generate()
    bpy.ops.tokendance.generate(strip="song 2")
    assert curves(dancer())[0].keyframe_points[0].co.x == 50


def test_frame_range_grows_only_when_asked(scene, stand_in, tone):
    stand_in()
    scene.frame_start, scene.frame_end = 1, 10
    bpy.ops.tokendance.generate(filepath=str(tone))
    assert (scene.frame_start, scene.frame_end) == (1, 10)
    bpy.ops.tokendance.generate(filepath=str(tone), fit_frame_range=True)
    assert (scene.frame_start, scene.frame_end) == (1, 120)
    scene.frame_end = 500
    bpy.ops.tokendance.generate(filepath=str(tone), fit_frame_range=True)
    assert scene.frame_end == 500


def test_mode_selection_and_frame_come_back(scene, stand_in, tone):
    stand_in()
    bpy.ops.tokendance.add_mannequin()
    mesh = bpy.data.objects.new("Prop", bpy.data.meshes.new("Prop"))
    scene.collection.objects.link(mesh)
    armature = dancer()
    mesh.select_set(True)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="POSE")
    scene.frame_set(33, subframe=0.5)
    bpy.ops.tokendance.generate(filepath=str(tone))
    assert bpy.context.mode == "POSE"
    assert bpy.context.view_layer.objects.active == armature
    assert {item.name for item in bpy.context.selected_objects} == {"Prop", armature.name}
    assert (scene.frame_current, scene.frame_subframe) == (33, 0.5)
    bpy.ops.object.mode_set(mode="OBJECT")


@pytest.mark.parametrize(
    ("fate", "message"),
    [
        ("error", "The song is silent. Use a song with sound."),
        ("crash", "stopped by signal|ended without a dance"),
        ("silent", "a library went wrong"),
    ],
)
def test_failure_of_the_process_leaves_the_scene_untouched(scene, stand_in, tone, fate, message):
    stand_in(fate)
    bpy.ops.tokendance.add_mannequin()
    before = fingerprint(scene)
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.tokendance.generate(filepath=str(tone))
    assert fingerprint(scene) == before


def test_failure_while_writing_leaves_the_scene_untouched(scene, stand_in, tone, monkeypatch):
    stand_in()

    def fail(*_args, **_options):
        raise ValueError("no room")

    monkeypatch.setattr(compat.CurveWriter, "assign", fail)
    before = fingerprint(scene)
    with pytest.raises(RuntimeError, match="no room"):
        bpy.ops.tokendance.generate(filepath=str(tone), fit_frame_range=True)
    assert fingerprint(scene) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filepath": "no such song.wav"}, "no file"),
        ({}, "No song"),
        ({"strip": "nothing"}, "no sound strip named"),
    ],
)
def test_wrong_song_is_told_before_anything_starts(scene, stand_in, arguments, message):
    call = stand_in()
    before = fingerprint(scene)
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.tokendance.generate(**arguments)
    assert fingerprint(scene) == before
    assert not call.exists()


def test_wrong_armature_is_told_before_anything_starts(scene, stand_in, tone):
    call = stand_in()
    thing = bpy.data.objects.new("Thing", bpy.data.armatures.new("Thing"))
    scene.collection.objects.link(thing)
    for name, message in (("Nobody", "no armature named"), ("Thing", "bone")):
        with pytest.raises(RuntimeError, match=message):
            bpy.ops.tokendance.generate(filepath=str(tone), armature=name)
    assert not call.exists()


def test_one_undo_step_takes_a_generation_back(scene, stand_in, tone):
    stand_in()
    bpy.ops.tokendance.add_mannequin()
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.tokendance.generate(filepath=str(tone), action_name="Take")
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert "Take" not in bpy.data.actions
    assert dancer().animation_data is None or dancer().animation_data.action is None
