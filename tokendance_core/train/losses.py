"""What the networks are trained to minimise; every function returns a scalar tensor."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from tokendance_core.dance import footing
from tokendance_core.dance.representation import FOOT_STEPS, ROOT, ROTATIONS, YAW, RootForm
from tokendance_core.motion.rotation import SHORTEST_COLUMN
from tokendance_core.motion.skeleton import FEET, JOINTS, OFFSETS, PARENTS

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
    off = x - y
    loss = off.abs().mean()
    for weight in (VELOCITY_WEIGHT, ACCELERATION_WEIGHT):
        off = off.diff(dim=1)
        loss = loss + weight * off.abs().mean()
    return loss


def joints(matrix: Tensor) -> Tensor:
    """(B, T, 147 or 156) restored features -> (B, T, 24, 3) joint positions in metres, pelvis over the origin at its
    own height, in the dancer's axes if the root form is ``heading``.

    ``kinematics.forward_kinematics`` with a backward pass written by hand: a third of its time.
    """
    rot6d = matrix[..., ROTATIONS].unflatten(-1, (len(JOINTS), 6))
    # torch leaves Function.apply without annotations
    positions: Tensor = _JointPositions.apply(rot6d, matrix[..., ROOT.start + 1])  # type: ignore[no-untyped-call]
    return positions


class _JointPositions(torch.autograd.Function):
    """6D rotations (…, 24, 6) and heights of the pelvis (…) -> joint positions (…, 24, 3).

    Works on components (3, 24, N) and (3, 3, 24, N): a few long products in place of many of 3 x 3.
    """

    @staticmethod
    def forward(ctx: Any, rot6d: Tensor, height: Tensor) -> Tensor:
        columns = rot6d.flatten(0, -3).permute(2, 1, 0).contiguous().float()
        local = _orthonormal(columns)
        turned, positions = local.clone(), torch.zeros_like(columns[:3])
        positions[1, 0] = height.flatten()
        for joint, parent in enumerate(PARENTS[1:], start=1):
            positions[:, joint] = positions[:, parent] + _offset_by(turned[:, :, parent], joint)
            if joint in PARENTS:
                turned[:, :, joint] = _product(turned[:, :, parent], local[:, :, joint])
        ctx.save_for_backward(columns, local, turned)
        ctx.shapes = rot6d.shape, height.shape
        return positions.permute(2, 1, 0).reshape(*rot6d.shape[:-1], 3)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        columns, local, turned = ctx.saved_tensors
        moved = gradient.flatten(0, -3).permute(2, 1, 0).contiguous()  # becomes that of all joints below
        d_turned, d_local = torch.zeros_like(turned), torch.zeros_like(local)
        for joint in reversed(range(1, len(PARENTS))):
            parent = PARENTS[joint]
            moved[:, parent] += moved[:, joint]
            for axis, offset in enumerate(OFFSETS[joint].tolist()):
                d_turned[:, axis, parent].add_(moved[:, joint], alpha=offset)
            if joint in PARENTS:
                d_turned[:, :, parent] += _product(d_turned[:, :, joint], local[:, :, joint].transpose(0, 1))
                d_local[:, :, joint] = _product(turned[:, :, parent].transpose(0, 1), d_turned[:, :, joint])
        d_local[:, :, 0] = d_turned[:, :, 0]
        rotations, heights = ctx.shapes
        d_columns = _orthonormal_backward(columns, local, d_local)
        return d_columns.permute(2, 1, 0).reshape(rotations), moved[1, 0].reshape(heights)


def _product(a: Tensor, b: Tensor) -> Tensor:
    """Matrix products of (3, 3, N) and (3, 3, N)."""
    product = a[:, 0, None] * b[0]
    for k in (1, 2):
        product.addcmul_(a[:, k, None], b[k])
    return product


def _offset_by(turned: Tensor, joint: int) -> Tensor:
    """(3, N) metres from the parent, whose global rotation is (3, 3, N), to a joint."""
    x, y, z = OFFSETS[joint].tolist()
    reach: Tensor = (turned[:, 0] * x).add_(turned[:, 1], alpha=y).add_(turned[:, 2], alpha=z)
    return reach


def _cross(a: Tensor, b: Tensor) -> Tensor:
    """Cross products along the first axis."""
    return torch.stack((a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]))


def _length(vectors: Tensor) -> Tensor:
    """Lengths along the first axis, not quite zero."""
    return vectors.square().sum(0).sqrt_().clamp_(min=SHORTEST_COLUMN)


def _orthonormal(columns: Tensor) -> Tensor:
    """6D (6, …) -> rotation matrices (3, 3, …) by Gram-Schmidt, rows before columns."""
    a, b = columns[:3], columns[3:]
    x = a / _length(a)
    u = b - (x * b).sum(0) * x
    y = u / _length(u)
    return torch.stack((x, y, _cross(x, y)), 1)


def _orthonormal_backward(columns: Tensor, matrices: Tensor, gradient: Tensor) -> Tensor:
    """Gradient for the ``columns`` of :func:`_orthonormal` from that for its ``matrices``."""
    a, b = columns[:3], columns[3:]
    (x, y, _), (dx, dy, dz) = matrices.unbind(1), gradient.unbind(1)
    dx, dy = dx + _cross(y, dz), dy + _cross(dz, x)
    along = (x * b).sum(0)
    du = (dy - (y * dy).sum(0) * y) / _length(b - along * x)
    d_along = (x * du).sum(0)
    dx = dx - along * du - d_along * b
    return torch.cat(((dx - (x * dx).sum(0) * x) / _length(a), du - d_along * x))


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
    planar = matrix[..., ROOT][..., ::2]
    yaw = matrix[..., YAW] if root == "heading" else torch.zeros_like(planar[..., 0])
    legs = footing.leg_steps(torch.stack([positions[:, :, foot] for foot in FEET], 2), yaw)
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
    pos_weight = torch.full((), weight, device=logits.device)
    return F.binary_cross_entropy_with_logits(logits, events, pos_weight=pos_weight)


def masked_cross_entropy(logits: Tensor, tokens: Tensor, masked: Tensor) -> Tensor:
    """Cross-entropy over the masked positions; ``logits`` (B, L, K), ``tokens`` (B, L), ``masked`` (B, L) bool."""
    losses = F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="none")
    weights = masked.flatten().to(losses.dtype)
    return (losses * weights).sum() / weights.sum().clamp(min=1.0)
