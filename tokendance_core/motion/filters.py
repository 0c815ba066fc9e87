"""Low pass along time, shared by finishing and metrics."""

from __future__ import annotations

from functools import reduce

import numpy as np


def gaussian(sigma: float) -> np.ndarray:
    """(2 r + 1,) weights of a Gaussian of ``sigma`` samples that sum to one, r = three sigma rounded up."""
    reach = max(int(np.ceil(3 * sigma)), 1)
    weights: np.ndarray = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    return weights


def filtered(values: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """(T, …) convolved along time with a symmetric kernel of odd length, the ends held."""
    reach = len(kernel) // 2
    padded = np.concatenate((np.repeat(values[:1], reach, 0), values, np.repeat(values[-1:], reach, 0)))
    total: np.ndarray = reduce(np.add, (weight * padded[i : i + len(values)] for i, weight in enumerate(kernel)))
    return total
