"""What a user has keyed by hand plays on with a take, and comes back when the last take goes."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon import compat
from blender_addon.armature import own_keys
from blender_addon.dance import delivery
from blender_addon.options import Order
from blender_addon.runtime.worker import no_progress
from blender_addon.takes import store as takes
from tests.blender.curves import curves
from tests.blender.takes import test_takes
from tests.blender.takes.test_takes import SECONDS, keys

worker, generate, dancing = test_takes.worker, test_takes.generate, test_takes.mannequin

LAST = 30 * SECONDS


@pytest.fixture
def hero(dancing) -> bpy.types.Object:
    """The mannequin with a finger, a jaw and a root above the pelvis, none of them mapped."""
    bpy.context.view_layer.objects.active = dancing
    bpy.ops.object.mode_set(mode="EDIT")
    bones = dancing.data.edit_bones
    for name, parent in (("finger.L", "left_hand"), ("jaw", "head")):
        bone = bones.new(name)
        bone.head = bones[parent].tail
        bone.tail = bone.head + bone.head.normalized() * 0.05
        bone.parent = bones[parent]
    root = bones.new("all")
    root.tail = (0, 0.3, 0)
    bones["pelvis"].parent = root
    bpy.ops.object.mode_set(mode="OBJECT")
    dancing["mood"] = 0.0
    dancing.pose.bones["jaw"]["open"] = 0.0
    return dancing


def keyed(hero: bpy.types.Object, name: str = "Wave") -> bpy.types.Action:
    """The user's own action, active: fingers, properties and the object beside a dance, and bones that will dance."""
    hero.animation_data_create().action = None
    for frame, value in ((1, 0.0), (500, 1.0)):
        finger, jaw = hero.pose.bones["finger.L"], hero.pose.bones["jaw"]
        finger.rotation_mode = "XYZ"
        finger.rotation_euler = (value, 0, 0)
        finger.keyframe_insert("rotation_euler", frame=frame)
        jaw["open"] = value
        jaw.keyframe_insert('["open"]', frame=frame)
        hero["mood"] = value
        hero.keyframe_insert('["mood"]', frame=frame)
        hero.location = (0, 0, 0)
        hero.keyframe_insert("location", frame=frame)
        for bone in ("left_elbow", "all"):
            hero.pose.bones[bone].location = (value, 0, 0)
            hero.pose.bones[bone].keyframe_insert("location", frame=frame)
        hero.pose.bones["head"].keyframe_insert("rotation_quaternion", frame=frame)
    hero.animation_data.action.name = name
    for curve in curves(hero):
        if curve.data_path == '["mood"]':
            curve.modifiers.new("CYCLES").cycles_after = 3
            curve.keyframe_points[0].interpolation = "SINE"
    return hero.animation_data.action


CARRIED = {'pose.bones["finger.L"].rotation_euler', 'pose.bones["jaw"]["open"]', '["mood"]', "location"}


def own(armature: bpy.types.Object) -> set[str]:
    """Paths that are keyed beyond the dance."""
    danced = set(armature.animation_data.action["tokendance_danced"].splitlines())
    return {curve.data_path for curve in curves(armature)} - danced


def shown(armature: bpy.types.Object, frame: int) -> tuple[float, ...]:
    bpy.context.scene.frame_set(frame)
    return (
        armature.pose.bones["finger.L"].rotation_euler[0],
        armature.pose.bones["jaw"]["open"],
        armature["mood"],
    )


def test_own_channels_play_on_with_a_take_and_that_is_said(hero, generate):
    before = keyed(hero)
    expected = [shown(hero, frame) for frame in (1, 20, 55, 400, 900)]
    generate(frame_start=10)
    take = takes.active(hero)
    assert take is not None
    assert own(hero) == CARRIED
    np.testing.assert_allclose([shown(hero, frame) for frame in (1, 20, 55, 400, 900)], expected, atol=1e-6)
    assert takes.frame_range(take) == (10, 9 + LAST)  # of the dance, not of the keys beside it
    assert before.use_fake_user
    assert own_keys.of(take).action == before


def test_one_sentence_tells_of_it(hero, worker, tone):
    keyed(hero)
    for expected in (1, 0):  # once for the user's action, not for every take after it
        _, told = delivery.generate(bpy.context, Order(song=str(tone), variations=2), no_progress)
        sentence = "4 channels of “Wave” that the dance does not move play on with it"
        assert told.count(sentence) == expected


def test_every_take_of_several_and_every_later_one_carries_them(hero, generate):
    keyed(hero)
    generate(variations=2)
    generate(seed=5, key_ik=True)
    for take in takes.of(hero):
        takes.dance(hero, take)
        assert own(hero) == CARRIED
        assert own_keys.of(take).action.name == "Wave"
    hero.pose.bones["jaw"].location = (0, 0, 0.1)
    hero.pose.bones["jaw"].keyframe_insert("location", frame=3)  # into the take
    generate(seed=6)
    assert own(hero) == CARRIED | {'pose.bones["jaw"].location'}


def test_a_finished_and_a_synchronised_take_keep_them(hero, generate):
    keyed(hero)
    generate(frame_start=1)
    former = keys(hero)
    bpy.ops.tokendance.finish_take(mirror=True)
    assert own(hero) == CARRIED
    for name in former:
        if name[0] in CARRIED:
            np.testing.assert_array_equal(keys(hero)[name], former[name])
    take = takes.active(hero)
    compat.move_keys(take, 7)
    assert takes.frame_range(take) == (8, 7 + LAST)


def test_deleting_the_last_take_gives_the_own_action_back(hero, generate):
    before = keyed(hero)
    played = keys(hero)
    generate(variations=2)
    bpy.ops.tokendance.delete_take()
    assert takes.active(hero) is not None
    bpy.ops.tokendance.delete_take()
    assert hero.animation_data.action == before
    for name, values in keys(hero).items():
        np.testing.assert_array_equal(values, played[name])


def test_an_own_action_that_was_removed_is_not_given_back(hero, generate):
    before = keyed(hero)
    generate()
    bpy.data.actions.remove(before)
    bpy.ops.tokendance.delete_take()
    assert hero.animation_data.action is None


def test_a_pushed_take_lies_where_its_dance_was(hero, generate):
    keyed(hero)
    generate(frame_start=50)
    before = [shown(hero, frame) for frame in (60, 80)]
    pelvis = [hero.pose.bones["pelvis"].matrix.copy() for _ in map(bpy.context.scene.frame_set, (60, 80))]
    bpy.ops.tokendance.push_take()
    (track,) = hero.animation_data.nla_tracks
    assert (track.strips[0].frame_start, track.strips[0].frame_end) == (50, 49 + LAST)
    np.testing.assert_allclose([shown(hero, frame) for frame in (60, 80)], before, atol=1e-5)
    after = [hero.pose.bones["pelvis"].matrix.copy() for _ in map(bpy.context.scene.frame_set, (60, 80))]
    np.testing.assert_allclose(np.array(after), np.array(pelvis), atol=1e-5)


def test_a_take_that_is_clicked_keeps_what_was_keyed_since(hero, generate):
    generate()
    take = takes.active(hero)
    before = keyed(hero, "Later")
    bpy.ops.tokendance.activate_take(take=take.name)
    assert own(hero) == CARRIED
    assert before.use_fake_user
    bpy.ops.tokendance.delete_take()
    assert hero.animation_data.action == before


@pytest.mark.skipif(not hasattr(bpy.types, "ActionSlot"), reason="slots came with Blender 4.4")
def test_of_an_action_of_several_slots_the_character_s_own_is_carried_and_given_back(hero, generate):
    before = keyed(hero)
    other = bpy.data.objects.new("Ball", None)
    bpy.context.scene.collection.objects.link(other)
    other.animation_data_create().action = before
    other.animation_data.action_slot = before.slots.new("OBJECT", "Ball")
    other.keyframe_insert("scale", frame=1)
    slot = hero.animation_data.action_slot.identifier
    generate()
    assert own(hero) == CARRIED
    bpy.ops.tokendance.delete_take()
    assert (hero.animation_data.action, hero.animation_data.action_slot.identifier) == (before, slot)
    assert other.animation_data.action == before


def test_copied_curves_are_the_same_in_all_they_have(hero, generate):
    keyed(hero)
    (source,) = (curve for curve in curves(hero) if curve.data_path == '["mood"]')
    source.extrapolation = "LINEAR"
    source.modifiers.new("ENVELOPE").control_points.add(3).max = 5
    source.keyframe_points[1].handle_left_type = "VECTOR"
    seen = described(source)
    generate()
    (made,) = (curve for curve in curves(hero) if curve.data_path == '["mood"]')
    assert described(made) == seen


def described(curve: bpy.types.FCurve) -> dict[str, object]:
    points = ("co", "handle_left", "handle_right", "interpolation", "easing", "handle_left_type", "handle_right_type")
    return {
        "keys": [[str(getattr(point, name)) for name in points] for point in curve.keyframe_points],
        "extrapolation": curve.extrapolation,
        "modifiers": [(one.type, getattr(one, "cycles_after", None)) for one in curve.modifiers],
        "envelopes": [
            (point.frame, point.min, point.max)
            for one in curve.modifiers
            for point in getattr(one, "control_points", ())
        ],
        "group": curve.group.name if curve.group is not None else "",
    }
