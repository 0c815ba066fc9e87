"""For every declared option a value that is not its default: whoever loses one on the way is found out."""

from __future__ import annotations

from typing import Any

from tokendance_core.options import Option, options


def another(declared: Option) -> Any:
    """A value that the option allows and that is not its default; numbers survive single precision."""
    if declared.choices:
        return next(value for value in declared.choices if value != declared.default)
    if declared.kind is bool:
        return not declared.default
    if declared.kind is str:
        return {"genre": "salsa"}.get(declared.name, f"some {declared.name}")
    least = declared.least if declared.least is not None else declared.default - 4
    most = min(declared.most, declared.default + 4) if declared.most is not None else declared.default + 4
    share = 0.75 if declared.unit == "s" else 0.25  # passages of a second are too short to be danced to
    value = least + share * (most - least)
    if value == declared.default:
        value = least + (1 - share) * (most - least)
    return declared.kind(round(value, 2))


def others(settings: type, *without: str) -> dict[str, Any]:
    """Name -> another value for every option of a class."""
    return {name: another(declared) for name, declared in options(settings).items() if name not in without}
