"""The length that a file's header tells is read without a decoder, whatever wrote it; and nothing in a file breaks the
reader.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import click_samples
from tokendance_core.errors import AudioError
from tokendance_core.music import audio
from tokendance_core.music.settings import SongPart
from tokendance_core.music.sources import promised

SECONDS = 12.4
TOLD = {"wav": "WAV", "flac": "FLAC", "mp3": "MP3", "aiff": "AIFF"}


def written(folder: Path, suffix: str, rate: int = 44_100, channels: int = 1) -> Path:
    clicks = click_samples(SECONDS, rate)
    path = folder / f"song.{suffix}"
    soundfile.write(path, np.repeat(clicks[:, None], channels, 1), rate, format=TOLD.get(suffix, "OGG"))
    return path


@pytest.mark.parametrize("suffix", TOLD)
@pytest.mark.parametrize(("rate", "channels"), [(44_100, 1), (44_100, 2), (48_000, 2), (22_050, 1), (22_050, 2)])
def test_the_length_is_that_of_the_sound(tmp_path, suffix, rate, channels):
    assert promised.seconds(written(tmp_path, suffix, rate, channels)) == pytest.approx(SECONDS, abs=0.1)


def test_an_id3_tag_before_an_mp3_is_stepped_over(tmp_path):
    path = written(tmp_path, "mp3")
    path.write_bytes(b"ID3\x04\0\0\0\0\x27\x10" + bytes(39 * 128 + 16) + path.read_bytes())
    assert promised.seconds(path) == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize("suffix", TOLD)
def test_a_file_that_is_cut_short_is_told_and_refused_when_most_is_missing(tmp_path, suffix):
    path = written(tmp_path, suffix)
    whole = path.read_bytes()
    part = SongPart()
    assert audio.missing(path, part, SECONDS) == ()
    assert audio.missing(path, SongPart(start=2, duration=3), 3.0) == ()
    path.write_bytes(whole[: round(0.8 * len(whole))])
    (warning,) = audio.missing(path, part, 0.8 * SECONDS)
    assert warning == f"song.{suffix} breaks off at 9.9 s of {promised.seconds(path):.1f} s: the file is cut short."
    with pytest.raises(AudioError, match="breaks off at 3") as refusal:
        audio.missing(path, part, 0.3 * SECONDS)
    assert refusal.value.hint


@pytest.mark.parametrize("suffix", ["wav", "aiff", "mp3", "ogg"])
def test_what_is_read_of_a_cut_file_is_told(tmp_path, suffix):
    path = written(tmp_path, suffix)
    whole = path.read_bytes()
    assert audio.load_asked(str(path), "", SongPart())[1] == ()
    path.write_bytes(whole[: round(0.8 * len(whole))])
    music, warnings = audio.load_asked(str(path), "", SongPart())
    assert music.seconds == pytest.approx(0.8 * SECONDS, abs=1.5)
    assert "breaks off at" in warnings[0]
    audio.save_samples(tmp_path / "samples.npy", music.samples)
    assert audio.load_asked(str(path), str(tmp_path / "samples.npy"), SongPart())[1] == warnings
    assert audio.load_asked(str(path), "", SongPart(start=1.0, duration=4.0))[1] == ()


@pytest.fixture(scope="module")
def beginnings(tmp_path_factory) -> dict[str, bytes]:
    """The first bytes of a song in every format."""
    folder = tmp_path_factory.mktemp("whole")
    return {suffix: written(folder, suffix).read_bytes()[:2000] for suffix in (*TOLD, "ogg")}


@pytest.mark.parametrize("suffix", [*TOLD, "ogg"])
@settings(max_examples=40, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 255)), max_size=9), length=st.integers(0, 2000))
def test_no_damage_breaks_the_reader(tmp_path_factory, beginnings, suffix, changes, length):
    content = bytearray(beginnings[suffix])
    for place, value in changes:
        content[place] = value
    path = tmp_path_factory.getbasetemp() / "song"
    path.write_bytes(content[:length])
    found = promised.seconds(path)
    assert found is None or 0 < found < 1e6
    assert promised.breaks_off(path) in (True, False)


@given(content=st.binary(max_size=400), magic=st.sampled_from([*promised._READERS, b"\0\0\0\x20ftyp"]))
@settings(max_examples=100, deadline=None)
def test_nothing_breaks_the_reader(tmp_path_factory, magic, content):
    path = tmp_path_factory.getbasetemp() / "song"
    path.write_bytes(magic + content)
    found = promised.seconds(path)
    assert found is None or 0 < found < 1e6
