"""The files of a training run: states to go on from, averaged weights, and the lock that keeps a second run out.

Every file is written aside and then put in place, so that a run may be killed at any moment.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tokendance_core.dance.checkpoint import STREAMS, Checkpoint
from tokendance_core.dance.checkpoint_header import sizes
from tokendance_core.dance.representation import RootForm, Statistics
from tokendance_core.datasets.pack import GENRES
from tokendance_core.errors import CheckpointError, SettingError
from tokendance_core.files.atomic import write_aside
from tokendance_core.model.config import TokenizerConfig
from tokendance_core.model.generator import Generator
from tokendance_core.model.tokenizer import Tokenizer

Model = Tokenizer | Generator
State = dict[str, Any]

LOCK = "train.pid"
DANCE_STATISTICS, MUSIC_STATISTICS = "dance_statistics.npz", "music_statistics.npz"
_ASIDE = ".tokendance-*"
"""How :func:`write_aside` names a file that is not complete."""


def state_path(folder: Path, name: str) -> Path:
    """Where the state of a stage lies."""
    return folder / f"{name}.pt"


def constant_path(folder: Path, name: str) -> Path:
    """Where the state from before the decay lies: what a longer run goes on from."""
    return folder / f"{name}.constant.pt"


def best_path(folder: Path, name: str) -> Path:
    """Where the averaged weights with the best held-out figure lie: what ships."""
    return folder / f"{name}.safetensors"


def last_path(folder: Path, name: str) -> Path:
    """Where the newest averaged weights lie."""
    return folder / f"{name}.last.safetensors"


def write_state(path: Path, state: State) -> None:
    """Write a state aside, then put it in place."""
    with write_aside(path) as aside:
        torch.save(state, aside)


def read_state(path: Path) -> State | None:
    """The state in a file, on the CPU; None where there is no file, CheckpointError when it is damaged."""
    if not path.exists():
        return None
    try:
        state: State = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises many kinds; each means the same to the user
        raise CheckpointError(
            f"The training state {path} cannot be resumed ({error}).", hint="Delete it or choose another --out."
        ) from None
    return state


def write_weights(path: Path, model: Model, about: Mapping[str, float]) -> None:
    """The weights of a model in half precision with its config and what is to be known ``about`` them, JSON."""
    tensors = {name: tensor.detach().cpu().half().contiguous() for name, tensor in model.state_dict().items()}
    metadata = {"config": json.dumps(asdict(model.config)), "about": json.dumps(dict(about))}
    with write_aside(path) as aside:
        aside.write_bytes(save(tensors, metadata))


def read_weights(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Config and weights that :func:`write_weights` wrote; CheckpointError when the file is damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            config: dict[str, Any] = json.loads((file.metadata() or {})["config"])
            return config, {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"The weights {path} cannot be read ({error}).", hint="Delete the file, and train that part again."
        ) from None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder and keep every other run out of it until the block ends, however it ends.

    The system itself lets go of the lock of a process that is killed. SettingError when another run has the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+", encoding="ascii") as file:
        if not _take(file.fileno()):
            raise SettingError(
                f"Another training (process {owner(folder)}) is using {folder}.",
                hint="Wait for it, stop it with make train-off, or choose another --out.",
            )
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        for leftover in folder.glob(_ASIDE):  # of a run that was killed while it wrote
            leftover.unlink()
        yield
        file.seek(0)
        file.truncate()


def is_locked(folder: Path) -> bool:
    """Whether a run is using the folder."""
    path = folder / LOCK
    if not path.exists():
        return False
    with path.open("a", encoding="ascii") as file:
        return not _take(file.fileno())


def owner(folder: Path) -> int | None:
    """The process whose run is using the folder, or None."""
    text = (folder / LOCK).read_text(encoding="ascii") if (folder / LOCK).exists() else ""
    return int(text) if text.isdecimal() else None


def _take(file: int) -> bool:
    """Lock an open file for as long as it is open; False when another process has locked it."""
    if sys.platform == "win32":  # two runs on one folder are kept apart on Linux and macOS only
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def save_statistics(path: Path, statistics: Statistics) -> None:
    """Keep a normalisation beside the weights, for :func:`assemble`."""
    with write_aside(path) as aside:
        np.savez(aside, mean=statistics.mean, std=statistics.std)


def load_statistics(path: Path) -> Statistics | None:
    """A normalisation that was kept; None if there is none yet."""
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        return Statistics(arrays["mean"], arrays["std"])


def assemble(folder: Path, root: RootForm) -> Checkpoint | None:
    """The tokenizers with the best figures as a checkpoint without a generator; None while one is missing."""
    dance, music = (load_statistics(folder / name) for name in (DANCE_STATISTICS, MUSIC_STATISTICS))
    if dance is None or music is None or not all(best_path(folder, name).exists() for name in STREAMS):
        return None
    trained = {name: read_weights(best_path(folder, name)) for name in STREAMS}
    return Checkpoint(
        tokenizers={name: TokenizerConfig(**sizes(config)) for name, (config, _) in trained.items()},
        generator=None,
        arrays={
            f"{name}.{key}": tensor.numpy() for name, (_, weights) in trained.items() for key, tensor in weights.items()
        },
        dance_statistics=dance,
        music_statistics=music,
        genres=GENRES,
        root=root,
    )
