"""The progress bar, on terminals of any width and without one."""

from __future__ import annotations

import io
import os

import pytest

from tokendance_core.commands.reports import ProgressBar


class Terminal(io.StringIO):
    """Keeps what it is sent; ``columns`` wide, None where it does not tell."""

    columns: int | None = 80

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return -1

    def lines(self) -> list[str]:
        return [line for line in self.getvalue().split("\r") if line]


@pytest.fixture
def terminal(monkeypatch) -> Terminal:
    made = Terminal()

    def size(_file: int) -> os.terminal_size:
        if made.columns is None:
            raise OSError("not a terminal")
        return os.terminal_size((made.columns, 24))

    monkeypatch.setattr(os, "get_terminal_size", size)
    return made


def test_it_tells_stage_share_and_time(terminal):
    bar = ProgressBar(terminal)
    for fraction in (0.0, 0.5, 1.0):
        bar.show("generator", fraction)
    empty, half, full = terminal.lines()
    assert empty.startswith("generator     0% | ")
    assert half.startswith("generator    50% |####")
    assert full.startswith("generator   100% |####")
    assert full.rstrip().endswith("| 0:00")
    assert empty.count("#") == 0 < half.count("#") == full.count("#") // 2


@pytest.mark.parametrize("columns", [0, 2, 19, 20, 26, 60, 500, None])
def test_it_stays_on_one_line_of_any_terminal(terminal, columns):
    bar = ProgressBar(terminal)
    bar.show("generator", 0.3)
    terminal.columns = columns
    bar.show("generator", 0.7)
    assert len(terminal.lines()[-1]) < (columns or 80)


def test_a_shorter_stage_leaves_nothing_of_a_longer_one(terminal):
    bar = ProgressBar(terminal)
    bar.show("a long name of a stage", 1.0)
    bar.show("load", 0.0)
    long, short = terminal.lines()
    assert len(long) == len(short)
    bar.clear()
    assert set(terminal.lines()[-1]) == {" "}
    assert terminal.getvalue().endswith("\r")


def test_nobody_watches_a_file(capsys):
    file = io.StringIO()
    bar = ProgressBar(file)
    bar.show("load", 0.5)
    bar.clear()
    assert file.getvalue() == ""
