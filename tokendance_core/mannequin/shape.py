"""The body of the mannequin as data: parts of its left half in metres, Y up, facing +Z, floor at y = 0.

Built around the joints of our skeleton in the T-pose: hip at 0.88 m, shoulder at 1.39 m, knee at 0.47 m.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np

from tokendance_core.mannequin.surface import Part

STEP = 0.01
"""Size in metres of the faces of the skin."""

_TORSO = (
    Part((0.0, 1.16, 0.002), (0.0, 0.99, 0.0), (0.098, 0.096), (1.12, 1.0, 0.86)),
    Part((0.0, 1.30, -0.008), (0.0, 1.14, 0.002), (0.134, 0.096), (1.08, 1.0, 0.82), 0.03),
    Part((0.0, 0.960, 0.0), (0.050, 0.930, -0.002), (0.092, 0.088), (1.0, 1.0, 0.98), 0.05),
    Part((0.062, 0.905, -0.028), (0.066, 0.885, -0.028), (0.067, 0.064), blend=0.04),
    Part((0.062, 1.330, 0.050), (0.092, 1.342, 0.040), (0.046, 0.042), (1.15, 0.95, 0.62), 0.05),
    Part((0.055, 1.365, -0.020), (0.150, 1.380, -0.010), (0.060, 0.056), (1.0, 1.0, 0.92), 0.05),
)

_HEAD = (
    Part((0.0, 1.41, -0.014), (0.0, 1.56, 0.000), (0.052, 0.048), blend=0.04),
    Part((0.022, 1.455, -0.018), (0.140, 1.408, -0.012), (0.030, 0.036), blend=0.045),
    Part((0.0, 1.640, -0.006), (0.0, 1.640, -0.006), (0.095, 0.095), (0.82, 1.0, 1.06), 0.015),
    Part((0.0, 1.615, 0.020), (0.0, 1.572, 0.028), (0.078, 0.062), (0.94, 1.0, 1.0), 0.03),
)

_ARM = (
    Part((0.180, 1.386, -0.005), (0.208, 1.384, -0.003), (0.059, 0.054), blend=0.03),
    Part((0.18, 1.388, -0.003), (0.46, 1.39, 0.0), (0.050, 0.036), blend=0.03),
    Part((0.27, 1.392, 0.012), (0.36, 1.390, 0.008), (0.036, 0.032), blend=0.03),
    Part((0.455, 1.39, 0.0), (0.545, 1.391, 0.002), (0.035, 0.035), blend=0.03),
    Part((0.53, 1.391, 0.002), (0.715, 1.39, 0.0), (0.036, 0.0245), blend=0.025),
)

_HAND = (
    Part((0.725, 1.390, 0.001), (0.785, 1.389, 0.002), (0.026, 0.041), (1.0, 0.50, 1.0), 0.025),
    Part((0.785, 1.389, 0.002), (0.868, 1.380, 0.003), (0.041, 0.027), (1.0, 0.42, 1.0), 0.015),
    Part((0.742, 1.384, 0.026), (0.775, 1.374, 0.059), (0.0175, 0.0140), blend=0.020),
    Part((0.775, 1.374, 0.059), (0.806, 1.369, 0.071), (0.0140, 0.0115), blend=0.008),
)

_LEG = (
    Part((0.088, 0.880, 0.0), (0.092, 0.50, 0.006), (0.073, 0.048), blend=0.035),
    Part((0.094, 0.76, 0.022), (0.093, 0.62, 0.020), (0.058, 0.046), blend=0.03),
    Part((0.092, 0.505, 0.010), (0.092, 0.455, 0.008), (0.046, 0.044), blend=0.02),
    Part((0.092, 0.47, 0.002), (0.093, 0.370, -0.010), (0.044, 0.045), blend=0.03),
    Part((0.093, 0.345, -0.013), (0.090, 0.09, -0.008), (0.045, 0.029), blend=0.04),
)

_FOOT = (
    Part((0.090, 0.085, -0.010), (0.090, 0.050, -0.020), (0.034, 0.036), blend=0.025),
    Part((0.090, 0.032, -0.030), (0.091, 0.028, -0.028), (0.037, 0.036), blend=0.025),
    Part((0.090, 0.060, 0.000), (0.094, 0.032, 0.105), (0.036, 0.030), blend=0.03),
    Part((0.091, 0.020, 0.000), (0.096, 0.020, 0.120), (0.032, 0.040), (1.0, 0.9, 1.0), 0.025),
    Part((0.096, 0.020, 0.120), (0.094, 0.017, 0.160), (0.043, 0.040), (1.0, 0.66, 1.0), 0.02),
)

PARTS: tuple[Part, ...] = (*_TORSO, *_HEAD, *_ARM, *_HAND, *_LEG, *_FOOT)


@dataclass(frozen=True)
class Accent:
    """A box in metres, its x on both sides of the body, whose faces wear another material: gloves, shoes, visor and
    bands at the joints. ``material`` is its index in ``MATERIALS``.
    """

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    material: int = 1

    def holds(self, points: np.ndarray, margin: float = 0.0) -> np.ndarray:
        """(N, 3) -> (N,) bool: which points lie in the box made larger by ``margin`` metres."""
        places = np.abs(points) * (1, 0, 0) + points * (0, 1, 1)
        inside: np.ndarray = ((places > np.array(self.low) - margin) & (places < np.array(self.high) + margin)).all(-1)
        return inside

    def borders(self) -> Iterator[tuple[int, float]]:
        """Axis and place on it of every plane that bounds the box, on both sides of the body."""
        for axis in range(3):
            for bound in (self.low[axis], self.high[axis]):
                if not isfinite(bound):
                    continue
                yield axis, bound
                if axis == 0 and bound > 0:
                    yield axis, -bound


@dataclass(frozen=True)
class Material:
    """What a part of the body looks like; ``colour`` is linear."""

    name: str
    colour: tuple[float, float, float]
    roughness: float


MATERIALS = (
    Material("Mannequin Body", (0.72, 0.66, 0.58), 0.55),
    Material("Mannequin Accent", (0.62, 0.12, 0.06), 0.45),
    Material("Mannequin Visor", (0.02, 0.025, 0.035), 0.20),
)

ACCENTS: tuple[Accent, ...] = (
    Accent((-inf, 1.605, 0.036), (inf, 1.660, inf), 2),
    Accent((-inf, 1.476, -inf), (inf, 1.494, inf)),
    Accent((-inf, 1.020, -inf), (inf, 1.052, inf)),
    Accent((0.438, -inf, -inf), (0.482, inf, inf)),
    Accent((0.694, -inf, -inf), (inf, inf, inf)),
    Accent((-inf, 0.448, -inf), (inf, 0.502, inf)),
    Accent((-inf, -inf, -inf), (inf, 0.100, inf)),
)
