"""Body model files with the layout of SMPL, SMPL-H and SMPL-X and a body of our own: a ring of six vertices around
every joint.
"""

from __future__ import annotations

import pickle
import struct
from pathlib import Path
from typing import ClassVar

import numpy as np

from tokendance_core.motion.skeleton import INDEX, OFFSETS, PARENTS

RING = 6
RADIUS = 0.04

JOINT_COUNTS = {"smpl": 24, "smplh": 52, "smplx": 55}
SHAPES = {"smpl": 10, "smplh": 16, "smplx": 20}
"""Directions of shape in each file; the last 10 of SMPL-X belong to the face."""

PELVIS = np.array([0.01, -0.23, 0.02])
"""Where the pelvis rests: not in the origin, as in the real models."""

_HANDS = {"smpl": {}, "smplh": {"left": 22, "right": 37}, "smplx": {"left": 25, "right": 40}}
"""First finger joint of each hand: 15 joints, three to a finger."""


def parents_of(kind: str) -> np.ndarray:
    """(J,) with -1 for the pelvis."""
    parents = list(PARENTS if kind == "smpl" else PARENTS[:22])
    if kind == "smplx":
        parents += [INDEX["head"]] * 3
    for side in _HANDS[kind]:
        for _ in range(5):
            parents += [INDEX[f"{side}_wrist"], len(parents), len(parents) + 1]
    return np.array(parents)


def rest_joints(kind: str) -> np.ndarray:
    """(J, 3) metres: legs 10 % shorter than ours and apart, arms 10 % longer, fingers straight."""
    parents = parents_of(kind)
    offsets = np.zeros((len(parents), 3))
    body = 24 if kind == "smpl" else 22
    offsets[:body] = OFFSETS[:body]
    for side, sign in (("left", 1), ("right", -1)):
        offsets[[INDEX[f"{side}_knee"], INDEX[f"{side}_ankle"]]] = (0.02 * sign, -0.37, -0.01)
        offsets[[INDEX[f"{side}_elbow"], INDEX[f"{side}_wrist"]]] *= 1.1
        if side in _HANDS[kind]:
            first = _HANDS[kind][side]
            offsets[first : first + 15] = (0.03 * sign, 0.0, 0.0)
    if kind == "smplx":
        offsets[22:25] = ((0, 0.01, 0.05), (0.03, 0.06, 0.06), (-0.03, 0.06, 0.06))
    joints = offsets
    joints[0] = PELVIS
    for joint in range(1, len(parents)):
        joints[joint] += joints[parents[joint]]
    return joints


def _faces(parents: np.ndarray) -> np.ndarray:
    """Tubes from the ring of every joint to its parent's."""
    faces = []
    for joint, parent in enumerate(parents[1:], start=1):
        for i in range(RING):
            a, b = RING * joint + i, RING * joint + (i + 1) % RING
            c, d = RING * parent + i, RING * parent + (i + 1) % RING
            faces += [(a, b, c), (b, d, c)]
    return np.array(faces, np.uint32)


def arrays(kind: str) -> dict[str, np.ndarray]:
    """What a model file of ``kind`` holds. Shape 0 makes the body bigger, shape 1 the legs longer."""
    parents, joints = parents_of(kind), rest_joints(kind)
    count = len(parents)
    angle = np.arange(RING) * 2 * np.pi / RING
    ring = RADIUS * np.stack((np.cos(angle), np.sin(angle), 0 * angle), -1)
    template = (joints[:, None] + ring).reshape(-1, 3)
    rng = np.random.default_rng(4)
    shapes = np.zeros((len(template), 3, SHAPES[kind]))
    shapes[..., 0] = 0.05 * template
    knees, below = ("knee",), ("ankle", "foot")
    for names, by in ((knees, -0.02), (below, -0.04)):
        for joint in (INDEX[f"{side}_{name}"] for side in ("left", "right") for name in names):
            shapes[RING * joint : RING * (joint + 1), 1, 1] = by
    weights = np.repeat(np.eye(count), RING, axis=0)
    # Half of each ring follows the parent a little, as around a real joint.
    for joint, parent in enumerate(parents[1:], start=1):
        weights[RING * joint : RING * joint + 3, joint] = 0.7
        weights[RING * joint : RING * joint + 3, parent] = 0.3
    tree = np.stack((parents, np.arange(count))).astype(np.int64)
    found = {
        "v_template": template,
        "shapedirs": shapes,
        "posedirs": 1e-3 * rng.normal(size=(len(template), 3, 9 * (count - 1))),
        "J_regressor": np.repeat(np.eye(count), RING, axis=1) / RING,
        "weights": weights,
        "kintree_table": tree.astype(np.uint32),  # the root's parent becomes 4294967295, as in the real files
        "f": _faces(parents),
    }
    if kind != "smpl":
        found |= {f"hands_mean{side}": np.full(45, 0.2) for side in "lr"} | {
            f"hands_components{side}": np.eye(45) for side in "lr"
        }
    if kind == "smplx":
        found |= {"lmk_faces_idx": np.zeros(3, np.int64), "lmk_bary_coords": np.full((3, 3), 1 / 3)}
        found["part2num"] = np.array(
            {"Global": 0}, object
        )  # the real file holds pickled dictionaries that nobody needs
    return found


def write(path: Path, kind: str, **changes: object) -> Path:
    """A model file of ``kind``, some of its arrays replaced, or left out where None is given."""
    np.savez(path, **{key: value for key, value in {**arrays(kind), **changes}.items() if value is not None})
    return path


class Ch:
    """Pickled as chumpy.ch.Ch."""

    def __init__(self, x: object) -> None:
        self.x = x
        self._dirty_vars = {"x"}
        self._depends_on_deps = {}
        self._itr = None


class Select(Ch):
    """Pickled as chumpy.reordering.Select."""

    def __init__(self, a: object, idxs: object, preferred_shape: tuple[int, ...]) -> None:
        super().__init__(None)
        del self.x
        self.a, self.idxs, self.preferred_shape = a, idxs, preferred_shape


class Sparse:
    """Pickled as a csc_matrix of scipy; ``shape`` is the name of its shape."""

    def __init__(self, dense: np.ndarray, shape: str = "_shape") -> None:
        columns, self.indices = (part.astype(np.int32) for part in np.nonzero(dense.T))
        self.data = dense[self.indices, columns]
        self.indptr = np.searchsorted(columns, np.arange(dense.shape[1] + 1)).astype(np.int32)
        self.maxprint = 50
        setattr(self, shape, dense.shape)


class OldPickler(pickle._Pickler):
    """Writes as Python 2 did, text and bytes alike and flags as numbers, and classes by the names in ``names``."""

    names: ClassVar = {Ch: "chumpy.ch Ch", Select: "chumpy.reordering Select", Sparse: "scipy.sparse.csc csc_matrix"}
    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_text(self, text: str | bytes) -> None:
        content = text.encode("latin1") if isinstance(text, str) else text
        self.write(pickle.BINSTRING + struct.pack("<i", len(content)) + content)
        self.memoize(text)

    def save_flag(self, flag: bool) -> None:
        self.save(int(flag))

    def save_class(self, kind: type) -> None:
        if kind in self.names:
            self.write(pickle.GLOBAL + self.names[kind].replace(" ", "\n").encode() + b"\n")
            self.memoize(kind)
        else:
            self.save_type(kind)

    dispatch |= {str: save_text, bytes: save_text, bool: save_flag, type: save_class}


def official(kind: str) -> dict[str, object]:
    """The arrays of ``kind`` in the objects that the files of its makers hold them in."""
    found: dict[str, object] = arrays(kind)
    shapes = found["shapedirs"]
    # Only the first shapes of many are selected, by their places in the flat array.
    all_shapes = np.concatenate((shapes, np.full((*shapes.shape[:2], 3), 9.0)), axis=2)
    chosen = np.arange(all_shapes.size).reshape(all_shapes.shape)[..., : shapes.shape[2]].ravel()
    found |= {key: Ch(found[key]) for key in ("v_template", "posedirs", "weights")}
    found |= {"shapedirs": Select(Ch(all_shapes), chosen, shapes.shape), "J_regressor": Sparse(found["J_regressor"])}
    found.pop("part2num", None)
    return {**found, "bs_style": "lbs", "bs_type": "lrotmin", "J": Ch(rest_joints(kind)), "vert_sym_idxs": np.arange(3)}


def write_official(path: Path, kind: str, protocol: int = 2, **changes: object) -> Path:
    """A file of ``kind`` as its makers pickle it with Python 2, some of its values replaced."""
    with path.open("wb") as file:
        OldPickler(file, protocol).dump({**official(kind), **changes})
    return path
