"""Keys written in bulk are the keys that ``keyframe_insert`` would have written."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon import action, compat
from tokendance_core import RigAnimation, RigError


@pytest.fixture
def armature(scene) -> bpy.types.Object:
    """Two bones in a row; the second one has an awkward name and turns by Euler angles."""
    made = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(made)
    bpy.context.view_layer.objects.active = made
    bpy.ops.object.mode_set(mode="EDIT")
    for index, name in enumerate(("hips", 'odd "name" ü')):
        bone = made.data.edit_bones.new(name)
        bone.head, bone.tail = (0, 0, index), (0, 0, index + 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    made.pose.bones[0].rotation_mode = "QUATERNION"
    made.pose.bones[1].rotation_mode = "XYZ"
    return made


def some_animation(frames: int = 12, fps: float = 30.0) -> RigAnimation:
    rng = np.random.default_rng(0)
    quaternions = rng.normal(size=(frames, 2, 4))
    quaternions /= np.linalg.norm(quaternions, axis=-1, keepdims=True)
    return RigAnimation(("hips", 'odd "name" ü'), quaternions, "hips", rng.normal(size=(frames, 3)), fps)


def write(armature: bpy.types.Object, animation: RigAnimation, scene_fps: float = 30.0) -> bpy.types.Action:
    return action.write(armature, animation, name="Dance", frame_start=5, scene_fps=scene_fps, recipe={"seed": 1})


def write_slowly(armature: bpy.types.Object, animation: RigAnimation, frame_start: float, scene_fps: float) -> None:
    """The readable way: pose every bone on every frame and key what is there."""
    for bone in armature.pose.bones:
        bone.rotation_mode = "QUATERNION"
    for index, quaternions in enumerate(animation.quaternions):
        frame = frame_start + index * scene_fps / animation.fps
        for name, quaternion in zip(animation.bones, quaternions, strict=True):
            bone = armature.pose.bones[name]
            bone.rotation_quaternion = quaternion
            bone.keyframe_insert("rotation_quaternion", frame=frame, group=name)
        root = armature.pose.bones[animation.root_bone]
        root.location = animation.locations[index]
        root.keyframe_insert("location", frame=frame, group=animation.root_bone)
    for curve in compat.curves(armature):
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
        for curve in compat.curves(armature)
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


def test_action_drives_the_pose(armature):
    animation = some_animation()
    write(armature, animation)
    for index in (0, 7, 11):
        bpy.context.scene.frame_set(5 + index)
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose
        for column, name in enumerate(animation.bones):
            np.testing.assert_allclose(posed.bones[name].rotation_quaternion, animation.quaternions[index, column], atol=1e-5)
        np.testing.assert_allclose(posed.bones["hips"].location, animation.locations[index], atol=1e-5)


def test_former_rotation_mode_is_remembered(armature):
    write(armature, some_animation())
    write(armature, some_animation())
    hips, odd = armature.pose.bones
    assert hips.rotation_mode == odd.rotation_mode == "QUATERNION"
    assert odd[action.FORMER_MODE] == "XYZ"
    assert action.FORMER_MODE not in hips


def test_takes_are_kept(armature):
    first, second = (write(armature, some_animation()) for _ in range(2))
    assert first.use_fake_user
    assert armature.animation_data.action == second
    assert first.name != second.name


def test_missing_bone_changes_nothing(armature):
    animation = some_animation()
    wrong = RigAnimation(("hips", "tail"), animation.quaternions, "hips", animation.locations, 30.0)
    with pytest.raises(RigError, match="tail"):
        write(armature, wrong)
    assert armature.animation_data is None
    assert armature.pose.bones[1].rotation_mode == "XYZ"
    assert len(bpy.data.actions) == 0
