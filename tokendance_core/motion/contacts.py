"""When and where feet stand: contacts with the floor, and the stances in which a point of a foot keeps one place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.kinematics import CONTACT_HEIGHT, CONTACT_SPEED, foot_contacts, joint_positions, velocities
from tokendance_core.motion.skeleton import FEET, FLAT, HORIZONTAL, UP
from tokendance_core.types import FPS, MotionClip

_STANDING = 10.0
"""Percentile of the lowest foot's height over time that counts as the floor: dancers stand more than they jump."""

_SHORTEST_CONTACT = 0.1  # seconds; a shorter touch is noise
_LONGEST_GAP = 0.07  # seconds; a shorter lift is noise
_RISING = 0.4  # m/s; a foot that goes up or down faster is stepping
_BREAKAWAY = 0.9  # m/s; a low foot that has stood sticks until it is faster
_REACH = 0.12  # metres; a foot further from its place has left it
_SHORTEST_STANCE = 0.06  # seconds
_SLIP = 0.03  # seconds before and after the frame in which a foot goes from one place to the next


def clearance(positions: np.ndarray) -> np.ndarray:
    """(T, 24, 3) joint positions of our skeleton -> (T,) metres from a flat foot on the floor up to its lowest foot."""
    lowest: np.ndarray = (positions[:, list(FEET), 1] - FLAT).min(1)
    return lowest


def stand_on_floor(clip: MotionClip) -> MotionClip:
    """The clip moved up or down as a whole, so that its feet stand at y = 0."""
    if not clip.frames:
        return clip
    floor = np.percentile(clearance(joint_positions(clip)), _STANDING)
    return replace(clip, root=(clip.root - floor * UP).astype(np.float32))


def runs(mask: np.ndarray) -> Iterator[tuple[int, int]]:
    """(start, stop) of every stretch of True in ``mask`` (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def upper_median(track: np.ndarray) -> np.ndarray:
    """(N, …) -> (…): the upper median of each coordinate; many times faster than numpy's on a few frames."""
    median: np.ndarray = np.sort(track, axis=0)[len(track) // 2]
    return median


def _without_flicker(contacts: np.ndarray, fps: float) -> np.ndarray:
    """(T, K) bool with lifts that are too short filled in, and then touches that are too short taken out."""
    contacts = contacts.copy()
    for column in contacts.T:
        for start, stop in list(runs(~column)):
            if start > 0 and stop < len(column) and stop - start <= _LONGEST_GAP * fps:
                column[start:stop] = True
        for start, stop in list(runs(column)):
            if stop - start < _SHORTEST_CONTACT * fps:
                column[start:stop] = False
    return contacts


def steady_contacts(positions: np.ndarray, fps: float) -> np.ndarray:
    """(T, 24, 3) joint positions -> (T, 4) bool: ``foot_contacts`` of the smoothed motion without steps and flicker."""
    calm = positions.copy()
    calm[:, list(FEET)] = filtered(positions[:, list(FEET)], gaussian(2.0 * fps / FPS))
    rising = np.abs(velocities(calm[:, list(FEET), 1], fps))
    return _without_flicker(foot_contacts(calm, fps) & (rising < _RISING), fps)


def stances(points: np.ndarray, fps: float) -> list[list[tuple[int, int]]]:
    """(T, 4, 3) foot points -> for each of the four, in order of time, the (start, stop) frames in which it keeps one
    place.

    As with friction, a point that is low and slow sticks to its place until it is torn off. So a stance lasts longer
    than the foot is still, and a slow glide becomes a few quick steps; a fast glide is left alone.
    """
    calm = filtered(points, gaussian(fps / FPS))
    speed = np.linalg.norm(velocities(calm[..., HORIZONTAL], fps), axis=-1)
    sticks = (speed < _BREAKAWAY) & (calm[..., 1] - FLAT < CONTACT_HEIGHT)
    return [
        sorted(piece for run in runs(sticks[:, i]) for piece in _pieces(calm[:, i, HORIZONTAL], speed[:, i], run, fps))
        for i in range(4)
    ]


def _pieces(track: np.ndarray, speed: np.ndarray, run: tuple[int, int], fps: float) -> Iterator[tuple[int, int]]:
    """(start, stop) of the pieces of a ``run``, cut where the point is fastest until each piece stays near one place; a
    piece that is never slow is left out.

    ``track`` (T, 2) metres over the floor, ``speed`` (T,) m/s.
    """
    slip, shortest = max(round(_SLIP * fps), 1), max(round(_SHORTEST_STANCE * fps), 2)
    waiting = [run]
    while waiting:
        start, stop = waiting.pop()
        slow = speed[start:stop] < CONTACT_SPEED
        first = start if start == run[0] else start + slip
        last = stop if stop == run[1] else stop - slip
        if last - first < shortest or not slow.any():
            continue
        away = track[start:stop] - upper_median(track[start:stop][slow])
        if (away**2).sum(-1).max() <= _REACH**2:
            yield first, last
            continue
        cut = start + int(speed[start:stop].argmax())
        waiting += [(start, cut), (cut + 1, stop)]
