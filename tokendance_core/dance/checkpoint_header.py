"""The header of a checkpoint: what a file says about itself, read without its weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokendance_core.errors import CheckpointError
from tokendance_core.files import limits, tensor_file
from tokendance_core.files.guarded import guarded
from tokendance_core.files.json_file import parse_json

FORMAT = "tokendance"
VERSION = 3
_READABLE = ("2", str(VERSION))

DAMAGED = "is damaged or not a checkpoint of TokenDance"
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
        header = parse_json(metadata.get("header", ""), limits.HEADER_BYTES)
    except ValueError as error:
        raise CheckpointError(f"The header of {path} cannot be read ({error}).", hint=NEEDS_ANOTHER_FILE) from None
    if not isinstance(header, dict):
        raise ValueError("its header is no object: it is damaged")
    return header


def genres_of(header: Mapping[str, Any]) -> tuple[str, ...]:
    """The genres that a header names; ValueError when they are none."""
    named = header.get("genres")
    if not isinstance(named, list) or not named or not all(isinstance(name, str) and name for name in named):
        raise ValueError("its genres are no names")
    return tuple(named)


def sizes(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The sizes of a network as a header or a training state stores them -> keywords of its config.

    Version 2 and its training states say ``books`` for ``codebooks``, and ``codes`` for what follows from the levels.
    """
    named = {"codebooks" if name == "books" else name: size for name, size in stored.items() if name != "codes"}
    return {name: tuple(size) if name == "levels" else size for name, size in named.items()}


@guarded(CheckpointError, DAMAGED, NEEDS_ANOTHER_FILE)
def genres(path: Path | None = None) -> tuple[str, ...]:
    """The genres that a checkpoint (the shipped one by default) knows, "any" first; CheckpointError when it cannot be
    read.
    """
    path = Path(path) if path else default_path()
    return genres_of(parse(tensor_file.read_metadata(path), path))
