"""Arms of a rig with other proportions: hands out of its trunk, and as far from each other as the dancer's when they
meet.
"""

from __future__ import annotations

import numpy as np

from tokendance_core.finishing.leg_ik import bend
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.skeleton import INDEX, T_POSE
from tokendance_core.retarget.posing import Posture
from tokendance_core.retarget.rest_pose import SIDES, RestPose
from tokendance_core.types import FPS

ARMS = [f"{side}_{joint}" for side in SIDES for joint in ("shoulder", "elbow", "wrist")]
"""Joints that a rig must have for its arms to be kept apart, beside ``TRUNK``."""

TRUNK = ("pelvis", "spine3")

_WIDTH, _DEPTH = 0.85, 0.6  # half axes of the trunk as parts of half the shoulders' width
_HAND = 0.05  # metres around a wrist that belong to the hand
_NEAR = 0.30  # metres between wrists from which on the hands are about to meet
_CALM = 2.0  # frames at 30 fps over which a correction comes and goes


def _sunk(wrists: np.ndarray, trunk: np.ndarray, facing: np.ndarray, half: float) -> np.ndarray:
    """(T, 2, 3): the way out of the trunk's ellipse for each wrist, zero outside. ``trunk`` (T, 2, 3) its lower and
    upper end.
    """
    line = trunk[:, 1] - trunk[:, 0]
    length = np.maximum((line**2).sum(-1), 1e-9)
    along = np.clip(((wrists - trunk[:, None, 0]) * line[:, None]).sum(-1) / length[:, None], 0.0, 1.0)
    away = wrists - trunk[:, None, 0] - along[..., None] * line[:, None]
    local = np.einsum("tji,tkj->tki", facing, away)  # left, up, front of the chest
    across = local[..., [0, 2]] / [half * _WIDTH + _HAND, half * _DEPTH + _HAND]
    depth = np.linalg.norm(across, axis=-1)
    inside = np.maximum(1 / np.maximum(depth, 1e-3) - 1, 0.0)
    ends = np.clip(
        np.minimum(along, 1 - along) / 0.1, 0.0, 1.0
    )  # above the shoulders and below the hips there is no trunk
    out = local * [1.0, 0.0, 1.0] * (inside * ends)[..., None]
    return np.einsum("tij,tkj->tki", facing, out)


def spaced(
    rest: RestPose, posture: Posture, turns: np.ndarray, positions: np.ndarray, fps: float, strength: float
) -> np.ndarray:
    """Turns (T, 24, 3, 3) with arms that keep clear of the trunk and of each other as the dancer's do; ``strength`` 0
    to 1.

    ``positions`` (T, 24, 3) of our skeleton. Only what goes deeper into the trunk than in the dancer itself is moved
    out.
    """
    joints = (*ARMS, *TRUNK)
    theirs = {
        joint: np.broadcast_to(posture.heads[rest.bones[joint]] @ rest.axes / rest.scale, (len(turns), 3))
        for joint in joints
    }
    ours = {joint: positions[:, INDEX[joint]] for joint in joints}
    pushes, apart = [], []
    for body, half in ((theirs, _half_width(rest)), (ours, abs(T_POSE[INDEX["left_shoulder"], 0]))):
        wrists = np.stack([body[f"{side}_wrist"] for side in SIDES], 1)
        trunk = np.stack([body[joint] for joint in TRUNK], 1)
        pushes.append(_sunk(wrists, trunk, turns[:, INDEX["spine3"]], half))
        apart.append(wrists[:, 0] - wrists[:, 1])
    sizes = [np.linalg.norm(push, axis=-1, keepdims=True) for push in pushes]
    push = pushes[0] * np.maximum(1 - sizes[1] / np.maximum(sizes[0], 1e-9), 0.0)
    meeting = np.clip(2 - np.linalg.norm(apart[1], axis=-1, keepdims=True) / _NEAR, 0.0, 1.0)
    meeting = meeting * meeting * (3 - 2 * meeting) * 0.5 * (apart[1] - apart[0])
    move = filtered(strength * (push + np.stack((meeting, -meeting), 1)), gaussian(_CALM * fps / FPS))
    turns = turns.copy()
    for number, side in enumerate(SIDES):
        arm = np.stack([theirs[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist")], 1)
        backward = -turns[:, INDEX[f"{side}_shoulder"]][..., 2]
        upper, lower = bend(arm, arm[:, 2] + move[:, number], backward)
        still = np.linalg.norm(move[:, number], axis=-1) < 1e-6
        upper[still] = lower[still] = np.eye(3)
        turns[:, INDEX[f"{side}_shoulder"]] = upper @ turns[:, INDEX[f"{side}_shoulder"]]
        turns[:, INDEX[f"{side}_elbow"]] = lower @ turns[:, INDEX[f"{side}_elbow"]]
    return turns


def _half_width(rest: RestPose) -> float:
    """Metres of our skeleton from the middle to a shoulder of the rig."""
    return float(np.linalg.norm(rest.head("left_shoulder") - rest.head("right_shoulder"))) / rest.scale / 2
