"""Target positions for the feet: standing ones keep their places on the floor, the others their own way from one place
to the next.
"""

from __future__ import annotations

import numpy as np

from tokendance_core.motion.contacts import runs, stances, upper_median
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.skeleton import FLAT, HORIZONTAL, INDEX, OFFSETS
from tokendance_core.types import FPS

FOOT_LENGTH = float(np.linalg.norm(OFFSETS[INDEX["left_foot"]]))
"""Metres from the ankle to the toe."""

_FEET = ((0, 1), (2, 3))  # ankle and toe of the left and the right foot, among the four points
_STEP = 0.17  # seconds in which a foot leaves its place for its own path
_TWIST = 0.3  # seconds in which it turns back to its own heading
_SURE = 0.8  # seconds; a contact as long as this is certainly one with the floor
_HOVER = 0.03  # metres by which a standing foot is lowered at most
_FORGETS = 0.5  # seconds; a foot in the air for longer has its own height again
_LIFTING = 0.03  # metres; a foot this far above its place is leaving
_LOWEST = np.array([0.04, 0.0, 0.04, 0.0])  # metres; an ankle lower than this would have its heel in the floor


def foot_targets(
    points: np.ndarray, contacts: np.ndarray, fps: float, strength: float, foot_length: float = FOOT_LENGTH
) -> np.ndarray:
    """(T, 4, 3) foot points and (T, 4) contacts -> (T, 4, 3) target positions: still while the points stand, on the
    floor, never in it.

    ``strength`` 0 to 1: 0 leaves them where they are. Ankle and toe are ``foot_length`` metres apart wherever the toe
    stands.
    """
    targets = points.copy()
    targets[..., 1] += strength * _lifts(points[..., 1], contacts, fps)
    targets[..., 1] += strength * np.maximum(_LOWEST - targets[..., 1], 0)
    held, places = _places(targets, fps, foot_length)
    wanted = np.where(held[..., None], places - targets[..., HORIZONTAL], 0)
    targets[..., HORIZONTAL] += strength * _pulls(wanted, held, fps)
    firm = np.maximum(filtered(held.astype(float), gaussian(fps / FPS)), held)
    for ankle, toe in _FEET:
        foot = targets[:, toe] - targets[:, ankle]
        misfit = foot[:, HORIZONTAL] - _fitted(foot[:, HORIZONTAL], foot[:, 1], foot_length)
        targets[:, ankle, HORIZONTAL] += strength * firm[:, toe, None] * misfit
    return targets


def _fitted(flat: np.ndarray, rise: np.ndarray, foot_length: float) -> np.ndarray:
    """(…, 2) vectors over the floor from ankle to toe, brought to the length that a foot covers there when its toe is
    ``rise`` (…) metres above its ankle.
    """
    length = np.maximum(np.linalg.norm(flat, axis=-1), 1e-9)
    fitted: np.ndarray = flat * (np.sqrt(np.maximum(foot_length**2 - rise**2, 0)) / length)[..., None]
    return fitted


# --- up and down ------------------------------------------------------------------------------------------------------


def _lifts(heights: np.ndarray, contacts: np.ndarray, fps: float) -> np.ndarray:
    """(T, 4) heights and contacts -> (T, 4) metres by which each point goes up, or down where negative."""
    lifts = np.zeros_like(heights)
    for ankle, toe in _FEET:
        sinking = _sinking(heights[:, toe], contacts[:, toe], fps)
        for point in (ankle, toe):
            # An ankle may be up, on the ball of the foot; a standing toe is down.
            lift = _lift(heights[:, point], contacts[:, point], sinking, FLAT[point], may_be_up=point == ankle)
            lifts[:, point] = _carried_on(lift, contacts[:, point], fps)
    return _evened(filtered(lifts, gaussian(fps / FPS)), contacts, fps)


def _sinking(toe_heights: np.ndarray, stands: np.ndarray, fps: float) -> np.ndarray:
    """(T,) metres, zero or negative: the longer a toe (T,) stands, the surer it is on the floor, and its ankle comes
    along.
    """
    sinking = np.zeros(len(toe_heights))
    for start, stop in runs(stands):
        hover = min(float(upper_median(toe_heights[start:stop])), _HOVER)
        sinking[start:stop] = -hover * min((stop - start) / (_SURE * fps), 1)
    return sinking


def _lift(heights: np.ndarray, stands: np.ndarray, sinking: np.ndarray, flat: float, may_be_up: bool) -> np.ndarray:
    """(T,) metres by which a point goes up while it stands, ``sinking`` (T,) included; ``flat`` is its height in a flat
    foot.
    """
    lift = np.zeros(len(heights))
    for start, stop in runs(stands):
        level = flat
        if may_be_up:
            level = max(float(upper_median(heights[start:stop] + sinking[start:stop])), flat)
        lift[start:stop] = level - heights[start:stop] - sinking[start:stop]
    # A foot on its way up still counts as standing for a moment: it is released gradually, unless it is in the floor.
    total: np.ndarray = sinking + lift * np.exp(-((np.minimum(lift, 0) / _LIFTING) ** 2))
    return total


def _carried_on(lift: np.ndarray, stands: np.ndarray, fps: float) -> np.ndarray:
    """(T,) lift of a point while it stands -> (T,) its lift at all times, which dies away in the air."""
    if not stands.any():
        return np.zeros(len(lift))
    time = np.arange(len(lift))
    last, following = _neighbours(stands)
    since = np.where(last < 0, np.inf, time - last)
    until = np.where(following == len(time), np.inf, following - time)
    fade = np.exp(-((np.minimum(since, until) / (_FORGETS * fps)) ** 2))
    carried_on: np.ndarray = np.interp(time, time[stands], lift[stands]) * fade
    return carried_on


def _evened(lifts: np.ndarray, contacts: np.ndarray, fps: float) -> np.ndarray:
    """(T, 4) lifts with ankle and toe of a foot going up and down together when only one of them stands."""
    pairs = lifts.reshape(-1, 2, 2)
    stands = filtered(contacts.astype(float), gaussian(2.0 * fps / FPS)).reshape(-1, 2, 2)
    share = stands + 1e-2
    together = (share * pairs).sum(2, keepdims=True) / share.sum(2, keepdims=True)
    evened: np.ndarray = stands * pairs + (1 - stands) * together
    return evened.reshape(lifts.shape)


# --- over the floor ---------------------------------------------------------------------------------------------------


def _places(points: np.ndarray, fps: float, foot_length: float) -> tuple[np.ndarray, np.ndarray]:
    """(T, 4, 3) foot points -> (T, 4) bool: it stands, and (T, 4, 2) where; an ankle a foot's length from its toe if
    that stands too.
    """
    held = np.zeros(points.shape[:2], bool)
    places = np.zeros((*points.shape[:2], 2))
    found = stances(points, fps)
    for ankle, toe in _FEET:
        for start, stop in found[toe]:
            held[start:stop, toe] = True
            places[start:stop, toe] = upper_median(points[start:stop, toe, HORIZONTAL])
        for start, stop in found[ankle]:
            held[start:stop, ankle] = True
            place = upper_median(points[start:stop, ankle, HORIZONTAL])
            both = np.flatnonzero(held[start:stop, toe]) + start
            if len(both):
                toe_place = upper_median(places[both, toe])
                rise = upper_median(points[both, toe, 1] - points[both, ankle, 1])
                place = toe_place - _fitted(toe_place - place, rise, foot_length)
            places[start:stop, ankle] = place
    return held, places


def _pulls(wanted: np.ndarray, held: np.ndarray, fps: float) -> np.ndarray:
    """(T, 4, 2) how far each point is from its place where it is ``held`` (T, 4) -> (T, 4, 2) how far each is moved at
    any time.

    A free point goes with the other one of its foot; a free foot goes back to its own path within ``_STEP`` seconds.
    """
    pulls = np.empty_like(wanted)
    for ankle, toe in _FEET:
        foot = _foot_pull(wanted[:, [ankle, toe]], held[:, [ankle, toe]], fps)
        for own, other in ((ankle, toe), (toe, ankle)):
            pulls[:, own] = _point_pull(wanted[:, own], held[:, own], wanted[:, other], held[:, other], foot, fps)
    return pulls


def _foot_pull(wanted: np.ndarray, held: np.ndarray, fps: float) -> np.ndarray:
    """``_pulls`` of ankle and toe, (T, 2, 2) and (T, 2) -> (T, 2) how far their foot is moved as a whole."""
    mean = (held[..., None] * wanted).sum(1) / np.maximum(held.sum(1), 1)[:, None]
    foot: np.ndarray = mean + _bridged(mean, mean, held.any(1), _STEP * fps)
    return foot


def _point_pull(
    own: np.ndarray, own_held: np.ndarray, other: np.ndarray, other_held: np.ndarray, foot: np.ndarray, fps: float
) -> np.ndarray:
    """(T, 2) how far a point is moved: as it wants while it is held, else as the ``other`` one if that is held, else as
    its ``foot``; bridged in between.
    """
    leaving = own - _guide(other, other_held, foot, 1)
    meeting = own - _guide(other, other_held, foot, -1)
    free = np.where(other_held[:, None], other, foot) + _bridged(leaving, meeting, own_held, _TWIST * fps)
    return np.where(own_held[:, None], own, free)


def _guide(other: np.ndarray, other_held: np.ndarray, foot: np.ndarray, step: int) -> np.ndarray:
    """(T, 2) what a point goes by if it is free in the next frame (``step`` 1) or was free in the last one (-1)."""
    beyond = np.clip(np.arange(len(foot)) + step, 0, len(foot) - 1)
    nearest = np.where(other_held[:, None], other, other[beyond])
    return np.where(other_held[beyond, None], nearest, foot)


def _neighbours(held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T,) index of the last held frame up to each frame, -1 if none, and of the next from each frame on, T if none."""
    index = np.arange(len(held))
    last = np.maximum.accumulate(np.where(held, index, -1))
    following = np.minimum.accumulate(np.where(held, index, len(held))[::-1])[::-1]
    return last, following


def _bridged(leaving: np.ndarray, meeting: np.ndarray, held: np.ndarray, frames: float) -> np.ndarray:
    """(T, 2) what carries a free point from its last place to the next one; zero in frames that are ``held`` (T,).

        held       ■ ■ ■ · · · · · · · · · · ■ ■ ■
        leaving        A ▆ ▄ ▂ ▁                      the last held value A fades
        meeting                      ▁ ▂ ▄ ▆ B        the next held value B grows
        bridge           ▆ ▄ ▂ ▁     ▁ ▂ ▄ ▆          their sum

    Each lasts for ``frames``, or for the gap where that is shorter, and is steepest at the held frame: a foot breaks
    away and stops at once.
    """
    last, following = _neighbours(held)
    width = np.maximum(np.minimum(following - last, frames), 1)
    bridge: np.ndarray = _faded(leaving, last, held, width) + _faded(meeting, following, held, width)
    return bridge


def _faded(values: np.ndarray, source: np.ndarray, held: np.ndarray, width: np.ndarray) -> np.ndarray:
    """(T, 2) for frames that are not ``held`` (T,): the value of frame ``source`` (T,), which fades to nothing
    ``width`` (T,) frames from there; zero where there is no such frame.
    """
    distance = np.abs(np.arange(len(held)) - source)
    share = np.clip(1 - distance / width, 0, 1) ** 2
    exists = (source >= 0) & (source < len(held))
    faded: np.ndarray = np.where(exists & ~held, share, 0.0)[:, None] * values[np.clip(source, 0, len(held) - 1)]
    return faded
