"""*Compare Starred*: copies that never meet, that say which take they dance, and that leave nothing behind."""

from __future__ import annotations

import itertools
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon import compat
from blender_addon.armature import played
from blender_addon.takes import compare, properties
from blender_addon.takes import store as takes
from tests.blender.dance.test_generate import heads
from tests.blender.takes import test_takes
from tests.blender.takes.test_takes import starred_takes
from tokendance_core import JOINTS

generate, mannequin, worker = test_takes.generate, test_takes.mannequin, test_takes.worker

SHOULDERS = 0.3
"""Metres between the mannequin's shoulders, at least."""


def copies_of(armature: bpy.types.Object) -> list[bpy.types.Object]:
    return [item for item in bpy.context.scene.objects if item.type == "ARMATURE" and item != armature]


def labels() -> dict[str, bpy.types.Object]:
    """Words that are shown in the view -> the dancer that they belong to."""
    return {item.name: item.parent for item in bpy.context.scene.objects if item.type == "EMPTY" and item.show_name}


def everything() -> dict[str, list[str]]:
    kinds = ("objects", "meshes", "armatures", "actions", "materials", "collections")
    return {kind: sorted(item.name for item in getattr(bpy.data, kind)) for kind in kinds}


def test_starred_takes_are_danced_side_by_side_and_leave_nothing(mannequin, generate, scene):
    generate(variations=4)
    starred_takes(mannequin)[0].tokendance_take.starred = False
    bpy.ops.tokendance.activate_take(take=starred_takes(mannequin)[1].name)
    takes.of(mannequin)[0].tokendance_take.starred = False
    before, dances = everything(), {}
    for take in takes.of(mannequin):
        compat.use_action(mannequin, take)
        dances[take.name] = heads(mannequin, 25)
    compat.use_action(mannequin, takes.of(mannequin)[1])
    assert bpy.ops.tokendance.compare_takes() == {"FINISHED"}
    copies = copies_of(mannequin)
    assert {takes.active(copy) for copy in copies} == set(takes.of(mannequin)[2:])
    assert {copy.data for copy in copies} == {mannequin.data}
    assert everything()["meshes"] == before["meshes"]
    places = [0.0]
    for copy in copies:
        moved = heads(copy, 25) - dances[takes.active(copy).name]
        np.testing.assert_allclose(moved, np.broadcast_to(moved[0], moved.shape), atol=1e-4)
        places.append(float(moved[0, 0]))
    assert np.diff(sorted(places)).min() > 0.5
    bpy.ops.tokendance.compare_takes()
    assert len([item for item in scene.objects if item.type == "ARMATURE"]) == 3
    bpy.ops.tokendance.end_comparison()
    assert everything() == before
    with pytest.raises(RuntimeError, match="Nothing is being compared"):
        bpy.ops.tokendance.end_comparison()


def test_copies_keep_the_size_and_the_bearing_of_their_character(mannequin, generate, scene):
    mannequin.location, mannequin.rotation_euler, mannequin.scale = (3, 4, 0.5), (0, 0, 1.0), (0.5, 0.5, 0.5)
    generate(variations=2)
    starred_takes(mannequin)
    bpy.ops.tokendance.compare_takes()
    bpy.context.view_layer.update()
    (copy,) = copies_of(mannequin)
    here, there = np.array(mannequin.matrix_world), np.array(copy.matrix_world)
    np.testing.assert_allclose(there[:3, :3], here[:3, :3], atol=1e-5)
    step = there[:3, 3] - here[:3, 3]
    np.testing.assert_allclose(step / np.linalg.norm(step), (np.cos(1.0), np.sin(1.0), 0), atol=1e-5)
    assert np.linalg.norm(step) > 0.5
    skins = [item for item in bpy.data.objects if item.type == "MESH"]
    assert {item.parent for item in skins} == {mannequin, copy}
    assert all(
        modifier.object == item.parent for item in skins for modifier in item.modifiers if modifier.type == "ARMATURE"
    )


def test_a_comparison_is_as_large_as_it_may_be(mannequin, generate, scene, monkeypatch):
    monkeypatch.setattr(compare, "MOST", 2)
    generate(variations=4)
    starred_takes(mannequin)
    bpy.ops.tokendance.compare_takes()
    assert len([item for item in scene.objects if item.type == "ARMATURE"]) == 3


def test_a_compared_copy_looks_at_itself(mannequin, generate):
    """Constraints and drivers of a control rig point at the rig: on a copy, at the copy; and a skin without a parent
    comes along.
    """
    generate(variations=2)
    for take in takes.of(mannequin):
        take.tokendance_take.starred = True
    constraint = mannequin.pose.bones["left_wrist"].constraints.new("IK")
    constraint.target, constraint.pole_target = mannequin, mannequin
    driver = mannequin.pose.bones["head"].driver_add("location", 0).driver
    variable = driver.variables.new()
    variable.targets[0].id = mannequin
    (skin,) = mannequin.children
    skin.parent = None
    bpy.ops.tokendance.compare_takes()
    (copy,) = copies_of(mannequin)
    (copied_skin,) = (item for item in bpy.data.objects if item.type == "MESH" and item != skin)
    copied = copy.pose.bones["left_wrist"].constraints[0]
    assert (copied.target, copied.pole_target) == (copy, copy)
    assert copy.animation_data.drivers[0].driver.variables[0].targets[0].id == copy
    assert copied_skin.modifiers[0].object == copy
    assert (constraint.target, variable.targets[0].id, skin.modifiers[0].object) == (mannequin,) * 3


def test_deleting_a_take_that_is_compared_does_no_harm(mannequin, generate):
    generate(variations=2)
    starred_takes(mannequin)
    bpy.ops.tokendance.compare_takes()
    bpy.ops.tokendance.delete_take()
    bpy.ops.tokendance.end_comparison()
    assert len(takes.of(mannequin)) == 1


# --- they never meet --------------------------------------------------------------------------------------------------


def wander(armature: bpy.types.Object, take: bpy.types.Action, rng: np.random.Generator, size: float) -> None:
    """Send a take over the floor, to and fro across the others' ways."""
    bone = armature.data.bones["pelvis"]
    knots = rng.uniform(-size, size, (6, 3)) * (1, 0, 1)  # the pelvis of the mannequin points up along Y
    for curve in compat.curves(take):
        if curve.data_path == f'pose.bones["{bone.name}"].location':
            for point in curve.keyframe_points:
                place = np.interp(point.co.x, np.linspace(1, 60, 6), knots[:, curve.array_index])
                point.co.y = float(place)
            curve.update()


@pytest.mark.parametrize("case", range(4))
def test_no_two_dancers_ever_come_closer_than_a_shoulder(mannequin, generate, scene, case):
    """Every joint of every dancer on every frame, as Blender itself shows it."""
    rng = np.random.default_rng(case)
    mannequin.location, mannequin.rotation_euler = (1, 2, 0), (0, 0, float(rng.uniform(-3, 3)))
    generate(variations=4)
    for take in starred_takes(mannequin):
        wander(mannequin, take, rng, 0.5 + case)
    bpy.ops.tokendance.compare_takes()
    dancers = [mannequin, *copies_of(mannequin)]
    assert len(dancers) == 4
    closest = np.inf
    for frame in range(1, 61, 1):
        scene.frame_set(frame)
        graph = bpy.context.evaluated_depsgraph_get()
        places = []
        for dancer in dancers:
            posed = dancer.evaluated_get(graph)
            places.append(np.array([posed.matrix_world @ posed.pose.bones[joint].head for joint in JOINTS]))
        for one, other in itertools.combinations(places, 2):
            closest = min(closest, np.linalg.norm(one[:, None] - other[None], axis=-1).min())
    assert closest >= SHOULDERS


def test_they_are_no_further_apart_than_they_need(mannequin, generate):
    """Dances that stay in place stand as close as people do."""
    generate(variations=3, root_motion="in_place")
    starred_takes(mannequin)
    bpy.ops.tokendance.compare_takes()
    bpy.context.view_layer.update()
    places = sorted(float(item.matrix_world.translation.x) for item in (mannequin, *copies_of(mannequin)))
    assert np.diff(places).max() < 2.5


# --- they say what they dance -----------------------------------------------------------------------------------------


def test_every_dancer_is_labelled_and_the_label_follows(mannequin, generate, scene):
    generate(seed=3, genre="salsa")
    generate(seed=4, genre="pop")
    starred_takes(mannequin)
    bpy.ops.tokendance.compare_takes()
    (copy,) = copies_of(mannequin)
    assert labels() == {"Pop 4": mannequin, "Salsa 3": copy}
    for words, dancer in labels().items():
        for frame in (1, 40):
            scene.frame_set(frame)
            label = scene.objects[words].matrix_world.translation
            assert (label - dancer.matrix_world @ dancer.pose.bones["head"].tail).length < 1e-3


def test_takes_of_several_songs_are_told_apart(mannequin, generate, tone):
    generate(seed=3)
    other = tone.with_name("other.wav")
    other.write_bytes(tone.read_bytes())
    bpy.ops.tokendance.generate(filepath=str(other), seed=3)
    starred_takes(mannequin)
    bpy.ops.tokendance.compare_takes()
    assert set(labels()) == {"Street 3, other", f"Street 3, {tone.stem}"}


# --- nothing is left --------------------------------------------------------------------------------------------------


def seen(scene: bpy.types.Scene) -> dict[str, object]:
    """What is there, and what a user looks at."""
    camera = scene.camera
    return {
        **everything(),
        "frame": (scene.frame_current, scene.frame_start, scene.frame_end),
        "selected": sorted(item.name for item in bpy.context.selected_objects),
        "active": bpy.context.view_layer.objects.active.name,
        "camera": (camera.name, [round(number, 5) for row in camera.matrix_world for number in row]),
        "danced": [item.animation_data.action.name for item in scene.objects if item.animation_data],
    }


@pytest.fixture
def compared(mannequin, generate, scene) -> dict[str, object]:
    """What was there before the comparison."""
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    generate(variations=3)
    starred_takes(mannequin)
    bpy.ops.ed.undo_push(message="before")
    before = seen(scene)
    bpy.ops.tokendance.compare_takes()
    bpy.ops.ed.undo_push(message="compared")
    return before


def test_beginning_changes_nothing_that_the_user_looks_at(compared, scene):
    for name in ("frame", "selected", "active", "camera"):
        assert seen(scene)[name] == compared[name]


def again(folder: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "file.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(folder / "file.blend"))


def renamed(_: Path) -> None:
    bpy.data.collections[0].name = "Mine"


def moved(_: Path) -> None:
    """A copy is dragged into the scene's own collection, and the others' collection is deleted."""
    (collection,) = bpy.data.collections
    copy = copies_of(bpy.data.objects["Mannequin"])[0]
    collection.objects.unlink(copy)
    bpy.context.scene.collection.objects.link(copy)


MEANWHILE = {"nothing": lambda _: None, "saved and loaded": again, "renamed": renamed, "moved": moved}


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_nothing_is_left_whatever_happens_meanwhile(compared, tmp_path, meanwhile):
    MEANWHILE[meanwhile](tmp_path)
    assert compare.is_on(bpy.context.scene)
    assert bpy.ops.tokendance.end_comparison() == {"FINISHED"}
    assert seen(bpy.context.scene) == compared


def test_undo_takes_a_comparison_back_and_another_can_begin(compared):
    bpy.ops.ed.undo()
    assert seen(bpy.context.scene) == compared
    bpy.ops.tokendance.compare_takes()
    assert len(copies_of(bpy.data.objects["Mannequin"])) == 2


def test_a_take_on_the_nla_is_not_compared_with_itself(mannequin, generate):
    generate(variations=2)
    starred_takes(mannequin)
    bpy.ops.tokendance.push_take()
    laid = takes.played(mannequin)
    assert laid not in compare.candidates(mannequin)
    assert properties.of_action(laid).starred


# --- where the bones are while an action plays ------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "ZYX", "YXZ", "AXIS_ANGLE"])
def test_bones_are_where_blender_shows_them(mannequin, generate, mode):
    for name in ("pelvis", "left_shoulder", "right_elbow"):
        mannequin.pose.bones[name].rotation_mode = mode
    mannequin.location, mannequin.rotation_euler, mannequin.scale = (3, 4, 0.5), (0.2, 0, 1.0), (0.5, 0.5, 0.5)
    generate()
    frames = np.array([1, 10, 33, 60])
    shown = np.array([heads(mannequin, frame) for frame in frames])
    found = played.heads(mannequin, takes.active(mannequin), frames, JOINTS)
    np.testing.assert_allclose(found, shown, atol=1e-4)
