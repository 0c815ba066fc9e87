"""What a command says while it works and at its end: plain data that travels as one JSON object.

{"event": "progress", "stage": …, "fraction": …}, then "done", "heard", "ready" or "error"
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tokendance_core.errors import TokenDanceError
from tokendance_core.files.json_file import parse_json


@dataclass(frozen=True, kw_only=True)
class Progress:
    """``fraction`` is 0 to 1 of the whole command."""

    stage: str
    fraction: float


@dataclass(frozen=True, kw_only=True)
class Done:
    """A dance is in the file ``path``: frames, seconds, frames per second, and the seconds that each stage took;
    ``danced``: its genre, if it has one; ``warnings``: sentences for the user.
    """

    path: str
    frames: int
    seconds: float
    fps: float
    stages: Mapping[str, float] = field(default_factory=dict)
    danced: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SectionFacts:
    """A section of a song in seconds: A, B, C …, the same letter where it sounds like an earlier one."""

    name: str
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class ReturnFacts:
    """A passage that sounds like the one from second ``source`` on; ``similarity``: 1 for the same sound."""

    start: float
    end: float
    source: float
    similarity: float


@dataclass(frozen=True, kw_only=True)
class SongFacts:
    """A song: its length in seconds, its usual tempo in beats a minute (0 without a pulse), the slowest and the fastest
    where it varies (else the usual one twice), and the seconds of its beats; as the dance counts it, the seconds at
    which bars and eights (two bars of 4/4) begin, its sections and what returns; the genre that “any” dances to all of
    it, and sentences for the user.
    """

    path: str
    seconds: float
    bpm: float
    beats: tuple[float, ...]
    bars: tuple[float, ...] = ()
    eights: tuple[float, ...] = ()
    sections: tuple[SectionFacts, ...] = ()
    returns: tuple[ReturnFacts, ...] = ()
    genre: str = ""
    bpm_range: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Everything is loaded."""


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A TokenDanceError as data."""

    message: str
    hint: str
    exit_code: int

    @classmethod
    def of(cls, error: TokenDanceError) -> Failed:
        return cls(message=str(error), hint=error.hint, exit_code=error.exit_code)

    def error(self) -> TokenDanceError:
        """The error that the other process met, with its exit code."""
        error = TokenDanceError(self.message, hint=self.hint)
        error.exit_code = self.exit_code if 0 < self.exit_code < 256 else TokenDanceError.exit_code
        return error


Answer = Done | SongFacts | Ready | Failed
Event = Progress | Answer

EVENTS: Mapping[str, type[Event]] = {
    "progress": Progress,
    "done": Done,
    "heard": SongFacts,
    "ready": Ready,
    "error": Failed,
}
"""Name of an event in JSON -> what it holds."""


def event_to_json(event: Event) -> str:
    """One line of JSON that ``event_from_json`` reads."""
    name = next(name for name, kind in EVENTS.items() if isinstance(event, kind))
    return json.dumps({"event": name, **asdict(event)})


def event_from_json(text: str | bytes) -> Event:
    """The event in a line of JSON; ValueError when it is none, or lacks something."""
    content = parse_json(text, is_strict=False)
    name = content.get("event") if isinstance(content, dict) else None
    if not isinstance(name, str) or name not in EVENTS:
        raise ValueError("no event")
    event: Event = _read(EVENTS[name], content)
    return event


_PARTS: Mapping[str, type[SectionFacts | ReturnFacts]] = {"SectionFacts": SectionFacts, "ReturnFacts": ReturnFacts}


def _read(kind: Any, content: Mapping[str, Any]) -> Any:
    """A dataclass from a JSON object that holds all its fields."""
    return kind(**{one.name: _expect(one.type, content.get(one.name), one.name) for one in fields(kind)})


def _expect(kind: Any, value: Any, name: str) -> Any:
    """The value, if it is of the kind that a field is declared with; ValueError otherwise."""
    if kind == "str" and isinstance(value, str):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if kind in ("int", "float") and is_number:
        return int(value) if kind == "int" else float(value)
    if kind in _PARTS and isinstance(value, dict):
        return _read(_PARTS[kind], value)
    if kind.startswith("tuple[") and isinstance(value, list):
        return tuple(_expect(kind.removeprefix("tuple[").removesuffix(", ...]"), item, name) for item in value)
    if kind == "Mapping[str, float]" and isinstance(value, dict):
        return {key: _expect("float", item, name) for key, item in value.items()}
    raise ValueError(f"{name} is {value!r}, expected {kind}")
