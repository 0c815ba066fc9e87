"""Whether the ground under a dancer's feet can give the push that the motion needs: centre of mass, zero-moment point
and soles.

At the zero-moment point the ground's push has no tipping moment; feet can give it only inside their convex hull
(Vukobratović and Borovac, International Journal of Humanoid Robotics 1, 2004).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.filters import filtered, gaussian
from tokendance_core.motion.skeleton import ANKLE_HEIGHT, HORIZONTAL, INDEX, SIDES, TIPS, UP
from tokendance_core.types import FPS, MotionClip

GRAVITY = 9.81
"""m/s²."""

# A joint, the next, per cent of the body's mass between them, and where it is centred, 0 at the first and 1 at the
# next: de Leva, Journal of Biomechanics 29 (1996), table 4, the mean of women and men. His trunk is cut where our spine
# has joints; the head's mass lies above its joint.
_SEGMENTS = (
    ("pelvis", "spine1", 11.82, 0.5),
    ("spine1", "spine3", 15.49, 0.5),
    ("spine3", "neck", 15.71, 0.5),
    ("neck", "head", 6.81, 1.8),
    *(
        (f"{side}_{joint}", f"{side}_{after}", mass, centre)
        for side in SIDES
        for joint, after, mass, centre in (
            ("shoulder", "elbow", 2.63, 0.576),
            ("elbow", "wrist", 1.50, 0.457),
            ("wrist", "hand", 0.59, 0.769),
            ("hip", "knee", 14.47, 0.385),
            ("knee", "ankle", 4.57, 0.444),
            ("ankle", "foot", 1.33, 0.43),
        )
    ),
)

# Joint and offset in its T-pose, metres: heel, ball and tip of a shoe.
_SOLE = tuple(
    (INDEX[f"{side}_{joint}"], np.array(offset))
    for side in SIDES
    for joint, offset in (
        ("ankle", (0.04, -ANKLE_HEIGHT, -0.05)),
        ("ankle", (-0.04, -ANKLE_HEIGHT, -0.05)),
        ("foot", (0.045, 0.0, 0.0)),
        ("foot", (-0.045, 0.0, 0.0)),
        ("foot", TIPS[f"{side}_foot"]),
    )
)

_SMOOTHING = 1 / FPS
"""Seconds: Gaussian over the centre of mass before it is differentiated twice."""

_FLOOR = 10.0
"""Percentile of the lowest point of the soles that counts as the floor."""

_ON_THE_FLOOR = 0.10
"""Metres above the floor within which the lowest point of a foot counts as standing."""

_SOLE_DEPTH = 0.08
"""Metres above the lowest point of the soles within which others carry as well: feet of a capture do not lie flat."""

_LEAST_PUSH = 0.3
"""Share of the body's weight below which the ground hardly carries, and there is no zero-moment point to speak of."""

_DIRECTIONS = np.linspace(0.0, 2 * np.pi, 32, endpoint=False)
"""Directions in which the hull of the feet is measured; distances are up to half a per cent too small."""


@dataclass(frozen=True, eq=False)
class Body:
    """A clip's dancer in space: ``positions`` (T, 24, 3) and global ``rotations`` (T, 24, 3, 3) of the joints,
    ``centre`` (T, 3) of mass, smoothed, and its ``acceleration`` (T, 3) in m/s²; ``fps`` frames per second.
    """

    positions: np.ndarray
    rotations: np.ndarray
    centre: np.ndarray
    acceleration: np.ndarray
    fps: float

    @classmethod
    def of(cls, clip: MotionClip) -> Body:
        matrices = rotation.matrix_from_6d(clip.rot6d.astype(np.float64))
        positions, rotations = kinematics.forward_kinematics(matrices, clip.root.astype(np.float64))
        centre = filtered(_centre_of_mass(positions), gaussian(_SMOOTHING * clip.fps))
        speed = kinematics.velocities(centre, clip.fps)
        return cls(positions, rotations, centre, kinematics.velocities(speed, clip.fps), clip.fps)

    def soles(self) -> np.ndarray:
        """(T, 10, 3) points under both feet."""
        return np.stack([self.positions[:, j] + self.rotations[:, j] @ offset for j, offset in _SOLE], axis=1)


def _centre_of_mass(positions: np.ndarray) -> np.ndarray:
    """(T, 24, 3) joint positions -> (T, 3)."""
    joints, after, masses, centres = zip(*_SEGMENTS, strict=True)
    start, end = (positions[:, [INDEX[joint] for joint in names]] for names in (joints, after))
    segments = start + np.array(centres)[:, None] * (end - start)
    return np.asarray(np.average(segments, axis=1, weights=masses))


def outside_feet(body: Body, speed: float = 1.0) -> np.ndarray:
    """(T,) metres from the feet on the floor to the zero-moment point if the clip were played ``speed`` times as fast;
    negative inside their hull, NaN where no foot stands or the ground hardly carries.
    """
    soles = body.soles()
    lowest = soles[..., 1].min(1)
    floor = np.percentile(lowest, _FLOOR)
    carries = soles[..., 1] < np.maximum(lowest, floor)[:, None] + _SOLE_DEPTH
    push = body.acceleration * speed**2 + GRAVITY * UP
    stands = (lowest < floor + _ON_THE_FLOOR) & (push[:, 1] > _LEAST_PUSH * GRAVITY)
    lever = (body.centre[:, 1] - floor) / np.where(stands, push[:, 1], GRAVITY)
    point = (body.centre - push * lever[:, None])[:, HORIZONTAL]
    distance = np.full(len(point), -np.inf)
    for angle in _DIRECTIONS:
        direction = np.array([np.cos(angle), np.sin(angle)])
        reach = np.where(carries, soles[..., HORIZONTAL] @ direction, -np.inf).max(1)
        distance = np.maximum(distance, point @ direction - reach)
    return np.where(stands, distance, np.nan)
