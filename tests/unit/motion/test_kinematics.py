from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.skeleton import INDEX, JOINTS, MIRROR, OFFSETS, PARENTS, REST_HEIGHT
from tokendance_core.types import MotionClip


def _poses(seed: int, frames: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rotation.matrix_from_axis_angle(rng.normal(size=(frames, 24, 3))), rng.normal(size=(frames, 3))


def _clip(seed: int, frames: int = 6, fps: float = 30.0) -> MotionClip:
    matrices, root = _poses(seed, frames)
    return MotionClip(rotation.rot6d_from_matrix(matrices).astype(np.float32), root.astype(np.float32), fps)


def _standing(frames: int = 30) -> np.ndarray:
    eye = np.broadcast_to(np.eye(3), (frames, 24, 3, 3))
    return kinematics.forward_kinematics(eye, np.tile([0, REST_HEIGHT, 0.0], (frames, 1)))[0]


def test_t_pose_adds_up_the_offsets() -> None:
    positions = _standing(1)[0]
    np.testing.assert_allclose(
        positions[INDEX["left_wrist"]], [0.04 + 0.14 + 0.28 + 0.25, 0.94 + 0.34 + 0.11, 0], atol=1e-6
    )
    np.testing.assert_allclose(positions[INDEX["right_foot"]], [-0.09, 0, 0.14], atol=1e-6)


def test_a_bent_elbow_by_hand() -> None:
    matrices = np.broadcast_to(np.eye(3), (24, 3, 3)).copy()
    matrices[INDEX["left_elbow"]] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]  # +X (along the arm) turns to +Y
    positions, turns = kinematics.forward_kinematics(matrices, np.zeros(3))
    np.testing.assert_allclose(positions[INDEX["left_wrist"]] - positions[INDEX["left_elbow"]], [0, 0.25, 0], atol=1e-6)
    np.testing.assert_allclose(turns[INDEX["left_hand"]], matrices[INDEX["left_elbow"]])


def test_turned_pelvis_and_knee_by_hand() -> None:
    matrices = np.broadcast_to(np.eye(3), (24, 3, 3)).copy()
    matrices[0] = rotation.heading_matrix(np.pi / 2)  # the dancer faces +X, the left side is at -Z
    matrices[INDEX["left_knee"]] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]  # the shin goes back
    positions, _ = kinematics.forward_kinematics(matrices, np.array([1.0, 1, 1]))
    np.testing.assert_allclose(positions[INDEX["left_hip"]], [1, 0.94, 1 - 0.09], atol=1e-6)
    np.testing.assert_allclose(positions[INDEX["left_ankle"]], [1 - 0.41, 0.94 - 0.41, 1 - 0.09], atol=1e-6)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_bones_keep_their_lengths(seed: int) -> None:
    positions, _ = kinematics.forward_kinematics(*_poses(seed))
    lengths = np.linalg.norm(positions[:, 1:] - positions[:, list(PARENTS[1:])], axis=-1)
    np.testing.assert_allclose(lengths, np.broadcast_to(np.linalg.norm(OFFSETS[1:], axis=-1), lengths.shape), atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.floats(-3, 3))
@settings(max_examples=25)
def test_turning_the_pelvis_turns_the_whole_body(seed: int, angle: float) -> None:
    matrices, root = _poses(seed)
    heading = rotation.heading_matrix(angle)
    turned = matrices.copy()
    turned[:, 0] = heading @ matrices[:, 0]
    positions, _ = kinematics.forward_kinematics(matrices, root)
    np.testing.assert_allclose(
        kinematics.forward_kinematics(turned, root @ heading.T)[0], positions @ heading.T, atol=1e-6
    )


def test_mirrored_rotations_give_the_mirrored_body() -> None:
    matrices, root = _poses(4)
    flip = np.diag([-1.0, 1, 1])
    mirrored = (flip @ matrices @ flip)[:, list(MIRROR)]
    positions, _ = kinematics.forward_kinematics(matrices, root)
    np.testing.assert_allclose(
        kinematics.forward_kinematics(mirrored, root @ flip)[0], (positions @ flip)[:, list(MIRROR)], atol=1e-6
    )


def test_torch_and_numpy_agree() -> None:
    torch = pytest.importorskip("torch")
    matrices, root = _poses(7)
    ours = kinematics.forward_kinematics(matrices, root)
    theirs = kinematics.forward_kinematics(
        *map(torch.from_numpy, (matrices, root)), torch.from_numpy(OFFSETS.astype(np.float64))
    )
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(b.numpy(), a, atol=1e-6)


def test_velocity_of_even_motion_is_exact_and_of_one_frame_zero() -> None:
    track = np.arange(10.0)[:, None] * [1.0, 0, -2]
    np.testing.assert_allclose(kinematics.velocities(track, 30.0), np.tile([30.0, 0, -60], (10, 1)))
    np.testing.assert_array_equal(kinematics.velocities(track[:1], 30.0), np.zeros((1, 3)))


def test_feet_that_stand_are_in_contact_feet_that_slide_or_hang_are_not() -> None:
    standing = _standing()
    assert kinematics.foot_contacts(standing, 30).all()
    assert not kinematics.foot_contacts(standing + np.array([0, 0.1, 0]), 30).any()
    sliding = standing + np.arange(30)[:, None, None] * np.array([1.0, 0, 0]) / 30  # 1 m/s
    assert not kinematics.foot_contacts(sliding, 30).any()
    lifted = standing.copy()
    lifted[10:20, [INDEX["left_ankle"], INDEX["left_foot"]], 1] += 0.2
    np.testing.assert_array_equal(kinematics.foot_contacts(lifted, 30)[15], [False, False, True, True])


def _resampled_slowly(clip: MotionClip, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One frame and one joint after the other: the turn from one key to the next, scaled."""
    keys = rotation.matrix_from_6d(clip.rot6d.astype(np.float64))
    matrices, roots = np.empty((len(times), 24, 3, 3)), np.empty((len(times), 3))
    for i, time in enumerate(times):
        at = min(max(time * clip.fps, 0.0), clip.frames - 1.0)
        low = min(int(at), clip.frames - 2)
        part = at - low
        roots[i] = (1 - part) * clip.root[low] + part * clip.root[low + 1]
        for joint in range(len(JOINTS)):
            turn = rotation.axis_angle_from_matrix(keys[low, joint].T @ keys[low + 1, joint])
            matrices[i, joint] = keys[low, joint] @ rotation.matrix_from_axis_angle(part * turn)
    return matrices, roots


@given(st.lists(st.floats(-0.2, 0.4), min_size=1, max_size=6))
@settings(max_examples=20, deadline=None)
def test_resampling_agrees_with_the_slow_reference(times: list[float]) -> None:
    clip = _clip(11)
    fast = kinematics.resample(clip, np.array(times), 60.0)
    matrices, roots = _resampled_slowly(clip, np.array(times))
    np.testing.assert_allclose(rotation.matrix_from_6d(fast.rot6d.astype(np.float64)), matrices, atol=1e-5)
    np.testing.assert_allclose(fast.root, roots, atol=1e-6)
    assert fast.fps == 60.0


@pytest.mark.parametrize("fps", [12.0, 24000 / 1001, 25.0, 30.0, 60.0])
def test_another_frame_rate_keeps_the_length_within_a_frame(fps: float) -> None:
    clip = _clip(3, frames=91)
    other = kinematics.resample_to_fps(clip, fps)
    assert (other.frames - 1) / fps <= 3.0 + 1e-6 < other.frames / fps + 1e-5
    np.testing.assert_allclose(other.root[0], clip.root[0], atol=1e-6)


def test_same_frame_rate_changes_nothing() -> None:
    clip = _clip(3, frames=50)
    same = kinematics.resample_to_fps(clip, 30.0)
    np.testing.assert_allclose(same.root, clip.root, atol=1e-6)
    np.testing.assert_allclose(kinematics.joint_positions(same), kinematics.joint_positions(clip), atol=1e-5)


def test_a_single_frame_resamples_to_itself() -> None:
    clip = _clip(3, frames=1)
    np.testing.assert_allclose(kinematics.resample_to_fps(clip, 24.0).root, clip.root)
