"""What the networks are trained to minimise; every function returns a scalar tensor."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from tokendance_core.dance.representation import ROOT, ROTATIONS
from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.skeleton import FEET, JOINTS, OFFSETS

VELOCITY_WEIGHT = 0.5
ACCELERATION_WEIGHT = 0.25
REACH_FRAMES = (4, 8)
TRAVEL_FRAMES = (15, 60, 200)


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
    """(B, T, 147) restored features -> (B, T, 24, 3) joint positions in metres, pelvis over the origin at its own
    height.
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


def foot_velocity_l1(x: Tensor, y: Tensor, x_joints: Tensor, y_joints: Tensor) -> Tensor:
    """L1 of the feet's velocity through the world, metres a frame: ties the path to the steps, so that feet do not
    slide.

    ``x``, ``y`` (B, T, 147) with planar root velocity; ``*_joints`` from :func:`joints`. Not in the paper.
    """

    def through_world(matrix: Tensor, positions: Tensor) -> Tensor:
        planar = matrix[:, 1:, None, ROOT] * matrix.new_tensor([1.0, 0.0, 1.0])
        return positions[:, :, list(FEET)].diff(dim=1) + planar

    return F.l1_loss(through_world(x, x_joints), through_world(y, y_joints))


def travel_l1(x: Tensor, y: Tensor) -> Tensor:
    """L1 between the paths' displacements over each of ``TRAVEL_FRAMES``, in metres; ``x``, ``y`` (B, T, 147) with
    planar root velocity.

    The path is a sum of velocities: an error of a millimetre in each of them adds up to a step after ten seconds.
    Not in the paper.
    """
    path_x, path_y = (matrix[..., ROOT][..., [0, 2]].cumsum(dim=1) for matrix in (x, y))
    loss = x.new_zeros(())
    for frames in TRAVEL_FRAMES:
        loss = loss + F.l1_loss(path_x[:, frames:] - path_x[:, :-frames], path_y[:, frames:] - path_y[:, :-frames])
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
