"""One FSQ tokenizer: a window of features <-> codes, 8 or 4 frames to a token (paper section 1.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tokendance_core.model.blocks import decoder_convolutions, encoder_convolutions, mlp
from tokendance_core.model.config import TokenizerConfig
from tokendance_core.model.fsq import FSQ, Quantized


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
