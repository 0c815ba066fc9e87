"""Legs that bring feet to their places: two-bone inverse kinematics, knees kept from snapping."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tokendance_core import rotation
from tokendance_core.filters import filtered, gaussian
from tokendance_core.footwork import FOOT_LENGTH, foot_targets
from tokendance_core.kinematics import forward_kinematics
from tokendance_core.skeleton import FEET, INDEX, OFFSETS
from tokendance_core.types import FPS, MotionClip

_EASY = 0.98  # part of the leg's length up to which stretching it changes the knee gently
_STRAIGHT = 0.995  # part of the leg's length that inverse kinematics never exceeds


def _normalised(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _arc(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Shortest rotations (T, 3, 3) between unit vectors (T, 3) that are not opposite."""
    real = 1 + (start * end).sum(-1, keepdims=True)
    return rotation.matrix_from_quaternion(_normalised(np.concatenate((real, np.cross(start, end)), -1)))


def _apply(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return (matrices @ vectors[..., None])[..., 0]


def _bend(leg: np.ndarray, target: np.ndarray, forward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turns (T, 3, 3) of thigh and shin that bring the ankle of ``leg`` (T, 3 joints, 3) to ``target`` (T, 3), in world axes.

    The knee keeps the direction in which it points; a straight leg bends towards ``forward`` (T, 3). Out of reach, the leg ends short.
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
    swing = _arc(_normalised(upper[:, None] * thigh + lower[:, None] * bent), _normalised(target - hip))
    return swing, swing @ _arc(shin, bent)


def _pointing(ankle: np.ndarray, toe: np.ndarray) -> np.ndarray:
    """Unit vectors (T, 3) from the ankle to the toe's height, so that it stays out of the floor, and in its target's heading."""
    drop = np.clip((toe - ankle)[:, 1:2] / FOOT_LENGTH, -1, 1)
    return _normalised((toe - ankle) * [1, 0, 1]) * np.sqrt(1 - drop**2) + drop * [0, 1, 0]


def _drop(positions: np.ndarray, targets: np.ndarray, fps: float) -> np.ndarray:
    """(T, 1) metres by which the pelvis comes down, so that no leg has to be pulled straight to bring its foot to the target."""
    hips, ankles = positions[:, [INDEX["left_hip"], INDEX["right_hip"]]], positions[:, list(FEET[::2])]
    reach = np.linalg.norm(ankles - hips, axis=-1)
    leg = np.linalg.norm(OFFSETS[[INDEX["left_knee"], INDEX["left_ankle"]]], axis=-1).sum()
    wanted = np.linalg.norm(targets[:, ::2] - hips, axis=-1)
    missing = np.maximum(wanted - np.maximum(reach, _EASY * leg), 0).max(1, keepdims=True)
    return filtered(missing, gaussian(3.0 * fps / FPS))


def lock_feet(clip: MotionClip, contacts: np.ndarray, strength: float = 1.0) -> MotionClip:
    """Hold standing feet where they stand, none of them below the floor, by turning legs and ankles; ``strength`` 0 to 1.

    ``contacts`` (T, 4): which foot points belong on the floor.
    """
    local = rotation.matrix_from_6d(clip.rot6d.astype(np.float64))
    positions, turns = forward_kinematics(local, clip.root.astype(np.float64))
    targets = foot_targets(positions[:, list(FEET)], contacts, clip.fps, strength)
    drop = _drop(positions, targets, clip.fps)
    positions[..., 1] -= drop
    root = clip.root - drop * np.float32([0, 1, 0])
    for side, name in enumerate(("left", "right")):
        hip, knee, ankle, toe = (INDEX[f"{name}_{joint}"] for joint in ("hip", "knee", "ankle", "foot"))
        thigh_turn, shin_turn = _bend(positions[:, [hip, knee, ankle]], targets[:, 2 * side], turns[:, hip, :, 2])
        thigh, shin = thigh_turn @ turns[:, hip], shin_turn @ turns[:, knee]
        reached = positions[:, hip] + thigh @ OFFSETS[knee] + shin @ OFFSETS[ankle]
        pointing = _pointing(reached, targets[:, 2 * side + 1])
        foot = _arc((positions[:, toe] - positions[:, ankle]) / FOOT_LENGTH, pointing) @ turns[:, ankle]
        local[:, hip] = turns[:, 0].swapaxes(-1, -2) @ thigh
        local[:, knee] = thigh.swapaxes(-1, -2) @ shin
        local[:, ankle] = shin.swapaxes(-1, -2) @ foot
    return replace(clip, rot6d=rotation.rot6d_from_matrix(local).astype(np.float32), root=root.astype(np.float32))
