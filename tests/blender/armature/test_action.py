"""Keys written in bulk are the keys that ``keyframe_insert`` would have written."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon.armature import action
from tests.blender.curves import curves
from tokendance_core import RigAnimation, RigError
from tokendance_core.motion.rotation import (
    continuous_quaternions,
    matrix_from_axis_angle,
    matrix_from_quaternion,
    quaternion_from_matrix,
)


@pytest.fixture
def armature(scene) -> bpy.types.Object:
    """Two bones in a row; the second one has an awkward name."""
    made = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(made)
    bpy.context.view_layer.objects.active = made
    bpy.ops.object.mode_set(mode="EDIT")
    for index, name in enumerate(("hips", 'odd "name" ü')):
        bone = made.data.edit_bones.new(name)
        bone.head, bone.tail = (0, 0, index), (0, 0, index + 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    for bone in made.pose.bones:
        bone.rotation_mode = "QUATERNION"
    return made


def some_animation(frames: int = 12, fps: float = 30.0) -> RigAnimation:
    rng = np.random.default_rng(0)
    quaternions = rng.normal(size=(frames, 2, 4))
    quaternions /= np.linalg.norm(quaternions, axis=-1, keepdims=True)
    return RigAnimation(
        ("hips", 'odd "name" ü'), continuous_quaternions(quaternions), {"hips": rng.normal(size=(frames, 3))}, fps
    )


def write(armature: bpy.types.Object, animation: RigAnimation, scene_fps: float = 30.0) -> bpy.types.Action:
    return action.write(armature, animation, name="Dance", frame_start=5, scene_fps=scene_fps)


def write_slowly(armature: bpy.types.Object, animation: RigAnimation, frame_start: float, scene_fps: float) -> None:
    """The readable way: pose every bone on every frame and key what is there."""
    for index, quaternions in enumerate(animation.quaternions):
        frame = frame_start + index * scene_fps / animation.fps
        for name, quaternion in zip(animation.bones, quaternions, strict=True):
            bone = armature.pose.bones[name]
            bone.rotation_quaternion = quaternion
            bone.keyframe_insert("rotation_quaternion", frame=frame, group=name)
        for name, places in animation.locations.items():
            armature.pose.bones[name].location = places[index]
            armature.pose.bones[name].keyframe_insert("location", frame=frame, group=name)
    for curve in curves(armature):
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"


def described(armature: bpy.types.Object) -> dict[tuple[str, int], tuple[str, list, list[str]]]:
    """Group, keys and interpolations of every curve by its path and index."""
    return {
        (curve.data_path, curve.array_index): (
            curve.group.name,
            [tuple(point.co) for point in curve.keyframe_points],
            [point.interpolation for point in curve.keyframe_points],
        )
        for curve in curves(armature)
    }


@pytest.mark.parametrize("scene_fps", [30.0, 24.0, 60.0])
def test_bulk_writing_equals_keyframe_insert(armature, scene_fps):
    animation = some_animation()
    write(armature, animation, scene_fps)
    fast = described(armature)
    armature.animation_data_clear()
    write_slowly(armature, animation, 5, scene_fps)
    assert described(armature) == fast
    assert len(fast) == 2 * 4 + 3


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", "XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"])
def test_every_rotation_mode_is_kept_continuous_and_drives_the_same_pose(armature, mode):
    odd = armature.pose.bones[1]
    odd.rotation_mode = mode
    time = np.linspace(0, 1, 60)[:, None, None]
    vectors = np.array([[2.0, 5.0, 0.3], [7.0, -3.0, 9.0]]) * time + [[0.1, 0.2, 0.3], [0.0, 0.0, 0.0]]
    quaternions = continuous_quaternions(quaternion_from_matrix(matrix_from_axis_angle(vectors)))
    animation = RigAnimation(("hips", odd.name), quaternions, {"hips": np.zeros((60, 3))}, 30.0)
    write(armature, animation)
    assert odd.rotation_mode == mode
    keys = {
        curve.array_index: np.array([point.co.y for point in curve.keyframe_points])
        for curve in curves(armature)
        if "odd" in curve.data_path
    }
    assert len(keys) == (3 if mode not in ("QUATERNION", "AXIS_ANGLE") else 4)
    assert max(np.abs(np.diff(values)).max() for values in keys.values()) < 1.0
    for index in (0, 17, 42, 59):
        bpy.context.scene.frame_set(5 + index)
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose
        for column, bone in enumerate(posed.bones):
            found = np.array(bone.matrix_basis)[:3, :3]
            np.testing.assert_allclose(found, matrix_from_quaternion(quaternions[index, column]), atol=1e-5)


def test_action_drives_the_path(armature):
    animation = some_animation()
    write(armature, animation)
    for index in (0, 7, 11):
        bpy.context.scene.frame_set(5 + index)
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose
        np.testing.assert_allclose(posed.bones["hips"].location, animation.locations["hips"][index], atol=1e-5)


def test_a_place_left_behind_by_an_earlier_action_is_keyed_away(armature):
    odd = armature.pose.bones[1]
    odd.location = (0.1, 0.2, 0.3)
    write(armature, some_animation())
    bpy.context.scene.frame_set(9)
    np.testing.assert_allclose(odd.location, 0, atol=1e-6)


def test_takes_are_kept(armature):
    first, second = (write(armature, some_animation()) for _ in range(2))
    assert first.use_fake_user
    assert armature.animation_data.action == second
    assert first.name != second.name


def test_missing_bone_changes_nothing(armature):
    animation = some_animation()
    wrong = RigAnimation(("hips", "tail"), animation.quaternions, animation.locations, 30.0)
    with pytest.raises(RigError, match="tail"):
        write(armature, wrong)
    assert armature.animation_data is None
    assert len(bpy.data.actions) == 0
