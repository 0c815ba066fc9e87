"""Songs whose beats are known, played by the band of ``bench/beats``: the beats are found where they are."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bench.beats import songs
from bench.beats.__main__ import NEAR_THE_END, f1
from bench.beats.songs import SONGS, Song, beat_times, render
from tokendance_core.music import bars, features
from tokendance_core.music.clock import Clock
from tokendance_core.music.rhythm import measure, phase, tempo, tracker
from tokendance_core.music.rhythm.settings import BeatSettings
from tokendance_core.types import FPS

FOUND = (
    "rock 90",
    "drums 100 to 130",
    "drums, ritardando 133 to 80",
    "pop, ritardando 133 to 80",
    "drums 90 to 150",
    "rock in steps 100, 120, 140",
    "rock 110, drift 3 %",
    "house 124, hats and bass between",
    "house 124, bright bass between",
    "swing 130",
    "waltz 110",
    "rock 104, silent breaks",
    "pop 118, loud voice",
)
"""Songs of which F1 is 0.9 or more."""

AMBIGUOUS = ("ska 120", "loud hats between 124", "loud hats between 100")
"""Songs that a person has to put right."""


def true_beats(song: Song) -> np.ndarray:
    beats = beat_times(song)
    return beats[beats < song.seconds - NEAR_THE_END]


@pytest.mark.parametrize("name", FOUND)
def test_beats_are_found(name):
    found = features.beat_times(features.extract(render(SONGS[name])))
    assert f1(found, true_beats(SONGS[name])) >= 0.9


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_half_a_beat_can_be_put_right(name):
    heard = features.extract(render(SONGS[name]))
    corrected = bars.with_corrected_beats(heard, BeatSettings(beat_shift="half"))
    assert f1(features.beat_times(corrected), true_beats(SONGS[name])) >= 0.9


def test_a_song_taken_for_half_as_fast_off_the_beat_can_be_put_right():
    heard = features.extract(render(SONGS["ska 150"]))
    corrected = bars.with_corrected_beats(heard, BeatSettings(tempo="double", beat_shift="half"))
    assert f1(features.beat_times(corrected), true_beats(SONGS["ska 150"])) >= 0.9


@pytest.mark.parametrize(("name", "choice"), [("rock 70", "half"), ("rock 180", "double"), ("ballad 72", "half")])
def test_the_tempo_can_be_put_right(name, choice):
    song = replace(SONGS[name], seconds=40)
    heard = features.extract(render(song))
    corrected = bars.with_corrected_beats(heard, BeatSettings(tempo=choice))
    assert f1(features.beat_times(corrected), true_beats(song)) >= 0.9


@pytest.mark.parametrize("name", ["drums 100 to 130", "drums, ritardando 133 to 80"])
def test_the_clock_follows_a_tempo_that_varies(name):
    song = SONGS[name]
    clock = Clock.of_music(features.extract(render(song)), "beats")
    true = true_beats(song)
    assert np.abs(clock.beats - true[:, None]).min(axis=1)[1:-2].max() < 0.07
    assert (np.diff(clock.seconds) > 0).all()
    steps = np.diff(clock.beats)
    np.testing.assert_allclose(60 / steps[[4, -6]], [song.tempo(2.0), song.tempo(56.0)], rtol=0.06)


@settings(max_examples=4, deadline=None)
@given(first=st.floats(80, 140), last=st.floats(80, 140), pattern=st.sampled_from(["DRUM_KIT", "ROCK", "HOUSE"]))
def test_beats_follow_any_even_change_of_tempo(first, last, pattern):
    song = Song(bar=getattr(songs, pattern), tempo=songs.ramp(first, last, 0, 40), seconds=40)
    found = features.beat_times(features.extract(render(song)))
    assert f1(found, true_beats(song)) >= 0.9


def pulses(*beats_a_minute: float, seconds: float = 20.0) -> np.ndarray:
    """An onset envelope with a pulse on every beat, one tempo after the other."""
    at = [0.5]
    for bpm in beats_a_minute:
        at += list(at[-1] + 60 / bpm * np.arange(1, seconds * bpm / 60))
    onset = np.zeros(int((at[-1] + 1) * FPS), np.float32)
    onset[np.round(np.array(at) * FPS).astype(int)] = 1
    return onset


def no_strokes(onset: np.ndarray) -> np.ndarray:
    return np.zeros((len(onset), phase.COLUMNS), np.float32)


@pytest.mark.parametrize("bpm", [72.0, 90.0, 112.5, 150.0])
def test_one_tempo_is_one_whole_period(bpm):
    periods = tempo.periods(pulses(bpm, seconds=60))
    assert set(periods) == {round(FPS * 60 / bpm)}


@pytest.mark.parametrize("odd", [0, 3, 5])
def test_one_beat_that_is_a_frame_late_does_not_count_in_the_tempo_of_a_short_song(odd):
    beats = np.arange(6) * 0.6
    beats[odd] += 1 / FPS
    assert measure.tempo(beats) == pytest.approx(100)


def test_a_course_is_told_where_the_tempo_changes():
    periods = tempo.periods(pulses(90, 120, seconds=40))
    assert FPS * 60 / periods[5 * FPS] == pytest.approx(90, rel=0.03)
    assert FPS * 60 / periods[55 * FPS] == pytest.approx(120, rel=0.03)


def best_path_slowly(fit: np.ndarray) -> float:
    """The greatest sum over all paths through two or three places, one after the other."""
    best = -np.inf
    for path in np.ndindex(*[fit.shape[1]] * len(fit)):
        cost = sum(min(tempo._STEP * (a - b) ** 2, tempo._JUMP) for a, b in pairwise(path))
        best = max(best, sum(fit[place, column] for place, column in enumerate(path)) - cost)
    return best


@given(arrays.arrays(np.float64, (3, 6), elements=st.floats(-9, 9)))
def test_the_best_path_is_the_best_of_all(fit):
    assert tempo._best_path(fit)[1] == pytest.approx(best_path_slowly(fit))


@given(arrays.arrays(np.float32, st.integers(1, 300), elements=st.floats(0, 10, width=32)))
@settings(max_examples=50, deadline=None)
def test_any_envelope_gives_rising_frames_inside_it(onset):
    beats = tracker.beats(onset, no_strokes(onset))
    assert (np.diff(beats) > 0).all()
    assert not len(beats) or (beats[0] >= 0 and beats[-1] < len(onset))


@pytest.mark.parametrize(("column", "moves"), [(None, False), (0, True), ("noise", True), (1, False)])
def test_beats_move_to_where_kick_and_snare_are(column, moves):
    """Strokes between the beats: a thump moves them, noise in every band, noise in one band alone does not."""
    beats = np.arange(10, 400, 16)
    loudness = no_strokes(np.zeros(420))
    columns = {None: [], "noise": list(range(1, phase.COLUMNS))}.get(column, [column])
    for frame in (beats[1:] + beats[:-1]) // 2 - 2:
        loudness[frame : frame + 3, columns] = 1
    found = phase.on_the_beat(beats, loudness)
    assert np.array_equal(found, (beats[1:] + beats[:-1]) // 2 if moves else beats)
