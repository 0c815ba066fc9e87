"""The scan of Mamba-2 in numpy: chunks by matrix products, a short loop between them, in either direction of time.

Letters and definition as in ``model/ssm.py``, whose ``scan_recurrent`` is the reference.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tokendance_core.engine.compute import Compute

CHUNK = 32
_LOWEST_EXPONENT = np.float32(-60.0)  # exp() of less is nothing in the sum, and as a factor soon a denormal: slow
_LOWEST = np.full((CHUNK, CHUNK), _LOWEST_EXPONENT)  # as an array twice as fast as the number
_SMALLEST_STEP = np.float32(1e-30)
_LATER = np.triu(np.full((CHUNK, CHUNK), -1e4, np.float32), 1)
_SPOKEN_TO = (_LATER, np.ascontiguousarray(_LATER.T))
"""For time running forward and backward: added to the exponents of a chunk, where a place would hear a later one."""


class Inputs(NamedTuple):
    """x (B, L, H, P); dt (B, L, H), 0 where nothing is; B, C (B, L, N). L is a multiple of ``CHUNK``."""

    x: np.ndarray
    dt: np.ndarray
    B: np.ndarray
    C: np.ndarray


def scan(
    inputs: Inputs, A: np.ndarray, D: np.ndarray, state: np.ndarray, compute: Compute, *, backward: bool
) -> tuple[np.ndarray, np.ndarray]:
    """y (B, L, H, P) of a stretch and the state (B, N, H, P) behind it, for A (H,) < 0, D (H,) and the state before it.

    ``backward``: time runs from the end of the arrays to their start.
    """
    batch, _, heads, channels = inputs.x.shape
    xs, dts, Bs, Cs = (each.reshape(-1, CHUNK, *each.shape[2:]) for each in inputs)  # M = batch * chunks
    total = _running_sum(dts * A, backward)
    mix = _mixed_by(total, dts, compute.multiply(Cs, Bs.transpose(0, 2, 1)), backward)
    np.einsum("mhqq->mhq", mix)[:] += D[:, None]
    y = np.empty_like(xs)
    compute.multiply(mix, xs.transpose(0, 2, 1, 3), out=y.transpose(0, 2, 1, 3))

    whole = total[:, :1] if backward else total[:, -1:]
    weighted = xs * (_decay(whole - total) * dts)[..., None]
    added = compute.multiply(np.ascontiguousarray(Bs.transpose(0, 2, 1)), weighted.reshape(len(xs), CHUNK, -1))
    decay = _decay(whole).reshape(batch, -1, 1, heads, 1)
    states, state = _carried(state, added.reshape(batch, -1, *state.shape[1:]), decay, backward)
    entering = compute.multiply(Cs, states.reshape(len(xs), -1, heads * channels)).reshape(y.shape)
    entering *= _decay(total)[..., None]
    y += entering
    return y.reshape(inputs.x.shape), state


def _running_sum(steps: np.ndarray, backward: bool) -> np.ndarray:
    """(M, Q, H) summed up to and with each place, from the side where time begins."""
    return np.cumsum(steps[:, ::-1], axis=1)[:, ::-1] if backward else np.cumsum(steps, axis=1)


def _decay(exponents: np.ndarray) -> np.ndarray:
    """What is left, for exponents of 0 or less."""
    left: np.ndarray = np.exp(np.maximum(exponents, _LOWEST_EXPONENT))
    return left


def _mixed_by(total: np.ndarray, dts: np.ndarray, products: np.ndarray, backward: bool) -> np.ndarray:
    """How much of each place of a chunk each place takes in (M, H, Q, Q): decay between them, times C.B, times dt."""
    spoken = total - np.log(np.maximum(dts, _SMALLEST_STEP))
    heard, spoken = (np.ascontiguousarray(each.transpose(0, 2, 1)) for each in (total, spoken))
    mix: np.ndarray = heard[..., :, None] - spoken[..., None, :]
    mix += _SPOKEN_TO[backward]
    np.maximum(mix, _LOWEST, out=mix)
    np.exp(mix, out=mix)
    mix *= products[:, None]
    return mix


def _carried(state: np.ndarray, added: np.ndarray, decay: np.ndarray, backward: bool) -> tuple[np.ndarray, np.ndarray]:
    """The state on entry to each chunk (B, K, N, H, P) and behind the last, from what each adds and how it decays what
    it was given (B, K, 1, H, 1).
    """
    states = np.empty_like(added)
    for chunk in range(added.shape[1])[:: -1 if backward else 1]:
        states[:, chunk] = state
        state = states[:, chunk] * decay[:, chunk] + added[:, chunk]
    return states, state
