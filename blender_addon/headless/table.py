"""The table of a batch: songs × characters as CSV or JSON, read into jobs. Nothing is looked at but the table.

CSV has a header row, and commas, semicolons or tabs between its cells; a cell of ``song``, ``character``, ``genre`` or
``seed`` may hold several values, separated by ``;``. JSON is a list of objects, or ``{"defaults": {…}, "jobs": […]}``,
where these four may be lists. Several values give every combination.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from tokendance_core import (
    GenerateSettings,
    SettingError,
    SongPart,
    declared_options,
    guarded,
    parse_json,
    read_text,
)

from ..options import QUALITY_STEPS, Fitting, Placement
from . import exchange

MULTIPLIED = ("song", "character", "genre", "seed")
"""Columns that may hold several values."""

_LONGEST = 160
"""Bytes of a name; most file systems take 255, and a temporary prefix, a suffix and a number come to it."""

_LONGEST_CELL = 20_000
"""Letters."""

_MOST_JOBS = 50_000

_RESERVED = {
    *("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"),
    *(f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"),
}
"""What Windows keeps for itself, whatever suffix comes behind it."""

_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]+')
_DELIMITERS = (",", ";", "\t")

_Settings = TypeVar("_Settings", GenerateSettings, SongPart, Placement)


def _quality(text: str) -> int:
    return QUALITY_STEPS[text.lower()]


def _formats(text: str) -> tuple[str, ...]:
    suffixes = tuple("." + part.lower().lstrip(".") for part in re.split(r"[;,\s]+", text.strip()) if part)
    if not set(suffixes) <= exchange.WRITERS.keys():
        raise ValueError(text)
    return suffixes


_KINDS = (GenerateSettings, SongPart, Fitting)
"""Whose options are columns, each under its own name."""

_OPTIONS = {name: declared for kind in _KINDS for name, declared in declared_options(kind).items()}
_OPTIONS.pop("speed")  # a song in a batch is played as it is

# column -> how its text becomes a value, and what is expected, for the message
_COLUMNS: dict[str, tuple[Callable[[str], object], str]] = {
    "song": (str, "a sound file"),
    "character": (str, "a character file, or nothing for the mannequin"),
    "armature": (str, "the name of an armature"),
    "name": (str, "a file name without suffix"),
    "format": (_formats, ", ".join(exchange.WRITERS)),
    "quality": (_quality, " or ".join(QUALITY_STEPS)),
    **{name: (declared.parse, declared.expected) for name, declared in _OPTIONS.items()},
}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One song on one character; ``character`` None is the mannequin, ``formats`` empty the batch's own."""

    song: Path
    name: str
    character: Path | None = None
    armature: str = ""
    formats: tuple[str, ...] = ()
    settings: GenerateSettings = field(default_factory=GenerateSettings)
    part: SongPart = field(default_factory=SongPart)
    placement: Placement = field(default_factory=Placement)


@guarded(SettingError, "is no table that can be read", "Save it as CSV or JSON in UTF-8.")
def read(path: Path) -> list[Job]:
    """The jobs of a table, names made unique, files relative to the table; SettingError that names row and column for
    anything wrong.
    """
    try:
        text = read_text(path)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise SettingError(
            f"The table {path} cannot be read: {reason}.", hint="Save it as CSV or JSON in UTF-8."
        ) from None
    rows = _json_rows(text, path) if path.suffix.lower() == ".json" else _csv_rows(text)
    parsed = [_parsed(row, number) for number, row in rows]
    count = sum(math.prod(map(len, row.values())) for row in parsed)
    if count > _MOST_JOBS:
        raise SettingError(
            f"The table {path} asks for {count} dances, expected {_MOST_JOBS} at most.", hint="Make several tables."
        )
    jobs = [_job(values, path.parent) for row in parsed for values in _combinations(row)]
    if not jobs:
        raise SettingError(f"The table {path} has no rows.", hint="Give at least one row with a song.")
    return list(_with_unique_names(jobs))


def _csv_rows(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    delimiter = max(_DELIMITERS, key=lambda one: len(set(_header(text, one)) & _COLUMNS.keys()))
    columns = _header(text, delimiter)
    twice = [column for column in columns if columns.count(column) > 1]
    if twice:
        raise SettingError(f"The table has the column “{twice[0]}” twice.", hint="Give each column a name of its own.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    for row in itertools.islice(_checked(reader), 1, None):
        number = reader.line_num
        if len(row) > len(columns):
            raise SettingError(
                f"Row {number} has more cells than the header.", hint=f"Quote cells that hold a “{delimiter}”."
            )
        cells = {column: cell.strip() for column, cell in zip(columns, row, strict=False)}
        if any(cells.values()):
            split = {
                column: cell.split(";") if column in MULTIPLIED and ";" in cell else cell
                for column, cell in cells.items()
            }
            yield number, {column: cell for column, cell in split.items() if cell != ""}


def _header(text: str, delimiter: str) -> list[str]:
    """The columns as the first line names them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    return [cell.strip().lower() for cell in next(_checked(reader), [])]


def _checked(reader: Any) -> Iterator[list[str]]:
    """The rows of a CSV; SettingError that names the one that cannot be read."""
    try:
        for row in reader:
            if any(len(cell) > _LONGEST_CELL for cell in row):
                raise csv.Error(f"a cell has more than {_LONGEST_CELL} letters")
            yield row
    except csv.Error as error:
        raise SettingError(
            f"Row {reader.line_num} cannot be read: {error}.", hint="Look for a quotation mark that is never closed."
        ) from None


def _json_rows(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    try:
        content = parse_json(text)
    except ValueError as error:
        raise SettingError(f"The table {path} is no JSON: {error}.", hint="Check its commas and quotes.") from None
    defaults, jobs = (content.get("defaults", {}), content.get("jobs")) if isinstance(content, dict) else ({}, content)
    if not isinstance(jobs, list) or not isinstance(defaults, dict):
        raise SettingError(
            f"The table {path} is no list of jobs.",
            hint='Write [{"song": "a.mp3"}, …] or {"defaults": {…}, "jobs": […]}.',
        )
    for number, job in enumerate(jobs, 1):
        if not isinstance(job, dict):
            raise SettingError(
                f"Job {number} is {json.dumps(job)}, expected an object.", hint='Write {"song": "a.mp3"}.'
            )
        yield number, {column: value for column, value in (defaults | job).items() if value not in (None, "")}


def _parsed(row: Mapping[str, object], number: int) -> dict[str, list[object]]:
    """Column -> its values, one or several."""
    if not row.get("song"):
        raise SettingError(f"Row {number} has no song.", hint="Fill its column “song”.")
    if {"steps", "quality"} <= row.keys():
        raise SettingError(f"Row {number} has both steps and quality.", hint="Give one of them.")
    found: dict[str, list[object]] = {}
    for column, cell in row.items():
        if column not in _COLUMNS:
            raise SettingError(
                f"Row {number} has an unknown column “{column}”.", hint=f"Known are {', '.join(_COLUMNS)}."
            )
        several = cell if isinstance(cell, list) and column in MULTIPLIED else [cell]
        if not several:
            raise SettingError(
                f"Row {number}, column “{column}”: the list is empty.", hint="Give a value, or leave the column out."
            )
        if column != "character" and any(value in (None, "") for value in several):
            raise SettingError(
                f"Row {number}, column “{column}”: one of several values is empty.", hint="Fill it, or leave it out."
            )
        found[column] = [_value(column, value, number) for value in several]
    return found


def _value(column: str, value: object, number: int) -> object:
    parse, expected = _COLUMNS[column]
    text = ";".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    try:
        if isinstance(value, dict) or (isinstance(value, list) and column != "format"):
            raise ValueError
        if isinstance(value, bool) and parse is str:
            raise ValueError
        return parse(text.strip())
    except (ValueError, KeyError, SettingError):
        raise SettingError(
            f"Row {number}, column “{column}”: found {text!r}, expected {expected}.", hint="Correct the table."
        ) from None


def _combinations(values: Mapping[str, list[object]]) -> Iterator[dict[str, object]]:
    for combination in itertools.product(*values.values()):
        yield dict(zip(values, combination, strict=True))


def _job(values: dict[str, Any], folder: Path) -> Job:
    values = dict(values)
    if "quality" in values:
        values["steps"] = values.pop("quality")
    song, character = folder / str(values["song"]), str(values.get("character", ""))
    settings = _given(GenerateSettings, values)
    parts = (song.stem, Path(character).stem, settings.genre, settings.seed)
    name = safe(str(values.get("name", "")) or " ".join(str(part) for part in parts if part != ""))
    return Job(
        song=song,
        name=name,
        character=folder / character if character else None,
        armature=str(values.get("armature", "")),
        formats=values.get("format", ()),
        settings=settings,
        part=_given(SongPart, values),
        placement=_given(Placement, values),
    )


def _given(settings: type[_Settings], values: Mapping[str, Any]) -> _Settings:
    """The settings with those of the values that are options of theirs."""
    return settings(**{name: values[name] for name in declared_options(settings) if name in values})


def safe(name: str) -> str:
    """The name without what file systems refuse, at most ``_LONGEST`` bytes."""
    short = _UNSAFE.sub("_", name).encode()[:_LONGEST].decode(errors="ignore").strip(". ")
    return f"_{short}" if short.split(".")[0].rstrip().upper() in _RESERVED else short or "dance"


def _with_unique_names(jobs: list[Job]) -> Iterator[Job]:
    """Names that differ even where the file system ignores case, or how accents are written."""
    next_number: dict[str, int] = {}
    for job in jobs:
        name, first = job.name, _folded(job.name)
        while _folded(name) in next_number:
            next_number[first] += 1
            name = f"{job.name} {next_number[first]}"
        next_number[_folded(name)] = 1
        yield replace(job, name=name)


def _folded(name: str) -> str:
    """The same for names that may be one file."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
