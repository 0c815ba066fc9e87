"""What the user is told about a dance that does not show, or not as it was danced: the true reason, or nothing."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest

from blender_addon.armature import map_store, obedience, placement
from blender_addon.armature.recipe import Recipe
from blender_addon.options import EXACT
from tests.blender.rig_builder import build, posed_matrices
from tests.rig_zoo import rig_of
from tests.rig_zoo.hierarchies import HIERARCHIES
from tests.unit.retarget.test_hierarchies import map_of
from tests.unit.rig_poses import character, random_clip
from tokendance_core.motion import rotation

CLIP = random_clip(3, frames=30, spread=0.3)
QUIET = ("foot_lock", "arm_spacing", "smoothing", "stage")


def told(armature: bpy.types.Object, **options) -> list[str]:
    """What placing a dance says."""
    choices = type(EXACT)(**dict.fromkeys(QUIET, 0.0), **options)
    made = Recipe(kind="file", source="", frame=1, fps=30)
    return placement.place(bpy.context, choices, CLIP, armature, name="Dance", made=made)[1]


@pytest.fixture
def made(scene) -> bpy.types.Object:
    return build(character(2))


def _track(armature: bpy.types.Object, name: str, height: float = 1.0) -> bpy.types.NlaTrack:
    """An NLA track of the user's that moves and turns the hips and bends the arm."""
    data = armature.animation_data_create()
    armature.pose.bones["pelvis"].location = (0, height, 0)
    armature.pose.bones["left_shoulder"].rotation_quaternion = (0.7, 0.7, 0, 0)
    armature.pose.bones["spine2"].scale = (1.0, 1.4, 1.0)
    for bone, channel in (("pelvis", "location"), ("left_shoulder", "rotation_quaternion"), ("spine2", "scale")):
        armature.pose.bones[bone].keyframe_insert(channel, frame=1)
    action, data.action = data.action, None
    track = data.nla_tracks.new()
    track.name = name
    track.strips.new(name, 1, action)
    return track


def test_nothing_is_said_of_a_rig_that_obeys(made):
    assert told(made) == []


def test_a_solo_track_is_named(made):
    _track(made, "Walk").is_solo = True
    (sentence,) = told(made)
    assert "the NLA track “Walk” is solo" in sentence


@pytest.mark.parametrize("blending", ["ADD", "COMBINE", "SUBTRACT", "MULTIPLY"])
def test_a_blending_that_mixes_the_dance_with_the_nla_is_named(made, blending):
    _track(made, "Walk")
    made.animation_data.action_blend_type = blending
    (sentence,) = told(made)
    assert f"blended with the NLA tracks below it ({blending.title()})" in sentence


def test_a_weak_influence_is_named(made):
    _track(made, "Walk")
    made.animation_data.action_influence = 0.25
    (sentence,) = told(made)
    assert "the influence of its action is 0.25" in sentence


@pytest.mark.parametrize("push_to_nla", [False, True])
def test_tracks_below_the_dance_do_not_disturb_it(made, push_to_nla):
    _track(made, "Walk")
    assert told(made, push_to_nla=push_to_nla) == []


def test_a_dance_on_an_nla_that_is_off_is_told(made):
    made.animation_data_create().use_nla = False
    (sentence,) = told(made, push_to_nla=True)
    assert "switched off" in sentence


def test_a_constraint_that_holds_is_named_with_its_bone(made):
    held = made.pose.bones["left_hip"].constraints.new("LIMIT_LOCATION")
    held.name, held.use_min_x, held.min_x, held.owner_space = "Stay", True, 5.0, "WORLD"
    (sentence,) = told(made)
    assert "the constraint “Stay” of “left_hip” holds it" in sentence


def test_a_driver_that_moves_a_bone_is_named(scene):
    made = build(character(2, extra=True))
    made.pose.bones["control"].driver_add("location", 0).driver.expression = "3.0 if frame > 2 else 0.0"
    (sentence,) = told(made)
    assert "a driver moves “control”" in sentence


def test_the_rest_position_is_named(made):
    made.data.pose_position = "REST"
    (sentence,) = told(made)
    assert "it shows its rest pose" in sentence


@pytest.mark.parametrize("scale", [(1.3, 1.3, 1.3), (1.0, 1.6, 0.7)])
def test_a_scale_left_behind_is_keyed_away_like_a_place(made, scale):
    told(made)
    wanted = posed_matrices(made, 20)
    made.animation_data_clear()
    for name in ("spine2", "left_hip"):
        made.pose.bones[name].scale = scale
        made.pose.bones[name].location = (0.1, 0.2, 0.3)
    assert told(made) == []
    for bone, matrix in posed_matrices(made, 20).items():
        np.testing.assert_allclose(matrix, wanted[bone], atol=1e-4)


@pytest.mark.parametrize("way", ["excluded", "hidden", "collection hidden", "eye"])
def test_a_character_that_the_view_layer_leaves_out_gives_no_false_alarm(scene, made, way):
    collection = bpy.data.collections.new("Away")
    scene.collection.children.link(collection)
    collection.objects.link(made)
    scene.collection.objects.unlink(made)
    layer = bpy.context.view_layer.layer_collection.children["Away"]
    if way == "excluded":
        layer.exclude = True
    elif way == "hidden":
        made.hide_viewport = True
    elif way == "eye":
        made.hide_set(True)
    else:
        collection.hide_viewport = True
    count = len(bpy.data.scenes)
    assert told(made) == []
    assert (len(bpy.data.scenes), made.users_scene) == (count, (scene,))


def test_an_excluded_character_is_still_looked_at(scene, made):
    collection = bpy.data.collections.new("Away")
    scene.collection.children.link(collection)
    collection.objects.link(made)
    scene.collection.objects.unlink(made)
    bpy.context.view_layer.layer_collection.children["Away"].exclude = True
    made.data.pose_position = "REST"
    assert told(made)


def test_a_rest_pose_that_looks_wrong_is_told_once(scene):
    turn = np.eye(4)
    turn[:3, :3] = rotation.matrix_from_axis_angle(np.array([np.radians(25.0), 0, 0]))
    plain = character(1)
    made = build(replace(plain, rest=turn @ plain.rest))
    (sentence,) = told(made)
    assert "The rest pose looks wrong, the trunk leans by 25 degrees" in sentence


@pytest.mark.parametrize("name", HIERARCHIES)
def test_hierarchies_that_are_torn_dance_without_a_warning(scene, name):
    made = build(rig_of(HIERARCHIES[name]))
    map_store.keep(made, map_of(HIERARCHIES[name]))
    assert told(made) == []


def test_what_cannot_be_kept_in_place_is_told_with_its_bone(scene):
    """Feet that are glued to another bone: no key can move them."""
    plain = rig_of(HIERARCHIES["IK feet"])
    made = build(plain)
    bpy.ops.object.mode_set(mode="EDIT")
    for side in ("Left", "Right"):
        foot = made.data.edit_bones[f"{side}Foot"]
        foot.parent = made.data.edit_bones["Bone"]
        made.data.edit_bones["Bone"].tail = foot.head
        foot.use_connect = True
    bpy.ops.object.mode_set(mode="OBJECT")
    map_store.keep(made, map_of(HIERARCHIES["IK feet"]))
    assert any("The skeleton is stretched" in sentence and "Foot" in sentence for sentence in told(made))


def test_every_cause_is_one_that_can_be_told_apart():
    assert obedience.CAUSES[-1].__name__ == "_something"
    assert len(set(obedience.CAUSES)) == len(obedience.CAUSES)
