"""Rotations as 6D, matrix, quaternion, Euler angles and axis-angle, for numpy arrays and torch tensors alike.

6D = first two *columns*, concatenated (Zhou et al. 2019, arXiv 1812.07035). Quaternions are ``wxyz``.
Every function takes leading batch dimensions and returns the kind of array that it was given.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

Array = Any  # numpy.ndarray or torch.Tensor


SHORTEST_COLUMN = 1e-6
"""Length below which a column of a 6D rotation counts as zero, so that gradients stay finite."""


def namespace(array: Array) -> ModuleType:
    """numpy or torch, whichever the array belongs to."""
    if isinstance(array, np.ndarray):
        return np
    import torch

    return torch


def unit(vectors: Array, shortest: float = 1e-12) -> Array:
    """(…, N) vectors brought to length one; one shorter than ``shortest`` is only divided by that."""
    xp = namespace(vectors)
    return vectors / xp.clip((vectors * vectors).sum(-1)[..., None], shortest**2, None) ** 0.5


def matrix_from_6d(rot6d: Array) -> Array:
    """(…, 6) -> (…, 3, 3) by Gram-Schmidt; any input gives a proper rotation unless a column is zero."""
    xp = namespace(rot6d)
    x = unit(rot6d[..., :3], SHORTEST_COLUMN)
    y = rot6d[..., 3:]
    y = unit(y - (x * y).sum(-1)[..., None] * x, SHORTEST_COLUMN)
    z = xp.stack(
        (
            x[..., 1] * y[..., 2] - x[..., 2] * y[..., 1],
            x[..., 2] * y[..., 0] - x[..., 0] * y[..., 2],
            x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0],
        ),
        -1,
    )
    return xp.stack((x, y, z), -1)


def rot6d_from_matrix(matrix: Array) -> Array:
    """(…, 3, 3) -> (…, 6)."""
    return namespace(matrix).concatenate((matrix[..., 0], matrix[..., 1]), -1)


def matrix_from_quaternion(q: Array) -> Array:
    """(…, 4) unit quaternion wxyz -> (…, 3, 3)."""
    xp = namespace(q)
    w, x, y, z = (q[..., i] for i in range(4))
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return xp.stack([xp.stack(row, -1) for row in rows], -2)


def quaternion_from_matrix(matrix: np.ndarray) -> np.ndarray:
    """(…, 3, 3) -> (…, 4) wxyz with w >= 0, by the largest of the four squared components (numpy only)."""
    m = np.asarray(matrix, np.float64)
    d0, d1, d2 = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    squared = np.stack((1 + d0 + d1 + d2, 1 + d0 - d1 - d2, 1 - d0 + d1 - d2, 1 - d0 - d1 + d2), -1)
    a, b, c = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    d, e, f = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    # Row i is 4 * q_i * q: dividing by its own length gives q without a small denominator.
    candidates = np.stack(
        (
            np.stack((squared[..., 0], a, b, c), -1),
            np.stack((a, squared[..., 1], d, e), -1),
            np.stack((b, d, squared[..., 2], f), -1),
            np.stack((c, e, f, squared[..., 3]), -1),
        ),
        -2,
    )
    best = squared.argmax(-1)[..., None, None]
    q: np.ndarray = unit(np.take_along_axis(candidates, best, -2)[..., 0, :])
    return np.where(q[..., :1] < 0, -q, q)


def continuous_quaternions(q: np.ndarray) -> np.ndarray:
    """(T, …, 4) -> the same rotations with signs flipped so that neighbours in time lie in one half of the sphere."""
    dots = (q[1:] * q[:-1]).sum(-1)
    signs = np.concatenate((np.ones_like(q[:1, ..., 0]), np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)))
    flipped: np.ndarray = q * signs[..., None]
    return flipped


def matrix_from_axis_angle(vector: np.ndarray) -> np.ndarray:
    """(…, 3) rotation vectors in radians -> (…, 3, 3) (numpy only)."""
    v = np.asarray(vector, np.float64)
    angle = np.linalg.norm(v, axis=-1, keepdims=True)
    half = angle / 2
    # numpy's sinc is sin(x) / x without a division by a small angle.
    quaternion = np.concatenate((np.cos(half), v * 0.5 * np.sinc(half / np.pi)), -1)
    matrix: np.ndarray = matrix_from_quaternion(quaternion)
    return matrix


def axis_angle_from_matrix(matrix: np.ndarray) -> np.ndarray:
    """(…, 3, 3) -> (…, 3) rotation vectors in radians, length at most pi (numpy only)."""
    q = quaternion_from_matrix(matrix)
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, q[..., :1])
    vector: np.ndarray = q[..., 1:] * np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 2.0)
    return vector


_AXES = {"X": 0, "Y": 1, "Z": 2}


def euler_angles(matrices: np.ndarray, axes: str) -> np.ndarray:
    """(T, …, 3, 3) -> (T, …, 3) radians about ``axes``, outermost first: ``"ZXY"`` means ``matrix = Z @ X @ Y`` (numpy
    only).

    Continuous over time, also through gimbal lock. Blender names its orders innermost first: its ``XYZ`` is our
    ``"ZYX"``.
    """
    m = np.asarray(matrices, np.float64)
    i, j, k = (_AXES[axis] for axis in axes)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    cosine = np.hypot(m[..., j, k], m[..., k, k])
    locked = cosine < 1e-6  # only the sum of the outer and the inner angle is known: all of it goes to the inner one
    outer = np.where(locked, 0.0, np.arctan2(-sign * m[..., j, k], m[..., k, k]))
    inner = np.where(
        locked, np.arctan2(sign * m[..., j, i], m[..., j, j]), np.arctan2(-sign * m[..., i, j], m[..., i, i])
    )
    first = np.stack((outer, np.arctan2(sign * m[..., i, k], cosine), inner), -1)
    second = np.stack((outer + np.pi, np.pi - first[..., 1], inner + np.pi), -1)

    def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        apart: np.ndarray = (1 - np.cos(a - b)).sum(-1)
        return apart

    # Both triples mean the same rotation, and swapping them keeps distances: the parity of the flips decides.
    flips = distance(second[1:], first[:-1]) < distance(first[1:], first[:-1])
    flipped = (
        np.concatenate((np.zeros_like(flips[:1]), np.cumsum(flips, axis=0) % 2 == 1))
        if len(flips)
        else np.zeros_like(outer, bool)
    )
    return np.unwrap(np.where(flipped[..., None], second, first), axis=0)


def axis_angles(q: np.ndarray) -> np.ndarray:
    """(T, …, 4) quaternions, continuous in time -> (T, …, 4) angle in radians and unit axis, both continuous (numpy
    only).

    The axis of no rotation is taken from the nearest earlier rotation, else from the first later one, else it is Y.
    """
    sine = np.linalg.norm(q[..., 1:], axis=-1)
    known = sine > 1e-6
    index = np.arange(len(q)).reshape(-1, *[1] * (sine.ndim - 1))
    last = np.maximum.accumulate(np.where(known, index, -1), axis=0)
    source = np.where(last < 0, known.argmax(0), last)[..., None]
    axis = np.where(known.any(0)[..., None], np.take_along_axis(q[..., 1:], source, 0), [0.0, 1.0, 0.0])
    axis = unit(axis)
    turned = (axis[1:] * axis[:-1]).sum(-1) < 0
    sign = np.concatenate((np.ones_like(sine[:1]), np.cumprod(np.where(turned, -1.0, 1.0), axis=0)))
    half = np.arctan2((q[..., 1:] * axis).sum(-1), q[..., 0]) * sign
    return np.concatenate((2 * np.unwrap(half, axis=0)[..., None], axis * sign[..., None]), -1)


def shortest_arc(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The shortest rotations (…, 3, 3) from directions ``start`` to ``end`` (…, 3); about any axis perpendicular to
    them when they are opposite.
    """
    start, end = np.broadcast_arrays(unit(start), unit(end))
    half = start + end
    length = np.linalg.norm(half, axis=-1, keepdims=True)
    across = np.cross(start, np.eye(3)[np.abs(start).argmin(-1)])
    half = unit(np.where(length > 1e-7, half, across))
    # The product of two reflections needs half the angle only, so that nearly opposite directions keep their precision.
    quaternion = np.concatenate(((start * half).sum(-1, keepdims=True), np.cross(start, half)), -1)
    matrix: np.ndarray = matrix_from_quaternion(quaternion)
    return matrix


def heading_matrix(angle: np.ndarray | float) -> np.ndarray:
    """(…,) radians about +Y (positive turns +Z towards +X) -> (…, 3, 3)."""
    angle = np.asarray(angle, np.float64)
    c, s, zero, one = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    return np.stack((np.stack((c, zero, s), -1), np.stack((zero, one, zero), -1), np.stack((-s, zero, c), -1)), -2)


def slerp(q0: np.ndarray, q1: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Spherical interpolation of (…, 4) quaternions by ``t`` (…,) in [0, 1], along the shorter arc."""
    dot = (q0 * q1).sum(-1, keepdims=True)
    q1 = np.where(dot < 0, -q1, q1)
    angle = np.arccos(np.clip(np.abs(dot), 0, 1))
    t = np.asarray(t)[..., None]
    # Ratios of sinc stay exact as the angle goes to zero.
    sine = np.sinc(angle / np.pi)
    w0 = (1 - t) * np.sinc((1 - t) * angle / np.pi) / sine
    w1 = t * np.sinc(t * angle / np.pi) / sine
    blended: np.ndarray = unit(w0 * q0 + w1 * q1)
    return blended
