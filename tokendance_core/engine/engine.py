"""What a dance asks of the networks: encode, hear, answer, decode. Arrays in and out are numpy's."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from tokendance_core.model.config import GeneratorConfig, Prompt, TokenizerConfig
from tokendance_core.types import OnShare, nobody


class Answering(Protocol):
    """The part of an engine that a sampler needs: the generator."""

    @property
    def generator(self) -> GeneratorConfig:
        """Its sizes."""

    def hear(self, prompt: Prompt) -> Any:
        """What a prompt of int64 arrays contributes, whatever is danced to it: computed once for all passes."""

    def answer_at(
        self, places: np.ndarray, heard: Any, dance: np.ndarray, codebooks: range, on_share: OnShare = nobody
    ) -> list[np.ndarray]:
        """Logits float32 (N, codes) of each stream of ``codebooks`` at the places that are True in ``places``
        (B, streams asked for, L), for dance tokens ``dance`` (B, streams, L), masked where not known. An engine that
        takes its time calls ``on_share`` on the way.
        """


class Engine(Answering, Protocol):
    """All networks of a checkpoint; ``name`` and ``device`` say what computes them."""

    name: str
    device: str

    @property
    def tokenizers(self) -> dict[str, TokenizerConfig]:
        """Sizes of each tokenizer, by its stream."""

    def encode(self, stream: str, features: np.ndarray) -> np.ndarray:
        """(T, F) float32 -> tokens (T / hop, codebooks) int32; T is a multiple of the hop."""

    def decode(self, stream: str, tokens: np.ndarray) -> np.ndarray:
        """Tokens (L, codebooks) -> (L x hop, F) float32."""
