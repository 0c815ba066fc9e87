from __future__ import annotations

import numpy as np
import pytest

from tests.unit import dancers
from tests.unit.motion_samples import still_clip, walking
from tokendance_core.motion.events import (
    accents,
    deceleration_strength,
    foot_braking_strength,
    footfall_strength,
    footfalls,
)
from tokendance_core.motion.kinematics import mirror


def test_feet_of_somebody_who_marches_come_down_twice_a_second() -> None:
    falls = np.flatnonzero(footfall_strength(dancers.stepping(300)))
    assert len(falls) == pytest.approx(20, abs=1)
    assert np.diff(falls) == pytest.approx(15, abs=2)


@pytest.mark.parametrize("strength", [deceleration_strength, foot_braking_strength])
def test_braking_is_marked_when_it_happens_and_speeding_up_is_not(strength) -> None:
    slowing = np.concatenate((np.linspace(0, 2, 30), np.full(30, 2.0), np.linspace(2, 0, 30), np.zeros(30)))
    found = strength(walking(slowing, frames=120))
    assert found[66:84].min() > 0.9 * found.max() > 0
    assert found[5:50].max() == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("strength", [deceleration_strength, foot_braking_strength, footfall_strength])
def test_events_do_not_know_left_from_right_and_stillness_has_none(strength) -> None:
    clip = dancers.stepping(120)
    np.testing.assert_allclose(strength(mirror(clip)), strength(clip), atol=1e-3)
    assert strength(still_clip(40)) == pytest.approx(0, abs=1e-9)
    assert strength(still_clip(1)) == pytest.approx(0)


def test_left_and_right_foot_come_down_in_turn_and_swap_in_the_mirror() -> None:
    clip = dancers.stepping(300)
    frames, feet = np.nonzero(footfalls(clip))
    assert len(frames) > 15
    assert (np.diff(feet) != 0).all()
    np.testing.assert_array_equal(footfalls(mirror(clip)), footfalls(clip)[:, ::-1])


def bursts(strengths: list[float], frames: int = 30) -> np.ndarray:
    """(T,) m/s: the speed rises and falls once every ``frames``, to each of ``strengths``; it falls fastest at three
    quarters.
    """
    return np.outer(strengths, 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frames) / frames)).ravel()


def test_an_accent_lies_where_the_body_brakes_hardest() -> None:
    clip = walking(bursts([1.0] * 8), frames=240)
    np.testing.assert_allclose(np.flatnonzero(accents(clip)), 22.5 + 30 * np.arange(8), atol=1.5)


def test_a_calm_passage_has_accents_of_its_own_and_a_slight_one_between_strong_ones_is_none() -> None:
    calm_and_wild = walking(bursts([0.3] * 8 + [2.0] * 8), frames=480)
    assert accents(calm_and_wild)[:180].sum() == 6
    assert accents(calm_and_wild)[300:].sum() == 6
    mixed = walking(bursts([2.0, 0.3] * 6), frames=360)
    assert accents(mixed).sum() == 6


@pytest.mark.parametrize("frames", [1, 2, 40])
def test_who_stands_has_no_accents_and_no_footfalls(frames) -> None:
    assert not accents(still_clip(frames)).any()
    assert not footfalls(still_clip(frames)).any()


def test_trembling_is_no_accent() -> None:
    assert not accents(walking(bursts([0.05] * 30, frames=10), frames=300)).any()
