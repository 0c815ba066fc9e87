"""Feet of a rig on its own floor: no point of a sole sinks in, the lower foot is as high as the dancer's, and standing
feet neither float nor slide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tokendance_core.finishing.leg_ik import LEGS, bend, lock_legs
from tokendance_core.motion import rotation
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.skeleton import FEET, FLAT, HORIZONTAL, INDEX, JOINTS, OVER_THE_FLOOR, SIDES, UP
from tokendance_core.retarget.posing import Posture
from tokendance_core.retarget.rest_pose import RestPose
from tokendance_core.types import FPS, BodyShape, Rig, Sole

LOWER_BODY = [JOINTS[joint] for joint in LEGS[:, :3].ravel()]
"""Joints whose positions ``rise`` and ``lock_rig_feet`` ask for."""

_FOOT = 0.14
"""Metres of our skeleton from ankle to toe over the floor, for a foot without a toe."""

_LONGEST_TOES = 1.0  # of the way from ankle to ball; a bone that reaches further ahead does not end with the toes
_NEAR_GROUND = 0.08  # of the height; nobody's soles are thicker than that
_FURTHEST_BEND = np.radians(50.0)  # to which toes are bent up; beyond that the foot is raised
_STANDS, _FLIES = 0.03, 0.08  # metres; a dancer's foot lower than this stands, one higher does not


@dataclass(frozen=True, eq=False)
class _Foot:
    """A foot at rest, in metres in our axes: ``joint`` (3,) from the ankle to where the toes begin; ``sole`` (N, 3)
    from the ankle to points of heel and ball, below which the foot reaches ``thick`` (N,) whichever way it is turned;
    ``toes`` (M, 3) to those of the toes from what carries them: ``joint`` where they bend, else the ankle.
    """

    joint: np.ndarray
    sole: np.ndarray
    thick: np.ndarray
    toes: np.ndarray
    bends: bool

    def lowest(self, turns: np.ndarray, toe_turns: np.ndarray, *, bent: bool) -> np.ndarray:
        """(T,) metres from the ankle up to the lowest point of the sole, toes that bend included if ``bent``; ``turns``
        and ``toe_turns`` (T, 3, 3) of foot and toes from their rest.
        """
        points = [self.sole @ turns[:, 1, :, None] - self.thick[:, None]]
        if not self.bends:
            points.append(self.toes @ turns[:, 1, :, None])
        elif bent:
            points.append(self.toes @ toe_turns[:, 1, :, None] + (turns[:, 1] @ self.joint)[:, None, None])
        lowest: np.ndarray = np.concatenate(points, 1)[..., 0].min(1)
        return lowest


class Feet:
    """Both feet of a rig, and the floor that they stand on."""

    def __init__(self, rig: Rig, rest: RestPose, body: BodyShape | None = None) -> None:
        self._rest = rest
        soles = dict(body.soles) if body is not None else {}
        self.ground = _ground(rig, rest, soles)
        self._feet = [_foot(rig, rest, side, soles.get(side), self.ground) for side in SIDES]

    def heights(self, ankles: np.ndarray, global_rotations: np.ndarray, *, bent: bool) -> np.ndarray:
        """(T, 2) metres from the ground up to the lowest point of each sole, whose ``ankles`` (T, 2, 3) are there;
        ``bent``: toes that can be bent out of the way count too.
        """
        lowest = [foot.lowest(*self._turns(side, global_rotations), bent=bent) for side, foot in enumerate(self._feet)]
        heights: np.ndarray = ankles[..., 1] + np.stack(lowest, 1) - self.ground
        return heights

    def bent_toes(self, ankles: np.ndarray, global_rotations: np.ndarray) -> np.ndarray:
        """Global rotations (T, 24, 3, 3) with toes bent up by as much as keeps them out of the ground: on a foot that
        stands on its ball they lie flat.
        """
        bent = global_rotations.copy()
        for side, foot in enumerate(self._feet):
            if foot.bends:
                turn, toes = self._turns(side, global_rotations)
                joint = (ankles[:, side] + turn @ foot.joint)[:, 1] - self.ground
                left = global_rotations[:, LEGS[side, 2], :, 0]
                up = _bend_up(foot.toes @ toes.swapaxes(-1, -2), joint, left)
                bent[:, LEGS[side, 3]] = up @ bent[:, LEGS[side, 3]]
        return bent

    def _turns(self, side: int, global_rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(T, 3, 3) of foot and toes from their rest."""
        ankle, toes = LEGS[side, 2:]
        alignment = self._rest.alignment
        return global_rotations[:, ankle] @ alignment[ankle], global_rotations[:, toes] @ alignment[toes]


def _bend_up(ends: np.ndarray, joint: np.ndarray, left: np.ndarray) -> np.ndarray:
    """(T, 3, 3): the least turns about the foot's axis to the ``left`` (T, 3) that raise toes, whose points lie
    ``ends`` (T, M, 3) from their joint, out of the ground; ``joint`` (T,) is how high that is.
    """
    fixed = np.einsum("tmi,ti->tm", ends, left)[..., None] * left[:, None]
    # Turned up by an angle, a point is as high as the constant part plus these times its cosine and its sine.
    cosine, sine = (ends - fixed)[..., 1], -np.cross(left[:, None], ends)[..., 1]
    radius = np.maximum(np.hypot(cosine, sine), 1e-9)
    highest = np.arctan2(sine, cosine)
    short = -joint[:, None] - fixed[..., 1]
    angle = np.where(cosine < short, highest - np.arccos(np.clip(short / radius, -1.0, 1.0)), 0.0)
    return rotation.matrix_from_axis_angle(-np.clip(angle.max(1), 0.0, _FURTHEST_BEND)[:, None] * left)


# --- feet at rest -----------------------------------------------------------------------------------------------------


def _placed(rest: RestPose, heads: np.ndarray) -> np.ndarray:
    """(…, 3) armature space -> metres in our axes, height above the floor of a dancer of our build."""
    placed: np.ndarray = heads @ rest.axes / rest.scale
    placed[..., 1] -= rest.floor / rest.scale
    return placed


def _resting(rig: Rig, rest: RestPose, bone: int, points: np.ndarray) -> np.ndarray:
    """(N, 3) points of the skin at rest, armature space -> where ``bone`` holds them as the rest is posed, as
    ``_placed``.
    """
    local = (points - rig.heads[bone]) @ rig.rest[bone, :3, :3]
    posed = rest.posture.heads[bone][0] + rest.posture.scales[bone] * local @ rest.posture.turns[bone][0].T
    return _placed(rest, posed)


def _ground(rig: Rig, rest: RestPose, soles: dict[str, Sole]) -> float:
    """Height of the ground in metres above the floor of a dancer of our build: the armature's own zero if the soles
    rest near it, else the lowest point of a sole.
    """
    if not soles:
        return (rest.ground - rest.floor) / rest.scale
    points = [
        _resting(rig, rest, rest.bones[f"{side}_ankle"], np.concatenate((sole.heel, sole.ball)))
        for side, sole in soles.items()
    ]
    lowest, zero = float(np.concatenate(points)[:, 1].min()), -rest.floor / rest.scale
    top = max(float(rest.head(joint) @ rest.axes[:, 1]) for joint in rest.bones) / rest.scale + zero
    return zero if abs(lowest - zero) < _NEAR_GROUND * (top - lowest) else lowest


def _foot(rig: Rig, rest: RestPose, side: str, sole: Sole | None, ground: float) -> _Foot:
    ankle_bone, toe_bone = rest.bones[f"{side}_ankle"], rest.bones.get(f"{side}_foot")
    ankle = _placed(rest, rest.head(f"{side}_ankle"))
    joint = _ball(rest, side)
    if sole is None:
        return _foot_of_bones(rig, rest, side, ground)
    bends = sole.bends and toe_bone is not None
    flat = _resting(rig, rest, ankle_bone, np.concatenate((sole.heel, sole.ball))) - ankle
    toes = _resting(rig, rest, toe_bone if bends and toe_bone is not None else ankle_bone, sole.toes)
    return _Foot(joint - ankle, flat, np.zeros(len(flat)), toes - (joint if bends else ankle), bends)


def _foot_of_bones(rig: Rig, rest: RestPose, side: str, ground: float) -> _Foot:
    """A foot without skin: it rests on the ground below its ankle, its ball and the end of its last bone."""
    ankle_bone, toe_bone = rest.bones[f"{side}_ankle"], rest.bones.get(f"{side}_foot")
    ankle, joint = _placed(rest, rest.head(f"{side}_ankle")), _ball(rest, side)
    ball = np.array([joint[0], ground, joint[2]])
    last = ankle_bone if toe_bone is None else toe_bone
    end = _placed(rest, rest.posture.heads[last][0] + _along(rig, rest, last))
    way = (ball - ankle) * OVER_THE_FLOOR
    ahead = float((end - ball) @ way) / float(way @ way)
    tip = np.array([end[0], ground, end[2]]) if rig.lengths[last] > 0 and 0 < ahead < _LONGEST_TOES else ball
    bends = toe_bone is not None and tip is not ball
    return _Foot(
        joint - ankle,
        np.stack((ankle, ball)) - ankle,
        np.array([ankle[1] - ground, 0.0]),
        (tip - (joint if bends else ankle))[None],
        bends,
    )


def _along(rig: Rig, rest: RestPose, bone: int) -> np.ndarray:
    """(3,) from where a bone begins at rest to where it ends."""
    along: np.ndarray = rest.posture.scales[bone] * rig.lengths[bone] * rest.posture.turns[bone][0, :, 1]
    return along


def _ball(rest: RestPose, side: str) -> np.ndarray:
    """(3,) metres in our axes, at rest: where the toes begin, or would."""
    ankle = _placed(rest, rest.head(f"{side}_ankle"))
    toe = _placed(rest, rest.head(f"{side}_foot")) if f"{side}_foot" in rest.bones else None
    if toe is None or np.hypot(*(toe - ankle)[HORIZONTAL]) < 1e-3:
        front = rest.alignment[INDEX[f"{side}_ankle"]][2]
        toe = ankle + front * _FOOT
    return toe


# --- feet that dance --------------------------------------------------------------------------------------------------


def clearances(positions: np.ndarray) -> np.ndarray:
    """(T, 24, 3) joint positions of our skeleton -> (T, 2) metres from a flat foot on the floor up to each foot."""
    lowest: np.ndarray = (positions[:, list(FEET), 1] - FLAT).reshape(-1, 2, 2).min(2)
    return lowest


def grounded(
    feet: Feet, rest: RestPose, posture: Posture, global_rotations: np.ndarray, path: np.ndarray, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Global rotations (T, 24, 3, 3) and path (T, 3) of a body whose lower foot is ``wanted`` (T,) metres off the
    ground, its toes bent up where they would be in it.

    ``path``: metres in our axes by which ``posture``, the body without a path, is to be moved.
    """
    ankles = _ankles(rest, posture, len(path))
    rise = wanted - (feet.heights(ankles, global_rotations, bent=False).min(1) + path[:, 1])
    path = path + rise[:, None] * UP
    bent = feet.bent_toes(ankles + path[:, None], global_rotations)
    # Toes that bend as far as they can may still be lower than the ball.
    missing = wanted - (feet.heights(ankles, bent, bent=True).min(1) + path[:, 1])
    return bent, path + np.maximum(missing, 0.0)[:, None] * UP


def _ankles(rest: RestPose, posture: Posture, frames: int) -> np.ndarray:
    """(T, 2, 3) metres in our axes."""
    found = np.empty((frames, 2, 3))
    for side, name in enumerate(SIDES):
        found[:, side] = _placed(rest, posture.heads[rest.bones[f"{name}_ankle"]])
    return found


def lock_rig_feet(
    feet: Feet,
    rest: RestPose,
    posture: Posture,
    global_rotations: np.ndarray,
    path: np.ndarray,
    contacts: np.ndarray,
    clearance: np.ndarray,
    fps: float,
    strength: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Global rotations (T, 24, 3, 3) and path (T, 3) with legs that hold standing feet in place and on the ground,
    whatever their proportions.

    ``posture`` and ``path`` as ``grounded``; ``contacts`` (T, 4) as ``lock_legs``; ``clearance`` (T, 2): how high the
    dancer's own feet are.
    """
    legs = np.empty((len(global_rotations), 2, 4, 3))
    for side, name in enumerate(SIDES):
        for place, joint in enumerate(("hip", "knee", "ankle")):
            legs[:, side, place] = _placed(rest, posture.heads[rest.bones[f"{name}_{joint}"]])
        # The point of the foot that rests on our dancer's floor in line with the toes.
        ankle = INDEX[f"{name}_ankle"]
        turn = global_rotations[:, ankle] @ rest.alignment[ankle]
        legs[:, side, 3] = legs[:, side, 2] + turn @ _sole(rest, name)
    legs += path[:, None, None]
    length = float(np.mean([np.linalg.norm(_sole(rest, side)) for side in SIDES]))
    points, forward = legs[:, :, 2:].reshape(-1, 4, 3), global_rotations[:, LEGS[:, 0]][..., 2]
    drop, turns = lock_legs(legs, points, forward, contacts, fps, strength, length)
    locked, legs = global_rotations.copy(), legs - drop[:, None, None] * UP
    for side in range(2):
        legs[:, side] = _turned(locked, legs[:, side], side, turns[:, side])
    bent = feet.bent_toes(legs[:, :, 2], locked)
    lift = strength * _lifts(feet.heights(legs[:, :, 2], bent, bent=True), clearance, fps)
    for side in range(2):
        target = legs[:, side, 2] + lift[:, side, None] * UP
        thigh, shin = bend(legs[:, side, :3], target, forward[:, side])
        still = np.broadcast_to(np.eye(3), thigh.shape)
        legs[:, side] = _turned(locked, legs[:, side], side, np.stack((thigh, shin, still), 1))
    return feet.bent_toes(legs[:, :, 2], locked), path - drop * UP


def _sole(rest: RestPose, side: str) -> np.ndarray:
    """(3,) metres in our axes, at rest: from the ankle to the point of our dancer's floor in line with the toes."""
    sole: np.ndarray = _ball(rest, side) * OVER_THE_FLOOR - _placed(rest, rest.head(f"{side}_ankle"))
    return sole


def _turned(global_rotations: np.ndarray, leg: np.ndarray, side: int, turns: np.ndarray) -> np.ndarray:
    """The leg (T, 4, 3) with thigh, shin and foot turned by ``turns`` (T, 3, 3, 3); ``global_rotations`` change
    likewise, in place.
    """
    thigh, shin, foot = turns.swapaxes(0, 1)
    for joint, turn in zip(LEGS[side], (thigh, shin, foot, foot), strict=True):
        global_rotations[:, joint] = turn @ global_rotations[:, joint]
    moved = leg.copy()
    for place, turn in ((1, thigh), (2, shin), (3, foot)):
        moved[:, place] = moved[:, place - 1] + (turn @ (leg[:, place] - leg[:, place - 1])[..., None])[..., 0]
    return moved


def _lifts(heights: np.ndarray, clearance: np.ndarray, fps: float) -> np.ndarray:
    """(T, 2) metres by which each foot, so high, is lifted (or lowered, where negative): to where the dancer's is while
    that stands, and out of the ground always.
    """
    stands = np.clip((_FLIES - clearance) / (_FLIES - _STANDS), 0.0, 1.0)
    wanted = np.maximum(stands * (np.maximum(clearance, 0.0) - heights), -heights)
    lifts: np.ndarray = np.maximum(filtered(wanted, gaussian(fps / FPS)), -heights)
    return lifts
