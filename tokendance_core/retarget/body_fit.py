"""The shape of a character's body from the vertices of its skin: soles, and capsules around trunk, head and limbs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tokendance_core.motion.rotation import unit
from tokendance_core.motion.skeleton import INDEX, JOINTS, SIDES
from tokendance_core.retarget import rest_pose
from tokendance_core.retarget.rest_pose import RestPose
from tokendance_core.types import BodyShape, Capsule, Rig, RigMap, Sole

TRUNK = ("pelvis", "spine1", "spine2", "spine3", "left_collar", "right_collar")
"""Joints whose bones carry the skin of the trunk."""

_SPINE = ("pelvis", "spine1", "spine2", "spine3", "neck", "head")
_LIMBS = {"shoulder": "elbow", "elbow": "wrist", "hip": "knee"}
"""Joint at which a limb with a capsule begins -> joint at which that ends."""

_SEGMENTS = _LIMBS | {"collar": "shoulder", "knee": "ankle", "ankle": "foot"}
_OWN = 0.5  # part of a vertex' weights that a limb must have for the vertex to be its own
_FEWEST = 4  # vertices that can tell of a shape
_THICK = 75.0  # percentile of the vertices' distances from a limb's axis that is its radius
_EDGE = 3.0  # percentile of the vertices across trunk, head or hand at which their surface lies
_SLICES = {"trunk": 9, "head": 5}
_TILTS = (0.35, 1.4)  # slopes at which a foot, tilted to any side, touches the floor with the points of its sole
_AROUND_BALL = 0.12  # of a foot's length on both sides of the joint of the toes
_TOES = 0.3  # of a foot's length that are toes where they have no bone


@dataclass(frozen=True, eq=False)
class Skin:
    """Vertices at rest and what moves them: ``points`` (V, 3) in armature space; weight ``weights`` (W,) of the bones
    ``bones`` (W,) on the vertices ``vertices`` (W,), indices into ``Rig.names`` and ``points``.
    """

    points: np.ndarray
    vertices: np.ndarray
    bones: np.ndarray
    weights: np.ndarray


def fit(rig: Rig, rig_map: RigMap, skin: Skin) -> BodyShape | None:
    """The body below a skin; None where no vertex hangs on a bone that dances. RigError for maps that do not fit."""
    rest = rest_pose.read(rig, rig_map)
    shares = _shares(rig, rig_map, rest, skin)
    if not (shares > _OWN).any():
        return None
    body = _Body(rig, rest, _posed(rig, rest, skin), shares)
    soles = {side: sole for side in SIDES if (sole := _sole(body, side)) is not None}
    capsules = [*_across(body, "trunk", TRUNK), *_across(body, "head", ("head",)), *_limbs(body), *_hands(body)]
    return BodyShape(soles, tuple(capsules))


class _Body:
    """Vertices of the character as it stands, in its own axes, left, up and front, and in armature units."""

    def __init__(self, rig: Rig, rest: RestPose, points: np.ndarray, shares: np.ndarray) -> None:
        self.points, self._shares, self._rig, self._rest = points @ rest.axes, shares, rig, rest
        self.heads = {joint: rest.head(joint) @ rest.axes for joint in rest.bones}

    def of(self, *joints: str) -> np.ndarray:
        """(N, 3) vertices that belong to these joints together."""
        own: np.ndarray = self.points[self.indices(*joints)]
        return own

    def indices(self, *joints: str) -> np.ndarray:
        """(N,) as ``of``."""
        return np.flatnonzero(self._shares[:, [INDEX[joint] for joint in joints]].sum(1) > _OWN)

    def carrier(self, chosen: np.ndarray, joints: tuple[str, ...]) -> str:
        """Which of the mapped ``joints`` in the middle of the body moves the ``chosen`` vertices most."""
        mapped = [joint for joint in joints if joint in self.heads and joint in _SPINE]
        return max(mapped, key=lambda joint: float(self._shares[chosen, INDEX[joint]].sum()))

    def at_rest(self, joint: str, points: np.ndarray) -> np.ndarray:
        """(N, 3) points in the character's axes -> where they are at rest, armature space, if the joint's bone carries
        them.
        """
        bone, posture = self._rest.bones[joint], self._rest.posture
        local = (points @ self._rest.axes.T - posture.heads[bone][0]) @ posture.turns[bone][0] / posture.scales[bone]
        resting: np.ndarray = self._rig.heads[bone] + local @ self._rig.rest[bone, :3, :3].T
        return resting

    def capsule(self, joint: str, ends: np.ndarray, radius: float) -> Capsule:
        """A capsule from ends in the character's axes."""
        return Capsule(joint, self.at_rest(joint, ends), float(radius))


def _posed(rig: Rig, rest: RestPose, skin: Skin) -> np.ndarray:
    """(V, 3) the vertices as the character stands before it dances, which may be set upright: linear blend skinning."""
    posture, total = rest.posture, np.bincount(skin.vertices, skin.weights, len(skin.points))
    moves = np.zeros_like(skin.points)
    for bone in np.unique(skin.bones):
        own = skin.bones == bone
        points, weights = skin.points[skin.vertices[own]], skin.weights[own]
        local = (points - rig.heads[bone]) @ rig.rest[bone, :3, :3]
        posed = posture.heads[bone][0] + posture.scales[bone] * local @ posture.turns[bone][0].T
        np.add.at(moves, skin.vertices[own], weights[:, None] * (posed - points))
    posed_points: np.ndarray = skin.points + moves / np.maximum(total, 1e-9)[:, None]
    return posed_points


# --- whose skin it is -------------------------------------------------------------------------------------------------


def _shares(rig: Rig, rig_map: RigMap, rest: RestPose, skin: Skin) -> np.ndarray:
    """(V, 24) which part of a vertex' weights every joint has."""
    joints = np.array(_joints_of_bones(rig, rig_map, rest))[skin.bones]
    shares = np.zeros((len(skin.points), len(JOINTS)))
    known = joints >= 0
    np.add.at(shares, (skin.vertices[known], joints[known]), skin.weights[known])
    total = np.bincount(skin.vertices, skin.weights, len(skin.points))
    shares /= np.maximum(total, 1e-9)[:, None]
    return shares


def _joints_of_bones(rig: Rig, rig_map: RigMap, rest: RestPose) -> list[int]:
    """(B,) the joint that moves each bone: its own, that of the limb or head that it hangs on; else, as the deforming
    bones of control rigs do not hang on the controls, the one whose limb it lies in. -1 where there is none.
    """
    index = {name: bone for bone, name in enumerate(rig.names)}
    own = {bone: INDEX[joint] for joint, bone in rest.bones.items() if joint in INDEX}
    for table in (rig_map.twist, rig_map.followers):
        own |= {index[bone]: INDEX[joint] for joint, bones in table.items() if joint in INDEX for bone in bones}
    segments = _segments(rig, rest)
    trunk = {INDEX[joint] for joint in (*TRUNK, "neck")}
    found: list[int] = []
    for bone in range(len(rig.names)):
        parent = int(rig.parents[bone])
        above = found[parent] if parent >= 0 else -1
        if bone in own:
            found.append(own[bone])
        elif above >= 0 and above not in trunk:
            found.append(above)
        else:
            middle = (rig.heads[bone] + rig.tails[bone]) / 2
            apart = [_apart(middle, start, end) for _, start, end in segments]
            found.append(segments[int(np.argmin(apart))][0])
    return found


def _segments(rig: Rig, rest: RestPose) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Joint and both ends (3,) at rest of every stretch of the body, armature space."""
    heads = {joint: rig.heads[bone] for joint, bone in rest.bones.items()}
    mapped = [joint for joint in _SPINE if joint in heads]
    pairs = list(pairwise(mapped))
    pairs += [(f"{side}_{start}", f"{side}_{end}") for side in SIDES for start, end in _SEGMENTS.items()]
    found = [(INDEX[start], heads[start], heads[end]) for start, end in pairs if {start, end} <= heads.keys()]
    for joint in (mapped[-1], *(f"{side}_{end}" for side in SIDES for end in ("wrist", "ankle", "foot"))):
        if joint in heads:
            found.append((INDEX[joint], heads[joint], rig.tails[rest.bones[joint]]))
    return found


def _apart(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(…, 3) points -> (…,) how far they are from the line between two ends (3,)."""
    line = end - start
    along = np.clip((points - start) @ line / max(float(line @ line), 1e-18), 0.0, 1.0)
    apart: np.ndarray = np.linalg.norm(points - start - along[..., None] * line, axis=-1)
    return apart


# --- feet -------------------------------------------------------------------------------------------------------------


def _sole(body: _Body, side: str) -> Sole | None:
    """The sole of a foot; None where too few vertices tell of one."""
    ankle, toe = f"{side}_ankle", f"{side}_foot"
    foot = body.of(ankle, toe)
    if len(foot) < _FEWEST or np.ptp(foot[:, 2]) <= 0:
        return None
    toes = body.of(toe) if toe in body.heads else foot[:0]
    bends = len(toes) >= _FEWEST
    way = (body.heads[toe] - body.heads[ankle])[[0, 2]] if toe in body.heads else np.array([0.0, 1.0])
    way = unit(way) if np.linalg.norm(way) > 1e-9 else np.array([0.0, 1.0])
    along = foot[:, [0, 2]] @ way
    length = float(np.ptp(along))
    ball = body.heads[toe][[0, 2]] @ way if toe in body.heads else along.max() - _TOES * length
    middle = foot[np.abs(along - ball) < _AROUND_BALL * length]
    behind, before = foot[along < ball], toes if bends else foot[along > ball]
    zones = [_support(zone, way, sign) for zone, sign in ((behind, 1.0), (middle, 0.0), (before, -1.0))]
    if not len(zones[0]) or not len(zones[2]):
        return None
    if bends:  # what lies behind the joint goes down as the toes go up
        zones[2] = np.concatenate((zones[2], _support(toes, way, 1.0)))
    if not len(zones[1]):  # a box has no vertices below the ball
        back, front = zones[0].mean(0), zones[2].mean(0)
        part = np.clip((ball - back[[0, 2]] @ way) / max((front - back)[[0, 2]] @ way, 1e-9), 0, 1)
        zones[1] = back[None] + part * (front - back)
    heel, ball = (body.at_rest(ankle, zone) for zone in zones[:2])
    return Sole(heel, ball, body.at_rest(toe if bends else ankle, zones[2]), bends)


def _support(points: np.ndarray, way: np.ndarray, sign: float) -> np.ndarray:
    """(N, 3): the vertices with which a part of a foot that points along ``way`` (2,) touches the floor first when it
    is tilted, backward for ``sign`` 1 and forward for -1, and to both sides.
    """
    if not len(points):
        return points
    along, aside = points[:, [0, 2]] @ way, points[:, [0, 2]] @ [way[1], -way[0]]
    slopes = [(0.0, 0.0), *((pitch, roll) for pitch in _TILTS for roll in (-pitch, 0.0, pitch))]
    first = {int((points[:, 1] + sign * pitch * along + roll * aside).argmin()) for pitch, roll in slopes}
    return points[sorted(first)]


# --- trunk, head and limbs --------------------------------------------------------------------------------------------


def _across(body: _Body, part: str, joints: tuple[str, ...]) -> Iterator[Capsule]:
    """Slices of trunk or head, one above another, each a capsule across the body as wide and deep as its vertices."""
    indices = body.indices(*joints)
    if len(indices) < _FEWEST or not any(joint in body.heads and joint in _SPINE for joint in joints):
        return
    points = body.points[indices]
    lowest, highest = np.percentile(points[:, 1], (_EDGE, 100 - _EDGE))
    step = (highest - lowest) / _SLICES[part]
    if not step > 0:
        return
    for level in lowest + step * (np.arange(_SLICES[part]) + 0.5):
        away = np.abs(points[:, 1] - level)
        near = away <= max(step / 2, float(np.sort(away)[min(2 * _FEWEST, len(away)) - 1]))
        sides, fronts = (np.percentile(points[near][:, axis], (_EDGE, 100 - _EDGE)) for axis in (0, 2))
        halves = np.array([np.ptp(sides), 0.0, np.ptp(fronts)]) / 2
        if min(halves[0], halves[2]) <= 0:
            continue
        centre = np.array([sides.mean(), level, fronts.mean()])
        longer = int(halves.argmax())
        radius = float(halves[2 - longer])
        arm = np.eye(3)[longer] * (halves[longer] - radius)
        yield body.capsule(body.carrier(indices[near], joints), np.stack((centre + arm, centre - arm)), radius)


def _limbs(body: _Body) -> Iterator[Capsule]:
    for side in SIDES:
        for start, end in ((f"{side}_{start}", f"{side}_{end}") for start, end in _LIMBS.items()):
            own = body.of(start)
            if len(own) < _FEWEST or not {start, end} <= body.heads.keys():
                continue
            ends = np.stack((body.heads[start], body.heads[end]))
            radius = float(np.percentile(_apart(own, *ends), _THICK))
            if radius > 0:
                yield body.capsule(start, ends, radius)


def _hands(body: _Body) -> Iterator[Capsule]:
    for side in SIDES:
        own, wrist = body.of(f"{side}_wrist", f"{side}_hand"), body.heads.get(f"{side}_wrist")
        if len(own) < _FEWEST or wrist is None:
            continue
        way = unit(own.mean(0) - wrist)
        length = float(np.percentile((own - wrist) @ way, 100 - _EDGE))
        radius = float(np.percentile(np.linalg.norm(own - wrist - ((own - wrist) @ way)[:, None] * way, axis=-1), 50))
        if radius > 0 and length > 0:
            radius = min(radius, length / 2)
            yield body.capsule(f"{side}_wrist", np.stack((wrist, wrist + (length - radius) * way)), radius)
