"""The table of a batch: songs × characters as CSV or JSON, read into jobs. Nothing is looked at but the table.

CSV has a header row; a cell of ``song``, ``character``, ``genre`` or ``seed`` may hold several values, separated by
``;``. JSON is a list of objects, or ``{"defaults": {…}, "jobs": […]}``, where these four may be lists. Several values
give every combination.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from tokendance_core import GenerateSettings, SettingError, SongPart, declared_options

from ..options import QUALITY_STEPS, Fitting, Placement
from . import exchange

MULTIPLIED = ("song", "character", "genre", "seed")
"""Columns that may hold several values."""

_LONGEST = 160
"""Bytes of a name; most file systems take 255, and a temporary prefix, a suffix and a number come to it."""

_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))}
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')


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


def read(path: Path) -> list[Job]:
    """The jobs of a table, names made unique, files relative to the table; SettingError that names row and column for
    anything wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else f"cannot be read: {error.strerror}"
        raise SettingError(f"The table {path} {reason}.", hint="Save it as CSV or JSON in UTF-8.") from None
    rows = _json_rows(text, path) if path.suffix.lower() == ".json" else _csv_rows(text)
    jobs = [_job(values, path.parent) for number, row in rows for values in _combinations(_parsed(row, number))]
    if not jobs:
        raise SettingError(f"The table {path} has no rows.", hint="Give at least one row with a song.")
    return list(_with_unique_names(jobs))


def _csv_rows(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    for row in reader:
        number = reader.line_num
        if None in row:
            raise SettingError(f"Row {number} has more cells than the header.", hint="Quote cells that hold a comma.")
        cells = {column.strip().lower(): (cell or "").strip() for column, cell in row.items()}
        if any(cells.values()):
            split = {
                column: cell.split(";") if column in MULTIPLIED and ";" in cell else cell
                for column, cell in cells.items()
            }
            yield number, {column: cell for column, cell in split.items() if cell != ""}


def _json_rows(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    try:
        content = json.loads(text)
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
        found[column] = [_value(column, value, number) for value in several]
    return found


def _value(column: str, value: object, number: int) -> object:
    parse, expected = _COLUMNS[column]
    text = ";".join(map(str, value)) if isinstance(value, list) else str(value)
    try:
        if isinstance(value, dict) or (isinstance(value, list) and column != "format"):
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
    return f"_{short}" if short.split(".")[0].upper() in _RESERVED else short or "dance"


def _with_unique_names(jobs: list[Job]) -> Iterator[Job]:
    """Names that differ even where the file system ignores case."""
    used: set[str] = set()
    for job in jobs:
        candidates = itertools.chain([job.name], (f"{job.name} {number}" for number in itertools.count(2)))
        name = next(candidate for candidate in candidates if candidate.lower() not in used)
        used.add(name.lower())
        yield replace(job, name=name)
