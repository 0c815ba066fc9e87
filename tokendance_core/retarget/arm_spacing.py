"""Arms of a rig with other proportions: hands stay out of its trunk, and hands that meet are as far apart as the
dancer's.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tokendance_core.finishing.leg_ik import bend
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.skeleton import HORIZONTAL, INDEX, OVER_THE_FLOOR, SIDES, T_POSE
from tokendance_core.retarget.posing import Posture
from tokendance_core.retarget.rest_pose import RestPose
from tokendance_core.types import FPS

ARMS = [f"{side}_{joint}" for side in SIDES for joint in ("shoulder", "elbow", "wrist")]
"""Joints that a rig must have for its arms to be spaced, beside ``TRUNK``."""

TRUNK = ("pelvis", "spine3")

_WIDTH, _DEPTH = 0.85, 0.6  # half axes of the trunk as parts of half the shoulders' width
_HAND = 0.05  # metres around a wrist that belong to the hand
_NEAR = 0.30  # metres between wrists below which hands count as meeting; from twice that on they begin to
_CALM = 2.0  # frames at 30 fps over which a correction fades in and out
_OUR_HALF_WIDTH = float(abs(T_POSE[INDEX["left_shoulder"], 0]))

Body = Mapping[str, np.ndarray]
"""Joint -> (T, 3) metres."""


def _way_out(wrists: np.ndarray, trunk: np.ndarray, facing: np.ndarray, half_width: float) -> np.ndarray:
    """(T, 2, 3): the way out of the trunk's ellipse for each wrist (T, 2, 3), zero outside.

    ``trunk`` (T, 2, 3): its lower and upper end; ``facing`` (T, 3, 3): columns left, up and front of the chest.
    """
    line = trunk[:, 1] - trunk[:, 0]
    length = np.maximum((line**2).sum(-1), 1e-9)
    along = np.clip(((wrists - trunk[:, None, 0]) * line[:, None]).sum(-1) / length[:, None], 0.0, 1.0)
    away = wrists - trunk[:, None, 0] - along[..., None] * line[:, None]
    local = np.einsum("tji,tkj->tki", facing, away)  # left, up, front of the chest
    across = local[..., HORIZONTAL] / [half_width * _WIDTH + _HAND, half_width * _DEPTH + _HAND]
    depth = np.linalg.norm(across, axis=-1)
    inside = np.maximum(1 / np.maximum(depth, 1e-3) - 1, 0.0)
    # Above the shoulders and below the hips there is no trunk.
    ends = np.clip(np.minimum(along, 1 - along) / 0.1, 0.0, 1.0)
    out = local * OVER_THE_FLOOR * (inside * ends)[..., None]
    way_out: np.ndarray = np.einsum("tij,tkj->tki", facing, out)
    return way_out


def space_arms(
    rest: RestPose,
    posture: Posture,
    global_rotations: np.ndarray,
    positions: np.ndarray,
    fps: float,
    strength: float,
) -> np.ndarray:
    """Global rotations (T, 24, 3, 3) with arms that stay clear of the trunk, and of each other as the dancer's do.

    ``posture``: the rig in its unspaced pose; ``positions`` (T, 24, 3) of our skeleton; ``strength`` 0 to 1. Only what
    sinks deeper into the trunk than the dancer's own hands do is moved out.
    """
    rig = {
        joint: np.broadcast_to(posture.heads[rest.bones[joint]] @ rest.axes / rest.scale, (len(positions), 3))
        for joint in (*ARMS, *TRUNK)
    }
    dancer = {joint: positions[:, INDEX[joint]] for joint in (*ARMS, *TRUNK)}
    facing = global_rotations[:, INDEX["spine3"]]
    push = _less(_ways_out(rig, facing, _half_width(rest)), _ways_out(dancer, facing, _OUR_HALF_WIDTH))
    move = filtered(strength * (push + _meeting(rig, dancer)), gaussian(_CALM * fps / FPS))
    spaced = global_rotations.copy()
    for number, side in enumerate(SIDES):
        shoulder, elbow = INDEX[f"{side}_shoulder"], INDEX[f"{side}_elbow"]
        arm = np.stack([rig[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist")], 1)
        backward = -spaced[:, shoulder][..., 2]
        upper, lower = bend(arm, arm[:, 2] + move[:, number], backward)
        still = np.linalg.norm(move[:, number], axis=-1) < 1e-6
        upper[still] = lower[still] = np.eye(3)
        spaced[:, shoulder] = upper @ spaced[:, shoulder]
        spaced[:, elbow] = lower @ spaced[:, elbow]
    return spaced


def _wrists(body: Body) -> np.ndarray:
    """(T, 2, 3) left and right."""
    return np.stack([body[f"{side}_wrist"] for side in SIDES], 1)


def _ways_out(body: Body, facing: np.ndarray, half_width: float) -> np.ndarray:
    """(T, 2, 3): the way out of the body's own trunk for each wrist."""
    return _way_out(_wrists(body), np.stack([body[joint] for joint in TRUNK], 1), facing, half_width)


def _less(push: np.ndarray, own: np.ndarray) -> np.ndarray:
    """(T, 2, 3): what is left of ``push`` after the length of ``own``."""
    lengths = [np.linalg.norm(vectors, axis=-1, keepdims=True) for vectors in (push, own)]
    rest: np.ndarray = push * np.maximum(1 - lengths[1] / np.maximum(lengths[0], 1e-9), 0.0)
    return rest


def _meeting(rig: Body, dancer: Body) -> np.ndarray:
    """(T, 2, 3): moves of both wrists that set them as far apart as the dancer's, where those come near each other."""
    apart, wanted = (wrists[:, 0] - wrists[:, 1] for wrists in (_wrists(rig), _wrists(dancer)))
    near = np.clip(2 - np.linalg.norm(wanted, axis=-1, keepdims=True) / _NEAR, 0.0, 1.0)
    move = near * near * (3 - 2 * near) * 0.5 * (wanted - apart)
    return np.stack((move, -move), 1)


def _half_width(rest: RestPose) -> float:
    """Metres of our skeleton from the middle to a shoulder of the rig."""
    return float(np.linalg.norm(rest.head("left_shoulder") - rest.head("right_shoulder"))) / rest.scale / 2
