"""What a measurement found: a report of sections with tables and gates, and how it is written as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass

from tokendance_core.evaluate.metrics.statistics import Estimate

UNITS = {
    "_cm_per_10s": ", cm in 10 s", "_degrees_per_10s": ", degrees in 10 s", "_per_second": " per second",
    "_cm_s": ", cm/s", "_m_s3": ", m/s³", "_m_s": ", m/s", "_rad_s2": ", rad/s²", "_percent": ", %", "_bits": ", bits",
    "_cm": ", cm", "_m": ", m", "_s": ", s",
}  # fmt: skip
"""End of a column's name -> its unit in words; the first that fits."""

Cell = Estimate | float | str
"""A number, a word, or a mean with its interval."""


@dataclass(frozen=True)
class Row:
    """Base of the rows whose columns are known beforehand: one field a column, None where the row has no such figure.

    A column's name ends with its unit, see ``UNITS``.
    """


Table = Mapping[str, Row | Mapping[str, Cell]]
"""Name of a row -> its figures; a mapping where the columns depend on the data."""


def cells(row: Row | Mapping[str, Cell]) -> dict[str, Cell]:
    """Column -> figure of those that the row has."""
    if not isinstance(row, Row):
        return dict(row)
    figures = {field.name: getattr(row, field.name) for field in fields(row)}
    return {column: figure for column, figure in figures.items() if figure is not None}


def multiples(rows: Table, of: str) -> Table:
    """Every figure of the other rows as a multiple of that of row ``of``, units left out.

    Words and counts are left out, and so is what row ``of`` does not have or has as zero.
    """
    reference = {column: real for column, real in _figures(rows[of]).items() if real}

    def shared(row: Row | Mapping[str, Cell]) -> dict[str, Cell]:
        figures = _figures(row)
        return {_without_unit(name): figures[name] / real for name, real in reference.items() if name in figures}

    return {name: shared(row) for name, row in rows.items() if name != of}


def _figures(row: Row | Mapping[str, Cell]) -> dict[str, float]:
    """Column -> mean of what was measured."""
    measured = {name: cell for name, cell in cells(row).items() if not isinstance(cell, str | int)}
    return {name: cell.mean if isinstance(cell, Estimate) else cell for name, cell in measured.items()}


def _without_unit(column: str) -> str:
    return next((column.removesuffix(ending) for ending in UNITS if column.endswith(ending)), column)


@dataclass(frozen=True)
class Gate:
    """A requirement of a release: ``what`` is measured, with its unit; ``target`` in words."""

    theme: str
    what: str
    figure: float
    target: str
    met: bool


@dataclass(frozen=True)
class Section:
    """One question to the dances: a ``note`` on how to read the figures, ``tables`` by title, and the gates."""

    note: str
    tables: Mapping[str, Table]
    gates: Sequence[Gate] = ()


@dataclass(frozen=True)
class SongFigures(Row):
    """What one dance to a song measures."""

    beat_alignment: float
    motion_beats_per_second: float
    joint_speed_m_s: float
    foot_slide_cm_s: float
    freeze_ratio_percent: float


@dataclass(frozen=True)
class SongResult:
    """A song and its first dance: ``beats`` in seconds; ``energy`` of the dance (m/s) and ``loudness`` of the song (dB)
    by phrase.
    """

    name: str
    split: str
    beats: Sequence[float]
    figures: SongFigures
    energy: Sequence[float] = ()
    loudness: Sequence[float] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that the page shows and ``report.json`` holds.

    ``about``: what was measured, so that the figures can be made again; ``comparable``: whether distances may be
    compared with published ones, None where nothing is published; ``gates`` of all sections by theme; ``sections`` by
    title.
    """

    about: Mapping[str, object]
    comparable: bool | None = None
    gates: Sequence[Gate] = ()
    sections: Mapping[str, Section]
    songs: Sequence[SongResult] = ()


def to_json(value: object) -> object:
    """A report, or a part of it, as JSON can hold it: a dataclass becomes an object with its fields for keys.

    Fields that are None are left out; numbers that are not finite, which JSON does not know, become null.
    """
    if is_dataclass(value):
        found = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: to_json(item) for name, item in found.items() if item is not None}
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
