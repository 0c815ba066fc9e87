"""Where a dance brakes and steps."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.dancers import stepping
from tests.unit.motion_samples import posed, still_clip, swaying_clip, walking
from tokendance_core.evaluate.metrics.events import EVENTS, decelerations, footfalls, halves_agree
from tokendance_core.motion.edits import turn
from tokendance_core.motion.kinematics import mirror
from tokendance_core.types import MotionClip


def test_a_march_steps_twice_a_second() -> None:
    falls = footfalls(stepping(300))
    np.testing.assert_allclose(np.diff(falls), 0.5, atol=0.04)
    assert len(falls) == pytest.approx(20, abs=1)


def test_feet_that_never_leave_the_floor_do_not_fall() -> None:
    assert footfalls(still_clip(60)).size == footfalls(walking(0.2)).size == 0


def test_a_dancer_who_stops_brakes_there() -> None:
    speed = np.repeat([1.0, 0.0, 1.0, 0.0], 30)
    np.testing.assert_allclose(decelerations(walking(speed, 120)), [1.0, 3.0], atol=0.07)
    assert decelerations(still_clip(60)).size == decelerations(still_clip(1)).size == 0


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("change", [mirror, lambda clip: turn(clip, 2.0)])
@pytest.mark.parametrize("clip", [swaying_clip(120), stepping(120)])
def test_mirror_and_heading_do_not_matter(name: str, change, clip) -> None:
    a_frame = 1.001 / clip.fps  # rounding decides between two frames of one speed
    np.testing.assert_allclose(EVENTS[name](change(clip)), EVENTS[name](clip), atol=a_frame)


def swinging(arms: float, knees: float) -> MotionClip:
    """Arms and knees that move for a quarter of a second in every one and then rest, each so many seconds late."""
    time = np.arange(300) / 30
    arm, knee = (np.cumsum(np.sin(2 * np.pi * (time - late)) > 0.7) / 40 for late in (arms, knees))
    return posed(300, left_shoulder=(0, 0, arm), left_knee=(-knee, 0, 0))


def test_halves_that_brake_together_agree() -> None:
    together, apart = swinging(0, 0), swinging(0, 0.5)
    assert halves_agree(together, together) > 0.9
    assert halves_agree(apart, apart) < 0
    assert halves_agree(together, apart) == pytest.approx(halves_agree(apart, apart))
    assert halves_agree(apart, together.cut(0, 240)) > 0.9
    assert halves_agree(turn(together, 2.0), mirror(together)) > 0.9
    assert halves_agree(together, still_clip(300)) == halves_agree(still_clip(300), together) == 0
