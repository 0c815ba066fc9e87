from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tokendance_core.datasets import pack
from tokendance_core.errors import AudioError, DataError
from tokendance_core.music import audio, feature_file, features
from tokendance_core.types import MUSIC_FEATURES, MusicFeatures

_SPLITS = {"a.ogg": "test", "b.ogg": "train", "c.ogg": "validation"}


@pytest.fixture
def unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Songs are not looked for: their features are nothing."""
    monkeypatch.setattr(audio, "load", lambda path, duration: path)
    monkeypatch.setattr(features, "extract", lambda song: MusicFeatures(np.zeros((2, MUSIC_FEATURES), np.float32)))


def _write_index(folder: Path, entries: list[dict[str, object]]) -> None:
    (folder / "music_index.json").write_text(json.dumps(entries), encoding="utf-8")


def test_splits_of_songs_are_those_of_the_index(unheard: None, tmp_path: Path) -> None:
    _write_index(tmp_path, [{"file": file, "split": split} for file, split in reversed(_SPLITS.items())])
    assert {f"{song.name}.ogg": song.split for song in pack.load_songs(tmp_path)} == _SPLITS


def test_songs_of_some_splits_alone(unheard: None, tmp_path: Path) -> None:
    _write_index(tmp_path, [{"file": file, "split": split, "artist": "one"} for file, split in _SPLITS.items()])
    found = list(pack.load_songs(tmp_path, splits=("test", "validation")))
    assert [(song.name, song.artist) for song in found] == [("a", "one"), ("c", "one")]


def test_features_that_lie_ready_stand_in_for_the_sound(tmp_path: Path) -> None:
    _write_index(tmp_path, [{"file": "a.ogg", "split": "train"}])
    values = np.zeros((60, MUSIC_FEATURES), np.float32)
    values[[7, 22, 37], features.BEAT] = 1.0
    (tmp_path / "features").mkdir()
    feature_file.write(MusicFeatures(values), tmp_path / "features" / "a.npz")
    (song,) = pack.load_songs(tmp_path)
    np.testing.assert_array_equal(song.features.values, values)
    assert len(song.beats) == 3
    assert (song.split, song.path) == ("train", None)


def test_a_song_that_cannot_be_decoded_is_left_out_and_told(tmp_path: Path) -> None:
    _write_index(tmp_path, [{"file": "gone.ogg", "split": "test"}])
    told: list[str] = []
    assert list(pack.load_songs(tmp_path, told.append)) == []
    assert told[0].startswith("gone.ogg is left out. There is no file")
    with pytest.raises(AudioError):
        list(pack.load_songs(tmp_path))


@pytest.mark.parametrize(
    ("entry", "found"), [({}, "no split"), ({"split": None}, "no split"), ({"split": "dev"}, "the split 'dev'")]
)
def test_a_song_without_a_split_is_named_before_any_is_heard(
    entry: dict[str, object], found: str, tmp_path: Path
) -> None:
    _write_index(tmp_path, [{"file": "a.ogg", "split": "train"}, {"file": "song.ogg", **entry}])
    with pytest.raises(
        DataError, match=f"song.ogg has {found} in music_index.json, expected one of: train, validation, test"
    ) as caught:
        next(pack.load_songs(tmp_path))
    assert "“train”" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "style", "genre"),
    [
        ("cmu_131_05", "pop_mj", "street"),
        ("aist_gPO_sBM_cAll_d10_mPO1_ch02", "pop", "street"),
        ("dcl_robot_f", "robot", "street"),
        ("dcl_tektonik", "tecktonik", "street"),
        ("dcl_disco", "disco", "pop"),
        ("dcl_hands_in_the_air", "party, arms", "pop"),
        ("g1_J_ShortDance14_Disco", "disco", "pop"),
        ("g1_J_ShortDance16_JazzWalk", "jazzwalk", "jazz"),
        ("cmu_85_12", "breakdance", "break"),
        ("cmu_93_charleston1", "charleston", "jazz"),
        ("mine", "", "pop"),
    ],
)
def test_genre_comes_from_the_style(name: str, style: str, genre: str) -> None:
    assert pack.genre_of(name, style) == genre
    assert genre in pack.GENRES


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("cmu_60_13", "test"),
        ("cmu_61_11", "validation"),
        ("cmu_05_02", "train"),
        ("g1_J_Dance5_Hype", "test"),
        ("g1_J_Dance6_Sassy", "validation"),
        ("aist_gLH_sBM_cAll_d18_mLH4_ch02", "test"),
        ("aist_gHO_sBM_cAll_d20_mHO5_ch02", "validation"),
        ("cmu_131_13", "train"),
        ("dcl_disco", "train"),
    ],
)
def test_splits_of_clips_are_fixed(name: str, split: str) -> None:
    assert pack.split_of(name) == split
