"""Reads numpy's files, .npy and .npz, of numbers and text: every header before the numbers it speaks of."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from tokendance_core.files import limits
from tokendance_core.files.regular_file import open_regular

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_PACKED_AS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_KINDS = "biufcSU"
_MOST_DIMENSIONS = 8


class Arrays:
    """The arrays of an npz, each read when it is asked for; all of them together may take ``most`` bytes.

    ``names`` in the order of the file. Getting one raises ValueError where there is none, and ValueError or
    what ``zipfile`` raises where it is damaged.
    """

    def __init__(self, archive: zipfile.ZipFile, most: int) -> None:
        members = archive.infolist()
        if len(members) > limits.NPZ_MEMBERS:
            raise ValueError(f"it has {len(members)} members, expected {limits.NPZ_MEMBERS} at most")
        self._archive, self._left = archive, most
        self._members = {member.filename.removesuffix(".npy"): member for member in members}
        self.names = tuple(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __getitem__(self, name: str) -> np.ndarray:
        member = self._members.get(name)
        if member is None:
            raise ValueError(f"it has no array {name}")
        if member.compress_type not in _PACKED_AS:
            raise ValueError(f"{name} is packed in a way that numpy does not use")
        with self._archive.open(member) as file:
            array = _read(file, min(member.file_size, self._left), name)
        self._left -= array.nbytes
        return array


@contextmanager
def open_npz(file: Path | IO[bytes], most: int = limits.NPZ_BYTES) -> Iterator[Arrays]:
    """The arrays of an npz. Raises OSError, ValueError and what ``zipfile`` raises."""
    if isinstance(file, Path):
        with open_regular(file, most) as opened, open_npz(opened, most) as arrays:
            yield arrays
    else:
        with zipfile.ZipFile(file) as archive:
            yield Arrays(archive, most)


def read_npy(path: Path, most: int = limits.NPZ_BYTES) -> np.ndarray:
    """The array of an npy. Raises OSError, or ValueError saying what is wrong."""
    with open_regular(path, most) as file:
        return _read(file, os.fstat(file.fileno()).st_size, path.name)


def _read(file: IO[bytes], most: int, name: str) -> np.ndarray:
    """The next array of a file, whose header and numbers have at most ``most`` bytes."""
    version = np.lib.format.read_magic(file)  # type: ignore[no-untyped-call]
    if version not in _HEADERS:
        raise ValueError(f"{name} is an array of a kind that is not known here")
    shape, is_fortran, dtype = _HEADERS[version](file)  # type: ignore[no-untyped-call]
    if dtype.kind not in _KINDS or dtype.names or dtype.subdtype:
        raise ValueError(f"{name} holds {str(dtype)[:40]}, expected numbers or text")
    if len(shape) > _MOST_DIMENSIONS or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"{name} has the shape {str(shape)[:80]}")
    size = math.prod(shape) * dtype.itemsize
    if size > most:
        raise ValueError(f"{name} would take {size} bytes, more than there are")
    content = bytearray(size)
    if _read_into(file, memoryview(content)) < size:
        raise ValueError(f"{name} is cut short")
    array: np.ndarray[Any, Any] = np.frombuffer(content, dtype) if size else np.empty(0, dtype)
    return array.reshape(shape, order="F" if is_fortran else "C")


def _read_into(file: IO[bytes], content: memoryview) -> int:
    """Fill ``content`` from a file, block by block; how many bytes there were."""
    at = 0
    while at < len(content) and (block := file.read(min(len(content) - at, 1 << 24))):
        content[at : at + len(block)] = block
        at += len(block)
    return at
