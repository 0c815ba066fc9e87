"""The networks on numpy alone, as Blender brings it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tokendance_core.engine.compute import Compute
from tokendance_core.engine.generator import Generator, Heard
from tokendance_core.engine.parameters import Parameters
from tokendance_core.engine.tokenizer import Tokenizer
from tokendance_core.model.config import GeneratorConfig, Prompt, TokenizerConfig
from tokendance_core.types import OnShare, nobody


class NumpyEngine:
    """An ``Engine`` of arrays by the names of the torch modules. ValueError for an array that is missing, of another
    shape than the sizes say, or unknown.
    """

    name, device = "numpy", "cpu"

    def __init__(
        self,
        tokenizers: Mapping[str, TokenizerConfig],
        generator: GeneratorConfig | None,
        arrays: Mapping[str, np.ndarray],
        compute: Compute,
    ) -> None:
        parameters = Parameters(arrays)
        self._tokenizers = {name: Tokenizer(parameters / name, config, compute) for name, config in tokenizers.items()}
        self._generator = None if generator is None else Generator(parameters / "generator", generator, compute)
        if parameters.left:
            raise ValueError(f"the array {parameters.left[0]} is unknown")

    @property
    def tokenizers(self) -> dict[str, TokenizerConfig]:
        """As ``Engine``."""
        return {name: tokenizer.config for name, tokenizer in self._tokenizers.items()}

    @property
    def generator(self) -> GeneratorConfig:
        """As ``Engine``."""
        return self._network.config

    @property
    def _network(self) -> Generator:
        if self._generator is None:
            raise ValueError("there is no generator")
        return self._generator

    def encode(self, stream: str, features: np.ndarray) -> np.ndarray:
        """As ``Engine``."""
        return self._tokenizers[stream].encode(np.ascontiguousarray(features, np.float32))

    def decode(self, stream: str, tokens: np.ndarray) -> np.ndarray:
        """As ``Engine``."""
        return self._tokenizers[stream].decode(tokens)

    def hear(self, prompt: Prompt) -> Heard:
        """As ``Engine``."""
        return self._network.hear(prompt)

    def answer_at(
        self, places: np.ndarray, heard: Heard, dance: np.ndarray, codebooks: range, on_share: OnShare = nobody
    ) -> list[np.ndarray]:
        """As ``Engine``."""
        return self._network.answer_at(places, heard, dance, codebooks, on_share)
