"""The scan of Mamba-2 in numpy: chunks by matrix products, a short loop between them, in either direction of time.

Letters and definition as in ``model/ssm.py``, whose ``scan_recurrent`` is the reference.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tokendance_core.engine.compute import Compute

CHUNK = 32
_LOWEST_EXPONENT = np.float32(-80.0)  # exp() of less is a denormal or zero: slow, and nothing in the sum


def scan(
    x: np.ndarray,
    dt: np.ndarray,
    A: np.ndarray,
    B: np.ndarray,
    C: np.ndarray,
    D: np.ndarray,
    compute: Compute,
    *,
    backward: bool,
) -> np.ndarray:
    """x (batch, L, H, P); dt (batch, L, H) > 0; A (H,) < 0; B, C (batch, L, N); D (H,) -> (batch, L, H, P).

    L is a multiple of ``CHUNK``: pad with zeros, which change nothing. ``backward`` runs from the end to the start.
    """
    batch, length = x.shape[:2]
    xs, dts, Bs, Cs = (each.reshape(-1, CHUNK, *each.shape[2:]) for each in (x, dt, B, C))  # M = batch * chunks
    total = _running_sum(dts * A, backward)
    by_head = np.ascontiguousarray(total.transpose(0, 2, 1))  # (M, H, Q)

    mix = by_head[..., :, None] - by_head[..., None, :]
    np.clip(mix, _LOWEST_EXPONENT, 0, out=mix)
    np.exp(mix, out=mix)
    mix *= _causal(compute.multiply(Cs, Bs.transpose(0, 2, 1)), backward)[:, None]
    mix *= dts.transpose(0, 2, 1)[:, :, None, :]
    y = np.empty_like(xs)
    np.copyto(y.transpose(0, 2, 1, 3), compute.multiply(mix, xs.transpose(0, 2, 1, 3)))
    y += xs * D[:, None]
    if length > CHUNK:
        states = _states(xs, dts, Bs, total, batch, compute, backward)
        entering = compute.multiply(Cs, states).reshape(y.shape)
        entering *= np.exp(np.maximum(total, _LOWEST_EXPONENT))[..., None]
        y += entering
    return y.reshape(x.shape)


def _running_sum(steps: np.ndarray, backward: bool) -> np.ndarray:
    """(M, Q, H) summed up to and with each place, from the side where time begins."""
    return np.cumsum(steps[:, ::-1], axis=1)[:, ::-1] if backward else np.cumsum(steps, axis=1)


def _causal(products: np.ndarray, backward: bool) -> np.ndarray:
    """(M, Q, Q) with zeros where the later place would speak to the earlier one."""
    return products * (np.triu if backward else np.tril)(np.ones((CHUNK, CHUNK), np.float32))


def _states(
    xs: np.ndarray, dts: np.ndarray, Bs: np.ndarray, total: np.ndarray, batch: int, compute: Compute, backward: bool
) -> np.ndarray:
    """The state (M, N, H*P) on entry to each chunk."""
    whole = total[:, :1] if backward else total[:, -1:]
    to_end = np.exp(np.maximum(whole - total, _LOWEST_EXPONENT))
    weighted = (xs * (to_end * dts)[..., None]).reshape(len(xs), CHUNK, -1)
    added = compute.multiply(np.ascontiguousarray(Bs.transpose(0, 2, 1)), weighted).reshape(
        batch, -1, Bs.shape[-1], *xs.shape[2:]
    )
    decay = np.exp(np.maximum(whole, _LOWEST_EXPONENT)).reshape(batch, -1, 1, xs.shape[2], 1)
    states = np.zeros_like(added)
    order = range(added.shape[1])[:: -1 if backward else 1]
    for before, now in pairwise(order):
        np.multiply(states[:, before], decay[:, before], out=states[:, now])
        states[:, now] += added[:, before]
    return states.reshape(len(xs), Bs.shape[-1], -1)
