"""Brings feet to their target positions by the legs: two-bone inverse kinematics that keeps knees from snapping."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tokendance_core.finishing.foot_targets import FOOT_LENGTH, foot_targets
from tokendance_core.motion import rotation
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.kinematics import forward_kinematics
from tokendance_core.motion.rotation import unit
from tokendance_core.motion.skeleton import INDEX, OVER_THE_FLOOR, SIDES, UP
from tokendance_core.types import FPS, MotionClip

LEGS = np.array([[INDEX[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle", "foot")] for side in SIDES])
"""(2, 4) joints of the left and the right leg, from hip to toe."""

_EASY = 0.98  # share of the leg's length up to which stretching it bends the knee gently
_STRAIGHT = 0.995  # share of the leg's length that inverse kinematics never exceeds


def _apply(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    turned: np.ndarray = (matrices @ vectors[..., None])[..., 0]
    return turned


def bend(leg: np.ndarray, target: np.ndarray, forward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turns (T, 3, 3) of thigh and shin, in world axes, that bring the ankle of ``leg`` (T, 3 joints, 3) to ``target``
    (T, 3).

    The knee keeps pointing where it points; a straight leg bends its knee towards ``forward`` (T, 3). Where the target
    is out of reach, the leg ends short of it. Arms bend in the same way, their elbows away from ``forward``.
    """
    hip, knee, ankle = leg[:, 0], leg[:, 1], leg[:, 2]
    upper, lower = np.linalg.norm(knee - hip, axis=-1), np.linalg.norm(ankle - knee, axis=-1)
    thigh, shin = (knee - hip) / upper[:, None], (ankle - knee) / lower[:, None]
    reach = np.linalg.norm(ankle - hip, axis=-1)
    # Stretching gets harder towards the straight leg, so that the knee does not snap.
    room = np.maximum(_STRAIGHT * (upper + lower) - reach, 1e-6)
    more = np.linalg.norm(target - hip, axis=-1) - reach
    reach = reach + np.where(more > 0, room * -np.expm1(-np.maximum(more, 0) / room), more)
    cosine = np.clip((reach**2 - upper**2 - lower**2) / (2 * upper * lower), -1, 1)
    sine = np.sqrt(1 - cosine**2)
    out = shin - (shin * thigh).sum(-1, keepdims=True) * thigh
    extra = np.maximum(sine - np.linalg.norm(out, axis=-1), 1e-6)[:, None]
    out = unit(out - extra * (forward - (forward * thigh).sum(-1, keepdims=True) * thigh))
    bent = cosine[:, None] * thigh + sine[:, None] * out
    swing = rotation.shortest_arc(upper[:, None] * thigh + lower[:, None] * bent, target - hip)
    return swing, swing @ rotation.shortest_arc(shin, bent)


def _pointing(ankle: np.ndarray, toe: np.ndarray, foot_length: float) -> np.ndarray:
    """Unit vectors (T, 3) from the ankle that has been reached towards the target of the toe: its heading and, so that
    the toe stays out of the floor, its height.
    """
    drop = np.clip((toe - ankle)[:, 1:2] / foot_length, -1, 1)
    pointing: np.ndarray = unit((toe - ankle) * OVER_THE_FLOOR) * np.sqrt(1 - drop**2) + drop * UP
    return pointing


def _drop(legs: np.ndarray, ankles: np.ndarray, fps: float) -> np.ndarray:
    """(T, 1) metres by which the pelvis is lowered, so that no leg has to be pulled straight to bring its foot to
    ``ankles`` (T, 2, 3).
    """
    reach = np.linalg.norm(legs[:, :, 2] - legs[:, :, 0], axis=-1)
    length = np.linalg.norm(np.diff(legs[0, :, :3], axis=1), axis=-1).sum(1)
    wanted = np.linalg.norm(ankles - legs[:, :, 0], axis=-1)
    missing = np.maximum(wanted - np.maximum(reach, _EASY * length), 0).max(1, keepdims=True)
    return filtered(missing, gaussian(3.0 * fps / FPS))


def lock_legs(
    legs: np.ndarray,
    points: np.ndarray,
    forward: np.ndarray,
    contacts: np.ndarray,
    fps: float,
    strength: float,
    foot_length: float = FOOT_LENGTH,
) -> tuple[np.ndarray, np.ndarray]:
    """How legs of any proportions hold standing feet still: (T, 1) metres by which the body is lowered, and (T, 2, 3,
    3, 3) turns of thigh, shin and foot of both legs, in world axes.

    ``legs`` (T, 2, 4, 3): hip, knee, ankle, toe of the left and the right leg; ``points`` (T, 4, 3): where the feet
    would go unlocked; ``forward`` (T, 2, 3): where the knees of straight legs point; ``contacts`` (T, 4): which foot
    points belong on the floor; ``strength`` 0 to 1.
    """
    targets = foot_targets(points, contacts, fps, strength, foot_length).reshape(len(legs), 2, 2, 3)
    drop = _drop(legs, targets[:, :, 0], fps)
    legs = legs - drop[:, None, None] * UP
    turns = np.empty((len(legs), 2, 3, 3, 3))
    for side in range(2):
        hip, knee, ankle, toe = legs[:, side].swapaxes(0, 1)
        thigh, shin = bend(legs[:, side, :3], targets[:, side, 0], forward[:, side])
        reached = hip + _apply(thigh, knee - hip) + _apply(shin, ankle - knee)
        turns[:, side, 0], turns[:, side, 1] = thigh, shin
        turns[:, side, 2] = rotation.shortest_arc(toe - ankle, _pointing(reached, targets[:, side, 1], foot_length))
    return drop, turns


def lock_feet(clip: MotionClip, points: np.ndarray, contacts: np.ndarray, strength: float = 1.0) -> MotionClip:
    """The clip with standing feet held where they stand, and none of them below the floor, by turning legs and ankles.

    ``points`` (T, 4, 3): where the feet would go unlocked; ``contacts`` (T, 4): which of them belong on the floor;
    ``strength`` 0 to 1.
    """
    local = rotation.matrix_from_6d(clip.rot6d.astype(np.float64))
    positions, global_rotations = forward_kinematics(local, clip.root.astype(np.float64))
    forward = global_rotations[:, LEGS[:, 0]][..., 2]
    drop, turns = lock_legs(positions[:, LEGS], points, forward, contacts, clip.fps, strength)
    for side, (hip, knee, ankle, _) in enumerate(LEGS):
        thigh, shin, foot = (
            turns[:, side, i] @ global_rotations[:, joint] for i, joint in enumerate((hip, knee, ankle))
        )
        local[:, hip] = global_rotations[:, 0].swapaxes(-1, -2) @ thigh
        local[:, knee] = thigh.swapaxes(-1, -2) @ shin
        local[:, ankle] = shin.swapaxes(-1, -2) @ foot
    root = clip.root - drop * UP
    return replace(clip, rot6d=rotation.rot6d_from_matrix(local).astype(np.float32), root=root.astype(np.float32))
