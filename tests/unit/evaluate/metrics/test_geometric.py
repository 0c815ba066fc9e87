from __future__ import annotations

import numpy as np
import pytest

from tests.unit.motion_samples import posed, still_clip, swaying_clip, walking
from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics.geometric import geometric_features, geometric_features_legacy
from tokendance_core.motion import kinematics
from tokendance_core.motion.edits import turn
from tokendance_core.motion.kinematics import mirror
from tokendance_core.motion.skeleton import INDEX
from tokendance_core.types import MotionClip

PAIRS = [
    (0, 1),
    (2, 3),
    (4, 5),
    (6, 7),
    (10, 11),
    (12, 13),
    (14, 15),
    (16, 17),
    (19, 20),
    (21, 22),
    (23, 24),
    (25, 26),
    (29, 30),
]
"""Rows of the right side and of the left."""


def _features(clip: MotionClip) -> np.ndarray:
    return geometric_features(kinematics.joint_positions(clip), clip.fps)


def _sweep(start: float, end: float, axis: int, joint: str = "right_shoulder", frames: int = 16) -> MotionClip:
    """An arm turned about one axis in half a second."""
    vector = [np.zeros(frames)] * 3
    vector[axis] = np.linspace(start, end, frames)
    return posed(frames, **{joint: tuple(vector)})


def test_the_t_pose_by_hand() -> None:
    # hands wider than 2.5 shoulder widths, toes of the other foot ahead, upper arms away from the trunk; nothing moves
    assert np.flatnonzero(_features(still_clip(5))).tolist() == [8, 14, 15, 23, 24]
    assert set(_features(still_clip(5))) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("clip", "row"),
    [
        (_sweep(-0.5, 0.9, axis=1), 0),  # right arm from behind to the front
        (_sweep(0.5, -0.9, axis=1, joint="left_shoulder"), 1),
        (posed(5, right_shoulder=(0, 0, -1.2)), 2),  # right arm raised
        (posed(5, left_shoulder=(0, 0, 1.2)), 3),
        (_sweep(1.2, -0.5, axis=2), 4),  # right arm from the side of the body up
        (_sweep(-1.2, 0.5, axis=2, joint="left_shoulder"), 5),
        (posed(5, right_elbow=(0, 1.5, 0)), 6),
        (posed(5, left_elbow=(0, -1.5, 0)), 7),
        (_sweep(0.0, 1.4, axis=1), 9),  # hands approach
        (_sweep(0.0, 2.4, axis=1, joint="right_elbow"), 12),
        (_sweep(0.0, 2.4, axis=1, joint="left_elbow"), 13),
        (posed(5, right_hip=(-1.3, 0, 0), right_knee=(1.3, 0, 0)), 16),
        (posed(5, left_hip=(-1.3, 0, 0), left_knee=(1.3, 0, 0)), 17),
        (posed(5, left_hip=(0, 0, 0.5), right_hip=(0, 0, -0.5)), 18),
        (posed(5, right_knee=(1.5, 0, 0)), 19),
        (posed(5, left_knee=(1.5, 0, 0)), 20),
        (_sweep(0.0, 1.4, axis=0, joint="right_knee"), 21),
        (_sweep(0.0, 1.4, axis=0, joint="left_knee"), 22),
        (posed(5, right_hip=(-1.2, 0, 0)), 25),
        (posed(5, left_hip=(-1.2, 0, 0)), 26),
        (posed(5, pelvis=(0.7, 0, 0), left_hip=(-1.6, 0, 0), right_hip=(-1.6, 0, 0)), 27),  # seat pushed back
        (posed(5, pelvis=(1.5, 0, 0)), 28),
        (walking(1.0, 5), 31),
    ],
)
def test_each_relation_holds_where_it_should(clip: MotionClip, row: int) -> None:
    assert _features(still_clip(5))[row] == 0.0
    assert _features(clip)[row] > 0.5


@pytest.mark.parametrize(("row", "joint", "axis", "sign"), [(10, "right_elbow", 1, 1), (11, "left_elbow", 1, -1)])
def test_a_stretching_arm_leaves_the_pelvis(row: int, joint: str, axis: int, sign: int) -> None:
    assert _features(_sweep(sign * 2.4, 0.0, axis, joint))[row] > 0.4
    assert _features(_sweep(0.0, sign * 2.4, axis, joint))[row] == 0.0


def test_a_hand_on_the_floor_is_low() -> None:
    kneeling = posed(5, pelvis=(1.5, 0, 0), right_shoulder=(0, 1.5, 0))
    found = _features(kneeling)
    assert (found[29], found[30]) == (1.0, 0.0)


def test_a_mirrored_dance_swaps_left_and_right_in_the_corrected_form_alone() -> None:
    clip = swaying_clip(120, seed=1)
    order = np.arange(32)
    for right, left in PAIRS:
        order[[right, left]] = left, right
    np.testing.assert_allclose(_features(mirror(clip))[order], _features(clip), atol=1e-6)
    legacy, mirrored = (geometric_features_legacy(kinematics.joint_positions(c)) for c in (clip, mirror(clip)))
    wrong = np.flatnonzero(np.abs(mirrored[order] - legacy) > 0.02)
    assert {0, 1, 14, 15} <= set(wrong.tolist())


def test_place_heading_size_and_frame_rate_do_not_matter() -> None:
    clip = swaying_clip(120)
    joints = kinematics.joint_positions(clip)
    expected = geometric_features(joints, 30)
    moved = kinematics.joint_positions(turn(clip, 1.0)) + np.array([5, 1, 2])
    np.testing.assert_allclose(geometric_features(moved, 30), expected, atol=0.02)
    np.testing.assert_allclose(geometric_features(1.3 * joints, 30), expected, atol=0.02)
    faster = kinematics.joint_positions(kinematics.resample_to_fps(clip, 60))
    np.testing.assert_allclose(geometric_features(faster, 60), expected, atol=0.1)


def test_the_legacy_form_takes_every_frame_for_a_120th_of_a_second() -> None:
    walk = kinematics.joint_positions(walking(0.2, 10))
    assert geometric_features(walk, 30)[31] == 0.0
    assert geometric_features_legacy(walk)[31] == 1.0


def test_the_legacy_form_does_not_look_at_the_hand_that_moves_up() -> None:
    raising = kinematics.joint_positions(_sweep(1.2, -0.5, axis=2))
    assert geometric_features(raising, 30)[4] > 0.5
    assert geometric_features_legacy(raising)[4] == 0.0


def test_the_legacy_form_takes_parting_hands_for_approaching_ones() -> None:
    approaching = kinematics.joint_positions(_sweep(0.0, 1.4, axis=1))
    assert geometric_features_legacy(approaching)[9] == 0.0
    assert geometric_features_legacy(approaching[::-1])[9] > 0.5


@pytest.mark.parametrize(("beyond", "holds"), [(-1e-5, 0.0), (1e-5, 1.0)])
def test_the_legacy_form_knows_the_width_of_upstream_s_shoulders_to_the_last_digit(beyond: float, holds: float) -> None:
    joints = kinematics.joint_positions(still_clip(2)).astype(np.float64)
    joints[:, [INDEX["left_shoulder"], INDEX["right_shoulder"]]] = [[0.2, 1.4, 0.0], [-0.2, 1.4, 0.0]]
    apart = 2.5 * 0.39084835854945527 + beyond
    joints[:, [INDEX["left_wrist"], INDEX["right_wrist"]]] = [[apart / 2, 1.4, 0.0], [-apart / 2, 1.4, 0.0]]
    assert geometric_features_legacy(joints)[8] == holds


def test_joints_without_hands_are_enough_and_one_frame_is_not() -> None:
    joints = kinematics.joint_positions(swaying_clip(30))
    assert geometric_features(joints[:, :22], 30).shape == (32,)
    with pytest.raises(DataError, match="2 frames or more, found 1"):
        geometric_features(joints[:1], 30)
