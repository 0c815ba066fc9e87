from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import dancers
from tests.unit.motion_samples import swaying_clip
from tokendance_core.finishing.ends import settle, settled_times
from tokendance_core.motion import kinematics
from tokendance_core.types import MotionClip


def _speed(clip: MotionClip) -> np.ndarray:
    """(T - 1,) fastest joint in m/s."""
    return np.linalg.norm(np.diff(kinematics.joint_positions(clip), axis=0), axis=-1).max(1) * clip.fps


@given(st.floats(0.1, 3), st.floats(0.1, 3), st.floats(12.1, 60))
@settings(max_examples=50)
def test_content_time_rests_at_both_ends_and_is_itself_between(lead: float, tail: float, end: float) -> None:
    times = np.linspace(0, end + 5, 4001)
    content = settled_times(times, lead, tail, end)
    assert content[0] == pytest.approx(lead)
    np.testing.assert_allclose(content[times >= end], end - tail)
    middle = (times >= 2 * lead) & (times <= end - 2 * tail)
    np.testing.assert_allclose(content[middle], times[middle], atol=1e-9)
    rate = np.diff(content) / np.diff(times)
    assert rate.min() >= -1e-9
    assert rate.max() <= 1 + 1e-9
    step = times[1]
    assert rate[0] < step / lead
    assert np.abs(np.diff(rate)).max() < step / min(lead, tail)


def test_middle_of_the_dance_keeps_its_timing() -> None:
    clip = swaying_clip(600)
    settled = settle(clip, 1.0)
    np.testing.assert_allclose(settled.root[95:-95], clip.root[95:-95], atol=1e-5)
    np.testing.assert_allclose(settled.rot6d[95:-95], clip.rot6d[95:-95], atol=1e-5)
    assert np.abs(settled.root[:20] - clip.root[:20]).max() > 0.01


def test_dance_starts_and_ends_at_rest() -> None:
    clip = swaying_clip(600)
    before, after = _speed(clip), _speed(settle(clip))
    assert after[0] < 0.1 * before[:60].mean()
    assert after[-1] < 0.1 * before[-60:].mean()


def test_pose_is_held_from_the_last_beat() -> None:
    settled = settle(swaying_clip(600), end=15.0)
    assert _speed(settled)[451:].max() < 1e-5
    assert _speed(settled)[440] > 0


def test_a_march_rests_on_both_feet() -> None:
    positions = kinematics.joint_positions(settle(dancers.stepping(300)))
    assert (positions[[0, -1]][:, [10, 11], 1] < 0.02).all()


@pytest.mark.parametrize("frames", [1, 2, 10, 20, 60, 170])
def test_short_clips_keep_their_length(frames: int) -> None:
    clip = swaying_clip(frames)
    settled = settle(clip)
    assert settled.frames == frames
    assert np.isfinite(settled.rot6d).all()


def test_clips_too_short_to_settle_are_left_alone() -> None:
    clip = swaying_clip(10)
    assert settle(clip) is clip


@pytest.mark.parametrize("end", [-1.0, 0.0, 0.3, 4.0, 7.9, 100.0])
def test_any_last_beat_will_do(end: float) -> None:
    settled = settle(swaying_clip(240), end=end)
    assert settled.frames == 240


def test_less_settling_touches_less() -> None:
    clip = swaying_clip(600)
    touched = [np.abs(settle(clip, seconds).root - clip.root).max(1) > 1e-5 for seconds in (0.3, 1.0, 2.0)]
    assert touched[0].sum() < touched[1].sum() <= touched[2].sum()
