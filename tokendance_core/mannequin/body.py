"""The mannequin as plain data: skin, colours, weights and bones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from threading import Lock

import numpy as np

from tokendance_core.mannequin.cut import cut
from tokendance_core.mannequin.shape import ACCENTS, MATERIALS, PARTS, STEP, Material
from tokendance_core.mannequin.surface import skin
from tokendance_core.mannequin.weights import JOINT_POSITIONS, skin_weights
from tokendance_core.motion.skeleton import INDEX, JOINTS, PARENTS

# joint -> the child that its bone points at, where there are several
_CHILDREN = {"pelvis": "spine1", "spine3": "neck"}

# joint at the end of a chain -> its bone, from head to tail in metres
_TIPS = {
    "head": (0.0, 0.18, 0.0),
    "left_foot": (0.0, 0.0, 0.06),
    "right_foot": (0.0, 0.0, 0.06),
    "left_hand": (0.08, 0.0, 0.0),
    "right_hand": (-0.08, 0.0, 0.0),
}


@dataclass(frozen=True, eq=False)
class Mannequin:
    """A body in the T-pose: metres, Y up, facing +Z, floor at y = 0.

    ``vertices`` (V, 3); ``faces``: the corners of each polygon, seen from outside counter-clockwise;
    ``face_materials`` (F,) indices into ``materials``; ``weights`` (V, 24): how much each joint moves a vertex, each
    row adding up to one; ``heads``, ``tails`` (24, 3) of the bone of each joint.
    """

    vertices: np.ndarray
    faces: tuple[tuple[int, ...], ...]
    face_materials: np.ndarray
    materials: tuple[Material, ...]
    weights: np.ndarray
    heads: np.ndarray
    tails: np.ndarray


_MAKING = Lock()


def make() -> Mannequin:
    """The mannequin; always the same one, made once: who asks while it is being made waits for it."""
    with _MAKING:
        return _made()


@cache
def _made() -> Mannequin:
    vertices, quads = skin(PARTS, STEP)
    faces = [tuple(quad) for quad in quads.tolist()]
    for accent in ACCENTS:
        is_near = accent.holds(_centres(vertices, faces), margin=2 * STEP)
        for axis, bound in accent.borders():
            vertices, faces, is_near = cut(vertices, faces, is_near, axis, bound, tolerance=STEP / 50)
    face_materials = np.zeros(len(faces), np.int32)
    for accent in ACCENTS:
        face_materials[accent.holds(_centres(vertices, faces))] = accent.material
    weights = skin_weights(vertices)
    tails = _tails()
    for array in (vertices, face_materials, weights, tails):
        array.setflags(write=False)
    return Mannequin(vertices, tuple(faces), face_materials, MATERIALS, weights, JOINT_POSITIONS, tails)


def _centres(vertices: np.ndarray, faces: list[tuple[int, ...]]) -> np.ndarray:
    """(F, 3) mean of each face's corners."""
    counts = np.array([len(face) for face in faces])
    corners = vertices[np.concatenate(faces)]
    centres: np.ndarray = np.add.reduceat(corners, np.cumsum(counts) - counts) / counts[:, None]
    return centres


def _tails() -> np.ndarray:
    """(24, 3) where each bone ends: at a child of its joint, or at its tip."""
    tails = np.empty((len(JOINTS), 3))
    for joint, name in enumerate(JOINTS):
        if name in _TIPS:
            tails[joint] = JOINT_POSITIONS[joint] + _TIPS[name]
        else:
            child = INDEX[_CHILDREN[name]] if name in _CHILDREN else PARENTS.index(joint)
            tails[joint] = JOINT_POSITIONS[child]
    return tails
