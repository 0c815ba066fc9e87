"""A Blender that cannot decode sound (some are built so) reads WAVE files itself and leaves others to the worker."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from blender_addon import compat
from blender_addon.interface.ticker import Ticker
from blender_addon.song.decoding import DecodedSongs, Decoding
from tests.conftest import click_samples
from tokendance_core import AudioError, SongPart, load_music
from tokendance_core.music import audio

RATE = 44_100


@pytest.fixture(autouse=True)
def no_decoder(monkeypatch) -> None:
    monkeypatch.setattr(compat, "decodes_sound", lambda: False)


def decoded(song: Path, folder: Path, part: SongPart) -> Decoding:
    decoding = DecodedSongs(Ticker()).ask(str(song), part, folder)
    while not decoding.is_done:
        decoding.step()
    return decoding


@pytest.fixture
def song(tmp_path) -> Path:
    clicks = (20_000 * click_samples(20, RATE)).astype("<i2")
    with wave.open(str(tmp_path / "song.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.column_stack((clicks, clicks)).tobytes())
    return tmp_path / "song.wav"


@pytest.mark.parametrize("part", [SongPart(), SongPart(start=9.5, duration=8.0, speed=1.25)])
def test_a_wave_file_is_heard_as_the_command_line_hears_it(song, tmp_path, part):
    decoding = decoded(song, tmp_path, part)  # the file goes with it
    ours = audio.load_samples(decoding.result(), song.name)
    theirs = load_music(song, start=part.start, duration=part.duration or None, speed=part.speed)
    np.testing.assert_allclose(ours.samples[500:-500], theirs.samples[500:-500], atol=0.01)


def test_another_file_is_left_to_the_worker(tmp_path):
    (tmp_path / "song.mp3").write_bytes(b"ID3" + bytes(5000))
    assert decoded(tmp_path / "song.mp3", tmp_path, SongPart()).result() == ""
    assert list(tmp_path.glob("*.npy")) == []


def test_a_missing_file_is_told_all_the_same(tmp_path):
    with pytest.raises(AudioError, match="There is no file"):
        decoded(tmp_path / "song.mp3", tmp_path, SongPart()).result()
