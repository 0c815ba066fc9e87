"""How big to dance: loud is high, even stays even."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.special import ndtr

from tokendance_core.music import energy
from tokendance_core.types import MusicFeatures


def song(loudness: np.ndarray) -> MusicFeatures:
    values = np.zeros((len(loudness), 35), np.float32)
    values[:, 1] = loudness
    return MusicFeatures(values)


def test_a_drop_is_danced_bigger_than_the_break_before_it() -> None:
    levels = energy.of_music(song(np.repeat([0.0, -150.0, 80.0], 300)))
    verse, rest, drop = (levels[at : at + 100].mean() for at in (100, 400, 700))
    assert rest < verse < drop
    assert rest <= 3
    assert drop >= 6


def test_an_even_song_stays_in_the_middle() -> None:
    levels = energy.of_music(song(np.random.default_rng(0).normal(0, 1.0, 900)))
    assert set(levels) <= {5, 6}


def test_shift_raises_and_lowers() -> None:
    heard = song(np.linspace(-100, 100, 900))
    calm, usual, wild = (energy.of_music(heard, shift).mean() for shift in (-1.0, 0.0, 1.0))
    assert calm < usual - 1 < wild - 2


@given(arrays.arrays(np.float64, st.integers(0, 50), elements=st.floats(-40, 40)))
def test_the_share_below_is_that_of_the_normal_distribution(deviations: np.ndarray) -> None:
    np.testing.assert_allclose(energy.below_normal(deviations), ndtr(deviations), rtol=0, atol=1e-15)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_levels_rise_with_the_rank_from_one_to_eight(ranks: list[float]) -> None:
    levels = energy.level_of_rank(np.sort(ranks))
    assert levels.min() >= 1
    assert levels.max() <= energy.LEVELS
    assert (np.diff(levels) >= 0).all()


def test_a_token_has_the_level_of_its_middle() -> None:
    np.testing.assert_array_equal(energy.of_tokens(np.array([1, 1, 2, 2, 5, 5]), 4), [2, 5])


def test_silence_and_single_frames_are_legal() -> None:
    assert len(energy.of_music(song(np.zeros(1)))) == 1
