from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.motion_samples import source, swaying_clip
from tokendance_core.datasets import compose
from tokendance_core.motion import kinematics


@pytest.fixture(scope="module")
def clips() -> list[compose.Danceable]:
    return [d for seed in range(3) for d in compose.danceables(source(swaying_clip(300, seed=seed)))]


def test_every_clip_comes_with_its_mirror_image(clips: list[compose.Danceable]) -> None:
    assert [c.name for c in clips[:2]] == ["sway0", "sway0 mirrored"]


@given(st.floats(84, 160), st.integers(0, 5), st.sampled_from(compose.BEATS_PER_BEAT))
@settings(max_examples=25, deadline=None)
def test_song_beats_fall_on_clip_beats(bpm: float, start: int, rate: float) -> None:
    clip = compose.danceables(source(swaying_clip(600)))[0]
    phrase = compose.Phrase(clip, start, rate, 4)
    beats = 1.7 + np.arange(5) * 60 / bpm
    times = compose.source_times(phrase, beats, beats)
    np.testing.assert_allclose(
        times, np.interp(start + rate * np.arange(5), np.arange(len(clip.beats)), clip.beats), atol=1e-9
    )


def test_a_lead_in_is_read_before_the_first_beat(clips: list[compose.Danceable]) -> None:
    phrase = compose.Phrase(clips[0], 2, 1.0, 4)
    assert compose.source_times(phrase, np.array([1.0, 1.5, 2.0]), np.array([0.75]))[0] == pytest.approx(
        clips[0].beats[2] - 0.25
    )


@pytest.mark.parametrize("bpm", [70, 120, 180])
def test_a_composed_dance_covers_the_song_and_is_smooth(clips: list[compose.Danceable], bpm: float) -> None:
    beats = np.arange(2.0, 18.0, 60 / bpm)
    dance = compose.compose(beats, 600, clips, "pop", np.random.default_rng(0))
    joints = kinematics.joint_positions(dance.clip)
    assert dance.clip.frames == 600
    fastest = max(
        np.abs(np.diff(kinematics.joint_positions(swaying_clip(300, seed=s)), axis=0)).max() for s in range(3)
    )
    assert np.abs(np.diff(joints, axis=0)).max() < 3 * fastest
    assert dance.sources[0][0] == 0
    assert {name for _, name, _ in dance.sources} <= {c.name for c in clips}


def test_the_same_random_numbers_make_the_same_dance(clips: list[compose.Danceable]) -> None:
    beats = np.arange(0.2, 10, 0.5)
    first, again, other = (
        compose.compose(beats, 300, clips, "pop", np.random.default_rng(seed)).clip.rot6d for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def test_composing_needs_beats(clips: list[compose.Danceable]) -> None:
    with pytest.raises(ValueError, match="two beats"):
        compose.compose(np.array([1.0]), 100, clips, "pop", np.random.default_rng(0))


def test_speed_is_chosen_among_half_single_and_double_time(clips: list[compose.Danceable]) -> None:
    assert [compose.best_rate(clips[0], period) for period in (0.26, 0.5, 0.95)] == [0.5, 1.0, 2.0]


def test_a_tiled_loop_travels_on() -> None:
    clip = swaying_clip(60)
    tiled = compose.tile(clip, 5.9)
    assert tiled.frames == 180
    np.testing.assert_array_equal(tiled.rot6d[60:120], clip.rot6d)
    assert tiled.root[60, 2] == pytest.approx(clip.root[-1, 2] + (clip.root[1, 2] - clip.root[0, 2]), abs=0.01)
    np.testing.assert_allclose(tiled.root[:, 1], np.tile(clip.root[:, 1], 3))


def test_clips_that_hardly_move_are_left_out() -> None:
    still = source(swaying_clip(300))
    assert compose.danceables(replace(still, low_motion=True)) == []


def test_now_and_then_the_arms_of_another_clip_dance_on_the_same_legs(
    clips: list[compose.Danceable], monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = np.arange(0.2, 10, 0.5)
    monkeypatch.setattr(compose, "_MIX", 1.0)
    dance = compose.compose(beats, 300, clips, "pop", np.random.default_rng(0))
    assert {arms for _, _, arms in dance.sources} <= {clip.name for clip in clips}
    monkeypatch.setattr(compose, "_MIX", 0.0)
    assert {source[2] for source in compose.compose(beats, 300, clips, "pop", np.random.default_rng(0)).sources} == {""}
