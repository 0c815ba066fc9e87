from __future__ import annotations

import numpy as np
import pytest

from tokendance_core.motion import kinematics
from tokendance_core.motion.edits import bend, hold_t_pose
from tokendance_core.motion.joint_check import joint_check
from tokendance_core.motion.skeleton import INDEX, JOINTS, REST_HEIGHT, T_POSE

_T_POSE_6D = np.float32([1, 0, 0, 0, 1, 0])


def test_one_joint_moves_at_a_time_and_comes_back() -> None:
    clip = joint_check()
    moves = np.abs(clip.rot6d - _T_POSE_6D).max(-1) > 1e-6
    assert (moves.sum(1) <= 1).all()
    order = [JOINTS[row.argmax()] for row in moves if row.any()]
    assert list(dict.fromkeys(order)) == [
        *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_hip", "left_knee", "right_hip"),
        *("right_knee", "spine2", "head", "pelvis"),
    ]
    np.testing.assert_array_equal(clip.rot6d[[0, -1]], np.tile(_T_POSE_6D, (2, 24, 1)))
    assert clip.seconds == pytest.approx(5.5, abs=0.1)


@pytest.mark.parametrize(
    ("joint", "end", "direction"),
    [
        ("left_shoulder", "left_wrist", (0, 1, 0)),
        ("right_shoulder", "right_wrist", (0, 1, 0)),
        ("left_elbow", "left_wrist", (0, 0, 1)),
        ("right_elbow", "right_wrist", (0, 0, 1)),
        ("left_hip", "left_ankle", (0, 0, 1)),
        ("right_knee", "right_ankle", (0, 0, -1)),
        ("spine2", "head", (0, 0, 1)),
    ],
)
def test_limbs_move_as_they_can(joint: str, end: str, direction: tuple[float, float, float]) -> None:
    """Arms up, elbows and thighs forward, shins back, the trunk forward."""
    clip = joint_check()
    sways = np.abs(clip.rot6d[:, INDEX[joint]] - _T_POSE_6D).max(-1)
    moved = kinematics.joint_positions(clip)[sways.argmax(), INDEX[end]] - T_POSE[INDEX[end]] - [0, REST_HEIGHT, 0]
    assert moved @ direction > 0.1
    assert moved @ direction > 0.5 * np.linalg.norm(moved)


def test_a_bend_turns_a_joint_on_top_of_its_own_rotation() -> None:
    clip = bend(hold_t_pose(3), "left_shoulder", "Z", np.array([0.0, 0.5, 1.0]))
    both = bend(bend(clip, "left_shoulder", "Y", np.full(3, np.pi / 2)), "left_shoulder", "X", np.full(3, np.pi))
    arm = kinematics.joint_positions(both)[:, [INDEX["left_shoulder"], INDEX["left_elbow"]]]
    angle = np.array([0.0, 0.5, 1.0])
    # First up in the frontal plane, then from the left to the back, at last upside down.
    expected = 0.28 * np.stack((0 * angle, -np.sin(angle), np.cos(angle)), -1)
    np.testing.assert_allclose(arm[:, 1] - arm[:, 0], expected, atol=1e-6)
    np.testing.assert_array_equal(np.delete(both.rot6d, INDEX["left_shoulder"], 1), clip.rot6d[:, 1:] * 0 + _T_POSE_6D)


def test_a_t_pose_stands_on_the_floor() -> None:
    clip = hold_t_pose(2)
    np.testing.assert_allclose(kinematics.joint_positions(clip)[1], T_POSE + np.array([0, REST_HEIGHT, 0]), atol=1e-6)
