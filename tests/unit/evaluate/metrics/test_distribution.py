from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics.distribution import diversity, floor, frechet_distance, parts, varied


def _rows(count: int, features: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, features))


def _by_matrix_root(made: np.ndarray, real: np.ndarray) -> float:
    """The textbook formula on z-scored rows."""
    made, real = ((rows - real.mean(0)) / real.std(0) for rows in (made, real))
    covariances = [np.cov(rows, rowvar=False) for rows in (made, real)]
    root = linalg.sqrtm(covariances[0] @ covariances[1]).real
    return float(((made.mean(0) - real.mean(0)) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(8, 40), st.integers(8, 40))
def test_fid_agrees_with_the_matrix_root(seed: int, made: int, real: int) -> None:
    features, reference = _rows(made, seed=seed) * [1, 2, 3, 4] + 1, _rows(real, seed=seed + 1) * [4, 3, 2, 1]
    assert frechet_distance(features, reference) == pytest.approx(
        _by_matrix_root(features, reference), rel=1e-6, abs=1e-6
    )


def test_fid_of_a_shift_by_hand() -> None:
    reference = _rows(50)
    assert frechet_distance(reference, reference) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(reference + 2 * reference.std(0), reference) == pytest.approx(4 * 4.0)


def test_fid_of_another_spread_by_hand() -> None:
    reference = _rows(50, 1)
    wider = (reference - reference.mean()) * 3 + reference.mean()
    assert frechet_distance(wider, reference) == pytest.approx((3 - 1) ** 2 * 50 / 49)


def test_units_do_not_matter_and_few_rows_do_not_break_it() -> None:
    features, reference = _rows(10, 72), _rows(20, 72, seed=1)
    scale = np.linspace(0.01, 100, 72)
    assert frechet_distance(features * scale, reference * scale) == pytest.approx(
        frechet_distance(features, reference), rel=1e-6
    )


def test_a_feature_that_never_changes_in_the_reference_is_left_out() -> None:
    features, reference = _rows(20), _rows(30, seed=1)
    constant = [
        np.column_stack((rows, np.full(len(rows), value))) for rows, value in ((features, 0.3), (reference, 0.1))
    ]
    assert frechet_distance(*constant) == pytest.approx(frechet_distance(features, reference))
    assert diversity(*constant) == pytest.approx(diversity(features, reference))


def test_diversity_is_the_mean_distance_of_pairs() -> None:
    reference = np.array([[0.0], [2.0]])  # mean 1, deviation 1
    assert diversity(np.array([[0.0], [3.0], [4.0]]), reference) == pytest.approx((3 + 4 + 1) / 3)


def test_the_floor_falls_with_more_dances_and_follows_its_seed() -> None:
    reference = _rows(400, 8)
    few, many = floor(reference, 10, seed=3, draws=20), floor(reference, 200, seed=3, draws=20)
    assert few.shape == (20,)
    assert few.mean() > 5 * many.mean() > 0
    np.testing.assert_array_equal(few, floor(reference, 10, seed=3, draws=20))
    assert not np.array_equal(few, floor(reference, 10, seed=4, draws=20))


@settings(max_examples=20, deadline=None)
@given(st.integers(4, 20), st.integers(0, 20), st.integers(0, 5))
def test_parts_hold_every_row_once(rows: int, count: int, seed: int) -> None:
    count = min(count, rows)
    for drawn, others in parts(np.arange(rows), count, seed, draws=3):
        assert len(drawn) == count
        assert sorted([*drawn, *others]) == list(range(rows))


def test_no_row_is_on_both_sides_of_the_floor_or_drawn_twice() -> None:
    # Against all of them, or with rows drawn twice, half of a set of 8 lies much nearer than 4 new rows do.
    reference, new = _rows(8, 8), _rows(400, 8, seed=1)
    fresh = [frechet_distance(new[4 * i : 4 * i + 4], new[4 * i + 200 : 4 * i + 204]) for i in range(50)]
    within = floor(reference, 4, draws=50)
    assert np.median(within) == pytest.approx(np.median(fresh), rel=0.5)
    np.testing.assert_array_equal(floor(reference, 100, draws=5), floor(reference, 4, draws=5))


def test_features_that_vary_are_told() -> None:
    reference = np.column_stack((_rows(9, 2), np.full(9, 0.3)))
    assert varied(reference).tolist() == [True, True, False]


@pytest.mark.parametrize("measure", [frechet_distance, diversity])
def test_one_dance_is_no_distribution(measure) -> None:
    with pytest.raises(DataError, match="2 dances or more, found 1"):
        measure(_rows(1), _rows(10))
