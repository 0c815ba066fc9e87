"""Work on numbered pieces, shared out over processes that are copies of this one."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

import torch

from tokendance_core.errors import TokenDanceError

Piece = TypeVar("Piece")
Enough = Callable[[], bool]


def never() -> bool:
    """For work that is done to its end."""
    return False


def make_all(make: Callable[[int], Piece], count: int, *, workers: int = 1, enough: Enough = never) -> list[Piece]:
    """``make`` of 0 to ``count`` - 1 in order; those not begun when ``enough`` is true are left out, but for the first.

    By several processes where these can be copied (not on Windows); the copies must not use a graphics card.
    TokenDanceError when one of them ends early.
    """
    if workers == 1 or "fork" not in multiprocessing.get_all_start_methods():
        return [piece for _, piece in _some(make, range(count), enough)]
    context = multiprocessing.get_context("fork")
    running = []
    for worker in range(min(workers, count)):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(theirs, make, range(worker, count, workers), enough), daemon=True)
        process.start()
        theirs.close()
        running.append((process, ours))
    made: list[tuple[int, Piece]] = []
    for process, results in running:
        try:
            made += results.recv()
        except EOFError:
            raise TokenDanceError(
                "A process that shared the work ended early.", hint="What it said stands above. Try --threads 1."
            ) from None
        process.join()
    return [piece for _, piece in sorted(made, key=lambda numbered: numbered[0])]


def _some(make: Callable[[int], Piece], numbers: range, enough: Enough) -> list[tuple[int, Piece]]:
    made: list[tuple[int, Piece]] = []
    for number in numbers:
        if made and enough():
            break
        made.append((number, make(number)))
    return made


def _work(results: Connection, make: Callable[[int], Any], numbers: range, enough: Enough) -> None:
    torch.set_num_threads(1)  # threads do not survive being copied
    results.send(_some(make, numbers, enough))
