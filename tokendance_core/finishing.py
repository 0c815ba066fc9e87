"""What the network leaves undone: jitter, a floating floor and sliding feet.

    smooth        low pass above the dance's own band
    floor_shift   the floor back to y = 0
    path_shift    the pelvis path moves so that standing feet stand (one linear solve for the whole clip)
    lock_feet     what is left of the slide is taken up by the legs (two-bone inverse kinematics)

Everything is numpy over the whole clip and linear in its length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tokendance_core import rotation
from tokendance_core.errors import SettingError
from tokendance_core.filters import filtered, gaussian
from tokendance_core.kinematics import foot_contacts, forward_kinematics, joint_positions, velocities
from tokendance_core.skeleton import ANKLE_HEIGHT, FEET, INDEX, OFFSETS
from tokendance_core.types import FPS, MotionClip

FLAT = np.array([ANKLE_HEIGHT, 0.0, ANKLE_HEIGHT, 0.0])
"""Heights in metres of ``FEET`` when both feet stand flat."""

_HORIZONTAL = [0, 2]
_SHORTEST_CONTACT = 0.1  # seconds; a shorter touch is noise
_LONGEST_GAP = 0.07  # seconds; a shorter lift is noise
_LEASH = 10.0  # seconds over which a corrected path may leave the original one
_CALM = 0.1  # m/s; a foot faster than this is believed less to be standing
_MAX_LEVEL = 0.15  # metres; a larger offset is floor work or a leap, not a wrong floor
_MAX_PULL = 0.12  # metres by which a foot is pulled at most: beyond, it slides on purpose
_LIFTING = 0.03  # metres; a foot this far above its place is leaving
_RISING = 0.4  # m/s; a foot that goes up or down faster is stepping
_LOWEST_ANKLE = 0.04  # metres; lower, and the heel would be in the floor
_EASY = 0.98  # part of the leg's length up to which stretching it changes the knee gently
_STRAIGHT = 0.995  # part of the leg's length that inverse kinematics never exceeds


@dataclass(frozen=True)
class FinishSettings:
    """``smoothing``: width of the low pass in frames at 30 fps, 0 is off. ``foot_lock``: 1 locks fully, 0 leaves feet and path alone.

    ``ground``: put the feet's usual height on the floor (part of the foot work). Raises SettingError for values out of range.
    """

    smoothing: float = 1.0
    foot_lock: float = 1.0
    ground: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing <= 10:
            raise SettingError(f"smoothing is {self.smoothing}, expected 0 to 10 frames", "Use 1 for light smoothing, 0 for none.")
        if not 0 <= self.foot_lock <= 1:
            raise SettingError(f"foot_lock is {self.foot_lock}, expected 0 to 1", "Use 1 to keep standing feet still, 0 to leave them.")


def finish(clip: MotionClip, settings: FinishSettings | None = None) -> MotionClip:
    """The clip with calm joints and feet that stand; unchanged when both ``smoothing`` and ``foot_lock`` are 0."""
    settings = settings or FinishSettings()
    if settings.smoothing and clip.frames > 1:
        clip = smooth(clip, settings.smoothing)
    if settings.foot_lock and clip.frames > 1:
        clip = _stand(clip, settings)
    return clip


def _stand(clip: MotionClip, settings: FinishSettings) -> MotionClip:
    positions = joint_positions(clip)
    if settings.ground:
        positions += floor_shift(positions, clip.fps)[:, None]
    # Twice: once most of the drift is gone, feet are seen to stand that seemed to move.
    for _ in range(2):
        contacts = steady_contacts(positions, clip.fps)
        positions += settings.foot_lock * path_shift(positions, contacts, clip.fps)[:, None]
    clip = replace(clip, root=positions[:, 0].astype(np.float32))
    return lock_feet(clip, steady_contacts(positions, clip.fps), settings.foot_lock)


# --- smoothing -----------------------------------------------------------------------------------------------------------------------


def smooth(clip: MotionClip, sigma: float) -> MotionClip:
    """Low pass of all joints and the root, ``sigma`` in frames at 30 fps.

    The kernel is a Gaussian applied twice to its own residual (Tukey's twicing): at ``sigma`` 1 it keeps 97 % at 3 Hz, 83 % at 5 Hz
    and 20 % at 10 Hz, where a plain Gaussian would already take a fifth at 3 Hz off the accents.
    """
    plain = gaussian(sigma * clip.fps / FPS)
    kernel = -np.convolve(plain, plain)
    kernel[len(plain) // 2 : -(len(plain) // 2)] += 2 * plain
    rot6d = rotation.rot6d_from_matrix(rotation.matrix_from_6d(filtered(clip.rot6d, kernel)))
    return replace(clip, rot6d=rot6d.astype(np.float32), root=filtered(clip.root, kernel).astype(np.float32))


# --- contacts ------------------------------------------------------------------------------------------------------------------------


def _runs(mask: np.ndarray) -> Iterator[tuple[int, int]]:
    """(start, stop) of every stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _without_flicker(contacts: np.ndarray, fps: float) -> np.ndarray:
    """(T, K) bool without lifts, and then without touches, that are too short to be meant."""
    contacts = contacts.copy()
    for column in contacts.T:
        for start, stop in list(_runs(~column)):
            if start > 0 and stop < len(column) and stop - start <= _LONGEST_GAP * fps:
                column[start:stop] = True
        for start, stop in list(_runs(column)):
            if stop - start < _SHORTEST_CONTACT * fps:
                column[start:stop] = False
    return contacts


def steady_contacts(positions: np.ndarray, fps: float) -> np.ndarray:
    """(T, 24, 3) joint positions -> (T, 4) bool: ``foot_contacts`` of the slow part of the motion, without steps and flicker."""
    calm = filtered(positions, gaussian(2.0 * fps / FPS))
    rising = np.abs(velocities(calm[:, list(FEET), 1], fps))
    return _without_flicker(foot_contacts(calm, fps) & (rising < _RISING), fps)


# --- floor and path ------------------------------------------------------------------------------------------------------------------


def floor_shift(positions: np.ndarray, fps: float, window: float = 6.0, percentile: float = 20.0) -> np.ndarray:
    """(T, 24, 3) -> (T, 3): slow move up or down after which the lowest foot usually stands at its flat height; ``window`` in seconds."""
    lowest = (positions[:, list(FEET), 1] - FLAT).min(1)
    half = max(int(window * fps / 2), 1)
    centres = np.arange(0, len(lowest) + half, max(half // 3, 1)).clip(max=len(lowest) - 1)
    floor = np.array([np.percentile(lowest[max(c - half, 0) : c + half], percentile) for c in centres])
    floor = np.interp(np.arange(len(lowest)), centres, np.clip(floor, -_MAX_LEVEL, _MAX_LEVEL))
    return filtered(floor, gaussian(half / 3))[:, None] * [0, -1, 0]


def _solve_tridiagonal(diagonal: np.ndarray, beside: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve a symmetric positive tridiagonal system, (T,), (T - 1,), (T, K) -> (T, K), by elimination."""
    pivots, rows = [float(diagonal[0])], [right[0]]
    for main, off, row in zip(diagonal[1:].tolist(), beside.tolist(), right[1:], strict=True):
        factor = off / pivots[-1]
        pivots.append(main - factor * off)
        rows.append(row - factor * rows[-1])
    solution = [rows[-1] / pivots[-1]]
    for pivot, off, row in zip(pivots[-2::-1], beside[::-1].tolist(), rows[-2::-1], strict=True):
        solution.append((row - off * solution[-1]) / pivot)
    return np.stack(solution[::-1])


def path_shift(positions: np.ndarray, contacts: np.ndarray, fps: float) -> np.ndarray:
    """(T, 24, 3) and contacts (T, 4) -> (T, 3): move over the floor after which standing feet slide least.

    Finds the offset x(t) with the least sum of  w |v + dx|^2 + 0.05 |dx|^2 + |x|^2 / leash^2: v the slide of the standing feet per frame
    (weighted towards the calmest), dx the change of the offset per frame. Where no foot stands, the path keeps its own speed.
    """
    slide = np.diff(positions[:, list(FEET)][..., _HORIZONTAL], axis=0)
    trust = (contacts[1:] & contacts[:-1]) / (1 + (np.linalg.norm(slide, axis=-1) * fps / _CALM) ** 2)
    trust = filtered(trust, gaussian(fps / FPS))
    pull = (trust[..., None] * slide).sum(1)
    spring = trust.sum(1) + 0.05
    diagonal = np.full(len(positions), 1 / (_LEASH * fps) ** 2)
    diagonal[:-1] += spring
    diagonal[1:] += spring
    right = np.concatenate((pull, np.zeros((1, 2)))) - np.concatenate((np.zeros((1, 2)), pull))
    shift = np.zeros((len(positions), 3))
    shift[:, _HORIZONTAL] = filtered(_solve_tridiagonal(diagonal, -spring, right), gaussian(1.5 * fps / FPS))
    return shift


# --- feet ----------------------------------------------------------------------------------------------------------------------------


def _pulls(points: np.ndarray, contacts: np.ndarray, fps: float) -> np.ndarray:
    """(T, 4, 3) foot points and (T, 4) contacts -> (T, 4, 3): where each point has to be moved so that it stands while in contact.

    Between contacts the pull goes over from the last one to the next one, so the step keeps its shape.
    """
    pulls = np.zeros_like(points)
    time = np.arange(len(points))
    soft = gaussian(1.5 * fps / FPS)
    for point, (column, flat) in enumerate(zip(contacts.T, FLAT, strict=True)):
        if not column.any():
            continue
        track = points[:, point]
        pull = np.zeros_like(track)
        for start, stop in _runs(column):
            anchor = np.median(track[start:stop], axis=0)
            # A toe that stands is on the floor; an ankle may be up, on the ball of the foot.
            anchor[1] = max(anchor[1], flat) if flat else flat
            pull[start:stop] = anchor - track[start:stop]
        pull[:, _HORIZONTAL] /= (1 + (np.linalg.norm(pull[:, _HORIZONTAL], axis=-1, keepdims=True) / _MAX_PULL) ** 4) ** 0.25
        # A foot on its way up still counts as standing for a moment: it is let go gradually, one in the floor is not.
        pull[:, 1] *= np.exp(-((np.minimum(pull[:, 1], 0) / _LIFTING) ** 2))
        pull = np.stack([np.interp(time, time[column], axis[column]) for axis in pull.T], -1)
        firmness = filtered(column[:, None].astype(float), soft) ** 2
        pulls[:, point] = firmness * pull + (1 - firmness) * filtered(pull, soft)
    return pulls


def _foot_targets(points: np.ndarray, contacts: np.ndarray, fps: float, strength: float) -> np.ndarray:
    """(T, 4, 3) foot points -> where they shall be; ankle and toe of a foot follow each other when only one of them stands."""
    pulls = _pulls(points, contacts, fps).reshape(-1, 2, 2, 3)  # time, side, (ankle, toe), axis
    stands = filtered(contacts.astype(float), gaussian(2.0 * fps / FPS)).reshape(-1, 2, 2, 1)
    share = stands + 1e-2
    together = (share * pulls).sum(2, keepdims=True) / share.sum(2, keepdims=True)
    targets = points + strength * (stands * pulls + (1 - stands) * together).reshape(points.shape)
    lowest = np.array([_LOWEST_ANKLE, 0.0, _LOWEST_ANKLE, 0.0])
    targets[..., 1] += strength * np.maximum(lowest - targets[..., 1], 0)
    return targets


def _normalised(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _arc(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Shortest rotations (T, 3, 3) between unit vectors (T, 3) that are not opposite."""
    real = 1 + (start * end).sum(-1, keepdims=True)
    return rotation.matrix_from_quaternion(_normalised(np.concatenate((real, np.cross(start, end)), -1)))


def _apply(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return (matrices @ vectors[..., None])[..., 0]


def _bend(leg: np.ndarray, target: np.ndarray, forward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turns (T, 3, 3) of thigh and shin that bring the ankle of ``leg`` (T, 3 joints, 3) to ``target`` (T, 3), in world axes.

    The knee keeps the direction in which it points; a straight leg bends towards ``forward`` (T, 3). Out of reach, the leg ends short.
    """
    hip, knee, ankle = leg[:, 0], leg[:, 1], leg[:, 2]
    upper, lower = np.linalg.norm(knee - hip, axis=-1), np.linalg.norm(ankle - knee, axis=-1)
    thigh, shin = (knee - hip) / upper[:, None], (ankle - knee) / lower[:, None]
    reach = np.linalg.norm(ankle - hip, axis=-1)
    # Stretching gets harder towards the straight leg, so that the knee does not snap.
    room = np.maximum(_STRAIGHT * (upper + lower) - reach, 1e-6)
    more = np.linalg.norm(target - hip, axis=-1) - reach
    reach = reach + np.where(more > 0, room * -np.expm1(-np.maximum(more, 0) / room), more)
    cosine = np.clip((reach**2 - upper**2 - lower**2) / (2 * upper * lower), -1, 1)
    sine = np.sqrt(1 - cosine**2)
    out = shin - (shin * thigh).sum(-1, keepdims=True) * thigh
    extra = np.maximum(sine - np.linalg.norm(out, axis=-1), 1e-6)[:, None]
    out = _normalised(out - extra * (forward - (forward * thigh).sum(-1, keepdims=True) * thigh))
    bent = cosine[:, None] * thigh + sine[:, None] * out
    swing = _arc(_normalised(upper[:, None] * thigh + lower[:, None] * bent), _normalised(target - hip))
    return swing, swing @ _arc(shin, bent)


def _foot_direction(ankle: np.ndarray, toe: np.ndarray, length: float) -> np.ndarray:
    """Unit vectors (T, 3) from the ankle to the toe's height, so that it stays out of the floor, and in its target's heading."""
    drop = np.clip((toe - ankle)[:, 1:2] / length, -1, 1)
    heading = _normalised((toe - ankle) * [1, 0, 1])
    return heading * np.sqrt(1 - drop**2) + drop * [0, 1, 0]


def _drop(positions: np.ndarray, targets: np.ndarray, fps: float) -> np.ndarray:
    """(T, 1) metres by which the pelvis comes down, so that no leg has to be pulled straight to bring its foot to the target."""
    hips, ankles = positions[:, [INDEX["left_hip"], INDEX["right_hip"]]], positions[:, list(FEET[::2])]
    reach = np.linalg.norm(ankles - hips, axis=-1)
    leg = np.linalg.norm(OFFSETS[[INDEX["left_knee"], INDEX["left_ankle"]]], axis=-1).sum()
    wanted = np.linalg.norm(targets[:, ::2] - hips, axis=-1)
    missing = np.maximum(wanted - np.maximum(reach, _EASY * leg), 0).max(1, keepdims=True)
    return filtered(missing, gaussian(3.0 * fps / FPS))


def lock_feet(clip: MotionClip, contacts: np.ndarray, strength: float = 1.0) -> MotionClip:
    """Hold feet in ``contacts`` (T, 4) where they stand, none of them below the floor, by turning legs and ankles; ``strength`` 0 to 1."""
    local = rotation.matrix_from_6d(clip.rot6d.astype(np.float64))
    positions, turns = forward_kinematics(local, clip.root.astype(np.float64))
    targets = _foot_targets(positions[:, list(FEET)], contacts, clip.fps, strength)
    drop = _drop(positions, targets, clip.fps)
    positions[..., 1] -= drop
    root = clip.root - drop * np.float32([0, 1, 0])
    for side, name in enumerate(("left", "right")):
        hip, knee, ankle, toe = (INDEX[f"{name}_{joint}"] for joint in ("hip", "knee", "ankle", "foot"))
        ankle_target, toe_target = targets[:, 2 * side], targets[:, 2 * side + 1]
        thigh_turn, shin_turn = _bend(positions[:, [hip, knee, ankle]], ankle_target, turns[:, hip, :, 2])
        thigh, shin = thigh_turn @ turns[:, hip], shin_turn @ turns[:, knee]
        reached = positions[:, hip] + thigh @ OFFSETS[knee] + shin @ OFFSETS[ankle]
        length = float(np.linalg.norm(OFFSETS[toe]))
        pointing = _foot_direction(reached, toe_target, length)
        foot = _arc((positions[:, toe] - positions[:, ankle]) / length, pointing) @ turns[:, ankle]
        local[:, hip] = turns[:, 0].swapaxes(-1, -2) @ thigh
        local[:, knee] = thigh.swapaxes(-1, -2) @ shin
        local[:, ankle] = shin.swapaxes(-1, -2) @ foot
    return replace(clip, rot6d=rotation.rot6d_from_matrix(local).astype(np.float32), root=root.astype(np.float32))
