"""What a released model must reach: the figure, the target, met or missed."""

from __future__ import annotations

import math

from tokendance_core.evaluate.results import Gate


def at_most(theme: str, what: str, figure: float, limit: float, why: str = "") -> Gate:
    """Met when ``figure`` is ``limit`` or less; ``why`` says where the limit comes from."""
    return _gate(theme, what, figure, f"{limit:.3g} or less{_because(why)}", figure <= limit)


def at_least(theme: str, what: str, figure: float, limit: float, why: str = "") -> Gate:
    """Met when ``figure`` is ``limit`` or more."""
    return _gate(theme, what, figure, f"{limit:.3g} or more{_because(why)}", figure >= limit)


def near(theme: str, what: str, figure: float, reference: float, share: float, why: str = "") -> Gate:
    """Met when ``figure`` is within ``share`` of ``reference`` (0.25 = 25 %)."""
    met = abs(figure - reference) <= share * abs(reference)
    return _gate(theme, what, figure, f"within {100 * share:.0f} % of {reference:.3g}{_because(why)}", met)


def _because(why: str) -> str:
    return f" ({why})" if why else ""


def _gate(theme: str, what: str, figure: float, target: str, met: bool) -> Gate:
    return Gate(theme, what, float(figure), target, bool(met and math.isfinite(figure)))
