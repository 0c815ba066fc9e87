"""One FSQ tokenizer in numpy; ``model/tokenizer.py`` and ``model/blocks.py`` define it and name its parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tokendance_core.engine import digits
from tokendance_core.engine.compute import Compute
from tokendance_core.engine.maths import Linear, gelu
from tokendance_core.engine.parameters import Parameters
from tokendance_core.model.config import TokenizerConfig

_Layer = Callable[[np.ndarray], np.ndarray]


class Convolution:
    """Three taps ``dilation`` apart, zeros beyond both ends: (T, inside) -> (T, outside)."""

    def __init__(self, parameters: Parameters, inside: int, outside: int, compute: Compute, dilation: int = 1) -> None:
        self.product = compute.product
        self.taps = np.ascontiguousarray(parameters.take("weight", outside, inside, 3).transpose(2, 1, 0))
        self.bias, self.dilation = parameters.take("bias", outside), dilation

    def __call__(self, x: np.ndarray) -> np.ndarray:
        made = self.product(x, self.taps[1])
        made += self.bias
        if self.dilation < len(x):
            made[self.dilation :] += self.product(x[: -self.dilation], self.taps[0])
            made[: -self.dilation] += self.product(x[self.dilation :], self.taps[2])
        return made


class Halving:
    """Four taps every second frame, (T, inside) -> (T / 2, outside)."""

    def __init__(self, parameters: Parameters, inside: int, outside: int, compute: Compute) -> None:
        self.product = compute.product
        taps = parameters.take("weight", outside, inside, 4).transpose(2, 1, 0)
        self.taps = np.ascontiguousarray(taps.reshape(2, 2 * inside, outside))
        self.bias = parameters.take("bias", outside)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        pairs = np.pad(x, ((1, 1), (0, 0))).reshape(len(x) // 2 + 1, -1)
        made = self.product(pairs[:-1], self.taps[0])
        made += self.product(pairs[1:], self.taps[1])
        made += self.bias
        return made


class Doubling:
    """A transposed convolution of four taps, (T, width) -> (2 T, width): each new frame hears two old ones."""

    def __init__(self, parameters: Parameters, width: int, compute: Compute) -> None:
        self.product = compute.product
        self.taps = np.ascontiguousarray(parameters.take("weight", width, width, 4).transpose(2, 0, 1))
        self.bias = parameters.take("bias", width)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        made = np.empty((len(x), 2, x.shape[1]), np.float32)
        made[:, 0], made[:, 1] = self.product(x, self.taps[1]), self.product(x, self.taps[2])
        made[1:, 0] += self.product(x[:-1], self.taps[3])
        made[:-1, 1] += self.product(x[1:], self.taps[0])
        made += self.bias
        return made.reshape(2 * len(x), -1)


class Residual:
    """x + Conv1(ReLU(Conv3(ReLU(x)))), the first convolution dilated."""

    def __init__(self, parameters: Parameters, width: int, dilation: int, compute: Compute) -> None:
        self.product = compute.product
        layers = parameters / "layers"
        self.around = Convolution(layers / 1, width, width, compute, dilation)
        weight = (layers / 3).take("weight", width, width, 1)
        self.weight, self.bias = np.ascontiguousarray(weight[..., 0].T), (layers / 3).take("bias", width)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        made = self.product(relu(self.around(relu(x.copy()))), self.weight)
        made += self.bias
        made += x
        return made


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0), in place."""
    return np.maximum(x, np.zeros(x.shape[-1], np.float32), out=x)  # a row is met faster than a number


class Tokenizer:
    """Encoder and decoder of one stream."""

    def __init__(self, parameters: Parameters, config: TokenizerConfig, compute: Compute) -> None:
        self.config, width = config, config.width
        channels, each = config.codebooks * len(config.levels), 1 + config.depth
        encoder, decoder = parameters / "encoder", parameters / "decoder"
        dilations = [2**i for i in range(config.depth)]
        self.encoder: list[_Layer] = []
        self.decoder: list[_Layer] = [Convolution(decoder / 0, width, width, compute)]
        for i in range(config.halvings):
            at = each * i
            self.encoder.append(Halving(encoder / at, config.features if i == 0 else width, width, compute))
            self.encoder += [Residual(encoder / (at + 1 + k), width, d, compute) for k, d in enumerate(dilations)]
            self.decoder += [Residual(decoder / (at + 1 + k), width, d, compute) for k, d in enumerate(dilations[::-1])]
            self.decoder.append(Doubling(decoder / (at + each), width, compute))
        last = each * config.halvings + 2
        self.decoder += [relu, Convolution(decoder / last, width, config.features, compute)]
        self.to_code = _mlp(parameters / "to_code", width, width, channels, compute)
        self.from_code = _mlp(parameters / "from_code", channels, width, width, compute)

    def encode(self, features: np.ndarray) -> np.ndarray:
        """As ``engine.Engine``."""
        return digits.indices(
            _through([*self.encoder, *self.to_code], features), self.config.levels, self.config.codebooks
        )

    def decode(self, tokens: np.ndarray) -> np.ndarray:
        """As ``engine.Engine``; fewer codebooks than the tokenizer has give a coarser result."""
        missing = self.config.codebooks - tokens.shape[-1]
        codes = np.pad(digits.codes(tokens, self.config.levels), ((0, 0), (0, missing * len(self.config.levels))))
        return _through([*self.from_code, *self.decoder], codes)


def _mlp(parameters: Parameters, inside: int, hidden: int, outside: int, compute: Compute) -> list[_Layer]:
    return [Linear(parameters / 0, inside, hidden, compute), gelu, Linear(parameters / 2, hidden, outside, compute)]


def _through(layers: list[_Layer], x: np.ndarray) -> np.ndarray:
    for layer in layers:
        x = layer(x)
    return x
