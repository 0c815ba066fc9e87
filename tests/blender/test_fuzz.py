"""The add-on's readers meet damaged files with a value or a sentence; ``tests/unit/test_fuzz.py`` has the others."""

from __future__ import annotations

import pytest

from tests.fuzz import campaign
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", [name for name, target in TARGETS.items() if target.needs_blender])
def test_damaged_files_are_met_with_a_value_or_a_sentence(name):
    count, found = campaign.run(name, seed=0, seconds=3.0, count=150)
    assert found == []
    assert count > 5
