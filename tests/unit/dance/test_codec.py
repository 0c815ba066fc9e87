from __future__ import annotations

import numpy as np
import pytest

from tests.unit.motion_samples import swaying_clip
from tokendance_core.dance.codec import bridge_doubt
from tokendance_core.motion import rotation


def test_sure_frames_are_left_alone() -> None:
    rot6d = swaying_clip(40).rot6d
    np.testing.assert_array_equal(bridge_doubt(rot6d), rot6d)


@pytest.mark.parametrize("frames", [slice(10, 11), slice(10, 15), slice(0, 3), slice(37, 40)])
def test_doubtful_frames_are_bridged_by_an_even_turn(frames: slice) -> None:
    angles = np.linspace(0, 2.0, 40)
    turns = rotation.rot6d_from_matrix(rotation.heading_matrix(angles))[:, None].astype(np.float32)
    broken = turns.copy()
    broken[frames] = np.random.default_rng(0).normal(0, 0.1, broken[frames].shape)
    bridged = bridge_doubt(broken)
    if frames.start and frames.stop < 40:
        np.testing.assert_allclose(bridged, turns, atol=1e-5)
    else:  # nothing to turn to: the nearest sure pose is held
        held = turns[frames.stop] if frames.start == 0 else turns[frames.start - 1]
        np.testing.assert_allclose(bridged[frames], np.broadcast_to(held, bridged[frames].shape), atol=1e-5)


def test_a_joint_that_is_never_sure_stays_as_it_is() -> None:
    nothing = np.full((5, 2, 6), 0.01, np.float32)
    np.testing.assert_array_equal(bridge_doubt(nothing), nothing)
