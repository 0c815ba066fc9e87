"""Re-times both ends of a dance: it starts from rest and comes to rest with the music instead of being cut off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tokendance_core.motion.contacts import steady_contacts
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.kinematics import joint_positions, resample, velocities
from tokendance_core.types import MotionClip

_NEAREST, _FURTHEST = 0.3, 1.5  # seconds between an end of the clip and its pose
_CALM = 0.08  # seconds over which stillness is judged
_IN_THE_AIR = 0.5  # m/s of mean joint speed that a pose on one foot costs
_WAIT = 0.1  # m/s of mean joint speed that a second of easing costs


def settle(clip: MotionClip, seconds: float = 1.0, end: float | None = None) -> MotionClip:
    """The clip, starting at rest in a pose near its start and coming to rest at ``end`` in a pose that it then holds;
    its length, and the timing in between, stay.

    ``end``: seconds of the last beat, the clip's last frame if None. Each pose is where the body is slowest on both
    feet, 0.3 to 1.5 times ``seconds`` from its end of the clip, nearer in clips that are too short for that. At time t
    the moment c(t) = c0 + t^2 / 4 c0 of the clip is shown, until it has caught up at t = 2 c0; mirrored at the end.
    Clips shorter than half a second are left alone.
    """
    length = (clip.frames - 1) / clip.fps
    end = length if end is None else min(max(end, 0.0), length)
    furthest = min(_FURTHEST * seconds, end / 4)
    nearest = min(_NEAREST * seconds, furthest / 2)
    if end < 0.5 or furthest * clip.fps < 2:
        return clip
    distances = np.arange(nearest, furthest, 1 / clip.fps)
    near, stop = round((furthest + 4 * _CALM) * clip.fps), round(end * clip.fps) + 1
    lead = _stillest(_unrest(clip.cut(0, near)), distances, clip.fps)
    tail = _stillest(_unrest(clip.cut(max(stop - near, 0), stop))[::-1], distances, clip.fps)
    times = settled_times(np.arange(clip.frames) / clip.fps, lead, tail, end)
    rot6d, root = clip.rot6d.copy(), clip.root.copy()
    for first, last in ((0, int(2 * lead * clip.fps) + 2), (int((end - 2 * tail) * clip.fps), clip.frames)):
        part = resample(clip.cut(first, last), times[first:last] - first / clip.fps, clip.fps)
        rot6d[first:last], root[first:last] = part.rot6d, part.root
    return replace(clip, rot6d=rot6d, root=root)


def settled_times(times: np.ndarray, lead: float, tail: float, end: float) -> np.ndarray:
    """(N,) seconds -> (N,) the seconds of the clip that are shown then: at rest at ``lead`` in the beginning, unchanged
    in between, at rest at ``end - tail`` from ``end`` on.
    """
    gone, left = np.clip(times / (2 * lead), 0, 1), np.clip((end - times) / (2 * tail), 0, 1)
    content: np.ndarray = np.clip(times, 0, end) + lead * (1 - gone) ** 2 - tail * (1 - left) ** 2
    return content


def _unrest(clip: MotionClip) -> np.ndarray:
    """(T,) mean joint speed in m/s, raised where a foot is in the air: the lower, the better a pose to rest in."""
    positions = joint_positions(clip)
    speed = np.linalg.norm(velocities(positions, clip.fps), axis=-1).mean(1)
    standing = steady_contacts(positions, clip.fps).reshape(-1, 2, 2).any(2).all(1)
    return filtered(speed + _IN_THE_AIR * ~standing, gaussian(_CALM * clip.fps))


def _stillest(unrest: np.ndarray, distances: np.ndarray, fps: float) -> float:
    """The best of ``distances``, seconds from an end of the clip, to rest at; ``unrest`` begins at that end."""
    return float(distances[(unrest[np.round(distances * fps).astype(int)] + _WAIT * distances).argmin()])
