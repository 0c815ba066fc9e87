from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.datasets.dance_files import write_sound
from tests.unit.motion_samples import swaying_clip
from tokendance_core import kinematics
from tokendance_core.datasets import recording
from tokendance_core.errors import DataError
from tokendance_core.types import MotionClip

T_POSE = np.tile(np.array([1.0, 0, 0, 0, 1, 0], np.float32), (5, 24, 1))


@given(st.floats(-50, 50))
def test_a_standing_body_is_put_on_the_floor_from_any_height(height: float) -> None:
    clip = recording.stand_on_floor(MotionClip(T_POSE, np.full((5, 3), height, np.float32)))
    np.testing.assert_allclose(clip.root[:, 1], 0.94, atol=1e-4)
    np.testing.assert_allclose(clip.root[:, [0, 2]], np.float32(height))


def test_a_jump_does_not_move_the_floor_and_the_dance_moves_as_one() -> None:
    root = np.full((5, 3), 3.0, np.float32)
    root[4, 1] += 0.4
    clip = recording.stand_on_floor(MotionClip(T_POSE, root))
    np.testing.assert_allclose(clip.root[:, 1], [0.94, 0.94, 0.94, 0.94, 1.34], atol=1e-5)
    sway = swaying_clip(60)
    np.testing.assert_allclose(np.ptp(recording.stand_on_floor(sway).root - sway.root, axis=0), 0, atol=1e-6)
    feet = kinematics.joint_positions(recording.stand_on_floor(sway))[:, list(kinematics.FEET), 1]
    assert abs(np.median(feet.min(1))) < 0.1


def test_wav_is_preferred_and_other_files_are_no_sound(tmp_path: Path) -> None:
    for name in ("song.mp3", "song.txt", "other.ogg"):
        (tmp_path / name).touch()
    write_sound(tmp_path / "song.wav")
    assert recording.sounds(tmp_path) == {"song": tmp_path / "song.wav", "other": tmp_path / "other.ogg"}
    assert recording.sounds(tmp_path / "missing") == {}


def test_files_are_sorted_and_a_missing_folder_or_an_empty_one_is_named(tmp_path: Path) -> None:
    for name in ("b.npy", "a.NPY", "c.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in recording.files(tmp_path, ".npy", "Ours")] == ["a.NPY", "b.npy"]
    with pytest.raises(DataError, match=r"no \*\.bvh files"):
        recording.files(tmp_path, ".bvh", "Ours")
    with pytest.raises(DataError, match="Ours has no folder gone"):
        recording.files(tmp_path / "gone", ".npy", "Ours")
