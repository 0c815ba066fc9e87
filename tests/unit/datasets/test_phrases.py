from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.motion_samples import source, swaying_clip, walking
from tokendance_core.dance.representation import YAW
from tokendance_core.datasets import phrases
from tokendance_core.datasets.phrases import Danceable, Phrase
from tokendance_core.motion import edits


@pytest.fixture(scope="module")
def clip() -> Danceable:
    return phrases.danceables(source(swaying_clip(600)))[0]


def test_every_clip_comes_with_its_mirror_image() -> None:
    assert [each.name for each in phrases.danceables(source(swaying_clip(300)))] == ["sway0", "sway0 mirrored"]


def test_clips_that_hardly_move_are_left_out() -> None:
    assert phrases.danceables(replace(source(swaying_clip(300)), low_motion=True)) == []


def test_certainty_is_that_of_the_clock() -> None:
    known = source(swaying_clip(300))
    recovered = replace(known, grid=replace(known.grid, exact=False))
    assert [phrases.danceables(each)[0].certainty for each in (known, recovered)] == ["exact", "recovered"]
    assert phrases.danceables(replace(known, grid=None))[0].certainty in ("guessed", "none")


def test_a_dance_feels_the_same_whichever_way_it_faces(clip: Danceable) -> None:
    turned = phrases.danceables(source(edits.turn(swaying_clip(600), 2.3)))[0]
    for name in ("quaternions", "felt", "matching"):
        np.testing.assert_allclose(getattr(turned, name), getattr(clip, name), atol=2e-3)


@given(st.floats(84, 160), st.integers(0, 5), st.sampled_from(phrases.BEATS_PER_BEAT))
@settings(max_examples=25, deadline=None)
def test_song_beats_fall_on_clip_beats(bpm: float, start: int, rate: float) -> None:
    clip = phrases.danceables(source(swaying_clip(300)))[0]
    beats = 1.7 + np.arange(5) * 60 / bpm
    times = phrases.source_times(Phrase(clip, start, rate, 4), beats, beats)
    np.testing.assert_allclose(
        times, np.interp(start + rate * np.arange(5), np.arange(len(clip.beats)), clip.beats), atol=1e-9
    )


def test_a_lead_in_is_read_before_the_first_beat(clip: Danceable) -> None:
    phrase = Phrase(clip, 2, 1.0, 4)
    assert phrases.source_times(phrase, np.array([1.0, 1.5, 2.0]), np.array([0.75]))[0] == pytest.approx(
        clip.beats[2] - 0.25
    )


def test_phrases_begin_where_a_lead_in_and_some_beats_are_left(clip: Danceable) -> None:
    seconds = clip.seconds_at(clip.starts.astype(float))
    assert seconds.min() >= phrases.LEAD_IN / 30
    assert (clip.end - clip.starts).min() >= phrases.FEWEST_BEATS
    assert clip.end == pytest.approx((599 / 30) / 0.5)


def test_speed_is_chosen_among_half_single_and_double_time(clip: Danceable) -> None:
    assert [phrases.best_rates([clip], period)[0] for period in (0.26, 0.5, 0.95)] == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("period", [0.31, 0.5, 0.77])
def test_a_clip_without_a_clock_keeps_its_own_speed(clip: Danceable, period: float) -> None:
    unknown = replace(clip, certainty="none")
    rate = phrases.best_rates([unknown], period)[0]
    assert phrases.playback_speed(unknown, rate, period) == pytest.approx(1.0)


def test_a_clip_read_at_its_own_speed_is_itself(clip: Danceable) -> None:
    quaternions, felt = phrases.read(clip, np.arange(40, 90) / 30)
    np.testing.assert_allclose(quaternions, clip.quaternions[40:90], atol=1e-5)
    np.testing.assert_allclose(felt, clip.felt[40:90], atol=1e-6)


def test_steps_and_turning_grow_with_the_speed(clip: Danceable) -> None:
    slow, fast = (phrases.read(clip, (40 + speed * np.arange(30)) / 30)[1] for speed in (1, 2))
    for column in (0, 2, YAW):
        assert fast[:, column].sum() == pytest.approx(clip.felt[41:100, column].sum(), abs=0.05)
    np.testing.assert_allclose(fast[:15, 1], slow[::2, 1], atol=1e-6)


def test_matching_features_tell_places_of_joints_in_metres() -> None:
    calm, moved = phrases.matching_features(walking(0.0)), phrases.matching_features(walking(0.0))
    assert np.linalg.norm(calm - moved, axis=1).max() == 0
    fast = phrases.matching_features(walking(1.0))
    apart = np.linalg.norm(fast[10] - calm[10])
    standing = 4 * phrases._FOOTING**2  # four points of the feet stand in one and glide in the other
    assert apart == pytest.approx(np.sqrt(phrases._ONWARD**2 + standing), rel=1e-3)


def test_stillness_is_the_share_of_the_beats_that_follow() -> None:
    sway = swaying_clip(600)
    rot6d, root = sway.rot6d.copy(), sway.root.copy()
    rot6d[300:], root[300:] = rot6d[300], root[300]
    clip = phrases.danceables(source(replace(sway, rot6d=rot6d, root=root)))[0]
    assert clip.mean_over(clip.still, np.array([0, 16, 24]), 8.0) == pytest.approx([0.0, 0.5, 1.0], abs=0.1)


def test_a_tiled_loop_travels_on() -> None:
    clip = swaying_clip(60)
    tiled = phrases.tile(clip, 5.9)
    assert tiled.frames == 180
    np.testing.assert_array_equal(tiled.rot6d[60:120], clip.rot6d)
    assert tiled.root[60, 2] == pytest.approx(clip.root[-1, 2] + (clip.root[1, 2] - clip.root[0, 2]), abs=0.01)
    np.testing.assert_allclose(tiled.root[:, 1], np.tile(clip.root[:, 1], 3))
