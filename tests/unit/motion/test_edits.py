from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.motion_samples import swaying_clip
from tokendance_core.motion import edits as augment
from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.skeleton import MIRROR


def test_mirror_reflects_every_joint_and_swaps_sides() -> None:
    clip = swaying_clip()
    expected = kinematics.joint_positions(clip)[:, list(MIRROR)] * np.array([-1, 1, 1])
    np.testing.assert_allclose(kinematics.joint_positions(kinematics.mirror(clip)), expected, atol=1e-5)


def test_mirroring_twice_changes_nothing() -> None:
    clip = swaying_clip()
    twice = kinematics.mirror(kinematics.mirror(clip))
    np.testing.assert_array_equal(twice.rot6d, clip.rot6d)
    np.testing.assert_array_equal(twice.root, clip.root)


@given(st.floats(-7, 7))
@settings(max_examples=20, deadline=None)
def test_turning_turns_every_joint_about_the_vertical(angle: float) -> None:
    clip = swaying_clip(frames=10)
    expected = kinematics.joint_positions(clip) @ rotation.heading_matrix(angle).T
    np.testing.assert_allclose(kinematics.joint_positions(augment.turn(clip, angle)), expected, atol=1e-5)


def test_a_quarter_turn_faces_left() -> None:
    clip = swaying_clip(frames=2)
    rest = clip.rot6d.copy()
    rest[:] = [1, 0, 0, 0, 1, 0]
    still = type(clip)(rest, clip.root)
    assert augment.headings(augment.turn(still, np.pi / 2)) == pytest.approx([np.pi / 2] * 2, abs=1e-5)


@given(st.floats(-3, 3))
@settings(max_examples=20, deadline=None)
def test_facing_forward_undoes_any_turn_and_offset(angle: float) -> None:
    clip = swaying_clip(frames=60)
    moved = augment.turn(clip, angle)
    moved = type(clip)(moved.rot6d, moved.root + np.array([3, 0, -2], np.float32))
    np.testing.assert_allclose(
        kinematics.joint_positions(augment.face_forward(moved)),
        kinematics.joint_positions(augment.face_forward(clip)),
        atol=1e-4,
    )


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_speed_changes_length_by_its_inverse_and_keeps_poses(factor: float) -> None:
    clip = swaying_clip(frames=120)
    played = augment.change_speed(clip, factor)
    assert played.frames == round(120 / factor)
    frame = 40
    at = round(frame / factor)
    np.testing.assert_allclose(
        kinematics.joint_positions(played)[at], kinematics.joint_positions(clip)[frame], atol=0.03
    )
