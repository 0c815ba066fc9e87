"""Products by every way of this machine, and work side by side."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokendance_core.engine import compute
from tokendance_core.engine.compute import Compute

WAYS = [Compute(threads, blas=blas) for threads in (1, 2, 3, 8) for blas in (True, False)]


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(1, 1000), batch=st.sampled_from([(), (1,), (2,)]), seed=st.integers(0, 99))
def test_every_way_multiplies(rows: int, batch: tuple[int, ...], seed: int) -> None:
    random = np.random.default_rng(seed)
    x, weight = random.normal(size=(*batch, rows, 7)), random.normal(size=(7, 5))
    x, weight = x.astype(np.float32), weight.astype(np.float32)
    for way in WAYS:
        np.testing.assert_allclose(way.product(x, weight), x @ weight, atol=1e-5)


def test_two_parts_run_side_by_side_where_there_are_threads() -> None:
    meeting = threading.Barrier(2, timeout=20)
    assert Compute(2, blas=True).both(lambda part: (meeting.wait(), part)[1], ["a", "b"]) == ["a", "b"]
    assert Compute(1, blas=True).both(str.upper, ["a", "b"]) == ["A", "B"]


def test_an_error_of_either_part_is_told() -> None:
    def fail(part: int) -> None:
        if part:
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        Compute(2, blas=True).both(fail, [0, 1])


@pytest.mark.parametrize(("blas", "loops", "chosen"), [(1.0, 8.0, True), (1.0, 2.0, False), (6.0, 1.0, False)])
def test_blas_is_used_where_it_is_clearly_faster(monkeypatch, blas: float, loops: float, chosen: bool) -> None:
    monkeypatch.setattr(compute, "_seconds", lambda product, *_: loops if product is compute.by_loops else blas)
    assert compute.has_good_blas() is chosen
    assert (Compute(1).multiply is np.matmul) is chosen


def test_no_more_threads_than_pay(monkeypatch) -> None:
    monkeypatch.setattr(compute.os, "sched_getaffinity", lambda process: set(range(64)), raising=False)
    assert Compute(blas=True).threads == compute.MOST_WITH_BLAS
    assert Compute(blas=False).threads == compute.MOST_WITH_LOOPS
    monkeypatch.setattr(compute.os, "sched_getaffinity", lambda process: {3})
    assert Compute(blas=False).threads == 1
