from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.datasets.dance_files import mixamo_bvh, write_sound
from tests.unit.motion_samples import swaying_clip
from tokendance_core.datasets import folder
from tokendance_core.errors import DataError
from tokendance_core.files import bvh


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "salsa").mkdir()
    bvh.write(swaying_clip(3), tmp_path / "salsa" / "ours.bvh")
    (tmp_path / "theirs.bvh").write_text(mixamo_bvh())
    write_sound(tmp_path / "theirs.wav")
    write_sound(tmp_path / "salsa" / "ours.flac")
    return tmp_path


def test_any_skeleton_is_read_and_sub_folders_are_genres(data: Path) -> None:
    found = [(r.name, r.genre, r.split, r.music and r.music.name, r.clip.fps) for r in folder.load(data)]
    assert found == [("ours", "salsa", "test", "ours.flac", 30.0), ("theirs", "any", "test", "theirs.wav", 120.0)]


def test_a_dance_without_music_is_named(data: Path) -> None:
    (data / "salsa" / "ours.flac").unlink()
    with pytest.raises(DataError, match=r"1 of 2 dances have no music, among them .*ours\.bvh") as caught:
        list(folder.load(data))
    assert ".ogg" in caught.value.hint


def test_music_of_another_folder_does_not_count(data: Path) -> None:
    (data / "salsa" / "ours.flac").rename(data / "ours.flac")
    with pytest.raises(DataError, match="no music"):
        list(folder.load(data))


def test_a_folder_without_dances_and_none_at_all_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No \*\.bvh files"):
        list(folder.load(tmp_path))
    with pytest.raises(DataError, match="There is no folder"):
        list(folder.load(tmp_path / "gone"))
