"""Plots: vector graphics that show every row, the same bytes for the same figures."""

from __future__ import annotations

import pytest

from tokendance_core.errors import DataError
from tokendance_core.evaluate.page import figures

ROWS = {
    name: {"own": {"mean": 0.5, "low": 0.4, "high": 0.6}, "other": {"mean": 0.3, "low": 0.3, "high": 0.3}}
    for name in ("model", "real")
}
COURSE = [{"name": f"song {i}", "energy": [1.0, 2.0, 1.5, 1.0], "loudness": [3.0, 4.0, 5.0, 4.0]} for i in range(4)]
DRAWINGS = {
    "intervals": lambda: figures.interval_plot(ROWS, {"own": "own song", "other": "other songs"}, "alignment"),
    "bars": lambda: figures.bars(ROWS, {"own": "own song", "other": "other songs"}, "alignment"),
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
