from __future__ import annotations

import numpy as np
import pytest

from tests.unit import dancers
from tests.unit.rig_poses import Z_UP, character, own_map
from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.contacts import clearance
from tokendance_core.motion.skeleton import ANKLE_HEIGHT, FEET, INDEX
from tokendance_core.retarget import posing, rest_pose, rig_feet
from tokendance_core.retarget.rest_pose import RestPose
from tokendance_core.types import MotionClip, Rig


def _posture(rig: Rig, rest: RestPose, global_rotations: np.ndarray) -> posing.Posture:
    """The body on the spot, every bone turned as its joint."""
    targets = {
        bone: rest.axes
        @ global_rotations[:, INDEX[joint]]
        @ rest.alignment[INDEX[joint]]
        @ (rest.axes.T @ rest.posture.turns[bone])
        for joint, bone in rest.bones.items()
    }
    return posing.pose(rig, range(len(rig.names)), targets, rest.basis)


def _on(clip: MotionClip, **options) -> tuple[RestPose, posing.Posture, np.ndarray, np.ndarray]:
    """Rest pose, posture, our positions and global rotations of a clip on a character with these ``options``."""
    rig = character(1, **options)
    rest = rest_pose.read(rig, own_map(rig))
    positions, global_rotations = kinematics.forward_kinematics(
        rotation.matrix_from_6d(clip.rot6d.astype(float)), clip.root.astype(float)
    )
    return rest, _posture(rig, rest, global_rotations), positions, global_rotations


def _proportions(**changes: float) -> np.ndarray:
    proportions = np.ones(24)
    for part, factor in changes.items():
        for side in ("left", "right"):
            proportions[INDEX[f"{side}_{part}"]] = factor
    return proportions


@pytest.mark.parametrize("scale", [1.0, 100.0])
@pytest.mark.parametrize("axes", [Z_UP, np.eye(3)])
def test_soles_of_our_own_build_are_our_ankles_and_toes(scale: float, axes: np.ndarray) -> None:
    clip = dancers.bobbing(20)
    rest, posture, positions, global_rotations = _on(clip, scale=scale, axes=axes)
    soles = rig_feet.soles(rest, posture, global_rotations).reshape(20, 4, 3)
    # The body rests where it rests: its pelvis does not go with the dance.
    moved = positions - positions[:, :1] + [0, 0.94, 0]
    np.testing.assert_allclose(soles, moved[:, list(FEET)], atol=1e-6)


def test_a_foot_without_a_toe_has_one_in_front_of_it() -> None:
    clip = dancers.bobbing(4)
    rest, posture, positions, global_rotations = _on(clip, drop=("left_foot", "right_foot"))
    soles = rig_feet.soles(rest, posture, global_rotations)
    expected = positions[:, list(FEET)].reshape(4, 2, 2, 3)
    np.testing.assert_allclose((soles[:, :, 1] - soles[:, :, 0]), expected[:, :, 1] - expected[:, :, 0], atol=1e-6)


def test_the_sole_lies_at_the_level_that_is_asked_for() -> None:
    rest, posture, _, global_rotations = _on(dancers.bobbing(3))
    still = np.broadcast_to(np.eye(3), global_rotations.shape)
    rig_at_rest = rest.posture
    for level in (0.0, -0.03, 0.05):
        np.testing.assert_allclose(rig_feet.soles(rest, rig_at_rest, still, level)[:, :, 1, 1], level, atol=1e-9)
    np.testing.assert_allclose(rig_feet.soles(rest, rig_at_rest, still)[:, :, 0, 1], ANKLE_HEIGHT, atol=1e-9)
    assert posture.heads.keys() == rig_at_rest.heads.keys()


@pytest.mark.parametrize("shins", [0.7, 1.0, 1.4])
def test_the_body_rises_until_its_lower_foot_is_as_high_as_wanted(shins: float) -> None:
    clip = dancers.stepping(40)
    rest, posture, positions, global_rotations = _on(clip, proportions=_proportions(ankle=shins))
    path, wanted = np.zeros((40, 3)), clearance(positions)
    path[:, 1] = rig_feet.rise(rest, posture, global_rotations, path, wanted)
    # A second look finds nothing to do, and a higher goal needs just as much more.
    np.testing.assert_allclose(rig_feet.rise(rest, posture, global_rotations, path, wanted), 0, atol=1e-9)
    np.testing.assert_allclose(rig_feet.rise(rest, posture, global_rotations, path, wanted + 0.2), 0.2, atol=1e-9)
    heights = rig_feet.soles(rest, posture, global_rotations)[..., 1] + path[:, None, None, 1]
    assert (heights - [ANKLE_HEIGHT, 0.0]).min() > -0.01


def _locked_slide(strength: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Metres that a standing ankle of a short-legged rig wanders, how far turns and path were changed."""
    clip = dancers.drifting(dancers.bobbing(90), 0.05)
    contacts = np.ones((90, 4), bool)
    rest, posture, positions, global_rotations = _on(clip, proportions=_proportions(ankle=0.7, knee=0.9))
    path = positions[:, 0] - positions[:1, 0]
    locked, moved = rig_feet.lock_rig_feet(rest, posture, global_rotations, path, contacts, 30.0, strength)
    rig = character(1, proportions=_proportions(ankle=0.7, knee=0.9))
    ankles = rig_feet.soles(rest, _posture(rig, rest, locked), locked)[:, :, 0] + moved[:, None]
    return float(np.ptp(ankles[5:-5], axis=0)[:, [0, 2]].max()), locked - global_rotations, moved - path


def test_locked_feet_stand_still_on_a_rig_of_other_proportions() -> None:
    slid, _, _ = _locked_slide(0.0)
    stood, turned, moved = _locked_slide(1.0)
    assert slid > 0.05
    assert stood < 0.1 * slid
    others = np.delete(
        turned, [INDEX[f"{side}_{j}"] for side in ("left", "right") for j in ("hip", "knee", "ankle", "foot")], 1
    )
    np.testing.assert_array_equal(others, 0)
    np.testing.assert_array_equal(moved[:, [0, 2]], 0)


def test_nothing_is_changed_in_place() -> None:
    clip = dancers.bobbing(10)
    rest, posture, positions, global_rotations = _on(clip)
    path = positions[:, 0] - positions[:1, 0]
    before = global_rotations.copy(), path.copy()
    rig_feet.lock_rig_feet(rest, posture, global_rotations, path, np.ones((10, 4), bool), 30.0, 1.0)
    np.testing.assert_array_equal(global_rotations, before[0])
    np.testing.assert_array_equal(path, before[1])
