"""Rest poses that are no stand: leaning, in the middle of a step, or kept in the pose alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import dancers
from tests.unit.retarget.test_hierarchies import misses
from tests.unit.rig_poses import Z_UP, bone_heads, character, own_map, posed, random_clip, t_pose_clip
from tokendance_core.errors import RigError
from tokendance_core.motion import rotation
from tokendance_core.motion.skeleton import JOINTS, T_POSE
from tokendance_core.retarget import rest_pose, stance
from tokendance_core.retarget.settings import RetargetSettings
from tokendance_core.retarget.transfer import retarget
from tokendance_core.types import Rig

_axis = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda axis: np.linalg.norm(axis) > 0.2)
_RUNNING = {
    "left_hip": (-0.7, 0, 0),
    "left_knee": (1.2, 0, 0),
    "left_ankle": (0.4, 0, 0),
    "right_hip": (0.5, 0, 0),
    "right_knee": (0.4, 0, 0),
    "right_ankle": (-0.6, 0, 0),
    "pelvis": (0.25, 0.2, 0.05),
    "spine2": (0.15, -0.5, 0),
    "left_shoulder": (0.3, 0.6, -1.2),
    "right_shoulder": (0.1, 0.9, 1.1),
    "left_elbow": (0, -1.4, 0),
}


def _leaning(rig: Rig, axis: tuple[float, ...] | np.ndarray, degrees: float) -> Rig:
    """The rig with all bones turned about an axis through the pelvis."""
    turn = np.eye(4)
    turn[:3, :3] = rotation.matrix_from_axis_angle(np.array(axis) / np.linalg.norm(axis) * np.radians(degrees))
    pelvis = rig.heads[rig.names.index("pelvis")]
    turn[:3, 3] = pelvis - turn[:3, :3] @ pelvis
    return replace(rig, rest=turn @ rig.rest)


def _upright(seed: int, axes: np.ndarray = Z_UP, **kind) -> Rig:
    """A character that stands on the world's floor."""
    world = np.eye(4)
    world[:3, :3] = Z_UP @ axes.T
    return replace(character(seed, axes=axes, **kind), world=world)


# --- up is up ---------------------------------------------------------------------------------------------------------


@given(_axis, st.floats(-44, 44), st.sampled_from([Z_UP, np.eye(3)]))
@settings(max_examples=25, deadline=None)
def test_a_body_that_leans_dances_upright_on_a_level_floor(axis, degrees: float, axes: np.ndarray) -> None:
    rig = _leaning(_upright(2, axes), axis, degrees)
    rest = rest_pose.read(rig, own_map(rig))
    np.testing.assert_allclose(rest.axes[:, 1], axes[:, 1], atol=1e-9)
    found = misses(rig, own_map(rig), dancers.stepping(20))
    assert found["trunk"].worst < (0.1 if rest.remark else 7.6)
    assert found["hip line"].worst < (0.1 if rest.remark else 7.6)
    assert found["limbs"].worst < 0.01
    assert found["floor"].worst < 5


@pytest.mark.parametrize("degrees", [10, 20, 40])
@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0)])
def test_feet_and_ground_of_a_leaning_body_are_those_of_the_upright_one(axis, degrees: int) -> None:
    rig, clip = _upright(3), random_clip(3, spread=0.3)
    wanted, found = (
        bone_heads(one, posed(one, retarget(clip, one, own_map(one))), *JOINTS)
        for one in (rig, _leaning(rig, axis, degrees))
    )
    found -= (found[0, 0] - wanted[0, 0]) * [1, 1, 0]  # where it leans to it may begin elsewhere on the floor
    np.testing.assert_allclose(found, wanted, atol=2e-2)


def test_a_body_that_its_object_sets_upright_stands_upright() -> None:
    turn = rotation.matrix_from_axis_angle(np.array([np.radians(35.0), 0, 0]))
    heads = {joint: turn @ Z_UP @ place for joint, place in zip(JOINTS, T_POSE, strict=True)}
    world = np.eye(4)
    world[:3, :3] = 2.5 * turn.T
    np.testing.assert_allclose(stance.body_axes(heads, world), turn @ Z_UP, atol=1e-9)
    np.testing.assert_allclose(stance.body_axes(heads)[:, 1], [0, 0, 1], atol=1e-9)


def test_a_body_that_lies_in_the_world_keeps_its_own_axes() -> None:
    heads = dict(zip(JOINTS, T_POSE, strict=True))
    np.testing.assert_allclose(stance.body_axes(heads, np.eye(4)), np.eye(3), atol=1e-9)
    np.testing.assert_allclose(stance.body_axes(heads, np.zeros((4, 4))), np.eye(3), atol=1e-9)


# --- rest poses in motion ---------------------------------------------------------------------------------------------


@given(st.integers(0, 1000), st.floats(0.6, 1.4))
@settings(max_examples=15, deadline=None)
def test_a_rest_pose_in_the_middle_of_a_run_dances_as_a_standing_one(seed: int, amount: float) -> None:
    pose = {joint: tuple(amount * angle for angle in vector) for joint, vector in _RUNNING.items()}
    rig = _upright(seed, pose=pose)
    assert rest_pose.read(rig, own_map(rig)).remark
    found = misses(rig, own_map(rig), dancers.stepping(20))
    assert found["trunk"].worst < 4
    assert found["limbs"].worst < 0.01
    assert found["shoulder line"].worst < 9
    assert found["feet"].worst < 5


def test_what_is_wrong_is_said_in_degrees() -> None:
    rig = _leaning(_upright(0), (1, 0, 0), 20)
    assert "the trunk leans by 20 degrees" in rest_pose.read(rig, own_map(rig)).remark
    assert not rest_pose.read(_upright(0), own_map(rig)).remark


# --- the pose as the rest pose ----------------------------------------------------------------------------------------


def _posed_as(rig: Rig, channels: dict[str, np.ndarray]) -> Rig:
    basis = rig.basis.copy()
    for name, matrix in channels.items():
        basis[rig.names.index(name)] = matrix
    return replace(rig, basis=basis)


def _kept_in_the_pose(seed: int) -> tuple[Rig, Rig]:
    """A rig, and one whose bones all rest at one place: place, turn and scale are in the pose alone."""
    rig = _upright(seed)
    rest = np.tile(np.eye(4), (len(rig.names), 1, 1))
    local = [
        np.linalg.inv(rig.rest[parent]) @ matrix if parent >= 0 else matrix
        for parent, matrix in zip(rig.parents, rig.rest, strict=True)
    ]
    basis = np.array(local)
    basis[0, :3, :3] *= 2.0
    return rig, replace(rig, rest=rest, basis=basis)


@pytest.mark.parametrize("asked", [False, True])
def test_a_rig_whose_places_are_in_the_pose_alone_dances(asked: bool) -> None:
    plain, rig = _kept_in_the_pose(4)
    clip = random_clip(4, spread=0.3)
    animation = retarget(clip, rig, own_map(rig), RetargetSettings(pose_as_rest=asked))
    assert animation.scales["pelvis"] == pytest.approx(2.0)
    wanted = bone_heads(plain, posed(plain, retarget(clip, plain, own_map(plain))), *JOINTS)
    found = bone_heads(rig, posed(rig, animation), *JOINTS)
    found, wanted = (heads - heads[:, :1] for heads in (found, wanted))
    np.testing.assert_allclose(found, 2.0 * wanted, atol=1e-6)


def test_the_pose_is_the_rest_pose_when_asked_for() -> None:
    """A rest pose in a run, posed as a stand by hand: no remark, and the dance is that of the standing one."""
    running = _upright(5, pose=_RUNNING)
    standing = retarget(t_pose_clip(1), running, own_map(running))
    channels = {
        bone: rotation.matrix_from_quaternion(quaternion)
        for bone, quaternion in zip(standing.bones, standing.quaternions[0], strict=True)
    }
    rig = _posed_as(running, {bone: _channels(turn) for bone, turn in channels.items()})
    assert not rest_pose.read(rig, own_map(rig), pose_as_rest=True).remark
    found = misses(rig, own_map(rig), dancers.stepping(20), pose_as_rest=True)
    for name in ("trunk", "limbs", "hip line"):
        assert found[name].worst < 0.5, name


def _channels(turn: np.ndarray) -> np.ndarray:
    channels = np.eye(4)
    channels[:3, :3] = turn
    return channels


def test_a_rig_without_places_anywhere_is_refused() -> None:
    _, rig = _kept_in_the_pose(1)
    nowhere = replace(rig, basis=np.tile(np.eye(4), (len(rig.names), 1, 1)))
    with pytest.raises(RigError, match="same place"):
        retarget(t_pose_clip(1), nowhere, own_map(nowhere))
