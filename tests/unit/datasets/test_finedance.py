from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.unit.datasets.dance_files import write_sound
from tokendance_core.datasets import finedance
from tokendance_core.errors import DataError
from tokendance_core.motion import rotation


def _rotations() -> np.ndarray:
    return rotation.matrix_from_axis_angle(0.2 * np.random.default_rng(0).normal(size=(4, 52, 3)))


def _motion() -> np.ndarray:
    """(4, 315): the path, then the first two rows of each joint's matrix, as pytorch3d flattens them."""
    path = np.tile([1.0, 2.5, 0.0], (4, 1)) + np.linspace(0, 0.3, 4)[:, None] * [0, 0, 1]
    return np.concatenate((path, _rotations()[:, :, :2].reshape(4, -1)), 1).astype(np.float32)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for folder in ("motion", "label_json"):
        (tmp_path / folder).mkdir()
    for name in ("001", "012", "116", "120"):
        np.save(tmp_path / "motion" / f"{name}.npy", _motion())
    (tmp_path / "label_json" / "001.json").write_text(json.dumps({"name": "x", "style1": "Street", "style2": "Hiphop"}))
    (tmp_path / "label_json" / "012.json").write_text(json.dumps({"style1": "Folk"}))
    write_sound(tmp_path / "music_wav" / "001.wav")
    return tmp_path


def test_dances_come_with_genre_song_and_split_without_the_ignored(data: Path) -> None:
    found = [(r.name, r.genre, r.split, r.music and r.music.name) for r in finedance.load(data)]
    assert found == [("001", "Hiphop", "train", "001.wav"), ("012", "Folk", "test", None), ("120", "any", "test", None)]
    assert len(finedance.TEST) == 20


def test_rows_of_the_file_become_our_columns_and_fingers_are_left_out(data: Path) -> None:
    clip = next(finedance.load(data)).clip
    found = rotation.matrix_from_6d(clip.rot6d)
    np.testing.assert_allclose(found[:, :22], _rotations()[:, :22], atol=1e-5)
    np.testing.assert_allclose(found[:, 22:], np.broadcast_to(np.eye(3), (4, 2, 3, 3)))
    np.testing.assert_allclose(clip.root[:, 2], np.linspace(0, 0.3, 4), atol=1e-6)
    assert clip.fps == 30.0
    assert 0.8 < clip.root[0, 1] < 1.0


def test_contacts_before_the_path_are_skipped(data: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "319.npy", np.concatenate((np.ones((4, 4), np.float32), _motion()), 1))
    np.testing.assert_array_equal(
        finedance.read_motion(tmp_path / "319.npy").rot6d, next(finedance.load(data)).clip.rot6d
    )


def test_labels_are_optional(data: Path) -> None:
    (data / "label_json").rename(data / "elsewhere")
    assert {r.genre for r in finedance.load(data)} == {"any"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((4, 147)), r"shape \(4, 147\), expected \(T, 315\)"),
        (np.zeros((0, 315)), r"shape \(0, 315\)"),
        (np.full((4, 315), np.inf), "not finite"),
    ],
)
def test_another_layout_is_named(tmp_path: Path, values: np.ndarray, message: str) -> None:
    np.save(tmp_path / "x.npy", values)
    with pytest.raises(DataError, match=message) as caught:
        finedance.read_motion(tmp_path / "x.npy")
    assert caught.value.hint


def test_damage_and_missing_folders_are_named(data: Path) -> None:
    (data / "label_json" / "001.json").write_text("[1")
    with pytest.raises(DataError, match=r"001\.json is no label"):
        list(finedance.load(data))
    (data / "motion" / "001.npy").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"001\.npy is not a numpy array"):
        list(finedance.load(data))
    (data / "motion").rename(data / "elsewhere")
    with pytest.raises(DataError, match="FineDance has no folder motion"):
        list(finedance.load(data))
