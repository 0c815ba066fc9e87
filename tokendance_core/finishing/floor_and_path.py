"""Moves the whole dancer: to the height of the floor, and along the path on which standing feet slide least."""

from __future__ import annotations

import numpy as np

from tokendance_core.motion.contacts import clearance
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.skeleton import FEET, HORIZONTAL, UP
from tokendance_core.types import FPS

# seconds over which a corrected path may leave the original one; the legs take up what is left (where the dance may go
# is not decided here but in ``stage.py``)
_LEASH = 0.3
_SUSTAINED = 0.4  # seconds over which feet that move together are skating
_TOLERATED = 0.1  # m/s; a slower drift is left to the legs
_CALM = 0.1  # m/s; the faster a foot beyond this, the less it counts as standing
_MAX_LEVEL = 0.15  # metres; a larger offset is floor work or a leap, not a wrong floor


def floor_shift(positions: np.ndarray, fps: float, window: float = 6.0, percentile: float = 20.0) -> np.ndarray:
    """(T, 24, 3) joint positions -> (T, 3) metres: slow shift up or down after which the lowest foot usually has the
    height of a flat one; ``window`` in seconds.
    """
    lowest = clearance(positions)
    half = max(int(window * fps / 2), 1)
    centres = np.arange(0, len(lowest) + half, max(half // 3, 1)).clip(max=len(lowest) - 1)
    floor = np.array([np.percentile(lowest[max(c - half, 0) : c + half], percentile) for c in centres])
    floor = np.interp(np.arange(len(lowest)), centres, np.clip(floor, -_MAX_LEVEL, _MAX_LEVEL))
    return filtered(floor, gaussian(half / 3))[:, None] * -UP


def _solve_tridiagonal(diagonal: np.ndarray, beside: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve a symmetric positive tridiagonal system, (T,), (T - 1,), (T, K) -> (T, K), by elimination."""
    factors, pivots = [0.0], [float(diagonal[0])]
    for main, off in zip(diagonal[1:].tolist(), beside.tolist(), strict=True):
        factors.append(off / pivots[-1])
        pivots.append(main - factors[-1] * off)
    columns = []
    for column in right.T.tolist():
        for i in range(1, len(column)):
            column[i] -= factors[i] * column[i - 1]
        column[-1] /= pivots[-1]
        for i in range(len(column) - 2, -1, -1):
            column[i] = column[i] / pivots[i] - factors[i + 1] * column[i + 1]
        columns.append(column)
    return np.array(columns).T


def path_shift(positions: np.ndarray, contacts: np.ndarray, fps: float) -> np.ndarray:
    """(T, 24, 3) joint positions and (T, 4) contacts -> (T, 3) metres: shift over the floor after which standing feet
    slide least.

    Skating of the whole dancer that lasts for seconds is taken out entirely. For the rest, finds the offset x(t) with
    the least sum of w |v + dx|^2 + 0.05 |dx|^2 + |x|^2 / leash^2: w and v are the weight and the slide of the standing
    feet in a frame (the calmest weigh most), dx is the change of the offset in a frame. Where no foot stands, the path
    keeps its own speed.
    """
    slide = np.diff(positions[:, list(FEET)][..., HORIZONTAL], axis=0)
    trust = (contacts[1:] & contacts[:-1]) / (1 + (np.linalg.norm(slide, axis=-1) * fps / _CALM) ** 2)
    trust = filtered(trust, gaussian(fps / FPS))
    skating = _skating((trust[..., None] * slide).sum(1), trust.sum(1)[:, None], fps)
    pull = (trust[..., None] * (slide - skating[:, None])).sum(1)
    spring = trust.sum(1) + 0.05
    diagonal = np.full(len(positions), 1 / (_LEASH * fps) ** 2)
    diagonal[:-1] += spring
    diagonal[1:] += spring
    right = np.concatenate((pull, np.zeros((1, 2)))) - np.concatenate((np.zeros((1, 2)), pull))
    offset = _solve_tridiagonal(diagonal, -spring, right)
    offset[1:] -= np.cumsum(skating, axis=0)
    shift = np.zeros((len(positions), 3))
    shift[:, HORIZONTAL] = filtered(offset, gaussian(1.5 * fps / FPS))
    return shift


def _skating(pull: np.ndarray, trust: np.ndarray, fps: float) -> np.ndarray:
    """Weighted slide (T, 2) and its weight (T, 1) in each frame -> (T, 2) metres per frame by which standing feet keep
    moving for seconds.
    """
    slow = gaussian(_SUSTAINED * fps)
    mean = filtered(pull, slow) / (filtered(trust, slow) + 0.05)
    speed = np.linalg.norm(mean, axis=-1, keepdims=True) * fps
    skating: np.ndarray = mean * np.maximum(1 - _TOLERATED / np.maximum(speed, 1e-9), 0)
    return skating
