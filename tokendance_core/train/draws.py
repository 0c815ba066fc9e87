"""Random numbers of one training step, on the device, and random windows out of long sequences that lie there."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


class Draws:
    """Random tensors that depend on (seed, step) and the kind of device alone.

    ``host`` decides about shapes: a number that lies on a device would have to be waited for.
    """

    def __init__(self, seed: int, device: str = "cpu", step: int = 0) -> None:
        self._seed, self.device = seed, device
        self._generator = torch.Generator(device)
        self.at(step)

    def at(self, step: int) -> None:
        """Begin the numbers of a step, those of dropout among them."""
        self.host = np.random.default_rng((self._seed, step))
        self._generator.manual_seed(int(self.host.integers(2**62)))
        torch.manual_seed(int(self.host.integers(2**62)))

    def uniform(self, *shape: int) -> Tensor:
        """Numbers in [0, 1)."""
        return torch.rand(shape, generator=self._generator, device=self.device)

    def normal(self, *shape: int) -> Tensor:
        """Mean 0, standard deviation 1."""
        return torch.randn(shape, generator=self._generator, device=self.device)

    def below(self, bound: int, *shape: int) -> Tensor:
        """Whole numbers from 0 to ``bound`` - 1, int64."""
        return torch.randint(bound, shape, generator=self._generator, device=self.device)


class Windows:
    """Sequences (T, F) of different lengths, end to end on one device, cut anywhere into windows of one length.

    A sequence is drawn in proportion to its frames times its share; each must be at least ``length`` frames long.
    """

    def __init__(
        self, sequences: list[np.ndarray], length: int, *, shares: np.ndarray | float = 1.0, device: str = "cpu"
    ) -> None:
        frames = np.array([len(sequence) for sequence in sequences])
        weights = np.cumsum(shares * frames)
        self._device = device
        self._values = self.on_device(np.concatenate(sequences).astype(np.float32, copy=False))
        self._bounds = self.on_device((weights / weights[-1])[:-1].astype(np.float32))
        self._starts, self._room = self.on_device(np.cumsum(frames) - frames), self.on_device(frames - length + 1)
        self._window = torch.arange(length, device=device)

    def on_device(self, array: np.ndarray) -> Tensor:
        """An array where the windows lie."""
        return torch.from_numpy(array).to(self._device)

    def draw(self, draws: Draws, count: int) -> Tensor:
        """(count, length, F) float32: each from a sequence and a start of its own."""
        chosen = torch.searchsorted(self._bounds, draws.uniform(count), right=True)
        starts = self._starts[chosen] + (draws.uniform(count) * self._room[chosen]).long()
        return self._values[starts[:, None] + self._window]
