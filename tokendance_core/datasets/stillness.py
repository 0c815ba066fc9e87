"""Where somebody stands instead of dancing: before and after a take, and in its middle."""

from __future__ import annotations

import numpy as np

from tokendance_core.motion.contacts import runs
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.kinematics import joint_positions, velocities
from tokendance_core.types import MotionClip

_SLOW = 0.1
"""Mean speed in m/s of the joints as seen from the pelvis, below which a body stands: its sway moves the pelvis along
and is left out so.
"""

_SMOOTHING = 0.15  # seconds
_SHORTEST_STILLNESS = 0.5  # seconds; a shorter one is an accent of the dance
_SHORTEST_DANCE = 1.0  # seconds; a shorter movement amid stillness is a fidget
_MARGIN = 0.3  # seconds kept before the dance begins and after it ends


def still(clip: MotionClip) -> np.ndarray:
    """(T,) bool: the dancer stands still, here and for half a second or more."""
    positions = joint_positions(clip)
    relative = velocities(positions - positions[:, :1], clip.fps)
    speed = filtered(np.linalg.norm(relative, axis=-1).mean(1), gaussian(_SMOOTHING * clip.fps))
    return _lasting(speed < _SLOW, _SHORTEST_STILLNESS * clip.fps)


def dance_span(clip: MotionClip) -> tuple[int, int]:
    """(start, stop) frames of the dance, without the standing before and after it but for ``_MARGIN``; the whole clip
    if nobody dances in it.
    """
    dancing = np.flatnonzero(_lasting(~still(clip), _SHORTEST_DANCE * clip.fps))
    if not len(dancing):
        return 0, clip.frames
    margin = round(_MARGIN * clip.fps)
    return max(int(dancing[0]) - margin, 0), min(int(dancing[-1]) + 1 + margin, clip.frames)


def _lasting(mask: np.ndarray, shortest: float) -> np.ndarray:
    """``mask`` (T,) without runs of fewer than ``shortest`` frames."""
    lasting = np.zeros_like(mask)
    for start, stop in runs(mask):
        lasting[start:stop] = stop - start >= shortest
    return lasting
