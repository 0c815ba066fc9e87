from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tokendance_core.errors import ClipError
from tokendance_core.files import bvh
from tokendance_core.motion import rotation
from tokendance_core.motion.skeleton import JOINTS, OFFSETS, PARENTS
from tokendance_core.types import MotionClip


def _composed(angles: np.ndarray) -> np.ndarray:
    z, x, y = (
        rotation.matrix_from_axis_angle(angles[..., i : i + 1] * np.eye(3)[axis]) for i, axis in enumerate((2, 0, 1))
    )
    return z @ x @ y


def _clip(frames: int = 5) -> MotionClip:
    rng = np.random.default_rng(8)
    matrices = rotation.matrix_from_axis_angle(rng.normal(size=(frames, 24, 3)))
    return MotionClip(
        rotation.rot6d_from_matrix(matrices).astype(np.float32), rng.normal(size=(frames, 3)).astype(np.float32)
    )


@pytest.fixture
def written(tmp_path: Path) -> Path:
    bvh.write(_clip(), tmp_path / "dance.bvh")
    return tmp_path / "dance.bvh"


def test_hierarchy_lists_our_skeleton_in_metres(written: Path) -> None:
    lines = [line.split() for line in written.read_text().splitlines()]
    stack, offsets, parents, joint = [], {}, {}, ""
    for words in lines:
        if words[0] in ("ROOT", "JOINT", "End"):
            joint = f"{stack[-1]} end" if words[0] == "End" else words[1]
            parents[joint] = stack[-1] if stack else None
        elif words[0] == "{":
            stack.append(joint)
        elif words[0] == "}":
            stack.pop()
        elif words[0] == "OFFSET":
            offsets[joint] = [float(word) for word in words[1:]]
    for i, name in enumerate(JOINTS):
        assert parents[name] == (JOINTS[PARENTS[i]] if i else None)
        np.testing.assert_allclose(offsets[name], OFFSETS[i], atol=1e-6)
    ends = {name for name in parents if name.endswith(" end")}
    assert ends == {f"{name} end" for name in ("head", "left_foot", "right_foot", "left_hand", "right_hand")}


def test_motion_block_states_frames_and_rate(written: Path) -> None:
    _, _, motion = written.read_text().partition("MOTION\n")
    lines = motion.splitlines()
    assert lines[0] == "Frames: 5"
    assert 1 / float(lines[1].removeprefix("Frame Time: ")) == pytest.approx(30, abs=1e-8)
    assert [len(line.split()) for line in lines[2:]] == [6 + 23 * 3] * 5
    np.testing.assert_allclose([float(word) for word in lines[2].split()[:3]], _clip().root[0], atol=1e-6)


def test_another_channel_order_is_read_as_stated(written: Path, tmp_path: Path) -> None:
    text = written.read_text().replace(
        "Xposition Yposition Zposition Zrotation", "Zposition Xposition Yposition Zrotation"
    )
    (tmp_path / "other.bvh").write_text(text)
    np.testing.assert_allclose(bvh.read(tmp_path / "other.bvh").root[:, [2, 0, 1]], _clip().root, atol=1e-5)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("left_knee", "LeftLeg", "another skeleton: left_knee"),
        ("OFFSET 0.000000 -0.410000 0.000000", "OFFSET 0.000000 -41.00000 0.000000", "other bone lengths"),
        ("Frames: 5", "Frames: 6", "not a complete BVH"),
        ("Frame Time: 0.0333333333333", "Frame Time: 0", "not a complete BVH"),
        ("MOTION", "", "not a complete BVH"),
    ],
)
def test_files_that_are_not_ours_are_refused(written: Path, old: str, new: str, message: str) -> None:
    text = written.read_text()
    assert old in text
    written.write_text(text.replace(old, new))
    with pytest.raises(ClipError, match=message) as caught:
        bvh.read(written)
    assert caught.value.hint
