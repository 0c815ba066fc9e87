"""Arrays of a network by the names that its torch modules give them; each is taken once, of the shape it must have."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


class Parameters:
    """The arrays below one name. What was never taken is in ``left``."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays, self._prefix = dict(arrays), ""

    def __truediv__(self, name: str | int) -> Parameters:
        """Those of a part: ``parameters / "norm"``."""
        part = Parameters({})
        part._arrays, part._prefix = self._arrays, f"{self._prefix}{name}."
        return part

    def take(self, name: str, *shape: int) -> np.ndarray:
        """One array, float32; ValueError when it is missing or has another shape."""
        full = f"{self._prefix}{name}"
        array = self._arrays.pop(full, None)
        if array is None:
            raise ValueError(f"the array {full} is missing")
        if array.shape != shape:
            raise ValueError(f"the array {full} has the shape {array.shape}, expected {shape}")
        return np.array(array, np.float32, order="C")  # its own: layers change what they take

    @property
    def left(self) -> list[str]:
        """Names of the arrays that nobody has taken."""
        return sorted(self._arrays)
