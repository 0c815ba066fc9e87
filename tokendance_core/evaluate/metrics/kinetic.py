"""Kinetic features, the space of FID_k and Div_k: how fast and how abruptly each joint moves."""

from __future__ import annotations

import numpy as np

from tokendance_core.errors import DataError
from tokendance_core.motion.skeleton import HORIZONTAL

_HALF_WINDOW = 2
"""Frames to either side over which upstream averages velocity and acceleration."""

_UPSTREAM_FPS = 60.0


def kinetic_features(joints: np.ndarray, fps: float) -> np.ndarray:
    """Joints (T, J, 3) metres, Y up -> (3 J,): mean squared horizontal and vertical speed and mean acceleration, joint
    by joint.

    72 values for 24 joints, in m^2/s^2, m^2/s^2 and m/s^2. Velocity and acceleration are averaged over 5 frames at 60
    fps, the same seconds at another rate (not below 3 frames). Raises DataError below 3 frames.
    Source: fairmotion, changed by Li et al. for AIST++ (paper 4.1), with the acceleration corrected; upstream never was
    (see ``kinetic_features_legacy``), so that no published table of AIST++ or of Lodge's protocol stands on this form.
    Known defects: "energy" without mass; speeds are squared, so that few fast clips rule the covariance.
    """
    half = max(round(_HALF_WINDOW * fps / _UPSTREAM_FPS), 1)
    return _features(joints, fps, half, legacy=False)


def kinetic_features_legacy(joints: np.ndarray, fps: float = _UPSTREAM_FPS) -> np.ndarray:
    """Kinetic features with upstream's acceleration, for comparison with published FID_k; shapes as
    ``kinetic_features``.

    ``fps`` is the *nominal* rate: 60 upstream, even for FineDance's 30 fps (paper 4.4, protocol B). Root handling
    (first root subtracted, or every root) is the caller's, as the protocol has it, and matters here.
    Known defects: v1 = p[i] - p[i-1] / dt lacks its parentheses, so that a third of the features is about (1/dt^2 -
    1/dt) times the distance from the origin instead of an acceleration. fairmotion, the AIST++ API, Bailando, LODGE and
    POPDG all have it, and its correction exists in pull requests that were never merged: tables by protocols A and B
    mean this form.
    """
    return _features(joints, fps, _HALF_WINDOW, legacy=True)


def _features(joints: np.ndarray, fps: float, half: int, legacy: bool) -> np.ndarray:
    p = np.asarray(joints, np.float64)
    if len(p) < 3:
        raise DataError(f"Kinetic features need 3 frames or more, found {len(p)}.", hint="Leave out clips this short.")
    after, before = (p[2:] - p[1:-1]) * fps, (p[1:-1] - p[:-2]) * fps
    if legacy:
        before = p[1:-1] - p[:-2] * fps
    speed = _windowed((p[1:] - p[:-1]) * fps, len(p) - 1, half)
    acceleration = _windowed((after - before) * fps, len(p) - 1, half)
    horizontal, vertical = (speed[..., HORIZONTAL] ** 2).sum(-1).mean(0), (speed[..., 1] ** 2).mean(0)
    by_joint: np.ndarray = np.stack((horizontal, vertical, np.linalg.norm(acceleration, axis=-1).mean(0)), 1)
    return by_joint.ravel()


def _windowed(values: np.ndarray, count: int, half: int) -> np.ndarray:
    """Means of ``values`` (N, …) around the rows 0 to ``count`` - 1, over ``half`` neighbours to either side as far as
    there are any.
    """
    sums = np.concatenate((np.zeros_like(values[:1]), np.cumsum(values, 0)))
    centre = np.arange(count)
    low, high = np.maximum(centre - half, 0), np.minimum(centre + half + 1, len(values))
    means: np.ndarray = (sums[high] - sums[low]) / (high - low)[:, None, None]
    return means
