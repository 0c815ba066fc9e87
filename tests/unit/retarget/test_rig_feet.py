from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import dancers
from tests.unit.rig_poses import Z_UP, character, own_map, posed
from tokendance_core.motion import edits, kinematics, rotation
from tokendance_core.motion.skeleton import INDEX, SIDES
from tokendance_core.retarget import posing, rest_pose, rig_feet
from tokendance_core.retarget.rest_pose import RestPose
from tokendance_core.retarget.settings import RetargetSettings
from tokendance_core.retarget.transfer import retarget
from tokendance_core.types import BodyShape, MotionClip, Rig, Sole


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


def _soles(rig: Rig, length: float, heel: float, bends: bool) -> BodyShape:
    """Feet that reach ``length`` metres ahead of the ankle, the heel ``heel`` metres below where a flat one would be;
    8 cm wide, on a character of our build in Blender's axes and in metres.
    """
    soles = {}
    for side in SIDES:
        ankle = Z_UP.T @ rig.heads[rig.names.index(f"{side}_ankle")]
        ball = Z_UP.T @ rig.heads[rig.names.index(f"{side}_foot")]
        zones = [
            np.array([[ankle[0] + aside, level, ankle[2] + ahead] for aside in (-0.04, 0.04)]) @ Z_UP.T
            for ahead, level in ((-0.06, -heel), (ball[2] - ankle[2], 0.0), (length, 0.0))
        ]
        soles[side] = Sole(*zones, bends)
    return BodyShape(soles, ())


def _points(rig: Rig, body: BodyShape, pose: np.ndarray) -> np.ndarray:
    """(T, 2, N, 3) where the points of the soles are in a pose (T, B, 4, 4), by the bones that carry them."""
    found = []
    for side in SIDES:
        sole = body.soles[side]
        for zone, bone in ((sole.heel, "ankle"), (sole.ball, "ankle"), (sole.toes, "foot" if sole.bends else "ankle")):
            index = rig.names.index(f"{side}_{bone}")
            local = np.linalg.inv(rig.rest[index]) @ np.append(zone, np.ones((len(zone), 1)), 1).T
            found.append((pose[:, index] @ local)[:, :3].swapaxes(-1, -2))
    return np.concatenate(found, 1).reshape(len(pose), 2, -1, 3)


def _raised(clip: MotionClip) -> MotionClip:
    """The dance with its lower foot on the floor in every frame."""
    missing = rig_feet.clearances(kinematics.joint_positions(clip)).min(1)
    return replace(clip, root=(clip.root - missing[:, None] * np.array([0, 1, 0])).astype(np.float32))


FEET_OF_MANY_KINDS = given(
    length=st.floats(0.16, 0.5),
    heel=st.floats(0.0, 0.1),
    bends=st.booleans(),
    pitch=st.floats(-0.6, 0.6),
    roll=st.floats(-0.3, 0.3),
    lock=st.sampled_from([0.0, 1.0]),
)


@FEET_OF_MANY_KINDS
@settings(max_examples=25, deadline=None)
def test_no_point_of_a_sole_sinks_in_and_no_foot_floats(length, heel, bends, pitch, roll, lock) -> None:
    """Big feet, high heels, feet with and without toes that bend, tilted forward, backward and to the side."""
    rig, clip = character(0), dancers.bobbing(40)
    for side in SIDES:
        clip = edits.bend(
            edits.bend(clip, f"{side}_ankle", "X", np.full(40, pitch)), f"{side}_ankle", "Z", np.full(40, roll)
        )
    wanted = rig_feet.clearances(kinematics.joint_positions(clip)).min(1)
    body = _soles(rig, length, heel, bends)
    heights = _points(rig, body, posed(rig, retarget(clip, rig, own_map(rig), RetargetSettings(foot_lock=lock), body)))[
        ..., 2
    ]
    if lock:
        assert heights.min() > -0.005
        assert heights.min((1, 2)).max() < 0.005 + max(wanted.max(), 0)
    else:
        np.testing.assert_allclose(heights.min((1, 2)), wanted, atol=1e-6)


@given(st.floats(0.1, 0.8), st.floats(0.17, 0.4))
@settings(max_examples=15, deadline=None)
def test_toes_lie_flat_on_the_ground_while_the_foot_stands_on_its_ball(pitch: float, length: float) -> None:
    rig, clip = character(0), dancers.bobbing(20)
    for side in SIDES:
        clip = edits.bend(clip, f"{side}_ankle", "X", np.full(20, pitch))
    body = _soles(rig, length, 0.0, True)
    points = _points(rig, body, posed(rig, retarget(_raised(clip), rig, own_map(rig), None, body)))
    ball, toes = points[:, :, 2:4, 2], points[:, :, 4:, 2]
    np.testing.assert_allclose(ball - ball.min(), 0, atol=1e-3)
    np.testing.assert_allclose(toes - ball.min(), 0, atol=1e-3)


def test_toes_of_a_flat_foot_and_of_one_in_the_air_are_the_dancer_s() -> None:
    rig, clip = character(0), dancers.bobbing(20)
    body = _soles(rig, 0.25, 0.0, True)
    up = edits.bend(clip, "left_foot", "X", np.full(20, -0.4))
    for dance in (clip, up):
        with_body, without = (retarget(dance, rig, own_map(rig), None, shape) for shape in (body, None))
        np.testing.assert_allclose(with_body.quaternions, without.quaternions, atol=1e-5)


def test_without_skin_the_tails_of_the_last_bones_are_the_tips_of_the_toes() -> None:
    plain = character(0)
    toes = [plain.names.index(f"{side}_foot") for side in SIDES]
    rest, lengths = plain.rest.copy(), np.zeros(len(plain.names))
    rest[toes, :3, :3] = np.stack(([1.0, 0, 0], [0, -1.0, 0], [0, 0, -1.0]), -1)  # along Y to the front
    lengths[toes] = 0.12
    rig = Rig.plain(plain.names, plain.parents, rest, plain.world, lengths=lengths)
    clip = _raised(edits.bend(dancers.bobbing(10), "left_ankle", "X", np.full(10, 0.8)))
    pose = posed(rig, retarget(clip, rig, own_map(rig)))
    tails = pose[:, toes] @ [0, 0.12, 0, 1]
    assert tails[..., 2].min() > -1e-6
    sunk = posed(plain, retarget(clip, plain, own_map(plain)))[:, toes[0]] @ np.linalg.inv(plain.rest[toes[0]])
    assert (sunk @ np.append(plain.heads[toes[0]] + [0, -0.12, 0], 1))[:, 2].max() < -0.05


def _locked_slide(strength: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Metres that a standing ankle of a short-legged rig wanders, how far turns and path were changed."""
    clip = dancers.drifting(dancers.bobbing(90), 0.05)
    contacts = np.ones((90, 4), bool)
    rest, posture, positions, global_rotations = _on(clip, proportions=_proportions(ankle=0.7, knee=0.9))
    path = positions[:, 0] - positions[:1, 0]
    rig = character(1, proportions=_proportions(ankle=0.7, knee=0.9))
    feet, clearance = rig_feet.Feet(rig, rest), rig_feet.clearances(positions)
    global_rotations, path = rig_feet.grounded(feet, rest, posture, global_rotations, path, clearance.min(1))
    locked, moved = rig_feet.lock_rig_feet(
        feet, rest, posture, global_rotations, path, contacts, clearance, 30.0, strength
    )
    heads = _posture(rig, rest, locked).heads
    ankles = np.stack([heads[rest.bones[f"{side}_ankle"]] @ rest.axes for side in SIDES], 1) + moved[:, None]
    return float(np.ptp(ankles[5:-5], axis=0)[:, [0, 2]].max()), locked - global_rotations, moved - path


def test_locked_feet_stand_still_on_a_rig_of_other_proportions() -> None:
    slid, _, _ = _locked_slide(0.0)
    stood, turned, moved = _locked_slide(1.0)
    assert slid > 0.05
    assert stood < 0.2 * slid
    others = np.delete(
        turned, [INDEX[f"{side}_{j}"] for side in ("left", "right") for j in ("hip", "knee", "ankle", "foot")], 1
    )
    np.testing.assert_array_equal(others, 0)
    np.testing.assert_array_equal(moved[:, [0, 2]], 0)


def test_nothing_is_changed_in_place() -> None:
    clip = dancers.bobbing(10)
    rest, posture, positions, global_rotations = _on(clip)
    path, feet = positions[:, 0] - positions[:1, 0], rig_feet.Feet(character(1), rest)
    before = global_rotations.copy(), path.copy()
    contacts, clearance = np.ones((10, 4), bool), rig_feet.clearances(positions)
    rig_feet.grounded(feet, rest, posture, global_rotations, path, clearance.min(1))
    rig_feet.lock_rig_feet(feet, rest, posture, global_rotations, path, contacts, clearance, 30.0, 1.0)
    np.testing.assert_array_equal(global_rotations, before[0])
    np.testing.assert_array_equal(path, before[1])
