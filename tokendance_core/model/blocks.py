"""Convolutional parts of the tokenizers: residual blocks, down- and upsampling by two (paper section 1.2, Bailando's
layout).
"""

from __future__ import annotations

from torch import Tensor, nn


class Residual(nn.Module):
    """x + Conv1(ReLU(Conv3(ReLU(x)))), the first convolution dilated; (B, C, T) keeps its shape."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation),
            nn.ReLU(),
            nn.Conv1d(width, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.layers(x)
        return x + change


def _residuals(width: int, depth: int, reverse: bool = False) -> list[nn.Module]:
    dilations = [2**i for i in range(depth)]
    return [Residual(width, d) for d in (reversed(dilations) if reverse else dilations)]


def encoder_convolutions(features: int, width: int, depth: int, halvings: int) -> nn.Sequential:
    """(B, features, T) -> (B, width, T / 2**halvings)."""
    layers: list[nn.Module] = []
    for i in range(halvings):
        layers += [nn.Conv1d(features if i == 0 else width, width, 4, stride=2, padding=1), *_residuals(width, depth)]
    return nn.Sequential(*layers)


def decoder_convolutions(features: int, width: int, depth: int, doublings: int) -> nn.Sequential:
    """(B, width, T) -> (B, features, T * 2**doublings)."""
    layers: list[nn.Module] = [nn.Conv1d(width, width, 3, padding=1)]
    for _ in range(doublings):
        layers += [*_residuals(width, depth, reverse=True), nn.ConvTranspose1d(width, width, 4, stride=2, padding=1)]
    return nn.Sequential(*layers, nn.ReLU(), nn.Conv1d(width, features, 3, padding=1))


def mlp(inside: int, hidden: int, outside: int) -> nn.Sequential:
    """Two linear layers over the last axis."""
    return nn.Sequential(nn.Linear(inside, hidden), nn.GELU(), nn.Linear(hidden, outside))
