from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.datasets.dance_files import mixamo_bvh
from tokendance_core.errors import ClipError, DataError
from tokendance_core.files import bvh
from tokendance_core.motion import kinematics, rotation
from tokendance_core.motion.skeleton import INDEX
from tokendance_core.retarget import read_bvh as bvh_reader
from tokendance_core.types import MotionClip


def _read(tmp_path: Path, text: str) -> MotionClip:
    path = tmp_path / "dance.bvh"
    path.write_text(text)
    return bvh_reader.read(path)


def _directions(clip: MotionClip, *chain: tuple[str, str]) -> np.ndarray:
    joints = kinematics.joint_positions(clip)[0]
    vectors = np.array([joints[INDEX[b]] - joints[INDEX[a]] for a, b in chain])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_our_own_file_comes_back_as_it_was(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    matrices = rotation.matrix_from_axis_angle(0.5 * rng.normal(size=(4, 24, 3)))
    clip = MotionClip(
        rotation.rot6d_from_matrix(matrices).astype(np.float32), rng.normal(size=(4, 3)).astype(np.float32)
    )
    bvh.write(clip, tmp_path / "ours.bvh")
    read = bvh_reader.read(tmp_path / "ours.bvh")
    np.testing.assert_allclose(read.rot6d, clip.rot6d, atol=1e-5)
    np.testing.assert_allclose(np.diff(read.root, axis=0), np.diff(clip.root, axis=0), atol=1e-5)
    assert (read.fps, read.name) == (30.0, "ours")


@pytest.mark.parametrize("prefix", ["", "mixamorig:", "mixamorig"])
@pytest.mark.parametrize("scale", [1.0, 100.0, 2.54])
def test_a_standing_person_stands_on_our_floor_whatever_the_units_and_prefix(
    tmp_path: Path, scale: float, prefix: str
) -> None:
    clip = _read(tmp_path, mixamo_bvh(scale=scale, prefix=prefix))
    np.testing.assert_allclose(clip.rot6d, np.tile([1.0, 0, 0, 0, 1, 0], (2, 24, 1)), atol=1e-6)
    np.testing.assert_allclose(clip.root[:, 1], 0.94, atol=1e-4)
    assert clip.fps == 120.0


@pytest.mark.parametrize("arm", [0.0, 45.0, 80.0])
def test_resting_arms_point_where_the_file_has_them(tmp_path: Path, arm: float) -> None:
    clip = _read(tmp_path, mixamo_bvh(arm=arm))
    down = np.radians(arm)
    arms = _directions(
        clip, ("left_shoulder", "left_elbow"), ("right_elbow", "right_wrist"), ("left_wrist", "left_hand")
    )
    np.testing.assert_allclose(arms, [[s * np.cos(down), -np.sin(down), 0] for s in (1, -1, 1)], atol=1e-6)


def test_raising_hanging_arms_gives_a_t_pose(tmp_path: Path) -> None:
    clip = _read(tmp_path, mixamo_bvh({"LeftArm": (45.0, 0, 0), "RightArm": (-45.0, 0, 0)}, arm=45.0))
    np.testing.assert_allclose(clip.rot6d, np.tile([1.0, 0, 0, 0, 1, 0], (2, 24, 1)), atol=1e-6)


def test_a_turn_of_the_hips_and_a_bent_knee_are_kept(tmp_path: Path) -> None:
    clip = _read(tmp_path, mixamo_bvh({"Hips": (0, 0, 90.0), "LeftLeg": (0, 90.0, 0)}))
    toes, shin = _directions(clip, ("right_ankle", "right_foot"), ("left_knee", "left_ankle"))
    assert toes[0] > 0.9  # +Z turned towards +X
    np.testing.assert_allclose(shin, [-1, 0, 0], atol=1e-6)


def test_joints_that_the_file_lacks_go_along_with_their_parent(tmp_path: Path) -> None:
    clip = _read(tmp_path, mixamo_bvh({"Spine1": (30.0, 0, 0)}))
    turned = rotation.matrix_from_6d(clip.rot6d[0])
    np.testing.assert_allclose(turned[INDEX["spine3"]], np.eye(3), atol=1e-6)
    assert not np.allclose(turned[INDEX["spine2"]], np.eye(3), atol=0.1)


def test_another_skeleton_is_refused_by_the_names_that_are_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"skeleton of dance.bvh is not known.*left_knee") as caught:
        _read(tmp_path, mixamo_bvh().replace("JOINT LeftLeg", "JOINT Tail"))
    assert caught.value.hint


def test_a_zero_pose_that_lies_or_sits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not stand upright"):
        _read(tmp_path, mixamo_bvh().replace("OFFSET 0.000000 -45.000000 0.000000", "OFFSET 0.0 0.0 45.0"))


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="not a complete BVH"):
        _read(tmp_path, mixamo_bvh()[:-40])
