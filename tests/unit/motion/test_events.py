from __future__ import annotations

import numpy as np
import pytest

from tests.unit import dancers
from tests.unit.motion_samples import still_clip, walking
from tokendance_core.motion.events import deceleration_strength, foot_braking_strength, footfall_strength
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
