"""Report errors to the user."""

from __future__ import annotations

import bpy

from tokendance_core import TokenDanceError


def told(operator: bpy.types.Operator, error: TokenDanceError) -> set[str]:
    """Report the error; the result for ``execute``."""
    operator.report({"ERROR"}, error.text)
    return {"CANCELLED"}
