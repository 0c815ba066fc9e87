"""Feet and path agree: the pelvis goes where standing feet leave it, for numpy arrays and torch tensors alike.

All in the dancer's own axes, which turn with the heading. A decoder tells three things that belong together: how the
legs move under the pelvis, how the pelvis moves over the floor, and how each foot does. Where a foot hardly moves, it
and its leg say more exactly where the pelvis goes than the pelvis itself.
"""

from __future__ import annotations

from tokendance_core.motion import rotation
from tokendance_core.motion.rotation import Array
from tokendance_core.types import FPS

CALM = 0.2 / FPS
"""Metres a frame: a foot much slower than this stands and is trusted, one much faster is not."""

_PELVIS_TRUST = 0.05
"""Weight of what the pelvis says of itself, where a standing foot has one."""


def turned(planar: Array, angles: Array) -> Array:
    """(…, 2) x and z turned about the vertical by ``angles`` (…) radians, positive from +Z towards +X."""
    xp = rotation.namespace(planar)
    cosine, sine = xp.cos(angles), xp.sin(angles)
    x, z = planar[..., 0], planar[..., 1]
    return xp.stack((cosine * x + sine * z, cosine * z - sine * x), -1)


def leg_steps(feet: Array, yaw: Array) -> Array:
    """Feet (…, T, 4, 3) around the pelvis and turns ``yaw`` (…, T) radians since the frame before -> (…, T - 1, 4, 2)
    metres by which each foot moves under the pelvis.
    """
    planar = feet[..., ::2]  # x and z, without a list of numbers that would have to be copied to a device
    return planar[..., 1:, :, :] - turned(planar[..., :-1, :, :], -yaw[..., 1:, None])


def standing(foot_steps: Array) -> Array:
    """(…, 4, 2) metres a frame over the floor -> (…, 4) from 1 for a foot that stands to 0 for one that moves."""
    xp = rotation.namespace(foot_steps)
    return xp.exp(-(foot_steps * foot_steps).sum(-1) / CALM**2)


def anchored(planar: Array, foot_steps: Array, legs: Array) -> Array:
    """Steps of the pelvis (…, T, 2) as told, foot steps (…, T, 4, 2) as told, ``leg_steps`` (…, T - 1, 4, 2) -> steps
    of the pelvis (…, T, 2) with which standing feet move as told.

    What this changes is averaged over three frames: two feet that disagree would make the path tremble.
    """
    trust = standing(foot_steps[..., 1:, :, :])[..., None]
    implied = (trust * (foot_steps[..., 1:, :, :] - legs)).sum(-2)
    change = (implied - trust.sum(-2) * planar[..., 1:, :]) / (_PELVIS_TRUST + trust.sum(-2))
    concatenate = rotation.namespace(planar).concatenate
    earlier = concatenate((change[..., :1, :], change[..., :-1, :]), -2)
    later = concatenate((change[..., 1:, :], change[..., -1:, :]), -2)
    return concatenate((planar[..., :1, :], planar[..., 1:, :] + (earlier + 2 * change + later) / 4), -2)
