"""Reading samples between samples."""

from __future__ import annotations

import numpy as np


def neighbours(at: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places ``at`` (N,) among ``count`` samples, in samples -> (N,) int sample before, (N,) int sample after, and (N,)
    share of the one after, 0 to 1.

    Places beyond the ends are moved to them. With a single sample both neighbours are that one.
    """
    at = np.clip(np.asarray(at, np.float64), 0, count - 1)
    low = np.minimum(at.astype(int), max(count - 2, 0))
    return low, np.minimum(low + 1, count - 1), at - low
