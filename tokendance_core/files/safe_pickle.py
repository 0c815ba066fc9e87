"""Reads pickles of numbers, text and numpy arrays without giving them the chance to run code.

A pickle may name any function and have it called. Here it gets only the few that numpy's own arrays need, and what a
reader adds.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tokendance_core.errors import DataError

_KINDS = "biufcSU"
"""Kinds of dtype that are read: numbers and text."""

_HINT = "Download it again from its makers' own site, and do not read files of unknown origin."


class _ForbiddenError(pickle.UnpicklingError):
    """The pickle asks for something that is not data."""


def _latin(text: str, encoding: str) -> bytes:
    """Stand-in for what old pickles call to turn text into bytes; any other encoding could name a codec with side
    effects.
    """
    if encoding != "latin1":
        raise _ForbiddenError(f"text in the encoding {encoding}")
    return text.encode(encoding)


def _plain_dtype(kind: Any, align: object = False, _: object = True) -> np.dtype:
    """Stand-in for ``numpy.dtype`` that refuses objects; ``kind`` is whatever the pickle says.

    Always a copy, because the pickle sets its byte order; old ones give their flags as 0 and 1.
    """
    dtype: np.dtype = np.dtype(kind, bool(align), True)
    if dtype.kind not in _KINDS:
        raise _ForbiddenError(f"an array of {dtype}")
    return dtype


def _array_parts() -> dict[str, object]:
    """Name -> stand-in for everything that a pickled numpy array may ask for; modules as of numpy 1 and 2."""
    array = np.empty(0)
    makers = {
        "multiarray._reconstruct": array.__reduce__()[0],
        "multiarray.scalar": np.float64(0).__reduce__()[0],
        "numeric._frombuffer": array.__reduce_ex__(5)[0],
    }
    core = {f"numpy.{core}.{name}": maker for core in ("core", "_core") for name, maker in makers.items()}
    return core | {"numpy.ndarray": np.ndarray, "numpy.dtype": _plain_dtype, "_codecs.encode": _latin}


class _ArrayUnpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, stand_ins: Mapping[str, object]) -> None:
        super().__init__(file, encoding="latin1")
        self._known = {**_array_parts(), **stand_ins}

    def find_class(self, module: str, name: str) -> object:
        try:
            return self._known[f"{module}.{name}"]
        except KeyError:
            raise _ForbiddenError(f"{module}.{name}") from None


def read(path: Path, stand_ins: Mapping[str, object] | None = None) -> dict[str, object]:
    """The dictionary pickled in ``path``; DataError when it holds anything but plain values and numeric arrays, or is
    damaged.

    ``stand_ins``: ``module.name`` -> what the pickle gets for it. The pickle may call it and set its state as it likes:
    give it only what does nothing else.
    """
    try:
        with path.open("rb") as file:
            found = _ArrayUnpickler(file, stand_ins or {}).load()
    except _ForbiddenError as problem:
        raise DataError(
            f"{path.name} holds {problem}, expected nothing but numbers and arrays.", hint=_HINT
        ) from problem
    except OSError as problem:
        raise DataError(
            f"{path.name} cannot be read: {problem.strerror or problem}.", hint="Check that you may read the file."
        ) from problem
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
        OverflowError,
        MemoryError,
    ) as problem:
        raise DataError(f"{path.name} is damaged: {problem or type(problem).__name__}.", hint=_HINT) from problem
    if not isinstance(found, dict):
        raise DataError(f"{path.name} holds a {type(found).__name__}, expected a dictionary of arrays.", hint=_HINT)
    return found
