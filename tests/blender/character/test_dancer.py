"""Who dances: one order for panel, operators and files that no user looks at."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon.character import dancer as dancers
from tests.blender.rig_builder import build
from tests.unit.rig_poses import character
from tokendance_core import RigError
from tokendance_core.types import Rig


@pytest.fixture
def cast(scene) -> dict[str, bpy.types.Object]:
    """Two armatures that are recognised and one that is none; nothing is active."""
    rest = np.tile(np.eye(4), (2, 1, 1))
    rest[1, 2, 3] = 1.0
    made = {
        "lamp": build(Rig.plain(("stand", "bulb"), np.array([-1, 0]), rest), "Lamp"),
        "first": build(character(), "Anna"),
        "second": build(character(), "Bert"),
    }
    bpy.context.view_layer.objects.active = None
    return made


def activate(item: bpy.types.Object) -> None:
    bpy.context.view_layer.objects.active = item


def test_nobody_is_there(scene):
    assert dancers.dancer(bpy.context) is None
    assert dancers.find(bpy.context, "") is None  # a mannequin will come
    with pytest.raises(RigError, match="no character in the file"):
        dancers.find_recognised(bpy.context, "")


def test_the_named_comes_before_the_chosen_before_the_active_before_the_first(scene, cast):
    assert dancers.dancer(bpy.context) is None
    assert dancers.find(bpy.context, "") == dancers.find_recognised(bpy.context, "") == cast["first"]
    activate(cast["second"])
    for found in (
        dancers.dancer(bpy.context),
        dancers.find(bpy.context, ""),
        dancers.find_recognised(bpy.context, ""),
    ):
        assert found == cast["second"]
    scene.tokendance.character = cast["first"]
    for found in (
        dancers.dancer(bpy.context),
        dancers.find(bpy.context, ""),
        dancers.find_recognised(bpy.context, ""),
    ):
        assert found == cast["first"]
    for find in (dancers.find, dancers.find_recognised):
        assert find(bpy.context, "Bert") == cast["second"]
        with pytest.raises(RigError, match="no armature named “Carl”"):
            find(bpy.context, "Carl")


@pytest.mark.parametrize("how", ["active", "chosen"])
def test_a_user_is_shown_what_he_points_at_and_a_file_is_searched(scene, cast, how):
    activate(cast["lamp"])
    if how == "chosen":
        scene.tokendance.character = cast["lamp"]
    assert dancers.dancer(bpy.context) == dancers.find(bpy.context, "") == cast["lamp"]
    assert dancers.find_recognised(bpy.context, "") == cast["first"]


def test_something_else_is_active(scene, cast):
    light = bpy.data.objects.new("Light", bpy.data.lights.new("Light", "POINT"))
    scene.collection.objects.link(light)
    activate(light)
    assert dancers.dancer(bpy.context) is None
    assert dancers.find(bpy.context, "") == dancers.find_recognised(bpy.context, "") == cast["first"]


def test_a_lone_armature_that_is_not_recognised_is_explained(scene, cast):
    for name in ("first", "second"):
        bpy.data.objects.remove(cast[name])
    with pytest.raises(RigError) as caught:
        dancers.find_recognised(bpy.context, "")
    assert "no character in the file" not in str(caught.value)
    assert dancers.find(bpy.context, "") is None


def test_a_dancer_whose_bones_are_edited_is_refused(scene, cast):
    activate(cast["first"])
    bpy.ops.object.mode_set(mode="EDIT")
    for find in (dancers.find, dancers.find_recognised):
        with pytest.raises(RigError, match="in edit mode"):
            find(bpy.context, "Anna")
    with pytest.raises(RigError, match="in edit mode"):
        dancers.find(bpy.context, "")
    bpy.ops.object.mode_set(mode="OBJECT")
