from __future__ import annotations

import numpy as np

from tests.unit.rig_poses import character, own_map, resting, t_pose_clip
from tokendance_core.motion.skeleton import JOINTS, joint_above
from tokendance_core.retarget.picture import SIZE, draw, figure
from tokendance_core.retarget.transfer import retarget

_RIGHT, _UP = np.array([1.0, 0, 0]), np.array([0.0, 1, 0])


def _ink(picture: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE) bool: pixels that a line goes through."""
    return picture[..., 0] > 0.5


def test_a_t_pose_is_drawn_upright_and_fills_the_picture() -> None:
    rig = character(3, scale=50.0)
    picture = draw(rig, own_map(rig), retarget(t_pose_clip(), rig, own_map(rig)))
    assert picture.shape == (SIZE, SIZE, 4)
    assert picture.dtype == np.float32
    assert (picture[..., 3] == 1).all()
    rows, columns = np.nonzero(_ink(picture))
    assert (rows.min(), rows.max()) == (21, SIZE - 22) or (columns.min(), columns.max()) == (21, SIZE - 22)
    np.testing.assert_allclose(columns.mean(), SIZE / 2, atol=1)
    widths = _ink(picture).sum(1)
    assert widths.argmax() > SIZE / 2, "the arms are spread in the upper half: the first row is at the bottom"


def test_the_character_s_left_is_on_the_right_of_the_picture() -> None:
    points = dict(zip(JOINTS, resting(), strict=True))
    for joint in ("right_wrist", "right_hand", "right_elbow"):
        del points[joint]
    columns = np.nonzero(_ink(figure(points, _RIGHT, _UP)))[1]
    shoulders_middle = np.median(columns)
    assert columns.max() - shoulders_middle > shoulders_middle - columns.min()


def test_lines_skip_joints_that_are_not_known() -> None:
    picture = figure({"head": np.array([0.0, 2, 0]), "pelvis": np.zeros(3)}, _RIGHT, _UP)
    assert _ink(picture)[SIZE // 2, SIZE // 2]
    assert joint_above("left_ankle", ("pelvis", "left_hip")) == "left_hip"
    assert joint_above("left_ankle", ("left_knee", "pelvis")) == "left_knee"
    assert joint_above("pelvis", JOINTS) is None
    assert joint_above("root", JOINTS) is None


def test_a_single_point_is_an_empty_picture() -> None:
    assert not _ink(figure({"pelvis": np.ones(3)}, _RIGHT, _UP)).any()
