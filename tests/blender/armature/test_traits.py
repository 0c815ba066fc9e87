"""Bones that constraints move along with other bones: what is read of them agrees with where Blender puts them."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest

from blender_addon.armature import rig
from tests.blender.rig_builder import build, posed_matrices
from tests.rig_zoo import ZOO
from tokendance_core.retarget import posing

LEG = ("足", "ひざ", "足首")


def appended(armature: bpy.types.Object, bone: str, source: str, ratio: float = 1.0) -> None:
    """Let a bone turn as another one does, as mmd_tools appends rotation."""
    constraint = armature.pose.bones[bone].constraints.new("TRANSFORM")
    constraint.target, constraint.subtarget = armature, source
    constraint.owner_space = constraint.target_space = "LOCAL"
    constraint.use_motion_extrapolate = True
    constraint.map_from = constraint.map_to = "ROTATION"
    for axis in "xyz":
        setattr(constraint, f"map_to_{axis}_from", axis.upper())
        for end, value in (("min", -math.pi), ("max", math.pi)):
            setattr(constraint, f"from_{end}_{axis}_rot", value)
            setattr(constraint, f"to_{end}_{axis}_rot", ratio * value)
    constraint.mix_mode_rot = "AFTER"


def shadowed(armature: bpy.types.Object, bone: str, source: str) -> str:
    """A hidden bone that copies one which is carried by ``source`` and has the axes of ``bone``; its name."""
    bpy.ops.object.mode_set(mode="EDIT")
    bones = armature.data.edit_bones
    for name, parent in ((f"_dummy_{bone}", bones[source]), (f"_shadow_{bone}", bones[source].parent)):
        made = bones.new(name)
        made.head, made.tail = (0, 0, 0), (0, bones[bone].length, 0)
        made.matrix = bones[bone].matrix
        made.parent = parent
    bpy.ops.object.mode_set(mode="OBJECT")
    copy = armature.pose.bones[f"_shadow_{bone}"].constraints.new("COPY_TRANSFORMS")
    copy.target, copy.subtarget = armature, f"_dummy_{bone}"
    copy.owner_space = copy.target_space = "POSE"
    return f"_shadow_{bone}"


def with_axes_of(armature: bpy.types.Object, bones: dict[str, str]) -> None:
    """Give bones the rest matrices of others."""
    bpy.ops.object.mode_set(mode="EDIT")
    for bone, source in bones.items():
        edited, other = armature.data.edit_bones[bone], armature.data.edit_bones[source]
        edited.length = other.length
        edited.matrix = other.matrix
    bpy.ops.object.mode_set(mode="OBJECT")


@pytest.fixture
def mmd(scene) -> bpy.types.Object:
    return build(ZOO["mmd_tools"]())


def doubles() -> dict[str, str]:
    return {f"{joint}D.{side}": f"{joint}.{side}" for joint in LEG for side in "LR"}


def by_shadows(armature: bpy.types.Object) -> None:
    for bone, source in doubles().items():
        appended(armature, bone, shadowed(armature, bone, source))


def directly(armature: bpy.types.Object) -> None:
    with_axes_of(armature, doubles())
    for bone, source in doubles().items():
        appended(armature, bone, source)


def by_copies(space: str):
    def copied(armature: bpy.types.Object) -> None:
        with_axes_of(armature, doubles())
        for bone, source in doubles().items():
            copy = armature.pose.bones[bone].constraints.new("COPY_ROTATION")
            copy.target, copy.subtarget, copy.owner_space, copy.target_space = armature, source, space, space

    return copied


def pose_at_random(armature: bpy.types.Object, names: list[str]) -> None:
    rng = np.random.default_rng(3)
    for name in names:
        armature.pose.bones[name].rotation_mode = "QUATERNION"
        armature.pose.bones[name].rotation_quaternion = [1.0, *rng.normal(size=3) * 0.3]
    bpy.context.view_layer.update()


@pytest.mark.parametrize("double", [by_shadows, directly, by_copies("LOCAL"), by_copies("POSE"), by_copies("WORLD")])
def test_doubles_are_where_blender_puts_them(mmd, double):
    double(mmd)
    pose_at_random(mmd, ["下半身", *doubles().values()])
    read = rig.read_rig(mmd)
    posture, truth = posing.pose(read, range(len(read.names)), {}, read.basis), posed_matrices(mmd)
    for bone in (*doubles(), "足先EX.L", "足先EX.R"):
        index = read.names.index(bone)
        np.testing.assert_allclose(posture.heads[index][0], truth[bone][:3, 3], atol=1e-4)
        np.testing.assert_allclose(posture.turns[index][0], truth[bone][:3, :3], atol=1e-4)
    assert all(read.follows[read.names.index(bone)] >= 0 and read.driven[read.names.index(bone)] for bone in doubles())


@pytest.mark.parametrize("change", ["ratio", "axis", "influence", "elsewhere"])
def test_what_turns_otherwise_follows_nothing(mmd, change):
    with_axes_of(mmd, doubles())
    appended(mmd, "足D.L", "足.R" if change == "elsewhere" else "足.L", ratio=0.5 if change == "ratio" else 1.0)
    constraint = mmd.pose.bones["足D.L"].constraints[0]
    if change == "axis":
        constraint.map_to_x_from = "Y"
    if change == "influence":
        constraint.influence = 0.5
    read = rig.read_rig(mmd)
    assert read.follows[read.names.index("足D.L")] == -1
    assert read.driven[read.names.index("足D.L")]


def test_targets_and_poles_of_inverse_kinematics_are_read(mmd):
    solve = mmd.pose.bones["ひざ.L"].constraints.new("IK")
    solve.target, solve.subtarget, solve.chain_count = mmd, "足ＩＫ.L", 2
    solve.pole_target, solve.pole_subtarget = mmd, "つま先ＩＫ.L"
    read = rig.read_rig(mmd)
    names = [*read.names, ""]
    shin = read.names.index("ひざ.L")
    assert (names[read.reaches[shin]], names[read.poles[shin]]) == ("足ＩＫ.L", "つま先ＩＫ.L")
    assert (read.reaches >= 0).sum() == 1
    solve.mute = True
    assert (rig.read_rig(mmd).reaches == -1).all()
