"""Tables of a report as plain text, for the terminal."""

from __future__ import annotations

from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.page.page import words
from tokendance_core.evaluate.results import Cell, Table, cells


def table(rows: Table) -> str:
    """Figures down, one line each, and the rows' names across: there are more figures than kinds of dance."""
    figures = {name: cells(row) for name, row in rows.items()}
    columns = list(dict.fromkeys(column for row in figures.values() for column in row))
    lines = [["", *figures]]
    lines += [[words(column), *(_figure(row.get(column, "")) for row in figures.values())] for column in columns]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join((line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))))
        for line in lines
    )


def _figure(cell: Cell) -> str:
    value = cell.mean if isinstance(cell, Estimate) else cell
    return value if isinstance(value, str) else f"{value:.3g}"
