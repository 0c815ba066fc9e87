"""Reads pickles of numbers, text and numpy arrays without giving them the chance to run code.

A pickle may name any function and have it called. Here it gets stand-ins for the few that numpy's own arrays need, and
what a reader adds; they keep what the file says, check it, and only then is an array made of it.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tokendance_core.errors import DataError
from tokendance_core.files import limits
from tokendance_core.files.guarded import guarded
from tokendance_core.files.pickle_machine import ForbiddenError, Machine, StandIn
from tokendance_core.files.regular_file import open_regular

_HINT = "Download it again from its makers' own site, and do not read files of unknown origin."

_TYPE = re.compile(r"(?:b1|[iu][1248]|f[248]|c8|c16|[SU]\d{1,6})")
"""Numbers and text, as a pickle names them; the number of bytes, for U of letters."""

_MOST_DIMENSIONS = 8
_MOST_LISTED, _LONGEST_TEXT = 1_000_000, 100


class _Type(StandIn):
    """numpy.dtype: a name that says all, to which the state adds the byte order."""

    __slots__ = ("_name", "_order")

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._order = name, "="

    def with_state(self, state: Any) -> _Type:
        if type(state) is not tuple or len(state) < 8:
            raise ValueError("an array type without a state")
        order, *inner, size = state[1:6]
        if order not in ("<", ">", "|", "=") or inner != [None, None, None] or size not in (-1, self.dtype().itemsize):
            raise ValueError("an array type whose state makes no sense")
        self._order = order
        return self

    def dtype(self) -> np.dtype:
        return np.dtype(f"{self._order}{self._name}")


def _type_of(name: object, _: object = False, __: object = True) -> _Type:
    if type(name) is not str or not _TYPE.fullmatch(name):
        raise ForbiddenError(f"an array of {'objects' if name in ('O', 'O4', 'O8') else str(name)[:40]}")
    return _Type(name)


class _Array(StandIn):
    """numpy.ndarray, of which the state tells everything."""

    __slots__ = ()

    def with_state(self, state: Any) -> np.ndarray:
        _, shape, kind, is_fortran, content = state
        return _array(kind, shape, "F" if is_fortran else "C", content)


def _array(kind: object, shape: object, order: object, content: object) -> np.ndarray:
    """The array whose bytes are ``content``, as text in old pickles. It is read-only."""
    if type(content) is str:
        content = content.encode("latin1")
    if type(kind) is not _Type or type(content) is not bytes or type(shape) is not tuple or order not in ("C", "F"):
        raise ValueError("an array whose parts make no sense")
    if len(shape) > _MOST_DIMENSIONS or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"an array of the shape {str(shape)[:80]}")
    dtype = kind.dtype()
    if math.prod(shape) * dtype.itemsize != len(content) or not dtype.itemsize:
        raise ValueError(f"an array {shape} of {dtype} in {len(content)} bytes")
    return np.frombuffer(content, dtype).reshape(shape, order=order)


def _empty_array(_: object, __: object, ___: object) -> _Array:
    return _Array()


def _scalar(kind: object, content: object) -> Any:
    return _array(kind, (), "C", content)[()]


def _from_buffer(content: object, kind: object, shape: object, order: object) -> np.ndarray:
    return _array(kind, shape, order, content)


def _encoded(text: object, encoding: object) -> bytes:
    """What old pickles call to turn text into bytes; any other encoding could name a codec with side effects."""
    if type(text) is not str or encoding != "latin1":
        raise ForbiddenError("text in another encoding than latin1")
    return text.encode("latin1")


_ARRAY_PARTS: Mapping[str, Any] = {
    **{f"numpy.{core}.multiarray._reconstruct": _empty_array for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray.scalar": _scalar for core in ("core", "_core")},
    **{f"numpy.{core}.numeric._frombuffer": _from_buffer for core in ("core", "_core")},
    "numpy.ndarray": _Array,
    "numpy.dtype": _type_of,
    "_codecs.encode": _encoded,
}
"""All that a pickled numpy array may ask for; modules as of numpy 1 and 2."""


@guarded(DataError, "is damaged", _HINT)
def read(path: Path, stand_ins: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The dictionary pickled in ``path``, its arrays read-only; DataError when it holds anything but plain values and
    numeric arrays, or is damaged.

    ``stand_ins``: ``module.name`` -> what the pickle gets for it, as ``Machine`` knows them.
    """
    try:
        with open_regular(path, limits.PICKLE_BYTES) as file:
            found = Machine(file, os.fstat(file.fileno()).st_size, {**_ARRAY_PARTS, **(stand_ins or {})}).run()
    except ForbiddenError as problem:
        raise DataError(
            f"{path.name} holds {problem}, expected nothing but numbers and arrays.", hint=_HINT
        ) from problem
    if type(found) is not dict:
        raise DataError(f"{path.name} holds a {type(found).__name__}, expected a dictionary of arrays.", hint=_HINT)
    return found


def plain_array(value: object) -> np.ndarray:
    """A value that ``read`` found, as an array of whatever it is or lists. ValueError where that would be too great."""
    if isinstance(value, np.ndarray):
        return value
    listed = list(islice(_listed(value, _MOST_DIMENSIONS), _MOST_LISTED + 1))
    if len(listed) > _MOST_LISTED or any(map(_is_great, listed)):
        raise ValueError("a list of more than numbers")
    return np.asarray(value)


def _listed(value: object, depth: int) -> Iterator[object]:
    """What nested lists hold."""
    if isinstance(value, list | tuple) and depth:
        for item in value:
            yield from _listed(item, depth - 1)
    else:
        yield value


def _is_great(value: object) -> bool:
    """Whether room for many of a list's items, each as great as this one, may be too much."""
    return isinstance(value, np.ndarray | list | tuple) or (
        isinstance(value, str | bytes) and len(value) > _LONGEST_TEXT
    )
