"""A dance on the skin of a body model that the user brings along: SMPL, SMPL-H or SMPL-X, skinned by the package smplx.

The models share our joints and our T-pose, so rotations are taken over as they are; fingers, jaw and eyes stay at rest.
Only proportions differ: the path grows with the legs, and in each frame the body is raised or lowered until its lower
foot is as high above the floor as the dancer's.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tokendance_core.errors import ClipError, DataError, SettingError
from tokendance_core.files.atomic import write_aside
from tokendance_core.motion import rotation
from tokendance_core.motion.contacts import clearance
from tokendance_core.motion.kinematics import forward_kinematics
from tokendance_core.motion.skeleton import FEET, INDEX, JOINTS, OFFSETS, PARENTS
from tokendance_core.smpl import model_pickle as body_pickle
from tokendance_core.types import MotionClip

_KEYS = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "f")

_BODY_JOINTS = 22
"""Joints that all three models share; behind them SMPL has its hands, the others fingers and face."""

# joints of the model -> where our 24 joints are among them; fingers have no joint of the hand, the middle finger's
# first is nearest
_OURS = {24: (*range(24),), 52: (*range(_BODY_JOINTS), 25, 40), 55: (*range(_BODY_JOINTS), 28, 43)}

_NAMES = "24 (SMPL), 52 (SMPL-H) or 55 (SMPL-X)"

_CHOOSE = "Choose a body model file of SMPL, SMPL-H or SMPL-X, for example SMPL_NEUTRAL.pkl."

_ORIGINAL = "Take the file as the makers of the model offer it, .npz or .pkl."

_LEGS = [INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("knee", "ankle")]
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


@dataclass(frozen=True, eq=False)
class _Model:
    """What a model file holds, J joints: ``template`` (V, 3), ``shapes`` (V, 3, S), ``corrections`` (V, 3, 9 (J - 1)),
    ``regressor`` (J, V), ``weights`` (V, J), ``parents`` (J,), ``faces`` (F, 3)."""

    template: np.ndarray
    shapes: np.ndarray
    corrections: np.ndarray
    regressor: np.ndarray
    weights: np.ndarray
    parents: np.ndarray
    faces: np.ndarray

    @property
    def joints(self) -> int:
        return len(self.regressor)


def skin(
    clip: MotionClip,
    model: Path | str,
    *,
    betas: Sequence[float] | None = None,
    progress: Callable[[float], None] | None = None,
) -> SkinnedBody:
    """``clip`` on the body in the file ``model``, its shape from ``betas`` (at most as many as the file has; default:
    the mean body).

    ``progress`` is called with the fraction that is done. Raises ClipError (file, package smplx) and SettingError
    (``betas``).
    """
    body = _read(Path(model))
    shape = _shape(body, betas)
    template = body.template + body.shapes[..., : len(shape)] @ shape
    rest = body.regressor @ template
    joints, matrices = _stand(clip, rest[list(_OURS[body.joints])], template[:, 1].min())
    shared = len(JOINTS) if body.joints == len(JOINTS) else _BODY_JOINTS
    pose = np.tile(np.eye(3, dtype=np.float32), (clip.frames, body.joints, 1, 1))
    pose[:, :shared] = matrices[:, :shared]
    # The models turn about the pelvis of the rest pose and move from there.
    vertices = _skinned(body, shape, pose, joints[:, 0] - rest[0], progress)
    return SkinnedBody(vertices, body.faces, joints.astype(np.float32), clip.fps)


def _stand(clip: MotionClip, rest: np.ndarray, sole: float) -> tuple[np.ndarray, np.ndarray]:
    """Joints (T, 24, 3) of a body that rests at ``rest`` (24, 3) on soles of height ``sole``, and local rotations (T,
    24, 3, 3).
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
    return np.linalg.norm(offsets[_LEGS], axis=1).sum() / 2


def _skinned(
    body: _Model, shape: np.ndarray, pose: np.ndarray, translation: np.ndarray, progress: Callable[[float], None] | None
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


def _shape(body: _Model, betas: Sequence[float] | None) -> np.ndarray:
    """(N,) shape parameters with N at least 1."""
    shape = np.zeros(1) if betas is None or not len(betas) else np.asarray(betas, np.float64)
    most = body.shapes.shape[2]
    if shape.ndim != 1 or len(shape) > most or not np.isfinite(shape).all():
        raise SettingError(
            f"“betas” must be at most {most} finite numbers, found an array of shape {shape.shape}.",
            hint="Give the shape parameters of one body; 0 is the mean, values beyond 3 are rare.",
        )
    return shape


def _read(path: Path) -> _Model:
    """The model in ``path``; ClipError when it is none that we know."""
    read = {".npz": _read_npz, ".pkl": _read_pickle}.get(path.suffix.lower())
    if read is None:
        raise ClipError(f"{path.name} has no suffix of a body model (.npz, .pkl).", hint=_CHOOSE)
    if not path.is_file():
        raise ClipError(
            f"There is no body model {path}.",
            hint="Check the path of the file; body models are not part of TokenDance.",
        )
    arrays = read(path)
    _check(arrays, path)
    joints = arrays["kintree_table"].shape[1]
    parents = arrays["kintree_table"][0].astype(np.int64)
    parents[0] = -1
    if tuple(parents[:_BODY_JOINTS]) != PARENTS[:_BODY_JOINTS]:
        raise ClipError(f"{path.name} orders its joints in another way than SMPL.", hint=_CHOOSE)
    template, shapes, corrections, regressor, weights = (
        arrays[key].astype(np.float32, copy=False) for key in _KEYS[:5]
    )
    if joints == 55:
        # SMPL-X keeps expressions of the face behind the shapes of the body: 300 and 100, or 10 and 10 in small files.
        shapes = shapes[..., : 300 if shapes.shape[2] >= 400 else 10]
    return _Model(template, shapes, corrections, regressor, weights, parents, arrays["f"].astype(np.int32))


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    key = ""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            _expect_keys(file.files, path)
            arrays = {}
            for key in _KEYS:
                arrays[key] = file[key]
            return arrays
    except OSError as problem:
        raise ClipError(
            f"Cannot read {path}: {problem.strerror or problem}.", hint="Check that you may read the file."
        ) from problem
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, AttributeError) as problem:
        what = f"{path.name} holds no plain array {key}" if key else f"{path.name} is not a body model or is damaged"
        raise ClipError(f"{what} ({problem}).", hint=_ORIGINAL if key else _CHOOSE) from problem


def _read_pickle(path: Path) -> dict[str, np.ndarray]:
    try:
        found = body_pickle.read(path)
    except DataError as problem:
        raise ClipError(f"{problem}", hint=problem.hint) from problem
    _expect_keys(found, path)
    arrays = {}
    for key in _KEYS:
        try:
            arrays[key] = body_pickle.array(found[key])
        except ValueError as problem:
            raise ClipError(f"{path.name} holds no array {key} ({problem}).", hint=_ORIGINAL) from problem
    return arrays


def _expect_keys(found: Mapping[str, object] | Sequence[str], path: Path) -> None:
    missing = [key for key in _KEYS if key not in found]
    if missing:
        there = ", ".join([*map(str, found)][:8]) or "nothing"
        raise ClipError(
            f"{path.name} is not a body model: it lacks {', '.join(missing)}, and holds {there}.", hint=_CHOOSE
        )


def _check(arrays: Mapping[str, np.ndarray], path: Path) -> None:
    """ClipError unless the number of joints is known and every array has the shape that goes with it."""
    table, template = arrays["kintree_table"], arrays["v_template"]
    joints = table.shape[-1] if table.ndim == 2 else 0
    if joints not in _OURS:
        raise ClipError(f"{path.name} has {joints} joints, expected {_NAMES}.", hint=_CHOOSE)
    count = len(template) if template.ndim else 0
    shapes = {
        "v_template": (count, 3),
        "shapedirs": (count, 3, None),
        "posedirs": (count, 3, 9 * (joints - 1)),
        "J_regressor": (joints, count),
        "weights": (count, joints),
        "kintree_table": (2, joints),
        "f": (None, 3),
    }
    for key, shape in shapes.items():
        array = arrays[key]
        fits = array.ndim == len(shape) and all(
            want in (None, got) for want, got in zip(shape, array.shape, strict=True)
        )
        if not fits or array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            wanted = " × ".join("any" if size is None else str(size) for size in shape)
            raise ClipError(
                f"{path.name}: {key} must hold {wanted} finite numbers, found {array.dtype} {array.shape}.",
                hint=_CHOOSE,
            )
    if not arrays["f"].size or not (arrays["f"].min() >= 0 and arrays["f"].max() < count):
        raise ClipError(f"{path.name} has faces between vertices that it does not have.", hint=_CHOOSE)


def _write_npz(body: SkinnedBody, path: Path) -> None:
    np.savez(path, vertices=body.vertices, faces=body.faces, joints=body.joints, fps=np.float64(body.fps))


def _write_obj(body: SkinnedBody, path: Path) -> None:
    """The mesh of the first frame."""
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.writelines(f"v {x:.6f} {y:.6f} {z:.6f}\n" for x, y, z in body.vertices[0].tolist())
        file.writelines(f"f {a} {b} {c}\n" for a, b, c in (body.faces + 1).tolist())


def _write_pc2(body: SkinnedBody, path: Path) -> None:
    """A point cache of version 1: one sample a frame, beginning with frame 0."""
    frames, points = body.vertices.shape[:2]
    header = np.array([(b"POINTCACHE2", 1, points, 0.0, 1.0, frames)], "S12, <i4, <i4, <f4, <f4, <i4")
    with path.open("wb") as file:
        file.write(header.tobytes())
        for frame in body.vertices:
            file.write(frame.astype("<f4").tobytes())


_WRITERS = {
    ".npz": {".npz": _write_npz},
    ".obj": {".obj": _write_obj},
    ".pc2": {".pc2": _write_pc2, ".obj": _write_obj},
}
"""Suffix that is asked for -> suffixes of the files that are written, and how."""

SUFFIXES = tuple(_WRITERS)


def files(path: Path | str) -> tuple[Path, ...]:
    """What ``save`` writes for ``path``: a point cache comes with its mesh; ClipError for a suffix that it does not
    know.
    """
    path = Path(path)
    if path.suffix.lower() not in _WRITERS:
        raise ClipError(
            f"{path.name} has no suffix of a body file.", hint=f"Let its name end in {', '.join(SUFFIXES)}."
        )
    return tuple(
        path if suffix == path.suffix.lower() else path.with_suffix(suffix) for suffix in _WRITERS[path.suffix.lower()]
    )


def save(body: SkinnedBody, path: Path | str) -> None:
    """Write all frames as ``.npz`` or as the point cache ``.pc2`` with a mesh ``.obj`` beside it, or the first frame as
    ``.obj``.

    Raises ClipError (suffix, folder, disk); files appear only when they are complete.
    """
    targets = files(path)
    writers = _WRITERS[Path(path).suffix.lower()].values()
    with ExitStack() as stack:
        for target, write in zip(targets, writers, strict=True):
            write(body, stack.enter_context(write_aside(target, ClipError)))
