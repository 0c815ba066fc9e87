from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from tests.unit.motion_samples import still_clip
from tokendance_core.evaluate.metrics import beats
from tokendance_core.motion.speed import joint_speed, motion_beats
from tokendance_core.types import MotionClip


def _sway(fps: float = 30.0, seconds: float = 10.0) -> MotionClip:
    """At rest every half second, from 0.24 s on."""
    clip = replace(still_clip(int(seconds * fps)), fps=fps)
    path = clip.root.copy()
    path[:, 0] = 0.3 * np.sin(2 * np.pi * (np.arange(clip.frames) / fps + 0.01))
    return replace(clip, root=path)


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0])
@pytest.mark.parametrize("smoothed", [True, False])
def test_motion_beats_of_a_sway_come_at_its_turning_points(smoothed: bool, fps: float) -> None:
    clip = _sway(fps)
    inner = (motion_beats(clip) if smoothed else beats.motion_beats_unsmoothed(clip, round(fps / 6)))[1:-1]
    np.testing.assert_allclose(inner, inner[0] + 0.5 * np.arange(len(inner)), atol=0.04)
    assert inner[0] % 0.5 == pytest.approx(0.24, abs=0.04)
    assert len(inner) >= 17


@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_density_is_per_second(fps: float) -> None:
    assert beats.motion_beat_density(_sway(fps)) == pytest.approx(2.0, abs=0.2)
    assert beats.motion_beat_density(still_clip(300)) == 0.0


@pytest.mark.parametrize("order", [1, 5, 10])
def test_unsmoothed_beats_are_the_minima_of_the_field_s_scripts(order: int) -> None:
    clip = _sway()
    tremor = replace(clip, root=clip.root + np.float32(0.004) * np.random.default_rng(0).standard_normal((300, 3)))
    lowest = signal.argrelextrema(joint_speed(tremor), np.less, order=order)[0]
    np.testing.assert_allclose(beats.motion_beats_unsmoothed(tremor, order), lowest / 30)


def test_order_counts_frames_whatever_the_rate() -> None:
    # Turning points half a second apart are 15 frames at 30 fps and 30 at 60.
    assert len(beats.motion_beats_unsmoothed(_sway(30.0), 20)) <= 10
    assert len(beats.motion_beats_unsmoothed(_sway(60.0), 20)) >= 17


def test_perfect_and_hopeless_alignment() -> None:
    music = np.arange(1.0, 20.0, 0.5)
    assert beats.beat_alignment(music, music) == 1.0
    assert beats.beat_alignment(music, music + 0.1) == pytest.approx(np.exp(-0.5), abs=0.02)
    assert beats.beat_alignment(music, music + 0.05, 0.05) == pytest.approx(np.exp(-0.5), abs=0.02)
    assert beats.beat_alignment(music, np.empty(0)) == beats.beat_alignment(np.empty(0), music) == 0.0


def test_the_two_directions_reward_opposite_habits() -> None:
    music = np.arange(1.0, 20.0, 0.5)
    restless, lazy = np.arange(0.0, 21.0, 0.05), music[:1]
    assert beats.beat_alignment(music, restless) > 0.95 > 0.5 > beats.beat_alignment_dance_to_music(music, restless)
    assert beats.beat_alignment_dance_to_music(music, lazy) == 1.0
    assert beats.beat_alignment(music, lazy) < 0.1


def test_random_phase_is_between() -> None:
    music = np.arange(1.0, 40.0, 0.5)
    assert 0.3 < beats.random_phase_alignment(music, music) < 0.6
    assert beats.random_phase_alignment(music[:1], music) == 0.0


times = st.lists(st.floats(0, 60), min_size=1, max_size=8).map(np.array)


@settings(max_examples=30, deadline=None)
@given(times, times, st.floats(-10, 10))
def test_alignment_is_a_share_and_ignores_a_common_delay(music: np.ndarray, dance: np.ndarray, delay: float) -> None:
    found = beats.beat_alignment(music, dance)
    assert 0.0 <= found <= 1.0
    assert beats.beat_alignment(music + delay, dance + delay) == pytest.approx(found, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(times, times, times)
def test_more_dance_beats_never_lower_the_music_to_dance_score(
    music: np.ndarray, dance: np.ndarray, more: np.ndarray
) -> None:
    assert beats.beat_alignment(music, np.concatenate((dance, more))) >= beats.beat_alignment(music, dance) - 1e-9
