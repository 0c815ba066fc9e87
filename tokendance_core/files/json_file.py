"""Reads JSON that may come from anywhere: strictly as RFC 8259 has it, and no deeper or greater than makes sense."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from tokendance_core.files import limits
from tokendance_core.files.regular_file import read_text


def load_json(path: Path, most: int = limits.TEXT_BYTES) -> Any:
    """The value in a regular file of ``most`` bytes. Raises OSError, or ValueError saying what is wrong."""
    return parse_json(read_text(path, most), most)


def parse_json(text: str | bytes, most: int = limits.TEXT_BYTES, *, is_strict: bool = True) -> Any:
    """The value in a text. ValueError for what is no JSON, for a key that stands twice in one object, and for nesting
    and whole numbers beyond ``limits``; unless ``is_strict`` is False also for what is no finite number, and for half
    a surrogate pair, by which Python names files whose names are no UTF-8.
    """
    if len(text) > most:
        raise ValueError(f"it has {len(text)} letters, expected {most} at most")
    number = _finite if is_strict else float
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_int=_whole, parse_float=number, parse_constant=number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    except json.JSONDecodeError as problem:
        raise ValueError(f"it is not complete JSON: {problem}") from None
    _check(found, limits.JSON_DEPTH, is_strict)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key[:80]!r} stands twice in one object")
        found[key] = value
    return found


def _whole(digits: str) -> int:
    if len(digits) > limits.JSON_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is no finite number")
    return number


def _check(value: Any, depth: int, is_strict: bool) -> None:
    if isinstance(value, str):
        if is_strict and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError("a text holds half a letter (a lone surrogate)")
    elif isinstance(value, dict | list):
        if not depth:
            raise ValueError("it is nested too deeply")
        for item in (*value, *value.values()) if isinstance(value, dict) else value:
            _check(item, depth - 1, is_strict)
