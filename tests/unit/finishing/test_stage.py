from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import dancers
from tokendance_core.finishing.finish import finish
from tokendance_core.finishing.settings import NOTHING, FinishSettings
from tokendance_core.finishing.stage import staged
from tokendance_core.motion import edits, kinematics
from tokendance_core.motion.contacts import runs
from tokendance_core.motion.skeleton import FEET, HORIZONTAL, INDEX
from tokendance_core.types import MotionClip

FPS = 30
FOOT = 0.14  # metres from ankle to toe


class Walk(NamedTuple):
    """A pelvis above two feet: what staging looks at."""

    clip: MotionClip
    points: np.ndarray
    contacts: np.ndarray

    def staged(self, radius: float = 1.5) -> tuple[MotionClip, np.ndarray]:
        return staged(*self, radius)


def over(angles: np.ndarray) -> np.ndarray:
    """(…,) headings -> (…, 3) unit vectors over the floor."""
    return np.stack((np.sin(angles), 0 * angles, np.cos(angles)), -1)


def walk(places: np.ndarray, headings: np.ndarray, rest: int = 5, swing: int = 10) -> Walk:
    """Left and right foot step in turn to ``places`` (N, 3), the body facing ``headings`` (N,) there: both feet stand
    for ``rest`` frames, then one is in the air for ``swing``.
    """
    frames = len(places) * (rest + swing)
    contacts, points, root = np.ones((frames, 4), bool), np.empty((frames, 4, 3)), np.empty((frames, 3))
    facing = np.empty(frames)
    at, turned = [places[0], places[0]], [headings[0], headings[0]]
    body, heading = places[0], headings[0]
    share = np.concatenate((np.zeros(rest), (1 - np.cos(np.pi * np.arange(1, swing + 1) / (swing + 1))) / 2))
    for step, (place, angle) in enumerate(zip(places, headings, strict=True)):
        foot, now = step % 2, slice(step * (rest + swing), (step + 1) * (rest + swing))
        contacts[now.start + rest : now.stop, 2 * foot : 2 * foot + 2] = False
        for side in (0, 1):
            way, turn = (place - at[side], angle - turned[side]) if side == foot else (np.zeros(3), 0.0)
            points[now, 2 * side] = at[side] + share[:, None] * way
            points[now, 2 * side + 1] = points[now, 2 * side] + FOOT * over(turned[side] + share * turn)
        at[foot], turned[foot] = place, angle
        root[now] = body + share[:, None] * (np.mean(at, axis=0) - body)
        facing[now] = heading + share * (angle - heading)
        body, heading = np.mean(at, axis=0), angle
    vectors = np.zeros((frames, 24, 3))
    vectors[:, INDEX["pelvis"], 1] = facing
    return Walk(dancers.clip(vectors, root + np.array([0, 0.9, 0])), points, contacts)


def wandering(seed: int, steps: int = 80) -> Walk:
    """A walk of random steps and turns that leads far away."""
    rng = np.random.default_rng(seed)
    headings = rng.uniform(-3, 3) + np.cumsum(rng.normal(0, 0.3, steps))
    ways = rng.uniform(0, 0.5, (steps, 1)) * over(headings + rng.normal(0, 0.3, steps)) + rng.uniform(-0.1, 0.1, (1, 3))
    return walk(np.cumsum(ways * [1, 0, 1], axis=0), headings, rest=int(rng.integers(3, 8)))


def on_the_spot(headings: np.ndarray) -> Walk:
    feet = np.where(np.arange(len(headings))[:, None] % 2, -0.1, 0.1) * over(headings + np.pi / 2)
    return walk(feet, headings)


def distances(clip: MotionClip) -> np.ndarray:
    return np.linalg.norm(clip.root[:, HORIZONTAL], axis=-1)


def total_turn(clip: MotionClip) -> float:
    headings = np.unwrap(edits.headings(clip))
    return float(np.degrees(headings[-1] - headings[0]))


# --- feet -------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.5, 1.5, 3.0]))
@settings(max_examples=20, deadline=None)
def test_a_standing_foot_is_never_moved(seed: int, radius: float) -> None:
    steps = wandering(seed)
    _, points = steps.staged(radius)
    for point in range(4):
        for start, stop in runs(steps.contacts[:, point]):
            assert np.ptp(points[start:stop, point], axis=0).max() < 1e-9


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_a_foot_keeps_its_length_and_height(seed: int) -> None:
    steps = wandering(seed)
    _, points = steps.staged()
    np.testing.assert_array_equal(points[..., 1], steps.points[..., 1])
    lengths = np.linalg.norm(points[:, 1::2] - points[:, ::2], axis=-1)
    np.testing.assert_allclose(lengths[steps.contacts[:, ::2]], FOOT, atol=1e-9)
    np.testing.assert_allclose(lengths, FOOT, atol=0.02)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_the_body_stays_above_its_feet(seed: int) -> None:
    steps = wandering(seed)
    clip, points = steps.staged()
    apart = [
        np.linalg.norm((ankles.mean(1) - path)[:, HORIZONTAL], axis=-1)
        for ankles, path in ((steps.points[:, ::2], steps.clip.root), (points[:, ::2], clip.root))
    ]
    assert (apart[1] - apart[0]).max() < 0.15


def test_the_finished_feet_of_a_dancer_slide_no_more_on_a_stage() -> None:
    clip = dancers.drifting(dancers.stepping(), 1.0)
    plain, on_stage = (finish(clip, FinishSettings(settle=0, stage=stage)) for stage in (0.0, 0.5))
    slides = [dancers.slide(finished, dancers.contacts(finished)) for finished in (plain, on_stage)]
    assert distances(plain).max() > 0.6 > distances(on_stage).max()
    assert slides[1] < 1.05 * slides[0] + 0.002


def test_nothing_moves_while_both_feet_stand() -> None:
    clip = edits.turn(dancers.bobbing(), 2.0)
    finished, expected = finish(clip, replace(NOTHING, stage=0.2)), edits.begin(clip)
    np.testing.assert_allclose(finished.root, expected.root, atol=1e-5)
    np.testing.assert_allclose(kinematics.joint_positions(finished), kinematics.joint_positions(expected), atol=1e-4)


# --- the path ---------------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 1.5, 3.0]))
@settings(max_examples=20, deadline=None)
def test_a_walk_stays_on_its_stage(seed: int, radius: float) -> None:
    clip, _ = wandering(seed).staged(radius)
    assert (distances(clip) <= radius).mean() >= 0.99
    assert distances(clip).max() < radius + 0.1


@pytest.mark.parametrize("radius", [0.8, 1.5, 4.0])
def test_ten_minutes_lead_no_further_away_than_ten_seconds(radius: float) -> None:
    clip, _ = wandering(5, steps=1600).staged(radius)
    assert clip.seconds > 600
    assert distances(clip).max() < radius + 0.1
    assert (distances(clip) <= radius).mean() >= 0.99


def test_on_a_stage_that_is_large_enough_steps_are_as_they_were() -> None:
    steps = on_the_spot(np.zeros(40))
    clip, points = steps.staged()
    np.testing.assert_allclose(clip.root, steps.clip.root - steps.clip.root[0] * [1, 0, 1], atol=0.02)
    np.testing.assert_allclose(points, steps.points - steps.clip.root[0] * [1, 0, 1], atol=0.02)


@pytest.mark.parametrize("frames", [1, 2, 40, 600])
@pytest.mark.parametrize("stands", [False, True])
def test_a_dancer_who_never_steps_begins_at_the_origin_too(frames: int, stands: bool) -> None:
    clip = edits.turn(dancers.drifting(dancers.stepping(700), 0.4), 1.0).cut(10, 10 + frames)
    points = kinematics.joint_positions(clip)[:, list(FEET)]
    moved, _ = staged(clip, points, np.full((frames, 4), stands), 0.5)
    assert moved.frames == frames
    assert distances(moved)[0] < 0.05
    assert abs(edits.headings(moved)[0]) < 0.1


def test_a_flight_stays_over_the_stage() -> None:
    clip = dancers.drifting(dancers.stepping(900), 1.0)
    points = kinematics.joint_positions(clip)[:, list(FEET)]
    moved, _ = staged(clip, points, np.zeros((900, 4), bool), 1.0)
    assert distances(clip).max() > 1.5
    assert (distances(moved) <= 1.0).mean() >= 0.99


# --- facing -----------------------------------------------------------------------------------------------------------


def test_a_dancer_who_turned_away_comes_back_to_the_audience() -> None:
    headings = np.concatenate((np.zeros(10), np.linspace(0, np.pi, 4), np.full(46, np.pi)))
    facing = np.degrees(np.abs(edits.headings(on_the_spot(headings).staged()[0])))
    assert (facing[20 * FPS :] < 45).all()


@pytest.mark.parametrize("steps", [4, 6, 8])
@pytest.mark.parametrize("turns", [-2, -1, 1, 2])
def test_a_spin_stays_whole(steps: int, turns: int) -> None:
    spin = np.linspace(0, 2 * np.pi * turns, abs(turns) * steps + 1)
    headings = np.concatenate((np.zeros(12), spin, np.full(12, spin[-1])))
    clip, _ = on_the_spot(headings).staged()
    assert abs(total_turn(clip) - 360 * turns) < 30


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_steps_are_turned_slowly(seed: int) -> None:
    steps = wandering(seed)
    clip, _ = steps.staged()
    added = np.unwrap(edits.headings(clip)) - np.unwrap(edits.headings(steps.clip))
    assert np.degrees(np.abs(added[6:] - added[:-6])).max() < 15
