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
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from tokendance_core.dance.checkpoint_header import FORMAT, NEEDS_ANOTHER_FILE, VERSION, default_path, parse, sizes
from tokendance_core.dance.codec import DanceCodec, MusicCodec
from tokendance_core.dance.cues import ACCENTS, STEPS
from tokendance_core.dance.representation import RootForm, Statistics
from tokendance_core.errors import CheckpointError, is_out_of_memory
from tokendance_core.files.atomic import write_aside
from tokendance_core.model.generator import CUES, Generator, GeneratorConfig
from tokendance_core.model.tokenizer import Tokenizer, TokenizerConfig
from tokendance_core.music import energy, features
from tokendance_core.music.bars import BEATS_PER_EIGHT
from tokendance_core.music.clock import FRAMES_PER_BEAT, TEMPO_CLASSES, TIMINGS, ClockForm

STREAMS = ("upper", "lower", "semantic", "acoustic")
"""The four tokenizers: two for the dance, two for the music."""

Network = TypeVar("Network", bound=nn.Module)

_OUR_CUES = {
    "energy": energy.LEVELS + 1,
    "beat_position": FRAMES_PER_BEAT + 1,
    "beat_count": BEATS_PER_EIGHT + 1,
    "timing": len(TIMINGS),
    "accent": len(ACCENTS),
    "step": len(STEPS),
}
"""Values of each cue of our prompts."""

_RENAMED = {
    f"generator.{old}_in.weight": f"generator.cues_in.{cue}.weight"
    for old, cue in {"energy": "energy", "place": "beat_position", "timing": "timing"}.items()
}
"""Arrays of generators that were told no count, as their files name them."""


@dataclass(frozen=True, eq=False, kw_only=True)
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

    def with_generator(self, generator: Generator | None) -> Checkpoint:
        return replace(self, generator=generator)

    def _networks(self) -> dict[str, Tokenizer | Generator]:
        return {**self.tokenizers, **({} if self.generator is None else {"generator": self.generator})}

    def save(self, path: Path, half: bool = True) -> None:
        """Write the file aside, then put it in place; ``half`` stores float16."""
        kind = torch.float16 if half else torch.float32
        tensors = {
            f"{name}.{key}": tensor.detach().cpu().to(kind).contiguous()
            for name, network in self._networks().items()
            for key, tensor in network.state_dict().items()
        }
        for name, statistics in (("dance", self.dance_statistics), ("music", self.music_statistics)):
            for key, array in asdict(statistics).items():
                tensors[f"statistics.{name}.{key}"] = torch.from_numpy(array.copy())
        header = {
            "tokenizers": {name: asdict(tokenizer.config) for name, tokenizer in self.tokenizers.items()},
            "generator": None if self.generator is None else asdict(self.generator.config),
            "features": list(features.FEATURE_NAMES),
            "genres": list(self.genres),
            "root": self.root,
            "clock": self.clock,
            "info": dict(self.info),
        }
        metadata = {"format": FORMAT, "version": str(VERSION), "header": json.dumps(header, sort_keys=True)}
        with write_aside(path) as aside:
            aside.write_bytes(save(tensors, metadata))


def for_our_prompts(config: GeneratorConfig) -> GeneratorConfig:
    """The config with the sizes of the prompts that this program makes; each number has a 0 for unspecified.

    A cue that a generator has no input for stays so: it is simply not told.
    """
    ours: dict[str, Any] = {CUES[cue]: size for cue, size in _OUR_CUES.items() if cue in config.cues}
    return replace(config, **ours, tempos=TEMPO_CLASSES + 1)


def load(path: Path | None = None, device: str = "cpu") -> Checkpoint:
    """Read a checkpoint (the shipped one by default) onto ``device``, ready to run.

    Raises CheckpointError when the file is missing, truncated, not ours, of another version, or made for other inputs
    than this program computes.
    """
    path = Path(path) if path else default_path()
    header, tensors = _read(path)
    try:
        checkpoint, names = _assembled(header, tensors), tuple(header["features"])
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
    if names != features.FEATURE_NAMES:
        raise CheckpointError(
            f"The checkpoint {path} expects {len(names)} music features in another order than this program computes.",
            hint=NEEDS_ANOTHER_FILE,
        )
    if checkpoint.generator and checkpoint.generator.config != for_our_prompts(checkpoint.generator.config):
        raise CheckpointError(
            f"The generator in {path} was trained for other prompts than this program makes.", hint=NEEDS_ANOTHER_FILE
        )
    for network in checkpoint._networks().values():
        network.to(device).eval().requires_grad_(False)
    return replace(checkpoint, id=hashlib.sha256(path.read_bytes()).hexdigest()[:12])


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint at {path}.", hint=NEEDS_ANOTHER_FILE)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {_RENAMED.get(key, key): file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"The checkpoint {path} is damaged or not a safetensors file ({error}).",
            hint="Copy or download the file again.",
        ) from None
    return parse(metadata, path), tensors


def _assembled(header: dict[str, Any], tensors: dict[str, Tensor]) -> Checkpoint:
    """The networks of a header with the arrays that are theirs, which are taken out of ``tensors``."""
    statistics = {
        name: Statistics(*(tensors.pop(f"statistics.{name}.{key}").numpy() for key in ("mean", "std")))
        for name in ("dance", "music")
    }
    generator = None if header["generator"] is None else Generator(GeneratorConfig(**sizes(header["generator"])))
    return Checkpoint(
        tokenizers={
            name: _filled(Tokenizer(TokenizerConfig(**sizes(header["tokenizers"][name]))), name, tensors)
            for name in STREAMS
        },
        generator=None if generator is None else _filled(generator, "generator", tensors),
        dance_statistics=statistics["dance"],
        music_statistics=statistics["music"],
        genres=tuple(header["genres"]),
        root=header["root"],
        clock=header["clock"],
        info=header["info"],
    )


def _filled(network: Network, prefix: str, tensors: dict[str, Tensor]) -> Network:
    """The network with the arrays of its ``prefix``, taken out of ``tensors``."""
    own = {key.removeprefix(f"{prefix}."): tensors.pop(key) for key in list(tensors) if key.startswith(f"{prefix}.")}
    network.load_state_dict(own, strict=True)
    return network
