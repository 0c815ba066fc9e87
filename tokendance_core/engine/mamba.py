"""The bidirectional Mamba block in numpy; ``model/ssm.py`` defines it and names its parameters."""

from __future__ import annotations

import numpy as np

from tokendance_core.engine.compute import Compute
from tokendance_core.engine.maths import Linear, normalised, sigmoid, silu, softplus
from tokendance_core.engine.parameters import Parameters
from tokendance_core.engine.scan import CHUNK, scan
from tokendance_core.model.config import GeneratorConfig


class Mixer:
    """A Mamba-2 mixer along one direction of time, (B, L, width) -> (B, L, width), both counted forward.

    It takes in what the block's normalisation has not scaled yet: ``scale`` and ``shift`` go into its own projection.
    """

    def __init__(
        self,
        parameters: Parameters,
        config: GeneratorConfig,
        scale: np.ndarray,
        shift: np.ndarray,
        compute: Compute,
        *,
        backward: bool,
    ) -> None:
        self.inner, self.state, self.head_dim = config.expand * config.width, config.state, config.head_dim
        self.heads = self.inner // config.head_dim
        self.backward, self.compute = backward, compute
        mixed = self.inner + 2 * config.state
        outside = self.inner + mixed + self.heads
        self.enter = Linear(parameters / "in_proj", config.width, outside, compute, bias=False)
        self.enter.after_scale(scale, shift)
        self.taps = np.ascontiguousarray((parameters / "conv1d").take("weight", mixed, 1, config.conv)[:, 0].T)
        self.conv_bias = (parameters / "conv1d").take("bias", mixed)
        self.dt_bias = parameters.take("dt_bias", self.heads)
        self.A = -np.exp(parameters.take("A_log", self.heads))
        self.D = parameters.take("D", self.heads)
        gain = (parameters / "norm").take("weight", self.inner)
        self.leave = Linear(parameters / "out_proj", self.inner, config.width, compute, bias=False)
        self.leave.weight *= gain[:, None]

    def __call__(self, n: np.ndarray) -> np.ndarray:
        length = n.shape[1]
        entered = self.enter(n)
        z, xBC, dt = np.split(entered, [self.inner, -self.heads], axis=-1)
        mixed, steps = self._convolved(xBC), self._steps(dt)
        x, B, C = np.split(mixed, [self.inner, self.inner + self.state], axis=-1)
        y = scan(
            x.reshape(*x.shape[:2], self.heads, self.head_dim),
            steps,
            self.A,
            B,
            C,
            self.D,
            self.compute,
            backward=self.backward,
        ).reshape(x.shape)[:, :length]
        return self._left(y, z)

    def _convolved(self, xBC: np.ndarray) -> np.ndarray:
        """SiLU of the causal depthwise convolution, zeros behind the end until whole chunks are full."""
        batch, length, channels = xBC.shape
        whole = np.zeros((batch, -(-length // CHUNK) * CHUNK, channels), np.float32)
        made, last = whole[:, :length], len(self.taps) - 1
        np.multiply(xBC, self.taps[last], out=made)
        made += self.conv_bias
        for back in range(1, min(last + 1, length)):
            term = (xBC[:, back:] if self.backward else xBC[:, :-back]) * self.taps[last - back]
            now = made[:, :-back] if self.backward else made[:, back:]
            now += term
        made *= sigmoid(made)
        return whole

    def _steps(self, dt: np.ndarray) -> np.ndarray:
        """Step sizes (B, whole chunks, H), zero behind the end."""
        whole = np.zeros((len(dt), -(-dt.shape[1] // CHUNK) * CHUNK, self.heads), np.float32)
        whole[:, : dt.shape[1]] = softplus(dt + self.dt_bias)
        return whole

    def _left(self, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The gated RMS norm and the projection out; each row's scale is applied to the shorter row behind it."""
        gated = silu(z)
        gated *= y
        power = np.einsum("...c,...c->...", gated, gated)
        power /= np.float32(self.inner)
        power += np.float32(1e-5)
        np.sqrt(power, out=power)
        made = self.compute.product(gated, self.leave.weight)
        made /= power[..., None]
        return made


class BiMamba:
    """x + m SiLU(W n + b), n the normalised x and m the sum of both mixers: (B, L, width) -> the same shape."""

    def __init__(self, parameters: Parameters, config: GeneratorConfig, compute: Compute) -> None:
        scale, shift = ((parameters / "norm").take(name, config.width) for name in ("weight", "bias"))
        self.mixers = [
            Mixer(parameters / name, config, scale, shift, compute, backward=backward)
            for name, backward in (("fwd", False), ("bwd", True))
        ]
        self.gate = Linear(parameters / "gate", config.width, config.width, compute).after_scale(scale, shift)
        self.compute = compute

    def __call__(self, x: np.ndarray) -> np.ndarray:
        n = normalised(x)
        mixed, against = self.compute.both(lambda mixer: mixer(n), self.mixers)
        mixed += against
        mixed *= silu(self.gate(n))
        mixed += x
        return mixed


class Scanner:
    """A stack of bidirectional blocks."""

    def __init__(self, parameters: Parameters, config: GeneratorConfig, layers: int, compute: Compute) -> None:
        self.layers = [BiMamba(parameters / layer, config, compute) for layer in range(layers)]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer(x)
        return x
