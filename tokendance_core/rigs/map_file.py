"""A rig map as a small JSON file, to be kept, shared and loaded again."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from tokendance_core.errors import RigError
from tokendance_core.files.atomic import write_aside
from tokendance_core.files.guarded import guarded
from tokendance_core.files.json_file import parse_json
from tokendance_core.files.regular_file import read_text
from tokendance_core.rigs.anatomy import KNOWN
from tokendance_core.types import RigMap, Switch

T = TypeVar("T")

FORMAT = "tokendance rig map"

VERSION = 2

_RENAMED = {"followers": "doubles"}
"""Key -> its name in version 1, which can still be read."""

_HINT = "Save the map again in the add-on, or correct the file by hand."

_KEYS = (
    "format",
    "version",
    "family",
    "score",
    "reasons",
    "bones",
    "twist",
    "followers",
    "ik",
    "switches",
    "path",
    "offsets",
)


def to_json(rig_map: RigMap) -> str:
    """The map as JSON text."""
    values = {
        "format": FORMAT,
        "version": VERSION,
        "family": rig_map.family,
        "score": rig_map.score,
        "reasons": list(rig_map.reasons),
        "bones": dict(rig_map.bones),
        "twist": {joint: list(bones) for joint, bones in rig_map.twist.items()},
        "followers": {joint: list(bones) for joint, bones in rig_map.followers.items()},
        "ik": dict(rig_map.ik),
        "switches": [{"bone": s.bone, "property": s.property, "value": s.value} for s in rig_map.switches],
        "path": rig_map.path,
        "offsets": {joint: list(turn) for joint, turn in rig_map.offsets.items()},
    }
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"


def _wrong(what: str) -> RigError:
    return RigError(f"This is no rig map that TokenDance can read: {what}.", hint=_HINT)


def _expect(value: object, kind: type[T], where: str, expected: str) -> T:
    """The value, if it is of that kind; RigError otherwise. True and False do not count as numbers."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _wrong(f"{where} must be {expected}, found {type(value).__name__}")
    return value


def _number(value: object, where: str) -> float:
    number = float(value) if type(value) is int else _expect(value, float, where, "a number")
    if not math.isfinite(number):
        raise _wrong(f"{where} must be a finite number, found {number}")
    return number


def _name(value: object, where: str) -> str:
    name = _expect(value, str, where, "a bone name")
    if not name:
        raise _wrong(f"{where} must be a bone name, found empty text")
    return name


def _score(value: object) -> float:
    score = _number(value, "score")
    if not 0 <= score <= 1:
        raise _wrong(f"score must lie between 0 and 1, found {score}")
    return score


def _names(value: object, where: str) -> tuple[str, ...]:
    return tuple(_name(item, where) for item in _expect(value, list, where, "a list of bone names"))


def _turn(value: object, where: str) -> tuple[float, float, float]:
    angles = [_number(item, where) for item in _expect(value, list, where, "three angles in degrees")]
    if len(angles) != 3:
        raise _wrong(f"{where} must be three angles in degrees, found {len(angles)}")
    return angles[0], angles[1], angles[2]


def _table(values: Mapping[str, object], key: str, read: Callable[[object, str], T]) -> dict[str, T]:
    """A part of the file that goes by joint; ``read`` makes its values out of what the file holds and where."""
    table = _expect(values.get(key, {}), dict, key, "an object by joint")
    unknown = [joint for joint in table if joint not in KNOWN]
    if unknown:
        raise _wrong(f"{key} names the joint {unknown[0]!r}, expected one of {', '.join(KNOWN[:3])}, …")
    return {joint: read(value, f"{key} of {joint}") for joint, value in table.items()}


def _switch(value: object) -> Switch:
    entry = _expect(value, dict, "a switch", "an object with bone, property and value")
    if set(entry) != {"bone", "property", "value"}:
        raise _wrong(f"a switch must have bone, property and value, found {', '.join(sorted(entry)) or 'nothing'}")
    return Switch(
        _name(entry["bone"], "a switch's bone"),
        _name(entry["property"], "a switch's property"),
        _number(entry["value"], "a switch"),
    )


@guarded(RigError, "is no rig map that TokenDance can read", _HINT)
def from_json(text: str) -> RigMap:
    """The map that ``to_json``, of this version or an earlier one, wrote; RigError, saying what was expected, for
    anything else.
    """
    try:
        values = parse_json(text)
    except ValueError as problem:
        raise _wrong(f"it is not complete JSON ({problem})") from problem
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise _wrong(f"expected an object with the format “{FORMAT}”")
    version = _expect(values.get("version"), int, "version", "a whole number")
    if not 1 <= version <= VERSION:
        raise RigError(
            f"This rig map has version {version}, expected version 1 to {VERSION}.",
            hint="Update TokenDance, or save the map again.",
        )
    former = _RENAMED if version == 1 else {}
    expected = [former.get(key, key) for key in _KEYS]
    unknown = [key for key in values if key not in expected]
    if unknown:
        raise _wrong(f"it has the entry {unknown[0]!r}, expected {', '.join(expected)}")
    bones = _table(values, "bones", _name)
    if not bones:
        raise _wrong("bones is empty, expected a bone for each joint")
    return RigMap(
        bones=bones,
        family=_expect(values.get("family"), str, "family", "text"),
        score=_score(values.get("score", 1.0)),
        reasons=tuple(
            _expect(line, str, "a reason", "text")
            for line in _expect(values.get("reasons", []), list, "reasons", "a list")
        ),
        twist=_table(values, "twist", _names),
        followers=_table(values, former.get("followers", "followers"), _names),
        ik=_table(values, "ik", _name),
        switches=tuple(_switch(item) for item in _expect(values.get("switches", []), list, "switches", "a list")),
        path=_expect(values.get("path", ""), str, "path", "a bone name"),
        offsets=_table(values, "offsets", _turn),
    )


def save_rig_map(rig_map: RigMap, path: Path | str) -> None:
    """Write the map to a file; RigError when it cannot be written."""
    with write_aside(path, RigError) as aside:
        aside.write_text(to_json(rig_map), encoding="utf-8", errors="backslashreplace")


@guarded(RigError, "is no rig map that TokenDance can read", _HINT)
def load_rig_map(path: Path | str) -> RigMap:
    """Read the map from a file; RigError when there is none, or when it is damaged."""
    path = Path(path)
    try:
        text = read_text(path)
    except (OSError, ValueError) as problem:
        reason = (isinstance(problem, OSError) and problem.strerror) or str(problem)
        raise RigError(
            f"Cannot read the rig map {path}: {reason}.", hint="Choose a rig map that TokenDance has saved."
        ) from problem
    try:
        return from_json(text)
    except RigError as problem:
        raise RigError(f"{path.name}: {problem}", hint=problem.hint) from problem
