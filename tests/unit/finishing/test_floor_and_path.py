from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import dancers
from tokendance_core.finishing import floor_and_path as ground
from tokendance_core.motion import kinematics
from tokendance_core.motion.skeleton import FEET, FLAT

# --- the floor --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("height", [-0.1, 0.0, 0.1])
def test_a_floating_or_sunken_clip_is_put_on_the_floor(height: float) -> None:
    clip = dancers.stepping()
    positions = kinematics.joint_positions(clip) + np.array([0, height, 0])
    levelled = positions + ground.floor_shift(positions, clip.fps)[:, None]
    lowest = (levelled[:, list(FEET), 1] - FLAT).min(1)
    assert np.abs(lowest).max() < 0.01


def test_a_leap_is_not_pulled_down() -> None:
    clip = dancers.bobbing(300)
    positions = kinematics.joint_positions(clip)
    positions[140:160, :, 1] += 0.5 * np.sin(np.linspace(0, np.pi, 20))[:, None]
    np.testing.assert_allclose(ground.floor_shift(positions, clip.fps), 0, atol=0.01)


# --- the path ---------------------------------------------------------------------------------------------------------


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_the_banded_solver_agrees_with_the_dense_one(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    spring = rng.uniform(0.05, 2, size - 1)
    diagonal = np.full(size, 0.01)
    diagonal[:-1] += spring
    diagonal[1:] += spring
    right = rng.normal(size=(size, 2))
    dense = np.diag(diagonal) - np.diag(spring, 1) - np.diag(spring, -1)
    np.testing.assert_allclose(
        ground._solve_tridiagonal(diagonal, -spring, right), np.linalg.solve(dense, right), rtol=1e-6, atol=1e-8
    )


def test_skating_is_taken_out_of_the_path() -> None:
    clean = dancers.bobbing(300)
    skating = dancers.drifting(clean, 0.2)
    contacts = dancers.contacts(clean)
    shift = ground.path_shift(kinematics.joint_positions(skating), contacts, skating.fps)
    steady = replace(skating, root=(skating.root + shift).astype(np.float32))
    assert dancers.slide(skating, contacts) > 0.15
    assert dancers.slide(steady, contacts) < 0.6 * dancers.slide(skating, contacts)
    np.testing.assert_array_equal(shift[:, 1], 0)


def test_a_wobble_of_the_path_is_taken_out() -> None:
    clean = dancers.bobbing(300)
    wobble = 0.02 * np.sin(2 * np.pi * np.arange(300) / 30)[:, None] * np.array([1, 0, 0.5])
    positions = kinematics.joint_positions(clean) + wobble[:, None]
    shift = ground.path_shift(positions, dancers.contacts(clean), clean.fps)
    assert np.diff(wobble + shift, axis=0).std() < 0.4 * np.diff(wobble, axis=0).std()


def test_a_slow_drift_is_left_to_the_legs() -> None:
    clean = dancers.bobbing(300)
    drifting = dancers.drifting(clean, 0.03)
    shift = ground.path_shift(kinematics.joint_positions(drifting), dancers.contacts(clean), clean.fps)
    assert np.abs(shift).max() < 0.03


def test_without_contacts_the_path_is_kept() -> None:
    clip = dancers.drifting(dancers.bobbing(), 0.2)
    shift = ground.path_shift(kinematics.joint_positions(clip), np.zeros((clip.frames, 4), bool), clip.fps)
    np.testing.assert_allclose(shift, 0, atol=1e-6)
