"""Reads body models as their makers pickle them: with objects of chumpy and sparse matrices of scipy in them.

Neither package is needed and no code of the file is run: a stand-in keeps the state of such an object, and the array is
worked out from that.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

from tokendance_core.files import safe_pickle
from tokendance_core.files.pickle_machine import StandIn

_MOST_NUMBERS = 20_000_000
"""Of a sparse matrix, written out: SMPL-X has 55 joints × 10,475 vertices."""

_MOST_LEVELS = 4
"""Arrays that are selections of another."""


class _Object(StandIn):
    """An object of the file: nothing but its state, by name, which ``array`` of its class understands."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        super().__init__()
        self._state: dict[str, Any] = {}

    def with_state(self, state: Any) -> _Object:
        if type(state) is not dict:
            raise ValueError("an object whose state is no dictionary")
        self._state = state
        return self

    @abstractmethod
    def array(self, levels: int) -> np.ndarray:
        """The array, made of what lies at most ``levels`` deep."""


class _Chumpy(_Object):
    """chumpy.ch.Ch: an array."""

    __slots__ = ()

    def array(self, levels: int) -> np.ndarray:
        return array(self._state["x"], levels - 1)


class _Selection(_Object):
    """chumpy.reordering.Select: numbers picked from another array, in a shape of their own."""

    __slots__ = ()

    def array(self, levels: int) -> np.ndarray:
        picked = array(self._state["idxs"], levels - 1)
        chosen: np.ndarray = array(self._state["a"], levels - 1).ravel()[picked]
        return chosen.reshape(self._state.get("preferred_shape", chosen.shape))


class _Sparse(_Object):
    """scipy.sparse.csc_matrix: column by column the rows that hold a number, and these numbers."""

    __slots__ = ()

    def array(self, levels: int) -> np.ndarray:
        rows, columns = self._state["_shape"] if "_shape" in self._state else self._state["shape"]
        places, ends, values = (safe_pickle.plain_array(self._state[name]) for name in ("indices", "indptr", "data"))
        if type(rows) is not int or type(columns) is not int or not 0 <= rows * columns <= _MOST_NUMBERS:
            raise ValueError(f"a matrix of {rows} × {columns}")
        if ends.shape != (columns + 1,) or ends[0] != 0 or ends[-1] != len(values) or (ends[:-1] > ends[1:]).any():
            raise ValueError("indptr does not fit the columns")
        dense: np.ndarray = np.zeros((rows, columns))
        np.add.at(dense, (places, np.repeat(np.arange(columns), np.diff(ends.astype(np.int64)))), values)
        return dense


def _rebuilt(kind: object, base: object, _: object) -> _Object:
    """Stand-in for what old pickles call to make an object before it gets its state."""
    if not (isinstance(kind, type) and issubclass(kind, _Object) and base is _AnyObject):
        raise ValueError("an object is made of something other than its class")
    return kind()


class _AnyObject(StandIn):
    """Python's ``object``."""

    __slots__ = ()


def _set(members: object = ()) -> object:
    """A set, which nobody asks for."""
    return members


_STAND_INS = {
    "chumpy.ch.Ch": _Chumpy,
    "chumpy.reordering.Select": _Selection,
    "scipy.sparse.csc.csc_matrix": _Sparse,
    "scipy.sparse._csc.csc_matrix": _Sparse,
    "copy_reg._reconstructor": _rebuilt,
    "copyreg._reconstructor": _rebuilt,
    **{f"{builtins}.object": _AnyObject for builtins in ("__builtin__", "builtins")},
    **{f"{builtins}.set": _set for builtins in ("__builtin__", "builtins")},
}
"""Everything that these files name, as Python 2 and 3 and old and new versions of scipy call it; chumpy keeps sets with
its arrays.
"""


def read(path: Path) -> dict[str, Any]:
    """The dictionary pickled in ``path``, its values for ``array``; DataError when it names anything else, or is
    damaged.
    """
    return safe_pickle.read(path, _STAND_INS)


def array(value: object, levels: int = _MOST_LEVELS) -> np.ndarray:
    """A value that ``read`` found as a plain array; ValueError when its parts do not fit together."""
    if not isinstance(value, _Object):
        return safe_pickle.plain_array(value)
    try:
        if not levels:
            raise RecursionError(f"more than {_MOST_LEVELS} arrays within each other")
        return value.array(levels)
    except (LookupError, TypeError, AttributeError, RecursionError, MemoryError) as problem:
        raise ValueError(f"{type(problem).__name__}: {problem}") from problem
