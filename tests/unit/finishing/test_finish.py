from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import dancers
from tokendance_core.errors import SettingError
from tokendance_core.finishing import finish as finishing
from tokendance_core.finishing.finish import finish
from tokendance_core.finishing.settings import NOTHING, FinishSettings
from tokendance_core.motion import edits, kinematics
from tokendance_core.motion.skeleton import HORIZONTAL, OFFSETS

# --- settings ---------------------------------------------------------------------------------------------------------


def test_all_off_moves_the_clip_to_its_beginning_and_nothing_else() -> None:
    clip = edits.turn(dancers.drifting(dancers.stepping(), 0.2), 0.7)
    finished, expected = finish(clip, NOTHING), edits.begin(clip)
    np.testing.assert_array_equal(finished.rot6d, expected.rot6d)
    np.testing.assert_array_equal(finished.root, expected.root)


@pytest.mark.parametrize("frames", [1, 2, 300])
@pytest.mark.parametrize("stage", [0.0, 1.5])
def test_a_dance_begins_at_the_origin_facing_the_audience(frames: int, stage: float) -> None:
    clip = edits.turn(dancers.drifting(dancers.stepping(), 0.5).cut(20, 20 + frames), -2.5)
    finished = finish(clip, FinishSettings(stage=stage))
    np.testing.assert_allclose(finished.root[0, HORIZONTAL], 0, atol=1e-5)
    np.testing.assert_allclose(edits.opening(finished), 0, atol=1e-5)


@given(st.floats(-1.2, 1.2), st.floats(-3, 3), st.booleans())
@settings(max_examples=10, deadline=None)
def test_a_first_pose_with_twisted_hips_does_not_turn_the_dance(twist: float, heading: float, in_hips: bool) -> None:
    """Hips (or the chest) twisted by up to 70 degrees in the first quarter of a second: the dance still faces +Z."""
    plain = dancers.bobbing(90)
    twisted = np.where(np.arange(90) < 8, twist, 0.0)
    clip = edits.bend(plain, "pelvis" if in_hips else "spine1", "Y", twisted)
    if in_hips:
        clip = edits.bend(clip, "spine1", "Y", -twisted)
    finished = finish(edits.turn(clip, heading), NOTHING)
    assert np.degrees(np.abs(edits.headings(finished)[20:])).max() < 25


@pytest.mark.parametrize(
    "values",
    [
        {"smoothing": -1},
        {"smoothing": 11},
        {"foot_lock": 1.1},
        {"foot_lock": float("nan")},
        {"settle": -0.1},
        {"settle": 4},
        {"stage": -1},
        {"stage": 101},
    ],
)
def test_settings_out_of_range_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(SettingError, match=next(iter(values))) as caught:
        FinishSettings(**values)
    assert caught.value.hint


def test_without_foot_lock_legs_and_path_are_left_alone() -> None:
    clip = dancers.drifting(dancers.stepping(), 0.2)
    finished = finish(clip, replace(NOTHING, ground=True))
    np.testing.assert_array_equal(finished.rot6d, clip.rot6d)
    np.testing.assert_array_equal(finished.root[:, HORIZONTAL], (clip.root - clip.root[0])[:, HORIZONTAL])


def test_ground_acts_without_foot_lock() -> None:
    clip = dancers.stepping()
    sunken = replace(clip, root=clip.root - np.float32([0, 0.1, 0]))
    assert np.abs(finish(sunken, replace(NOTHING, ground=True)).root - clip.root).max() < 0.01


def test_the_dance_comes_to_rest_on_the_last_beat() -> None:
    finished = finish(dancers.stepping(300), end=8.0)
    held = kinematics.joint_positions(finished)[8 * 30 + 6 :]
    assert np.ptp(held, axis=0).max() < 0.002


@pytest.mark.parametrize("frames", [1, 2, 3, 8])
def test_clips_of_a_few_frames_are_finished_too(frames: int) -> None:
    finished = finish(dancers.bobbing(frames))
    assert finished.frames == frames


def test_finishing_repeats_itself_and_leaves_its_input_alone() -> None:
    clip = dancers.drifting(dancers.stepping(), 0.2)
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
    clip = dancers.clip(rng.normal(size=(40, 24, 3)), rng.normal(size=(40, 3)))
    finished = finish(clip)
    assert finished.frames == clip.frames
    positions = kinematics.joint_positions(finished)
    for joint, parent in ((4, 1), (7, 4), (10, 7)):
        lengths = np.linalg.norm(positions[:, joint] - positions[:, parent], axis=-1)
        np.testing.assert_allclose(lengths, np.linalg.norm(OFFSETS[joint]), atol=1e-4)


# --- smoothing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hertz", "least", "most"), [(1, 0.99, 1.01), (3, 0.96, 1.0), (5, 0.8, 0.9), (10, 0.1, 0.25), (14, 0.0, 0.06)]
)
@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_smoothing_keeps_the_dance_and_takes_the_jitter(hertz: float, least: float, most: float, fps: float) -> None:
    time = np.arange(int(8 * fps)) / fps
    wave = 0.1 * np.sin(2 * np.pi * hertz * time)
    clip = dancers.clip(np.zeros((len(time), 24, 3)), np.stack((wave, 0 * wave, 0 * wave), -1), fps)
    smooth = finishing.smooth(clip, 1.0)
    middle = slice(int(fps), -int(fps))
    gain = (smooth.root[middle, 0] @ wave[middle]) / (wave[middle] @ wave[middle])
    assert least <= gain <= most


def test_smoothing_leaves_a_still_pose_exactly_as_it_was() -> None:
    clip = dancers.clip(
        np.tile(np.random.default_rng(1).normal(size=(1, 24, 3)), (30, 1, 1)), np.tile([1.0, 0.9, 2], (30, 1))
    )
    smooth = finishing.smooth(clip, 2.0)
    np.testing.assert_allclose(smooth.rot6d, clip.rot6d, atol=1e-6)
    np.testing.assert_allclose(smooth.root, clip.root, atol=1e-6)
