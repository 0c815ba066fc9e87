"""Where feet shall be: standing ones in their places on the floor, the others on their own way from one place to the
next.
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
_TWIST = 0.3  # seconds in which it turns back into its own heading
_SURE = 0.8  # seconds; a contact as long as this is one with the floor
_HOVER = 0.03  # metres by which a standing foot is lowered at most
_FORGETS = 0.5  # seconds; a foot in the air for longer has its own height again
_LIFTING = 0.03  # metres; a foot this far above its place is leaving
_LOWEST = np.array([0.04, 0.0, 0.04, 0.0])  # metres; an ankle lower than this would have its heel in the floor


def foot_targets(
    points: np.ndarray, contacts: np.ndarray, fps: float, strength: float, foot_length: float = FOOT_LENGTH
) -> np.ndarray:
    """(T, 4, 3) foot points and (T, 4) contacts -> where the points shall be: still while they stand, on the floor,
    never in it.

    ``strength`` 0 to 1: 0 leaves them where they are. Ankle and toe are ``foot_length`` metres apart wherever the toe
    stands.
    """
    moved = points.copy()
    moved[..., 1] += strength * _lifts(points[..., 1], contacts, fps)
    moved[..., 1] += strength * np.maximum(_LOWEST - moved[..., 1], 0)
    held, places = _places(moved, fps, foot_length)
    moved[..., HORIZONTAL] += strength * _pulls(
        np.where(held[..., None], places - moved[..., HORIZONTAL], 0), held, fps
    )
    firm = np.maximum(filtered(held.astype(float), gaussian(fps / FPS)), held)
    for ankle, toe in _FEET:
        across = moved[:, toe] - moved[:, ankle]
        misfit = across[:, HORIZONTAL] - _along(across[:, HORIZONTAL], across[:, 1], foot_length)
        moved[:, ankle, HORIZONTAL] += strength * firm[:, toe, None] * misfit
    return moved


def _along(across: np.ndarray, drop: np.ndarray, foot_length: float) -> np.ndarray:
    """(…, 2) vectors over the floor brought to the length that a foot covers there when its toe is ``drop`` (…) above
    its ankle.
    """
    length = np.maximum(np.linalg.norm(across, axis=-1), 1e-9)
    return across * (np.sqrt(np.maximum(foot_length**2 - drop**2, 0)) / length)[..., None]


# --- up and down ------------------------------------------------------------------------------------------------------


def _lifts(heights: np.ndarray, contacts: np.ndarray, fps: float) -> np.ndarray:
    """(T, 4) heights and contacts -> (T, 4): how far each point goes up or down; ankle and toe together when only one
    of them stands.
    """
    lifts = np.zeros_like(heights)
    time = np.arange(len(heights))
    for ankle, toe in _FEET:
        sunk = np.zeros(len(heights))
        for i in (toe, ankle):
            column, flat = contacts[:, i], FLAT[i]
            lift = np.zeros(len(heights))
            for start, stop in runs(column):
                usual = upper_median(heights[start:stop, i] + sunk[start:stop])
                if i == toe:
                    # A toe that stands for long is on the floor, and brings its ankle along.
                    sunk[start:stop] = -min(usual, _HOVER) * min((stop - start) / (_SURE * fps), 1)
                # An ankle may be up, on the ball of the foot.
                place = flat if i == toe else max(usual, flat)
                lift[start:stop] = place - heights[start:stop, i] - sunk[start:stop]
            # A foot on its way up still counts as standing for a moment: it is let go gradually, one in the floor is
            # not.
            lift = sunk + lift * np.exp(-((np.minimum(lift, 0) / _LIFTING) ** 2))
            if column.any():
                last, following = _neighbours(column)
                alone = np.minimum(
                    np.where(last < 0, np.inf, time - last), np.where(following == len(time), np.inf, following - time)
                )
                lifts[:, i] = np.interp(time, time[column], lift[column]) * np.exp(-((alone / (_FORGETS * fps)) ** 2))
    lifts = filtered(lifts, gaussian(fps / FPS)).reshape(-1, 2, 2)
    stands = filtered(contacts.astype(float), gaussian(2.0 * fps / FPS)).reshape(-1, 2, 2)
    share = stands + 1e-2
    together = (share * lifts).sum(2, keepdims=True) / share.sum(2, keepdims=True)
    return (stands * lifts + (1 - stands) * together).reshape(heights.shape)


# --- over the floor ---------------------------------------------------------------------------------------------------


def _places(points: np.ndarray, fps: float, foot_length: float) -> tuple[np.ndarray, np.ndarray]:
    """(T, 4, 3) foot points -> (T, 4) bool: it stands, and (T, 4, 2) where; an ankle a foot's length from its toe if
    that stands too.
    """
    held = np.zeros(points.shape[:2], bool)
    places = np.zeros((*points.shape[:2], 2))
    found = stances(points, fps)
    for ankle, toe in _FEET:
        for i in (toe, ankle):
            for start, stop in found[i]:
                places[start:stop, i] = upper_median(points[start:stop, i, HORIZONTAL])
                held[start:stop, i] = True
                both = np.flatnonzero(held[start:stop, toe]) + start
                if i == ankle and len(both):
                    stands = upper_median(places[both, toe])
                    drop = upper_median(points[both, toe, 1] - points[both, ankle, 1])
                    places[start:stop, i] = stands - _along(stands - places[start, i], drop, foot_length)
    return held, places


def _pulls(wanted: np.ndarray, held: np.ndarray, fps: float) -> np.ndarray:
    """(T, 4, 2) how far each point is from its place where it is ``held`` (T, 4) -> (T, 4, 2) how far each is moved at
    any time.

    A point that is free goes with the other one of its foot; a free foot goes back to its own path within ``frames``.
    """
    pulls = np.empty_like(wanted)
    for ankle, toe in _FEET:
        pair = held[:, [ankle, toe], None]
        foot = (pair * wanted[:, [ankle, toe]]).sum(1) / np.maximum(pair.sum(1), 1)
        foot = foot + _bridged(foot, foot, pair.any((1, 2)), _STEP * fps)
        for own, other in ((ankle, toe), (toe, ankle)):
            beside = wanted[:, other], held[:, other, None]
            leaving, meeting = (wanted[:, own] - _guide(*beside, foot, step) for step in (1, -1))
            free = np.where(beside[1], beside[0], foot) + _bridged(leaving, meeting, held[:, own], _TWIST * fps)
            pulls[:, own] = np.where(held[:, own, None], wanted[:, own], free)
    return pulls


def _guide(other: np.ndarray, other_held: np.ndarray, foot: np.ndarray, step: int) -> np.ndarray:
    """(T, 2) what a point goes by that is free from the next frame on (``step`` 1) or was until the last (-1)."""
    ahead = np.clip(np.arange(len(foot)) + step, 0, len(foot) - 1)
    return np.where(other_held[ahead], np.where(other_held, other, other[ahead]), foot)


def _neighbours(held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T,) index of the last held frame up to each frame, -1 if none, and of the next from each frame on, T if none."""
    index = np.arange(len(held))
    last = np.maximum.accumulate(np.where(held, index, -1))
    return last, np.minimum.accumulate(np.where(held, index, len(held))[::-1])[::-1]


def _bridged(leaving: np.ndarray, meeting: np.ndarray, held: np.ndarray, frames: float) -> np.ndarray:
    """(T, 2) for the frames that are not ``held`` (T,): the last held value of ``leaving`` and the next of ``meeting``,
    dying away.

    Quick at the foot and slow at the far end, within ``frames`` or the gap: a foot breaks away and stops at once.
    """
    index = np.arange(len(held))
    last, following = _neighbours(held)
    width = np.maximum(np.minimum(following - last, frames), 1)
    bridge = np.zeros_like(leaving)
    for values, edge in ((leaving, last), (meeting, following)):
        known = (edge >= 0) & (edge < len(held)) & ~held
        fade = known * np.clip(1 - np.abs(index - edge) / width, 0, 1) ** 2
        bridge += fade[:, None] * values[np.clip(edge, 0, len(held) - 1)]
    return bridge
