"""Body model files of SMPL, SMPL-H and SMPL-X as their makers offer them: ``.npz``, or a pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tokendance_core.errors import ClipError, DataError
from tokendance_core.files.array_file import open_npz
from tokendance_core.files.guarded import guarded
from tokendance_core.motion.skeleton import BODY_JOINTS, PARENTS
from tokendance_core.smpl import model_pickle

_KEYS = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "f")

# joints of the model -> where our 24 joints are among them; SMPL-H and SMPL-X have no hand joint, the first joint of
# the middle finger is nearest
_OURS = {24: (*range(24),), 52: (*range(BODY_JOINTS), 25, 40), 55: (*range(BODY_JOINTS), 28, 43)}

_NAMES = "24 (SMPL), 52 (SMPL-H) or 55 (SMPL-X)"

_CHOOSE = "Choose a body model file of SMPL, SMPL-H or SMPL-X, for example SMPL_NEUTRAL.pkl."

_ORIGINAL = "Take the file as the makers of the model offer it, .npz or .pkl."


@dataclass(frozen=True, eq=False)
class BodyModel:
    """What a model file holds, for V vertices and J joints.

    ``template`` (V, 3) metres; ``shapes`` (V, 3, S) and ``corrections`` (V, 3, 9 (J - 1)): how shape parameters and the
    pose move the vertices; ``regressor`` (J, V) from vertices to joints; ``weights`` (V, J); ``parents`` (J,);
    ``faces`` (F, 3).
    """

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

    @property
    def ours(self) -> list[int]:
        """Where our 24 joints are among those of the model."""
        return list(_OURS[self.joints])


@guarded(ClipError, "is not a body model or is damaged", _CHOOSE)
def read(path: Path) -> BodyModel:
    """The model in ``path``; ClipError when it is none that we know."""
    read_arrays = {".npz": _read_npz, ".pkl": _read_pickle}.get(path.suffix.lower())
    if read_arrays is None:
        raise ClipError(f"{path.name} has no suffix of a body model (.npz, .pkl).", hint=_CHOOSE)
    if not os.path.exists(path):
        raise ClipError(
            f"There is no body model {path}.",
            hint="Check the path of the file; body models are not part of TokenDance.",
        )
    arrays = read_arrays(path)
    _check(arrays, path)
    parents = arrays["kintree_table"][0].astype(np.int64)
    parents[0] = -1
    if tuple(parents[:BODY_JOINTS]) != PARENTS[:BODY_JOINTS]:
        raise ClipError(f"{path.name} orders its joints in another way than SMPL.", hint=_CHOOSE)
    template, shapes, corrections, regressor, weights = (
        arrays[key].astype(np.float32, copy=False) for key in _KEYS[:5]
    )
    if len(parents) == 55:
        # SMPL-X keeps expressions of the face behind the shapes of the body: 300 and 100, or 10 and 10 in small files.
        shapes = shapes[..., : 300 if shapes.shape[2] >= 400 else 10]
    return BodyModel(template, shapes, corrections, regressor, weights, parents, arrays["f"].astype(np.int32))


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    with open_npz(path) as file:
        _expect_keys(file.names, path)
        arrays = {}
        for key in _KEYS:
            try:
                arrays[key] = file[key]
            except ValueError as problem:
                raise ClipError(f"{path.name} holds no plain array {key} ({problem}).", hint=_ORIGINAL) from problem
        return arrays


def _read_pickle(path: Path) -> dict[str, np.ndarray]:
    try:
        found = model_pickle.read(path)
    except DataError as problem:
        raise ClipError(f"{problem}", hint=problem.hint) from problem
    _expect_keys(found, path)
    arrays = {}
    for key in _KEYS:
        try:
            arrays[key] = model_pickle.array(found[key])
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
