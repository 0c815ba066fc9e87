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
from itertools import pairwise
from typing import TypeVar

import numpy as np

_In = TypeVar("_In")
_Out = TypeVar("_Out")
_Product = Callable[[np.ndarray, np.ndarray], np.ndarray]

MOST_THREADS = 8
"""More gain nothing: what is not shared out takes longest then."""

_FEWEST_ROWS = 96
"""Rows worth a thread of their own."""

_CLEARLY_FASTER = 2.5
"""A good BLAS is four to fifty times faster than ``einsum``, a plain one never twice."""


def usable_threads() -> int:
    """As many as this process may use of the processor, ``MOST_THREADS`` at most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_THREADS)


def by_loops(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The product of two matrices, or of two stacks of them, without BLAS."""
    made: np.ndarray = np.einsum("...ij,...jk->...ik", x, weight)
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
        self.threads = threads or usable_threads()
        self.multiply: _Product = np.matmul if (has_good_blas() if blas is None else blas) else by_loops
        many = self.threads > 1
        # Two pools: who waits in the first for blocks of the second can never wait for himself.
        self._halves = ThreadPoolExecutor(1, "tokendance") if many else None
        self._blocks = ThreadPoolExecutor(self.threads - 2, "tokendance") if self.threads > 2 else None

    def product(self, x: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """(B, L, K) or (L, K) times (K, N)."""
        parts = min(self.threads // 2, x.shape[-2] // _FEWEST_ROWS)
        if self._blocks is None or parts < 2:
            return self.multiply(x, weight)
        made = np.empty((*x.shape[:-1], weight.shape[-1]), np.float32)
        cuts = np.linspace(0, x.shape[-2], parts + 1).astype(int)

        def fill(rows: slice) -> None:
            made[..., rows, :] = self.multiply(x[..., rows, :], weight)

        rows = [slice(*ends) for ends in pairwise(cuts)]
        others = [self._blocks.submit(fill, each) for each in rows[1:]]
        fill(rows[0])
        for other in others:
            other.result()
        return made

    def both(self, work: Callable[[_In], _Out], parts: Sequence[_In]) -> list[_Out]:
        """``work`` of two parts side by side, in their order; the caller does the first one."""
        if self._halves is None:
            return [work(part) for part in parts]
        rest = [self._halves.submit(work, part) for part in parts[1:]]
        return [work(parts[0]), *(each.result() for each in rest)]
