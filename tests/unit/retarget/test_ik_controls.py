from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.rig_poses import bone_heads, character, own_map, posed, random_clip
from tokendance_core.motion import rotation
from tokendance_core.motion.skeleton import INDEX, JOINTS
from tokendance_core.retarget import ik_controls, posing, rest_pose
from tokendance_core.retarget.settings import RetargetSettings
from tokendance_core.retarget.transfer import retarget
from tokendance_core.types import Rig, RigAnimation, RigMap

_IK = {
    "left_ankle": "IK foot",
    "left_knee": "IK knee",
    "right_wrist": "IK hand",
    "right_elbow": "IK elbow",
}


def _with_controls(seed: int = 0, parent: str = "control") -> tuple[Rig, RigMap]:
    """A character with an IK control at a wrist and an ankle, with axes of their own, and poles off the limbs."""
    rig = character(seed, extra=True)
    rng = np.random.default_rng(seed + 1)
    places = {
        "IK foot": rig.heads[rig.names.index("left_ankle")],
        "IK hand": rig.heads[rig.names.index("right_wrist")],
        "IK knee": rig.heads[rig.names.index("left_knee")] + [0.0, -0.5, 0.0],
        "IK elbow": rig.heads[rig.names.index("right_elbow")] + [0.0, 0.4, 0.0],
    }
    rest = np.tile(np.eye(4), (len(places), 1, 1))
    rest[:, :3, :3] = rotation.matrix_from_axis_angle(rng.normal(size=(len(places), 3)))
    rest[:, :3, 3] = list(places.values())
    parents = np.append(rig.parents, np.full(len(places), rig.names.index(parent)))
    made = Rig.plain((*rig.names, *places), parents, np.concatenate((rig.rest, rest)), rig.world)
    return made, own_map(rig, ik=_IK)


def _danced(rig: Rig, rig_map: RigMap, seed: int = 0, **options) -> RigAnimation:
    return retarget(random_clip(seed), rig, rig_map, RetargetSettings(key_ik=True, **options))


@pytest.mark.parametrize("parent", ["control", "pelvis"])
@pytest.mark.parametrize("root_motion", ["hips", "root"])
def test_hand_and_foot_controls_lie_on_what_they_control(parent: str, root_motion: str) -> None:
    rig, rig_map = _with_controls(3, parent)
    rig_map = replace(rig_map, bones={**rig_map.bones, "root": "control"})
    pose = posed(rig, _danced(rig, rig_map, 3, root_motion=root_motion))
    found = bone_heads(rig, pose, "IK foot", "IK hand", "left_ankle", "right_wrist")
    np.testing.assert_allclose(found[:, :2], found[:, 2:], atol=1e-6)
    for control, bone in (("IK foot", "left_ankle"), ("IK hand", "right_wrist")):
        # The control keeps the turn towards its bone that it has at rest.
        at_rest, danced = (
            np.swapaxes(where[..., rig.names.index(bone), :3, :3], -1, -2)
            @ where[..., rig.names.index(control), :3, :3]
            for where in (rig.rest, pose)
        )
        np.testing.assert_allclose(danced, np.broadcast_to(at_rest, danced.shape), atol=1e-6)


@pytest.mark.parametrize(
    ("pole", "limb"),
    [
        ("IK knee", ("left_hip", "left_knee", "left_ankle")),
        ("IK elbow", ("right_shoulder", "right_elbow", "right_wrist")),
    ],
)
def test_poles_lie_in_the_plane_of_a_bent_limb_as_far_away_as_at_rest(pole: str, limb: tuple[str, str, str]) -> None:
    rig, rig_map = _with_controls(5)
    found = bone_heads(rig, posed(rig, _danced(rig, rig_map, 5)), *limb, pole)
    start, middle, end, place = found.transpose(1, 0, 2)
    rest = rig.heads[[rig.names.index(pole), rig.names.index(limb[1])]]
    np.testing.assert_allclose(np.linalg.norm(place - middle, axis=-1), np.linalg.norm(rest[0] - rest[1]), atol=1e-6)
    line = rotation.unit(end - start)
    out = middle - start - ((middle - start) * line).sum(-1, keepdims=True) * line
    bent = np.linalg.norm(out, axis=-1) > 0.05 * np.linalg.norm(end - start, axis=-1)
    assert bent.sum() > 5
    np.testing.assert_allclose(rotation.unit(place - middle)[bent], rotation.unit(out)[bent], atol=1e-6)


def test_the_pole_of_a_straight_limb_is_fixed_to_its_upper_bone() -> None:
    rig, rig_map = _with_controls(2)
    clip = random_clip(2)
    rot6d = clip.rot6d.copy()
    rot6d[:, [INDEX["left_knee"], INDEX["right_elbow"]]] = [1, 0, 0, 0, 1, 0]
    pose = posed(rig, retarget(replace(clip, rot6d=rot6d), rig, rig_map, RetargetSettings(key_ik=True)))
    for pole, bone in (("IK knee", "left_hip"), ("IK elbow", "right_shoulder")):
        above = np.linalg.inv(pose[:, rig.names.index(bone)])
        seen = (above @ pose[:, rig.names.index(pole)])[..., :3, 3]
        np.testing.assert_allclose(seen, np.broadcast_to(seen[:1], seen.shape), atol=1e-5)


def test_poles_are_moved_and_never_turned() -> None:
    rig, rig_map = _with_controls()
    animation = _danced(rig, rig_map)
    assert {"IK foot", "IK hand"} <= set(animation.bones)
    assert not {"IK knee", "IK elbow"} & set(animation.bones)
    assert set(_IK.values()) <= set(animation.locations)
    plain = retarget(random_clip(), rig, rig_map)
    assert not set(_IK.values()) & {*plain.bones, *plain.locations}


def test_controls_that_the_rig_lacks_or_whose_limb_is_not_mapped_are_left_out() -> None:
    rig, rig_map = _with_controls()
    rig_map = replace(
        rig_map,
        bones={joint: joint for joint in JOINTS if joint not in ("right_wrist", "right_hand")},
        ik=_IK | {"right_ankle": "gone"},
    )
    rest = rest_pose.read(rig, rig_map)
    found = ik_controls.controls(rig, rig_map, rest)
    assert {rig.names[bone]: joint for bone, joint in found.items()} == {
        "IK foot": "left_ankle",
        "IK knee": "left_knee",
    }


def test_channels_are_zero_in_the_rest_pose_of_our_own_build() -> None:
    rig, rig_map = _with_controls(7)
    rest = rest_pose.read(rig, rig_map)
    posture = posing.pose(rig, range(len(rig.names)), {}, rest.basis)
    for control, joint in ik_controls.controls(rig, rig_map, rest).items():
        turn, location = ik_controls.channels(rig, rest, posture, {}, control, joint)
        np.testing.assert_allclose(location, 0, atol=1e-9)
        if turn is not None:
            np.testing.assert_allclose(turn[0], np.eye(3), atol=1e-9)
