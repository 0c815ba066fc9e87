"""One FSQ tokenizer: a window of features <-> one code per 8 frames (paper section 1.2)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from tokendance_core.model.blocks import decoder_convolutions, encoder_convolutions, mlp
from tokendance_core.model.fsq import FSQ, Quantized


@dataclass(frozen=True)
class TokenizerConfig:
    """Sizes of one tokenizer; ``halvings`` = 3 gives the factor 8 in time, ``levels`` the 1000 codes of the paper.

    ``depth`` counts residual blocks per halving: 0 reads the paper's "3-layer CNN" literally (a code sees 22 frames),
    2 is its relatives' layout (122 frames).
    """

    features: int
    width: int
    depth: int = 2
    halvings: int = 3
    levels: tuple[int, ...] = (8, 5, 5, 5)


class Tokenizer(nn.Module):
    """Three-layer CNN and MLP down to a code, MLP and three-layer transposed CNN back up.

    ``encode`` (B, T, F) -> codes (B, T/8, 4) and indices (B, T/8); ``decode`` indices -> (B, T, F); T a multiple of 8.
    """

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder_convolutions(config.features, config.width, config.depth, config.halvings)
        self.to_code = mlp(config.width, config.width, len(config.levels))
        self.quantizer = FSQ(config.levels)
        self.from_code = mlp(len(config.levels), config.width, config.width)
        self.decoder = decoder_convolutions(config.features, config.width, config.depth, config.halvings)

    def encode(self, x: Tensor) -> Quantized:
        return self.quantizer(self.to_code(self.encoder(x.mT).mT))

    def decode(self, indices: Tensor) -> Tensor:
        return self._decode_codes(self.quantizer.codes(indices))

    def _decode_codes(self, codes: Tensor) -> Tensor:
        return self.decoder(self.from_code(codes).mT).mT

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, F) -> its reconstruction (B, T, F) and the indices (B, T/8)."""
        quantized = self.encode(x)
        return self._decode_codes(quantized.codes), quantized.indices
