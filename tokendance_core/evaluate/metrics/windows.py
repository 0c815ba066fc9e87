"""Copies and repetitions: dances compared window by window, relative to the pelvis and its heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics.motion import heading_centred
from tokendance_core.motion import kinematics
from tokendance_core.motion.sampling import neighbours
from tokendance_core.types import MotionClip

RATE = 10.0
"""Frames per second at which dances are compared: a joint at 2 m/s moves 0.2 m between two."""

STRIDE = 0.5
"""Seconds between the windows of a dance that are looked up in a pool."""

_BLOCK = round(STRIDE * RATE)
"""Frames of the pieces that windows are compared by."""

SAME_POSE = 0.1
"""Metres of mean joint distance below which two windows are one and the same phrase."""


def _poses(clip: MotionClip) -> np.ndarray:
    """(T, 24, 3) float32 metres at ``RATE``."""
    joints = heading_centred(clip)
    at = np.arange(int((clip.frames - 1) / clip.fps * RATE + 1e-6) + 1) / RATE * clip.fps
    low, high, share = neighbours(at, clip.frames)
    weight = share[:, None, None]
    poses: np.ndarray = joints[low] * (1 - weight) + joints[high] * weight
    return poses.astype(np.float32)


def _windows(poses: np.ndarray, length: int, stride: int = 1) -> np.ndarray:
    """(T, 24, 3) -> a view (W, length, 24, 3) of all windows, ``stride`` frames apart."""
    return np.moveaxis(np.lib.stride_tricks.sliding_window_view(poses, length, axis=0), -1, 1)[::stride]


@dataclass(frozen=True, eq=False)
class WindowPool:
    """The windows of ``length`` frames at ``RATE`` of some dances, posed once for many searches.

    ``poses`` (T, 24, 3): all dances in a row; ``blocks`` (B, F): the pieces of half a second from every frame on, with
    their ``squares`` (B,); ``outside``: the windows that reach from one dance into the next.
    """

    length: int
    poses: np.ndarray
    blocks: np.ndarray
    squares: np.ndarray
    outside: np.ndarray

    @classmethod
    def of(cls, clips: Sequence[MotionClip], seconds: float = 2.0) -> WindowPool:
        """Windows of ``seconds``, in halves. Raises DataError when no clip is as long as one."""
        length = max(round(seconds / STRIDE), 1) * _BLOCK
        dances = [poses for poses in map(_poses, clips) if len(poses) >= length]
        if not dances:
            raise DataError(
                f"No window of {length / RATE:g} s fits into a pool of {len(clips)} clips.",
                hint="Compare longer dances or shorter windows.",
            )
        poses = np.concatenate(dances)
        # A view of overlapping rows would multiply a hundred times slower than a copy.
        blocks = _windows(poses, _BLOCK).reshape(-1, _BLOCK * poses[0].size).copy()
        ends = np.cumsum([len(dance) for dance in dances])[:-1]
        outside = (ends[:, None] - np.arange(1, length)).ravel()
        return cls(length, poses, blocks, (blocks**2).sum(1), outside)


def nearest_window_distance(clip: MotionClip, pool: WindowPool) -> float:
    """Is it a copy? Mean over windows of the mean joint distance to the nearest window of the pool, metres.

    Windows every half second in the clip and every 0.1 s in the pool; nearest by root mean square; place and heading do
    not matter. The clip itself must not be in the pool. Read it beside the same figure of held-out real dance. Raises
    DataError if the clip is shorter than a window.
    Known defects: a copy played at another speed, or mirrored, is not found; calm dance is near everything.
    """
    poses = _poses(clip)
    if len(poses) < pool.length:
        raise DataError(
            f"No window of {pool.length / RATE:g} s fits into a dance of {clip.seconds:.1f} s.",
            hint="Compare longer dances or shorter windows.",
        )
    wanted = _windows(poses, pool.length, _BLOCK)
    nearest = _windows(pool.poses, pool.length)[_mismatch(poses, pool).argmin(1)]
    return float(np.linalg.norm(nearest - wanted, axis=-1).mean())


def _mismatch(poses: np.ndarray, pool: WindowPool) -> np.ndarray:
    """Squared distances, less each row's own square, of the windows of ``poses`` to all windows of the pool, (W, V).

    A window's distance is the sum over its blocks of half a second: windows overlap, blocks are compared once.
    """
    blocks = _windows(poses, _BLOCK, _BLOCK).reshape(-1, _BLOCK * poses[0].size)
    apart = pool.squares - 2 * blocks @ pool.blocks.T
    parts = pool.length // _BLOCK
    wanted, others = len(blocks) - parts + 1, len(pool.poses) - pool.length + 1
    total: np.ndarray = np.zeros((wanted, others), apart.dtype)
    for i in range(parts):
        total += apart[i : i + wanted, i * _BLOCK : i * _BLOCK + others]
    total[:, pool.outside] = np.inf
    return total


def repetition(
    clip: MotionClip, seconds: float = 8.0, tolerance: float = SAME_POSE, allowed: np.ndarray | None = None
) -> int:
    """How often the most repeated window of ``seconds`` occurs, itself included and without overlap; 0 for a clip
    shorter than that.

    Two windows are the same when their mean joint distance, frame by frame, is at most ``tolerance`` metres.
    ``allowed`` (V, V) bool, ``RATE`` windows a second: pairs that do not count, as when the song repeats there too;
    windows beyond it always count.
    Known defects: a phrase repeated at another tempo or mirrored is not found; standing still is repetition.
    """
    length = round(seconds * RATE)
    poses = _poses(clip)
    count = len(poses) - length + 1
    if count < 1:
        return 0
    same: np.ndarray = over_windows(_pose_distances(poses), length) <= tolerance
    if allowed is not None:
        known = min(count, len(allowed))
        same[:known, :known] &= ~allowed[:known, :known] | np.eye(known, dtype=bool)
    return max(_most_without_overlap(np.flatnonzero(row), length) for row in same)


def over_windows(frames: np.ndarray, length: int) -> np.ndarray:
    """(T, T) values of pairs of frames -> (T - length + 1, T - length + 1) means over pairs of windows."""
    count = max(len(frames) - length + 1, 0)
    total: np.ndarray = np.zeros((count, count), frames.dtype)
    for i in range(length):
        total += frames[i : i + count, i : i + count]
    return total / length


def _pose_distances(poses: np.ndarray) -> np.ndarray:
    """(T, 24, 3) -> (T, T) mean joint distance between all pairs of poses."""
    total = np.zeros((len(poses), len(poses)), np.float32)
    for joint in np.moveaxis(poses, 1, 0):
        squares = (joint**2).sum(1)
        total += np.sqrt(np.maximum(squares[:, None] + squares - 2 * joint @ joint.T, 0.0))
    return total / poses.shape[1]


def _most_without_overlap(starts: np.ndarray, length: int) -> int:
    """How many windows of ``length`` fit among ``starts`` (sorted): always taking the earliest is optimal."""
    taken, at = 0, 0
    while at < len(starts):
        taken += 1
        at = int(np.searchsorted(starts, starts[at] + length))
    return taken


def dance_distance(a: MotionClip, b: MotionClip) -> float:
    """Mean joint distance, frame by frame, of two dances to one song over their common length, metres: do two seeds
    differ?

    Place and heading do not matter. Known defect: the same dance a little late is as far away as another dance.
    """
    b = kinematics.resample_to_fps(b, a.fps)
    frames = min(a.frames, b.frames)
    return float(np.linalg.norm(heading_centred(a)[:frames] - heading_centred(b)[:frames], axis=-1).mean())
