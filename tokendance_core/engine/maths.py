"""What the layers are made of: activation functions, normalisation and the linear layer, on float32 arrays."""

from __future__ import annotations

import numpy as np

from tokendance_core.engine.compute import Compute
from tokendance_core.engine.parameters import Parameters


def silu_of_double(h: np.ndarray) -> np.ndarray:
    """SiLU(2 h) = h + h tanh(h), in place: what makes ``h`` has half the weights."""
    grown = np.tanh(h)
    grown *= h
    h += grown
    return h


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + exp(x)), a new array."""
    made: np.ndarray = np.logaddexp(x, np.float32(0))
    return made


_ERF = np.array([1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592], np.float32)
_ERF_SCALE = np.float32(0.3275911)


def gelu(x: np.ndarray) -> np.ndarray:
    """x Phi(x), in place; the error function by Abramowitz and Stegun 7.1.26, exact to 1.5e-7."""
    size = np.abs(x)
    # 2 x Phi(x) = x + |x| erf(|x| / sqrt 2)
    grown = _erf_tail(size * np.float32(np.sqrt(0.5)))
    np.subtract(1, grown, out=grown)
    grown *= size
    x += grown
    x *= np.float32(0.5)
    return x


def _erf_tail(x: np.ndarray) -> np.ndarray:
    """1 - erf(x) for x >= 0, a new array."""
    t = x * _ERF_SCALE
    t += 1
    np.reciprocal(t, out=t)
    tail: np.ndarray = t * _ERF[0]
    for coefficient in _ERF[1:]:
        tail += coefficient
        tail *= t
    np.square(x, out=t)
    np.negative(t, out=t)
    tail *= np.exp(t, out=t)
    return tail


def normalised(x: np.ndarray) -> np.ndarray:
    """(…, C) -> (…, C + 1), a new array: zero mean and unit variance over the last axis, then a 1.

    Layer normalisation without its scale and shift: these, and a bias that goes with the 1, are in the weights of
    whatever takes it, see ``Linear.of_normalised``.
    """
    made = np.empty((*x.shape[:-1], x.shape[-1] + 1), np.float32)
    made[..., -1] = 1
    even = made[..., :-1]
    np.subtract(x, x.mean(-1, keepdims=True), out=even)
    even /= root_mean_square(even)
    return made


def root_mean_square(x: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    """(…, C) -> (…, 1): sqrt(mean of x² + eps)."""
    power: np.ndarray = np.einsum("...c,...c->...", x, x)
    power /= np.float32(x.shape[-1])
    power += np.float32(eps)
    np.sqrt(power, out=power)
    return power[..., None]


class Linear:
    """(…, inside) -> (…, outside). ``bias`` None: there is none, or it stands below the weights."""

    def __init__(
        self, parameters: Parameters, inside: int, outside: int, compute: Compute, *, bias: bool = True
    ) -> None:
        self.compute = compute
        self.weight = np.ascontiguousarray(parameters.take("weight", outside, inside).T)
        self.bias = parameters.take("bias", outside) if bias else None

    def of_normalised(self, scale: np.ndarray, shift: np.ndarray) -> Linear:
        """Itself, made to take ``normalised(x)`` for what used to be its ``scale * n + shift``."""
        bias = shift @ self.weight if self.bias is None else self.bias + shift @ self.weight
        self.weight, self.bias = np.vstack((self.weight * scale[:, None], bias)), None
        return self

    def halved(self, columns: slice = slice(None)) -> Linear:
        """Itself, made to give half of what it gave."""
        self.weight[:, columns] *= np.float32(0.5)
        if self.bias is not None:
            self.bias[columns] *= np.float32(0.5)
        return self

    def __call__(self, x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        made = self.compute.product(x, self.weight, out)
        if self.bias is not None:
            made += self.bias
        return made
