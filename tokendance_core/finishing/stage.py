"""Keeps a dance on a stage and its face to the audience, step by step; no foot is moved while it stands.

Every place where a foot stands has a rigid motion over the floor of its own and keeps it for as long as the foot stands
there. A new place takes over the motion of the other foot, turned towards the audience and moved towards the middle of
the stage by as much as the coming seconds need. The body goes with the mean of its two feet, and the legs make up for
the difference.

Points of the floor are complex numbers z + ix here: a product with exp(ia) turns them by the heading a about the
origin.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tokendance_core.motion import rotation
from tokendance_core.motion.contacts import runs
from tokendance_core.motion.edits import headings, opening
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.kinematics import velocities
from tokendance_core.types import MotionClip

_MARGIN = 0.25  # metres inside the edge, at most half the radius: for what the body does between steps
_AHEAD = np.arange(0.2, 4.1, 0.2)  # seconds after a step that it is aimed at
_HOMING = 0.15  # m/s at the edge of the stage, ever less towards its middle, by which steps lead back there
_LONGEST = 0.6  # metres by which a step is moved at most: legs have to reach
_PATIENCE = 1.5  # seconds in which a dancer who faces elsewhere would face the audience again
_TURN = np.radians(30.0)  # radians a second, most that steps are turned by
_OWN_TURN, _OWN_TURN_SPAN = np.radians(120.0), 1.2  # a dance that turns so far in so many seconds is left to itself
_SHARE = 0.5  # seconds of turning and moving that one step can make up for
_STEP = 0.13  # seconds; a foot that is up for less has not made a step
_FLIGHT = 0.4  # seconds in the air after which a foot takes over the motion of the other one again
_CREEP = 0.1  # m/s added to a foot's speed: so a foot that hangs in the air gets to its new place too
_EASE = 0.15  # seconds over which the body follows its feet


class _Stand(NamedTuple):
    """A foot (0 left, 1 right) keeps the motion of its place in these frames."""

    start: int
    stop: int
    foot: int


def staged(clip: MotionClip, points: np.ndarray, contacts: np.ndarray, radius: float) -> tuple[MotionClip, np.ndarray]:
    """The clip on a stage of ``radius`` metres, and (T, 4, 3) where its foot points go then, for the legs to reach.

    ``points`` (T, 4, 3): ankle and toe of the left and the right foot; ``contacts`` (T, 4): which of them are on the
    floor. The dance begins in the middle of the stage, facing +Z.
    """
    stands = _stands(contacts.reshape(-1, 2, 2).any(2), clip.fps)
    towards = np.exp(1j * opening(clip))
    motions = _plan(_floor(clip.root) / towards, np.exp(1j * headings(clip)) / towards, stands, clip.fps, radius)
    motions[:, 0] /= towards
    feet = [_carried(points[:, foot : foot + 2].mean(1), foot // 2, stands, motions, clip.fps) for foot in (0, 2)]
    body = filtered(np.mean(feet, axis=0), gaussian(_EASE * clip.fps))
    turn = rotation.heading_matrix(np.angle(body[:, 0]))
    rot6d = clip.rot6d.copy()
    rot6d[:, 0] = rotation.rot6d_from_matrix(turn @ rotation.matrix_from_6d(rot6d[:, 0]))
    return replace(clip, rot6d=rot6d, root=_moved(clip.root, body).astype(np.float32)), np.stack(
        [_moved(points[:, point], feet[point // 2]) for point in range(4)], 1
    )


def _floor(points: np.ndarray) -> np.ndarray:
    """(T, 3) -> (T,) the points of the floor below."""
    below: np.ndarray = points[:, 2] + 1j * points[:, 0].astype(np.float64)
    return below


def _moved(points: np.ndarray, motion: np.ndarray) -> np.ndarray:
    """(T, 3) points after the motion (T, 2), turn and shift; their heights stay."""
    over = motion[:, 0] * _floor(points) + motion[:, 1]
    return np.stack((over.imag, points[:, 1], over.real), -1)


# --- steps ------------------------------------------------------------------------------------------------------------


def _stands(standing: np.ndarray, fps: float) -> list[_Stand]:
    """(T, 2) which foot stands -> every stand of both feet, in order of time.

    Both feet have one at frame 0; a foot that stays in the air has one of a single frame every ``_FLIGHT`` seconds.
    """
    stands, pause = [], max(round(_FLIGHT * fps), 1)
    for foot in (0, 1):
        down = standing[:, foot].copy()
        down[0] = True
        for start, stop in list(runs(~down)):
            if stop - start < _STEP * fps and stop < len(down):
                down[start:stop] = True
            else:
                down[start + pause : stop - pause + 1 : pause] = True
        stands += [_Stand(start, stop, foot) for start, stop in runs(down)]
    return sorted(stands)


def _plan(path: np.ndarray, facing: np.ndarray, stands: list[_Stand], fps: float, radius: float) -> np.ndarray:
    """The motions (N, 2), turn and shift, of the ``stands``; ``path`` and ``facing`` (T,): as danced, 1 faces the
    audience.
    """
    starts = np.array([stand.start for stand in stands])
    later = np.minimum(starts[:, None] + np.round(_AHEAD * fps).astype(int), len(path) - 1)
    ways, outlooks = path[later] - path[starts, None], _outlooks(facing, starts, fps)
    motions = np.tile(np.array([1, -path[0]]), (len(stands), 1))
    reach = max(radius - _MARGIN, radius / 2)
    newest, last = 0, [0, 0]
    for i, (start, _, foot) in enumerate(stands):
        other = last[1 - foot]
        model = other if stands[other].stop > start else newest
        newest = last[foot] = i
        if start:
            seconds = min((start - stands[model].start) / fps, _SHARE)
            turn, shift = motions[model]
            here = turn * path[start] + shift
            to = here + _step(here, turn * ways[i], seconds, reach)
            turn *= _correction(turn * outlooks[i], seconds)
            motions[i] = turn, to - turn * path[start]
    return motions


def _outlooks(facing: np.ndarray, starts: np.ndarray, fps: float) -> np.ndarray:
    """(N,) numbers that point where the dancer faces on average in the seconds after a step; the smaller (1 to 0), the
    more that changes and the faster the dance itself turns around the step.
    """
    total = np.concatenate(([0], np.cumsum(facing)))
    stops = np.minimum(starts + max(round(_AHEAD[-1] * fps), 1), len(facing))
    angles = np.unwrap(np.angle(facing))
    half = round(_OWN_TURN_SPAN / 2 * fps)
    own = angles[np.minimum(starts + half, len(facing) - 1)] - angles[np.maximum(starts - half, 0)]
    calm = np.maximum(1 - np.abs(own) / _OWN_TURN, 0)
    outlooks: np.ndarray = calm * (total[stops] - total[starts]) / (stops - starts)
    return outlooks


def _correction(outlook: complex, seconds: float) -> complex:
    """The turn towards the audience, for its ``seconds``, of a step after which the dancer would face ``outlook``."""
    wanted = -float(np.angle(outlook)) / _PATIENCE
    return complex(np.exp(1j * seconds * abs(outlook) * min(max(wanted, -_TURN), _TURN)))


def _step(here: complex, ways: np.ndarray, seconds: float, reach: float) -> complex:
    """How far a step to ``here`` is moved towards the middle: a little anyway, and its share, for its ``seconds``, of
    what keeps the dancer within ``reach`` metres at the end of all the ``ways`` (M,) ahead.
    """
    ahead = here + ways
    excess = (1 - reach / np.maximum(np.abs(ahead), reach)) * ahead
    worst = int((np.abs(excess) / _AHEAD).argmax())
    homing = _HOMING * here * min(abs(here), reach) / reach**2
    inwards = -seconds * homing - excess[worst] * min(seconds / _AHEAD[worst], 1)
    return complex(inwards / max(abs(inwards) / _LONGEST, 1))


def _carried(track: np.ndarray, foot: int, stands: list[_Stand], motions: np.ndarray, fps: float) -> np.ndarray:
    """(T, 2) motion of the ``foot`` with the ``track`` (T, 3) at any time: between two stands it changes as the foot
    moves.
    """
    own = [i for i, stand in enumerate(stands) if stand.foot == foot]
    speed = np.linalg.norm(velocities(track, fps), axis=-1) + _CREEP
    for i in own:
        speed[stands[i].start : stands[i].stop] = 0
    way = np.cumsum(speed) - speed / 2
    known = way[[stands[i].start for i in own]]
    return np.stack([np.interp(way, known, motions[own, part]) for part in (0, 1)], -1)
