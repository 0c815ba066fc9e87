"""Variations of a motion clip that are as true as the clip itself; each keeps the clip's length unless it says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.skeleton import INDEX, JOINTS, OVER_THE_FLOOR, REST_HEIGHT
from tokendance_core.types import FPS, MotionClip

_TWIST = 0.1
"""Seconds: standard deviation of the Gaussian that takes the twists of the hips out of the heading."""

_OPENING = 1.0
"""Seconds from whose poses it is told where a dance begins to face."""


def turn(clip: MotionClip, angle: float) -> MotionClip:
    """The dance turned about the vertical through the origin by ``angle`` radians."""
    spin = rotation.heading_matrix(angle).astype(np.float32)
    pelvis = rotation.rot6d_from_matrix(spin @ rotation.matrix_from_6d(clip.rot6d[:, 0]))
    return replace(clip, rot6d=np.concatenate((pelvis[:, None], clip.rot6d[:, 1:]), 1), root=clip.root @ spin.T)


def hold_t_pose(frames: int, name: str = "T-pose") -> MotionClip:
    """A dancer who stands in the T-pose for so many frames."""
    rot6d = np.tile(np.array([1, 0, 0, 0, 1, 0], np.float32), (frames, len(JOINTS), 1))
    return MotionClip(rot6d, np.tile(np.array([0, REST_HEIGHT, 0], np.float32), (frames, 1)), name=name)


def bend(clip: MotionClip, joint: str, axis: str, angles: np.ndarray) -> MotionClip:
    """The dance with a joint, after its own rotation, turned by ``angles`` (T,) radians about its parent's ``axis``:
    X, Y or Z.
    """
    vectors = angles[:, None] * np.eye(3)["XYZ".index(axis)]
    matrices = rotation.matrix_from_6d(clip.rot6d[:, INDEX[joint]])
    rot6d = clip.rot6d.copy()
    rot6d[:, INDEX[joint]] = rotation.rot6d_from_matrix(rotation.matrix_from_axis_angle(vectors) @ matrices)
    return replace(clip, rot6d=rot6d)


def headings(clip: MotionClip, twist: float = _TWIST) -> np.ndarray:
    """(T,) radians, continuous: where the pelvis faces, 0 = +Z, positive towards +X, without its quick twists;
    ``twist`` 0 keeps them.

    The turn about the vertical that is left when the tilt is taken out (swing and twist), so that it is also known for
    a dancer who lies; only head down, about a half turn of tilt, it is not, and the frames around decide.
    """
    facing = _facing(rotation.matrix_from_6d(clip.rot6d[:, 0]).astype(np.float64))
    return np.unwrap(np.angle(filtered(facing, gaussian(twist * clip.fps)) if twist else facing))


def _facing(turns: np.ndarray) -> np.ndarray:
    """(…, 3, 3) -> (…,) complex numbers that point where a body turned so faces, 1 = +Z and i = +X; short where it
    hardly faces anywhere.
    """
    facing: np.ndarray = turns[..., 0, 0] + turns[..., 2, 2] + 1j * (turns[..., 0, 2] - turns[..., 2, 0])
    return facing


def face_forward(clip: MotionClip) -> MotionClip:
    """The dance turned so that it faces +Z on average, its path centred on the origin."""
    angles = headings(clip)
    turned = turn(clip, -float(np.arctan2(np.sin(angles).mean(), np.cos(angles).mean())))
    return replace(turned, root=turned.root - turned.root.mean(0) * OVER_THE_FLOOR)


def opening(clip: MotionClip) -> float:
    """Radians: where the dancer faces in the first second, pelvis and chest alike, the earliest moments above all; so
    no twist of a single pose turns the whole dance.
    """
    first = clip.cut(0, max(round(_OPENING * clip.fps), 1))
    local = rotation.matrix_from_6d(first.rot6d.astype(np.float64))
    _, turns = kinematics.forward_kinematics(local, first.root.astype(np.float64))
    weights = (1 - np.arange(first.frames) / first.frames) ** 2
    return float(np.angle(weights @ _facing(turns[:, [INDEX["pelvis"], INDEX["spine3"]]]).sum(1)))


def begin(clip: MotionClip) -> MotionClip:
    """The dance turned and moved as a whole, so that it begins over the origin, facing +Z as ``opening`` sees it."""
    if not clip.frames:
        return clip
    turned = turn(clip, -opening(clip))
    return replace(turned, root=turned.root - turned.root[0] * OVER_THE_FLOOR)


def change_speed(clip: MotionClip, factor: float) -> MotionClip:
    """The dance played ``factor`` times as fast; its length changes by the inverse."""
    frames = max(round(clip.frames / factor), 2)
    return kinematics.resample(clip, np.arange(frames) * factor / clip.fps, FPS)
