"""Implicit surfaces: tapered, flattened capsules blended together, and the quads around their zero level.

A shape is a sequence of ``Part``; where two parts come closer than ``blend`` they flow into each other, so that a body
made of a few dozen parts has one smooth skin without seams. Parts lie at x > 0, and x < 0 mirrors them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_FAR = 1.0


@dataclass(frozen=True)
class Part:
    """A capsule from ``start`` to ``end`` (metres) with a radius at each, stretched by ``scale`` per axis about
    ``start``.
    """

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    radii: tuple[float, float]
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blend: float = 0.03

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """(3,) lowest and (3,) highest coordinates."""
        reach = max(self.radii) * np.array(self.scale)
        ends = np.array((self.start, self.end))
        return ends.min(0) - reach, ends.max(0) + reach

    def distance(self, points: np.ndarray) -> np.ndarray:
        """(…, 3) -> (…,) metres to the skin of this part, negative inside, exact where ``scale`` is 1."""
        scale = np.array(self.scale, np.float32)
        start, end = np.array(self.start, np.float32), np.array(self.end, np.float32)
        axis = (end - start) / scale
        local = (points - start) / scale
        along = np.clip(local @ axis / max(float(axis @ axis), 1e-9), 0, 1)
        radius = self.radii[0] + (self.radii[1] - self.radii[0]) * along
        beside = local - along[..., None] * axis
        found: np.ndarray = (np.sqrt(np.einsum("...i,...i->...", beside, beside)) - radius) * scale.min()
        return found


def _blend(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """The smaller of two distances, rounded where they differ by less than ``width`` metres."""
    near = np.maximum(width - np.abs(a - b), 0) / width
    smaller: np.ndarray = np.minimum(a, b) - near * near * width / 4
    return smaller


def distance(parts: Sequence[Part], points: np.ndarray) -> np.ndarray:
    """(N, 3) -> (N,) metres to the skin, negative inside."""
    points = np.stack((np.abs(points[..., 0]), points[..., 1], points[..., 2]), -1).astype(np.float32)
    field = np.full(points.shape[:-1], _FAR, np.float32)
    for part in parts:
        field = _blend(field, part.distance(points), part.blend)
    return _above_floor(field, points[..., 1])


def _above_floor(field: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Distances to the part of the body above the floor y = 0, with a rounded edge around the soles."""
    return -_blend(-field, height, 0.012)


def _half_field(parts: Sequence[Part], step: float) -> tuple[np.ndarray, np.ndarray]:
    """Distances on a grid over x >= 0, (X, Y, Z), and the grid's corner (3,); each part is evaluated only near
    itself.
    """
    bounds = np.array([part.bounds() for part in parts])
    low = np.floor(bounds[:, 0].min(0) / step) * step - 2 * step
    low[0] = 0.0
    counts = np.ceil((bounds[:, 1].max(0) - low) / step).astype(int) + 3
    axes = [(low[i] + step * np.arange(counts[i])).astype(np.float32) for i in range(3)]
    field = np.full(counts, _FAR, np.float32)
    for part, (least, most) in zip(parts, bounds, strict=True):
        margin = part.blend + 3 * step
        window = tuple(slice(*np.searchsorted(axes[i], (least[i] - margin, most[i] + margin))) for i in range(3))
        points = np.stack(np.meshgrid(*(axes[i][window[i]] for i in range(3)), indexing="ij"), -1)
        field[window] = _blend(field[window], part.distance(points), part.blend)
    return _above_floor(field, axes[1][None, :, None]), low


def _crossing_quads(inside: np.ndarray, cells: np.ndarray, axis: int) -> np.ndarray:
    """The quad of four cells around every grid edge along ``axis`` that enters or leaves the body."""
    order = np.roll((0, 1, 2), -axis)
    inside, cells = inside.transpose(order), cells.transpose(order)
    starts, ends = inside[:-1, 1:-1, 1:-1], inside[1:, 1:-1, 1:-1]
    corners = (cells[:, :-1, :-1], cells[:, 1:, :-1], cells[:, 1:, 1:], cells[:, :-1, 1:])
    leaving, entering = starts & ~ends, ends & ~starts
    return np.concatenate(
        [
            np.stack([corner[leaving] for corner in corners], -1),
            np.stack([corner[entering] for corner in corners[::-1]], -1),
        ]
    )


def _corners(grid: np.ndarray, offset: tuple[int, ...]) -> np.ndarray:
    """The value at one of the eight corners, ``offset`` 0 or 1 per axis, of every cell of a grid."""
    x, y, z = (slice(start, size - 1 + start) for start, size in zip(offset, grid.shape, strict=True))
    return grid[x, y, z]


def surface_nets(field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(X, Y, Z) distances -> vertices (V, 3) in grid steps and quads (F, 4), normals outward (Gibson 1998)."""
    inside = field < 0
    corners = np.stack([_corners(inside, offset) for offset in np.ndindex(2, 2, 2)])
    mixed = corners.any(0) & ~corners.all(0)
    where = np.argwhere(mixed)
    total, crossings = np.zeros((len(where), 3)), np.zeros((len(where), 1))
    for axis in range(3):
        for offset in np.ndindex(2, 2, 2):
            if offset[axis]:
                continue
            start = where + offset
            step = np.eye(3, dtype=int)[axis]
            a, b = field[tuple(start.T)], field[tuple((start + step).T)]
            crosses = ((a < 0) != (b < 0))[:, None]
            fraction = np.where(crosses[:, 0], a / np.where(a == b, 1, a - b), 0)
            total += crosses * (np.array(offset) + fraction[:, None] * step)
            crossings += crosses
    cells = np.full(mixed.shape, -1)
    cells[mixed] = np.arange(len(where))
    quads = np.concatenate([_crossing_quads(inside, cells, axis) for axis in range(3)])
    return where + total / crossings, quads


def skin(parts: Sequence[Part], step: float = 0.01) -> tuple[np.ndarray, np.ndarray]:
    """The closed skin around both halves: vertices (V, 3) metres and quads (F, 4), grid ``step`` in metres."""
    half, low = _half_field(parts, step)
    field = np.concatenate((half[:0:-1], half))
    vertices, quads = surface_nets(field)
    corner = low - ((len(half) - 1) * step, 0, 0)
    return _project(parts, vertices * step + corner, step), quads


def _project(parts: Sequence[Part], vertices: np.ndarray, step: float) -> np.ndarray:
    """Move vertices along the gradient onto the surface, so that no stair steps of the grid remain."""
    probe = step / 4
    for _ in range(2):
        value = distance(parts, vertices)
        ends = [distance(parts, vertices + s * probe * np.eye(3)[i]) for i in range(3) for s in (1, -1)]
        gradient = np.stack([ends[2 * i] - ends[2 * i + 1] for i in range(3)], -1) / (2 * probe)
        move = -value[:, None] * gradient / np.maximum((gradient * gradient).sum(-1, keepdims=True), 0.25)
        vertices = vertices + np.clip(move, -step, step)
    return vertices
