"""What the networks are trained to minimise; every function returns a scalar tensor."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from tokendance_core.dance import footing
from tokendance_core.dance.representation import FOOT_STEPS, ROOT, ROTATIONS, YAW, RootForm
from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.skeleton import FEET, HORIZONTAL, JOINTS, OFFSETS

VELOCITY_WEIGHT = 0.5
ACCELERATION_WEIGHT = 0.25
REACH_FRAMES = (4, 8)
TRAVEL_FRAMES = (15, 60, 200)
YAW_FRAMES = (15, 60)
STANDING = 4.0


def dynamic_l1(x: Tensor, y: Tensor) -> Tensor:
    """L1 of positions + 0.5 x velocities + 0.25 x accelerations along axis 1 (paper section 1.2, weights of related
    work).
    """
    loss = F.l1_loss(x, y)
    for weight in (VELOCITY_WEIGHT, ACCELERATION_WEIGHT):
        x, y = x.diff(dim=1), y.diff(dim=1)
        loss = loss + weight * F.l1_loss(x, y)
    return loss


def joints(matrix: Tensor) -> Tensor:
    """(B, T, 147 or 156) restored features -> (B, T, 24, 3) joint positions in metres, pelvis over the origin at its
    own height, in the dancer's axes if the root form is ``heading``.
    """
    height = matrix[..., ROOT] * matrix.new_tensor([0.0, 1.0, 0.0])
    rotations = rotation.matrix_from_6d(matrix[..., ROTATIONS].unflatten(-1, (len(JOINTS), 6)))
    offsets = torch.as_tensor(OFFSETS.copy(), device=matrix.device)
    positions: Tensor = kinematics.forward_kinematics(rotations, height, offsets)[0]
    return positions


def reach_l1(x_joints: Tensor, y_joints: Tensor) -> Tensor:
    """L1 between the distances that each joint covers within ``REACH_FRAMES`` frames, in metres, in any direction.

    Where a code leaves the direction open, L1 of positions is least for a joint that hardly moves; this keeps the size
    of the movement. Spans of several frames, because jitter would satisfy single ones. Not in the paper.
    """
    loss = x_joints.new_zeros(())
    for frames in REACH_FRAMES:
        loss = loss + F.l1_loss(_covered(x_joints, frames), _covered(y_joints, frames))
    return loss


def _covered(joints: Tensor, frames: int) -> Tensor:
    """(B, T - frames, 24) metres from each frame to the one ``frames`` later."""
    return (joints[:, frames:] - joints[:, :-frames]).square().sum(-1).add(1e-8).sqrt()


class Travel(NamedTuple):
    """How dancers move over the floor, in their own axes: the pelvis ``planar`` (B, T, 2) and the ``feet``
    (B, T - 1, 4, 2) in metres a frame, ``yaw`` (B, T) radians a frame.
    """

    planar: Tensor
    feet: Tensor
    yaw: Tensor


def travel(matrix: Tensor, positions: Tensor, root: RootForm) -> Travel:
    """The travel of ``matrix`` (B, T, 147 or 156) with joints from :func:`joints`; in the form ``heading`` as it is
    decoded, standing feet first.
    """
    planar = matrix[..., ROOT][..., HORIZONTAL]
    yaw = matrix[..., YAW] if root == "heading" else torch.zeros_like(planar[..., 0])
    legs = footing.leg_steps(positions[:, :, list(FEET)], yaw)
    if root == "heading":
        planar = footing.anchored(planar, matrix[..., FOOT_STEPS].unflatten(-1, (len(FEET), 2)), legs)
    return Travel(planar, planar[:, 1:, None] + legs, yaw)


def foot_l1(x: Travel, y: Travel) -> Tensor:
    """L1 of the feet's velocity over the floor in metres a frame, where yaw, path and legs must agree; a foot that
    stands in ``y`` counts ``STANDING`` times more. Not in the paper.
    """
    weight = 1 + STANDING * footing.standing(y.feet)
    loss: Tensor = (weight[..., None] * (x.feet - y.feet).abs()).mean()
    return loss


def path_l1(x: Travel, y: Travel) -> Tensor:
    """L1 between the displacements over each of ``TRAVEL_FRAMES``, in metres and in the axes of their first frame.

    The path is a sum of velocities: an error of a millimetre in each of them adds up to a step after ten seconds.
    Not in the paper.
    """
    (path_x, facing_x), (path_y, facing_y) = (_integrated(travel) for travel in (x, y))
    loss = path_x.new_zeros(())
    for frames in TRAVEL_FRAMES:
        moved_x, moved_y = (
            footing.turned(path[:, frames:] - path[:, :-frames], -facing[:, :-frames])
            for path, facing in ((path_x, facing_x), (path_y, facing_y))
        )
        loss = loss + F.l1_loss(moved_x, moved_y)
    return loss


def _integrated(travel: Travel) -> tuple[Tensor, Tensor]:
    """Path (B, T, 2) in metres and heading (B, T) in radians."""
    facing = travel.yaw.cumsum(1)
    return footing.turned(travel.planar, facing).cumsum(1), facing


def yaw_l1(x: Travel, y: Travel) -> Tensor:
    """L1 between the turns over each of ``YAW_FRAMES``, in radians: 0.5 and 2 seconds. Not in the paper."""
    facing_x, facing_y = x.yaw.cumsum(1), y.yaw.cumsum(1)
    loss = facing_x.new_zeros(())
    for frames in YAW_FRAMES:
        loss = loss + F.l1_loss(
            facing_x[:, frames:] - facing_x[:, :-frames], facing_y[:, frames:] - facing_y[:, :-frames]
        )
    return loss


def event_cross_entropy(logits: Tensor, events: Tensor, weight: float) -> Tensor:
    """Binary cross-entropy for one-hot peaks and beats; an event weighs ``weight`` times as much as a frame without
    one, since L1 would ignore all of them.
    """
    return F.binary_cross_entropy_with_logits(logits, events, pos_weight=logits.new_tensor(weight))


def masked_cross_entropy(logits: Tensor, tokens: Tensor, masked: Tensor) -> Tensor:
    """Cross-entropy over the masked positions; ``logits`` (B, L, K), ``tokens`` (B, L), ``masked`` (B, L) bool."""
    losses = F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="none")
    weights = masked.flatten().to(losses.dtype)
    return (losses * weights).sum() / weights.sum().clamp(min=1.0)
