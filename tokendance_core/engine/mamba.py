"""The bidirectional Mamba block in numpy; ``model/ssm.py`` defines it and names its parameters."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tokendance_core.engine.compute import Compute
from tokendance_core.engine.maths import Linear, normalised, root_mean_square, silu_of_double, softplus
from tokendance_core.engine.parameters import Parameters
from tokendance_core.engine.scan import CHUNK, Inputs, scan
from tokendance_core.model.config import GeneratorConfig


class Mixer:
    """A Mamba-2 mixer along one direction of time, (B, L, width) -> (B, L, width), both counted forward.

    It walks through the song stretch by stretch, from the side where its time begins. It takes in what the block's
    normalisation has not scaled yet: ``scale`` and ``shift`` go into its own projection. Whatever ends in a SiLU has
    half its weights, see ``silu_of_double``.
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
        self.enter.of_normalised(scale, shift).halved(slice(self.inner))  # z
        taps = (parameters / "conv1d").take("weight", mixed, 1, config.conv)[:, 0].T
        self.taps = np.ascontiguousarray(np.float32(0.5) * (taps[::-1] if backward else taps))
        self.conv_bias = np.float32(0.5) * (parameters / "conv1d").take("bias", mixed)
        self.dt_bias = parameters.take("dt_bias", self.heads)
        self.A = -np.exp(parameters.take("A_log", self.heads))
        self.D = parameters.take("D", self.heads)
        gain = (parameters / "norm").take("weight", self.inner)
        self.leave = Linear(parameters / "out_proj", self.inner, config.width, compute, bias=False)
        self.leave.weight *= gain[:, None]

    def __call__(self, n: np.ndarray) -> np.ndarray:
        """``n`` as ``normalised`` gives it."""
        batch, length, _ = n.shape
        made = np.empty((batch, length, self.leave.weight.shape[1]), np.float32)
        state = np.zeros((batch, self.state, self.heads, self.head_dim), np.float32)
        known = np.zeros((batch, len(self.taps) - 1, self.taps.shape[1]), np.float32)
        for first in range(0, length, self.compute.rows)[:: -1 if self.backward else 1]:
            rows = slice(first, min(first + self.compute.rows, length))
            made[:, rows], state, known = self._stretch(n[:, rows], state, known)
        return made

    def _stretch(
        self, n: np.ndarray, state: np.ndarray, known: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One stretch of the song, with the state before it and what its convolution has to know of the stretch before;
        both as they are behind it.
        """
        batch, length, _ = n.shape
        reach = known.shape[1]
        entered = np.empty((batch, length + reach, self.enter.weight.shape[1]), np.float32)
        new, old = (slice(length), slice(length, None)) if self.backward else (slice(reach, None), slice(reach))
        self.enter(n, out=entered[:, new])
        z, heard, dt = np.split(entered, [self.inner, -self.heads], axis=-1)
        heard[:, old] = known
        x, B, C = np.split(self._convolved(heard), [self.inner, self.inner + self.state], axis=-1)
        heads = x.reshape(*x.shape[:2], self.heads, self.head_dim)
        inputs = Inputs(heads, self._steps(dt[:, new]), B, C)
        y, state = scan(inputs, self.A, self.D, state, self.compute, backward=self.backward)
        known = heard[:, :reach] if self.backward else heard[:, length:]
        return self._left(y.reshape(x.shape)[:, :length], z[:, new]), state, known

    def _convolved(self, heard: np.ndarray) -> np.ndarray:
        """SiLU of the causal depthwise convolution, zeros behind the end until whole chunks are full."""
        batch, length, channels = heard.shape[0], heard.shape[1] - len(self.taps) + 1, heard.shape[2]
        step, strides = heard.strides[1], heard.strides
        windows = as_strided(heard, (batch, length, channels, len(self.taps)), (*strides, step), writeable=False)
        whole = np.zeros((batch, -(-length // CHUNK) * CHUNK, channels), np.float32)
        made = whole[:, :length]
        # einsum multiplies and adds at once: five times faster than a product and a sum for each tap
        np.einsum("blck,kc->blc", windows, self.taps, out=made)
        made += self.conv_bias
        silu_of_double(made)
        return whole

    def _steps(self, dt: np.ndarray) -> np.ndarray:
        """Step sizes (B, whole chunks, H), zero behind the end."""
        whole = np.zeros((len(dt), -(-dt.shape[1] // CHUNK) * CHUNK, self.heads), np.float32)
        whole[:, : dt.shape[1]] = softplus(dt + self.dt_bias)
        return whole

    def _left(self, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The gated RMS norm and the projection out; each row's scale is applied to the shorter row behind it. ``z`` is
        used up.
        """
        gated = silu_of_double(z)
        gated *= y
        made = self.leave(gated)
        made /= root_mean_square(gated)
        return made


class BiMamba:
    """x + m SiLU(W n + b), n the normalised x and m the sum of both mixers: (B, L, width) -> the same shape."""

    def __init__(self, parameters: Parameters, config: GeneratorConfig, compute: Compute) -> None:
        scale, shift = ((parameters / "norm").take(name, config.width) for name in ("weight", "bias"))
        half, alone = compute.with_threads(compute.threads // 2), compute.with_threads(1)
        self.mixers = [
            Mixer(parameters / name, config, scale, shift, half, backward=backward)
            for name, backward in (("fwd", False), ("bwd", True))
        ]
        self.gate = Linear(parameters / "gate", config.width, config.width, alone).of_normalised(scale, shift).halved()
        self.compute = compute

    def __call__(self, x: np.ndarray) -> np.ndarray:
        n = normalised(x)
        mixed, against = self.compute.both(lambda mixer: mixer(n), self.mixers)
        mixed += against
        mixed *= self.compute.by_rows(self._gate, n, np.empty_like(x))
        mixed += x
        return mixed

    def _gate(self, n: np.ndarray, made: np.ndarray) -> None:
        silu_of_double(self.gate(n, out=made))


class Scanner:
    """A stack of bidirectional blocks."""

    def __init__(self, parameters: Parameters, config: GeneratorConfig, layers: int, compute: Compute) -> None:
        self.layers = [BiMamba(parameters / layer, config, compute) for layer in range(layers)]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer(x)
        return x
