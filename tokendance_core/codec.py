"""Types in, types out, around the four tokenizers: a song to ``MusicTokens``, a dance to ``DanceTokens`` and back."""

from __future__ import annotations

import numpy as np
import torch

from tokendance_core import features, representation
from tokendance_core.model.tokenizer import Tokenizer
from tokendance_core.representation import LOWER_COLUMNS, UPPER_COLUMNS, RootForm, Statistics
from tokendance_core.types import HOP, DanceTokens, MotionClip, MusicFeatures, MusicTokens


def _pad_to_tokens(matrix: np.ndarray) -> np.ndarray:
    """(T, F) -> whole tokens of ``HOP`` frames, the last frame held."""
    return np.pad(matrix, ((0, -len(matrix) % HOP), (0, 0)), mode="edge")


def _device(tokenizer: Tokenizer) -> torch.device:
    return next(tokenizer.parameters()).device


@torch.inference_mode()
def _encode(tokenizer: Tokenizer, matrix: np.ndarray) -> np.ndarray:
    x = torch.from_numpy(np.ascontiguousarray(matrix, np.float32))[None].to(_device(tokenizer))
    return tokenizer.encode(x).indices[0].cpu().numpy().astype(np.int32)


@torch.inference_mode()
def _decode(tokenizer: Tokenizer, tokens: np.ndarray) -> np.ndarray:
    indices = torch.from_numpy(tokens.astype(np.int64))[None].to(_device(tokenizer))
    return tokenizer.decode(indices)[0].cpu().numpy()


class MusicCodec:
    """Two tokenizers that hear: timbre (20 MFCC) and rhythm with harmony (the other 15 columns), paper section 1.2."""

    def __init__(self, semantic: Tokenizer, acoustic: Tokenizer, statistics: Statistics) -> None:
        self._semantic, self._acoustic, self._statistics = semantic, acoustic, statistics

    def encode(self, heard: MusicFeatures) -> MusicTokens:
        """(T, 35) features -> one pair of codes for every 8 frames, the last token padded with the last frame."""
        matrix = _pad_to_tokens(self._statistics.normalise(heard.values))
        return MusicTokens(
            _encode(self._semantic, matrix[:, features.SEMANTIC]),
            _encode(self._acoustic, matrix[:, features.ACOUSTIC]),
            heard.frames,
        )


class DanceCodec:
    """Two tokenizers that move: upper body, and lower body with the root (paper section 1.2)."""

    def __init__(self, upper: Tokenizer, lower: Tokenizer, statistics: Statistics, root: RootForm) -> None:
        self._upper, self._lower, self._statistics, self._root = upper, lower, statistics, root

    def encode(self, clip: MotionClip) -> DanceTokens:
        """A clip at 30 fps -> one pair of codes for every 8 frames, the last token padded with the last frame."""
        matrix = _pad_to_tokens(self._statistics.normalise(representation.to_matrix(clip, self._root)))
        return DanceTokens(_encode(self._upper, matrix[:, UPPER_COLUMNS]), _encode(self._lower, matrix[:, LOWER_COLUMNS]), clip.frames)

    def decode(self, tokens: DanceTokens, **about: object) -> MotionClip:
        """Codes -> a clip at 30 fps that starts above the origin; ``about`` names it (name, info)."""
        matrix = np.empty((len(tokens) * HOP, 147), np.float32)
        matrix[:, UPPER_COLUMNS] = _decode(self._upper, tokens.upper)
        matrix[:, LOWER_COLUMNS] = _decode(self._lower, tokens.lower)
        return representation.from_matrix(self._statistics.restore(matrix)[: tokens.frames], self._root, **about)
