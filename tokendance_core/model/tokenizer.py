"""One FSQ tokenizer: a window of features <-> codes, 8 or 4 frames to a token (paper section 1.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tokendance_core.model.blocks import decoder_convolutions, encoder_convolutions, mlp
from tokendance_core.model.fsq import FSQ, Quantized


@dataclass(frozen=True)
class TokenizerConfig:
    """Sizes of one tokenizer; ``levels`` gives the 1000 codes of the paper.

    ``halvings`` counts the stride-2 convolutions: 3 is the paper's "3-layer CNN", 8 frames to a token. ``depth`` counts
    residual blocks per halving: 0 reads that CNN literally (a code sees 22 frames), 2 is its relatives' layout (122
    frames; 50 with two halvings). ``books`` counts the codes of a token: the paper has one; a second one refines it.
    """

    features: int
    width: int
    depth: int = 2
    halvings: int = 3
    levels: tuple[int, ...] = (8, 5, 5, 5)
    books: int = 1

    @property
    def hop(self) -> int:
        """Frames to a token."""
        return 2**self.halvings


class Tokenizer(nn.Module):
    """CNN and MLP down to codes, MLP and transposed CNN back up.

    ``encode`` (B, T, F) -> codes (B, L, books x 4) and indices (B, L, books), L = T / hop; ``decode`` indices -> (B, T,
    F).
    """

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.books * len(config.levels)
        self.encoder = encoder_convolutions(config.features, config.width, config.depth, config.halvings)
        self.to_code = mlp(config.width, config.width, channels)
        self.quantizer = FSQ(config.levels, config.books)
        self.from_code = mlp(channels, config.width, config.width)
        self.decoder = decoder_convolutions(config.features, config.width, config.depth, config.halvings)

    def encode(self, x: Tensor) -> Quantized:
        return self.quantizer(self.to_code(self.encoder(x.mT).mT))

    def decode(self, indices: Tensor) -> Tensor:
        """Fewer books than the tokenizer has give a coarser result."""
        return self._decode_codes(self.quantizer.codes(indices))

    def _decode_codes(self, codes: Tensor) -> Tensor:
        missing = self.config.books * len(self.config.levels) - codes.shape[-1]
        return self.decoder(self.from_code(torch.nn.functional.pad(codes, (0, missing))).mT).mT

    def forward(self, x: Tensor, books: int | None = None) -> tuple[Tensor, Tensor]:
        """(B, T, F) -> its reconstruction (B, T, F) from the first ``books`` codes of a token (all by default), and all
        indices.
        """
        quantized = self.encode(x)
        used = quantized.codes[..., : (books or self.config.books) * len(self.config.levels)]
        return self._decode_codes(used), quantized.indices
