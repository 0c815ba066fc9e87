"""Tables for the terminal."""

from __future__ import annotations

from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.page import text


def test_figures_stand_below_each_other_under_the_kinds_of_dance() -> None:
    rows = {
        "model, released settings": {"slide_cm_s": Estimate(2.0, 1.0, 3.0), "clips": 5},
        "real": {"slide_cm_s": 0.1234},
    }
    assert text.table(rows).splitlines() == [
        "               model,   real",
        "             released",
        "             settings",
        "slide, cm/s         2  0.123",
        "clips               5",
    ]
