"""Feet of a rig on its own floor: the lowest foot as high as the dancer's, and standing feet that stand."""

from __future__ import annotations

import numpy as np

from tokendance_core.finishing.leg_ik import LEGS, lock_legs
from tokendance_core.motion.skeleton import INDEX, JOINTS
from tokendance_core.retarget.posing import Posture
from tokendance_core.retarget.rest_pose import SIDES, RestPose


def soles(rest: RestPose, posture: Posture, turns: np.ndarray, level: float = 0.0) -> np.ndarray:
    """(T, 2, 2, 3) metres in our axes: each ankle, and the point of its foot below or above the toes that rests at
    ``level``.

    ``turns`` (T, 24, 3, 3) of our joints; heights are above the floor that a dancer of our build would stand on.
    """
    points = np.empty((len(turns), 2, 2, 3))
    for side, name in enumerate(SIDES):
        ankle = INDEX[f"{name}_ankle"]
        points[:, side, 0] = _placed(rest, posture.heads[rest.bones[f"{name}_ankle"]])
        foot = turns[:, ankle] @ rest.alignment[ankle]
        points[:, side, 1] = points[:, side, 0] + foot @ _sole(rest, name, level)
    return points


def _placed(rest: RestPose, heads: np.ndarray) -> np.ndarray:
    """(T or 1, 3) armature space -> metres in our axes, height above the floor."""
    return heads @ rest.axes / rest.scale - [0.0, rest.floor / rest.scale, 0.0]


def _sole(rest: RestPose, side: str, level: float) -> np.ndarray:
    """(3,) metres in our axes, at rest: from the ankle to where the toes' upright line is at ``level``."""
    ankle = _placed(rest, rest.head(f"{side}_ankle"))
    toe = _placed(rest, rest.head(f"{side}_foot")) if f"{side}_foot" in rest.bones else None
    if toe is None or np.hypot(*(toe - ankle)[[0, 2]]) < 1e-3:
        front = rest.alignment[INDEX[f"{side}_ankle"]].T @ [0.0, 0.0, 1.0]
        toe = ankle + front * _FOOT
    return toe * [1, 0, 1] + [0, level, 0] - ankle


_FOOT = 0.14
"""Metres of our skeleton from ankle to toe over the floor, for a foot without a toe."""


def rise(rest: RestPose, posture: Posture, turns: np.ndarray, path: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(T,) metres of our skeleton by which the body, moved by ``path``, goes up: its lower foot is to be ``wanted``
    (T,) off the ground.
    """
    ground = (rest.ground - rest.floor) / rest.scale
    flat = np.array([[_placed(rest, rest.head(f"{side}_ankle"))[1], ground] for side in SIDES])
    heights = soles(rest, posture, turns, ground)[..., 1] + path[:, None, None, 1]
    return wanted - (heights - flat).min((1, 2))


def stood(
    rest: RestPose,
    posture: Posture,
    turns: np.ndarray,
    path: np.ndarray,
    contacts: np.ndarray,
    fps: float,
    strength: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Turns (T, 24, 3, 3) and path (T, 3) with legs that hold standing feet in place, whatever their proportions.

    ``path``: metres in our axes by which ``posture``, the body without a path, is to be moved; ``contacts`` (T, 4) as
    ``lock_legs``.
    """
    legs = np.empty((len(turns), 2, 4, 3))
    for side, name in enumerate(SIDES):
        for place, joint in enumerate(("hip", "knee")):
            legs[:, side, place] = _placed(rest, posture.heads[rest.bones[f"{name}_{joint}"]])
    legs[:, :, 2:] = soles(rest, posture, turns)
    legs += path[:, None, None]
    length = float(np.mean([np.linalg.norm(_sole(rest, side, 0.0)) for side in SIDES]))
    drop, more = lock_legs(legs, turns[:, LEGS[:, 0]][..., 2], contacts, fps, strength, length)
    turns = turns.copy()
    for side, joints in enumerate(LEGS):
        for joint, part in zip(joints, (0, 1, 2, 2), strict=True):
            turns[:, joint] = more[:, side, part] @ turns[:, joint]
    return turns, path - drop * [0.0, 1.0, 0.0]


LOWER_BODY = [JOINTS[joint] for joint in LEGS[:, :3].ravel()]
"""Joints whose places ``soles`` and ``stood`` ask for."""
