"""Feet of a rig on its own floor: the lower foot is as high as the dancer's, and standing feet do not slide."""

from __future__ import annotations

import numpy as np

from tokendance_core.finishing.leg_ik import LEGS, lock_legs
from tokendance_core.motion.skeleton import HORIZONTAL, INDEX, JOINTS, SIDES, UP
from tokendance_core.retarget.posing import Posture
from tokendance_core.retarget.rest_pose import RestPose

LOWER_BODY = [JOINTS[joint] for joint in LEGS[:, :3].ravel()]
"""Joints whose positions ``soles`` and ``lock_rig_feet`` ask for."""

_FOOT = 0.14
"""Metres of our skeleton from ankle to toe over the floor, for a foot without a toe."""


def soles(rest: RestPose, posture: Posture, global_rotations: np.ndarray, level: float = 0.0) -> np.ndarray:
    """(T, 2, 2, 3) metres in our axes: each ankle, and the point of its foot that rests at the height ``level`` in line
    with the toes.

    ``global_rotations`` (T, 24, 3, 3) of our joints; heights are above the floor that a dancer of our build would
    stand on.
    """
    points = np.empty((len(global_rotations), 2, 2, 3))
    for side, name in enumerate(SIDES):
        ankle = INDEX[f"{name}_ankle"]
        points[:, side, 0] = _placed(rest, posture.heads[rest.bones[f"{name}_ankle"]])
        foot = global_rotations[:, ankle] @ rest.alignment[ankle]
        points[:, side, 1] = points[:, side, 0] + foot @ _sole(rest, name, level)
    return points


def _placed(rest: RestPose, heads: np.ndarray) -> np.ndarray:
    """(…, 3) armature space -> metres in our axes, height above the floor."""
    placed: np.ndarray = heads @ rest.axes / rest.scale
    placed[..., 1] -= rest.floor / rest.scale
    return placed


def _sole(rest: RestPose, side: str, level: float) -> np.ndarray:
    """(3,) metres in our axes, at rest: from the ankle to the point at the height ``level`` above or below the toes."""
    ankle = _placed(rest, rest.head(f"{side}_ankle"))
    toe = _placed(rest, rest.head(f"{side}_foot")) if f"{side}_foot" in rest.bones else None
    if toe is None or np.hypot(*(toe - ankle)[HORIZONTAL]) < 1e-3:
        front = rest.alignment[INDEX[f"{side}_ankle"]][2]
        toe = ankle + front * _FOOT
    sole: np.ndarray = np.array([toe[0], level, toe[2]]) - ankle
    return sole


def rise(
    rest: RestPose, posture: Posture, global_rotations: np.ndarray, path: np.ndarray, wanted: np.ndarray
) -> np.ndarray:
    """(T,) metres of our skeleton by which the body, moved by ``path`` (T, 3), has to rise for its lower foot to be
    ``wanted`` (T,) metres off the ground.
    """
    ground = (rest.ground - rest.floor) / rest.scale
    flat = np.array([[_placed(rest, rest.head(f"{side}_ankle"))[1], ground] for side in SIDES])
    heights = soles(rest, posture, global_rotations, ground)[..., 1] + path[:, None, None, 1]
    missing: np.ndarray = wanted - (heights - flat).min((1, 2))
    return missing


def lock_rig_feet(
    rest: RestPose,
    posture: Posture,
    global_rotations: np.ndarray,
    path: np.ndarray,
    contacts: np.ndarray,
    fps: float,
    strength: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Global rotations (T, 24, 3, 3) and path (T, 3) with legs that hold standing feet in place, whatever their
    proportions.

    ``path``: metres in our axes by which ``posture``, the body without a path, is to be moved; ``contacts`` (T, 4) as
    ``lock_legs``.
    """
    legs = np.empty((len(global_rotations), 2, 4, 3))
    for side, name in enumerate(SIDES):
        for place, joint in enumerate(("hip", "knee")):
            legs[:, side, place] = _placed(rest, posture.heads[rest.bones[f"{name}_{joint}"]])
    legs[:, :, 2:] = soles(rest, posture, global_rotations)
    legs += path[:, None, None]
    length = float(np.mean([np.linalg.norm(_sole(rest, side, 0.0)) for side in SIDES]))
    points = legs[:, :, 2:].reshape(-1, 4, 3)
    drop, more = lock_legs(legs, points, global_rotations[:, LEGS[:, 0]][..., 2], contacts, fps, strength, length)
    locked = global_rotations.copy()
    for side, (hip, knee, ankle, foot) in enumerate(LEGS):
        thigh_turn, shin_turn, foot_turn = more[:, side].swapaxes(0, 1)
        for joint, turn in ((hip, thigh_turn), (knee, shin_turn), (ankle, foot_turn), (foot, foot_turn)):
            locked[:, joint] = turn @ global_rotations[:, joint]
    return locked, path - drop * UP
