"""One safetensors file holds everything a dance needs: configs, statistics, four tokenizers, the generator.

Data, never code: the header is JSON (format, version, configs, feature order, genres, origin), the rest are arrays.
Loading is strict; any doubt is a ``CheckpointError``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from tokendance_core.dance.checkpoint_header import FORMAT, NEEDS_ANOTHER_FILE, VERSION, default_path, parse
from tokendance_core.dance.codec import DanceCodec, MusicCodec
from tokendance_core.dance.representation import RootForm, Statistics
from tokendance_core.errors import CheckpointError, is_out_of_memory
from tokendance_core.files.atomic import write_aside
from tokendance_core.model.generator import Generator, GeneratorConfig
from tokendance_core.model.tokenizer import Tokenizer, TokenizerConfig
from tokendance_core.music import features
from tokendance_core.music.clock import ClockForm

STREAMS = ("upper", "lower", "semantic", "acoustic")
"""The four tokenizers; the first two move, the others hear."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A loaded model: ``tokenizers`` by stream, ``generator`` (None before stage two), statistics, ``genres`` (first is
    "any").

    ``root`` says how the lower stream stores the path, ``clock`` in which time the generator dances; ``info`` tells
    where the weights come from; ``id`` names the file's content.
    """

    tokenizers: Mapping[str, Tokenizer]
    generator: Generator | None
    dance_statistics: Statistics
    music_statistics: Statistics
    genres: tuple[str, ...]
    root: RootForm = "velocity"
    clock: ClockForm = "beats"
    info: Mapping[str, object] = field(default_factory=dict)
    id: str = ""

    @property
    def music_codec(self) -> MusicCodec:
        return MusicCodec(self.tokenizers["semantic"], self.tokenizers["acoustic"], self.music_statistics)

    @property
    def dance_codec(self) -> DanceCodec:
        return DanceCodec(self.tokenizers["upper"], self.tokenizers["lower"], self.dance_statistics, self.root)

    def with_generator(self, generator: Generator) -> Checkpoint:
        return replace(self, generator=generator)

    def _modules(self) -> dict[str, nn.Module]:
        return dict(self.tokenizers) | ({} if self.generator is None else {"generator": self.generator})

    def save(self, path: Path, half: bool = True) -> None:
        """Write the file aside, then put it in place; ``half`` stores float16."""
        kind = torch.float16 if half else torch.float32
        tensors = {
            f"{name}.{key}": tensor.detach().cpu().to(kind).contiguous()
            for name, module in self._modules().items()
            for key, tensor in module.state_dict().items()
        }
        for name, statistics in (("dance", self.dance_statistics), ("music", self.music_statistics)):
            for key, array in asdict(statistics).items():
                tensors[f"statistics.{name}.{key}"] = torch.from_numpy(array.copy())
        header = {
            "tokenizers": {name: asdict(module.config) for name, module in self.tokenizers.items()},
            "generator": self.generator and asdict(self.generator.config),
            "features": list(features.FEATURE_NAMES),
            "genres": list(self.genres),
            "root": self.root,
            "clock": self.clock,
            "info": dict(self.info),
        }
        metadata = {"format": FORMAT, "version": str(VERSION), "header": json.dumps(header, sort_keys=True)}
        with write_aside(path) as aside:
            aside.write_bytes(save(tensors, metadata))


def load(path: Path | None = None, device: str = "cpu") -> Checkpoint:
    """Read a checkpoint (the shipped one by default) onto ``device``, ready to run.

    Raises CheckpointError when the file is missing, truncated, not ours, of another version or of another feature
    order.
    """
    path = Path(path) if path else default_path()
    header, tensors = _read(path)
    try:
        tokenizers = {
            name: _module(Tokenizer(_tokenizer_config(header["tokenizers"][name])), name, tensors) for name in STREAMS
        }
        config = header["generator"]
        generator = None if config is None else _module(Generator(GeneratorConfig(**config)), "generator", tensors)
        statistics = {
            name: Statistics(*(tensors.pop(f"statistics.{name}.{key}").numpy() for key in ("mean", "std")))
            for name in ("dance", "music")
        }
        genres, root, clock, info = tuple(header["genres"]), header["root"], header["clock"], header["info"]
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        raise CheckpointError(
            f"The checkpoint {path} does not fit this program ({error}).", hint=NEEDS_ANOTHER_FILE
        ) from None
    if tensors:
        raise CheckpointError(
            f"The checkpoint {path} holds unknown arrays ({sorted(tensors)[0]}, …).", hint=NEEDS_ANOTHER_FILE
        )
    if tuple(header["features"]) != features.FEATURE_NAMES:
        raise CheckpointError(
            f"The checkpoint {path} hears {len(header['features'])} music features in another order than this program "
            "computes.",
            hint=NEEDS_ANOTHER_FILE,
        )
    for module in (*tokenizers.values(), *([generator] if generator else [])):
        module.to(device).eval().requires_grad_(False)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return Checkpoint(
        tokenizers, generator, statistics["dance"], statistics["music"], genres, root, clock, info, digest
    )


def _read(path: Path) -> tuple[dict, dict[str, Tensor]]:
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint at {path}.", hint=NEEDS_ANOTHER_FILE)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"The checkpoint {path} is damaged or not a safetensors file ({error}).",
            hint="Copy or download the file again.",
        ) from None
    return parse(metadata, path), tensors


def _tokenizer_config(config: dict) -> TokenizerConfig:
    return TokenizerConfig(**{**config, "levels": tuple(config["levels"])})


def _module(module: nn.Module, prefix: str, tensors: dict[str, Tensor]) -> nn.Module:
    own = {key.removeprefix(f"{prefix}."): tensors.pop(key) for key in list(tensors) if key.startswith(f"{prefix}.")}
    module.load_state_dict(own, strict=True)
    return module
