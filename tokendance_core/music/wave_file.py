"""Reads WAVE files (RIFF, RF64, Sony's W64) with nothing but numpy, block by block: where no decoder is installed.

Sources: Microsoft's "Multiple Channel Audio Data and WAVE Files", EBU Tech 3306 (RF64), Sony's "Sony Pictures Digital
Wave 64".
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tokendance_core.files import limits
from tokendance_core.files.regular_file import open_regular

MAX_CHANNELS, MAX_RATE = limits.SOUND_CHANNELS, limits.SOUND_RATE
MAX_CHUNKS = 1000

NO_SIZE = 0xFFFFFFFF
"""Stands where 32 bits are too few (RF64), or where a program did not know yet how long the sound would be."""

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE


class UnknownFormat(ValueError):
    """Another decoder may be able to read the file."""


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How a kind of file names its chunks and tells their sizes."""

    name_bytes: int
    size: struct.Struct
    counts_header: bool
    padding: int

    @property
    def header_bytes(self) -> int:
        return self.name_bytes + self.size.size


_RIFF = _Layout(name_bytes=4, size=struct.Struct("<I"), counts_header=False, padding=2)
_W64 = _Layout(name_bytes=16, size=struct.Struct("<Q"), counts_header=True, padding=8)
_LAYOUTS = {b"RIFF": _RIFF, b"RF64": _RIFF, b"BW64": _RIFF, b"riff": _W64}

_SAMPLES: dict[tuple[int, int], np.dtype] = {
    (PCM, 8): np.dtype("u1"),
    (PCM, 16): np.dtype("<i2"),
    (PCM, 24): np.dtype(("u1", 3)),
    (PCM, 32): np.dtype("<i4"),
    (FLOAT, 32): np.dtype("<f4"),
    (FLOAT, 64): np.dtype("<f8"),
}


class WaveFile:
    """The sound of a file: ``samplerate`` frames a second, ``frames`` of them. Raises UnknownFormat."""

    def __init__(self, path: Path) -> None:
        with _opened(path) as file:
            form, self._first_byte, stored = _chunks(file)
        self.samplerate, self.channels, self._sample = _format(form)
        self.frames = stored // self._frame_bytes
        self._path, self._next = path, 0

    @property
    def _frame_bytes(self) -> int:
        return self.channels * self._sample.itemsize

    def seek(self, frame: int) -> int:
        """Go on reading at ``frame``; where that is: the end of the file at most."""
        self._next = min(frame, self.frames)
        return self._next

    def read(self, count: int) -> np.ndarray:
        """The next (N, channels) float32 frames, fewer than ``count`` at the end, and of many channels; samples are
        within 1 unless they are stored as floats.
        """
        count = min(count, self.frames - self._next, limits.SAMPLES_AT_ONCE // self.channels)
        with _opened(self._path) as file:
            file.seek(self._first_byte + self._next * self._frame_bytes)
            stored = file.read(count * self._frame_bytes)
        count = len(stored) // self._frame_bytes
        self._next += count
        samples = np.frombuffer(stored, self._sample, count * self.channels)
        return _floats(samples).reshape(count, self.channels)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with open_regular(path, limits.SOUND_BYTES) as file:
            yield file
    except (OSError, ValueError) as error:
        raise UnknownFormat(str(error)) from error


def _chunks(file: BinaryIO) -> tuple[bytes, int, int]:
    """The format chunk, and where the bytes of the sound begin and how many they are."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    layout = _LAYOUTS.get(file.read(4))
    if layout is None:
        raise UnknownFormat("no WAVE file")
    file.seek(layout.name_bytes)
    whole = _size(layout, file)
    if file.read(layout.name_bytes)[:4].upper() != b"WAVE":
        raise UnknownFormat("no WAVE file")
    form, long_size, at = b"", None, file.tell()
    for _ in range(MAX_CHUNKS):
        file.seek(min(at, end))
        name, size = file.read(layout.name_bytes)[:4], _size(layout, file)
        at += layout.header_bytes
        if name == b"fmt ":
            form = file.read(min(size, 40))
        elif name == b"ds64":
            long_size = int.from_bytes(file.read(16)[8:], "little")
        elif name == b"data":
            if long_size is not None and size == NO_SIZE:
                size = long_size
            # What a program writes that does not know the size may also be 0: then nothing follows.
            is_open = not size and (whole <= at or whole == NO_SIZE)
            return form, at, end - at if is_open else min(size, end - at)
        at += size + -size % layout.padding
    raise UnknownFormat(f"no sound in the first {MAX_CHUNKS} chunks")


def _size(layout: _Layout, file: BinaryIO) -> int:
    """Bytes of a chunk, without its header."""
    stored = file.read(layout.size.size)
    if len(stored) < layout.size.size:
        raise UnknownFormat("the file ends before its sound")
    (size,) = layout.size.unpack(stored)
    return max(size - layout.header_bytes, 0) if layout.counts_header else int(size)


def _format(chunk: bytes) -> tuple[int, int, np.dtype]:
    """Frames a second, channels, and the type of a sample."""
    if len(chunk) < 16:
        raise UnknownFormat("no format")
    tag, channels, rate, _, frame_bytes, bits = struct.unpack("<HHIIHH", chunk[:16])
    if tag == EXTENSIBLE and len(chunk) >= 26:
        (tag,) = struct.unpack("<H", chunk[24:26])
    sample = _SAMPLES.get((tag, -(-bits // 8) * 8))
    if sample is None:
        raise UnknownFormat(f"coding {tag} with {bits} bits")
    if not (1 <= channels <= MAX_CHANNELS and 1 <= rate <= MAX_RATE and frame_bytes == channels * sample.itemsize):
        raise UnknownFormat(f"{channels} channels of {rate} Hz in {frame_bytes} bytes a frame")
    return rate, channels, sample


def _floats(samples: np.ndarray) -> np.ndarray:
    """Float32, of any of ``_SAMPLES``."""
    if samples.dtype.kind == "f":
        with np.errstate(all="ignore"):  # what is no number, or beyond float32, is told from the sound later
            return samples.astype(np.float32)
    if samples.ndim == 2:
        wide = np.zeros((len(samples), 4), np.uint8)
        wide[:, 1:] = samples
        samples = wide.view("<i4")[:, 0]
    if samples.dtype.kind == "u":
        return (samples.astype(np.float32) - 128) / 128
    return np.multiply(samples, 2.0 ** (1 - 8 * samples.itemsize), dtype=np.float32)
