"""Takes show the same dance whatever rotation modes the bones have since."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon.armature import own_keys, placement
from blender_addon.armature.recipe import Recipe
from blender_addon.options import EXACT
from blender_addon.takes import rotation_modes, store
from tests.blender.curves import curves
from tests.blender.rig_builder import build, posed_matrices
from tests.unit.rig_poses import character, random_clip

MODES = ("QUATERNION", "AXIS_ANGLE", "XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")
FRAMES = (1, 4, 9, 12)


def _modes(armature: bpy.types.Object, mode: str) -> None:
    for bone in armature.pose.bones:
        bone.rotation_mode = mode


def _take(armature: bpy.types.Object, seed: int = 0, **options) -> bpy.types.Action:
    clip = random_clip(seed, spread=0.6)
    made = Recipe(kind="file", source="", frame=1, fps=30)
    choices = type(EXACT)(**{name: 0.0 for name in ("foot_lock", "arm_spacing", "smoothing", "stage")}, **options)
    take, warnings = placement.place(bpy.context, choices, clip, armature, name=f"Take {seed}", made=made)
    assert not warnings
    store.remember(armature, take, clip)
    return take


def _shown(armature: bpy.types.Object) -> np.ndarray:
    """(frames, bones, 4, 4)"""
    return np.array([list(posed_matrices(armature, frame).values()) for frame in FRAMES])


@pytest.mark.parametrize("before", MODES)
@pytest.mark.parametrize("after", ["QUATERNION", "AXIS_ANGLE", "XYZ", "ZXY"])
def test_an_earlier_take_shows_the_same_pose(scene, before, after):
    made = build(character(1))
    _modes(made, before)
    first = _take(made)
    wanted = _shown(made)
    _modes(made, after)
    _take(made, 1)
    assert not np.allclose(_shown(made), wanted, atol=0.1)
    store.dance(made, first)
    np.testing.assert_allclose(_shown(made), wanted, atol=2e-4)
    assert {bone.rotation_mode for bone in made.pose.bones} == {after}
    store.dance(made, first)
    np.testing.assert_allclose(_shown(made), wanted, atol=2e-4)


@pytest.mark.parametrize("order", MODES[2:])
def test_back_and_forth_between_orders_keeps_the_dance(scene, order):
    made = build(character(2))
    _modes(made, "XYZ")
    take = _take(made)
    wanted = _shown(made)
    for mode in (order, "QUATERNION", order, "AXIS_ANGLE", "XYZ"):
        _modes(made, mode)
        store.dance(made, take)
        np.testing.assert_allclose(_shown(made), wanted, atol=5e-4)


def test_takes_on_the_nla_follow_too(scene):
    made = build(character(1))
    first = _take(made, push_to_nla=True)
    wanted = _shown(made)
    _modes(made, "YXZ")
    second = _take(made, 1)
    store.stop(made, second)
    np.testing.assert_allclose(_shown(made), wanted, atol=2e-4)
    assert [strip.action for track in made.animation_data.nla_tracks for strip in track.strips] == [first]


def test_bones_in_different_modes_and_channels_of_the_user_are_kept(scene):
    made = build(character(1))
    made.pose.bones["head"].rotation_mode = "XYZ"
    made.pose.bones["left_hand"]["grip"] = 0.5
    take = _take(made)
    made.pose.bones["left_hand"].keyframe_insert('["grip"]', frame=3)
    wanted = _shown(made)
    made.pose.bones["head"].rotation_mode = "ZYX"
    made.pose.bones["left_knee"].rotation_mode = "AXIS_ANGLE"
    store.dance(made, take)
    np.testing.assert_allclose(_shown(made), wanted, atol=2e-4)
    paths = {curve.data_path for curve in curves(made)}
    assert {'pose.bones["head"].rotation_euler', 'pose.bones["left_knee"].rotation_axis_angle'} <= paths
    assert 'pose.bones["left_hand"]["grip"]' in paths
    assert own_keys.played(made).action == take


def test_keys_that_were_thinned_out_are_followed_between_them(scene):
    made = build(character(1))
    take = _take(made)
    for curve in curves(made):
        for point in list(curve.keyframe_points)[-2:0:-1]:
            if point.co.x % 4 != 1:
                curve.keyframe_points.remove(point, fast=True)
        curve.update()
        for point in curve.keyframe_points:
            point.interpolation = "BEZIER"
    wanted = _shown(made)
    _modes(made, "XZY")
    store.dance(made, take)
    np.testing.assert_allclose(_shown(made), wanted, atol=1e-3)


def test_what_is_no_take_is_left_alone(scene):
    made = build(character(1))
    made.pose.bones["head"].rotation_mode = "QUATERNION"
    made.pose.bones["head"].keyframe_insert("rotation_quaternion", frame=1)
    made.pose.bones["head"].rotation_mode = "XYZ"
    rotation_modes.follow(made)
    assert {curve.data_path for curve in curves(made)} == {'pose.bones["head"].rotation_quaternion'}
