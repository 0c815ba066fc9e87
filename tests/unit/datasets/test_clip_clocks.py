from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.motion_samples import source, swaying_clip
from tokendance_core.datasets import clip_clocks
from tokendance_core.datasets.pack import BeatGrid


@pytest.mark.parametrize(("exact", "certainty"), [(True, "exact"), (False, "recovered")])
def test_a_known_grid_is_used_as_it_is(exact: bool, certainty: str) -> None:
    clock = clip_clocks.clock_of(replace(source(swaying_clip(300)), grid=BeatGrid(100.0, 0.15, exact)))
    np.testing.assert_allclose(clock.beats, np.arange(0.15, 10, 0.6))
    assert clock.certainty == certainty


def test_the_tempo_of_a_sway_is_found() -> None:
    clock = clip_clocks.clock_of(replace(source(swaying_clip(600, bpm=100.0)), grid=None))
    assert np.diff(clock.beats).mean() == pytest.approx(0.6, rel=0.03)
    assert clock.certainty == "guessed"
