from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.motion_samples import posed, still_clip, swaying_clip, walking
from tokendance_core.evaluate.metrics import motion
from tokendance_core.motion import kinematics, speed
from tokendance_core.motion.edits import turn
from tokendance_core.motion.kinematics import mirror

MEASURES = {
    "speed": lambda clip: speed.joint_speed(clip).mean(),
    "jerk": motion.jerk,
    "freeze": motion.freeze_ratio,
    "reach": motion.range_of_motion,
    "limits": motion.joint_limit_violations,
    "knees": lambda clip: np.abs(motion.knee_acceleration(clip)).max(),
}


def test_joint_speed_of_a_glide_is_its_speed() -> None:
    assert speed.joint_speed(walking(1.5)) == pytest.approx([1.5] * 60, rel=1e-4)


@pytest.mark.parametrize("name", MEASURES)
@settings(max_examples=5, deadline=None)
@given(angle=st.floats(-3, 3), x=st.floats(-5, 5), z=st.floats(-5, 5))
def test_heading_and_place_do_not_matter(name: str, angle: float, x: float, z: float) -> None:
    clip = swaying_clip(60)
    moved = turn(replace(clip, root=clip.root + np.float32([x, 0, z])), angle)
    assert MEASURES[name](moved) == pytest.approx(MEASURES[name](clip), rel=0.01, abs=1e-3)


@pytest.mark.parametrize("name", MEASURES)
def test_a_mirror_image_measures_the_same(name: str) -> None:
    clip = swaying_clip(60)
    assert MEASURES[name](mirror(clip)) == pytest.approx(MEASURES[name](clip), rel=1e-3)


def test_joint_error_ignores_path_and_heading() -> None:
    clip = swaying_clip(30)
    moved = turn(replace(clip, root=clip.root + np.float32(3)), 2.0)
    assert motion.joint_error(moved, clip) == pytest.approx([0.0] * 30, abs=1e-5)
    assert motion.joint_error(swaying_clip(30, seed=5), clip).mean() > 0.05


@pytest.mark.parametrize("frames", [150, 900])
def test_yaw_drift_is_the_turn_within_ten_seconds(frames: int) -> None:
    truth = posed(frames, pelvis=(0, np.full(frames, 3.0), 0))
    lost = posed(frames, pelvis=(0, 3.0 + np.radians(2.0) * np.arange(frames) / 30, 0))  # through half a turn
    assert motion.yaw_drift(lost, truth) == pytest.approx(20.0, rel=0.02)  # headings are smoothed towards the ends
    assert motion.yaw_drift(turn(truth, 1.0), truth) == pytest.approx(0.0, abs=1e-3)


def test_drift_is_the_distance_after_ten_seconds() -> None:
    for frames in (150, 900):
        assert motion.drift(walking(0.02, frames), still_clip(frames)) == pytest.approx(0.2, rel=1e-3)
    assert motion.drift(replace(still_clip(900), root=still_clip(900).root + np.float32(2)), still_clip(900)) == 0.0
    assert motion.drift(still_clip(1), still_clip(1)) == 0.0


def test_jerk_of_a_sway_is_its_third_derivative() -> None:
    amplitude, rate = 0.3, 2 * np.pi
    for fps in (30, 60, 120):
        clip = replace(still_clip(int(4 * fps)), fps=float(fps))
        path = clip.root.astype(np.float64)
        path[:, 0] = amplitude * np.sin(rate * np.arange(clip.frames) / fps)
        expected = amplitude * rate**3 * 2 / np.pi
        found = motion.jerk(replace(clip, root=path))
        assert found == pytest.approx(expected, rel=0.05)
        assert motion.jerk(replace(clip, root=2 * path)) == pytest.approx(2 * found, rel=1e-3)
    assert motion.jerk(still_clip(3)) == 0.0


def test_only_long_stillness_is_a_freeze() -> None:
    speed = np.full(300, 1.0)
    speed[100:190] = 0.0  # three seconds
    speed[250:258] = 0.0  # a quarter of a second
    assert motion.freeze_ratio(walking(speed, 300)) == pytest.approx(0.3, abs=0.04)
    assert motion.freeze_ratio(still_clip(300)) == 1.0
    assert motion.freeze_ratio(walking(1.0, 300)) == 0.0
    assert motion.freeze_ratio(still_clip(10)) == 0.0


def test_range_of_motion_of_a_swinging_forearm() -> None:
    t = np.arange(300) / 30
    clip = posed(300, left_elbow=(0 * t, 0.2 * np.sin(2 * np.pi * t), 0 * t))
    wrist, hand = 0.25, 0.33
    assert motion.range_of_motion(clip) == pytest.approx(0.2 / np.sqrt(2) * (wrist + hand) / 23, rel=0.02)
    assert motion.range_of_motion(walking(1.0)) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("joint", "turned", "violates"),
    [
        ("left_knee", (2.0, 0, 0), False),
        ("left_knee", (-0.5, 0, 0), True),
        ("right_knee", (0, 0, 0.9), True),
        ("left_elbow", (0, -2.0, 0), False),
        ("left_elbow", (0, 1.0, 0), True),
        ("right_elbow", (0, 2.0, 0), False),
        ("right_elbow", (0, -1.0, 0), True),
        ("neck", (0, 1.3, 0), False),
        ("neck", (0, 2.0, 0), True),
        ("spine2", (1.5, 0, 0), False),
        ("spine2", (-1.5, 0, 0), True),
    ],
)
def test_joints_bend_one_way(joint: str, turned: tuple[float, float, float], violates: bool) -> None:
    assert motion.joint_limit_violations(posed(10, **{joint: turned})) == pytest.approx(violates / 6)


def test_spine_joints_add_up() -> None:
    assert motion.joint_limit_violations(posed(10, spine1=(-0.4, 0, 0))) == 0.0
    bent = posed(10, spine1=(-0.4, 0, 0), spine2=(-0.4, 0, 0), spine3=(-0.4, 0, 0))
    assert motion.joint_limit_violations(bent) == pytest.approx(1 / 6)


def test_knee_acceleration_of_a_parabola() -> None:
    t = np.arange(60) / 30
    bent = posed(60, right_knee=(1.5 * t**2 / 4, 0 * t, 0 * t))
    found = motion.knee_acceleration(bent)
    assert found.shape == (60, 2)
    assert found[1:-1, 1] == pytest.approx(np.full(58, 0.75), abs=0.01)
    assert found[:, 0] == pytest.approx(np.zeros(60), abs=0.01)
    assert np.all(found[[0, -1]] == 0)


def test_heading_centred_keeps_the_pose_and_drops_the_heading() -> None:
    clip = swaying_clip(40)
    joints = motion.heading_centred(clip)
    np.testing.assert_allclose(joints[:, 0], 0, atol=1e-6)
    np.testing.assert_allclose(motion.heading_centred(turn(clip, 2.0)), joints, atol=1e-4)
    expected = kinematics.joint_positions(clip)
    np.testing.assert_allclose(
        np.linalg.norm(joints, axis=-1), np.linalg.norm(expected - expected[:, :1], axis=-1), atol=1e-5
    )


def test_a_jump_is_jerky_where_it_is() -> None:
    still = still_clip(90)
    jumping = replace(still, root=still.root + np.float32([0.3, 0, 0]) * (np.arange(90) >= 45)[:, None])
    before, at, after = motion.jerk_at(jumping, np.array([1.0, 1.5, 2.0]))
    assert before == after == pytest.approx(0, abs=1e-6)
    assert at == pytest.approx(0.3 * 4 * 30**3 / 12, rel=1e-3)  # 1, 2 and 1 times the step, in twelve derivatives


def test_the_jerk_around_every_moment_is_that_of_the_clip() -> None:
    clip = swaying_clip(60)
    assert motion.jerk_at(clip, np.array([1.0]), around=5.0)[0] == pytest.approx(motion.jerk(clip))
    assert np.isfinite(motion.jerk_at(clip, np.array([-1.0, 99.0]))).all()
    assert motion.jerk_at(clip, np.zeros(0)).shape == (0,)
    with pytest.raises(ValueError, match="4 frames, found 3"):
        motion.jerk_at(swaying_clip(3), np.array([0.0]))
