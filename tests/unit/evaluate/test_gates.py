"""Requirements: met or missed, and told in words."""

from __future__ import annotations

import math

import pytest

from tokendance_core.evaluate import gates


@pytest.mark.parametrize(
    ("gate", "met", "target"),
    [
        (gates.at_most("1", "error", 3.0, 3.0), True, "3 or less"),
        (gates.at_most("1", "error", 3.1, 3.0, "the paper"), False, "3 or less (the paper)"),
        (gates.at_least("2", "songs", 20, 20), True, "20 or more"),
        (gates.at_least("2", "songs", 19, 20), False, "20 or more"),
        (gates.near("4", "speed", 0.75, 1.0, 0.25), True, "within 25 % of 1"),
        (gates.near("4", "speed", 1.26, 1.0, 0.25), False, "within 25 % of 1"),
        (gates.at_most("1", "error", math.nan, 3.0), False, "3 or less"),
        (gates.at_least("5", "correlation", math.inf, 3.0), False, "3 or more"),
    ],
)
def test_verdict(gate, met, target):
    assert (gate.met, gate.target) == (met, target)
