"""The networks as torch runs them: for graphics cards, and for many songs at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from tokendance_core.model.config import GeneratorConfig, Prompt, TokenizerConfig
from tokendance_core.model.generator import Generator, Heard
from tokendance_core.model.tokenizer import Tokenizer
from tokendance_core.types import OnShare, nobody


def arrays_of(networks: Mapping[str, nn.Module]) -> dict[str, np.ndarray]:
    """The arrays of some networks by their names in a checkpoint: ``generator.branches.0.enter.weight``."""
    return {
        f"{name}.{key}": tensor.detach().cpu().float().numpy()
        for name, network in networks.items()
        for key, tensor in network.state_dict().items()
    }


class TorchEngine:
    """An ``Engine`` whose ``networks`` are torch modules on ``device``, by stream and "generator".

    ``threads`` are those of torch in this process (None: as they are). ValueError for an array that is missing, of
    another shape than the sizes say, or unknown.
    """

    name = "torch"

    def __init__(
        self,
        tokenizers: Mapping[str, TokenizerConfig],
        generator: GeneratorConfig | None,
        arrays: Mapping[str, np.ndarray],
        device: str = "cpu",
        threads: int | None = None,
    ) -> None:
        self.device = device
        if threads:
            torch.set_num_threads(threads)
        self.networks: dict[str, nn.Module] = {name: Tokenizer(config) for name, config in tokenizers.items()}
        if generator is not None:
            self.networks["generator"] = Generator(generator)
        states: dict[str, dict[str, torch.Tensor]] = {name: {} for name in self.networks}
        for full, array in arrays.items():
            name, _, key = full.partition(".")
            if name not in states:
                raise ValueError(f"the array {full} is unknown")
            states[name][key] = torch.from_numpy(np.array(array, np.float32))
        for name, network in self.networks.items():
            try:
                network.load_state_dict(states[name], strict=True)
            except RuntimeError as error:
                raise ValueError(str(error)) from None
            network.to(device).eval().requires_grad_(False)

    @property
    def tokenizers(self) -> dict[str, TokenizerConfig]:
        """As ``Engine``."""
        return {name: each.config for name, each in self.networks.items() if isinstance(each, Tokenizer)}

    @property
    def network(self) -> Generator:
        """The generator's module."""
        network = self.networks.get("generator")
        if not isinstance(network, Generator):
            raise ValueError("there is no generator")
        return network

    @property
    def generator(self) -> GeneratorConfig:
        """As ``Engine``."""
        return self.network.config

    def _tokenizer(self, stream: str) -> Tokenizer:
        tokenizer = self.networks[stream]
        assert isinstance(tokenizer, Tokenizer)
        return tokenizer

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(array, device=self.device)

    @torch.inference_mode()
    def encode(self, stream: str, features: np.ndarray) -> np.ndarray:
        """As ``Engine``."""
        x = self._tensor(np.ascontiguousarray(features, np.float32))[None]
        return self._tokenizer(stream).encode(x).indices[0].cpu().numpy().astype(np.int32)

    @torch.inference_mode()
    def decode(self, stream: str, tokens: np.ndarray) -> np.ndarray:
        """As ``Engine``."""
        return self._tokenizer(stream).decode(self._tensor(tokens.astype(np.int64))[None])[0].cpu().numpy()

    @torch.inference_mode()
    def hear(self, prompt: Prompt) -> Heard:
        """As ``Engine``."""
        return self.network.hear(Prompt(*map(self._tensor, prompt)))

    @torch.inference_mode()
    def answer_at(
        self, places: np.ndarray, heard: Heard, dance: np.ndarray, codebooks: range, on_share: OnShare = nobody
    ) -> list[np.ndarray]:
        """As ``Engine``."""
        logits = self.network.answer_at(self._tensor(places), heard, self._tensor(dance), codebooks)
        return [stream.float().cpu().numpy() for stream in logits]
