"""A dance on every kind of rig, measured where Blender evaluates it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from blender_addon.armature import placement, rig
from blender_addon.armature.recipe import Recipe
from blender_addon.dance import motion_file as operators
from tests.blender.curves import curves
from tests.blender.rig_builder import LIMBS, angle, build, misses, posed_matrices
from tests.rig_zoo import OTHERS, ZOO
from tests.unit.datasets.dance_files import mixamo_bvh
from tests.unit.rig_poses import character
from tokendance_core import JOINTS, MotionClip, RigError, save_clip
from tokendance_core.motion import rotation
from tokendance_core.motion.kinematics import joint_positions
from tokendance_core.retarget import posing, rest_pose
from tokendance_core.types import Rig

FRAMES = (1, 11, 24, 40)


@pytest.fixture(scope="module")
def dance(tmp_path_factory) -> MotionClip:
    """Standing feet, everything else in motion: 40 frames of smooth, wide turns."""
    rng = np.random.default_rng(7)
    time = np.linspace(0, 1, 40)[:, None, None]
    vectors = 0.7 * np.sin(2 * np.pi * (time * rng.uniform(0.4, 1.2, (24, 3)) + rng.random((24, 3))))
    root = np.array([0, 0.94, 0]) + 0.4 * time[:, 0] * [1.0, 0.1, -0.5]
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(vectors)).astype(np.float32)
    return MotionClip(rot6d, root.astype(np.float32), 30.0, "dance")


@pytest.fixture
def dance_file(dance, tmp_path) -> Path:
    save_clip(dance, tmp_path / "dance.npz")
    return tmp_path / "dance.npz"


def apply(path: Path, armature: bpy.types.Object, **options) -> None:
    exact = {"foot_lock": 0.0, "arm_spacing": 0.0} | options
    assert bpy.ops.tokendance.apply_motion(filepath=str(path), armature=armature.name, frame_start=1, **exact) == {
        "FINISHED"
    }


def limb_error(armature: bpy.types.Object, dance: MotionClip) -> float:
    """Largest angle in degrees between the dancer's limbs and the armature's, over some frames."""
    read, rig_map = rig.recognise(armature)
    axes = rest_pose.read(read, rig_map).axes
    ours, worst = joint_positions(dance), 0.0
    for frame in FRAMES:
        found = posed_matrices(armature, frame)
        for start, end in LIMBS:
            line = found[rig_map.bones[end]][:3, 3] - found[rig_map.bones[start]][:3, 3]
            wanted = ours[frame - 1, JOINTS.index(end)] - ours[frame - 1, JOINTS.index(start)]
            worst = max(worst, angle(axes @ wanted, line))
    return worst


# --- our kinematics are Blender's -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_posing_agrees_with_blender(scene, seed):
    rng = np.random.default_rng(seed)
    count = 12
    parents = np.array([-1, *(int(rng.integers(0, i)) for i in range(1, count))])
    rest = np.tile(np.eye(4), (count, 1, 1))
    rest[:, :3, :3] = rotation.matrix_from_axis_angle(rng.normal(size=(count, 3)) * 2)
    rest[:, :3, 3] = rng.normal(size=(count, 3))
    traits = {name: rng.random(count) > 0.4 for name in ("inherits_rotation", "local_location")}
    made = build(
        Rig.plain(
            tuple(f"bone {i}" for i in range(count)), parents, rest, np.eye(4), lengths=np.full(count, 0.3), **traits
        )
    )
    for bone in made.pose.bones:
        bone.rotation_mode = "QUATERNION"
        bone.rotation_quaternion = rng.normal(size=4)
        bone.location = rng.normal(size=3)
        bone.scale = [float(rng.uniform(0.6, 1.5))] * 3 if rng.random() > 0.7 else (1, 1, 1)
    bpy.context.view_layer.update()
    read = rig.read_rig(made)
    posture = posing.pose(read, range(count), {}, read.basis)
    for name, matrix in posed_matrices(made).items():
        index = read.names.index(name)
        np.testing.assert_allclose(posture.heads[index][0], matrix[:3, 3], atol=2e-5)
        turned = matrix[:3, :3] / np.cbrt(np.linalg.det(matrix[:3, :3]))
        np.testing.assert_allclose(posture.turns[index][0], turned, atol=2e-5)


# --- every family -----------------------------------------------------------------------------------------------------


# Measure -> at worst and on average; trunks and collars have other numbers of bones than ours, feet another pitch.
_TOLERANCES = {
    "hip line": (0.01, 0.01),
    "limbs": (0.01, 0.01),
    "shoulder line": (40.0, 26.0),
    "trunk": (25.0, 19.0),
    "feet": (40.0, 25.0),
    "stretch": (6.0, 0.5),
    "floor": (3.0, 1.5),
}


@pytest.mark.parametrize("name", ZOO)
def test_every_family_shows_in_the_world_what_the_dancer_did(scene, dance, dance_file, name):
    plain = ZOO[name]()
    made = build(plain, world=plain.world)
    apply(dance_file, made)
    assert limb_error(made, dance) < 0.01
    for measure, miss in misses(made, dance, FRAMES).items():
        worst, mean = _TOLERANCES[measure]
        assert miss.worst < worst, f"{measure}: {miss}"
        assert miss.mean < mean, f"{measure}: {miss}"


_TILTED = np.array(rotation.matrix_from_axis_angle(np.array([0.4, 1.1, -2.0])))
_WORLDS = {
    "centimetres, lying": (0.01 * rotation.matrix_from_axis_angle(np.array([np.pi / 2, 0, 0])), (3, 2, 1)),
    "tilted, large": (7.0 * _TILTED, (1, -4, 2)),
    "mirrored": (np.diag([-1.0, 1.0, 1.0]), (0, 0, 0)),
    "upside down": (np.diag([1.0, 1.0, -1.0]), (0, 0, 0)),
}


@pytest.mark.parametrize("world", _WORLDS)
@pytest.mark.parametrize("parented", [False, True])
def test_object_and_parent_transforms_carry_the_dance_along(scene, dance, dance_file, world, parented):
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = _WORLDS[world]
    made = build(character(1, scale=100.0 if "cent" in world else 1.0), world=None if parented else matrix)
    if parented:
        above = bpy.data.objects.new("Above", None)
        scene.collection.objects.link(above)
        above.matrix_world = Matrix(matrix.tolist())
        made.parent = above
        bpy.context.view_layer.update()
    before = np.array(made.matrix_world)
    apply(dance_file, made)
    assert limb_error(made, dance) < 0.01
    np.testing.assert_allclose(np.array(made.matrix_world), before, atol=1e-6)


@pytest.mark.parametrize("mode", ["AXIS_ANGLE", "XYZ", "YZX"])
def test_rotation_modes_locks_and_odd_bones_are_kept_and_exact(scene, dance, dance_file, mode):
    made = build(character(3, extra=True))
    for bone in made.pose.bones:
        bone.rotation_mode = mode
        bone.lock_rotation = bone.lock_location = (True, True, True)
    made.pose.bones["control"].lock_location = (False, False, False)
    made.pose.bones["helper"].rotation_mode = "QUATERNION"
    made.pose.bones["helper"].rotation_quaternion = (0.9, 0.1, 0.4, 0.0)
    apply(dance_file, made)
    assert limb_error(made, dance) < 0.01
    assert {bone.rotation_mode for bone in made.pose.bones if bone.name != "helper"} == {mode}
    assert not any('"helper"' in curve.data_path for curve in curves(made))
    assert {curve.data_path for curve in curves(made) if curve.data_path.endswith("location")} == {
        'pose.bones["control"].location'
    }


# --- control rigs and what holds bones --------------------------------------------------------------------------------


# In a process of its own: older Blenders crash or hang some time after Rigify was enabled.
GENERATE = """
import os, sys, bpy, addon_utils
bpy.ops.wm.read_factory_settings(use_empty=True)
addon_utils.enable("rigify", default_set=True)
bpy.ops.object.armature_human_metarig_add()
bpy.ops.pose.rigify_generate()
bpy.context.object.name = "Generated"
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[1])
os._exit(0)
"""


@pytest.fixture
def rigify(scene, tmp_path) -> bpy.types.Object:
    """A rig that Rigify generated from its human metarig."""
    path = tmp_path / "rigify.blend"
    subprocess.run([sys.executable, "-c", GENERATE, str(path)], check=True, timeout=120, stdout=subprocess.DEVNULL)
    with bpy.data.libraries.load(str(path)) as (source, target):
        target.objects = [name for name in source.objects if name == "Generated"]
    (made,) = target.objects
    scene.collection.objects.link(made)
    bpy.context.view_layer.objects.active = made
    bpy.context.view_layer.update()
    return made


def test_rigify_controls_carry_the_dance_to_the_bones_that_deform(rigify, dance, dance_file):
    apply(dance_file, rigify, key_ik=True)
    read, rig_map = rig.recognise(rigify)
    assert rig_map.family == "rigify"
    assert limb_error(rigify, dance) < 0.01
    axes, ours = rest_pose.read(read, rig_map).axes, joint_positions(dance)
    deform = (
        ("left_hip", "left_knee", "ORG-thigh.L", "ORG-shin.L"),
        ("right_elbow", "right_wrist", "ORG-forearm.R", "ORG-hand.R"),
    )
    for frame in FRAMES:
        found = posed_matrices(rigify, frame)
        for start, end, first, second in deform:
            wanted = axes @ (ours[frame - 1, JOINTS.index(end)] - ours[frame - 1, JOINTS.index(start)])
            assert angle(wanted, found[second][:3, 3] - found[first][:3, 3]) < 0.01
        for control, follows in (("foot_ik.L", "foot_fk.L"), ("hand_ik.R", "hand_fk.R")):
            np.testing.assert_allclose(found[control][:3, 3], found[follows][:3, 3], atol=1e-4)
    assert rigify.pose.bones["thigh_parent.L"]["IK_FK"] == 1.0
    rigify.animation_data.action = None
    assert bpy.ops.tokendance.restore_rig() == {"FINISHED"}
    assert rigify.pose.bones["thigh_parent.L"]["IK_FK"] == 0.0
    assert rigify.pose.bones["torso"]["neck_follow"] == 0.5
    assert rigify.tokendance_former == ""


def test_constraints_and_drivers_let_go_and_come_back(scene, dance, dance_file):
    made = build(character(2))
    target = bpy.data.objects.new("Target", None)
    target.location = (2, 2, 2)
    scene.collection.objects.link(target)
    reach = made.pose.bones["left_knee"].constraints.new("IK")
    reach.target, reach.chain_count = target, 2
    track = made.pose.bones["right_shoulder"].constraints.new("DAMPED_TRACK")
    track.target = target
    made.pose.bones["head"].rotation_mode = "XYZ"
    driver = made.pose.bones["head"].driver_add("rotation_euler", 0)
    driver.driver.expression = "1.5"
    apply(dance_file, made)
    assert limb_error(made, dance) < 0.01
    assert (reach.influence, track.influence, driver.mute) == (0.0, 0.0, True)
    made.animation_data.action = None
    bpy.ops.tokendance.restore_rig()
    assert (reach.influence, track.influence, driver.mute) == (1.0, 1.0, False)


def test_a_rig_that_does_not_obey_is_told(scene, dance_file, monkeypatch):
    made = build(character(2))
    made.data.pose_position = "REST"
    kept = []
    monkeypatch.setattr(
        operators, "place", lambda *args, **options: kept.append(placement.place(*args, **options)) or kept[-1]
    )
    apply(dance_file, made)
    assert [text for _, warnings in kept for text in warnings if "rest pose" in text]
    kept.clear()
    made.data.pose_position = "POSE"
    apply(dance_file, made)
    assert [warnings for _, warnings in kept] == [[]]


# --- takes ------------------------------------------------------------------------------------------------------------


def test_replace_nla_and_asset(scene, dance_file):
    made = build(character())
    apply(dance_file, made, action_name="Take")
    apply(dance_file, made, action_name="Take", replace=True, mark_asset=True)
    (taken,) = bpy.data.actions
    assert taken.name == "Take"
    assert taken.asset_data is not None
    assert tuple(taken.preview.image_size) == (256, 256)
    assert Recipe.of(taken).fitting.foot_lock == 0.0
    apply(dance_file, made, action_name="Strip", push_to_nla=True)
    assert made.animation_data.action is None
    (track,) = made.animation_data.nla_tracks
    assert track.strips[0].action.name == "Strip"
    assert track.strips[0].frame_start == 1
    first = posed_matrices(made, 1)["left_hand"]
    assert not np.allclose(posed_matrices(made, 30)["left_hand"], first, atol=0.05)


def test_the_path_can_be_on_a_root_bone_or_taken_out(scene, dance_file):
    made = build(ZOO["unreal 5"]())
    apply(dance_file, made, root_motion="root")
    travelled = posed_matrices(made, 40)["root"][:3, 3] - posed_matrices(made, 1)["root"][:3, 3]
    assert np.linalg.norm(travelled) > 20  # centimetres
    apply(dance_file, made, root_motion="in_place")
    assert np.linalg.norm(posed_matrices(made, 30)["pelvis"][:2, 3] - posed_matrices(made, 10)["pelvis"][:2, 3]) < 10
    second = build(character(), "Second")
    with pytest.raises(RuntimeError, match="no separate root bone"):
        apply(dance_file, second, root_motion="root")
    assert second.animation_data is None


def test_files_of_others_stand_on_the_floor_of_the_character(scene, dance, tmp_path):
    """AMASS files with an unknown pelvis height, and BVH files in centimetres with other names and hanging arms."""
    made = build(character())
    rest = {side: made.data.bones[f"{side}_ankle"].head_local.z for side in ("left", "right")}
    still = replace(
        dance, rot6d=dance.rot6d * 0 + np.float32([1, 0, 0, 0, 1, 0]), root=dance.root * 0 + np.float32([0, 0.6, 0])
    )
    save_clip(still, tmp_path / "amass.smpl.npz")
    (tmp_path / "person.bvh").write_text(mixamo_bvh(scale=100.0, arm=45.0))
    for name in ("amass.smpl.npz", "person.bvh"):
        apply(tmp_path / name, made)
        found = posed_matrices(made, 2)
        for side, height in rest.items():
            assert found[f"{side}_ankle"][2, 3] == pytest.approx(height, abs=2e-3), name
    with pytest.raises(RuntimeError, match="There is no file"):
        apply(tmp_path / "nothing.bvh", made)


# --- what cannot dance ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_humanoid_is_refused_in_one_sentence_and_left_alone(scene, dance_file, name):
    rest = OTHERS[name]
    made = build(rest() if callable(rest) else rest)
    before = len(bpy.data.actions)
    with pytest.raises((RuntimeError, RigError)) as caught:
        apply(dance_file, made)
    assert "Traceback" not in str(caught.value)
    assert len(str(caught.value)) > 40
    assert (made.animation_data, len(bpy.data.actions)) == (None, before)


def test_linked_armature_is_refused(scene, dance_file, tmp_path):
    build(character(), "Linked")
    library = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (source, target):
        target.objects = [name for name in source.objects if name == "Linked"]
    (linked,) = target.objects
    bpy.context.scene.collection.objects.link(linked)
    with pytest.raises(RuntimeError, match="linked from another file"):
        apply(dance_file, linked)
