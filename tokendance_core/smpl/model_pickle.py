"""Reads body models as their makers pickle them: with objects of chumpy and sparse matrices of scipy in them.

Neither package is needed and no code of the file is run: a stand-in keeps the state of such an object, and the array is
worked out from that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

from tokendance_core.files import safe_pickle


class _StandIn(ABC):
    """An object of the file: nothing but its state, whatever that is, which ``array`` of its class understands."""

    __slots__ = ("state",)

    state: Any

    def __setstate__(self, state: object) -> None:
        self.state = state

    @abstractmethod
    def array(self) -> np.ndarray: ...


class _Chumpy(_StandIn):
    """chumpy.ch.Ch: an array."""

    def array(self) -> np.ndarray:
        return array(self.state["x"])


class _Selection(_StandIn):
    """chumpy.reordering.Select: numbers picked from another array, in a shape of their own."""

    def array(self) -> np.ndarray:
        chosen: np.ndarray = array(self.state["a"]).ravel()[array(self.state["idxs"])]
        return chosen.reshape(self.state.get("preferred_shape", chosen.shape))


class _Sparse(_StandIn):
    """scipy.sparse.csc_matrix: column by column the rows that hold a number, and these numbers."""

    def array(self) -> np.ndarray:
        dense: np.ndarray = np.zeros(self.state["_shape"] if "_shape" in self.state else self.state["shape"])
        columns = np.repeat(np.arange(dense.shape[1]), np.diff(self.state["indptr"]))
        np.add.at(dense, (self.state["indices"], columns), self.state["data"])
        return dense


def _rebuild(kind: object, base: object, _: object) -> _StandIn:
    """Stand-in for what old pickles call to make an object before it gets its state."""
    if not (isinstance(kind, type) and issubclass(kind, _StandIn) and base is object):
        raise ValueError("an object is made of something other than its class")
    return kind()


_STAND_INS = {
    "chumpy.ch.Ch": _Chumpy,
    "chumpy.reordering.Select": _Selection,
    "scipy.sparse.csc.csc_matrix": _Sparse,
    "scipy.sparse._csc.csc_matrix": _Sparse,
    "copy_reg._reconstructor": _rebuild,
    "copyreg._reconstructor": _rebuild,
} | {f"{builtins}.{kind.__name__}": kind for builtins in ("__builtin__", "builtins") for kind in (object, set)}
"""Everything that these files name, as Python 2 and 3 and old and new versions of scipy call it; chumpy keeps sets with
its arrays.
"""


def read(path: Path) -> dict[str, object]:
    """The dictionary pickled in ``path``, its values for ``array``; DataError when it names anything else, or is
    damaged.
    """
    return safe_pickle.read(path, _STAND_INS)


def array(value: object) -> np.ndarray:
    """A value that ``read`` found as a plain array; ValueError when its parts do not fit together."""
    if not isinstance(value, _StandIn):
        return np.asarray(value)
    try:
        return value.array()
    except (LookupError, TypeError, AttributeError, RecursionError, MemoryError) as problem:
        raise ValueError(f"{type(problem).__name__}: {problem}") from problem
