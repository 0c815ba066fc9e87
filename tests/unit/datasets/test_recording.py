from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.datasets.dance_files import write_sound
from tokendance_core.datasets import recording
from tokendance_core.errors import DataError


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
    with pytest.raises(DataError, match=r"No \*\.bvh files"):
        recording.files(tmp_path, ".bvh", "Ours")
    with pytest.raises(DataError, match="Ours has no folder gone"):
        recording.files(tmp_path / "gone", ".npy", "Ours")
