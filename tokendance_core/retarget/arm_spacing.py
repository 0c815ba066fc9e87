"""Arms of a rig with a body of its own: forearms and hands stay out of trunk, head and thighs, and hands that meet are
as far apart as the dancer's.

An arm that is nowhere in the body stays as it is. One that is, is moved out the shortest way, elbow and wrist alike,
and what moves it is smoothed over time; so a hand that rests on the hip rests there, and none jumps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tokendance_core.motion import rotation
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.rotation import unit
from tokendance_core.motion.skeleton import INDEX, SIDES
from tokendance_core.retarget.posing import Posture
from tokendance_core.retarget.rest_pose import RestPose
from tokendance_core.types import FPS, BodyShape, Capsule, Rig

ARMS = tuple(f"{side}_{joint}" for side in SIDES for joint in ("shoulder", "elbow", "wrist"))
TRUNK = ("pelvis", "spine3")

_WIDTH, _DEPTH = 0.85, 0.6  # half axes of a trunk without skin as parts of half the shoulders' width
_WRIST = 0.05  # metres around a wrist without skin that belong to the hand
_FOREARM = (0.4, 0.6, 0.8, 1.0)  # places along a forearm at which it is kept out; nearer to the elbow bodies touch
_HAND = (0.5, 1.0)  # likewise along a hand
_NEAR = 0.30  # metres between wrists below which hands count as meeting; from twice that on they begin to
_CALM = 3.0  # frames at 30 fps over which a correction fades in and out
_ROUNDS = 8  # times that arms are moved out of what the smoothing of former moves has left them in
_PUSHES = 6  # times in a round that what is deepest in is moved out
_REACH = 0.995  # of an arm's length that its wrist is moved to at most
_AT_ONCE = 1000  # frames that are looked at together: they fit the cache
_STILL = 1e-6  # metres; an arm that is moved by less is left as it is


@dataclass(frozen=True, eq=False)
class _Arms:
    """Both arms in metres in our axes: ``shoulders``, ``elbows``, ``wrists`` (T, 2, 3), and ``hands`` (T, 2, 3) from
    the wrists to their ends; ``radii`` (2, N) of each arm at its places along forearm and hand.
    """

    shoulders: np.ndarray
    elbows: np.ndarray
    wrists: np.ndarray
    hands: np.ndarray
    radii: np.ndarray

    def at(self, frames: np.ndarray) -> _Arms:
        """Both arms at some of the frames."""
        return _Arms(self.shoulders[frames], self.elbows[frames], self.wrists[frames], self.hands[frames], self.radii)


def joints(rest: RestPose, body: BodyShape | None) -> tuple[str, ...]:
    """The joints whose posture ``space_arms`` asks for; empty where a rig has not the bones for it."""
    if not all(joint in rest.bones for joint in (*ARMS, *TRUNK)):
        return ()
    carriers = {capsule.joint for capsule in body.capsules} if body is not None else set()
    return (*ARMS, *TRUNK, *sorted(carriers - {*ARMS, *TRUNK}))


def space_arms(
    rig: Rig,
    rest: RestPose,
    posture: Posture,
    global_rotations: np.ndarray,
    positions: np.ndarray,
    fps: float,
    strength: float,
    body: BodyShape | None = None,
) -> np.ndarray:
    """Global rotations (T, 24, 3, 3) with arms that stay out of the body, and as near to each other as the dancer's.

    ``posture``: the rig in its unspaced pose; ``positions`` (T, 24, 3) of our skeleton; ``strength`` 0 to 1.
    """
    capsules = body.capsules if body is not None and body.capsules else tuple(_assumed(rest))
    arms = _arms(rig, rest, posture, capsules, len(positions))
    dancer = np.stack([positions[:, INDEX[f"{side}_wrist"]] for side in SIDES], 1)
    obstacles = _obstacles(rig, rest, posture, capsules, len(positions))
    elbows, wrists = _spaced(arms, obstacles, _meeting(arms.wrists, dancer), fps, strength)
    spaced = global_rotations.copy()
    for number, side in enumerate(SIDES):
        moved = np.linalg.norm(wrists - arms.wrists, axis=-1) + np.linalg.norm(elbows - arms.elbows, axis=-1)
        frames = np.flatnonzero(moved[:, number] > _STILL)
        shoulder, elbow, wrist = (track[frames, number] for track in (arms.shoulders, arms.elbows, arms.wrists))
        to_elbow, to_wrist = elbows[frames, number], wrists[frames, number]
        for joint, before, after in (
            ("shoulder", elbow - shoulder, to_elbow - shoulder),
            ("elbow", wrist - elbow, to_wrist - to_elbow),
        ):
            index = INDEX[f"{side}_{joint}"]
            spaced[frames, index] = rotation.shortest_arc(before, after) @ spaced[frames, index]
    return spaced


def _meeting(wrists: np.ndarray, dancer: np.ndarray) -> np.ndarray:
    """(T, 2, 3): moves of both wrists that set them as far apart as the dancer's, where those come near each other."""
    apart, wanted = (both[:, 0] - both[:, 1] for both in (wrists, dancer))
    near = np.clip(2 - np.linalg.norm(wanted, axis=-1, keepdims=True) / _NEAR, 0.0, 1.0)
    move = near * near * (3 - 2 * near) * 0.5 * (wanted - apart)
    return np.stack((move, -move), 1)


# --- bodies -----------------------------------------------------------------------------------------------------------


def _assumed(rest: RestPose) -> Iterator[Capsule]:
    """A body without skin: a trunk as wide as the shoulders tell, and hands."""
    half = float(np.linalg.norm(rest.head("left_shoulder") - rest.head("right_shoulder"))) / 2
    aside = (_WIDTH - _DEPTH) * half * rest.axes[:, 0]
    low, high = (rest.head(joint) for joint in TRUNK)
    for part in np.linspace(0.1, 0.9, 5):
        middle = low + part * (high - low)
        yield Capsule(TRUNK[int(part > 0.5)], np.stack((middle + aside, middle - aside)), _DEPTH * half)
    for side in SIDES:
        wrist = rest.head(f"{side}_wrist")
        yield Capsule(f"{side}_wrist", np.stack((wrist, wrist)), _WRIST * rest.scale)


def _posed(rig: Rig, rest: RestPose, posture: Posture, capsule: Capsule) -> np.ndarray:
    """(T or 1, 2, 3) the ends of a capsule in metres in our axes, where its bone is."""
    bone = rest.bones[capsule.joint]
    local = (capsule.ends - rig.heads[bone]) @ rig.rest[bone, :3, :3]
    ends = posture.heads[bone][:, None] + posture.scales[bone] * local @ posture.turns[bone].swapaxes(-1, -2)
    placed: np.ndarray = ends @ rest.axes / rest.scale
    return placed


def _obstacles(
    rig: Rig, rest: RestPose, posture: Posture, capsules: tuple[Capsule, ...], frames: int
) -> tuple[np.ndarray, np.ndarray]:
    """(T, K, 2, 3) ends and (K,) radii of what arms keep out of: everything but arms."""
    found = [capsule for capsule in capsules if capsule.joint not in ARMS]
    ends = [np.broadcast_to(_posed(rig, rest, posture, capsule), (frames, 2, 3)) for capsule in found]
    radii = np.array([capsule.radius for capsule in found]) / rest.scale
    return np.stack(ends, 1) if ends else np.empty((frames, 0, 2, 3)), radii


def _arms(rig: Rig, rest: RestPose, posture: Posture, capsules: tuple[Capsule, ...], frames: int) -> _Arms:
    own = {capsule.joint: capsule for capsule in capsules}
    shoulders, elbows, wrists = (
        np.stack([_head(rest, posture, f"{side}_{joint}", frames) for side in SIDES], 1)
        for joint in ("shoulder", "elbow", "wrist")
    )
    hands, radii = np.zeros((frames, 2, 3)), np.zeros((2, len(_FOREARM) + len(_HAND)))
    for number, side in enumerate(SIDES):
        forearm, hand = own.get(f"{side}_elbow"), own.get(f"{side}_wrist")
        if forearm is not None:
            radii[number, : len(_FOREARM)] = forearm.radius / rest.scale
        if hand is not None:
            radii[number, len(_FOREARM) :] = hand.radius / rest.scale
            hands[:, number] = _posed(rig, rest, posture, hand)[:, 1] - wrists[:, number]
    return _Arms(shoulders, elbows, wrists, hands, radii)


def _head(rest: RestPose, posture: Posture, joint: str, frames: int) -> np.ndarray:
    """(T, 3) where a joint is, metres in our axes."""
    head: np.ndarray = np.broadcast_to(posture.heads[rest.bones[joint]] @ rest.axes / rest.scale, (frames, 3))
    return head


# --- out of the body --------------------------------------------------------------------------------------------------


def _spaced(
    arms: _Arms, obstacles: tuple[np.ndarray, np.ndarray], meeting: np.ndarray, fps: float, strength: float
) -> tuple[np.ndarray, np.ndarray]:
    """(T, 2, 3) elbows and wrists out of the ``obstacles``."""
    smooth = gaussian(_CALM * fps / FPS)
    by_elbow, by_wrist = np.zeros_like(meeting), filtered(meeting, smooth)
    frames = np.arange(len(meeting))
    for _ in range(_ROUNDS):
        elbows, wrists = _joined(arms, arms.elbows + by_elbow, arms.wrists + by_wrist)
        out_elbows, out_wrists = _moved_out(arms, elbows, wrists, frames, *obstacles)
        # An arm that was nowhere in the body and is not moved stays out of it.
        frames = np.flatnonzero(
            (filtered(np.abs(out_wrists - wrists) + np.abs(out_elbows - elbows), smooth) > 0).any((1, 2))
        )
        by_elbow = elbows - arms.elbows + filtered(out_elbows - elbows, smooth)
        by_wrist = wrists - arms.wrists + filtered(out_wrists - wrists, smooth)
    return _joined(arms, arms.elbows + strength * by_elbow, arms.wrists + strength * by_wrist)


def _joined(arms: _Arms, elbows: np.ndarray, wrists: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Elbows and wrists (T, 2, 3) of arms as long as they are, with their wrists there as far as they reach, their
    elbows as near to there as can be.
    """
    upper, lower, reached = (
        np.linalg.norm(end - start, axis=-1, keepdims=True)
        for start, end in (*pairwise((arms.shoulders, arms.elbows, arms.wrists)), (arms.shoulders, arms.wrists))
    )
    way = unit(wrists - arms.shoulders)
    longest = np.maximum(_REACH * (upper + lower), reached)
    distance = np.linalg.norm(wrists - arms.shoulders, axis=-1, keepdims=True)
    distance = np.clip(distance, np.abs(upper - lower) + 1e-6, longest)
    along = (upper**2 - lower**2 + distance**2) / (2 * distance)
    aside = elbows - arms.shoulders
    aside = unit(aside - (aside * way).sum(-1, keepdims=True) * way)
    found = arms.shoulders + along * way + np.sqrt(np.maximum(upper**2 - along**2, 0.0)) * aside
    return found, arms.shoulders + distance * way


def _moved_out(
    arms: _Arms, elbows: np.ndarray, wrists: np.ndarray, frames: np.ndarray, ends: np.ndarray, radii: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Elbows and wrists (T, 2, 3) moved in these ``frames`` until no place of a forearm or hand is in an obstacle, the
    deepest first.
    """
    elbows, wrists = elbows.copy(), wrists.copy()
    for _ in range(_PUSHES if len(radii) and len(frames) else 0):
        pushes = [
            _pushes(arms, elbows[part], wrists[part], part, ends[part], radii)
            for part in np.array_split(frames, -(-len(frames) // _AT_ONCE))
        ]
        push, parts = (np.concatenate(found) for found in zip(*pushes, strict=True))
        moved = np.linalg.norm(push, axis=-1).max(1) > _STILL
        if not moved.any():
            break
        frames, push, parts = frames[moved], push[moved], parts[moved]
        share = push / (parts**2 + (1 - parts) ** 2)
        elbows[frames], wrists[frames] = _joined(
            arms.at(frames), elbows[frames] + (1 - parts) * share, wrists[frames] + parts * share
        )
    return elbows, wrists


def _pushes(
    arms: _Arms, elbows: np.ndarray, wrists: np.ndarray, frames: np.ndarray, ends: np.ndarray, radii: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(T, 2, 3) the way out of the place that is deepest in an obstacle, zero where none is, and (T, 2, 1) how far
    along the forearm that is.
    """
    parts = np.array([*_FOREARM, *np.ones(len(_HAND))])
    places = elbows[:, :, None] + parts[:, None] * (wrists - elbows)[:, :, None]
    places[:, :, len(_FOREARM) :] += np.array(_HAND)[:, None] * arms.hands[frames][:, :, None]
    line = (ends[:, :, 1] - ends[:, :, 0])[:, None, None]
    away = places[:, :, :, None] - ends[:, None, None, :, 0]
    along = (away * line).sum(-1) / np.maximum((line**2).sum(-1), 1e-12)
    away -= np.clip(along, 0.0, 1.0)[..., None] * line
    distance = np.linalg.norm(away, axis=-1)
    depth = radii + arms.radii[:, :, None] - distance
    flat = depth.reshape(*depth.shape[:2], -1)
    deepest = flat.argmax(-1)[..., None]
    worst = np.maximum(np.take_along_axis(flat, deepest, -1), 0.0)
    way = np.take_along_axis(away.reshape(*flat.shape, 3), deepest[..., None], -2)[..., 0, :]
    return worst * unit(way), parts[deepest // len(radii)]
