"""How sure a figure is: intervals over songs, spread over seeds, and the test of a paired difference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

Figure = dict[str, float]
"""A mean with what is known about it: ``mean``, ``low`` and ``high`` of its interval; ``sd`` where seeds are compared.
"""


def interval(
    values: Sequence[float], weights: Sequence[float] | None = None, seed: int = 0, draws: int = 2000
) -> Figure:
    """Mean of ``values`` (N,), one per song or clip, with its 95 % bootstrap interval (percentiles over resampled
    songs).

    ``weights`` (N,) such as lengths in frames. Raises ValueError without values.
    """
    values = np.asarray(values, float)
    if not len(values):
        raise ValueError("an interval needs one value or more, found none")
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, float)
    chosen = np.random.default_rng(seed).integers(0, len(values), (draws, len(values)))
    means = (values * weights)[chosen].sum(1) / weights[chosen].sum(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return {"mean": float(np.average(values, weights=weights)), "low": float(low), "high": float(high)}


def over_songs_and_seeds(values: np.ndarray, seed: int = 0) -> Figure:
    """(seeds, songs) -> mean, interval over songs of each song's mean, and ``sd``: spread of the seeds' means (with two
    or more).
    """
    values = np.atleast_2d(np.asarray(values, float))
    figure = interval(values.mean(0), seed=seed)
    return figure | ({"sd": float(values.mean(1).std(ddof=1))} if len(values) > 1 else {})


def paired_p(larger: Sequence[float], smaller: Sequence[float]) -> float:
    """p of the one-sided Wilcoxon signed-rank test that ``larger`` (N,) exceeds ``smaller`` (N,), pair by pair; 1 when
    they are equal.
    """
    difference = np.subtract(larger, smaller)
    return float(stats.wilcoxon(difference, alternative="greater").pvalue) if np.any(difference) else 1.0
