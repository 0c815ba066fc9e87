"""How an operator tells what went wrong."""

from __future__ import annotations

import bpy

from tokendance_core import TokenDanceError


def sentence(error: TokenDanceError) -> str:
    """What was found, what was expected, and the way out."""
    parts = (str(error).rstrip("."), error.hint.rstrip("."))
    return " ".join(f"{part}." for part in parts if part)


def told(operator: bpy.types.Operator, error: TokenDanceError) -> set[str]:
    """Report the error; what ``execute`` returns then."""
    operator.report({"ERROR"}, sentence(error))
    return {"CANCELLED"}
