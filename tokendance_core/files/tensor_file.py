"""Reads safetensors files: a header in JSON, then the numbers. Nothing of a file is believed before it was checked.

Layout: eight bytes with the length of the header, the header (name -> type, shape, first and last byte; and
``__metadata__``, texts by name), then the bytes that it speaks of, without a gap. Of the format's types we read the two
that weights have: float16 and float32.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tokendance_core.files import limits
from tokendance_core.files.json_file import parse_json
from tokendance_core.files.regular_file import open_regular

_TYPES: Mapping[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
_LENGTH = 8
_MOST_DIMENSIONS = 8


def read_metadata(path: Path) -> dict[str, str]:
    """The texts in the header of a file, read without its numbers. Raises as ``read``."""
    with open_regular(path, limits.CHECKPOINT_BYTES) as file:
        return _metadata(_header(file, os.fstat(file.fileno()).st_size))


def read(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """The texts in the header of a file, and its arrays by name, each a read-only view of the file's bytes.

    Raises OSError where the file cannot be read, ValueError saying what is wrong with it.
    """
    with open_regular(path, limits.CHECKPOINT_BYTES) as file:
        header = _header(file, os.fstat(file.fileno()).st_size)
        content = file.read()
    metadata = _metadata(header)
    places = {name: _place(name, entry) for name, entry in header.items() if name != "__metadata__"}
    _expect_no_gaps(places, len(content))
    return metadata, {
        name: np.frombuffer(content, kind, math.prod(shape), first).reshape(shape)
        for name, (kind, shape, first, _) in places.items()
    }


def _header(file: BinaryIO, size: int) -> dict[str, Any]:
    """The parsed header; the numbers follow."""
    length = int.from_bytes(file.read(_LENGTH), "little")
    if size < _LENGTH or not 0 < length <= min(size - _LENGTH, limits.HEADER_BYTES):
        raise ValueError(f"a header of {length} bytes in a file of {size}")
    try:
        header = parse_json(file.read(length), limits.HEADER_BYTES)
    except ValueError as problem:
        raise ValueError(f"the header cannot be decoded: {problem}") from None
    if not isinstance(header, dict):
        raise ValueError("the header is no object")
    return header


def _metadata(header: Mapping[str, Any]) -> dict[str, str]:
    texts = header.get("__metadata__", {})
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("the metadata are no texts")
    return texts


_Place = tuple[np.dtype[Any], tuple[int, ...], int, int]


def _place(name: str, entry: object) -> _Place:
    """Type, shape, first byte and the one behind the last of one array."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"the entry of {name[:80]!r} makes no sense")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in _TYPES:
        raise ValueError(f"{name[:80]!r} holds {str(entry['dtype'])[:20]}, expected {' or '.join(_TYPES)}")
    if not (_are_counts(shape) and len(shape) <= _MOST_DIMENSIONS and _are_counts(offsets) and len(offsets) == 2):
        raise ValueError(f"the shape or place of {name[:80]!r} makes no sense")
    kind, (first, last) = _TYPES[entry["dtype"]], offsets
    if math.prod(shape) * kind.itemsize != last - first:
        raise ValueError(f"{name[:80]!r} has {last - first} bytes, which is not what its shape takes")
    return kind, tuple(shape), first, last


def _are_counts(values: object) -> bool:
    return isinstance(values, list) and all(type(value) is int and value >= 0 for value in values)


def _expect_no_gaps(places: Mapping[str, _Place], size: int) -> None:
    """ValueError unless the arrays lie one behind the other, and fill the file."""
    at = 0
    for name, (_, _, first, last) in sorted(places.items(), key=lambda one: one[1][2:]):
        if first != at:
            raise ValueError(f"{name[:80]!r} begins at byte {first} of the numbers, expected {at}")
        at = last
    if at != size:
        raise ValueError(f"{size} bytes of numbers, expected {at}")
