"""Mamba-2: a selective state-space layer, its bidirectional block, and the scan behind both.

    letter   meaning                                   paper setting
    B, L     batch, length in tokens                   64, 30
    H, P     heads, channels per head (H*P = expand*width)   16, 64
    N        state size per channel                    16
    Q, K     chunk length, number of chunks            <= 64, ceil(L/Q)
    A, D     decay rate (< 0) and skip, one per head
    dt       step size (> 0), one per token and head

The recurrence, for every head and channel (Dao & Gu 2024, "Transformers are SSMs", eq. 1 with scalar A):

    h_t = exp(dt_t A) h_{t-1} + dt_t B_t x_t          h: N numbers
    y_t = C_t . h_t + D x_t

``scan_recurrent`` is just that, ``scan_chunked`` the same numbers by matrix products. Parameters have the names and
shapes of ``mamba_ssm.modules.mamba2.Mamba2``, so a state dict loads strictly either way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

CHUNK_TRAINING = 64  # fastest with a backward pass
CHUNK_INFERENCE = 32  # fastest without
LOWEST_EXPONENT = -80.0  # exp() of less is a denormal or zero: slow on a CPU, and nothing in the sum


def scan_recurrent(x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor) -> Tensor:
    """The recurrence, step by step: slow, and the definition of what ``scan_chunked`` returns.

    x (B, L, H, P); dt (B, L, H) > 0; A (H,) < 0; B, C (B, L, N), one group shared by all heads; D (H,). Returns (B, L,
    H, P).
    """
    batch, length, heads, channels = x.shape
    decay = torch.exp(dt * A)
    h = x.new_zeros(batch, heads, channels, B.shape[-1])
    y = []
    for t in range(length):
        step = (dt[:, t, :, None] * x[:, t])[..., None] * B[:, t, None, None, :]
        h = decay[:, t, :, None, None] * h + step
        y.append((h * C[:, t, None, None, :]).sum(-1))
    return torch.stack(y, dim=1) + D[:, None] * x


def scan_chunked(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, chunk: int = CHUNK_TRAINING
) -> Tensor:
    """The recurrence as matrix products inside chunks and a short loop between them; arguments and result as
    ``scan_recurrent``.

    Linear in L. In float32 the running sum of dt*A costs a few digits: about 1e-6 at decays that a trained layer has.
    """
    length = x.shape[1]
    chunks = -(-length // chunk)
    size = -(-length // chunks)  # equal chunks: no more padding than needed, and none for a clip shorter than a chunk
    padding = chunks * size - length
    if padding:  # dt = 0 leaves the state as it is
        x = F.pad(x, (0, 0, 0, 0, 0, padding))
        dt, B, C = (F.pad(part, (0, 0, 0, padding)) for part in (dt, B, C))
    y: Tensor
    if torch.is_grad_enabled():
        # torch leaves Function.apply without annotations
        y = _ChunkedScan.apply(x, dt, A, B, C, D, size)  # type: ignore[no-untyped-call]
    else:
        y, _ = _chunked_forward(x, dt, A, B, C, D, size)
    return y[:, :length] if padding else y


def _split(size: int, *parts: Tensor) -> list[Tensor]:
    """(B, K*Q, ...) -> (B*K, Q, ...) for each part."""
    return [part.reshape(-1, size, *part.shape[2:]) for part in parts]


def _decays(dt: Tensor, A: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Decay between two steps (M, H, Q, Q), from the chunk's start (M, Q, H) and to its end (M, Q, H); M = B*K.

    The first holds 1 above the diagonal, where the caller's mask has zeros: masking the exponent instead would be slow
    and make 0*inf.
    """
    total = torch.cumsum(dt * A, dim=1)
    by_head = total.transpose(1, 2).contiguous()
    between = (by_head[..., :, None] - by_head[..., None, :]).clamp_(LOWEST_EXPONENT, 0.0).exp_()
    to_end = (total[:, -1:] - total).clamp_(min=LOWEST_EXPONENT).exp_()
    return between, total.clamp_(min=LOWEST_EXPONENT).exp_(), to_end


def _chunked_forward(
    x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, size: int
) -> tuple[Tensor, Tensor | None]:
    """Output (B, L, H, P) and the state on entry to each chunk (B, K, N, H, P), None where there is one chunk only."""
    batch, length, heads, channels = x.shape
    xs, dts, Bs, Cs = _split(size, x, dt, B, C)
    between, from_start, to_end = _decays(dts, A)

    mix = between.mul_((Cs @ Bs.transpose(1, 2)).tril_()[:, None]).mul_(dts.transpose(1, 2)[:, :, None, :])
    y = torch.addcmul((mix @ xs.transpose(1, 2)).transpose(1, 2), xs, D[:, None])  # (M, Q, H, P)
    states = None
    if length > size:
        weighted = (xs * (to_end * dts)[..., None]).flatten(2)
        added = (Bs.transpose(1, 2) @ weighted).view(batch, -1, B.shape[-1], heads, channels)
        states = _carry(added, from_start[:, -1].view(batch, -1, 1, heads, 1))
        entering = Cs @ states.view(-1, B.shape[-1], heads * channels)
        y.addcmul_(entering.view_as(y), from_start[..., None])
    return y.reshape(batch, length, heads, channels), states


def _carry(added: Tensor, decay: Tensor) -> Tensor:
    """State on entry to each chunk, from what each chunk adds (B, K, N, H, P) and how it decays what it was given (B,
    K, 1, H, 1).
    """
    states = torch.zeros_like(added)
    for k in range(1, added.shape[1]):
        torch.addcmul(added[:, k - 1], states[:, k - 1], decay[:, k - 1], out=states[:, k])
    return states


class _ChunkedScan(torch.autograd.Function):
    """``_chunked_forward`` that keeps its inputs and chunk states only; the backward pass computes the (Q, Q) matrices
    again.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, size: int) -> Tensor:
        y, states = _chunked_forward(x, dt, A, B, C, D, size)
        ctx.save_for_backward(x, dt, A, B, C, D, states)
        ctx.size = size
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, dt, A, B, C, D, states = ctx.saved_tensors
        xs, dts, Bs, Cs, dys = _split(ctx.size, x, dt, B, C, dy)
        between, from_start, to_end = _decays(dts, A)

        dx, d_dt, dB, dC, d_total = _within_backward(xs, dts, Bs, Cs, dys, between)
        dx.addcmul_(dys, D[:, None])
        if states is not None:
            _across_backward((xs, dts, Bs, Cs, dys), states, from_start, to_end, (dx, d_dt, dB, dC, d_total))
        d_step = d_total.flip(1).cumsum(1).flip(1)  # total = cumsum(dt*A)
        dA = (d_step * dts).sum((0, 1))
        d_dt.addcmul_(d_step, A)
        dD = (dys * xs).sum((0, 1, 3))
        return dx.view_as(x), d_dt.view_as(dt), dA, dB.view_as(B), dC.view_as(C), dD, None


def _within_backward(
    xs: Tensor, dts: Tensor, Bs: Tensor, Cs: Tensor, dys: Tensor, between: Tensor
) -> tuple[Tensor, ...]:
    """Gradients of y_i = sum_j between_ij (C_i.B_j) dt_j x_j for x, dt, B, C and the running sum of dt*A."""
    steps = dts.transpose(1, 2)  # (M, H, Q)
    products = (Cs @ Bs.transpose(1, 2)).tril_()[:, None]
    dy_heads = dys.transpose(1, 2).contiguous()  # (M, H, Q, P)

    d_mix = (dy_heads @ xs.permute(0, 2, 3, 1)).mul_(between)  # (M, H, Q, Q), the decay already applied
    d_products = torch.einsum("mhij,mhj->mij", d_mix, steps).tril_()
    d_mix.mul_(products)
    d_steps = d_mix.sum(2)
    d_total = (d_mix @ steps[..., None]).squeeze(-1) - d_steps * steps

    back = (between.mul_(products).transpose(2, 3) @ dy_heads).mul_(steps[..., None])
    return (
        back.transpose(1, 2).contiguous(),
        d_steps.transpose(1, 2).contiguous(),
        d_products.transpose(1, 2) @ Cs,
        d_products @ Bs,
        d_total.transpose(1, 2).contiguous(),
    )


def _across_backward(
    inputs: tuple[Tensor, ...], states: Tensor, from_start: Tensor, to_end: Tensor, gradients: tuple[Tensor, ...]
) -> None:
    """Adds to the gradients what flows through the states between chunks."""
    xs, dts, Bs, Cs, dys = inputs
    dx, d_dt, dB, dC, d_total = gradients
    batch, chunks, state, heads, channels = states.shape
    flat = states.view(-1, state, heads * channels)

    dy_in = (dys * from_start[..., None]).flatten(2)  # (M, Q, H*P)
    dC += dy_in @ flat.transpose(1, 2)
    d_total += ((Cs @ flat) * dy_in).view_as(xs).sum(-1)

    decay = from_start[:, -1].view(batch, chunks, 1, heads, 1)
    d_added = _carry_backward((Cs.transpose(1, 2) @ dy_in).view_as(states), decay)
    d_total[:, -1] += ((d_added * states).sum((2, 4), keepdim=True) * decay).view(-1, heads)

    d_flat = d_added.view_as(flat)
    dB += (xs * (to_end * dts)[..., None]).flatten(2) @ d_flat.transpose(1, 2)
    d_weighted = (Bs @ d_flat).view_as(xs)
    dx.addcmul_(d_weighted, (to_end * dts)[..., None])
    d_weight = (d_weighted * xs).sum(-1) * to_end
    d_dt += d_weight
    d_exponent = d_weight * dts
    d_total -= d_exponent
    d_total[:, -1] += d_exponent.sum(1)


def _carry_backward(d_states: Tensor, decay: Tensor) -> Tensor:
    """Gradient for ``added`` of ``_carry``, from what reaches each state directly (changed in place)."""
    d_added = torch.zeros_like(d_states)
    for k in range(d_states.shape[1] - 1, 0, -1):
        torch.addcmul(d_states[:, k], d_added[:, k], decay[:, k], out=d_added[:, k - 1])
    return d_added


@cache
def cuda_scan() -> Callable[..., Tensor] | None:
    """mamba-ssm's fused scan, or None where it cannot be imported or does not run a small input (its import needs CUDA
    and a compiler).
    """
    try:
        from mamba_ssm.ops.triton.ssd_combined import mamba_chunk_scan_combined

        x = torch.ones(1, 16, 1, 16, device="cuda")
        mamba_chunk_scan_combined(x, x[..., 0], -x[0, 0, :, 0], x, x, chunk_size=16, D=x[0, 0, :, 0])
        torch.cuda.synchronize()
    except Exception:  # an optional accelerator: whatever goes wrong in it, the scan above takes over
        return None
    scan: Callable[..., Tensor] = mamba_chunk_scan_combined
    return scan


class GatedRMSNorm(nn.Module):
    """RMS normalisation of y * SiLU(z) over the last axis, with a learned scale."""

    def __init__(self, width: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, y: Tensor, z: Tensor) -> Tensor:
        return F.rms_norm(y * F.silu(z), self.weight.shape, self.weight, self.eps)


class Mamba2(nn.Module):
    """One causal Mamba-2 mixer, (B, L, d_model) -> (B, L, d_model).

    Same arguments, parameters, order of the input projection [z, x, B, C, dt] and initialisation as mamba_ssm's
    ``Mamba2`` with its default gated norm. ValueError for more than one group, or when the inner width is no multiple
    of ``headdim``.
    """

    def __init__(
        self, d_model: int, d_state: int = 128, d_conv: int = 4, expand: int = 2, headdim: int = 64, ngroups: int = 1
    ) -> None:
        super().__init__()
        inner = expand * d_model
        if ngroups != 1:
            raise ValueError(f"Mamba2 supports one group of B and C, got ngroups={ngroups}")
        if inner % headdim:
            raise ValueError(f"inner width {inner} (expand * d_model) is not a multiple of headdim {headdim}")
        self.headdim, self.heads = headdim, inner // headdim
        self.splits = (inner, inner + 2 * d_state, self.heads)
        self.parts = (inner, d_state, d_state)
        self.in_proj = nn.Linear(d_model, sum(self.splits), bias=False)
        self.conv1d = nn.Conv1d(sum(self.parts), sum(self.parts), d_conv, groups=sum(self.parts), padding=d_conv - 1)
        self.dt_bias = nn.Parameter(_initial_dt_bias(self.heads))
        self.A_log = nn.Parameter(torch.empty(self.heads).uniform_(1, 16).log())
        self.D = nn.Parameter(torch.ones(self.heads))
        self.norm = GatedRMSNorm(inner)
        self.out_proj = nn.Linear(inner, d_model, bias=False)

    def forward(self, u: Tensor) -> Tensor:
        z, xBC, dt = self.in_proj(u).split(self.splits, dim=-1)
        x, B, C = F.silu(self._convolve(xBC)).split(self.parts, dim=-1)
        dt = F.softplus(dt + self.dt_bias)
        y = self._scan(x.unflatten(-1, (self.heads, self.headdim)), dt, -torch.exp(self.A_log), B, C)
        mixed: Tensor = self.out_proj(self.norm(y.flatten(2), z))
        return mixed

    def _convolve(self, xBC: Tensor) -> Tensor:
        """Causal depthwise convolution (B, L, channels); as a channels-last image it is several times faster than
        ``conv1d`` itself.
        """
        conv = self.conv1d
        past = F.pad(xBC, (0, 0, conv.kernel_size[0] - 1, 0))
        image = past.transpose(1, 2).unsqueeze(2)
        return F.conv2d(image, conv.weight.unsqueeze(2), conv.bias, groups=conv.groups).squeeze(2).transpose(1, 2)

    def _scan(self, x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
        fused = cuda_scan() if x.is_cuda else None
        if fused is not None:
            return fused(x, dt, A, B.unsqueeze(2), C.unsqueeze(2), chunk_size=CHUNK_TRAINING, D=self.D)
        # Under autocast the products above come in bfloat16; a running sum of decays needs more digits.
        x, dt, B, C = (each.float() if each.dtype == torch.bfloat16 else each for each in (x, dt, B, C))
        with torch.autocast(x.device.type, enabled=False):
            return scan_chunked(x, dt, A, B, C, self.D, CHUNK_TRAINING if torch.is_grad_enabled() else CHUNK_INFERENCE)


def _initial_dt_bias(heads: int, low: float = 1e-3, high: float = 0.1, floor: float = 1e-4) -> Tensor:
    """Inverse softplus of step sizes drawn log-uniformly from [low, high]."""
    dt = torch.exp(torch.empty(heads).uniform_(math.log(low), math.log(high))).clamp(min=floor)
    return dt + torch.log(-torch.expm1(-dt))


class BiMamba(nn.Module):
    """Residual block that sees both directions of time, (B, L, width) -> (B, L, width).

    y = x + dropout(m * SiLU(W n + b)), with n = LayerNorm(x) and m = fwd(n) + flip(bwd(flip(n))): two independent
    mixers added element-wise and a multiplicative skip (TokenDance section 3; the gate's exact form is our reading, the
    paper prints none).
    """

    def __init__(self, width: int, *, state: int, conv: int, expand: int, head_dim: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.fwd = Mamba2(width, state, conv, expand, head_dim)
        self.bwd = Mamba2(width, state, conv, expand, head_dim)
        self.gate = nn.Linear(width, width)
        nn.init.ones_(self.gate.bias)  # half open: a gate around zero would hide the mixers from the first steps
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        n = self.norm(x)
        mixed = self.fwd(n) + self.bwd(n.flip(1)).flip(1)
        change: Tensor = self.dropout(mixed * F.silu(self.gate(n)))
        return x + change
