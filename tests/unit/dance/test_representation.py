from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.motion_samples import swaying_clip
from tokendance_core.dance import footing, representation
from tokendance_core.dance.representation import UPPER_COLUMNS, RootForm, Statistics, lower_columns
from tokendance_core.motion import edits, kinematics, rotation
from tokendance_core.motion.skeleton import OVER_THE_FLOOR
from tokendance_core.types import MotionClip


def walking_clip(frames: int, turns: float = 1.0) -> MotionClip:
    """Sways along a curve while turning ``turns`` times."""
    angles = np.linspace(0, 2 * np.pi * turns, frames)
    clip = swaying_clip(frames)
    pelvis = rotation.heading_matrix(angles) @ rotation.matrix_from_6d(clip.rot6d[:, 0].astype(np.float64))
    rot6d = clip.rot6d.copy()
    rot6d[:, 0] = rotation.rot6d_from_matrix(pelvis)
    path = np.stack((np.sin(angles), 0.9 + 0.02 * np.cos(5 * angles), angles / 3), 1)
    return MotionClip(rot6d, path.astype(np.float32))


def as_decoded(clip: MotionClip) -> MotionClip:
    """The clip turned and moved so that it starts above the origin, facing +Z."""
    turned = edits.turn(clip, -float(edits.headings(clip)[0]))
    return replace(turned, root=turned.root - turned.root[0] * OVER_THE_FLOOR)


@pytest.mark.parametrize(
    ("root", "lower", "columns"), [("absolute", 57, 147), ("velocity", 57, 147), ("heading", 66, 156)]
)
def test_upper_and_lower_columns_share_out_the_matrix(root: RootForm, lower: int, columns: int) -> None:
    assert (len(UPPER_COLUMNS), len(lower_columns(root)), representation.column_count(root)) == (90, lower, columns)
    assert sorted([*UPPER_COLUMNS, *lower_columns(root)]) == list(range(columns))
    assert representation.to_matrix(swaying_clip(3), root).shape == (3, columns)


@given(st.integers(1, 60), st.sampled_from(["velocity", "absolute"]))
@settings(max_examples=20, deadline=None)
def test_a_clip_survives_the_round_trip(frames: int, root: RootForm) -> None:
    clip = swaying_clip(frames)
    again = representation.from_matrix(representation.to_matrix(clip, root), root)
    start = clip.root[0] * (1, 0, 1) if root == "velocity" else np.zeros(3)
    np.testing.assert_allclose(again.rot6d, clip.rot6d, atol=1e-6)
    np.testing.assert_allclose(again.root + start, clip.root, atol=1e-4)


@given(st.integers(1, 90), st.floats(-4, 4))
@settings(max_examples=20, deadline=None)
def test_a_turning_clip_survives_the_round_trip_by_heading(frames: int, turns: float) -> None:
    clip = walking_clip(frames, turns)
    again, expected = representation.from_matrix(representation.to_matrix(clip, "heading"), "heading"), as_decoded(clip)
    np.testing.assert_allclose(again.rot6d, expected.rot6d, atol=1e-4)
    np.testing.assert_allclose(again.root, expected.root, atol=1e-4)


@given(st.floats(-7, 7), st.floats(-20, 20))
@settings(max_examples=20, deadline=None)
def test_numbers_by_heading_are_the_same_wherever_the_dancer_stands_and_faces(angle: float, away: float) -> None:
    clip = walking_clip(40)
    moved = edits.turn(replace(clip, root=clip.root + np.float32([away, 0, -away])), angle)
    np.testing.assert_allclose(
        representation.to_matrix(moved, "heading"), representation.to_matrix(clip, "heading"), atol=2e-5
    )


def test_the_path_follows_standing_feet_where_the_pelvis_says_otherwise() -> None:
    matrix = representation.to_matrix(swaying_clip(40), "heading")
    matrix[:, representation.FOOT_STEPS] = 0  # both feet stand
    matrix[:, 0] = 0.02  # and the pelvis claims to walk 60 cm a second to the side

    def slide(made: MotionClip) -> float:
        feet = kinematics.joint_positions(made)[:, [7, 8]]
        return float(np.abs(np.diff(feet.mean(1)[:, [0, 2]], axis=0)).mean())

    assert slide(representation.from_matrix(matrix, "heading")) < 0.005


def test_feet_that_disagree_do_not_shake_the_path() -> None:
    """One frame in which a standing foot pulls the other way is spread over its neighbours."""
    planar, legs, told = np.zeros((9, 2)), np.zeros((8, 4, 2)), np.zeros((9, 4, 2))
    legs[4, :, 0] = 0.01
    steps = footing.anchored(planar, told, legs)
    assert steps.sum(0)[0] == pytest.approx(-0.01, rel=0.05)
    np.testing.assert_allclose(steps[4:7, 0] / steps[:, 0].sum(), [0.25, 0.5, 0.25], atol=1e-9)


@given(st.integers(1, 30))
@settings(max_examples=10, deadline=None)
def test_paths_are_anchored_alike_by_numpy_and_torch(frames: int) -> None:
    rng = np.random.default_rng(frames)
    planar, told = rng.normal(0, 0.01, (frames, 2)), rng.normal(0, 0.005, (frames, 4, 2))
    legs = rng.normal(0, 0.01, (frames - 1, 4, 2))
    by_torch = footing.anchored(*map(torch.from_numpy, (planar, told, legs)))
    np.testing.assert_allclose(by_torch.numpy(), footing.anchored(planar, told, legs), atol=1e-12)


def test_velocity_columns_are_metres_a_frame_and_height_is_absolute() -> None:
    clip = swaying_clip(3)
    path = np.array([[0, 0.9, 0], [0.01, 0.8, -0.02], [0.03, 0.7, -0.02]], np.float32)
    matrix = representation.to_matrix(replace(clip, root=path))
    np.testing.assert_allclose(matrix[:, :3], [[0.01, 0.9, -0.02], [0.01, 0.8, -0.02], [0.02, 0.7, 0.0]], atol=1e-7)


def test_another_frame_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="30 fps, found 60"):
        representation.to_matrix(replace(swaying_clip(5), fps=60.0))


def test_statistics_normalise_and_restore() -> None:
    rows = np.random.default_rng(0).normal(3, 2, (500, 4)).astype(np.float32)
    rows[:, 3] = 7.0
    statistics = Statistics.of([rows[:200], rows[200:]])
    normal = statistics.normalise(rows)
    np.testing.assert_allclose(normal.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(normal.std(0), [1, 1, 1, 0], atol=1e-3)
    np.testing.assert_allclose(statistics.restore(normal), rows, atol=1e-4)
