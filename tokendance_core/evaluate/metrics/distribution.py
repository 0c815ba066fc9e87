"""Distances between sets of dances, each a row of features: FID, diversity, and the FID that remains between real
dances.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tokendance_core.errors import DataError

_SMALLEST_SPREAD = 1e-10

_CONSTANT = 1e-8
"""A feature with less spread than this in the reference has no scale."""


def frechet_distance(features: np.ndarray, reference: np.ndarray) -> float:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2) of (N, F) features and (M, F) reference, both z-scored by the
    reference; no unit.

    Raises DataError below 2 rows. Source: Bailando and LODGE (paper 4.3): standard deviation + 1e-10, covariances over
    N - 1. The trace of the root is taken as a sum of singular values: exact for few rows, where upstream's matrix root
    is singular. A feature that never changes in the reference is left out, here and below (see ``varied``): upstream
    divides it by 1e-10 and it swamps the rest. Known defects: biased upwards for few rows, by far more than methods
    differ (``floor``); a feature that hardly ever changes in the reference (a geometric relation seen in one clip)
    still weighs too much.
    """
    made, real = _scored(features, reference), _scored(reference, reference)
    shift = made.mean(0) - real.mean(0)
    spreads = [_spread(rows) for rows in (made, real)]
    common = np.linalg.svd(spreads[0] @ spreads[1].T, compute_uv=False).sum()
    return max(float(shift @ shift + sum((s**2).sum() for s in spreads) - 2 * common), 0.0)


def diversity(features: np.ndarray, reference: np.ndarray) -> float:
    """Mean distance between all pairs of (N, F) features, z-scored by the (M, F) reference; no unit (paper 4.3).

    Raises DataError below 2 rows. Known defect: jitter and drift raise it: it is good where it is close to that of the
    reference.
    """
    rows = _scored(features, reference)
    distances = [np.linalg.norm(rows[i + 1 :] - row, axis=1) for i, row in enumerate(rows[:-1])]
    return float(np.concatenate(distances).mean())


def parts(rows: np.ndarray, count: int, seed: int, draws: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """``draws`` times: ``count`` of (M, F) rows at random, none twice, and the others."""
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        order = rng.permutation(len(rows))
        yield rows[order[:count]], rows[order[count:]]


def floor(reference: np.ndarray, count: int, seed: int = 0, draws: int = 100) -> np.ndarray:
    """FID between real dances: ``count`` rows of (M, F) reference, at most half of them, against the others, (draws,).

    What a perfect model would score with as few dances (paper 4.3 and 8.2): no figure below its spread is a success.
    No row is drawn twice or stands on both sides. Raises DataError below 4 rows. Known defects: windows of one
    recording stand on both sides; the others are fewer than the whole reference, which raises it a little.
    """
    return np.array(
        [frechet_distance(*sides) for sides in parts(reference, min(count, len(reference) // 2), seed, draws)]
    )


def drawn_distances(
    features: np.ndarray, reference: np.ndarray, count: int, seed: int = 0, draws: int = 100
) -> np.ndarray:
    """FID of ``count`` rows of (N, F) features, none twice, against all but ``count`` rows of the reference, (draws,).

    As many rows on either side as in ``floor``, so that both can be compared, whatever N. Raises DataError when either
    side has fewer than 2.
    """
    sides = zip(parts(features, count, seed, draws), parts(reference, count, seed, draws), strict=True)
    return np.array([frechet_distance(made, real) for (made, _), (_, real) in sides])


def varied(reference: np.ndarray) -> np.ndarray:
    """(F,) bool: which features of the (M, F) reference change at all, and so have a scale."""
    changing: np.ndarray = np.asarray(reference, np.float64).std(0) > _CONSTANT
    return changing


def _scored(features: np.ndarray, reference: np.ndarray) -> np.ndarray:
    for rows in (features, reference):
        if len(rows) < 2:
            raise DataError(
                f"A distribution needs 2 dances or more, found {len(rows)}.", hint="Evaluate more songs or clips."
            )
    reference = np.asarray(reference, np.float64)
    kept = varied(reference)
    reference, features = reference[:, kept], np.asarray(features, np.float64)[:, kept]
    scored: np.ndarray = (features - reference.mean(0)) / (reference.std(0) + _SMALLEST_SPREAD)
    return scored


def _spread(rows: np.ndarray) -> np.ndarray:
    """A small matrix R with R^T R = covariance of the rows."""
    return np.linalg.qr((rows - rows.mean(0)) / np.sqrt(len(rows) - 1)).R
