from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import dancers
from tests.unit.rig_poses import (
    Z_UP,
    bone_heads,
    character,
    limb_error,
    own_map,
    posed,
    random_clip,
    resting,
    t_pose_clip,
)
from tokendance_core.errors import RigError
from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.skeleton import INDEX, JOINTS, REST_HEIGHT
from tokendance_core.retarget.rest_pose import body_axes
from tokendance_core.retarget.settings import RetargetSettings
from tokendance_core.retarget.transfer import retarget
from tokendance_core.types import MotionClip, Rig, RigMap, Switch

_scales = st.floats(0.01, 100)
_seeds = st.integers(0, 2**32 - 1)
_angle = st.floats(-0.7, 0.7)


# --- the transfer is exact ------------------------------------------------------------------------------------------


@given(_seeds, _scales, st.booleans(), st.sampled_from([Z_UP, np.eye(3)]))
@settings(max_examples=40, deadline=None)
def test_our_proportions_at_any_roll_scale_and_placement_dance_exactly(
    seed: int, scale: float, extra: bool, axes: np.ndarray
) -> None:
    clip, rig = random_clip(seed), character(seed, scale=scale, axes=axes, extra=extra)
    animation = retarget(clip, rig, own_map(rig))
    found = bone_heads(rig, posed(rig, animation), *JOINTS)
    np.testing.assert_allclose(found / scale, kinematics.joint_positions(clip) @ axes.T, atol=1e-4)
    assert limb_error(clip, rig, own_map(rig), animation, axes) < 0.01


def _symmetric(values: list[float]) -> np.ndarray:
    """Left and right of one size, as in any character."""
    proportions = np.array(values)
    for joint, name in enumerate(JOINTS):
        if name.startswith("right"):
            proportions[joint] = proportions[INDEX[name.replace("right", "left")]]
    return proportions


@given(
    _seeds,
    _scales,
    st.lists(st.floats(0.6, 1.6), min_size=24, max_size=24),
    st.tuples(_angle, _angle, _angle),
    st.tuples(_angle, st.floats(0, 0.6)),
    st.lists(
        st.sampled_from(["neck", "spine1", "spine2", "left_collar", "right_collar", "left_foot", "right_foot"]),
        unique=True,
    ),
)
@settings(max_examples=60, deadline=None)
def test_limb_directions_are_exact_for_any_proportions_and_rest_pose(seed, scale, values, arm, leg, drop) -> None:
    spread, bend, forward = arm
    pose = {}
    for side, sign in (("left", 1), ("right", -1)):
        pose[f"{side}_shoulder"] = (0, sign * forward, -sign * spread)
        pose[f"{side}_elbow"] = (0, -sign * bend, 0)
        pose[f"{side}_hip"] = (-leg[1], 0, sign * leg[0] / 4)
        pose[f"{side}_knee"] = (2 * leg[1], 0, 0)
        pose[f"{side}_ankle"] = (-leg[1], 0, -sign * leg[0] / 4)
    rig = character(seed, scale=scale, proportions=_symmetric(values), pose=pose, drop=tuple(drop))
    clip = random_clip(seed)
    assert limb_error(clip, rig, own_map(rig), retarget(clip, rig, own_map(rig)), Z_UP) < 0.01


@given(_seeds)
@settings(max_examples=30, deadline=None)
def test_bone_relations_and_a_pose_of_other_bones_do_not_disturb(seed: int) -> None:
    """Bones that inherit no rotation, a helper and a control that are posed, a pelvis that moves in its parent's
    axes.
    """
    rng = np.random.default_rng(seed)
    rig = character(seed, extra=True)
    basis = np.tile(np.eye(4), (len(rig.names), 1, 1))
    for name, size in (("control", 0.3), ("helper", 0.3)):
        bone = rig.names.index(name)
        basis[bone, :3, :3] = rotation.matrix_from_axis_angle(rng.normal(size=3) * size)
        basis[bone, :3, 3] = rng.normal(size=3) * 0.05
    inherits = rng.random(len(rig.names)) > 0.3
    inherits[rig.names.index("helper")] = True  # else the thigh would not carry the knee
    rig = replace(rig, basis=basis, inherits_rotation=inherits)
    clip = random_clip(seed)
    facing = Rig.plain(rig.names, rig.parents, posed(rig, _still(rig))[0], rig.world)
    axes = body_axes({joint: facing.heads[rig.names.index(joint)] for joint in JOINTS}, rig.world)
    assert limb_error(clip, rig, own_map(rig), retarget(clip, rig, own_map(rig)), axes) < 0.01


def _still(rig: Rig):
    return replace(retarget(t_pose_clip(1), rig, own_map(rig)), bones=(), quaternions=np.zeros((1, 0, 4)), locations={})


def test_a_pose_becomes_a_t_pose_and_t_pose_needs_no_turn() -> None:
    rig = character(5, scale=100.0)
    animation = retarget(t_pose_clip(), rig, own_map(rig))
    np.testing.assert_allclose(
        animation.quaternions, np.broadcast_to([1, 0, 0, 0], animation.quaternions.shape), atol=1e-6
    )
    np.testing.assert_allclose(animation.locations["pelvis"], 0, atol=1e-3)
    rig = character(5, pose={"left_shoulder": (0, 0, -0.8), "right_shoulder": (0, 0, 0.8)})
    found = bone_heads(rig, posed(rig, retarget(t_pose_clip(), rig, own_map(rig))), *JOINTS)
    np.testing.assert_allclose(found[0], resting() @ Z_UP.T, atol=1e-6)


def test_offsets_of_the_user_turn_a_joint_on_top() -> None:
    rig = character()
    animation = retarget(t_pose_clip(), rig, own_map(rig, offsets={"left_shoulder": (0.0, 0.0, 90.0)}))
    shoulder, wrist, other = bone_heads(rig, posed(rig, animation), "left_shoulder", "left_elbow", "right_elbow")[0]
    np.testing.assert_allclose((wrist - shoulder) / np.linalg.norm(wrist - shoulder), [0, 0, 1], atol=1e-6)
    assert other[0] < -0.3


def test_offsets_hold_for_a_spine_joint_that_shares_its_neighbour_s_turn() -> None:
    rig = character(drop=("spine2",))
    animation = retarget(t_pose_clip(), rig, own_map(rig, offsets={"spine1": (30.0, 0.0, 0.0)}))
    bone = rig.names.index("spine1")
    turned = posed(rig, animation)[0, bone, :3, :3] @ rig.rest[bone, :3, :3].T
    assert np.degrees(np.arccos((np.trace(turned) - 1) / 2)) == pytest.approx(30, abs=1e-3)


def test_feet_turned_out_at_rest_point_where_the_dancer_s_do() -> None:
    rig = character(pose={"left_ankle": (0, 0.4, 0), "right_ankle": (0, -0.4, 0)})
    found = bone_heads(rig, posed(rig, retarget(t_pose_clip(), rig, own_map(rig))), "left_ankle", "left_foot")[0]
    assert abs((found[1] - found[0])[0]) < 1e-6


# --- more and fewer bones -------------------------------------------------------------------------------------------


def _chain(rig: Rig, joint: str, count: int) -> tuple[Rig, RigMap]:
    """The rig with ``count`` bones in a row in place of its bone ``joint``; the last one keeps the name."""
    at, names, parents = rig.names.index(joint), list(rig.names), rig.parents.tolist()
    rest, added = list(rig.rest), count - 1
    above = parents[at]
    for number in range(added):
        matrix = rig.rest[at].copy()
        matrix[:3, 3] = rig.heads[above] + (rig.heads[at] - rig.heads[above]) * (number + 1) / (added + 1)
        names.insert(at + number, f"{joint} below {number}")
        parents = [p + 1 if p >= at + number else p for p in parents]
        parents.insert(at + number, above if number == 0 else at + number - 1)
        rest.insert(at + number, matrix)
    parents[at + added] = at + added - 1 if added else above
    return Rig.plain(tuple(names), np.array(parents), np.array(rest), rig.world), own_map(rig)


def test_a_bend_is_shared_by_all_bones_of_a_long_spine() -> None:
    bent = np.zeros((2, 24, 3))
    bent[:, INDEX["spine3"], 0] = 0.9
    clip = replace(
        t_pose_clip(2), rot6d=rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(bent)).astype(np.float32)
    )
    rig, rig_map = _chain(character(drop=("spine1", "spine2")), "spine3", 3)
    animation = retarget(clip, rig, rig_map)
    angles = [
        2 * np.arccos(animation.quaternions[0, animation.bones.index(f"spine3{part}")][0])
        for part in (" below 0", " below 1", "")
    ]
    np.testing.assert_allclose(angles, [0.3, 0.3, 0.3], atol=1e-3)


def test_a_spine_of_one_bone_bends_as_the_chest_does() -> None:
    clip, rig = random_clip(3), character(drop=("spine1", "spine2", "neck", "left_collar", "right_collar"))
    whole = character()
    part, full = (posed(r, retarget(clip, r, own_map(r))) for r in (rig, whole))
    turned = [
        pose[:, r.names.index("head"), :3, :3] @ r.rest[r.names.index("head"), :3, :3].T
        for pose, r in ((part, rig), (full, whole))
    ]
    np.testing.assert_allclose(*turned, atol=1e-6)


def _with_twist(*, in_chain: bool) -> tuple[Rig, RigMap]:
    """Twist bones in the middle of the left upper arm and forearm, leaves or part of the chain."""
    rig = character(2)
    names, parents, rest = list(rig.names), rig.parents.tolist(), list(rig.rest)
    for joint, end in (("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist")):
        matrix = rig.rest[rig.names.index(joint)].copy()
        matrix[:3, 3] = (rig.heads[rig.names.index(joint)] + rig.heads[rig.names.index(end)]) / 2
        at = names.index(end)
        names.insert(at, f"{joint} twist")
        rest.insert(at, matrix)
        parents = [p + 1 if p >= at else p for p in parents]
        parents.insert(at, names.index(joint))
        if in_chain:
            parents[at + 1] = at
    twist = {joint: (f"{joint} twist",) for joint in ("left_shoulder", "left_elbow")}
    return Rig.plain(tuple(names), np.array(parents), np.array(rest), rig.world), own_map(rig, twist=twist)


@pytest.mark.parametrize("in_chain", [False, True])
def test_twist_bones_take_the_twist_and_leave_the_direction(in_chain: bool) -> None:
    rig, rig_map = _with_twist(in_chain=in_chain)
    clip = random_clip(4)
    assert limb_error(clip, rig, rig_map, retarget(clip, rig, rig_map), Z_UP) < 0.01
    twisted = np.zeros((2, 24, 3))
    twisted[:, INDEX["left_wrist"], 0] = 1.0
    clip = replace(
        t_pose_clip(2), rot6d=rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(twisted)).astype(np.float32)
    )
    animation = retarget(clip, rig, rig_map)
    turned = {
        bone: 2 * np.arccos(np.clip(q[0], -1, 1))
        for bone, q in zip(animation.bones, animation.quaternions[0], strict=True)
    }
    assert turned["left_elbow twist"] == pytest.approx(1.0 if in_chain else 0.5, abs=1e-3)
    assert turned["left_wrist"] == pytest.approx(0.0 if in_chain else 1.0, abs=1e-3)
    assert turned["left_elbow"] == pytest.approx(0.0, abs=1e-3)


def test_followers_turn_as_their_joint_does() -> None:
    rig = character(1)
    doubled = Rig.plain(
        (*rig.names, "thigh D"), np.append(rig.parents, 0), np.append(rig.rest, rig.rest[[1]], 0), rig.world
    )
    pose = posed(doubled, retarget(random_clip(), doubled, own_map(rig, followers={"left_hip": ("thigh D",)})))
    np.testing.assert_allclose(pose[:, -1, :3, :3], pose[:, rig.names.index("left_hip"), :3, :3], atol=1e-9)


# --- path and floor -------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0.6, 1.6), min_size=24, max_size=24))
@settings(max_examples=25, deadline=None)
def test_the_lower_foot_is_as_high_as_the_dancer_s_for_any_proportions(values: list[float]) -> None:
    rig, clip = character(proportions=_symmetric(values)), dancers.stepping(60)
    pose = posed(rig, retarget(clip, rig, own_map(rig)))
    heights = [
        pose[:, rig.names.index(f"{side}_ankle"), 2, 3] - rig.heads[rig.names.index(f"{side}_ankle"), 2]
        for side in ("left", "right")
    ]
    np.testing.assert_allclose(np.min(heights, axis=0), 0.0, atol=2e-3)


def test_feet_of_a_tall_character_stand_on_its_own_floor() -> None:
    """Legs of another length and hips of another width: the standing ankle keeps its rest height in any turn of the
    pelvis.
    """
    proportions = np.ones(24)
    proportions[[INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("knee", "ankle")]] = 1.5
    proportions[[INDEX["left_hip"], INDEX["right_hip"]]] = 0.7
    rig = character(proportions=proportions)
    clip = random_clip(spread=0.0)
    heading = rotation.rot6d_from_matrix(rotation.heading_matrix(np.linspace(0, 6, clip.frames))).astype(np.float32)
    clip = replace(
        clip,
        rot6d=np.concatenate((heading[:, None], clip.rot6d[:, 1:]), 1),
        root=clip.root * [1, 0, 1] + [0, REST_HEIGHT, 0],
    )
    ankles = [rig.names.index("left_ankle"), rig.names.index("right_ankle")]
    pose = posed(rig, retarget(clip, rig, own_map(rig)))
    np.testing.assert_allclose(
        pose[:, ankles, 2, 3], np.broadcast_to(rig.rest[ankles, 2, 3], (clip.frames, 2)), atol=1e-4
    )


def test_a_step_is_as_long_as_the_legs_allow() -> None:
    clip, rig = random_clip(spread=0.0), character(scale=2.5)
    moved = bone_heads(rig, posed(rig, retarget(clip, rig, own_map(rig))), "pelvis")[:, 0]
    np.testing.assert_allclose(moved - moved[0], 2.5 * (clip.root - clip.root[0]) @ Z_UP.T, atol=1e-5)


def test_travel_floor_mirror_and_staying_in_place() -> None:
    rig, path = character(), np.stack((np.linspace(0, 2, 90), np.full(90, REST_HEIGHT), np.linspace(0, -1, 90)), -1)
    clip = t_pose_clip(90, path)

    def pelvis(**options) -> np.ndarray:
        return bone_heads(rig, posed(rig, retarget(clip, rig, own_map(rig), RetargetSettings(**options))), "pelvis")[
            :, 0
        ]

    plain = pelvis()
    np.testing.assert_allclose(pelvis(travel=0.5) - plain[0], (plain - plain[0]) * 0.5, atol=1e-6)
    np.testing.assert_allclose(pelvis(mirror=True), plain * [-1, 1, 1], atol=1e-6)
    world_up = np.linalg.norm(rig.world[:3, 2])
    np.testing.assert_allclose(pelvis(floor=0.3)[:, 2] - plain[:, 2], 0.3 / world_up, atol=1e-6)
    still = pelvis(root_motion="in_place")
    assert np.ptp(still[30:60, :2], axis=0).max() < 0.02 < np.ptp(plain[30:60, :2], axis=0).max()


def test_the_path_over_the_floor_can_be_on_a_root_bone() -> None:
    rig, clip = character(extra=True), random_clip(2)
    rig_map = own_map(rig)
    rig_map = replace(rig_map, bones={**rig_map.bones, "root": "control"})
    on_hips, on_root = (
        retarget(clip, rig, rig_map, RetargetSettings(root_motion=motion)) for motion in ("hips", "root")
    )
    assert set(on_hips.locations) == {"pelvis"}
    assert set(on_root.locations) == {"pelvis", "control"}
    pose = posed(rig, on_root)
    np.testing.assert_allclose(pose[:, 1:], posed(rig, on_hips)[:, 1:], atol=1e-6)
    assert np.ptp(pose[:, 0, 2, 3]) < 1e-9 < np.ptp(pose[:, 0, 0, 3])
    with pytest.raises(RigError, match="no separate root bone"):
        retarget(clip, rig, own_map(rig), RetargetSettings(root_motion="root"))


def test_hips_that_cannot_move_are_carried_by_what_they_hang_on() -> None:
    plain = character(extra=True)
    for trait in ("connected", "location_locked"):
        flags = np.array([name == "pelvis" for name in plain.names])
        rig = replace(plain, **{trait: flags})
        animation = retarget(random_clip(), rig, own_map(rig))
        assert set(animation.locations) == {"control"}
        np.testing.assert_allclose(
            bone_heads(rig, posed(rig, animation), *JOINTS),
            bone_heads(plain, posed(plain, retarget(random_clip(), plain, own_map(plain))), *JOINTS),
            atol=1e-6,
        )


def test_upper_and_lower_body_that_are_siblings_are_carried_by_their_parent() -> None:
    """As in MMD: the lower body turns, the bone above both moves."""
    plain = character(extra=True)
    parents = plain.parents.copy()
    parents[plain.names.index("spine1")] = 0
    rig = Rig.plain(plain.names, parents, plain.rest, plain.world)
    clip = random_clip(spread=0.3)
    animation = retarget(clip, rig, own_map(rig))
    assert set(animation.locations) == {"control"}
    assert limb_error(clip, rig, own_map(rig), animation, Z_UP) < 0.01


def test_switches_go_along_with_the_keys() -> None:
    switch = Switch("control", "IK_FK", 1.0)
    rig = character(extra=True)
    assert retarget(t_pose_clip(), rig, own_map(rig, switches=(switch,))).switches == (switch,)


def test_quaternions_do_not_jump() -> None:
    turns = np.zeros((100, 24, 3))
    turns[:, 0, 1] = np.linspace(0, 20, 100)
    turns[:, INDEX["left_shoulder"], 2] = np.linspace(0, -9, 100)
    clip = MotionClip(
        rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(turns)).astype(np.float32),
        np.zeros((100, 3), np.float32),
    )
    rig = character()
    assert np.abs(np.diff(retarget(clip, rig, own_map(rig)).quaternions, axis=0)).max() < 0.2


# --- the rest pose --------------------------------------------------------------------------------------------------


def test_body_axes_are_read_from_the_rest_pose() -> None:
    for axes in (Z_UP, np.eye(3), rotation.heading_matrix(np.pi) @ np.eye(3), Z_UP @ rotation.heading_matrix(0.7)):
        np.testing.assert_allclose(body_axes(dict(zip(JOINTS, resting() @ axes.T, strict=True))), axes, atol=1e-9)


@given(st.tuples(_angle, _angle, _angle))
@settings(max_examples=50, deadline=None)
def test_body_axes_are_perpendicular_however_the_character_lies(turn: tuple[float, float, float]) -> None:
    heads = resting() @ rotation.matrix_from_axis_angle(2 * np.array(turn)).T
    axes = body_axes(dict(zip(JOINTS, heads, strict=True)))
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-9)


def test_slight_asymmetry_does_not_turn_the_dance() -> None:
    heads = dict(zip(JOINTS, resting() @ Z_UP.T, strict=True))
    heads["left_hip"] = heads["left_hip"] + [0, 0.01, 0]
    np.testing.assert_array_equal(body_axes(heads), Z_UP)


# --- what cannot be done --------------------------------------------------------------------------------------------


def test_maps_that_do_not_fit_are_refused() -> None:
    rig = character()
    good = dict(own_map(rig).bones)
    for bones, message in (
        ({**good, "left_hip": "thigh"}, "no bone thigh"),
        ({**good, "left_hip": "head"}, "bone head is mapped to both"),
        (
            {joint: bone for joint, bone in good.items() if joint not in ("right_ankle", "pelvis")},
            "mapped to pelvis, right_ankle",
        ),
        ({joint: bone for joint, bone in good.items() if joint not in ("head", "neck", "spine3")}, "mapped to head"),
    ):
        with pytest.raises(RigError, match=message) as caught:
            retarget(random_clip(), rig, RigMap(bones, "smpl"))
        assert caught.value.hint


def test_joints_in_one_place_are_refused() -> None:
    rig = character()
    rig.rest[rig.names.index("left_knee"), :3, 3] = rig.heads[rig.names.index("left_ankle")]
    with pytest.raises(RigError, match="left_knee and left_ankle lie in the same place"):
        retarget(random_clip(), rig, own_map(rig))
    rig = character()
    rig.rest[rig.names.index("left_hip"), :3, 3] = rig.heads[rig.names.index("right_hip")]
    with pytest.raises(RigError, match="has no front"):
        retarget(random_clip(), rig, own_map(rig))
