from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.motion_samples import posed, source, still_clip, swaying_clip
from tokendance_core.datasets.clip_clocks import ClipClock, clock_of
from tokendance_core.datasets.pack import BeatGrid
from tokendance_core.motion.edits import bend
from tokendance_core.motion.kinematics import mirror
from tokendance_core.types import MotionClip

SECONDS = 16.0


def stepping_to(beats: np.ndarray, seed: int = 0, shaking: float = 0.0) -> MotionClip:
    """A dancer who lets a moment pass after each of ``beats`` (B,) seconds, then lifts a foot and takes up a new pose,
    and comes down with both on the next; each joint shakes by ``shaking`` radians.
    """
    rng = np.random.default_rng(seed)
    frames = int(SECONDS * 30)
    place = np.interp(np.arange(frames) / 30, beats, np.arange(len(beats)))
    beat = np.minimum(place.astype(int), len(beats) - 2)
    way = np.clip((place - beat - 0.3) / 0.7, 0, 1)
    way = way * way * (3 - 2 * way)
    poses = {
        joint: rng.uniform(-0.6, 0.6, (len(beats), 3))
        for joint in ("spine1", "left_shoulder", "right_shoulder", "head")
    }
    turned = {joint: (pose[beat] + way[:, None] * (pose[beat + 1] - pose[beat])).T for joint, pose in poses.items()}
    clip = posed(frames, **turned)
    for side, foot in (("left", 0), ("right", 1)):
        lift = np.where(beat % 2 == foot, np.sin(np.pi * way) ** 2, 0.0)
        for joint, part in (("hip", -0.5), ("knee", 1.0), ("ankle", -0.5)):
            clip = bend(clip, f"{side}_{joint}", "X", part * lift)
    for joint in poses:
        clip = bend(clip, joint, "Z", shaking * rng.standard_normal(frames))
    return clip


def clock(clip: MotionClip) -> ClipClock:
    """What is found when nothing is known."""
    return clock_of(replace(source(clip), grid=None))


def away(found: np.ndarray, true: np.ndarray) -> float:
    """Median distance, in beats, from a beat found to a true one."""
    place = np.interp(found, true, np.arange(len(true)))
    return float(np.median(np.abs(place - np.round(place))))


@pytest.mark.parametrize(("exact", "certainty"), [(True, "exact"), (False, "recovered")])
def test_a_known_grid_is_used_as_it_is(exact: bool, certainty: str) -> None:
    found = clock_of(replace(source(swaying_clip(300)), grid=BeatGrid(100.0, 0.15, exact)))
    np.testing.assert_allclose(found.beats, np.arange(0.15, 10, 0.6))
    assert found.certainty == certainty


@given(st.floats(80, 130), st.floats(0, 1), st.integers(0, 100))
@settings(max_examples=8, deadline=None)
def test_tempo_and_phase_of_a_dancer_are_found(bpm: float, offset: float, seed: int) -> None:
    true = np.arange(offset - 2, SECONDS + 2, 60 / bpm)
    found = clock(stepping_to(true, seed))
    assert 60 / np.diff(found.beats).mean() == pytest.approx(bpm, rel=0.02)
    assert away(found.beats, true) < 0.2
    assert found.certainty == "guessed"


def test_the_mirror_image_has_the_same_clock() -> None:
    clip = stepping_to(np.arange(-1.8, SECONDS + 2, 0.55))
    np.testing.assert_allclose(clock(clip).beats, clock(mirror(clip)).beats)


def test_noise_of_a_capture_does_not_hide_the_clock() -> None:
    true = np.arange(-1.8, SECONDS + 2, 0.55)
    found = clock(stepping_to(true, shaking=0.01))
    assert found.certainty == "guessed"
    assert away(found.beats, true) < 0.2


def test_a_tempo_that_drifts_by_a_few_percent_is_followed_on_average() -> None:
    true = np.cumsum(0.55 * (1 + 0.02 * np.sin(np.arange(40) / 6))) - 2
    found = clock(stepping_to(true))
    assert found.certainty == "guessed"
    assert np.diff(found.beats).mean() == pytest.approx(0.55, rel=0.03)


def test_a_dancer_without_a_beat_has_no_clock_but_even_beats() -> None:
    found = [
        clock(stepping_to(np.cumsum(np.random.default_rng(seed).uniform(0.3, 1.1, 60)) - 2, seed)) for seed in range(8)
    ]
    assert [one.certainty for one in found].count("none") >= 7, "2 in 100 are taken for a clock by chance"
    for one in found:
        np.testing.assert_allclose(np.diff(one.beats), one.beats[1] - one.beats[0])
        assert SECONDS - one.beats[-1] < one.beats[1] - one.beats[0]


@pytest.mark.parametrize("frames", [2, 10, 60])
def test_somebody_who_stands_has_no_clock(frames: int) -> None:
    assert clock(still_clip(frames)).certainty == "none"
