from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit import dancers
from tests.unit.motion_samples import still_clip, walking
from tokendance_core.dance.cues import ACCENTS, STEPS, accents_of, accents_of_music, steps_of, told_in_part
from tokendance_core.motion.kinematics import mirror
from tokendance_core.music.clock import FRAMES_PER_BEAT, Clock
from tokendance_core.types import MusicFeatures

HOP = 4
TOKENS_A_BEAT = FRAMES_PER_BEAT // HOP
NONE, BRAKES = 1, ACCENTS.index("the dance brakes")
LEFT, RIGHT = STEPS.index("left foot"), STEPS.index("right foot")


def braking_at(seconds: float, bpm: float = 120.0, beats: int = 16) -> tuple[np.ndarray, Clock]:
    """A dancer who glides and brakes once a beat, hardest ``seconds`` after it; and the clock of these beats."""
    period = 60 / bpm
    frames = round(beats * period * 30)
    phase = (np.arange(frames) / 30 - seconds) / period
    speed = 1 - np.sin(2 * np.pi * phase)
    return walking(speed, frames=frames), Clock.of_beats(np.arange(beats + 1) * period, frames / 30)


@pytest.mark.parametrize("shift", [-0.03, 0.0, 0.02])
def test_an_accent_near_the_beat_belongs_to_the_token_that_begins_there(shift) -> None:
    told = accents_of(*braking_at(shift), HOP)
    braking = np.flatnonzero(told[TOKENS_A_BEAT // 2 : -TOKENS_A_BEAT] == BRAKES) + TOKENS_A_BEAT // 2
    assert len(braking) > 10
    assert set(braking % TOKENS_A_BEAT) == {0}
    assert set(told) == {NONE, BRAKES}


@pytest.mark.parametrize("bpm", [90.0, 120.0, 150.0])
def test_an_accent_on_the_half_beat_lies_between_the_beats_at_any_tempo(bpm) -> None:
    told = accents_of(*braking_at(30 / bpm, bpm), HOP)
    assert set(np.flatnonzero(told == BRAKES) % TOKENS_A_BEAT) == {TOKENS_A_BEAT // 2}


def test_steps_tell_the_foot_and_swap_in_the_mirror() -> None:
    clip, clock = dancers.stepping(300), Clock.of_beats(np.arange(21) / 2, 10.0)
    told = steps_of(clip, clock, HOP)
    assert (told == LEFT).sum() >= 8
    assert (told == RIGHT).sum() >= 8
    feet = told[told > NONE]
    assert (np.diff(feet) != 0).all()
    swapped = np.choose(told, [0, NONE, RIGHT, LEFT, 4])
    np.testing.assert_array_equal(steps_of(mirror(clip), clock, HOP), swapped)


@pytest.mark.parametrize("cue", [accents_of, steps_of])
@pytest.mark.parametrize("clock", [Clock.of_beats(np.arange(9) / 2, 4.0), Clock.steady(4.0)])
def test_every_token_is_told_and_stillness_has_no_cues(cue, clock) -> None:
    told = cue(still_clip(120), clock, HOP)
    assert told.shape == (-(-clock.frames // HOP),)
    assert set(told) == {NONE}
    assert cue(dancers.stepping(120), clock, HOP).shape == told.shape


BEATS, PERIOD = 32, 0.5
FIRST = -PERIOD / 2
"""Seconds of the clock's first beat, half a beat before the song."""

SONG = Clock.of_beats(FIRST + PERIOD * np.arange(1, BEATS), (BEATS - 1) * PERIOD)


def song(strengths: list[float]) -> MusicFeatures:
    """Onsets of ``strengths`` in decibels over and over, one every quarter of a beat from the clock's first beat, each
    heard a frame late.
    """
    values = np.zeros((round((BEATS - 1) * PERIOD * 30), 35), np.float32)
    at = np.round((FIRST + np.arange(BEATS * 4) * PERIOD / 4) * 30).astype(int) + 1
    inside = (at >= 0) & (at < len(values))
    values[at[inside], 0] = np.resize(strengths, len(at))[inside]
    return MusicFeatures(values)


@pytest.mark.parametrize(
    ("strengths", "places"),
    [
        ([9, 1, 3, 1], {0}),  # on the beat
        ([9, 8, 3, 8], {0}),  # sixteenths between are nobody's accent
        ([2, 1, 9, 1], {2}),  # on the half beat
        ([2, 1, 1, 1, 9, 1, 1, 1], {4}),  # the backbeat
        ([9, 1, 1, 1, 1, 1, 8, 1, 1, 1, 1, 1], {0, 6}),  # three against two
        ([0.4, 0, 0, 0], set()),  # hardly a sound
        ([0], set()),
    ],
)
def test_a_dance_should_brake_on_the_strong_beats_and_half_beats(strengths, places) -> None:
    told = accents_of_music(song(strengths), SONG, HOP)
    assert set(told) <= {NONE, BRAKES}
    assert len(told) == -(-SONG.frames // HOP)
    braking = np.flatnonzero(told == BRAKES)
    assert set(braking[(braking > 8) & (braking < 4 * (BEATS - 2))] % len(strengths)) == places


def test_dense_music_has_no_more_than_an_accent_a_beat() -> None:
    rng = np.random.default_rng(0)
    told = accents_of_music(song(list(rng.uniform(5, 15, BEATS * 4))), SONG, HOP)
    assert 0.3 * BEATS < (told == BRAKES).sum() <= BEATS


def test_a_calm_passage_of_a_song_has_accents_of_its_own() -> None:
    half = BEATS * 2
    told = accents_of_music(song([4, 1, 1, 1] * (half // 4) + [30, 9, 9, 9] * (half // 4)), SONG, HOP)
    assert (told[8 : half - 16] == BRAKES).sum() == (half - 24) // 4


def test_a_clock_of_frames_is_told_no_accents() -> None:
    assert not accents_of_music(song([9, 1, 3, 1]), Clock.steady(BEATS * PERIOD), HOP).any()


@given(st.floats(0, 1), st.integers(0, 7), st.integers(1, 400))
def test_a_cue_is_told_in_its_share_of_the_eights(share: float, first: int, length: int) -> None:
    counts = (np.arange(length) // 4 + first) % 8 + 1
    cue = np.arange(length) % 2 + 1
    told = told_in_part(cue, counts, share)
    assert np.isin(told - cue, [0]).sum() + (told == 0).sum() == length
    eights = np.split(told > 0, np.flatnonzero(np.diff(counts) < 0) + 1)
    assert all(len(set(eight.tolist())) == 1 for eight in eights)
    assert sum(bool(eight[0]) for eight in eights) == pytest.approx(share * len(eights), abs=1)


def test_a_cue_is_told_everywhere_or_nowhere_at_the_ends() -> None:
    counts, cue = np.arange(64) // 4 % 8 + 1, np.ones(64, int)
    assert told_in_part(cue, counts, 1.0).all()
    assert not told_in_part(cue, counts, 0.0).any()
