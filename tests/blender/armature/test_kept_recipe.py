"""A recipe that was damaged by hand is as usual, whatever stands in it: keys stay numbers when takes follow a song."""

from __future__ import annotations

import math

import bpy
import pytest

from blender_addon.armature import recipe

ODD = (float("nan"), float("inf"), -float("inf"), 0.0, -1.0, 1e300, 1e-300, "30", "", True, 10**9)


@pytest.fixture
def action(scene) -> bpy.types.Action:
    made = bpy.data.actions.new("take")
    yield made
    bpy.data.actions.remove(made)


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("name", ["frame", "fps", "made_for_speed", "speed", "start", "duration", "energy", "seed"])
def test_numbers_that_make_no_sense(action, name, value) -> None:
    action[recipe.KEY] = {"song": "a.ogg", name: value}
    found = recipe.Recipe.of(action)
    numbers = (found.frame, found.fps, found.made_for_speed, found.part.speed, found.part.start, found.part.duration)
    assert all(math.isfinite(number) for number in numbers)
    assert min(found.fps, found.made_for_speed, found.part.speed) > 0
    assert abs(found.frame) < 2e6
    scale = 24 / found.fps * found.part.speed
    assert 1e-6 < scale < 1e6
    found.keep(action)
    assert recipe.Recipe.of(action) == found


@pytest.mark.parametrize("kept", ["text", 3.0, [1.0, 2.0], {"song": {"a": 1}}, {"genre": 3, "rig": 4}])
def test_a_recipe_of_another_kind(action, kept) -> None:
    action[recipe.KEY] = kept
    assert math.isfinite(recipe.Recipe.of(action).fps)
