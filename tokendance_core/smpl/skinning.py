"""Skins a dance with the user's own SMPL, SMPL-H or SMPL-X model, by the package smplx.

The models share our joints and our T-pose, so rotations are taken over as they are; fingers, jaw and eyes stay at rest.
Only proportions differ: the path grows with the legs, and in each frame the body is raised or lowered until its lower
foot is as high above the floor as the dancer's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tokendance_core.errors import ClipError, SettingError
from tokendance_core.motion import rotation
from tokendance_core.motion.contacts import clearance
from tokendance_core.motion.kinematics import forward_kinematics
from tokendance_core.motion.skeleton import BODY_JOINTS, FEET, INDEX, JOINTS, OFFSETS, PARENTS, SIDES
from tokendance_core.smpl import model_file
from tokendance_core.smpl.model_file import BodyModel
from tokendance_core.types import MotionClip

_LEGS = [INDEX[f"{side}_{joint}"] for side in SIDES for joint in ("knee", "ankle")]
"""Joints whose offsets are the thigh and the shank."""

_BATCH = 32
"""Frames skinned at a time: about 100 MB for SMPL-X."""


@dataclass(frozen=True, eq=False)
class SkinnedBody:
    """A dancing mesh in metres, Y up, facing +Z at rest, floor at y = 0.

    ``vertices`` (T, V, 3) float32; ``faces`` (F, 3) int32 triangles; ``joints`` (T, 24, 3) float32 as
    ``skeleton.JOINTS``; ``fps``.
    """

    vertices: np.ndarray
    faces: np.ndarray
    joints: np.ndarray
    fps: float


def skin(
    clip: MotionClip,
    model: Path | str,
    *,
    betas: Sequence[float] | None = None,
    progress: Callable[[float], None] | None = None,
) -> SkinnedBody:
    """``clip`` on the body in the file ``model``, in the shape of ``betas``, at most as many as the file has; the mean
    body by default.

    ``progress`` is called with the fraction that is done. Raises ClipError (file, package smplx) and SettingError
    (``betas``).
    """
    body = model_file.read(Path(model))
    shape = _shape(body, betas)
    template = body.template + body.shapes[..., : len(shape)] @ shape
    rest = body.regressor @ template
    joints, matrices = _on_the_floor(clip, rest[body.ours], template[:, 1].min())
    shared = len(JOINTS) if body.joints == len(JOINTS) else BODY_JOINTS
    pose = np.tile(np.eye(3, dtype=np.float32), (clip.frames, body.joints, 1, 1))
    pose[:, :shared] = matrices[:, :shared]
    # The models turn about the pelvis of their rest pose and move from there.
    vertices = _skinned(body, shape, pose, joints[:, 0] - rest[0], progress)
    return SkinnedBody(vertices, body.faces, joints.astype(np.float32), clip.fps)


def _on_the_floor(clip: MotionClip, rest: np.ndarray, sole: float) -> tuple[np.ndarray, np.ndarray]:
    """Joints (T, 24, 3) and local rotations (T, 24, 3, 3) of a body whose joints rest at ``rest`` (24, 3), its soles at
    the height ``sole``.
    """
    offsets = rest - rest[np.maximum(PARENTS, 0)]
    scale = _leg_length(offsets) / _leg_length(OFFSETS)
    matrices = rotation.matrix_from_6d(clip.rot6d.astype(np.float64))
    path = clip.root.astype(np.float64)
    dancer = forward_kinematics(matrices, path)[0]
    joints = forward_kinematics(matrices, scale * path, offsets)[0]
    feet = list(FEET)
    raise_by = scale * clearance(dancer) - (joints[:, feet, 1] - (rest[feet, 1] - sole)).min(1)
    joints[..., 1] += raise_by[:, None]
    return joints, matrices


def _leg_length(offsets: np.ndarray) -> float:
    """Metres from hip to ankle, the mean of both legs; ``offsets`` (24, 3)."""
    return float(np.linalg.norm(offsets[_LEGS], axis=1).sum()) / 2


def _skinned(
    body: BodyModel,
    shape: np.ndarray,
    pose: np.ndarray,
    translation: np.ndarray,
    progress: Callable[[float], None] | None,
) -> np.ndarray:
    """Local rotations (T, J, 3, 3) and translation (T, 3) -> (T, V, 3) float32 vertices, by smplx."""
    try:
        from smplx.lbs import lbs
    except ImportError as problem:
        raise ClipError(
            f"A body needs the package smplx ({problem}).", hint="Install it: pip install tokendance[smpl]."
        ) from problem
    import torch

    def tensor(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, np.float32))

    parts = [tensor(part) for part in (body.template, body.shapes[..., : len(shape)])]
    parts.append(tensor(body.corrections.reshape(-1, body.corrections.shape[-1]).T))
    parts += [tensor(body.regressor), torch.from_numpy(body.parents), tensor(body.weights)]
    vertices = np.empty((len(pose), len(body.template), 3), np.float32)
    with torch.inference_mode():
        for start in range(0, len(pose), _BATCH):
            part = slice(start, start + _BATCH)
            batch = tensor(pose[part])
            posed, _ = lbs(tensor(shape).expand(len(batch), -1), batch, *parts, pose2rot=False)
            vertices[part] = posed.numpy() + translation[part, None]
            if progress is not None:
                progress(min(start + _BATCH, len(pose)) / len(pose))
    return vertices


def _shape(body: BodyModel, betas: Sequence[float] | None) -> np.ndarray:
    """(N,) shape parameters with N at least 1."""
    shape = np.zeros(1) if betas is None or not len(betas) else np.asarray(betas, np.float64)
    most = body.shapes.shape[2]
    if shape.ndim != 1 or len(shape) > most or not np.isfinite(shape).all():
        raise SettingError(
            f"“betas” must be at most {most} finite numbers, found an array of shape {shape.shape}.",
            hint="Give the shape parameters of one body; 0 is the mean, values beyond 3 are rare.",
        )
    return shape
