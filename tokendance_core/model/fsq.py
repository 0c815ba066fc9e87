"""Finite Scalar Quantization (Mentzer et al. 2023, arXiv 2309.15505; paper section 1.2).

Glossary: a *code* is a vector of one digit per level, scaled to [-1, 1]; an *index* is its number in the implicit
codebook.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tokendance_core.model.config import LEVELS


class Quantized(NamedTuple):
    """``codes`` (…, codebooks x D) in [-1, 1] with a straight-through gradient; ``indices`` (…, codebooks) long."""

    codes: Tensor
    indices: Tensor


class FSQ(nn.Module):
    """Rounds each of D bounded channels to one of its levels; index = sum of digit x basis, basis (1, 8, 40, 200).

    With several ``codebooks`` the channels come in as many groups of D, each with an index of its own.
    """

    levels: Tensor
    basis: Tensor

    def __init__(self, levels: tuple[int, ...] = LEVELS, codebooks: int = 1) -> None:
        super().__init__()
        self.codebooks = codebooks
        basis = [1]
        for level in levels[:-1]:
            basis.append(basis[-1] * level)
        self.size = basis[-1] * levels[-1]
        self.register_buffer("levels", torch.tensor(levels), persistent=False)
        self.register_buffer("basis", torch.tensor(basis), persistent=False)

    def bound(self, z: Tensor) -> Tensor:
        """(…, D) -> digits before rounding, each in its level's range; even levels are shifted by half a step."""
        half = (self.levels - 1) * (1 + 1e-3) / 2
        offset = 0.5 * (self.levels % 2 == 0)
        return torch.tanh(z + torch.atanh(offset / half)) * half - offset

    def forward(self, z: Tensor) -> Quantized:
        bounded = self.bound(z.unflatten(-1, (self.codebooks, -1)))
        digits = bounded + (bounded.round() - bounded).detach()
        return Quantized((digits / (self.levels // 2)).flatten(-2), self._index(digits.detach().round().long()))

    def _index(self, digits: Tensor) -> Tensor:
        return ((digits + self.levels // 2) * self.basis).sum(-1)

    def digits(self, indices: Tensor) -> Tensor:
        """(…) long -> (…, D) long: the level of each channel, from 0."""
        return indices[..., None] // self.basis % self.levels

    def codes(self, indices: Tensor) -> Tensor:
        """(…, codebooks) long -> (…, codebooks x D): the inverse of the index."""
        half = self.levels // 2
        return ((self.digits(indices) - half) / half).flatten(-2)
