"""The header of a checkpoint: what a file says about itself, read without its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokendance_core.errors import CheckpointError
from tokendance_core.files import tensor_file

FORMAT = "tokendance"
VERSION = 3
_READABLE = ("2", str(VERSION))

NEEDS_ANOTHER_FILE = "Use the file that came with this release, or train one with `python -m tokendance_core train`."


def default_path() -> Path:
    """Where the shipped checkpoint lies."""
    return Path(__file__).parents[1] / "weights" / "tokendance.safetensors"


def parse(metadata: Mapping[str, str], path: Path) -> dict[str, Any]:
    """The header inside the ``metadata`` of a safetensors file; CheckpointError when it is not ours or of another
    version.
    """
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} is a safetensors file, but not a TokenDance checkpoint.", hint=NEEDS_ANOTHER_FILE
        )
    if metadata.get("version") not in _READABLE:
        raise CheckpointError(
            f"The checkpoint {path} has format version {metadata.get('version')}, this program reads "
            f"{' and '.join(_READABLE)}.",
            hint=NEEDS_ANOTHER_FILE,
        )
    try:
        header: dict[str, Any] = json.loads(metadata["header"])
    except (KeyError, ValueError, RecursionError) as error:
        raise CheckpointError(f"The header of {path} cannot be read ({error}).", hint=NEEDS_ANOTHER_FILE) from None
    return header


def sizes(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The sizes of a network as a header or a training state stores them -> keywords of its config.

    Version 2 and its training states say ``books`` for ``codebooks``, and ``codes`` for what follows from the levels.
    """
    named = {"codebooks" if name == "books" else name: size for name, size in stored.items() if name != "codes"}
    return {name: tuple(size) if name == "levels" else size for name, size in named.items()}


def genres(path: Path | None = None) -> tuple[str, ...]:
    """The genres that a checkpoint (the shipped one by default) knows, "any" first; CheckpointError when it cannot be
    read.
    """
    path = Path(path) if path else default_path()
    try:
        return tuple(map(str, parse(tensor_file.read_metadata(path), path)["genres"]))
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint {path} cannot be read: {error.strerror}.", hint=NEEDS_ANOTHER_FILE
        ) from error
    except (ValueError, KeyError, TypeError):
        raise CheckpointError(
            f"The checkpoint {path} is damaged or not a safetensors file.", hint="Copy or download the file again."
        ) from None
