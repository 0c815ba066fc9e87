"""Whips, the stage and the audience."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.motion_samples import posed, still_clip, swaying_clip, walking
from tokendance_core.evaluate.metrics import staging
from tokendance_core.motion.edits import turn
from tokendance_core.motion.kinematics import mirror
from tokendance_core.types import MotionClip


def turning(*degrees: tuple[float, float], seconds: float = 4.0) -> MotionClip:
    """A dancer who has turned so far (degrees) by so many seconds."""
    times, angles = zip(*degrees, strict=True)
    frames = int(seconds * 30)
    heading = np.radians(np.interp(np.arange(frames) / 30, times, angles))
    return posed(frames, pelvis=(0, heading, 0))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_turn_out_of_nothing_is_a_whip(sign: int) -> None:
    assert staging.whips_per_minute(turning((1.9, 0), (2.1, 120 * sign))) == pytest.approx(15.0)


def test_a_spin_with_a_wind_up_is_none() -> None:
    assert staging.whips_per_minute(turning((1.5, 0), (1.9, 60), (2.1, 180), (2.4, 270), (2.9, 300))) == 0


def test_slow_turns_and_still_dancers_do_not_whip() -> None:
    assert staging.whips_per_minute(turning((0, 0), (4, 720))) == 0
    assert staging.whips_per_minute(still_clip(3)) == 0


def test_mirror_and_heading_do_not_matter() -> None:
    clip = turning((1.9, 0), (2.1, 120))
    assert staging.whips_per_minute(mirror(clip)) == staging.whips_per_minute(turn(clip, 3.0)) == 15.0


def test_distance_is_from_where_the_dance_began() -> None:
    clip = walking(1.0, 60)
    np.testing.assert_allclose(staging.distance_from_start(clip), np.arange(60) / 30, atol=1e-5)
    np.testing.assert_allclose(
        staging.distance_from_start(turn(clip, 1.0)), staging.distance_from_start(clip), atol=1e-5
    )
    assert staging.distance_from_start(swaying_clip(30))[0] == 0


@pytest.mark.parametrize(("angle", "near", "side"), [(0, 1, 1), (44, 1, 1), (-60, 0, 1), (89, 0, 1), (120, 0, 0)])
def test_the_audience_sits_ahead(angle: float, near: float, side: float) -> None:
    clip = turn(still_clip(30), np.radians(angle))
    assert (staging.facing_audience(clip, 45), staging.facing_audience(clip, 90)) == (near, side)
