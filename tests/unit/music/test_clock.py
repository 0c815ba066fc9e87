"""The beat clock: 16 frames to a beat, there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.motion_samples import swaying_clip
from tokendance_core.motion import kinematics
from tokendance_core.music import features
from tokendance_core.music.clock import FRAMES_PER_BEAT, Clock, tempo_class
from tokendance_core.types import FPS, MusicFeatures


def grid(bpm: float, seconds: float = 30.0, first: float = 0.3) -> np.ndarray:
    return np.arange(first, seconds, 60 / bpm)


def heard(frames: int, beats: np.ndarray) -> MusicFeatures:
    values = np.zeros((frames, 35), np.float32)
    values[:, 0] = np.arange(frames)
    at = np.round((beats + features.BEAT_LATENCY) * FPS).astype(int)
    values[at[at < frames], features.BEAT] = 1
    return MusicFeatures(values)


@pytest.mark.parametrize("bpm", [82, 100, 120, 158])
def test_beats_fall_on_every_sixteenth_frame(bpm: float) -> None:
    clock = Clock.of_beats(grid(bpm), 30.0)
    assert clock.bpm == pytest.approx(bpm)
    assert np.abs(clock.beats[:, None] - grid(bpm)).min(0).max() < 1e-6


@pytest.mark.parametrize(("tracked", "danced"), [(60, 120), (40, 80), (79, 158), (160, 80), (200, 100), (330, 82.5)])
def test_tempo_is_brought_into_one_octave(tracked: float, danced: float) -> None:
    clock = Clock.of_beats(grid(tracked), 30.0)
    assert clock.bpm == pytest.approx(danced, rel=1e-3)
    slower = grid(min(tracked, danced))  # the beats of the slower of both grids belong to both
    assert np.abs(clock.beats[:, None] - slower).min(0).max() < 1e-6 or danced < tracked


def test_whole_frames_of_the_tracker_are_evened_out() -> None:
    clock = Clock.of_beats(np.round(grid(127) * FPS) / FPS, 30.0)
    assert np.diff(clock.beats).std() < 0.004
    assert np.abs(clock.beats[:, None] - grid(127)).min(0).max() < 0.017


def test_a_song_that_slows_down_is_followed() -> None:
    beats = np.cumsum(np.linspace(0.45, 0.6, 60))
    clock = Clock.of_beats(beats, float(beats[-1]))
    assert np.abs(clock.beats[:, None] - beats[5:-5]).min(0).max() < 0.01


@given(st.lists(st.floats(0, 40), max_size=60, unique=True), st.floats(2, 40))
@settings(max_examples=60, deadline=None)
def test_any_beats_make_a_rising_clock_over_the_whole_song(beats: list[float], duration: float) -> None:
    spaced = np.array(sorted(beats))
    spaced = spaced[np.diff(spaced, prepend=-1.0) > 0.1]
    clock = Clock.of_beats(spaced, duration)
    assert (np.diff(clock.seconds) > 0).all()
    assert clock.seconds[0] <= 0
    assert clock.seconds[-1] >= duration


def test_places_count_tokens_from_each_beat() -> None:
    clock = Clock.of_beats(grid(100), 30.0)
    np.testing.assert_array_equal(clock.beat_positions(4)[:6], [1, 2, 3, 4, 1, 2])
    np.testing.assert_array_equal(clock.beat_positions(8)[:3], [1, 2, 1])
    assert len(clock.beat_positions(4)) == -(-clock.frames // 4)
    assert not Clock.steady(3.0).beat_positions(4).any()


def test_without_beats_time_is_even() -> None:
    clock = Clock.of_beats(np.array([]), 10.0)
    np.testing.assert_allclose(np.diff(clock.seconds), 1 / FPS)


def test_a_dance_survives_the_way_there_and_back() -> None:
    clip = swaying_clip(300)
    clock = Clock.of_beats(grid(97, 10.0), 10.0)
    again = clock.to_song(clock.to_clock(clip), 300)
    error = np.linalg.norm(kinematics.joint_positions(again) - kinematics.joint_positions(clip), axis=-1)
    assert error.mean() < 0.01
    assert again.frames == 300


def test_what_is_danced_on_a_clock_beat_is_played_on_the_songs_beat() -> None:
    clock = Clock.of_beats(grid(90, 10.0), 10.0)
    clip = swaying_clip(clock.frames)
    played = clock.to_song(clip, 300)
    for number, beat in enumerate(clock.beats[2:-2], start=2):
        np.testing.assert_allclose(played.root[round(beat * FPS)], clip.root[number * FRAMES_PER_BEAT], atol=0.02)


def test_features_are_read_at_the_clocks_frames() -> None:
    clock = Clock.of_beats(grid(100), 30.0)
    on_clock = clock.resample_features(heard(900, grid(100)))
    np.testing.assert_allclose(on_clock.values[:, 0], np.clip(clock.seconds * FPS, 0, 899), rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(np.flatnonzero(on_clock.values[:, features.BEAT]) % FRAMES_PER_BEAT, 0)


def test_the_plain_clock_changes_nothing() -> None:
    song = heard(90, grid(120, 3.0))
    clock = Clock.steady(3.0)
    np.testing.assert_array_equal(clock.resample_features(song).values[:90], song.values)
    clip = swaying_clip(91)
    np.testing.assert_allclose(clock.to_song(clock.to_clock(clip), 91).root, clip.root, atol=1e-6)


def test_tempo_classes_are_eighths_of_an_octave():
    assert [tempo_class(bpm) for bpm in (80, 87, 88, 112.5, 159.9, 160, 40)] == [1, 1, 2, 4, 8, 1, 1]
    assert Clock.of_beats(grid(100), 30.0).tempo == tempo_class(100)
    assert Clock.steady(3.0).tempo == 0
