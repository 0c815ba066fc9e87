"""What may be changed after the exact transfer: feet that stand, arms with room, IK controls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import dancers
from tests.unit.rig_poses import Z_UP, bone_heads, character, own_map, posed
from tokendance_core.errors import SettingError
from tokendance_core.motion import edits, kinematics, rotation
from tokendance_core.motion.skeleton import INDEX, REST_HEIGHT
from tokendance_core.retarget.settings import RetargetSettings
from tokendance_core.retarget.transfer import retarget
from tokendance_core.types import Rig


def _short_shins() -> Rig:
    proportions = np.ones(24)
    for side in ("left", "right"):
        proportions[INDEX[f"{side}_ankle"]], proportions[INDEX[f"{side}_knee"]] = 0.6, 1.4
    return character(proportions=proportions)


def test_the_foot_lock_holds_feet_on_other_proportions() -> None:
    clip, rig = dancers.bobbing(120), _short_shins()

    def slide(strength: float) -> float:
        pose = posed(rig, retarget(clip, rig, own_map(rig), RetargetSettings(foot_lock=strength)))
        return float(
            np.linalg.norm(np.diff(bone_heads(rig, pose, "left_ankle", "right_ankle")[..., :2], axis=0), axis=-1).mean()
            * 30
        )

    free, locked = slide(0.0), slide(1.0)
    assert free > 0.05
    assert locked < 0.1 * free


@given(st.floats(-360, 360), st.floats(-3, 3), st.floats(-3, 3))
@settings(max_examples=8, deadline=None)
def test_turn_and_place_move_the_whole_dance_rigidly(degrees: float, aside: float, ahead: float) -> None:
    """Also with feet that are held on other proportions, and on a dance that begins beside the origin."""
    proportions = np.ones(24)
    proportions[[INDEX["left_knee"], INDEX["right_knee"]]] = 0.8
    rig = character(proportions=proportions, scale=3.0)
    clip = edits.turn(dancers.drifting(dancers.stepping(60), 0.1), 0.7)
    clip = replace(clip, root=(clip.root + np.array([0.4, 0.0, -0.9])).astype(np.float32))
    plain, moved = (
        posed(rig, retarget(clip, rig, own_map(rig), RetargetSettings(foot_lock=1.0, arm_spacing=1.0, **options)))
        for options in ({}, {"turn": degrees, "aside": aside, "ahead": ahead})
    )
    spin = Z_UP @ rotation.heading_matrix(np.radians(degrees)) @ Z_UP.T
    pelvis = plain[0, rig.names.index("pelvis"), :3, 3]
    unit = np.linalg.norm(rig.world[:3, 0])  # scene units to an armature unit
    expected = (plain[..., :3, 3] - pelvis) @ spin.T + pelvis + Z_UP @ [aside, 0, ahead] / unit
    np.testing.assert_allclose(moved[..., :3, 3], expected, atol=0.02 * 3.0)
    np.testing.assert_allclose(
        moved[0, rig.names.index("pelvis"), :3, 3], expected[0, rig.names.index("pelvis")], atol=0.03
    )


def test_hands_stay_out_of_a_wide_chest_and_exact_arms_stay_exact() -> None:
    proportions = np.ones(24)
    for side in ("left", "right"):
        proportions[INDEX[f"{side}_shoulder"]] = 2.0
    wide = character(proportions=proportions)
    vectors = np.zeros((30, 24, 3))
    vectors[:, INDEX["left_shoulder"]], vectors[:, INDEX["left_elbow"]] = (0.0, 0.0, -1.5), (0.0, -0.9, -1.0)
    clip = dancers.clip(vectors, np.tile([0, REST_HEIGHT, 0], (30, 1)))

    def wrist(rig: Rig, strength: float) -> np.ndarray:
        pose = posed(rig, retarget(clip, rig, own_map(rig), RetargetSettings(arm_spacing=strength)))
        return bone_heads(rig, pose, "left_wrist", "pelvis")[15]

    (inside, hips), (outside, _) = wrist(wide, 0.0), wrist(wide, 1.0)
    assert np.hypot(*(outside - hips)[:2]) > np.hypot(*(inside - hips)[:2]) + 0.01
    np.testing.assert_allclose(wrist(character(), 1.0), wrist(character(), 0.0), atol=1e-9)


def test_hands_that_meet_meet_on_wide_shoulders_too() -> None:
    proportions = np.ones(24)
    for side in ("left", "right"):
        proportions[INDEX[f"{side}_shoulder"]] = 1.6
    vectors = np.zeros((30, 24, 3))
    for side, sign in (("left", 1), ("right", -1)):
        vectors[:, INDEX[f"{side}_shoulder"]] = (0.0, -sign * 1.1, 0.0)
        vectors[:, INDEX[f"{side}_elbow"]] = (0.0, -sign * 1.95, 0.0)
    clip = dancers.clip(vectors, np.tile([0, REST_HEIGHT, 0], (30, 1)))
    ours = kinematics.joint_positions(clip)[15]
    wanted = np.linalg.norm(ours[INDEX["left_wrist"]] - ours[INDEX["right_wrist"]])
    rig = character(proportions=proportions)
    gaps = []
    for strength in (0.0, 1.0):
        pose = posed(rig, retarget(clip, rig, own_map(rig), RetargetSettings(arm_spacing=strength)))
        left, right = bone_heads(rig, pose, "left_wrist", "right_wrist")[15]
        gaps.append(abs(np.linalg.norm(left - right) - wanted))
    assert wanted < 0.3
    assert gaps[0] > 0.1
    assert gaps[1] < 0.02


def test_ik_controls_follow_feet_and_poles_follow_knees() -> None:
    rig = character(3, extra=True)
    foot, knee = rig.names.index("left_ankle"), rig.names.index("left_knee")
    matrices = rig.rest[[foot, knee]].copy()
    matrices[1, :3, 3] += Z_UP @ [0, 0, 0.5]
    rig = Rig.plain(
        (*rig.names, "foot IK", "knee pole"),
        np.append(rig.parents, [0, 0]),
        np.append(rig.rest, matrices, 0),
        rig.world,
    )
    rig_map = own_map(rig, ik={"left_ankle": "foot IK", "left_knee": "knee pole", "right_ankle": "no such bone"})
    pose = posed(rig, retarget(dancers.stepping(60), rig, rig_map, RetargetSettings(key_ik=True)))
    np.testing.assert_allclose(pose[:, -2], pose[:, foot], atol=1e-6)
    reach = pose[:, -1, :3, 3] - pose[:, knee, :3, 3]
    np.testing.assert_allclose(np.linalg.norm(reach, axis=-1), 0.5, atol=1e-6)
    assert (reach[:, 1] < -0.4).all()  # knees point to -Y, Blender's front


@pytest.mark.parametrize(
    "option", [{"root_motion": "feet"}, {"travel": -1.0}, {"foot_lock": 1.5}, {"arm_spacing": -0.1}, {"floor": np.nan}]
)
def test_settings_out_of_range_are_refused(option) -> None:
    with pytest.raises(SettingError, match=next(iter(option))) as caught:
        RetargetSettings(**option)
    assert caught.value.hint
