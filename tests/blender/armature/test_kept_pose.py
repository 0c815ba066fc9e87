"""The pose taken for the rest pose: by an option, and by itself where bones rest at one place."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from blender_addon.armature import rig
from tests.blender.armature.test_obedience import CLIP, told
from tests.blender.rig_builder import build, misses, posed_matrices
from tests.rig_zoo import ZOO
from tests.unit.rig_poses import character
from tokendance_core import RigError

FRAMES = (1, 8, 20, 30)


def _kept_in_the_pose(name: str) -> bpy.types.Object:
    """A rig of the zoo whose bones all rest at one place, as some files have it: place and turn are in the pose."""
    plain = ZOO[name]()
    rest = np.tile(np.eye(4), (len(plain.names), 1, 1))
    made = build(replace(plain, rest=rest), world=plain.world)
    for bone, matrix in zip(plain.names, plain.rest, strict=True):
        parent = made.pose.bones[bone].parent
        above = plain.rest[plain.names.index(parent.name)] if parent else np.eye(4)
        local = np.linalg.inv(above) @ matrix
        made.pose.bones[bone].rotation_mode = "QUATERNION"
        made.pose.bones[bone].matrix_basis = Matrix(local.tolist())
    bpy.context.view_layer.update()
    return made


@pytest.mark.parametrize("name", ["mixamo without colon", "vroid", "unreal 4"])
def test_a_rig_whose_places_are_in_the_pose_alone_dances_more_than_once(scene, name):
    made = _kept_in_the_pose(name)
    heads = np.array([made.pose.bones[bone].head for bone in rig.read_rig(made).names])
    for _ in range(2):
        assert told(made) == []
        bpy.context.scene.frame_set(17)
        found = misses(made, CLIP, FRAMES, heads=heads)
        assert found["limbs"].worst < 0.1
        assert found["hip line"].worst < 0.1
        assert found["stretch"].worst < 3.5


def test_the_current_pose_is_the_rest_pose_when_asked_for_and_is_kept(scene):
    plain = character(5)
    made = build(plain)
    for bone in made.pose.bones:
        bone.rotation_mode = "QUATERNION"
    turned = made.pose.bones["left_shoulder"]
    turned.rotation_quaternion = (0.9, 0.1, 0.3, 0.2)
    made.pose.bones["spine1"].scale = (1.2, 1.2, 1.2)
    bpy.context.view_layer.update()
    assert told(made, pose_as_rest=True) == []
    first = posed_matrices(made, 9)
    assert made.pose.bones["spine1"].scale[0] == pytest.approx(1.2)
    assert made.tokendance_resting
    assert told(made, pose_as_rest=True) == []
    for bone, matrix in posed_matrices(made, 9).items():
        np.testing.assert_allclose(matrix, first[bone], atol=1e-4)
    assert misses(made, CLIP, FRAMES)["limbs"].worst < 0.05


def test_a_dance_is_no_pose_to_rest_in(scene):
    made = build(character(1))
    told(made)
    with pytest.raises(RigError, match="is dancing, so its pose now is not one to rest in"):
        told(made, pose_as_rest=True)


def test_the_option_is_one_of_the_operators_and_of_the_panel(scene):
    assert "pose_as_rest" in bpy.ops.tokendance.apply_motion.get_rna_type().properties
    assert "pose_as_rest" in bpy.ops.tokendance.generate.get_rna_type().properties
    assert "pose_as_rest" in type(scene.tokendance).bl_rna.properties
