"""How this machine multiplies matrices, and what runs side by side.

By BLAS, where numpy has a good one. Blender builds its numpy without, and Linux distributions bring a plain one: there
``matmul`` is up to fifty times slower, and the loops of ``einsum``, which are made for vectors, are the faster way.

Threads are our own. They share out blocks of rows and the two directions of time, and wait for each other asleep; those
of BLAS and OpenMP wait spinning, at every product, which beside another busy program takes many times as long.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from itertools import pairwise
from typing import TypeVar

import numpy as np

_In = TypeVar("_In")
_Out = TypeVar("_Out")
_Product = Callable[..., np.ndarray]
_Work = Callable[[np.ndarray, np.ndarray], object]
"""Fills the second array, row by row, from the first."""

MOST_WITH_BLAS, MOST_WITH_LOOPS = 4, 8
"""Threads. More gain nothing: what is not shared out takes longest then, and with BLAS that is soon."""

_FEWEST_ROWS = 96
"""Rows worth a thread of their own."""

_ROWS_ALONE, _ROWS_TOGETHER = 512, 2048
"""Places taken at once. By one thread: as many as stay in the cache of a core. By several: more, because between two
steps threads of Python wait for each other.
"""

_CLEARLY_FASTER = 2.5
"""A good BLAS is four to fifty times faster than ``einsum``, a plain one never twice."""


def usable_threads(most: int) -> int:
    """As many as this process may use of the processor, ``most`` of them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, most)


def by_loops(x: np.ndarray, weight: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """The product of two matrices, or of two stacks of them, without BLAS."""
    made: np.ndarray = np.einsum("...ij,...jk->...ik", x, weight, out=out)
    return made


def has_good_blas() -> bool:
    """Whether ``matmul`` is clearly the faster way on this machine: tried on one small product, in milliseconds."""
    x, weight = np.ones((64, 160), np.float32), np.ones((160, 320), np.float32)
    return _CLEARLY_FASTER * _seconds(np.matmul, x, weight) < _seconds(by_loops, x, weight)


def _seconds(product: _Product, x: np.ndarray, weight: np.ndarray) -> float:
    """The least of a few runs: the one that nothing disturbed."""
    found = []
    for _ in range(4):
        began = time.perf_counter()
        product(x, weight)
        found.append(time.perf_counter() - began)
    return min(found)


class Compute:
    """Products and parallel work on ``threads`` threads, the caller's among them (None: as many as are usable);
    ``blas`` chooses the way of multiplying (None: the faster one).
    """

    def __init__(self, threads: int | None = None, blas: bool | None = None) -> None:
        blas = has_good_blas() if blas is None else blas
        self.multiply: _Product = np.matmul if blas else by_loops
        self.threads = threads or usable_threads(MOST_WITH_BLAS if blas else MOST_WITH_LOOPS)
        self.rows = _ROWS_ALONE if self.threads == 1 else _ROWS_TOGETHER
        # Two pools: who waits for blocks of rows never waits for himself.
        many = self.threads > 1
        self._halves = ThreadPoolExecutor(1, "tokendance") if many else None
        self._blocks = ThreadPoolExecutor(self.threads - 1, "tokendance") if many else None

    def with_threads(self, threads: int) -> Compute:
        """The same for a part of the work, which may use so many of the threads."""
        part = copy(self)
        part.threads = max(threads, 1)
        return part

    def by_rows(self, work: _Work, x: np.ndarray, made: np.ndarray) -> np.ndarray:
        """Fills ``made`` (…, L, columns) and returns it: ``work`` fills each stretch of rows from the same stretch of
        ``x`` (…, L, C). Stretches are short enough for the cache of a core, and shared out over the threads.
        """
        length = x.shape[-2]
        shares = max(min(self.threads, length // _FEWEST_ROWS), 1)
        cuts = np.linspace(0, length, max(shares, -(-length // self.rows)) + 1).astype(int)
        rows = [slice(*ends) for ends in pairwise(cuts)]

        def fill(share: int) -> None:
            for some in rows[share::shares]:
                work(x[..., some, :], made[..., some, :])

        others = [self._blocks.submit(fill, share) for share in range(1, shares)] if self._blocks else []
        fill(0)
        for other in others:
            other.result()
        return made

    def product(self, x: np.ndarray, weight: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """(…, L, K) times (K, N), in ``out`` or in a new array."""
        made = np.empty((*x.shape[:-1], weight.shape[-1]), np.float32) if out is None else out
        if self.threads == 1:
            return self.multiply(x, weight, out=made)
        return self.by_rows(lambda rows, some: self.multiply(rows, weight, out=some), x, made)

    def both(self, work: Callable[[_In], _Out], parts: Sequence[_In]) -> list[_Out]:
        """``work`` of two parts side by side, in their order; the caller does the first one."""
        if self._halves is None:
            return [work(part) for part in parts]
        rest = [self._halves.submit(work, part) for part in parts[1:]]
        return [work(parts[0]), *(each.result() for each in rest)]
