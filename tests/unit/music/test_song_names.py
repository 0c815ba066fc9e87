"""Songs as old disks and odd devices have them: names that are no text, rates and channels beyond reason."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT, click_samples
from tokendance_core.commands.requests import ListenRequest, request_from_json, request_to_json
from tokendance_core.errors import AudioError
from tokendance_core.files import limits
from tokendance_core.music import audio

soundfile = pytest.importorskip("soundfile")


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
@pytest.mark.parametrize("name", [b"s\xff.wav", b"\xe9t\xe9.flac", b"\xff\xfe.ogg"])
def test_a_name_that_is_no_utf_8_is_a_name(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    sound = tmp_path / f"song{path.suffix}"
    soundfile.write(sound, click_samples(3.0, 8000), 8000)
    os.rename(sound, path)
    assert audio.load(path).seconds == pytest.approx(3, abs=0.1)
    asked = ListenRequest(song=str(path))
    assert request_from_json(request_to_json(asked).encode()) == asked
    command = [sys.executable, "-m", "tokendance_core", "listen", path]
    for more in ([], ["--json"]):
        heard = subprocess.run([*command, *more], cwd=ROOT, capture_output=True, check=False)
        assert (heard.returncode, heard.stderr) == (0, b"")


def sparse_wave(path: Path, channels: int, rate: int, size: int) -> Path:
    """A WAVE file of silence, nothing of which is on the disk."""
    form = np.array([16, 1 | channels << 16, rate, rate * channels * 2 & 0xFFFFFFFF, channels * 2 | 16 << 16], "<u4")
    head = b"RIFF" + np.uint32(size + 36).tobytes() + b"WAVEfmt " + form.tobytes() + b"data" + np.uint32(size).tobytes()
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)
    return path


@pytest.mark.parametrize(
    ("channels", "rate", "seconds"), [(1, 10**9, 0.25), (1024, 192_000, 1.0), (64, 192_000, 10.0), (8, 1_000_000, 12.0)]
)
def test_sounds_of_any_rate_and_number_of_channels_take_little_memory(tmp_path, channels, rate, seconds) -> None:
    path = sparse_wave(tmp_path / "song.wav", channels, rate, int(channels * rate * seconds) * 2)
    code = """
import sys
import numpy, soundfile, soxr
from tests.peak_memory import peak_bytes
from tokendance_core.errors import AudioError
from tokendance_core.music import audio
before = peak_bytes()
try:
    audio.load(sys.argv[1])
except AudioError as error:
    assert "silent" in str(error) or "channels" in str(error) or "s of sound" in str(error), error
print((peak_bytes() - before) / 1e6)
"""
    taken = subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert taken.returncode == 0, taken.stderr
    assert float(taken.stdout) < 400


def test_more_channels_than_any_song_has_are_told(tmp_path) -> None:
    path = sparse_wave(tmp_path / "song.wav", limits.SOUND_CHANNELS + 1, 48_000, 1 << 20)
    with pytest.raises(AudioError, match="65 channels of 48000 samples a second, expected at most 64") as caught:
        audio.load(path)
    assert caught.value.hint
