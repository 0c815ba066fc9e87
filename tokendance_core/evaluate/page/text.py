"""Tables of a report as plain text, for the terminal."""

from __future__ import annotations

from itertools import zip_longest
from textwrap import wrap

from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.page.page import words
from tokendance_core.evaluate.results import Cell, Table, cells

_WIDEST = 14
"""Characters of a line in the head of a column."""


def table(rows: Table) -> str:
    """Figures down, one line each, and the rows' names across: there are more figures than kinds of dance."""
    figures = {name: cells(row) for name, row in rows.items()}
    columns = list(dict.fromkeys(column for row in figures.values() for column in row))
    lines = [[words(column), *(_figure(row.get(column, "")) for row in figures.values())] for column in columns]
    lines = [["", *head] for head in zip_longest(*(wrap(name, _WIDEST) for name in figures), fillvalue="")] + lines
    widths = [max(map(len, cells_below)) for cells_below in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join((line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:]))).rstrip() for line in lines
    )


def _figure(cell: Cell) -> str:
    value = cell.mean if isinstance(cell, Estimate) else cell
    return value if isinstance(value, str) else f"{value:.3g}"
