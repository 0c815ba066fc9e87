from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.datasets.dance_files import mixamo_bvh, write_sound
from tokendance_core.datasets import motorica
from tokendance_core.errors import DataError

JAZZ, TAP, CASUAL = (
    "kthjazz_gCH_sFM_cAll_d01_mCH_ch01_song_001",
    "kthjazz_gTP_sFM_sngl_d02_015",
    "kthmisc_gCA_sFM_cAll_d01_mCA_ch0",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "bvh").mkdir()
    for name in (JAZZ, TAP, CASUAL):
        (tmp_path / "bvh" / f"{name}.bvh").write_text(mixamo_bvh())
    for name in (JAZZ, TAP):
        write_sound(tmp_path / "wav" / f"{name}.wav")
    return tmp_path


def test_takes_come_with_genre_song_and_split(data: Path) -> None:
    found = [(r.name, r.genre, r.split, r.music and r.music.stem) for r in motorica.load(data)]
    assert found == [(JAZZ, "charleston", "train", JAZZ), (TAP, "tap", "test", TAP), (CASUAL, "casual", "train", None)]
    assert {r.clip.fps for r in motorica.load(data)} == {120.0}


@pytest.mark.parametrize(("piece", "message"), [("bvh", "no folder bvh"), ("wav", "no music")])
def test_a_missing_folder_is_named(data: Path, piece: str, message: str) -> None:
    (data / piece).rename(data / "elsewhere")
    with pytest.raises(DataError, match=message) as caught:
        list(motorica.load(data))
    assert caught.value.hint
