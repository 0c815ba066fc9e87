"""A second opinion on the beats of a song."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import click_samples
from tokendance_core.evaluate import second_tracker
from tokendance_core.evaluate.second_tracker import agreement
from tokendance_core.types import Music

BEATS = np.arange(1.0, 20.0, 0.5)


def test_beats_of_clicks_are_found() -> None:
    found = second_tracker.beats(Music(click_samples(10, bpm=120)))
    assert found[-1] < 10
    np.testing.assert_allclose(np.diff(found), 0.5, atol=0.05)


def test_trackers_that_agree() -> None:
    same = agreement(BEATS, BEATS + 0.03)
    assert same.f_at_70_ms == 1
    assert same.offset_ms == pytest.approx(30)
    assert same.first_bpm == pytest.approx(120)


def test_trackers_that_do_not() -> None:
    assert agreement(BEATS, BEATS + 0.25).f_at_70_ms == 0
    assert agreement(BEATS, BEATS[::2]).f_at_70_ms == pytest.approx(2 / 3)
    assert agreement(BEATS, BEATS[::2]).second_bpm == pytest.approx(60)
    assert agreement(BEATS, np.sort(np.concatenate((BEATS, BEATS + 0.01)))).f_at_70_ms == pytest.approx(2 / 3)
