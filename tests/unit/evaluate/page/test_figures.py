"""Plots: vector graphics that show every row, the same bytes for the same figures."""

from __future__ import annotations

import pytest

from tokendance_core.errors import DataError
from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.page import figures
from tokendance_core.evaluate.results import SongFigures, SongResult

ROWS = ("model", "real")
SERIES = {"own song": [Estimate(0.5, 0.4, 0.6)] * 2, "other songs": [Estimate(0.3, 0.3, 0.3)] * 2}
COURSE = [
    SongResult(
        f"song {i}",
        "held out",
        beats=[],
        figures=SongFigures(0.2, 1.5, 0.5, 2.0, 0.0),
        energy=[1.0, 2.0, 1.5, 1.0],
        loudness=[3.0, 4.0, 5.0, 4.0],
    )
    for i in range(4)
]
DRAWINGS = {
    "intervals": lambda: figures.interval_plot(ROWS, SERIES, "alignment"),
    "bars": lambda: figures.bars(ROWS, SERIES, "alignment"),
    "lines": lambda: figures.lines({"model": {"0": 1.0, "0.5": 2.0}}, "part", "share"),
    "courses": lambda: figures.courses(COURSE),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings_are_svg_and_repeatable(name):
    drawn = DRAWINGS[name]()
    assert b"<svg" in drawn
    assert b"<dc:date>" not in drawn
    assert drawn == DRAWINGS[name]()


def test_missing_matplotlib_is_one_sentence(monkeypatch):
    monkeypatch.setattr(figures, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="matplotlib") as caught:
        figures.check_installed()
    assert "tokendance[evaluate]" in caught.value.hint
