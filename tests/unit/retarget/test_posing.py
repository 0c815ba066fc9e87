from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.rig_poses import character, own_map, posed, random_clip
from tokendance_core.motion import rotation
from tokendance_core.retarget import posing
from tokendance_core.retarget.transfer import retarget
from tokendance_core.types import Rig, RigAnimation

_QUARTER = rotation.matrix_from_axis_angle(np.array([0, 0, np.pi / 2]))
"""Turns X into Y."""


def _assert_near(found, expected) -> None:
    np.testing.assert_allclose(found, expected, atol=1e-9)


def _chain(count: int = 3, **traits: np.ndarray) -> Rig:
    """Bones of length one in a row along Y, each the child of the one before, with the axes of the armature."""
    rest = np.tile(np.eye(4), (count, 1, 1))
    rest[:, 1, 3] = np.arange(count)
    return Rig.plain(
        tuple(f"bone {number}" for number in range(count)), np.arange(count) - 1, rest, lengths=np.ones(count), **traits
    )


def _channels(rig: Rig, bone: int, turn: np.ndarray | None = None, location: tuple[float, ...] = (0, 0, 0)):
    """(B, 4, 4) channels in which one bone is turned and moved."""
    basis = np.tile(np.eye(4), (len(rig.names), 1, 1))
    basis[bone, :3, :3] = np.eye(3) if turn is None else turn
    basis[bone, :3, 3] = location
    return basis


def _pose(rig: Rig, basis: np.ndarray, turns: dict[int, np.ndarray] | None = None) -> posing.Posture:
    return posing.pose(rig, range(len(rig.names)), turns or {}, basis)


def test_a_turned_bone_takes_its_children_along() -> None:
    rig = _chain()
    posture = _pose(rig, _channels(rig, 0, _QUARTER))
    _assert_near([posture.heads[bone][0] for bone in range(3)], [[0, 0, 0], [-1, 0, 0], [-2, 0, 0]])
    _assert_near(posture.turns[2][0], _QUARTER)


def test_a_bone_that_inherits_no_rotation_moves_along_but_keeps_its_direction() -> None:
    rig = _chain(inherits_rotation=np.array([True, False, True]))
    posture = _pose(rig, _channels(rig, 0, _QUARTER))
    _assert_near(posture.heads[1][0], [-1, 0, 0])
    _assert_near(posture.turns[1][0], np.eye(3))
    _assert_near(posture.heads[2][0], [-1, 1, 0])


@pytest.mark.parametrize(("local", "head"), [(True, [-1, 0.5, 0]), (False, [-1, 0.5, 0])])
def test_a_location_is_read_in_the_axes_of_the_bone_or_of_its_parent(local: bool, head: list[float]) -> None:
    rig = _chain(2, local_location=np.array([True, local]))
    rest = rig.rest.copy()
    rest[1, :3, :3] = _QUARTER
    rig = replace(rig, rest=rest)
    # Local: the bone's X is its parent's Y, which is -X of the armature once the parent has turned.
    basis = _channels(rig, 0, _QUARTER)
    basis[1, :3, 3] = [0, -0.5, 0] if local else [0.5, 0, 0]
    _assert_near(_pose(rig, basis).heads[1][0], head)


def test_scales_of_the_pose_are_kept_and_inherited() -> None:
    rig = _chain()
    posture = _pose(rig, _channels(rig, 0, 2 * _QUARTER))
    assert posture.scales == pytest.approx({0: 2, 1: 2, 2: 2})
    _assert_near(posture.heads[2][0], [-4, 0, 0])
    _assert_near(posture.turns[2][0], _QUARTER)


def test_a_follower_takes_over_the_whole_pose_of_its_source() -> None:
    rig = _chain(4)
    rig = replace(rig, parents=np.array([-1, 0, 1, 0]), follows=np.array([-1, -1, -1, 2]))
    posture = _pose(rig, _channels(rig, 1, _QUARTER))
    np.testing.assert_array_equal(posture.heads[3], posture.heads[2])
    np.testing.assert_array_equal(posture.turns[3], posture.turns[2])


def test_given_orientations_hold_over_time_and_override_the_channels() -> None:
    rig, turns = _chain(), np.stack((np.eye(3), _QUARTER))
    posture = _pose(rig, _channels(rig, 1, _QUARTER), {1: turns})
    _assert_near(posture.turns[1], turns)
    _assert_near(posture.heads[2], [[0, 2, 0], [-1, 1, 0]])


def test_what_a_bone_needs_comes_before_it_also_in_a_ring() -> None:
    rig = replace(_chain(5), parents=np.array([-1, 0, 1, 0, 3]), follows=np.array([-1, -1, -1, 2, -1]))
    order = posing.needed(rig, [4])
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert all(order.index(before) < order.index(after) for before, after in ((0, 1), (1, 2), (2, 3), (3, 4)))
    assert posing.needed(rig, [1, 1]) == [0, 1]
    ring = replace(rig, parents=np.full(5, -1), follows=np.array([1, 2, 0, -1, -1]))
    assert sorted(posing.needed(ring, [0])) == [0, 1, 2]


def test_resting_takes_the_dance_out_of_the_pose_and_nothing_else() -> None:
    rig = _chain()
    basis = np.tile(np.eye(4), (3, 1, 1))
    basis[:, :3, :3], basis[:, :3, 3] = 2 * _QUARTER, [1, 2, 3]
    found = posing.resting(replace(rig, basis=basis), [0])
    _assert_near(found[0], np.eye(4))
    np.testing.assert_array_equal(found[1:], basis[1:])
    found = posing.resting(replace(rig, basis=basis), [0], stay=True)
    _assert_near(found[0, :3], np.column_stack((2 * np.eye(3), [1, 2, 3])))
    np.testing.assert_array_equal(found[1:], basis[1:])


@pytest.mark.parametrize("bone", [0, 1, 2])
@pytest.mark.parametrize("local", [True, False])
def test_the_location_channel_moves_a_bone_as_asked(bone: int, local: bool) -> None:
    rng = np.random.default_rng(bone)
    rig = _chain(local_location=np.full(3, local))
    rest = rig.rest.copy()
    rest[:, :3, :3] = rotation.matrix_from_axis_angle(rng.normal(size=(3, 3)))
    rig = replace(rig, rest=rest)
    basis = _channels(rig, 0, 1.5 * rotation.matrix_from_axis_angle(rng.normal(size=3)))
    still, move = _pose(rig, basis), rng.normal(size=(1, 3))
    basis[bone, :3, 3] = posing.location_channel(rig, bone, still, move)[0]
    _assert_near(_pose(rig, basis).heads[bone] - still.heads[bone], move)


def test_predicted_heads_are_those_of_the_posed_rig() -> None:
    rig = character(4, extra=True)
    animation = retarget(random_clip(4), rig, own_map(rig))
    pose = posed(rig, animation)
    found = posing.predicted_heads(rig, animation, [0, 5, 11])
    assert set(found) == set(animation.bones)
    for bone, heads in found.items():
        _assert_near(heads, pose[[0, 5, 11], rig.names.index(bone), :3, 3])


def test_predicted_heads_follow_locations_and_the_scales_that_are_kept() -> None:
    rig = _chain()
    basis = np.tile(np.eye(4), (3, 1, 1))
    basis[0, :3, :3] *= 2
    rig = replace(rig, basis=basis)
    quaternions = np.tile([1.0, 0, 0, 0], (2, 2, 1))
    animation = RigAnimation(("bone 0", "bone 2"), quaternions, {"bone 0": np.array([[0.0, 0, 0], [0, 0, 5]])}, 30.0)
    _assert_near(posing.predicted_heads(rig, animation, [1])["bone 2"], [[0, 2, 5]])
    kept = replace(animation, scales={"bone 0": 2.0})
    _assert_near(posing.predicted_heads(rig, kept, [1])["bone 2"], [[0, 4, 5]])
