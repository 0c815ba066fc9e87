from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokendance_core import kinematics, rigs, rotation
from tokendance_core.errors import RigError
from tokendance_core.retarget import body_axes, retarget
from tokendance_core.skeleton import INDEX, JOINTS, OFFSETS, PARENTS, REST_HEIGHT
from tokendance_core.types import MotionClip, Rig, RigAnimation, RigMap

Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""Our axes -> Blender's: (x, y, z) -> (x, -z, y)."""


def _clip(seed: int = 0, frames: int = 12, spread: float = 0.8) -> MotionClip:
    rng = np.random.default_rng(seed)
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(rng.normal(size=(frames, 24, 3)) * spread))
    root = np.array([0, REST_HEIGHT, 0]) + rng.normal(size=(frames, 3)) * 0.3
    return MotionClip(rot6d.astype(np.float32), root.astype(np.float32), 30.0)


def _rig(
    seed: int = 0,
    *,
    scale: float = 1.0,
    axes: np.ndarray = Z_UP,
    drop: tuple[str, ...] = (),
    proportions: np.ndarray | None = None,
    rename=str,
    extra: bool = False,
) -> Rig:
    """A character in a T-pose: our tree without the joints in ``drop``, every bone with random axes, in ``axes`` and ``scale``.

    ``extra`` puts a control bone above the pelvis and a helper bone in the middle of the left thigh.
    """
    rng = np.random.default_rng(seed)
    offsets = OFFSETS if proportions is None else OFFSETS * proportions[:, None]
    world = [np.array([0, REST_HEIGHT, 0])]
    for joint, parent in enumerate(PARENTS[1:], start=1):
        world.append(world[parent] + offsets[joint])
    places, parents = {}, {}
    if extra:
        places["control"], parents["control"] = np.zeros(3), None
    for joint, name in enumerate(JOINTS):
        if name in drop:
            continue
        above = PARENTS[joint]
        while above >= 0 and JOINTS[above] in drop:
            above = PARENTS[above]
        parents[name] = JOINTS[above] if above >= 0 else ("control" if extra else None)
        if extra and name == "left_knee":
            places["helper"], parents["helper"], parents[name] = (world[1] + world[4]) / 2, "left_hip", "helper"
        places[name] = world[joint]
    names = tuple(places)
    rest = np.tile(np.eye(4), (len(names), 1, 1))
    rest[:, :3, :3] = rotation.matrix_from_axis_angle(rng.normal(size=(len(names), 3)) * 2)
    rest[:, :3, 3] = scale * np.array(list(places.values())) @ axes.T
    index = {name: i for i, name in enumerate(names)}
    above = np.array([index.get(parents[name], -1) for name in names])
    matrix = np.eye(4)
    matrix[:3, :3] = rotation.matrix_from_axis_angle(rng.normal(size=3)) / scale
    matrix[:3, 3] = rng.normal(size=3)
    return Rig(tuple(map(rename, names)), above, rest, matrix)


def _pose(rig: Rig, animation: RigAnimation) -> np.ndarray:
    """(T, B, 4, 4) armature-space matrices as Blender poses them: pose = parent pose @ (parent rest^-1 @ rest) @ channels."""
    frames = len(animation.locations)
    pose = np.empty((frames, len(rig.names), 4, 4))
    for bone, name in enumerate(rig.names):
        channels = np.tile(np.eye(4), (frames, 1, 1))
        if name in animation.bones:
            channels[:, :3, :3] = rotation.matrix_from_quaternion(animation.quaternions[:, animation.bones.index(name)])
        if name == animation.root_bone:
            channels[:, :3, 3] = animation.locations
        parent = rig.parents[bone]
        before = pose[:, parent] @ np.linalg.inv(rig.rest[parent]) if parent >= 0 else np.eye(4)
        pose[:, bone] = before @ rig.rest[bone] @ channels
    return pose


def _limb_error(clip: MotionClip, rig: Rig, animation: RigAnimation, axes: np.ndarray) -> float:
    """Largest angle in degrees between our limbs and the rig's, over all bones that the rig has."""
    ours = kinematics.joint_positions(clip) @ axes.T
    theirs = _pose(rig, animation)[..., :3, 3]
    worst = 0.0
    for joint, parent in enumerate(PARENTS[1:], start=1):
        if JOINTS[joint] in rig.names and JOINTS[parent] in rig.names:
            a = ours[:, joint] - ours[:, parent]
            b = theirs[:, rig.names.index(JOINTS[joint])] - theirs[:, rig.names.index(JOINTS[parent])]
            sine = np.linalg.norm(np.cross(a, b), axis=-1)
            worst = max(worst, float(np.degrees(np.arctan2(sine, (a * b).sum(-1))).max()))
    return worst


_scales = st.floats(0.01, 100)
_seeds = st.integers(0, 2**32 - 1)


@given(_seeds, _scales, st.booleans(), st.sampled_from([Z_UP, np.eye(3)]))
@settings(max_examples=40, deadline=None)
def test_our_proportions_at_any_roll_scale_and_placement_dance_exactly(seed: int, scale: float, extra: bool, axes: np.ndarray) -> None:
    clip, rig = _clip(seed), _rig(seed, scale=scale, axes=axes, extra=extra)
    animation = retarget(clip, rig, rigs.match(rig))
    pose = _pose(rig, animation)[:, [rig.names.index(name) for name in JOINTS]]
    np.testing.assert_allclose(pose[..., :3, 3] / scale, kinematics.joint_positions(clip) @ axes.T, atol=1e-4)
    assert _limb_error(clip, rig, animation, axes) < 0.01


@given(_seeds, _scales, st.lists(st.floats(0.6, 1.6), min_size=24, max_size=24))
@settings(max_examples=40, deadline=None)
def test_limb_directions_are_exact_for_any_proportions(seed: int, scale: float, proportions: list[float]) -> None:
    proportions = np.array(proportions)
    # Left and right legs and hips of one size, as in any character.
    for name in ("hip", "knee", "ankle"):
        proportions[INDEX[f"right_{name}"]] = proportions[INDEX[f"left_{name}"]]
    clip, rig = _clip(seed), _rig(seed, scale=scale, proportions=proportions)
    assert _limb_error(clip, rig, retarget(clip, rig, rigs.match(rig)), Z_UP) < 0.01


def test_joints_that_the_rig_lacks_are_skipped() -> None:
    clip = _clip()
    rig = _rig(drop=("spine2", "spine3", "left_collar", "right_collar", "left_hand", "right_hand"))
    animation = retarget(clip, rig, rigs.match(rig))
    assert _limb_error(clip, rig, animation, Z_UP) < 0.01


def test_t_pose_needs_no_turn_and_no_move() -> None:
    identity = np.tile(np.array([1, 0, 0, 0, 1, 0], np.float32), (3, 24, 1))
    clip = MotionClip(identity, np.tile(np.array([0, REST_HEIGHT, 0], np.float32), (3, 1)))
    rig = _rig(5, scale=100.0)
    animation = retarget(clip, rig, rigs.match(rig))
    np.testing.assert_allclose(animation.quaternions, np.broadcast_to([1, 0, 0, 0], animation.quaternions.shape), atol=1e-6)
    np.testing.assert_allclose(animation.locations, 0, atol=1e-3)


def test_feet_of_a_tall_character_stand_on_its_own_floor() -> None:
    """Legs of another length and hips of another width: the standing ankle keeps its rest height in any turn of the pelvis."""
    proportions = np.ones(24)
    proportions[[INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("knee", "ankle")]] = 1.5
    proportions[[INDEX["left_hip"], INDEX["right_hip"]]] = 0.7
    rig = _rig(proportions=proportions)
    clip = _clip(spread=0.0)
    heading = rotation.rot6d_from_matrix(rotation.heading_matrix(np.linspace(0, 6, clip.frames))).astype(np.float32)
    clip = replace(clip, rot6d=np.concatenate((heading[:, None], clip.rot6d[:, 1:]), 1), root=clip.root * [1, 0, 1] + [0, REST_HEIGHT, 0])
    ankles = [rig.names.index("left_ankle"), rig.names.index("right_ankle")]
    pose = _pose(rig, retarget(clip, rig, rigs.match(rig)))
    np.testing.assert_allclose(pose[:, ankles, 2, 3], np.broadcast_to(rig.rest[ankles, 2, 3], (clip.frames, 2)), atol=1e-4)


def test_a_step_is_as_long_as_the_legs_allow() -> None:
    clip, rig = _clip(spread=0.0), _rig(scale=2.5)
    pose = _pose(rig, retarget(clip, rig, rigs.match(rig)))
    moved = pose[:, rig.names.index("pelvis"), :3, 3]
    np.testing.assert_allclose(moved - moved[0], 2.5 * (clip.root - clip.root[0]) @ Z_UP.T, atol=1e-5)


def test_quaternions_do_not_jump() -> None:
    turns = np.zeros((100, 24, 3))
    turns[:, 0, 1] = np.linspace(0, 20, 100)
    turns[:, INDEX["left_shoulder"], 2] = np.linspace(0, -9, 100)
    clip = MotionClip(rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(turns)).astype(np.float32), np.zeros((100, 3), np.float32))
    rig = _rig()
    assert np.abs(np.diff(retarget(clip, rig, rigs.match(rig)).quaternions, axis=0)).max() < 0.2


def test_body_axes_are_read_from_the_rest_pose() -> None:
    for axes in (Z_UP, np.eye(3), rotation.heading_matrix(np.pi) @ np.eye(3), Z_UP @ rotation.heading_matrix(0.7)):
        rig = _rig(axes=axes)
        np.testing.assert_allclose(body_axes(rig, rigs.match(rig)), axes, atol=1e-9)


def test_slight_asymmetry_does_not_turn_the_dance() -> None:
    rig = _rig()
    rig.rest[rig.names.index("left_hip"), 1, 3] += 0.01
    np.testing.assert_array_equal(body_axes(rig, rigs.match(rig)), Z_UP)


# --- recognising --------------------------------------------------------------------------------------------------------------------


def _blender_add_on_name(name: str) -> str:
    return name.replace("left_", "L_").replace("right_", "R_").title()


@pytest.mark.parametrize(
    "rename",
    [str, str.upper, _blender_add_on_name, lambda name: "f_avg_" + _blender_add_on_name(name), lambda name: "smpl:m_avg_" + name],
)
def test_spellings_of_smpl_are_recognised(rename) -> None:
    found = rigs.match(_rig(rename=rename, extra=True))
    assert found.family == "smpl"
    assert dict(found.bones) == {name: rename(name) for name in JOINTS}


def test_what_is_missing_is_named() -> None:
    with pytest.raises(RigError, match="no bone for head, left_elbow") as caught:
        rigs.match(_rig(drop=("left_elbow", "head")))
    assert caught.value.hint


def test_an_armature_that_is_no_character_is_refused() -> None:
    rig = Rig(("door", "handle"), np.array([-1, 0]), np.tile(np.eye(4), (2, 1, 1)), np.eye(4))
    with pytest.raises(RigError, match=r"armature of 2 bones.*pelvis.* and 10 more"):
        rigs.match(rig)


def test_maps_that_do_not_fit_are_refused() -> None:
    rig = _rig()
    good = dict(rigs.match(rig).bones)
    with pytest.raises(RigError, match="no bone thigh"):
        retarget(_clip(), rig, RigMap({**good, "left_hip": "thigh"}, "smpl"))
    del good["right_ankle"], good["pelvis"]
    with pytest.raises(RigError, match="mapped to pelvis, right_ankle"):
        retarget(_clip(), rig, RigMap(good, "smpl"))
