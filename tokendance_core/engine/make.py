"""From the arrays of a checkpoint to an engine that runs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from tokendance_core.engine.compute import Compute
from tokendance_core.engine.engine import Engine
from tokendance_core.engine.numpy_engine import NumpyEngine
from tokendance_core.model.config import GeneratorConfig, TokenizerConfig

EngineName = Literal["numpy", "torch"]


def make(
    name: EngineName,
    device: str,
    tokenizers: Mapping[str, TokenizerConfig],
    generator: GeneratorConfig | None,
    arrays: Mapping[str, np.ndarray],
    threads: int | None = None,
) -> Engine:
    """The engine of this name on ``threads`` of the processor (None: as many as are usable; one for torch, whose
    threads wait spinning); ``device`` is for torch alone.

    ValueError when the arrays do not fit the sizes.
    """
    if name == "numpy":
        return NumpyEngine(tokenizers, generator, arrays, Compute(threads))
    from tokendance_core.engine.torch_engine import TorchEngine

    return TorchEngine(tokenizers, generator, arrays, device, threads)
