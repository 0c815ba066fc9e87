"""What “any” dances, on songs made of a few traits."""

from __future__ import annotations

import numpy as np
import pytest

from tokendance_core.dance.genre_choice import CHOOSABLE, genre_for, misfit, timing_of, traits_of
from tokendance_core.datasets.pack import GENRES, ON_REQUEST
from tokendance_core.music import features
from tokendance_core.music.clock import TIMINGS
from tokendance_core.types import FPS, MusicFeatures

DRUMS, PIANO = 75.0, 160.0
ROCK, FAST = (9.0, 1.0, 4.0, 1.0), (9.0, 1.0, 9.0, 1.0)
"""Onsets on the quarters of a beat: strong on the beat, or as strong on the half beat."""


def song(bpm: float, darkness: float, onsets: tuple[float, ...] = ROCK, seconds: float = 60.0) -> MusicFeatures:
    """A song that repeats ``onsets`` every beat."""
    values = np.zeros((round(seconds * FPS), 35), np.float32)
    quarters = np.arange(int(seconds * bpm / 60) * 4)
    at = np.round((quarters * 15 / bpm + features.BEAT_LATENCY) * FPS).astype(int)
    strengths = np.resize(onsets, len(at))
    values[at, features.ONSET] = strengths
    values[at[strengths > 2], features.PEAK] = 1
    values[at[::4], features.BEAT] = 1
    values[:, features.SEMANTIC[1]] = darkness
    return MusicFeatures(values)


def without_pulse(darkness: float) -> MusicFeatures:
    """Onsets at any moment."""
    rng = np.random.default_rng(0)
    values = song(100, darkness).values.copy()
    values[:, features.ONSET] = rng.exponential(2.0, len(values)) * (rng.random(len(values)) < 0.2)
    return MusicFeatures(values)


@pytest.mark.parametrize(
    ("heard", "genre"),
    [
        (song(100, DRUMS), "street"),
        (song(125, DRUMS), "street"),
        (song(85, DRUMS, FAST), "salsa"),
        (song(170, DRUMS, (9.0, 1.0, 1.0, 1.0)), "salsa"),  # counted twice as fast
        (without_pulse(PIANO), "modern"),
        (without_pulse(DRUMS), "modern"),
        (MusicFeatures(np.zeros((300, 35), np.float32)), "modern"),
    ],
)
def test_a_song_gets_the_dance_that_suits_it(heard, genre):
    assert genre_for(heard) == genre


def test_any_never_means_what_is_danced_on_request_only():
    assert set(CHOOSABLE) == set(GENRES) - {"any", *ON_REQUEST}


@pytest.mark.parametrize("genre", CHOOSABLE)
def test_a_genre_that_the_checkpoint_lacks_is_not_chosen(genre):
    heard = song(100, DRUMS)
    assert genre_for(heard, ("any", genre)) == genre
    others = [one for one in GENRES if one != genre]
    assert genre_for(heard, others) == min(set(CHOOSABLE) - {genre}, key=lambda one: misfit(traits_of(heard), one))


def test_genres_are_asked_to_keep_the_beat_where_they_learned_it():
    asked = {genre: TIMINGS[timing_of(genre)] for genre in GENRES}
    assert {genre for genre, timing in asked.items() if timing == "on the beat"} == {"street", "salsa"}
    assert set(asked.values()) == {"on the beat", "as danced"}


def test_no_known_genre_leaves_the_choice_to_the_network():
    assert genre_for(song(100, DRUMS), ("any", "polka")) == "any"


@pytest.mark.parametrize("bpm", [90.0, 120.0, 150.0])
@pytest.mark.parametrize("onsets", [ROCK, FAST])
def test_traits_are_heard(bpm, onsets):
    traits = traits_of(song(bpm, DRUMS, onsets))
    assert traits.tempo == pytest.approx(bpm, rel=0.01)
    assert traits.pulse > 0.6
    assert traits.darkness == DRUMS
    assert traits.evenness == pytest.approx(onsets[2] / onsets[0], abs=0.05)


def test_noise_has_hardly_a_pulse():
    assert traits_of(without_pulse(DRUMS)).pulse < 0.2


@pytest.mark.parametrize("frames", [1, 5, 40, 100])
def test_a_moment_of_sound_has_traits_too(frames):
    heard = song(120, DRUMS)
    assert np.isfinite(traits_of(MusicFeatures(heard.values[:frames]))).all()
