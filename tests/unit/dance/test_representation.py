from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.motion_samples import swaying_clip
from tokendance_core.dance import representation
from tokendance_core.dance.representation import LOWER_COLUMNS, UPPER_COLUMNS, Statistics


def test_upper_and_lower_columns_share_out_the_147() -> None:
    assert (len(UPPER_COLUMNS), len(LOWER_COLUMNS), representation.COLUMNS) == (90, 57, 147)
    assert sorted([*UPPER_COLUMNS, *LOWER_COLUMNS]) == list(range(147))


@given(st.integers(1, 60), st.sampled_from(["velocity", "absolute"]))
@settings(max_examples=20, deadline=None)
def test_a_clip_survives_the_round_trip(frames: int, root: str) -> None:
    clip = swaying_clip(frames)
    again = representation.from_matrix(representation.to_matrix(clip, root), root)
    start = clip.root[0] * (1, 0, 1) if root == "velocity" else np.zeros(3)
    np.testing.assert_allclose(again.rot6d, clip.rot6d, atol=1e-6)
    np.testing.assert_allclose(again.root + start, clip.root, atol=1e-4)


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
