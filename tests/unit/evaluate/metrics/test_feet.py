from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.motion_samples import posed, still_clip, swaying_clip, walking
from tokendance_core.evaluate.metrics import feet
from tokendance_core.motion import kinematics
from tokendance_core.motion.edits import turn
from tokendance_core.motion.kinematics import mirror, resample_to_fps
from tokendance_core.motion.skeleton import FEET, HORIZONTAL
from tokendance_core.types import MotionClip


def test_feet_that_glide_slide() -> None:
    assert feet.foot_slide(walking(0.15, direction=(0, 0, 1))) == pytest.approx(0.15, rel=1e-3)
    assert feet.foot_slide(still_clip()) == 0.0
    assert feet.foot_slide(walking(1.0)) == 0.0  # too fast to count as contact: the known defect


def test_slide_counts_in_the_frames_that_are_asked_for() -> None:
    fast, contacts = walking(np.repeat([0.0, 2.0], 30)), np.zeros((60, 4), bool)
    assert feet.slide_during(fast, contacts) == 0.0
    contacts[40:50, 1] = True
    assert feet.slide_during(fast, contacts) == pytest.approx(2.0, rel=1e-3)


def test_low_feet_are_fast_where_contacts_see_nothing() -> None:
    clip = walking(1.0)
    assert feet.foot_slide(clip) == 0.0
    np.testing.assert_allclose(feet.low_foot_speeds(clip), 1.0, rtol=1e-3)
    assert len(feet.low_foot_speeds(clip)) == 2 * clip.frames
    lifted = posed(60, left_hip=(-0.6, 0, 0), left_knee=(1.2, 0, 0))
    np.testing.assert_allclose(feet.low_foot_speeds(lifted), np.zeros(60), atol=1e-6)
    assert len(feet.low_foot_speeds(still_clip(height=2.0))) == 0


def test_a_low_foot_is_as_fast_as_the_faster_of_ankle_and_toe() -> None:
    turning = posed(30, pelvis=(0 * np.arange(30), 0.02 * np.arange(30), 0 * np.arange(30)))  # on the spot
    joints = kinematics.joint_positions(turning)[:, list(FEET)]
    speeds = np.linalg.norm(kinematics.velocities(joints, turning.fps)[..., HORIZONTAL], axis=-1)
    assert (speeds[:, 1] > speeds[:, 0]).all()
    np.testing.assert_allclose(feet.low_foot_speeds(turning)[:30], speeds[:, 1], rtol=1e-5)


def test_feet_below_the_floor_penetrate() -> None:
    assert feet.foot_penetration(still_clip()) == 0.0
    assert feet.foot_penetration(still_clip(height=0.90)) == pytest.approx(0.04, abs=1e-5)


@pytest.mark.parametrize("angle", [0.0, 0.6, np.pi / 4, -np.pi / 4, 2.0])
def test_skating_is_sliding_in_any_direction(angle: float) -> None:
    # The last frame, which has no next one, stands still.
    assert feet.skating_ratio(turn(walking(0.4), angle)) == pytest.approx(59 / 60)
    assert feet.skating_ratio(turn(walking(0.2), angle)) == 0.0


def test_the_signed_ratio_has_upstreams_defect() -> None:
    along_x, cancelling = walking(0.7), walking(0.7, direction=(0.7, 0, -0.7))
    assert feet.skating_ratio_signed(along_x) == pytest.approx(59 / 60)
    assert feet.skating_ratio_signed(cancelling) == 0.0
    assert feet.skating_ratio(cancelling) == pytest.approx(59 / 60)
    # the mean of x and z halves a slide along one axis
    assert feet.skating_ratio_signed(walking(0.5)) == 0.0


def test_the_signed_ratio_finds_its_ground_in_the_first_frame() -> None:
    floating = walking(0.7)
    floating = replace(floating, root=floating.root + np.float32([0, 1, 0]))
    assert feet.skating_ratio_signed(floating) == pytest.approx(59 / 60)
    assert feet.skating_ratio(floating) == 0.0


def test_skating_counts_each_foot_by_itself() -> None:
    clip = posed(60, left_hip=(-0.6, 0, 0), left_knee=(1.2, 0, 0))  # the left foot is lifted
    path = clip.root.copy()
    path[:30, 0] = 0.02 * np.arange(30)
    path[30:] = path[29]
    assert feet.skating_ratio(replace(clip, root=path)) == pytest.approx(29 / 60, abs=0.02)


def _hopping(frames: int = 90, sliding: float = 0.0) -> MotionClip:
    clip = walking(sliding, frames)
    path = clip.root.copy()
    path[:, 1] += 0.02 * np.cos(np.arange(frames) * 0.7)
    return replace(clip, root=path)


def test_physical_foot_contact_by_hand() -> None:
    # Three steps of 1, 2, 3 cm with a pelvis that accelerates by 1 cm / frame^2 throughout.
    clip = still_clip(4)
    path = clip.root.copy()
    path[:, 0] = np.float32([0, 0.01, 0.03, 0.06])
    assert feet.physical_foot_contact(replace(clip, root=path)) == pytest.approx(
        1e4 * (0.02**2 + 0.03**2) / 2, rel=1e-3
    )


def test_physical_foot_contact_of_standing_feet_is_zero() -> None:
    assert feet.physical_foot_contact(_hopping()) == pytest.approx(0.0, abs=1e-6)
    assert feet.physical_foot_contact(still_clip()) == 0.0
    assert feet.physical_foot_contact(still_clip(2)) == 0.0
    assert feet.physical_foot_contact(_hopping(sliding=0.5)) > 0.1


def test_falling_needs_no_foot() -> None:
    clip = walking(1.0, 30)
    t = np.arange(30) / 30
    fall, jump = clip.root.copy(), clip.root.copy()
    fall[:, 1] -= 0.5 * 9.81 * t**2
    jump[:, 1] += 0.5 * 9.81 * t**2
    assert feet.physical_foot_contact_absolute(replace(clip, root=fall)) == pytest.approx(0.0, abs=0.01)
    assert feet.physical_foot_contact_absolute(replace(clip, root=jump)) == pytest.approx(1.0, rel=0.01)


def test_one_spike_shrinks_the_normalised_contact_alone() -> None:
    clip = _hopping(sliding=0.5)
    path = clip.root.copy()
    path[45, 1] += 1.0
    spiked = replace(clip, root=path)
    assert feet.physical_foot_contact(spiked) < 0.5 * feet.physical_foot_contact(clip)
    assert feet.physical_foot_contact_absolute(spiked) > feet.physical_foot_contact_absolute(clip)


def low_feet(clip: MotionClip) -> float:
    return float(np.percentile(feet.low_foot_speeds(clip), 90))


MEASURES = [
    feet.foot_slide,
    low_feet,
    feet.foot_penetration,
    feet.skating_ratio,
    feet.physical_foot_contact,
    feet.physical_foot_contact_absolute,
]


@pytest.mark.parametrize("measure", MEASURES)
def test_heading_place_and_mirror_do_not_matter(measure) -> None:
    clip = replace(swaying_clip(90), rot6d=posed(90).rot6d)
    moved = turn(replace(clip, root=clip.root + np.float32([2, 0, 5])), 1.0)
    assert measure(moved) == pytest.approx(measure(clip), rel=0.01, abs=1e-4)
    assert measure(mirror(clip)) == pytest.approx(measure(clip), rel=0.01, abs=1e-4)


@pytest.mark.parametrize(
    "measure", [feet.foot_slide, low_feet, feet.skating_ratio, feet.skating_ratio_signed, feet.physical_foot_contact]
)
def test_frame_rate_hardly_matters(measure) -> None:
    clip = _hopping(180, sliding=0.3 + 0.25 * np.sin(np.arange(180) / 15))
    assert measure(resample_to_fps(clip, 60)) == pytest.approx(measure(clip), rel=0.1, abs=0.02)
