from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.unit.motion_samples import swaying_clip
from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics.kinetic import kinetic_features, kinetic_features_legacy
from tokendance_core.motion import kinematics
from tokendance_core.motion.edits import turn


def _slowly(joints: np.ndarray, fps: float, legacy: bool) -> np.ndarray:
    """The definition of paper 4.1, one number after the other, windows of two frames to either side."""
    dt, features = 1 / fps, []
    for joint in np.moveaxis(joints, 1, 0):
        horizontal, vertical, expenditure = [], [], []
        for i in range(1, len(joint)):
            window = range(i - 2, i + 3)
            velocity = np.mean([(joint[k] - joint[k - 1]) / dt for k in window if 1 <= k < len(joint)], 0)
            horizontal.append(velocity[0] ** 2 + velocity[2] ** 2)
            vertical.append(velocity[1] ** 2)
            accelerations = []
            for k in window:
                if 1 <= k < len(joint) - 1:
                    after = (joint[k + 1] - joint[k]) / dt
                    before = joint[k] - joint[k - 1] / dt if legacy else (joint[k] - joint[k - 1]) / dt
                    accelerations.append((after - before) / dt)
            expenditure.append(np.linalg.norm(np.mean(accelerations, 0)))
        features += [np.mean(horizontal), np.mean(vertical), np.mean(expenditure)]
    return np.array(features)


joints = st.integers(3, 12).flatmap(
    lambda frames: arrays.arrays(np.float64, (frames, 2, 3), elements=st.floats(-2, 2, width=32))
)


@settings(max_examples=25, deadline=None)
@given(joints)
def test_both_forms_agree_with_the_definition(joints: np.ndarray) -> None:
    np.testing.assert_allclose(kinetic_features(joints, 60), _slowly(joints, 60, legacy=False), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        kinetic_features_legacy(joints, 60), _slowly(joints, 60, legacy=True), rtol=1e-6, atol=1e-6
    )


def _path(fps: float, seconds: float = 4.0) -> np.ndarray:
    """One joint on a parabola: 2 m/s along x, accelerated upwards by 3 m/s^2."""
    t = np.arange(int(seconds * fps) + 1) / fps
    return np.stack((2 * t, 1.5 * t**2, 0 * t), 1)[:, None]


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0])
def test_a_parabola_by_hand_at_any_rate(fps: float) -> None:
    horizontal, vertical, acceleration = kinetic_features(_path(fps), fps)
    assert horizontal == pytest.approx(4.0)
    assert vertical == pytest.approx(9 * 16 / 3, rel=0.02)  # mean of (3 t)^2 over 4 s
    assert acceleration == pytest.approx(3.0)


def test_layout_is_joint_by_joint() -> None:
    joints = np.zeros((10, 24, 3))
    joints[:, 5, 1] = np.arange(10) / 30
    found = kinetic_features(joints, 30)
    assert found.shape == (72,)
    assert np.flatnonzero(found > 1e-9).tolist() == [16]
    assert found[16] == pytest.approx(1.0)


def test_the_corrected_form_knows_neither_place_nor_heading() -> None:
    clip = swaying_clip(60)
    one, other = (kinematics.joint_positions(c).astype(np.float64) for c in (clip, turn(clip, 1.0)))
    expected = kinetic_features(one, 30)
    np.testing.assert_allclose(kinetic_features(other + np.array([3, 0, -2]), 30), expected, rtol=2e-3)
    np.testing.assert_allclose(kinetic_features(2 * one, 30), expected * np.tile([4, 4, 2], 24), rtol=1e-6)


def test_the_legacy_acceleration_measures_the_distance_from_the_origin() -> None:
    still = np.tile(np.array([3.0, 0, 4.0]), (20, 24, 1))
    assert kinetic_features_legacy(still)[2] == pytest.approx((60**2 - 60) * 5.0)
    assert kinetic_features(still, 60)[2] == pytest.approx(0.0, abs=1e-6)
    moving = kinematics.joint_positions(swaying_clip(60))
    legacy, corrected = (measure(moving, 60).reshape(24, 3) for measure in (kinetic_features_legacy, kinetic_features))
    np.testing.assert_allclose(legacy[:, :2], corrected[:, :2], rtol=1e-6)
    assert np.all(legacy[:, 2] > 10 * corrected[:, 2])


def test_two_frames_are_too_few() -> None:
    with pytest.raises(DataError, match="3 frames or more, found 2"):
        kinetic_features(np.zeros((2, 24, 3)), 30)
