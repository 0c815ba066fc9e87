from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.train.motion_samples import swaying_clip
from tokendance_core import kinematics, rotation
from tokendance_core.evaluate import metrics
from tokendance_core.types import MotionClip


def _still(frames: int = 60, height: float = 0.94) -> MotionClip:
    rot6d = np.tile(np.array([1, 0, 0, 0, 1, 0], np.float32), (frames, 24, 1))
    return MotionClip(rot6d, np.tile(np.array([0, height, 0], np.float32), (frames, 1)))


def test_joint_speed_of_a_glide_is_its_speed() -> None:
    clip = _still()
    path = clip.root.copy()
    path[:, 0] = np.arange(60) * 0.05  # 1.5 m/s
    assert metrics.joint_speed(replace(clip, root=path)) == pytest.approx([1.5] * 60, rel=1e-4)


def test_perfect_and_hopeless_alignment() -> None:
    beats = np.arange(1.0, 20.0, 0.5)
    assert metrics.beat_alignment(beats, beats) == 1.0
    assert metrics.beat_alignment(beats, beats + 0.1) == pytest.approx(np.exp(-0.5), abs=0.02)
    assert metrics.beat_alignment(beats, np.empty(0)) == 0.0


def test_random_phase_is_between() -> None:
    beats = np.arange(1.0, 40.0, 0.5)
    assert 0.3 < metrics.random_phase_alignment(beats, beats) < 0.6


def test_motion_beats_of_a_sway_come_at_its_turning_points() -> None:
    t = np.arange(300) / 30.0
    clip = _still(300)
    path = clip.root.copy()
    path[:, 0] = 0.3 * np.sin(2 * np.pi * t)  # at rest every half second, from 0.25 s on
    beats = metrics.motion_beats(replace(clip, root=path))
    np.testing.assert_allclose(beats[1:-1], np.arange(len(beats[1:-1])) * 0.5 + beats[1], atol=0.04)
    assert beats[1] % 0.5 == pytest.approx(0.25, abs=0.04)


def test_joint_error_ignores_the_path() -> None:
    clip = swaying_clip(30)
    assert metrics.joint_error(replace(clip, root=clip.root + np.float32(3)), clip) == pytest.approx([0.0] * 30, abs=1e-5)
    other = swaying_clip(30, seed=5)
    assert metrics.joint_error(other, clip).mean() > 0.05


def test_feet_that_glide_slide_and_feet_below_the_floor_penetrate() -> None:
    clip = _still()
    path = clip.root.copy()
    path[:, 2] = np.arange(60) * 0.005  # 0.15 m/s, slow enough to count as contact
    assert metrics.foot_slide(replace(clip, root=path)) == pytest.approx(0.15, rel=1e-3)
    assert metrics.foot_slide(clip) == 0.0
    assert metrics.foot_penetration(clip) == 0.0
    assert metrics.foot_penetration(_still(height=0.90)) == pytest.approx(0.04, abs=1e-5)


def test_heading_and_place_do_not_matter() -> None:
    clip = swaying_clip(90)
    spin = rotation.heading_matrix(1.0).astype(np.float32)
    pelvis = rotation.rot6d_from_matrix(spin @ rotation.matrix_from_6d(clip.rot6d[:, 0]))
    turned = replace(clip, rot6d=np.concatenate((pelvis[:, None], clip.rot6d[:, 1:]), 1), root=clip.root @ spin.T + np.float32([2, 0, 5]))
    np.testing.assert_allclose(metrics.joint_speed(turned), metrics.joint_speed(clip), rtol=1e-3)
    assert metrics.foot_slide(turned) == pytest.approx(metrics.foot_slide(clip), rel=1e-3)
    assert kinematics.joint_positions(turned).shape == (90, 24, 3)
