"""Rigs whose legs hang on inverse kinematics, as their authors set them up: chain, pole and pole angle."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from blender_addon import compat
from blender_addon.armature import map_store
from tests.blender.armature.test_obedience import told
from tests.blender.rig_builder import build, posed_matrices
from tests.rig_zoo import rig_of
from tests.rig_zoo.hierarchies import HIERARCHIES
from tests.unit.retarget.test_hierarchies import map_of

FRAMES = (1, 7, 15, 29)
SIDES = ("Left", "Right")


def _with_ik(name: str, *, pole: bool, pole_on: str = "") -> bpy.types.Object:
    """The rig with inverse kinematics on both shins, its pole angle such that the rest pose stays as it is; poles are
    children of ``pole_on``.
    """
    made = build(rig_of(HIERARCHIES[name]))
    bpy.ops.object.mode_set(mode="EDIT")
    for side in SIDES:
        made.data.edit_bones[f"{side}Shin"].tail = made.data.edit_bones[f"{side}Foot"].head
        if pole_on:
            made.data.edit_bones[f"{side}Pole"].parent = made.data.edit_bones[side + pole_on]
    bpy.ops.object.mode_set(mode="OBJECT")
    map_store.keep(made, map_of(HIERARCHIES[name]))
    for side in SIDES:
        reach = made.pose.bones[f"{side}Shin"].constraints.new("IK")
        reach.target, reach.subtarget, reach.chain_count = made, f"{side}Foot", 2
        if pole:
            reach.pole_target, reach.pole_subtarget, reach.pole_angle = made, f"{side}Pole", _pole_angle(made, side)
    bpy.context.view_layer.update()
    return made


def _pole_angle(made: bpy.types.Object, side: str) -> float:
    """Radians about the thigh from its X axis to the pole, seen across the line from hip to ankle."""
    thigh, shin, pole = (made.data.bones[f"{side}{part}"] for part in ("Thigh", "Shin", "Pole"))
    along, across = thigh.tail_local - thigh.head_local, thigh.matrix_local.col[0].to_3d()
    axis = (shin.tail_local - thigh.head_local).cross(pole.head_local - thigh.head_local).cross(along)
    angle = across.angle(axis)
    return -angle if across.cross(axis).angle(along) < 1 else angle


def _switch_on(made: bpy.types.Object) -> None:
    """Inverse kinematics act again, as an animator would have it."""
    channels = compat.channels(made.animation_data.action, compat.slot_name(made))
    for curve in list(channels.fcurves):
        if "constraints" in curve.data_path:
            channels.fcurves.remove(curve)
    for side in SIDES:
        made.pose.bones[f"{side}Shin"].constraints[0].influence = 1.0


def _places(made: bpy.types.Object) -> np.ndarray:
    """(frames, bones, 3)"""
    return np.array([[pose[:3, 3] for pose in posed_matrices(made, frame).values()] for frame in FRAMES])


BUILDS = [
    ("IK feet", True, ""),
    ("IK feet", True, "Foot"),
    ("IK feet", False, ""),
    ("IK feet, hips beside", True, ""),
    ("IK feet on a master", False, ""),
]


@pytest.mark.parametrize(("name", "pole", "pole_on"), BUILDS)
def test_legs_dance_and_switching_ik_on_again_changes_nothing(scene, name, pole, pole_on):
    made = _with_ik(name, pole=pole, pole_on=pole_on)
    for bone, pose in posed_matrices(made).items():
        np.testing.assert_allclose(pose[:3, 3], made.data.bones[bone].head_local, atol=1e-4)
    assert told(made) == []
    assert [made.pose.bones[f"{side}Shin"].constraints[0].influence for side in SIDES] == [0.0, 0.0]
    keyed = _places(made)
    _switch_on(made)
    np.testing.assert_allclose(_places(made), keyed, atol=1e-3)


def test_restoring_the_rig_gives_ik_back(scene):
    made = _with_ik("IK feet", pole=True)
    told(made)
    made.animation_data.action = None
    assert bpy.ops.tokendance.restore_rig() == {"FINISHED"}
    assert [made.pose.bones[f"{side}Shin"].constraints[0].influence for side in SIDES] == [1.0, 1.0]


def test_a_second_dance_is_as_good_as_the_first(scene):
    made = _with_ik("IK feet", pole=True)
    told(made)
    first = _places(made)
    assert told(made) == []
    np.testing.assert_allclose(_places(made), first, atol=1e-5)


@pytest.mark.parametrize("kind", ["COPY_LOCATION", "LIMIT_LOCATION", "CHILD_OF", "COPY_TRANSFORMS"])
def test_constraints_that_hold_a_foot_in_its_place_let_go(scene, kind):
    made = build(rig_of(HIERARCHIES["IK feet"]))
    map_store.keep(made, map_of(HIERARCHIES["IK feet"]))
    anchor = bpy.data.objects.new("Anchor", None)
    scene.collection.objects.link(anchor)
    held = made.pose.bones["LeftFoot"].constraints.new(kind)
    if kind == "LIMIT_LOCATION":
        held.use_max_z, held.max_z, held.owner_space = True, 0.02, "WORLD"
    else:
        held.target = anchor
    assert told(made) == []
    assert held.influence == 0.0
