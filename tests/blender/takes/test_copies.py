"""Copies of a character share its takes: what one of them does leaves the others' dances alone."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon import compat
from blender_addon.takes import store as takes
from tests.blender.dance.test_generate import heads
from tests.blender.takes import test_takes

worker, generate, mannequin = test_takes.worker, test_takes.generate, test_takes.mannequin


def script_copy(original: bpy.types.Object) -> bpy.types.Object:
    copy = original.copy()
    bpy.context.scene.collection.objects.link(copy)
    return copy


def duplicate(original: bpy.types.Object, *, linked: bool, actions: bool) -> bpy.types.Object:
    """As Shift+D or Alt+D make one, with the preference for actions."""
    bpy.context.preferences.edit.use_duplicate_action = actions
    for item in bpy.context.view_layer.objects:
        item.select_set(item == original)
    bpy.context.view_layer.objects.active = original
    bpy.ops.object.duplicate(linked=linked)
    return bpy.context.view_layer.objects.active


COPIES = {
    "script": script_copy,
    "Shift+D": lambda original: duplicate(original, linked=False, actions=True),
    "Shift+D, actions shared": lambda original: duplicate(original, linked=False, actions=False),
    "Alt+D": lambda original: duplicate(original, linked=True, actions=False),
}


@pytest.fixture(params=COPIES)
def pair(request, mannequin, generate) -> tuple[bpy.types.Object, bpy.types.Object]:
    """A character with two takes, and a copy of it that is active."""
    generate(variations=2)
    copy = COPIES[request.param](mannequin)
    copy.location.x += 2
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = copy
    return mannequin, copy


def test_deleting_every_take_of_a_copy_leaves_the_original_its_dance(pair):
    original, copy = pair
    before, take = heads(original, 40), takes.active(original)
    while takes.active(copy) not in (None, take):
        bpy.ops.tokendance.delete_take()
    if takes.active(copy) is not None:
        bpy.ops.tokendance.delete_take()
    assert takes.active(original) == take
    np.testing.assert_allclose(heads(original, 40), before, atol=1e-6)


def test_a_take_that_nobody_else_dances_is_removed_though_a_copy_could(pair):
    original, copy = pair
    bpy.context.view_layer.objects.active = original
    waiting = next(take for take in takes.of(original) if take not in (takes.active(original), takes.active(copy)))
    name = waiting.name
    bpy.ops.tokendance.activate_take(take=name)
    bpy.ops.tokendance.delete_take()
    assert name not in bpy.data.actions


def test_a_take_in_the_nla_of_a_copy_is_danced_too(mannequin, generate):
    generate()
    take = takes.active(mannequin)
    copy = script_copy(mannequin)
    copy.animation_data.action = None
    strip = copy.animation_data.nla_tracks.new().strips.new("Dance", 1, take)
    compat.choose_slot(strip, take)
    bpy.context.view_layer.objects.active = mannequin
    assert takes.also_danced_by(take, mannequin) == [copy.name]
    bpy.ops.tokendance.delete_take()
    assert mannequin.animation_data.action is None
    assert copy.animation_data.nla_tracks[0].strips[0].action == take


@pytest.mark.skipif(not hasattr(bpy.types, "ActionSlot"), reason="slots came with Blender 4.4")
def test_a_take_whose_action_moves_something_else_too_stays(mannequin, generate):
    """A camera that has a slot of the take's action."""
    generate()
    take = takes.active(mannequin)
    data = bpy.data.cameras.new("Camera")
    data.animation_data_create().action = take
    data.animation_data.action_slot = take.slots.new("CAMERA", "Camera")
    bpy.ops.tokendance.delete_take()
    assert data.animation_data.action == take
    assert mannequin.animation_data.action is None


def test_a_take_that_the_character_s_own_nla_plays_goes_from_there_too(mannequin, generate):
    generate()
    take = takes.active(mannequin)
    bpy.ops.tokendance.push_take()
    takes.dance(mannequin, take)
    bpy.ops.tokendance.delete_take()
    assert not mannequin.animation_data.nla_tracks
    assert takes.of(mannequin) == []


def test_after_the_take_of_a_copy_was_finished_anew_everybody_dances_on(pair):
    """Who shares the take dances it as it is now, who has one of his own is left alone."""
    original, copy = pair
    shared = takes.active(original) == takes.active(copy)
    before = heads(original, 40)
    bpy.ops.tokendance.finish_take(mirror=True)
    assert np.abs(heads(copy, 40) - before - [2, 0, 0]).max() > 0.05
    expected = heads(copy, 40) - [2, 0, 0] if shared else before
    np.testing.assert_allclose(heads(original, 40), expected, atol=1e-5)


def test_copies_that_compare_are_no_reason_to_keep_a_take(mannequin, generate):
    generate(variations=2)
    first, second = takes.of(mannequin)
    for take in (first, second):
        take.tokendance_take.starred = True
    bpy.ops.tokendance.compare_takes()
    waiting = first if takes.active(mannequin) == second else second
    takes.dance(mannequin, waiting)
    name = waiting.name
    bpy.ops.tokendance.delete_take()
    assert name not in bpy.data.actions
