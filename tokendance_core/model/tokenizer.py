"""One FSQ tokenizer: a window of features <-> codes, 8 or 4 frames to a token (paper section 1.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tokendance_core.model.blocks import decoder_convolutions, encoder_convolutions, mlp
from tokendance_core.model.fsq import FSQ, LEVELS, Quantized


@dataclass(frozen=True, kw_only=True)
class TokenizerConfig:
    """Sizes of one tokenizer, kept in the checkpoint.

    ``halvings`` counts the stride-2 convolutions: 3 is the paper's "3-layer CNN", 8 frames to a token. ``depth`` counts
    residual blocks per halving: 0 reads that CNN literally (a code sees 22 frames), 2 is the layout of related work
    (122 frames; 50 with two halvings). ``codebooks`` counts the codes of a token: the paper has one; a second one
    refines it.
    """

    features: int
    width: int
    depth: int = 2
    halvings: int = 3
    levels: tuple[int, ...] = LEVELS
    codebooks: int = 1

    @property
    def hop(self) -> int:
        """Frames to a token."""
        return 1 << self.halvings


class Tokenizer(nn.Module):
    """CNN and MLP down to codes, MLP and transposed CNN back up.

    ``encode`` (B, T, F) -> codes (B, L, codebooks x 4) and indices (B, L, codebooks), L = T / hop; ``decode`` indices
    -> (B, T, F).
    """

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.codebooks * len(config.levels)
        self.encoder = encoder_convolutions(config.features, config.width, config.depth, config.halvings)
        self.to_code = mlp(config.width, config.width, channels)
        self.quantizer = FSQ(config.levels, config.codebooks)
        self.from_code = mlp(channels, config.width, config.width)
        self.decoder = decoder_convolutions(config.features, config.width, config.depth, config.halvings)

    def encode(self, x: Tensor) -> Quantized:
        quantized: Quantized = self.quantizer(self.to_code(self.encoder(x)))
        return quantized

    def decode(self, indices: Tensor) -> Tensor:
        """Indices (B, L, codebooks) -> (B, T, F); fewer codebooks than the tokenizer has give a coarser result."""
        return self._decode_codes(self.quantizer.codes(indices))

    def _decode_codes(self, codes: Tensor) -> Tensor:
        missing = self.config.codebooks * len(self.config.levels) - codes.shape[-1]
        made: Tensor = self.decoder(self.from_code(F.pad(codes, (0, missing))))
        return made

    def forward(self, x: Tensor, used: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(B, T, F) -> its reconstruction (B, T, F), each from the first ``used`` (B,) codes of its tokens (all by
        default), and all indices.
        """
        quantized = self.encode(x)
        codes = quantized.codes
        if used is not None:
            number = torch.arange(codes.shape[-1], device=codes.device) // len(self.config.levels)
            codes = codes * (number < used[:, None, None])
        return self._decode_codes(codes), quantized.indices
