from __future__ import annotations

import numpy as np
import pytest

from tokendance_core.motion import skeleton
from tokendance_core.motion.skeleton import FEET, INDEX, JOINTS, LOWER, MIRROR, OFFSETS, PARENTS, UPPER


def test_parents_come_before_children_and_make_one_tree() -> None:
    assert PARENTS[0] == -1
    assert all(0 <= parent < joint for joint, parent in enumerate(PARENTS) if joint)


def test_names_and_tree_are_those_of_smpl() -> None:
    assert len(JOINTS) == 24
    assert PARENTS == (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
    assert JOINTS[15] == "head"
    assert JOINTS[22:] == ("left_hand", "right_hand")


def test_upper_and_lower_share_out_every_joint_once() -> None:
    assert sorted(UPPER + LOWER) == list(range(24))
    assert 0 in LOWER


def test_body_is_symmetric() -> None:
    assert [MIRROR[MIRROR[joint]] for joint in range(24)] == list(range(24))
    np.testing.assert_array_equal(OFFSETS[list(MIRROR)], OFFSETS * [-1, 1, 1])


def test_left_is_x_up_is_y_front_is_z() -> None:
    assert OFFSETS[INDEX["left_hip"], 0] > 0
    assert OFFSETS[INDEX["spine1"], 1] > 0
    assert OFFSETS[INDEX["left_foot"], 2] > 0


def test_rest_height_puts_the_toes_on_the_floor() -> None:
    chain = ("left_hip", "left_knee", "left_ankle", "left_foot")
    heights = skeleton.REST_HEIGHT + np.cumsum([OFFSETS[INDEX[name], 1] for name in chain])
    assert heights[-1] == pytest.approx(0, abs=1e-6)
    assert heights[-2] == pytest.approx(skeleton.ANKLE_HEIGHT, abs=1e-6)
    assert [JOINTS[joint] for joint in FEET] == ["left_ankle", "left_foot", "right_ankle", "right_foot"]


def test_offsets_cannot_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        OFFSETS[0, 0] = 1
