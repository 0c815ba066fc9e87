"""Convolutional parts of the tokenizers: residual blocks, down- and upsampling by two (paper section 1.2, Bailando's
layout).

Channels come last throughout: as images of one row in that layout, convolutions take two thirds of the time.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class Conv(nn.Conv1d):
    """A convolution over time, (B, T, C) -> (B, T', C')."""

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel_size == (1,):
            return F.linear(x, self.weight[..., 0], self.bias)
        # padding is declared as a number or a word
        strides, padding, dilation = (1, *self.stride), (0, *map(int, self.padding)), (1, *self.dilation)
        made = F.conv2d(x.mT.unsqueeze(2), self.weight.unsqueeze(2), self.bias, strides, padding, dilation)
        return made.squeeze(2).mT


class Upsampling(nn.ConvTranspose1d):
    """A transposed convolution over time, (B, T, C) -> (B, 2 T, C)."""

    def __init__(self, width: int) -> None:
        super().__init__(width, width, kernel_size=4, stride=2, padding=1)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        made = F.conv_transpose2d(x.mT.unsqueeze(2), self.weight.unsqueeze(2), self.bias, (1, 2), (0, 1))
        return made.squeeze(2).mT


class Residual(nn.Module):
    """x + Conv1(ReLU(Conv3(ReLU(x)))), the first convolution dilated; (B, T, C) keeps its shape."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(),
            Conv(width, width, 3, padding=dilation, dilation=dilation),
            nn.ReLU(),
            Conv(width, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.layers(x)
        return x + change


def _residuals(width: int, depth: int, reverse: bool = False) -> list[nn.Module]:
    dilations = [2**i for i in range(depth)]
    return [Residual(width, d) for d in (reversed(dilations) if reverse else dilations)]


def encoder_convolutions(features: int, width: int, depth: int, halvings: int) -> nn.Sequential:
    """(B, T, features) -> (B, T / 2**halvings, width)."""
    layers: list[nn.Module] = []
    for i in range(halvings):
        layers += [Conv(features if i == 0 else width, width, 4, stride=2, padding=1), *_residuals(width, depth)]
    return nn.Sequential(*layers)


def decoder_convolutions(features: int, width: int, depth: int, doublings: int) -> nn.Sequential:
    """(B, T, width) -> (B, T * 2**doublings, features)."""
    layers: list[nn.Module] = [Conv(width, width, 3, padding=1)]
    for _ in range(doublings):
        layers += [*_residuals(width, depth, reverse=True), Upsampling(width)]
    return nn.Sequential(*layers, nn.ReLU(), Conv(width, features, 3, padding=1))


def mlp(inside: int, hidden: int, outside: int) -> nn.Sequential:
    """Two linear layers over the last axis."""
    return nn.Sequential(nn.Linear(inside, hidden), nn.GELU(), nn.Linear(hidden, outside))
