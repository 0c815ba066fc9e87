from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import dancers
from tests.unit.motion_samples import swaying_clip
from tokendance_core.finishing.finish import finish
from tokendance_core.finishing.foot_targets import FOOT_LENGTH, foot_targets
from tokendance_core.finishing.leg_ik import lock_feet
from tokendance_core.finishing.settings import FinishSettings
from tokendance_core.motion import contacts as feet
from tokendance_core.motion import kinematics
from tokendance_core.motion.skeleton import FEET, FLAT, HORIZONTAL, INDEX, UP
from tokendance_core.types import MotionClip

UNSETTLED = FinishSettings(settle=0)

# --- contacts ---------------------------------------------------------------------------------------------------------


def test_contacts_bridge_a_flicker_and_drop_a_touch() -> None:
    seen = "1111011111100111000110000110001111"
    meant = "1111111111111111000000000000001111"
    contacts = np.array([[digit == "1"] for digit in seen])
    steady = feet._without_flicker(contacts, 30.0)
    assert "".join(str(int(digit)) for digit in steady[:, 0]) == meant


def test_a_standing_foot_is_in_contact_and_a_lifted_one_is_not() -> None:
    contacts = dancers.contacts(dancers.stepping())
    lifted = kinematics.joint_positions(dancers.stepping())[:, list(FEET), 1] - FLAT > 0.08
    still = kinematics.joint_positions(dancers.stepping())[:, list(FEET), 1] - FLAT < 0.002
    assert not contacts[lifted].any()
    assert contacts[still].mean() > 0.9


# --- stances ----------------------------------------------------------------------------------------------------------


def _gliding(speed: float, frames: int = 90, fps: float = 30.0) -> np.ndarray:
    """Flat feet (T, 4, 3) that stand for a second, glide along x for one at ``speed`` m/s, and stand."""
    points = np.zeros((frames, 4, 3))
    points[..., 1] = FLAT
    points[:, [1, 3], 2] = 0.14
    points[..., 0] = speed * np.clip(np.arange(frames) / fps - 1, 0, 1)[:, None]
    return points


def _standing(points: np.ndarray) -> np.ndarray:
    held = np.zeros(points.shape[:2], bool)
    for i, found in enumerate(feet.stances(points, 30.0)):
        for start, stop in found:
            held[start:stop, i] = True
    return held


def test_a_foot_that_stands_has_one_stance() -> None:
    assert feet.stances(_gliding(0.0), 30.0) == [[(0, 90)]] * 4


def test_a_fast_glide_is_no_stance() -> None:
    held = _standing(_gliding(1.2))
    assert held[:26].all()
    assert held[64:].all()
    assert not held[34:56].any()


def test_a_slow_glide_becomes_a_few_steps() -> None:
    found = feet.stances(_gliding(0.3), 30.0)[0]
    assert 3 <= len(found) <= 5
    assert all(following - stop <= 3 for (_, stop), (following, _) in pairwise(found))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_stances_are_apart_and_stay_within_reach(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = np.cumsum(rng.normal(0, 0.01, (80, 4, 3)), axis=0) * [1, 0, 1]
    for i, found in enumerate(feet.stances(points, 30.0)):
        assert all(start < stop for start, stop in found)
        assert all(stop < following for (_, stop), (following, _) in pairwise(found))
        assert all(np.ptp(points[start:stop, i], axis=0).max() < 2.5 * feet._REACH for start, stop in found)


def test_a_standing_foot_stays_within_a_millimetre_per_frame() -> None:
    clip = dancers.drifting(dancers.stepping(), 0.05)
    danced = kinematics.joint_positions(clip)[:, list(FEET)]
    points = kinematics.joint_positions(lock_feet(clip, danced, dancers.contacts(clip)))[:, list(FEET)]
    held = _standing(danced)[:, [1, 3]]
    moved = np.linalg.norm(np.diff(points[:, [1, 3]][..., HORIZONTAL], axis=0), axis=-1)
    assert held.mean() > 0.4
    assert moved[held[1:] & held[:-1]].max() < 1e-3


def test_between_stances_a_foot_returns_to_its_own_path() -> None:
    points = _gliding(1.2)
    points[:30, :, 0] += 0.02 * np.sin(np.arange(30))[:, None]
    targets = foot_targets(points, np.ones((90, 4), bool), 30.0, 1.0)
    np.testing.assert_allclose(targets[40:50], points[40:50], atol=1e-6)
    assert np.linalg.norm(np.diff(targets[:26], axis=0), axis=-1).max() < 1e-3


def test_a_foot_long_in_the_air_has_its_own_height() -> None:
    points = _gliding(0.0, frames=150)
    points[:, :, 1] -= 0.03
    points[60:, :2, 1] += 0.3
    contacts = np.ones((150, 4), bool)
    contacts[60:, :2] = False
    targets = foot_targets(points, contacts, 30.0, 1.0)
    np.testing.assert_allclose(targets[:55, :, 1], np.broadcast_to(FLAT, (55, 4)), atol=1e-3)
    np.testing.assert_allclose(targets[110:, :2, 1], points[110:, :2, 1], atol=1e-3)


def test_a_foot_keeps_its_length() -> None:
    clip = dancers.drifting(dancers.stepping(), 0.3)
    points = kinematics.joint_positions(clip)[:, list(FEET)].astype(float)
    targets = foot_targets(points, dancers.contacts(clip), 30.0, 1.0)
    held = _standing(points)
    for ankle, toe in ((0, 1), (2, 3)):
        length = np.linalg.norm(targets[:, toe] - targets[:, ankle], axis=-1)[held[:, toe]]
        np.testing.assert_allclose(length, FOOT_LENGTH, atol=2e-3)


# --- feet -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [dancers.bobbing, dancers.stepping])
def test_feet_that_already_stand_are_left_alone(make) -> None:
    clip = make()
    finished = finish(clip, replace(UNSETTLED, smoothing=0))
    difference = kinematics.joint_positions(finished) - kinematics.joint_positions(clip)
    assert np.abs(difference).max() < 0.03
    assert np.abs(difference).mean() < 0.002


@pytest.mark.parametrize("make", [dancers.bobbing, dancers.stepping])
def test_slide_is_cut_by_most(make) -> None:
    clean = make(300)
    skating = dancers.drifting(clean, 0.1)
    contacts = dancers.contacts(clean)
    finished = finish(skating, UNSETTLED)
    assert dancers.slide(finished, contacts) < 0.2 * dancers.slide(skating, contacts)


def test_half_a_lock_slides_less_than_none_and_more_than_a_full_one() -> None:
    clean = dancers.stepping()
    skating = dancers.drifting(clean, 0.2)
    contacts = dancers.contacts(clean)
    none, half, full = (
        dancers.slide(finish(skating, replace(UNSETTLED, smoothing=0, foot_lock=lock)), contacts)
        for lock in (0.0, 0.5, 1.0)
    )
    assert full < half < none


def test_no_foot_goes_through_the_floor() -> None:
    clip = dancers.stepping()
    wobble = 0.05 * np.sin(np.arange(clip.frames) / 7)[:, None] * UP
    finished = finish(replace(clip, root=(clip.root + wobble).astype(np.float32)))
    feet = kinematics.joint_positions(finished)[:, list(FEET), 1]
    assert feet[:, [1, 3]].min() > -1e-3
    assert feet[:, HORIZONTAL].min() > 0.03


def test_knees_do_not_pop() -> None:
    skating = dancers.drifting(dancers.stepping(), 0.2)
    before, after = (
        np.abs(np.diff(dancers.knee_flexion(clip), n=2, axis=0)).max() for clip in (skating, finish(skating, UNSETTLED))
    )
    assert after < 1.3 * before


def test_legs_are_never_stretched_straight_and_knees_point_forward() -> None:
    """The body rises off its feet by more than the legs are long."""
    clip = dancers.bobbing()
    rise = 0.08 * np.sin(np.arange(clip.frames) / 20)[:, None] * UP
    lifted = replace(clip, root=(clip.root + rise).astype(np.float32))
    points = kinematics.joint_positions(lifted)[:, list(FEET)]
    locked = lock_feet(lifted, points, np.ones((clip.frames, 4), bool))
    flexion = dancers.knee_flexion(locked)
    assert flexion.min() > np.radians(5)
    positions = kinematics.joint_positions(locked)
    middle = (positions[:, INDEX["left_hip"]] + positions[:, INDEX["left_ankle"]]) / 2
    assert ((positions[:, INDEX["left_knee"]] - middle)[:, 2] > 0).all()


def test_upper_body_is_not_touched_by_the_feet() -> None:
    clip = dancers.drifting(dancers.stepping(), 0.2)
    finished = finish(clip, replace(UNSETTLED, smoothing=0))
    above = [joint for joint in range(24) if joint not in (1, 2, 4, 5, 7, 8)]
    np.testing.assert_allclose(finished.rot6d[:, above], clip.rot6d[:, above], atol=1e-6)


T_POSE = np.tile(np.array([1.0, 0, 0, 0, 1, 0], np.float32), (5, 24, 1))


@given(st.floats(-50, 50))
def test_a_standing_body_is_put_on_the_floor_from_any_height(height: float) -> None:
    clip = feet.stand_on_floor(MotionClip(T_POSE, np.full((5, 3), height, np.float32)))
    np.testing.assert_allclose(clip.root[:, 1], 0.94, atol=1e-4)
    np.testing.assert_allclose(clip.root[:, HORIZONTAL], np.float32(height))


def test_a_jump_does_not_move_the_floor_and_the_dance_moves_as_one() -> None:
    root = np.full((5, 3), 3.0, np.float32)
    root[4, 1] += 0.4
    clip = feet.stand_on_floor(MotionClip(T_POSE, root))
    np.testing.assert_allclose(clip.root[:, 1], [0.94, 0.94, 0.94, 0.94, 1.34], atol=1e-5)
    sway = swaying_clip(60)
    np.testing.assert_allclose(np.ptp(feet.stand_on_floor(sway).root - sway.root, axis=0), 0, atol=1e-6)
    heights = kinematics.joint_positions(feet.stand_on_floor(sway))[:, list(FEET), 1]
    assert abs(np.median(heights.min(1))) < 0.1
