from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.unit.datasets.dance_files import write_sound
from tokendance_core.datasets import aist
from tokendance_core.errors import DataError
from tokendance_core.motion import rotation

TEST, VAL, TRAIN, IGNORED = (
    "gBR_sBM_cAll_d04_mBR0_ch02",
    "gJB_sBM_cAll_d08_mJB5_ch01",
    "gLH_sFM_cAll_d17_mLH1_ch11",
    "gPO_sBM_cAll_d10_mPO1_ch02",
)


def _motion(**changed: object) -> dict[str, object]:
    rng = np.random.default_rng(0)
    trans = np.array([[0.0, 180.0, 0.0], [9.3, 180.0, 18.6], [18.6, 180.0, 0.0]])
    motion = {
        "smpl_loss": 1.0,
        "smpl_poses": 0.1 * rng.normal(size=(3, 72)),
        "smpl_scaling": np.array([93.0]),
        "smpl_trans": trans,
    }
    return motion | changed


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for folder in ("motions", "splits"):
        (tmp_path / folder).mkdir()
    for name in (TEST, VAL, TRAIN, IGNORED):
        (tmp_path / "motions" / f"{name}.pkl").write_bytes(pickle.dumps(_motion()))
    (tmp_path / "ignore_list.txt").write_text(f"{IGNORED}\n")
    (tmp_path / "splits" / "crossmodal_test.txt").write_text(f"{TEST}\n{IGNORED}")
    (tmp_path / "splits" / "crossmodal_val.txt").write_text(f"{VAL}\n")
    write_sound(tmp_path / "wav" / "mBR0.wav")
    write_sound(tmp_path / "wav" / f"{VAL}.wav")
    return tmp_path


def test_dances_come_with_genre_song_and_split_without_the_ignored(data: Path) -> None:
    found = list(aist.load(data))
    assert [(r.name, r.genre, r.split, r.music and r.music.name) for r in found] == [
        (TEST, "break", "test", "mBR0.wav"),
        (VAL, "ballet jazz", "test", f"{VAL}.wav"),
        (TRAIN, "LA hip-hop", "train", None),
    ]


def test_poses_are_smpl_rotations_and_the_path_is_divided_by_the_scaling(data: Path) -> None:
    clip = next(aist.load(data)).clip
    assert clip.fps == 60.0
    vectors = rotation.axis_angle_from_matrix(rotation.matrix_from_6d(clip.rot6d))
    np.testing.assert_allclose(vectors.reshape(3, 72), _motion()["smpl_poses"], atol=1e-6)
    np.testing.assert_allclose(clip.root[:, [0, 2]], [[0, 0], [0.1, 0.2], [0.2, 0]], atol=1e-6)
    assert 0.85 < clip.root[0, 1] < 1.0


def test_poses_in_joints_and_axes_are_read_alike(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.pkl"
    path.write_bytes(pickle.dumps(_motion(smpl_poses=_motion()["smpl_poses"].reshape(3, 24, 3))))
    np.testing.assert_array_equal(aist.read_motion(path).rot6d, next(aist.load(data)).clip.rot6d)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"smpl_poses": np.zeros((3, 66))}, r"smpl_poses \(3, 66\), expected \(T, 72\)"),
        ({"smpl_poses": np.zeros((0, 72))}, "smpl_poses"),
        ({"smpl_trans": np.zeros((2, 3))}, r"smpl_trans \(2, 3\).*expected \(3, 3\)"),
        ({"smpl_scaling": np.zeros(1)}, "a positive number"),
        ({"smpl_scaling": "none"}, "no numbers named smpl_scaling"),
        ({"smpl_trans": np.full((3, 3), np.nan)}, "smpl_trans that are not finite"),
    ],
)
def test_a_field_of_another_shape_is_named(tmp_path: Path, changed: dict, message: str) -> None:
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(_motion(**changed)))
    with pytest.raises(DataError, match=message) as caught:
        aist.read_motion(tmp_path / "x.pkl")
    assert caught.value.hint


def test_a_missing_field_is_named_with_those_found(tmp_path: Path) -> None:
    (tmp_path / "x.pkl").write_bytes(pickle.dumps({"keypoints3d": np.zeros((3, 17, 3))}))
    with pytest.raises(DataError, match=r"no numbers named smpl_poses, found \['keypoints3d'\]"):
        aist.read_motion(tmp_path / "x.pkl")


@pytest.mark.parametrize(
    "piece", ["ignore_list.txt", "splits/crossmodal_test.txt", "splits/crossmodal_val.txt", "motions"]
)
def test_a_missing_piece_is_named(data: Path, piece: str) -> None:
    (data / piece).rename(data / "elsewhere")
    with pytest.raises(DataError, match=f"AIST\\+\\+ has no .*{Path(piece).name}") as caught:
        list(aist.load(data))
    assert caught.value.hint


@pytest.mark.parametrize(("name", "song"), [(TEST, "mBR0"), ("gBR_sBM_cAll_d04_mBR12_ch01", "mBR12"), ("dance", "")])
def test_the_song_is_read_from_the_name(name: str, song: str) -> None:
    assert aist.music_of(name) == song
