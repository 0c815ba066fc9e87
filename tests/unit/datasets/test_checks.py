"""Dancers with one fault each, and one who keeps the balance at true speed and not at twice the speed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from tests.unit import dancers
from tests.unit.motion_samples import posed, still_clip
from tokendance_core.datasets import checks
from tokendance_core.datasets.balance import GRAVITY, Body, outside_feet
from tokendance_core.motion import rotation
from tokendance_core.motion.edits import bend, change_speed
from tokendance_core.motion.kinematics import resample_to_fps
from tokendance_core.motion.skeleton import INDEX, REST_HEIGHT, TIPS
from tokendance_core.types import MotionClip

FRAMES = 240


def swaying(hertz: float = 0.7, reach: float = 0.06, frames: int = FRAMES, fps: float = 30.0) -> MotionClip:
    """Feet flat and still, the body sways from side to side by ``reach`` metres: a pendulum that stands on its head."""
    angle = np.arcsin(reach / dancers.LEG) * np.sin(2 * np.pi * hertz * np.arange(frames) / fps)
    vectors = np.zeros((frames, 24, 3))
    for side in ("left", "right"):
        vectors[:, INDEX[f"{side}_hip"], 2] = angle
        vectors[:, INDEX[f"{side}_ankle"], 2] = -angle
    root = np.stack((-dancers.LEG * np.sin(angle), 0.12 + dancers.LEG * np.cos(angle), np.zeros(frames)), -1)
    return dancers.clip(vectors, root, fps)


def hopping(times_gravity: float) -> MotionClip:
    """The T-pose leaves the floor for 0.3 s in every second, under so many times gravity."""
    into_flight = np.minimum(np.arange(FRAMES) / 30 % 1.0, 0.3)
    height = 0.5 * times_gravity * GRAVITY * into_flight * (0.3 - into_flight)
    clip = still_clip(FRAMES, REST_HEIGHT)
    return replace(clip, root=(clip.root + height[:, None] * [0, 1, 0]).astype(np.float32))


def with_a_jump() -> MotionClip:
    """One arm is elsewhere for a frame."""
    angles = np.zeros(FRAMES)
    angles[100] = 1.2
    return bend(swaying(), "left_shoulder", "Z", angles)


def with_pelvis_backwards() -> MotionClip:
    """The pelvis turned half round below a trunk and above legs that stay as they are."""
    clip = swaying()
    rot6d = clip.rot6d.copy()
    for joint in ("pelvis", "spine1", "left_hip", "right_hip"):
        matrices = rotation.heading_matrix(np.pi) @ rotation.matrix_from_6d(rot6d[:, INDEX[joint]])
        rot6d[:, INDEX[joint]] = rotation.rot6d_from_matrix(matrices)
    return replace(clip, rot6d=rot6d)


def with_knees_backwards() -> MotionClip:
    angle = np.full(FRAMES, -0.6)
    root = np.tile([0.0, 0.12 + dancers.LEG * np.cos(0.3), 0.0], (FRAMES, 1))
    return dancers.clip(dancers.knees_bent(angle), root)


def raised(clip: MotionClip, height: float) -> MotionClip:
    return replace(clip, root=clip.root + np.float32([0, height, 0]))


@pytest.mark.parametrize(
    ("clip", "kind", "figure", "said"),
    [
        (change_speed(swaying(), 2), "frame rate", 0.60, "in 60% of a typical second and at half speed in 0%"),
        (replace(swaying(), fps=60.0), "frame rate", 0.63, "about twice too fast"),
        (with_a_jump(), "speed", 20.7, "The left hand moves at 20.7 m/s after 3.3 s"),
        (hopping(2.5), "falls", 0.13, "faster than 1.5 times gravity in 13% of frames"),
        (raised(swaying(), 0.08), "floor", 0.08, "The feet stand 8 cm above y = 0"),
        (raised(swaying(), -0.07), "floor", -0.07, "The feet stand 7 cm below y = 0"),
        (with_knees_backwards(), "knees", 1.0, "bends backwards in 100% of frames"),
        (with_pelvis_backwards(), "pelvis", 1.0, "faces against chest and feet in 100% of frames"),
    ],
)
def test_a_fault_is_found_alone_and_said_with_its_figure(clip: MotionClip, kind: str, figure: float, said: str) -> None:
    (finding,) = checks.check(clip)
    assert finding.kind == kind
    assert finding.figure == pytest.approx(figure, rel=0.05)
    assert said in finding.sentence


@pytest.mark.parametrize(
    "clip",
    [
        swaying(),
        resample_to_fps(swaying(), 60.0),
        resample_to_fps(swaying(), 120.0),
        change_speed(swaying(), 0.5),
        dancers.bobbing(),
        dancers.stepping(),
        hopping(1.0),
    ],
)
def test_a_dancer_without_fault_is_left_alone(clip: MotionClip) -> None:
    assert checks.check(clip) == ()


def test_the_frame_rate_is_judged_by_the_balance_at_both_speeds() -> None:
    stored, half, verdict = checks.balance(change_speed(swaying(), 2))
    assert stored > 0.5
    assert half == 0.0
    assert verdict == "too fast"
    assert checks.balance(swaying()).verdict == "plausible"
    assert checks.balance(change_speed(swaying(), 0.5)).verdict == "plausible"


@pytest.mark.parametrize(
    "clip",
    [
        change_speed(swaying(frames=FRAMES), 2).cut(0, 110),
        posed(FRAMES, pelvis=(1.2, 0.0, 0.0)),
        hopping(2.5),
        still_clip(1),
        still_clip(0),
    ],
    ids=["short", "leans on something", "falls faster than gravity", "one frame", "no frame"],
)
def test_where_the_balance_says_nothing_it_cannot_be_told(clip: MotionClip) -> None:
    assert checks.balance(clip).verdict == "cannot be told"
    assert "frame rate" not in [finding.kind for finding in checks.check(clip)]


def test_a_summary_counts_each_kind_and_names_the_worst() -> None:
    low, lower = (replace(raised(swaying(), -h), name=f"low {h}") for h in (0.06, 0.12))
    (line,) = checks.summary([swaying(), low, lower])
    assert line.startswith("floor: 2 of 3 clips, worst low 0.12. The feet stand 12 cm below")
    assert checks.summary([swaying()]) == []
    assert checks.summary([]) == []


# --- zero-moment point ------------------------------------------------------------------------------------------------


def test_the_centre_of_mass_of_a_standing_body_is_where_it_is_measured() -> None:
    """55 to 58 % of the stature with hanging arms; the T-pose raises it a little."""
    stature = Body.of(still_clip(3, REST_HEIGHT)).positions[0, INDEX["head"], 1] + TIPS["head"][1]
    assert 0.55 < Body.of(still_clip(3, REST_HEIGHT)).centre[1, 1] / stature < 0.59


@settings(max_examples=15, deadline=None)
@example(hertz=0.9, reach=0.08, speed=2.0)
@example(hertz=0.9, reach=0.08, speed=0.5)
@given(hertz=st.floats(0.2, 0.9), reach=st.floats(0.01, 0.08), speed=st.sampled_from([0.5, 1.0, 2.0]))
def test_a_pendulum_pushes_where_mechanics_says(hertz: float, reach: float, speed: float) -> None:
    """At x - z x'' / g from side to side; the heels, behind, may be nearer. Smoothing takes a little off fast sways."""
    body = Body.of(swaying(hertz, reach))
    distance = outside_feet(body, speed)[5:-5].max()
    height, sway = np.median(body.centre[:, 1]), np.abs(body.centre[:, 0]).max()
    expected = sway * (1 + height * (2 * np.pi * hertz * speed) ** 2 / GRAVITY) - 0.13
    behind = outside_feet(Body.of(still_clip(3, REST_HEIGHT)))[1]
    assert distance == pytest.approx(max(expected, behind), abs=0.01 + 0.12 * abs(expected))


def _outside_slowly(body: Body, frame: int, floor: float) -> float:
    """Distance from the hull of the soles that carry, edge by edge."""
    soles = body.soles()[frame]
    carries = soles[soles[:, 1] < max(soles[:, 1].min(), floor) + 0.08][:, [0, 2]]
    push = body.acceleration[frame] + [0, GRAVITY, 0]
    lever = (body.centre[frame, 1] - floor) / push[1]
    point = (body.centre[frame] - push * lever)[[0, 2]]
    hull = ConvexHull(carries)
    if (hull.equations @ [*point, 1] <= 0).all():
        return float((hull.equations @ [*point, 1]).max())
    return min(_from_edge(point, *carries[edge]) for edge in hull.simplices)


def _from_edge(point: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    along = np.clip((point - start) @ (end - start) / ((end - start) @ (end - start)), 0, 1)
    return float(np.linalg.norm(point - start - along * (end - start)))


@pytest.mark.parametrize("clip", [swaying(), change_speed(swaying(), 2), dancers.stepping(), dancers.tumbling(40)])
def test_distance_from_the_feet_is_that_from_their_hull(clip: MotionClip) -> None:
    body = Body.of(clip)
    floor = float(np.percentile(body.soles()[..., 1].min(1), 10))
    found = outside_feet(body)
    frames = np.flatnonzero(~np.isnan(found))[::5]
    assert len(frames)
    expected = [_outside_slowly(body, frame, floor) for frame in frames]
    np.testing.assert_allclose(found[frames], expected, rtol=0.01, atol=0.005)
