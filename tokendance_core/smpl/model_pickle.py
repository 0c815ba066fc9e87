"""Body models as their makers pickle them: beside numpy's arrays they hold objects of chumpy and sparse matrices of
scipy.

Neither package is needed and nothing of the file is run: stand-ins keep what such an object was made of, and it is
worked out from there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tokendance_core.files import safe_pickle as restricted_pickle


class _Kept:
    """An object of the file: nothing but its state, which ``array`` of its class understands."""

    __slots__ = ("state",)

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Chumpy(_Kept):
    """chumpy.ch.Ch: an array."""

    def array(self) -> np.ndarray:
        return array(self.state["x"])


class _Selection(_Kept):
    """chumpy.reordering.Select: numbers picked from another array, in a shape of their own."""

    def array(self) -> np.ndarray:
        chosen = array(self.state["a"]).ravel()[array(self.state["idxs"])]
        return chosen.reshape(self.state.get("preferred_shape", chosen.shape))


class _Sparse(_Kept):
    """scipy.sparse.csc_matrix: column by column the rows that hold a number, and these numbers."""

    def array(self) -> np.ndarray:
        dense = np.zeros(self.state["_shape"] if "_shape" in self.state else self.state["shape"])
        columns = np.repeat(np.arange(dense.shape[1]), np.diff(self.state["indptr"]))
        np.add.at(dense, (self.state["indices"], columns), self.state["data"])
        return dense


def _rebuilt(kind: object, base: object, _: object) -> _Kept:
    """What old pickles call to make an object before it gets its state."""
    if not (isinstance(kind, type) and issubclass(kind, _Kept) and base is object):
        raise ValueError("an object is made of something else than its class")
    return kind()


_STAND_INS = {
    "chumpy.ch.Ch": _Chumpy,
    "chumpy.reordering.Select": _Selection,
    "scipy.sparse.csc.csc_matrix": _Sparse,
    "scipy.sparse._csc.csc_matrix": _Sparse,
    "copy_reg._reconstructor": _rebuilt,
    "copyreg._reconstructor": _rebuilt,
} | {f"{builtins}.{kind.__name__}": kind for builtins in ("__builtin__", "builtins") for kind in (object, set)}
"""Everything that these files name, under the names of Python 2 and 3 and of old and new scipy; chumpy keeps sets with
its arrays.
"""


def read(path: Path) -> dict[str, object]:
    """The dictionary pickled in ``path``, its values for ``array``; DataError when it names anything else, or is
    damaged.
    """
    return restricted_pickle.read(path, _STAND_INS)


def array(value: object) -> np.ndarray:
    """A value that ``read`` found as a plain array; ValueError when its parts do not fit together."""
    if not isinstance(value, _Kept):
        return np.asarray(value)
    try:
        return value.array()
    except (LookupError, TypeError, AttributeError, RecursionError, MemoryError) as problem:
        raise ValueError(f"{type(problem).__name__}: {problem}") from problem
