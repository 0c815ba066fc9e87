from __future__ import annotations

import numpy as np
import pytest

from tokendance_core.music import features
from tokendance_core.train import percussion


@pytest.mark.parametrize("bpm", [84.0, 120.0, 165.0])
def test_onsets_stand_on_the_grid(bpm: float) -> None:
    music = percussion.drum_track(bpm, 12.0, np.random.default_rng(3))
    onset = features.extract(music).values[:, 0]
    frames = np.arange(len(onset)) / 30.0

    def strength(offset: float) -> float:
        return float(np.interp(percussion.beat_times(bpm, 11.0) + features.BEAT_LATENCY + offset, frames, onset).mean())

    assert strength(0.0) > 3 * max(strength(-3 / 30), strength(3 / 30))


def test_tracks_differ_and_repeat_by_seed() -> None:
    first, again, other = (percussion.drum_track(100.0, 4.0, np.random.default_rng(s)).samples for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
