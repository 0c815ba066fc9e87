"""How long a sound file says that it is, to be held against what was heard of it: a download or a copy that broke off
is decoded without a word to where it ends.

Sources: RFC 9639 (FLAC), RFC 3533 (Ogg), the LAME project's description of the Xing and Info headers of MP3 and ID3
2.4, ISO/IEC 14496-12 (MP4), the WebM container guidelines and RFC 8794 (Matroska), Microsoft's "Multiple Channel Audio
Data and WAVE Files" and "Advanced Systems Format Specification", Apple's "Audio Interchange File Format".
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

_OGG_TAIL = 1 << 17
"""Bytes at the end of an Ogg file that hold its last page: pages have 65,307 at most."""

_MOST = 1000
"""Chunks, boxes or elements that are looked at."""

_MP3_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""Version of MPEG, as a frame's header has it -> rates."""


def seconds(path: Path) -> float | None:
    """The length in the header of a file; None where it tells none that could be believed. Reads little."""
    try:
        with path.open("rb") as file:
            magic = file.read(12)
            reader = next((read for known, read in _READERS.items() if magic.startswith(known)), _mp4)
            file.seek(0)
            found = reader(file)
    except (OSError, ValueError, struct.error, IndexError, ZeroDivisionError, OverflowError):
        return None
    return found if found is not None and 0 < found < 1e6 else None


def breaks_off(path: Path) -> bool:
    """Whether an Ogg file, whose header tells no length, ends within a page."""
    try:
        with path.open("rb") as file:
            if file.read(4) != b"OggS":
                return False
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - _OGG_TAIL, 0))
            tail = file.read(_OGG_TAIL)
    except OSError:
        return False
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27 or len(page) < 27 + page[26]:
        return True
    return len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])


def _flac(file: BinaryIO) -> float | None:
    data = file.read(26)
    packed = int.from_bytes(data[18:26], "big")
    rate, samples = packed >> 44, packed & (1 << 36) - 1
    return samples / rate if samples else None


def _mp3(file: BinaryIO) -> float | None:
    """By the Xing or Info header in the first frame; without one, nobody knows."""
    start = file.read(10)
    if start[:3] == b"ID3":
        file.seek(10 + sum((byte & 127) << shift for byte, shift in zip(start[6:10], (21, 14, 7, 0), strict=True)))
    else:
        file.seek(0)
    frame = file.read(4096)
    places = range(len(frame) - 4)
    at = next((place for place in places if frame[place] == 0xFF and frame[place + 1] & 0xE6 == 0xE2), len(frame))
    version, rate = frame[at + 1] >> 3 & 3, frame[at + 2] >> 2 & 3
    is_mono = frame[at + 3] >> 6 == 3
    side = {(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}[version == 3, is_mono]
    tag = frame[at + 4 + side :]
    if tag[:4] not in (b"Xing", b"Info") or not tag[7] & 1:
        return None
    (frames,) = struct.unpack_from(">I", tag, 8)
    return float(frames * (1152 if version == 3 else 576) / _MP3_RATES[version][rate])


def _wave(file: BinaryIO) -> float | None:
    """By the size of the chunk of samples, which is all ones or nothing where its writer did not know."""
    file.seek(12)
    bytes_a_second = 0
    for _ in range(_MOST):
        name, size = struct.unpack("<4sI", file.read(8))
        if name == b"data":
            return size / bytes_a_second if 0 < size < 0xFFFFFF00 else None
        if name == b"fmt ":
            (bytes_a_second,) = struct.unpack_from("<I", file.read(16), 8)
            size -= 16
        file.seek(size + size % 2, os.SEEK_CUR)
    return None


def _aiff(file: BinaryIO) -> float | None:
    """By the common chunk, whose rate is a float of 80 bits."""
    file.seek(12)
    for _ in range(_MOST):
        name, size = struct.unpack(">4sI", file.read(8))
        if name == b"COMM":
            frames, exponent, mantissa = struct.unpack_from(">2xI2xHQ", file.read(18))
            return float(frames / (mantissa * 2.0 ** (exponent - 16383 - 63)))
        file.seek(size + size % 2, os.SEEK_CUR)
    return None


_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


def _asf(file: BinaryIO) -> float | None:
    """By the file properties: the time to play, in units of 100 ns, with the milliseconds before the first sound."""
    data = file.read(1 << 16)
    properties = data[data.index(_ASF_PROPERTIES) :]
    duration, _, preroll = struct.unpack_from("<3Q", properties, 64)
    return float(duration * 1e-7 - preroll * 1e-3)


def _mp4(file: BinaryIO) -> float | None:
    """By the media header of the first track of sound."""
    for name, end in _boxes(file, file.seek(0, os.SEEK_END), 0):
        if name != b"moov":
            continue
        for track, track_end in _boxes(file, end):
            if track == b"trak" and (found := _sound_track(file, track_end)) is not None:
                return found
    return None


def _boxes(file: BinaryIO, end: int, start: int | None = None) -> Iterator[tuple[bytes, int]]:
    """Name and end of every box up to ``end``; the file stands at the content of the one that is told."""
    at = file.tell() if start is None else start
    for _ in range(_MOST):
        file.seek(at)
        header = file.read(8)
        if at >= end or len(header) < 8:
            return
        size, name = struct.unpack(">I4s", header)
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
        at += size if size >= 8 else end - at
        yield name, at


def _sound_track(file: BinaryIO, end: int) -> float | None:
    for media, media_end in _boxes(file, end):
        if media != b"mdia":
            continue
        length, is_sound = 0.0, False
        for name, _ in _boxes(file, media_end):
            content = file.read(32)
            if name == b"mdhd":
                scale, duration = struct.unpack_from(">IQ" if content[0] else ">II", content, 20 if content[0] else 12)
                length = duration / scale
            is_sound = is_sound or (name == b"hdlr" and content[8:12] == b"soun")
        return length if is_sound else None
    return None


_SEGMENT, _INFO, _SCALE, _DURATION = 0x18538067, 0x1549A966, 0x2AD7B1, 0x4489


def _matroska(file: BinaryIO) -> float | None:
    """By the duration of the segment; a film may be longer than its sound, by little."""
    found: dict[int, bytes] = {}
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    for _ in range(_MOST):
        name, size = _vint(file, keep_marker=True), _vint(file)
        if name in (_SEGMENT, _INFO):
            continue
        if name in (_SCALE, _DURATION):
            found[name] = file.read(min(size, 8))
        else:
            file.seek(size, os.SEEK_CUR)
        if _DURATION in found or file.tell() >= end:
            break
    if _DURATION not in found:
        return None
    (length,) = struct.unpack(">d" if len(found[_DURATION]) == 8 else ">f", found[_DURATION])
    return float(length * int.from_bytes(found.get(_SCALE, b"\x0f\x42\x40"), "big") * 1e-9)


def _vint(file: BinaryIO, keep_marker: bool = False) -> int:
    """A number of Matroska, whose first byte tells its length."""
    first = file.read(1)[0]
    length = 9 - first.bit_length()
    value = first if keep_marker else first & (1 << 8 - length) - 1
    return value << 8 * (length - 1) | int.from_bytes(file.read(length - 1), "big")


def _unknown(file: BinaryIO) -> float | None:
    return None


_READERS: dict[bytes, Callable[[BinaryIO], float | None]] = {
    b"fLaC": _flac,
    b"RIFF": _wave,
    b"FORM": _aiff,
    b"0\x26\xb2\x75\x8e\x66\xcf\x11": _asf,
    b"OggS": _unknown,
    b"\x1a\x45\xdf\xa3": _matroska,
    b"ID3": _mp3,
    **{bytes((0xFF, second)): _mp3 for second in range(0xE0, 0x100) if second & 6 == 2},
}
"""First bytes -> who reads the length. MP4 has its own second: it is tried where nothing is known."""
