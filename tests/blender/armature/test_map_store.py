"""Texts that a file keeps for the add-on: whoever wrote the file, none of them is a traceback."""

from __future__ import annotations

import bpy
import pytest

from blender_addon.armature import action, map_store
from blender_addon.character import map_test
from blender_addon.interface import bone_paths

NO_MAPPINGS = [None, 5, "", "{", "[]", "[" * 100_000, '{"a": NaN}', '{"a": 1, "a": 2}', '"text"']


@pytest.mark.parametrize("text", NO_MAPPINGS)
def test_what_is_no_mapping_is_empty(scene, text):
    assert map_store.mapping(text) == {}
    made = bpy.data.actions.new("Take")
    if text is not None:
        made["tokendance_orders"] = text
        made["tokendance_before"] = text
    assert action.orders(made) == {}
    map_test._end(made)
    assert "Take" not in bpy.data.actions


def test_orders_that_are_none_are_left_out(scene):
    made = bpy.data.actions.new("Take")
    made["tokendance_orders"] = '{"a": "ZXY", "b": "ABC", "c": ["XYZ"], "d": 5}'
    assert action.orders(made) == {"a": "ZXY"}


@pytest.mark.parametrize("name", ["Hips", 'a "quoted" one', "back\\slash", "mixamorig:Hips", "腰", "]"])
def test_a_path_says_which_bone_and_what_of_it(scene, name):
    for rest in ("", ".location", '["finger"]', ".constraints[0].influence"):
        assert bone_paths.split(bone_paths.path_of(name) + rest) == (name, rest)
    assert bone_paths.split("location") is None
