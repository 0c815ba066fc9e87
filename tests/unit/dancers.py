"""Dancers whose feet are known: standing, marching, on skates; one who tumbles; and what the tests measure on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tokendance_core.motion import contacts as feet
from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.skeleton import FEET, HORIZONTAL, INDEX, REST_HEIGHT, SIDES
from tokendance_core.types import MotionClip

LEG = 0.82


def knees_bent(angle: np.ndarray) -> np.ndarray:
    """(T,) knee angles -> (T, 24, 3) rotation vectors of a squat with flat feet under the hips."""
    vectors = np.zeros((len(angle), 24, 3))
    for side in SIDES:
        vectors[:, INDEX[f"{side}_hip"], 0] = -angle / 2
        vectors[:, INDEX[f"{side}_knee"], 0] = angle
        vectors[:, INDEX[f"{side}_ankle"], 0] = -angle / 2
    return vectors


def clip(vectors: np.ndarray, root: np.ndarray, fps: float = 30.0) -> MotionClip:
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(vectors))
    return MotionClip(rot6d.astype(np.float32), root.astype(np.float32), fps)


def standing(frames: int = 1, height: float = REST_HEIGHT) -> MotionClip:
    """The T-pose, the pelvis at ``height`` and somewhere beside the origin."""
    return clip(np.zeros((frames, 24, 3)), np.tile([0.5, height, -0.3], (frames, 1)))


def tumbling(frames: int = 5) -> MotionClip:
    """Any pose anywhere in every frame."""
    rng = np.random.default_rng(3)
    return clip(0.5 * rng.normal(size=(frames, 24, 3)), rng.normal(size=(frames, 3)))


def bobbing(frames: int = 240, fps: float = 30.0) -> MotionClip:
    """Standing on the spot, knees going at 2 Hz, arms swinging: feet are exactly still."""
    time = np.arange(frames) / fps
    angle = 0.7 + 0.35 * np.sin(2 * np.pi * 2 * time)
    vectors = knees_bent(angle)
    vectors[:, INDEX["left_shoulder"], 2] = np.sin(2 * np.pi * time)
    height = 0.12 + LEG * np.cos(angle / 2)
    return clip(vectors, np.stack((np.zeros(frames), height, np.zeros(frames)), -1), fps)


def stepping(frames: int = 300) -> MotionClip:
    """Marching on the spot: one knee after the other goes up by a hand's breadth, twice a second in all."""
    time = np.arange(frames) / 30
    vectors = np.zeros((frames, 24, 3))
    height = np.zeros(frames)
    for side, shift in (("left", 0.0), ("right", 0.5)):
        lift = np.maximum(np.sin(2 * np.pi * (time + shift)), 0) ** 2
        angle = 0.4 + 0.9 * lift
        for joint, part in (("hip", -0.5), ("knee", 1.0), ("ankle", -0.5)):
            vectors[:, INDEX[f"{side}_{joint}"], 0] = part * angle
        height = np.maximum(height, 0.12 + LEG * np.cos(angle / 2))
    return clip(vectors, np.stack((np.zeros(frames), height, np.zeros(frames)), -1))


def drifting(clip: MotionClip, speed: float) -> MotionClip:
    """The clip on skates: the path wanders with about ``speed`` m/s and slow turns."""
    time = np.arange(clip.frames) / clip.fps
    path = speed * np.stack((np.sin(0.8 * time) / 0.8, np.zeros_like(time), np.sin(1.1 * time + 1) / 1.1), -1)
    return replace(clip, root=(clip.root + path).astype(np.float32))


def slide(clip: MotionClip, contacts: np.ndarray) -> float:
    """Mean horizontal speed in m/s of the feet while in contact."""
    feet = kinematics.joint_positions(clip)[:, list(FEET)][..., HORIZONTAL]
    speed = np.linalg.norm(np.diff(feet, axis=0), axis=-1) * clip.fps
    return float(speed[contacts[1:] & contacts[:-1]].mean())


def knee_flexion(clip: MotionClip) -> np.ndarray:
    positions = kinematics.joint_positions(clip)
    flexions = []
    for side in SIDES:
        hip, knee, ankle = (positions[:, INDEX[f"{side}_{joint}"]] for joint in ("hip", "knee", "ankle"))
        flexions.append(np.arccos(np.clip(((knee - hip) * (ankle - knee)).sum(-1) / (LEG / 2) ** 2, -1, 1)))
    return np.stack(flexions, -1)


def contacts(clip: MotionClip) -> np.ndarray:
    return feet.steady_contacts(kinematics.joint_positions(clip), clip.fps)
