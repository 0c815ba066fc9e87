"""Downbeats: harmony, bass and timbre tell where the eights begin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tokendance_core.music import bars, features
from tokendance_core.music.clock import Clock
from tokendance_core.train import percussion
from tokendance_core.types import FPS, MusicFeatures

BPM = 112.5
PERIOD = 16
"""Frames from beat to beat."""


def song(beats: int = 96, quiet: int = 0) -> tuple[np.ndarray, Clock]:
    """Features of an even song, silent for its first ``quiet`` beats, and its clock, whose frames are the song's."""
    values = np.zeros((beats * PERIOD, 35), np.float32)
    values[: quiet * PERIOD, features.LOUDNESS] = -500
    return values, Clock.of_beats(np.arange(beats) * 60 / BPM, beats * 60 / BPM)


def chord_for_each(beats: int, first: int, values: np.ndarray) -> None:
    """Another harmony every ``beats`` beats, counted from the beat ``first``."""
    number = (np.arange(len(values)) // PERIOD - first) // beats
    values[:, features.CHROMA] = np.eye(12)[number * 5 % 12]


@pytest.mark.parametrize("first", range(8))
def test_an_eight_begins_where_harmony_changes(first: int) -> None:
    values, clock = song()
    chord_for_each(8, first, values)
    assert bars.downbeat(MusicFeatures(values), clock) == first


@pytest.mark.parametrize("first", range(4))
def test_a_bar_begins_where_the_bass_sounds(first: int) -> None:
    values, clock = song()
    for beat in range(first, 96, 4):
        # low bands rise together: every cosine of the transform counts
        values[beat * PERIOD : beat * PERIOD + 3, features.SEMANTIC] += bars._low_cosines().sum(axis=1) * 10
    assert bars.downbeat(MusicFeatures(values), clock) % 4 == first


def test_of_two_bars_the_eight_begins_with_the_first_that_sounds() -> None:
    values, clock = song(quiet=4)
    chord_for_each(4, 0, values)
    assert bars.downbeat(MusicFeatures(values), clock) == 4


@pytest.mark.parametrize("seed", range(4))
def test_downbeats_of_a_drum_track_are_found(seed: int) -> None:
    music = percussion.drum_track(104.0, 40.0, np.random.default_rng(seed))
    clock = Clock.of_beats(percussion.beat_times(104.0, 40.0), 40.0)
    first = int(np.argmin(np.abs(clock.beats - percussion.beat_times(104.0, 40.0)[0])))
    assert (bars.downbeat(features.extract(music), clock) - first) % 4 == 0


@pytest.mark.parametrize("beats", [1, 5, 15, 40])
def test_silence_begins_with_its_first_beat(beats: int) -> None:
    assert bars.downbeat(*heard_by(song(beats))) == 0


def heard_by(made: tuple[np.ndarray, Clock]) -> tuple[MusicFeatures, Clock]:
    return MusicFeatures(made[0]), made[1]


def test_a_clock_of_frames_has_no_eights() -> None:
    values, _ = song()
    chord_for_each(8, 3, values)
    assert bars.downbeat(MusicFeatures(values), Clock.steady(len(values) / FPS)) == 0


@given(arrays.arrays(np.float32, (40, 35), elements=st.floats(-300, 300, width=32)), st.integers(1, 40))
def test_any_features_give_a_number_of_the_eight(rows: np.ndarray, length: int) -> None:
    _, clock = song(24)
    values = np.resize(rows[:length], (24 * PERIOD, 35))
    first = bars.downbeat(MusicFeatures(values), clock)
    assert 0 <= first < 8
    assert bars.downbeat(MusicFeatures(values.copy()), clock) == first
