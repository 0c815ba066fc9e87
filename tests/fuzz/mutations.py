"""What a file may have become on its way: bytes, numbers and words changed, pieces lost, doubled and swapped.

A mutation takes the bytes of a sound file and a random generator. ``within`` a container it changes what the container
holds and packs that again, so that checksums and lengths are right and the readers behind them are reached.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

Mutation = Callable[[bytes, Random], bytes]

_NUMBERS = (
    *("0", "-1", "1", "2", "255", "65536", "4294967295", "-9223372036854775808", "99999999999", "1" * 400, "0x10"),
    *("1e-320", "-0.0333", "1e9", "1e39", "1e300", "1e400", "nan", "inf", "-inf", "NaN", "Infinity", "true", "null"),
)
_WORDS = (
    "",
    "é",
    "\\ud800",
    "\\u0000",
    "O",
    "Wrotation",
    "x" * 5000,
    "[" * 5000,
    "(" * 200,
    "{" * 200,
    "\n",
    "..",
    "/dev/zero",
    "scalar",
    "dtype",
    "S8",
    "U1",
)
_SIZES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
_NUMBER = re.compile(rb"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_WORD = re.compile(rb"[A-Za-z_]{2,}")

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**30, 1e308, "", "x", "é", "\ud800", "x" * 5000, [], {}, [[]], {"": 0}, [None]),
    *([1, 2], {"a": {"b": []}}, "../../x", float("nan"), float("inf"), "NUL", 2**53),
)
"""What may stand where JSON expects something else."""

ARRAYS: tuple[np.ndarray, ...] = (
    *(np.array(value) for value in (0, -1, 1e-5, np.inf, np.nan, 1e300, 2**62, "x", "[1]", "{", "\ud800", b"x", 1j)),
    *(np.empty(0), np.empty((0, 24, 6), np.float32), np.empty((3, 0)), np.zeros((7, 24, 6), np.int64)),
    *(np.zeros((7, 24, 6), kind) for kind in ("f2", ">f4", "f8", "c8", "?", "S3", "U2", "M8[s]")),
    *(np.zeros((7, 24, 6), "f4"), np.full((7, 24, 6), 1e38, "f4"), np.full((7, 3), np.nan), np.full((7, 3), 1e38)),
    *(np.full((7, 3), "1"), np.zeros((7, 72)), np.zeros((7, 3)), np.zeros((7, 3), "f4", "F"), np.array(['{"a": NaN}'])),
)
"""What may stand where an npz holds another array."""


def of_bytes(content: bytes, rng: Random) -> bytes:
    """A few changes anywhere."""
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        content = rng.choice(_CHANGES)(content, rng)
    return content


def _flip(content: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(content) or 1)
    return content[:at] + bytes(byte ^ (1 << rng.randrange(8)) for byte in content[at : at + 1]) + content[at + 1 :]


def _overwrite(content: bytes, rng: Random) -> bytes:
    """An unlikely number in place of the next one, two, four or eight bytes."""
    form = rng.choice(("<B", "<H", "<I", "<Q", ">H", ">I"))
    size = struct.calcsize(form)
    at = rng.randrange(len(content) + 1)
    number = rng.choice(_SIZES) & (256**size - 1)
    return content[:at] + struct.pack(form, number) + content[at + size :]


def _cut(content: bytes, rng: Random) -> bytes:
    first, last = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    return content[:first] + content[last:] if rng.random() < 0.5 else content[:last]


def _double(content: bytes, rng: Random) -> bytes:
    first, last = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    return content[:last] + content[first : min(last, first + 10_000)] * rng.choice((1, 1, 20)) + content[last:]


def _insert(content: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.randbytes(rng.choice((1, 2, 8, 100))) + content[at:]


def _swap(content: bytes, rng: Random) -> bytes:
    first, middle, last = sorted(rng.randrange(len(content) + 1) for _ in range(3))
    return content[:first] + content[middle:last] + content[first:middle] + content[last:]


def _number(content: bytes, rng: Random) -> bytes:
    return _instead(content, rng, _NUMBER, _NUMBERS)


def _word(content: bytes, rng: Random) -> bytes:
    return _instead(content, rng, _WORD, _WORDS)


def _instead(content: bytes, rng: Random, pattern: re.Pattern[bytes], choices: tuple[str, ...]) -> bytes:
    """Another word in place of one of the matches, near the beginning as often as anywhere."""
    found = list(pattern.finditer(content, 0, rng.choice((300, 20_000))))
    if not found:
        return content
    match = rng.choice(found)
    return content[: match.start()] + rng.choice(choices).encode() + content[match.end() :]


_CHANGES: tuple[Mutation, ...] = (_flip, _overwrite, _cut, _double, _insert, _swap, _number, _number, _word)


def of_json(content: bytes, rng: Random) -> bytes:
    """Another value in place of one anywhere in a JSON text, or a key more."""
    value = json.loads(content)
    for _ in range(rng.choice((1, 1, 2))):
        value = _changed(value, rng)
    return json.dumps(value).encode()


def _changed(value: Any, rng: Random) -> Any:
    places: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    if not places or rng.random() < 0.15:
        return rng.choice(VALUES)
    changed, place = value.copy(), rng.choice(places)
    if isinstance(changed, dict) and rng.random() < 0.1:
        return {**changed, rng.choice(("", "x", "\ud800")): rng.choice(VALUES)}
    if rng.random() < 0.1:
        del changed[place]
    else:
        changed[place] = _changed(changed[place], rng)
    return changed


_PACKINGS = (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def within_zip(inner: Mutation = of_bytes) -> Mutation:
    """One member of a zip archive, which may be another array or of another name; or the archive itself."""

    def mutate(content: bytes, rng: Random) -> bytes:
        if rng.random() < 0.3:
            return of_bytes(content, rng)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        name = rng.choice(list(members))
        choice = rng.random()
        if choice < 0.45:
            packed = io.BytesIO()
            np.save(packed, rng.choice(ARRAYS), allow_pickle=False)
            members[name] = packed.getvalue()
        elif choice < 0.5:
            members[rng.choice(("x", "x.npy", "../x.npy", "format.npy", "poses.npy"))] = members.pop(name)
        else:
            members[name] = inner(members[name], rng)
        packing = zipfile.ZIP_STORED if rng.random() < 0.8 else rng.choice(_PACKINGS)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", packing) as archive:
            for member, data in members.items():
                archive.writestr(member, data)
        return out.getvalue()

    return mutate


def within_zlib(inner: Mutation) -> Mutation:
    """What a deflated text holds, or the text itself."""

    def mutate(content: bytes, rng: Random) -> bytes:
        if rng.random() < 0.2:
            return of_bytes(content, rng)
        return zlib.compress(inner(zlib.decompress(content), rng), 1)

    return mutate


def within_tensors(content: bytes, rng: Random) -> bytes:
    """The header of a safetensors file, the JSON inside its metadata, or any bytes."""
    if rng.random() < 0.3:
        return of_bytes(content, rng)
    size = int.from_bytes(content[:8], "little")
    header, rest = json.loads(content[8 : 8 + size]), content[8 + size :]
    if rng.random() < 0.7:
        header["__metadata__"]["header"] = of_json(header["__metadata__"]["header"].encode(), rng).decode()
    else:
        header = _changed(header, rng)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + rest


def either(*mutations: Mutation) -> Mutation:
    """One of several, drawn anew each time."""
    return lambda content, rng: rng.choice(mutations)(content, rng)
