"""How certain a figure is: intervals over songs, spread over seeds, and the test of a paired difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval from ``low`` to ``high``; ``sd``: standard deviation over seeds, where these are
    compared.
    """

    mean: float
    low: float
    high: float
    sd: float | None = None


def interval(
    values: Sequence[float] | np.ndarray,
    weights: Sequence[float] | np.ndarray | None = None,
    seed: int = 0,
    draws: int = 2000,
) -> Estimate:
    """Mean of ``values`` (N,), one per song or clip, with its 95 % bootstrap interval (percentiles over resampled
    songs).

    ``weights`` (N,) such as lengths in frames. Raises ValueError without values.
    """
    numbers = np.asarray(values, float)
    if not len(numbers):
        raise ValueError("an interval needs one value or more, found none")
    shares = np.ones(len(numbers)) if weights is None else np.asarray(weights, float)
    chosen = np.random.default_rng(seed).integers(0, len(numbers), (draws, len(numbers)))
    means = (numbers * shares)[chosen].sum(1) / shares[chosen].sum(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Estimate(float(np.average(numbers, weights=shares)), float(low), float(high))


def by_cluster(values: np.ndarray, clusters: Sequence[str]) -> np.ndarray:
    """(seeds, songs) -> (seeds, clusters), the mean over the songs of each cluster: songs of one artist are no
    independent trials.
    """
    names = list(dict.fromkeys(clusters))
    return np.stack([values[:, [name == cluster for cluster in clusters]].mean(1) for name in names], 1)


def over_songs_and_seeds(values: np.ndarray, seed: int = 0) -> Estimate:
    """(seeds, songs) -> mean, interval over songs of each song's mean, and ``sd``: spread of the seeds' means (with two
    or more).
    """
    values = np.atleast_2d(np.asarray(values, float))
    estimate = interval(values.mean(0), seed=seed)
    return replace(estimate, sd=float(values.mean(1).std(ddof=1))) if len(values) > 1 else estimate


def ratio(made: float, real: float) -> float:
    """``made`` as a multiple of ``real``; not a number where that is zero."""
    return made / real if real else float("nan")


def paired_p(larger: Sequence[float] | np.ndarray, smaller: Sequence[float] | np.ndarray) -> float:
    """p of the one-sided Wilcoxon signed-rank test that ``larger`` (N,) exceeds ``smaller`` (N,), pair by pair; 1 when
    they are equal.
    """
    difference = np.subtract(larger, smaller)
    return float(stats.wilcoxon(difference, alternative="greater").pvalue) if np.any(difference) else 1.0
