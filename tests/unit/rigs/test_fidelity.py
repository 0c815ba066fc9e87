"""The measures see what is wrong with a posed rig, and nothing where nothing is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.rig_poses import Z_UP, character, own_map, posed, random_clip
from tokendance_core.motion import rotation
from tokendance_core.motion.skeleton import JOINTS
from tokendance_core.retarget.transfer import retarget
from tokendance_core.rigs import fidelity
from tokendance_core.rigs.fidelity import Miss
from tokendance_core.types import MotionClip, Rig

_CLIP = random_clip(3, frames=10, spread=0.3)


def _rig(seed: int = 1, degrees: float = 0.0) -> Rig:
    """A character in a world that turns it about up."""
    world = np.eye(4)
    world[:3, :3] = rotation.matrix_from_axis_angle(np.array([0.0, 0.0, np.radians(degrees)]))
    return replace(character(seed), world=world)


def _shown(rig: Rig, clip: MotionClip = _CLIP) -> dict[str, np.ndarray]:
    pose = posed(rig, retarget(clip, rig, own_map(rig)))
    return {name: pose[:, bone].copy() for bone, name in enumerate(rig.names)}


def _measured(rig: Rig, shown: dict[str, np.ndarray]) -> dict[str, Miss]:
    return fidelity.measure(rig, own_map(rig), _CLIP, shown)


@given(st.integers(0, 1000), st.floats(-180, 180))
@settings(max_examples=15, deadline=None)
def test_a_dancer_of_our_build_misses_nothing_wherever_it_faces(seed: int, degrees: float) -> None:
    rig = _rig(seed, degrees)
    for name, miss in _measured(rig, _shown(rig)).items():
        assert miss.worst < 0.01, name


def _turned(shown: dict[str, np.ndarray], axis: int, degrees: float) -> dict[str, np.ndarray]:
    """The whole body turned about an axis of the armature."""
    turn = np.eye(4)
    turn[:3, :3] = rotation.matrix_from_axis_angle(np.eye(3)[axis] * np.radians(degrees))
    return {bone: turn @ matrices for bone, matrices in shown.items()}


@pytest.mark.parametrize("degrees", [3.0, 12.0, 40.0])
def test_a_body_that_leans_is_seen_in_the_trunk_and_one_that_rolls_in_the_hips(degrees: float) -> None:
    rig = _rig()
    leaning, rolling = (_measured(rig, _turned(_shown(rig), axis, degrees)) for axis in (0, 1))
    assert leaning["trunk"].worst == pytest.approx(degrees, abs=0.5)
    assert rolling["hip line"].worst == pytest.approx(degrees, abs=0.5)
    assert rolling["shoulder line"].worst == pytest.approx(degrees, abs=0.5)
    assert leaning["stretch"].worst < 0.01


def test_a_dance_that_faces_backwards_is_seen_in_the_feet() -> None:
    rig = _rig()
    assert _measured(rig, _turned(_shown(rig), 2, 180.0))["feet"].mean > 90


def test_a_bone_that_is_torn_off_is_named() -> None:
    rig, shown = _rig(), _shown(_rig())
    shown["left_foot"][4, :3, 3] += [0.0, 0.0, 0.3]
    miss = _measured(rig, shown)["stretch"]
    assert (miss.bone, miss.sample) == ("left_foot", 4)
    assert miss.worst > 50


def test_a_floor_that_tilts_is_seen() -> None:
    rig, clip = _rig(), replace(_CLIP, root=_CLIP.root + np.linspace(0, 2, 10)[:, None] * np.float32([1, 0, 0]))
    tilted = _turned(_shown(rig, clip), 1, -30.0)
    assert fidelity.measure(rig, own_map(rig), clip, tilted)["floor"].worst > 20
    assert fidelity.measure(rig, own_map(rig), clip, _shown(rig, clip))["floor"].worst < 0.01


def test_limbs_are_compared_one_by_one() -> None:
    rig, shown = _rig(), _shown(_rig())
    wrist, elbow = (shown[f"right_{joint}"][:, :3, 3] for joint in ("wrist", "elbow"))
    shown["right_wrist"][2, :3, 3] = elbow[2] - (wrist[2] - elbow[2])
    miss = _measured(rig, shown)["limbs"]
    assert (miss.bone, miss.sample) == ("right_elbow", 2)
    assert miss.worst == pytest.approx(180, abs=0.01)


def test_what_has_no_bone_is_not_measured() -> None:
    rig = character(drop=("left_shoulder", "left_elbow", "left_wrist", "left_hand", "left_foot", "head"), axes=Z_UP)
    found = fidelity.measure(rig, own_map(rig), _CLIP, _shown(rig))
    assert "shoulder line" not in found
    assert {"hip line", "trunk", "limbs", "stretch", "floor"} <= found.keys() <= fidelity.UNITS.keys()
    assert found["stretch"].bone in JOINTS
