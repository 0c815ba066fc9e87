from __future__ import annotations

import numpy as np
import pytest

from tokendance_core.motion.sampling import neighbours


@pytest.mark.parametrize("count", [1, 2, 7])
def test_neighbours_interpolate_as_numpy_does(count: int) -> None:
    samples = np.random.default_rng(count).normal(size=count)
    at = np.linspace(-2, count + 1, 40)
    low, high, share = neighbours(at, count)
    np.testing.assert_allclose(
        samples[low] * (1 - share) + samples[high] * share, np.interp(at, np.arange(count), samples)
    )
    assert ((share >= 0) & (share <= 1)).all()


def test_a_place_on_a_sample_needs_that_one_alone() -> None:
    low, high, share = neighbours(np.array([0.0, 3.0, 4.0]), 5)
    np.testing.assert_array_equal(np.where(share > 0, high, low), [0, 3, 4])
