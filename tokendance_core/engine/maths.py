"""What the layers are made of: activation functions, normalisation and the linear layer, on float32 arrays."""

from __future__ import annotations

import numpy as np

from tokendance_core.engine.compute import Compute
from tokendance_core.engine.parameters import Parameters


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), a new array; by the tangent, which cannot overflow."""
    made = x * np.float32(0.5)
    np.tanh(made, out=made)
    made += 1
    made *= np.float32(0.5)
    return made


def silu(x: np.ndarray) -> np.ndarray:
    """x sigmoid(x), a new array."""
    made = sigmoid(x)
    made *= x
    return made


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + exp(x)), a new array."""
    made: np.ndarray = np.logaddexp(x, np.float32(0))
    return made


_ERF = np.array([1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592], np.float32)
_ERF_SCALE = np.float32(0.3275911)


def gelu(x: np.ndarray) -> np.ndarray:
    """x Phi(x), a new array; the error function by Abramowitz and Stegun 7.1.26, exact to 1.5e-7."""
    size: np.ndarray = np.abs(x)
    size *= np.float32(np.sqrt(0.5))
    t = size * _ERF_SCALE
    t += 1
    np.reciprocal(t, out=t)
    tail = t * _ERF[0]
    for coefficient in _ERF[1:]:
        tail += coefficient
        tail *= t
    np.square(size, out=size)
    np.negative(size, out=size)
    np.exp(size, out=size)
    tail *= size  # 1 - erf(|x| / sqrt 2)
    # x Phi(x) = max(x, 0) - |x| / 2 * tail
    np.abs(x, out=size)
    size *= np.float32(-0.5)
    size *= tail
    size += np.maximum(x, 0)
    return size


def normalised(x: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    """(…, C) with zero mean and unit variance over the last axis, a new array: layer normalisation without scale."""
    made: np.ndarray = x - x.mean(-1, keepdims=True)
    power = np.einsum("...c,...c->...", made, made)
    power /= np.float32(x.shape[-1])
    power += np.float32(eps)
    np.sqrt(power, out=power)
    made /= power[..., None]
    return made


class Linear:
    """(…, inside) -> (…, outside)."""

    def __init__(
        self, parameters: Parameters, inside: int, outside: int, compute: Compute, *, bias: bool = True
    ) -> None:
        self.compute = compute
        self.weight = np.ascontiguousarray(parameters.take("weight", outside, inside).T)
        self.bias = parameters.take("bias", outside) if bias else np.zeros(outside, np.float32)

    def after_scale(self, scale: np.ndarray, shift: np.ndarray) -> Linear:
        """Itself, made to take x for what used to be ``scale * x + shift``."""
        self.bias = self.bias + shift @ self.weight
        self.weight *= scale[:, None]
        return self

    def __call__(self, x: np.ndarray) -> np.ndarray:
        made = self.compute.product(x, self.weight)
        made += self.bias
        return made
