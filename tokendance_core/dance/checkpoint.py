"""One safetensors file holds everything a dance needs: configs, statistics, four tokenizers, the generator.

Data, never code: the header is JSON (format, version, configs, feature order, genres, origin), the rest are arrays.
Loading is strict; any doubt is a ``CheckpointError``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np

from tokendance_core.dance.checkpoint_header import (
    DAMAGED,
    FORMAT,
    NEEDS_ANOTHER_FILE,
    VERSION,
    default_path,
    genres_of,
    parse,
    sizes,
)
from tokendance_core.dance.codec import DanceCodec, MusicCodec
from tokendance_core.dance.cues import ACCENTS, STEPS
from tokendance_core.dance.representation import RootForm, Statistics
from tokendance_core.engine.engine import Engine
from tokendance_core.engine.make import EngineName, make
from tokendance_core.errors import CheckpointError
from tokendance_core.files import tensor_file
from tokendance_core.files.atomic import write_aside
from tokendance_core.files.guarded import guarded
from tokendance_core.model.config import CUES, GeneratorConfig, TokenizerConfig
from tokendance_core.music import energy, features
from tokendance_core.music.bars import BEATS_PER_EIGHT
from tokendance_core.music.clock import FRAMES_PER_BEAT, TEMPO_CLASSES, TIMINGS, ClockForm

STREAMS = ("upper", "lower", "semantic", "acoustic")
"""The four tokenizers: two for the dance, two for the music."""

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
    """A model: the sizes of its ``tokenizers`` by stream and of its ``generator`` (None before stage two), the
    ``arrays`` of all of them by name, statistics, ``genres`` (first is "any").

    ``root`` says how the lower stream stores the path, ``clock`` in which time the generator dances; ``info`` tells
    where the weights come from; ``id`` names the file's content. ``runs_on`` names the engine that runs the arrays and
    its device, ``threads`` what it may use of the processor (None: as many as pay).
    """

    tokenizers: Mapping[str, TokenizerConfig]
    generator: GeneratorConfig | None
    arrays: Mapping[str, np.ndarray] = field(repr=False)
    dance_statistics: Statistics
    music_statistics: Statistics
    genres: tuple[str, ...]
    root: RootForm = "velocity"
    clock: ClockForm = "beats"
    info: Mapping[str, object] = field(default_factory=dict)
    id: str = ""
    runs_on: tuple[EngineName, str] = ("numpy", "cpu")
    threads: int | None = None

    @cached_property
    def engine(self) -> Engine:
        """What runs the networks; ValueError when the arrays do not fit their sizes."""
        return make(*self.runs_on, self.tokenizers, self.generator, self.arrays, self.threads)

    @property
    def music_codec(self) -> MusicCodec:
        return MusicCodec(self.engine, self.music_statistics)

    @property
    def dance_codec(self) -> DanceCodec:
        return DanceCodec(self.engine, self.dance_statistics, self.root)

    def with_generator(self, config: GeneratorConfig | None, weights: Mapping[str, np.ndarray]) -> Checkpoint:
        """The same tokenizers with another generator; ``weights`` by the names inside it."""
        kept = {name: array for name, array in self.arrays.items() if not name.startswith("generator.")}
        own = {f"generator.{name}": array for name, array in weights.items()}
        return replace(self, generator=config, arrays=kept | own)

    def save(self, path: Path, half: bool = True) -> None:
        """Write the file aside, then put it in place; ``half`` stores float16."""
        from safetensors.numpy import save

        kind = np.float16 if half else np.float32
        arrays = {name: np.ascontiguousarray(array, kind) for name, array in self.arrays.items()}
        for name, statistics in (("dance", self.dance_statistics), ("music", self.music_statistics)):
            for key, array in asdict(statistics).items():
                arrays[f"statistics.{name}.{key}"] = np.ascontiguousarray(array)
        header = {
            "tokenizers": {name: asdict(config) for name, config in self.tokenizers.items()},
            "generator": None if self.generator is None else asdict(self.generator),
            "features": list(features.FEATURE_NAMES),
            "genres": list(self.genres),
            "root": self.root,
            "clock": self.clock,
            "info": dict(self.info),
        }
        metadata = {"format": FORMAT, "version": str(VERSION), "header": json.dumps(header, sort_keys=True)}
        with write_aside(path) as aside:
            aside.write_bytes(save(arrays, metadata))


def for_our_prompts(config: GeneratorConfig) -> GeneratorConfig:
    """The config with the sizes of the prompts that this program makes; each number has a 0 for unspecified.

    A cue that a generator has no input for stays so: it is simply not told.
    """
    ours: dict[str, Any] = {CUES[cue]: size for cue, size in _OUR_CUES.items() if cue in config.cues}
    return replace(config, **ours, tempos=TEMPO_CLASSES + 1)


@guarded(CheckpointError, DAMAGED, NEEDS_ANOTHER_FILE)
def load(
    path: Path | None = None, engine: EngineName = "numpy", device: str = "cpu", threads: int | None = None
) -> Checkpoint:
    """Read a checkpoint (the shipped one by default), ready to run on an engine and its device.

    Raises CheckpointError when the file is missing, truncated, not ours, of another version, or made for other inputs
    than this program computes.
    """
    path = Path(path) if path else default_path()
    header, arrays = _read(path)
    try:
        checkpoint, names = _assembled(header, arrays), tuple(header["features"])
        own = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        checkpoint = replace(checkpoint, id=own, runs_on=(engine, device), threads=threads)
        checkpoint.engine  # noqa: B018  # made now, so that arrays that do not fit are found now
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise CheckpointError(
            f"The checkpoint {path} does not fit this program ({error}).", hint=NEEDS_ANOTHER_FILE
        ) from None
    if names != features.FEATURE_NAMES:
        raise CheckpointError(
            f"The checkpoint {path} expects {len(names)} music features in another order than this program computes.",
            hint=NEEDS_ANOTHER_FILE,
        )
    if checkpoint.generator and checkpoint.generator != for_our_prompts(checkpoint.generator):
        raise CheckpointError(
            f"The generator in {path} was trained for other prompts than this program makes.", hint=NEEDS_ANOTHER_FILE
        )
    return checkpoint


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        metadata, arrays = tensor_file.read(path)
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint at {path}.", hint=NEEDS_ANOTHER_FILE) from None
    unknown = [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if unknown:
        raise ValueError(f"the array {unknown[0][:80]} holds values that are not finite")
    return parse(metadata, path), {_RENAMED.get(name, name): array for name, array in arrays.items()}


def _assembled(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Checkpoint:
    """What a file holds; the statistics are taken out of ``arrays``."""
    statistics = {
        name: Statistics(*(arrays.pop(f"statistics.{name}.{key}").astype(np.float32) for key in ("mean", "std")))
        for name in ("dance", "music")
    }
    generator = header["generator"]
    return Checkpoint(
        tokenizers={name: TokenizerConfig(**sizes(header["tokenizers"][name])) for name in STREAMS},
        generator=None if generator is None else GeneratorConfig(**sizes(generator)),
        arrays=arrays,
        dance_statistics=statistics["dance"],
        music_statistics=statistics["music"],
        genres=genres_of(header),
        root=_one_of(RootForm, header["root"]),
        clock=_one_of(ClockForm, header["clock"]),
        info=dict(header["info"]),
    )


def _one_of(kind: Any, word: object) -> Any:
    """The word, if it is one of a Literal's; ValueError otherwise."""
    if word not in get_args(kind):
        raise ValueError(f"it says {str(word)[:40]!r} where one of {', '.join(get_args(kind))} is expected")
    return word
