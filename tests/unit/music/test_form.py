"""The form of a song: sections where the music changes, and passages that return."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tokendance_core.music import features, form
from tokendance_core.music.clock import Clock
from tokendance_core.music.form import Form
from tokendance_core.types import FPS, MusicFeatures

BEAT = 16
"""Frames from beat to beat at 112.5 bpm, where the song's frames are the clock's."""

EIGHT = 8 * BEAT


def melody(letter: str, eights: int = 8) -> np.ndarray:
    """(eights * 128, 35) music that only depends on the letter: a chord for each eight, varied on each beat."""
    rng = np.random.default_rng(ord(letter))
    values = np.zeros((eights * EIGHT, 35))
    for columns, scale in ((features.SEMANTIC, 20), (features.CHROMA, 0.5)):
        parts = ((eights, EIGHT, 1.0), (eights * 8, BEAT, 0.3))
        values[:, columns] = scale * sum(
            share * np.repeat(rng.normal(0, 1, (count, values[:, columns].shape[1])), frames, axis=0)
            for count, frames, share in parts
        )
        values[:, columns] += scale * rng.normal(0, 1, values[:, columns].shape[1])
    return values


def heard(values: np.ndarray) -> tuple[MusicFeatures, Clock]:
    """Features with some noise, the same everywhere in a song, and the clock."""
    noise = np.random.default_rng(1).normal(0, 1, values.shape) * np.where(np.arange(35) < 21, 3, 0.03)
    song = MusicFeatures((values + noise).astype(np.float32))
    seconds = len(values) / FPS
    return song, Clock.of_beats(np.arange(len(values) // BEAT) * BEAT / FPS, seconds)


def form_of(letters: str) -> Form:
    """The form of a song of passages of eight eights each."""
    return form.of_music(*heard(np.concatenate([melody(letter) for letter in letters])))


@pytest.mark.parametrize("letters", ["ABA", "ABAB", "ABCBA", "ABAC", "AABA"])
def test_sections_are_named_by_what_they_sound_like(letters: str) -> None:
    found = form_of(letters)
    assert "".join(section.name for section in found.sections) == letters
    assert [section.first // 64 for section in found.sections] == list(range(len(letters)))
    first = {name: letters.index(name) for name in letters}
    assert [section.repeats for section in found.sections] == [
        first[name] if first[name] < number else None for number, name in enumerate(letters)
    ]


def test_a_return_says_when_it_was_heard_before_and_how_sure_that_is() -> None:
    found = form_of("ABCA")
    (again,) = found.returns
    assert (again.first - found.downbeat, again.stop - found.downbeat) == (3 * 64, 4 * 64)
    assert again.beats_back == 3 * 64
    assert 0.9 < again.similarity <= 1
    assert again.end - again.start == pytest.approx(64 * BEAT / FPS, abs=0.6)


def test_what_never_comes_again_does_not_return() -> None:
    found = form_of("ABCD")
    assert found.returns == ()
    assert all(section.repeats is None for section in found.sections)


def test_a_loop_is_one_section_that_returns_after_half_a_minute_at_the_soonest() -> None:
    loop = np.tile(melody("A", 2), (16, 1))
    found = form.of_music(*heard(loop))
    assert {section.name for section in found.sections} == {"A"}
    assert all(again.beats_back >= 64 for again in found.returns)


def test_a_pickup_belongs_to_the_first_section_and_moves_the_eights() -> None:
    pickup = melody("Z", 1)[: 3 * BEAT]
    song, clock = heard(np.concatenate([pickup, *(melody(letter) for letter in "ABA")]))
    found = form.of_music(song, clock)
    assert found.downbeat == 3
    assert [section.first for section in found.sections] == [0, 3 + 64, 3 + 128]
    assert found.eights[0] == pytest.approx(3 * BEAT / FPS, abs=0.01)


def test_eights_and_sections_in_seconds_are_those_of_the_clock() -> None:
    song, clock = heard(np.concatenate([melody("A"), melody("B")]))
    found = form.of_music(song, clock)
    assert set(found.eights) <= set(found.bars) <= set(clock.beats)
    for section in found.sections:
        assert section.start == pytest.approx(max(clock.beats[section.first], 0.0))
        assert section.end == pytest.approx(clock.beats[section.stop], abs=0.6)


def test_an_even_song_is_one_section() -> None:
    found = form.of_music(*heard(np.zeros((40 * EIGHT, 35))))
    assert [section.name for section in found.sections] == ["A"]
    assert found.returns == ()


def test_silence_is_one_section() -> None:
    silent = MusicFeatures(np.zeros((3000, 35), np.float32))
    found = form.of_music(silent, Clock.of_music(silent, "beats"))
    assert [section.name for section in found.sections] == ["A"]
    assert found.returns == ()


@given(
    arrays.arrays(np.float32, (60, 35), elements=st.floats(-300, 300, width=32)),
    st.integers(1, 4000),
    st.integers(20, 200),
)
@settings(max_examples=30, deadline=None)
def test_sections_cover_any_song_and_returns_lie_after_their_sources(rows: np.ndarray, frames: int, bpm: int) -> None:
    song = MusicFeatures(np.resize(rows, (frames, 35)))
    clock = Clock.of_beats(np.arange(0.2, frames / FPS, 60 / bpm), frames / FPS)
    found = form.of_music(song, clock)
    sections, returns = found.sections, found.returns
    assert (sections[0].first, sections[-1].stop) == (0, len(clock.beats) - 1)
    assert sections[0].start >= 0
    assert sections[-1].end <= frames / FPS + 1e-9
    assert all(before.stop == after.first for before, after in pairwise(sections))
    assert all(section.first < section.stop for section in sections)
    assert all(before.stop <= after.first for before, after in pairwise(returns))
    for again in returns:
        assert again.stop - again.first <= again.beats_back <= again.first
        assert again.beats_back % 8 == (again.first - found.downbeat) % 8 == 0


def test_twenty_minutes_take_seconds() -> None:
    song, clock = heard(np.resize(np.concatenate([melody(letter) for letter in "ABCDEFGH"]), (36_000, 35)))
    started = time.perf_counter()
    found = form.of_music(song, clock)
    assert time.perf_counter() - started < 10
    assert len(found.returns) > 2


def test_names_go_on_after_z() -> None:
    assert form._names([None] * 28)[-3:] == ["Z", "AA", "AB"]
