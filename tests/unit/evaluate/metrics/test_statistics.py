"""Intervals, spread and the paired test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokendance_core.evaluate.metrics.statistics import interval, over_songs_and_seeds, paired_p, ratio

VALUES = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20)


@given(VALUES)
def test_interval_lies_within_the_values(values):
    figure = interval(values, draws=50)
    slack = 1e-9 * (1 + max(map(abs, values)))
    assert min(values) - slack <= figure.low <= figure.high <= max(values) + slack
    assert figure.mean == pytest.approx(np.mean(values), abs=slack)


def test_interval_of_a_known_spread():
    values = np.random.default_rng(1).normal(5.0, 1.0, 400)
    figure = interval(values)
    # 1.96 standard errors to either side.
    assert figure.high - figure.low == pytest.approx(2 * 1.96 / 20, rel=0.15)
    assert figure.low < 5.0 < figure.high


def test_weights_count_as_repetitions():
    assert interval([1.0, 4.0], [2, 1]).mean == pytest.approx(2.0)


def test_no_value_is_an_error():
    with pytest.raises(ValueError, match="found none"):
        interval([])


def test_seeds_spread_apart_from_songs():
    figure = over_songs_and_seeds(np.array([[1.0, 3.0], [2.0, 4.0]]))
    assert figure.mean == 2.5
    assert figure.sd == pytest.approx(np.std([2.0, 3.0], ddof=1))
    assert (figure.low, figure.high) == (1.5, 3.5)


def test_one_seed_has_no_spread():
    assert over_songs_and_seeds(np.array([1.0, 3.0])).sd is None


def test_p_of_five_pairs_that_all_agree():
    assert paired_p([2, 3, 4, 5, 6], [1, 1, 1, 1, 1]) == pytest.approx(1 / 32)
    assert paired_p([1, 1, 1, 1, 1], [2, 3, 4, 5, 6]) == 1.0
    assert paired_p([1, 2], [1, 2]) == 1.0


def test_ratio_of_nothing_is_no_number():
    assert ratio(3.0, 2.0) == 1.5
    assert np.isnan(ratio(3.0, 0.0))
