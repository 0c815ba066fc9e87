from __future__ import annotations

import os
import time

import pytest

from tokendance_core.errors import TokenDanceError
from tokendance_core.train.workers import make_all


@pytest.mark.parametrize("workers", [1, 3, 20])
def test_pieces_come_in_order_whoever_makes_them(workers: int) -> None:
    assert make_all(lambda number: number**2, 10, workers=workers) == [number**2 for number in range(10)]


@pytest.mark.parametrize("workers", [1, 2])
def test_no_piece_is_begun_when_there_is_enough(workers: int) -> None:
    until = time.monotonic() + 0.3

    def make(number: int) -> int:
        time.sleep(0.05)
        return number

    made = make_all(make, 1000, workers=workers, enough=lambda: time.monotonic() > until)
    assert workers <= len(made) < 20 * workers
    assert made == sorted(made)


def test_each_worker_makes_one_piece_at_least() -> None:
    assert make_all(lambda number: number, 5, workers=2, enough=lambda: True) == [0, 1]


def test_a_worker_that_is_killed_is_noticed() -> None:
    def make(number: int) -> int:
        if number == 3:
            os._exit(1)
        return number

    with pytest.raises(TokenDanceError, match="ended early"):
        make_all(make, 6, workers=2)
