from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokendance_core import finishing, kinematics, rotation
from tokendance_core.errors import SettingError
from tokendance_core.finishing import FinishSettings, finish
from tokendance_core.skeleton import FEET, INDEX, OFFSETS
from tokendance_core.types import MotionClip

LEG = 0.82


def _knees_bent(angle: np.ndarray) -> np.ndarray:
    """(T,) knee angles -> (T, 24, 3) rotation vectors of a squat with flat feet under the hips."""
    vectors = np.zeros((len(angle), 24, 3))
    for side in ("left", "right"):
        vectors[:, INDEX[f"{side}_hip"], 0] = -angle / 2
        vectors[:, INDEX[f"{side}_knee"], 0] = angle
        vectors[:, INDEX[f"{side}_ankle"], 0] = -angle / 2
    return vectors


def _clip(vectors: np.ndarray, root: np.ndarray, fps: float = 30.0) -> MotionClip:
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(vectors))
    return MotionClip(rot6d.astype(np.float32), root.astype(np.float32), fps)


def _bobbing(frames: int = 240, fps: float = 30.0) -> MotionClip:
    """Standing on the spot, knees going at 2 Hz, arms swinging: feet are exactly still."""
    time = np.arange(frames) / fps
    angle = 0.7 + 0.35 * np.sin(2 * np.pi * 2 * time)
    vectors = _knees_bent(angle)
    vectors[:, INDEX["left_shoulder"], 2] = np.sin(2 * np.pi * time)
    height = 0.12 + LEG * np.cos(angle / 2)
    return _clip(vectors, np.stack((np.zeros(frames), height, np.zeros(frames)), -1), fps)


def _stepping(frames: int = 300) -> MotionClip:
    """Marching on the spot: one knee after the other goes up by a hand's breadth, twice a second in all."""
    time = np.arange(frames) / 30
    vectors = np.zeros((frames, 24, 3))
    height = np.zeros(frames)
    for side, shift in (("left", 0.0), ("right", 0.5)):
        lift = np.maximum(np.sin(2 * np.pi * (time + shift)), 0) ** 2
        angle = 0.4 + 0.9 * lift
        for joint, part in (("hip", -0.5), ("knee", 1.0), ("ankle", -0.5)):
            vectors[:, INDEX[f"{side}_{joint}"], 0] = part * angle
        height = np.maximum(height, 0.12 + LEG * np.cos(angle / 2))
    return _clip(vectors, np.stack((np.zeros(frames), height, np.zeros(frames)), -1))


def _drifting(clip: MotionClip, speed: float) -> MotionClip:
    """The clip on skates: the path wanders with about ``speed`` m/s and slow turns."""
    time = np.arange(clip.frames) / clip.fps
    path = speed * np.stack((np.sin(0.8 * time) / 0.8, np.zeros_like(time), np.sin(1.1 * time + 1) / 1.1), -1)
    return replace(clip, root=(clip.root + path).astype(np.float32))


def _slide(clip: MotionClip, contacts: np.ndarray) -> float:
    """Mean horizontal speed in m/s of the feet while in contact."""
    feet = kinematics.joint_positions(clip)[:, list(FEET)][..., [0, 2]]
    speed = np.linalg.norm(np.diff(feet, axis=0), axis=-1) * clip.fps
    return float(speed[contacts[1:] & contacts[:-1]].mean())


def _knee_flexion(clip: MotionClip) -> np.ndarray:
    positions = kinematics.joint_positions(clip)
    flexions = []
    for side in ("left", "right"):
        hip, knee, ankle = (positions[:, INDEX[f"{side}_{joint}"]] for joint in ("hip", "knee", "ankle"))
        flexions.append(np.arccos(np.clip(((knee - hip) * (ankle - knee)).sum(-1) / (LEG / 2) ** 2, -1, 1)))
    return np.stack(flexions, -1)


def _contacts(clip: MotionClip) -> np.ndarray:
    return finishing.steady_contacts(kinematics.joint_positions(clip), clip.fps)


# --- settings -----------------------------------------------------------------------------------------------------------------------


def test_all_off_returns_the_clip_itself() -> None:
    clip = _drifting(_stepping(), 0.2)
    assert finish(clip, FinishSettings(smoothing=0, foot_lock=0)) is clip


@pytest.mark.parametrize("values", [{"smoothing": -1}, {"smoothing": 11}, {"foot_lock": 1.1}, {"foot_lock": float("nan")}])
def test_settings_out_of_range_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(SettingError, match=next(iter(values))) as caught:
        FinishSettings(**values)
    assert caught.value.hint


@pytest.mark.parametrize("frames", [1, 2, 3, 8])
def test_clips_of_a_few_frames_are_finished_too(frames: int) -> None:
    finished = finish(_bobbing(frames))
    assert finished.frames == frames


def test_finishing_repeats_itself_and_leaves_its_input_alone() -> None:
    clip = _drifting(_stepping(), 0.2)
    before = clip.rot6d.copy(), clip.root.copy()
    first, second = finish(clip), finish(clip)
    np.testing.assert_array_equal(first.rot6d, second.rot6d)
    np.testing.assert_array_equal(first.root, second.root)
    np.testing.assert_array_equal(clip.rot6d, before[0])
    np.testing.assert_array_equal(clip.root, before[1])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_any_motion_stays_finite_and_human_sized(seed: int) -> None:
    rng = np.random.default_rng(seed)
    clip = _clip(rng.normal(size=(40, 24, 3)), rng.normal(size=(40, 3)))
    finished = finish(clip)
    assert finished.frames == clip.frames
    positions = kinematics.joint_positions(finished)
    for joint, parent in ((4, 1), (7, 4), (10, 7)):
        lengths = np.linalg.norm(positions[:, joint] - positions[:, parent], axis=-1)
        np.testing.assert_allclose(lengths, np.linalg.norm(OFFSETS[joint]), atol=1e-4)


# --- smoothing ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hertz", "least", "most"), [(1, 0.99, 1.01), (3, 0.96, 1.0), (5, 0.8, 0.9), (10, 0.1, 0.25), (14, 0.0, 0.06)])
@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_smoothing_keeps_the_dance_and_takes_the_jitter(hertz: float, least: float, most: float, fps: float) -> None:
    time = np.arange(int(8 * fps)) / fps
    wave = 0.1 * np.sin(2 * np.pi * hertz * time)
    clip = _clip(np.zeros((len(time), 24, 3)), np.stack((wave, 0 * wave, 0 * wave), -1), fps)
    smooth = finishing.smooth(clip, 1.0)
    middle = slice(int(fps), -int(fps))
    gain = (smooth.root[middle, 0] @ wave[middle]) / (wave[middle] @ wave[middle])
    assert least <= gain <= most


def test_smoothing_leaves_a_still_pose_exactly_as_it_was() -> None:
    clip = _clip(np.tile(np.random.default_rng(1).normal(size=(1, 24, 3)), (30, 1, 1)), np.tile([1.0, 0.9, 2], (30, 1)))
    smooth = finishing.smooth(clip, 2.0)
    np.testing.assert_allclose(smooth.rot6d, clip.rot6d, atol=1e-6)
    np.testing.assert_allclose(smooth.root, clip.root, atol=1e-6)


# --- contacts -----------------------------------------------------------------------------------------------------------------------


def test_contacts_bridge_a_flicker_and_drop_a_touch() -> None:
    seen = "1111011111100111000110000110001111"
    meant = "1111111111111111000000000000001111"
    contacts = np.array([[digit == "1"] for digit in seen])
    steady = finishing._without_flicker(contacts, 30.0)
    assert "".join(str(int(digit)) for digit in steady[:, 0]) == meant


def test_a_standing_foot_is_in_contact_and_a_lifted_one_is_not() -> None:
    contacts = _contacts(_stepping())
    lifted = kinematics.joint_positions(_stepping())[:, list(FEET), 1] - finishing.FLAT > 0.08
    still = kinematics.joint_positions(_stepping())[:, list(FEET), 1] - finishing.FLAT < 0.002
    assert not contacts[lifted].any()
    assert contacts[still].mean() > 0.9


# --- the floor ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("height", [-0.1, 0.0, 0.1])
def test_a_floating_or_sunken_clip_is_put_on_the_floor(height: float) -> None:
    clip = _stepping()
    positions = kinematics.joint_positions(clip) + np.array([0, height, 0])
    levelled = positions + finishing.floor_shift(positions, clip.fps)[:, None]
    lowest = (levelled[:, list(FEET), 1] - finishing.FLAT).min(1)
    assert np.abs(lowest).max() < 0.01


def test_a_leap_is_not_pulled_down() -> None:
    clip = _bobbing(300)
    positions = kinematics.joint_positions(clip)
    positions[140:160, :, 1] += 0.5 * np.sin(np.linspace(0, np.pi, 20))[:, None]
    np.testing.assert_allclose(finishing.floor_shift(positions, clip.fps), 0, atol=0.01)


# --- the path -----------------------------------------------------------------------------------------------------------------------


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_the_banded_solver_agrees_with_the_dense_one(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    spring = rng.uniform(0.05, 2, size - 1)
    diagonal = np.full(size, 0.01)
    diagonal[:-1] += spring
    diagonal[1:] += spring
    right = rng.normal(size=(size, 2))
    dense = np.diag(diagonal) - np.diag(spring, 1) - np.diag(spring, -1)
    np.testing.assert_allclose(finishing._solve_tridiagonal(diagonal, -spring, right), np.linalg.solve(dense, right), rtol=1e-6, atol=1e-8)


def test_skating_is_taken_out_of_the_path() -> None:
    clean = _bobbing(300)
    skating = _drifting(clean, 0.2)
    contacts = _contacts(clean)
    shift = finishing.path_shift(kinematics.joint_positions(skating), contacts, skating.fps)
    steady = replace(skating, root=(skating.root + shift).astype(np.float32))
    assert _slide(skating, contacts) > 0.15
    assert _slide(steady, contacts) < 0.15 * _slide(skating, contacts)
    np.testing.assert_array_equal(shift[:, 1], 0)


def test_without_contacts_the_path_is_kept() -> None:
    clip = _drifting(_bobbing(), 0.2)
    shift = finishing.path_shift(kinematics.joint_positions(clip), np.zeros((clip.frames, 4), bool), clip.fps)
    np.testing.assert_allclose(shift, 0, atol=1e-6)


# --- feet ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [_bobbing, _stepping])
def test_feet_that_already_stand_are_left_alone(make) -> None:
    clip = make()
    finished = finish(clip, FinishSettings(smoothing=0))
    difference = kinematics.joint_positions(finished) - kinematics.joint_positions(clip)
    assert np.abs(difference).max() < 0.03
    assert np.abs(difference).mean() < 0.002


@pytest.mark.parametrize("make", [_bobbing, _stepping])
def test_slide_is_cut_by_most(make) -> None:
    clean = make(300)
    skating = _drifting(clean, 0.2)
    contacts = _contacts(clean)
    finished = finish(skating)
    assert _slide(finished, contacts) < 0.2 * _slide(skating, contacts)


def test_half_a_lock_slides_less_than_none_and_more_than_a_full_one() -> None:
    clean = _stepping()
    skating = _drifting(clean, 0.2)
    contacts = _contacts(clean)
    none, half, full = (_slide(finish(skating, FinishSettings(smoothing=0, foot_lock=lock)), contacts) for lock in (0.0, 0.5, 1.0))
    assert full < half < none


def test_no_foot_goes_through_the_floor() -> None:
    clip = _stepping()
    wobble = 0.05 * np.sin(np.arange(clip.frames) / 7)[:, None] * np.float32([0, 1, 0])
    finished = finish(replace(clip, root=(clip.root + wobble).astype(np.float32)))
    feet = kinematics.joint_positions(finished)[:, list(FEET), 1]
    assert feet[:, [1, 3]].min() > -1e-3
    assert feet[:, [0, 2]].min() > 0.03


def test_knees_do_not_pop() -> None:
    skating = _drifting(_stepping(), 0.2)
    before, after = (np.abs(np.diff(_knee_flexion(clip), n=2, axis=0)).max() for clip in (skating, finish(skating)))
    assert after < 1.3 * before


def test_legs_are_never_stretched_straight_and_knees_point_forward() -> None:
    """The body rises off its feet by more than the legs are long."""
    clip = _bobbing()
    rise = 0.08 * np.sin(np.arange(clip.frames) / 20)[:, None] * np.float32([0, 1, 0])
    lifted = replace(clip, root=(clip.root + rise).astype(np.float32))
    locked = finishing.lock_feet(lifted, np.ones((clip.frames, 4), bool))
    flexion = _knee_flexion(locked)
    assert flexion.min() > np.radians(5)
    positions = kinematics.joint_positions(locked)
    middle = (positions[:, INDEX["left_hip"]] + positions[:, INDEX["left_ankle"]]) / 2
    assert ((positions[:, INDEX["left_knee"]] - middle)[:, 2] > 0).all()


def test_upper_body_is_not_touched_by_the_feet() -> None:
    clip = _drifting(_stepping(), 0.2)
    finished = finish(clip, FinishSettings(smoothing=0))
    above = [joint for joint in range(24) if joint not in (1, 2, 4, 5, 7, 8)]
    np.testing.assert_allclose(finished.rot6d[:, above], clip.rot6d[:, above], atol=1e-6)
