"""Legs that bring feet to their places: two-bone inverse kinematics, knees kept from snapping."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tokendance_core.finishing.foot_targets import FOOT_LENGTH, foot_targets
from tokendance_core.motion import rotation
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.kinematics import forward_kinematics
from tokendance_core.motion.skeleton import INDEX
from tokendance_core.types import FPS, MotionClip

LEGS = np.array(
    [[INDEX[f"{side}_{joint}"] for joint in ("hip", "knee", "ankle", "foot")] for side in ("left", "right")]
)
"""(2, 4) joints of the left and the right leg, from hip to toe."""

_EASY = 0.98  # part of the leg's length up to which stretching it changes the knee gently
_STRAIGHT = 0.995  # part of the leg's length that inverse kinematics never exceeds


def _normalised(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _apply(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return (matrices @ vectors[..., None])[..., 0]


def bend(leg: np.ndarray, target: np.ndarray, forward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turns (T, 3, 3) of thigh and shin that bring the ankle of ``leg`` (T, 3 joints, 3) to ``target`` (T, 3), in world
    axes.

    The knee keeps the direction in which it points; a straight leg bends towards ``forward`` (T, 3). Out of reach, the
    leg ends short. Arms are bent in the same way, their elbows from ``forward``.
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
    out = _normalised(out - extra * (forward - (forward * thigh).sum(-1, keepdims=True) * thigh))
    bent = cosine[:, None] * thigh + sine[:, None] * out
    swing = rotation.shortest_arc(
        _normalised(upper[:, None] * thigh + lower[:, None] * bent), _normalised(target - hip)
    )
    return swing, swing @ rotation.shortest_arc(shin, bent)


def _pointing(ankle: np.ndarray, toe: np.ndarray, foot_length: float) -> np.ndarray:
    """Unit vectors (T, 3) from the ankle to the toe's height, so that it stays out of the floor, and in its target's
    heading.
    """
    drop = np.clip((toe - ankle)[:, 1:2] / foot_length, -1, 1)
    return _normalised((toe - ankle) * [1, 0, 1]) * np.sqrt(1 - drop**2) + drop * [0, 1, 0]


def _drop(legs: np.ndarray, ankles: np.ndarray, fps: float) -> np.ndarray:
    """(T, 1) metres by which the pelvis comes down, so that no leg has to be pulled straight to bring its foot to
    ``ankles`` (T, 2, 3).
    """
    reach = np.linalg.norm(legs[:, :, 2] - legs[:, :, 0], axis=-1)
    length = np.linalg.norm(np.diff(legs[0, :, :3], axis=1), axis=-1).sum(1)
    wanted = np.linalg.norm(ankles - legs[:, :, 0], axis=-1)
    missing = np.maximum(wanted - np.maximum(reach, _EASY * length), 0).max(1, keepdims=True)
    return filtered(missing, gaussian(3.0 * fps / FPS))


def stand(
    legs: np.ndarray,
    forward: np.ndarray,
    contacts: np.ndarray,
    fps: float,
    strength: float,
    foot_length: float = FOOT_LENGTH,
) -> tuple[np.ndarray, np.ndarray]:
    """How legs of any proportions make standing feet stand: metres (T, 1) the body comes down, turns (T, 2, 3, 3, 3) of
    the bones.

    ``legs`` (T, 2, 4, 3): hip, knee, ankle, toe of the left and the right leg; ``forward`` (T, 2, 3): where the knees
    point when straight; ``contacts`` (T, 4): which foot points belong on the floor; ``strength`` 0 to 1. The turns are
    of thigh, shin and foot, in world axes.
    """
    points = legs[:, :, 2:].reshape(len(legs), 4, 3)
    targets = foot_targets(points, contacts, fps, strength, foot_length).reshape(len(legs), 2, 2, 3)
    drop = _drop(legs, targets[:, :, 0], fps)
    legs = legs - drop[:, None, None] * [0.0, 1.0, 0.0]
    turns = np.empty((len(legs), 2, 3, 3, 3))
    for side in range(2):
        hip, knee, ankle, toe = legs[:, side].swapaxes(0, 1)
        thigh, shin = bend(legs[:, side, :3], targets[:, side, 0], forward[:, side])
        reached = hip + _apply(thigh, knee - hip) + _apply(shin, ankle - knee)
        turns[:, side, 0], turns[:, side, 1] = thigh, shin
        turns[:, side, 2] = rotation.shortest_arc(toe - ankle, _pointing(reached, targets[:, side, 1], foot_length))
    return drop, turns


def lock_feet(clip: MotionClip, contacts: np.ndarray, strength: float = 1.0) -> MotionClip:
    """Hold standing feet where they stand, none of them below the floor, by turning legs and ankles; ``strength`` 0 to
    1.

    ``contacts`` (T, 4): which foot points belong on the floor.
    """
    local = rotation.matrix_from_6d(clip.rot6d.astype(np.float64))
    positions, turns = forward_kinematics(local, clip.root.astype(np.float64))
    drop, more = stand(positions[:, LEGS], turns[:, LEGS[:, 0]][..., 2], contacts, clip.fps, strength)
    for side, (hip, knee, ankle, _) in enumerate(LEGS):
        thigh, shin, foot = (more[:, side, i] @ turns[:, joint] for i, joint in enumerate((hip, knee, ankle)))
        local[:, hip] = turns[:, 0].swapaxes(-1, -2) @ thigh
        local[:, knee] = thigh.swapaxes(-1, -2) @ shin
        local[:, ankle] = shin.swapaxes(-1, -2) @ foot
    root = clip.root - drop * np.float32([0, 1, 0])
    return replace(clip, rot6d=rotation.rot6d_from_matrix(local).astype(np.float32), root=root.astype(np.float32))
