"""Any sound file becomes mono 15,360 Hz at one loudness; anything else becomes a sentence and a way out."""

from __future__ import annotations

import os
import stat
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tokendance_core.errors import AudioError
from tokendance_core.music import audio, decode, loudness
from tokendance_core.music.excerpt import Span
from tokendance_core.types import SAMPLE_RATE, Music

LOUDNESS = 10 ** (loudness.LOUDNESS_DB / 20)


def tone(seconds: float, rate: int = 44_100, channels: int = 2, level: float = 0.3, hertz: float = 440.0) -> np.ndarray:
    wave = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def dominant_hertz(music: Music) -> float:
    return float(np.abs(np.fft.rfft(music.samples)).argmax() / music.seconds)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.wav"
    soundfile.write(path, tone(4), 44_100)
    return path


@pytest.mark.parametrize(
    ("suffix", "subtype", "rate", "channels"),
    [
        ("wav", "PCM_16", 44_100, 2),
        ("wav", "PCM_U8", 8_000, 1),
        ("wav", "PCM_24", 96_000, 6),
        ("wav", "PCM_32", 192_000, 2),
        ("wav", "FLOAT", 48_000, 2),
        ("wav", "DOUBLE", 22_050, 1),
        ("wav", "PCM_16", SAMPLE_RATE, 1),
        ("wav", "ULAW", 11_025, 1),
        ("flac", "PCM_24", 88_200, 2),
        ("ogg", "VORBIS", 44_100, 2),
        ("opus", "OPUS", 48_000, 2),
        ("mp3", "MPEG_LAYER_III", 44_100, 2),
        ("aiff", "PCM_16", 32_000, 1),
    ],
)
def test_reads_every_format_rate_and_channel_count(tmp_path, suffix, subtype, rate, channels):
    path = tmp_path / f"song.{suffix}"
    form = {"opus": "OGG"}.get(suffix, suffix.upper())
    soundfile.write(path, tone(3, rate, channels), rate, subtype=subtype, format=form)
    music = audio.load(path)
    assert music.samples.dtype == np.float32
    assert music.name == path.name
    assert music.seconds == pytest.approx(3, abs=0.06)
    assert dominant_hertz(music) == pytest.approx(440, abs=1)
    assert rms(music.samples) == pytest.approx(LOUDNESS, rel=0.05)


@pytest.mark.parametrize("name", ["with space.wav", "Übung 踊り 💃.wav", "no_suffix", "really_a_wave.mp3", "-i.wav"])
def test_the_name_of_a_file_does_not_matter(tmp_path, name):
    soundfile.write(tmp_path / name, tone(2.5), 44_100, format="WAV")
    assert audio.load(str(tmp_path / name)).seconds == pytest.approx(2.5, abs=0.001)


def test_resampling_by_blocks_leaves_no_seams(tmp_path):
    rate, seconds = 48_000, 3 * decode.BLOCK_SECONDS
    soundfile.write(tmp_path / "long.wav", tone(seconds, rate, hertz=1000.0), rate, subtype="FLOAT")
    samples = audio.load(tmp_path / "long.wav").samples
    ideal = np.sqrt(2) * LOUDNESS * np.sin(2 * np.pi * 1000 * np.arange(len(samples)) / SAMPLE_RATE)
    assert len(samples) == seconds * SAMPLE_RATE
    assert np.abs(samples - ideal)[SAMPLE_RATE:-SAMPLE_RATE].max() < 1e-3


def test_start_and_duration_cut_where_they_say(tmp_path):
    rate = 44_100
    parts = [tone(3, rate, hertz=hertz) for hertz in (300.0, 600.0, 900.0)]
    soundfile.write(tmp_path / "steps.wav", np.concatenate(parts), rate)
    middle = audio.load(tmp_path / "steps.wav", start=3.0, duration=3.0)
    assert len(middle.samples) == 3 * SAMPLE_RATE
    assert dominant_hertz(middle) == pytest.approx(600, abs=1)
    assert audio.load(tmp_path / "steps.wav", start=6.5, duration=60).seconds == pytest.approx(2.5, abs=0.001)


@pytest.mark.parametrize("speed", [0.25, 0.5, 0.999, 1.0, 1.5, 2.0])
def test_a_song_is_heard_at_the_speed_it_is_played(song, speed):
    music = audio.load(song, speed=speed)
    assert music.seconds == pytest.approx(4 / speed, abs=2 / SAMPLE_RATE)
    assert dominant_hertz(music) == pytest.approx(440 * speed, abs=1.01 / music.seconds)
    assert rms(music.samples) == pytest.approx(LOUDNESS, rel=0.05)


def test_two_seconds_of_music_are_needed_after_speeding_up(song):
    with pytest.raises(AudioError, match=r"1\.00 s"):
        audio.load(song, speed=4.0)


def test_start_and_duration_are_seconds_of_the_file_at_any_speed(tmp_path):
    rate = 44_100
    parts = [tone(3, rate, hertz=hertz) for hertz in (300.0, 600.0, 900.0)]
    soundfile.write(tmp_path / "steps.wav", np.concatenate(parts), rate)
    middle = audio.load(tmp_path / "steps.wav", start=3.0, duration=3.0, speed=1.5)
    assert middle.seconds == pytest.approx(2, abs=2 / SAMPLE_RATE)
    assert dominant_hertz(middle) == pytest.approx(900, abs=1)


@pytest.mark.parametrize("speed", [0.0, -1.0, 0.2, 4.1, float("nan"), float("inf"), -float("inf")])
def test_bad_speeds_are_refused(song, speed):
    with pytest.raises(AudioError, match=r"speed must be from 0\.25 to 4") as refusal:
        audio.load(song, speed=speed)
    assert refusal.value.hint


def test_quiet_and_loud_masters_come_out_alike(tmp_path):
    wave = np.random.default_rng(0).normal(0, 0.1, (3 * 44_100, 1))
    for name, gain in (("loud", 1.0), ("quiet", 0.01), ("integer_units", 1e8)):
        soundfile.write(tmp_path / f"{name}.wav", wave * gain, 44_100, subtype="FLOAT")
    loud, quiet, huge = (audio.load(tmp_path / f"{name}.wav").samples for name in ("loud", "quiet", "integer_units"))
    np.testing.assert_allclose(quiet, loud, atol=1e-5)
    np.testing.assert_allclose(huge, loud, atol=1e-5)


def test_silent_intro_does_not_change_the_loudness_of_the_music(tmp_path):
    wave = tone(4, SAMPLE_RATE, 1)
    soundfile.write(tmp_path / "intro.wav", np.concatenate([np.zeros_like(wave), wave]), SAMPLE_RATE, subtype="FLOAT")
    assert rms(audio.load(tmp_path / "intro.wav").samples[4 * SAMPLE_RATE :]) == pytest.approx(LOUDNESS, rel=0.01)


def test_a_few_damaged_samples_are_silenced(tmp_path):
    wave = tone(3, channels=1)
    wave[1000:1010] = np.nan
    wave[2000] = np.inf
    soundfile.write(tmp_path / "song.wav", wave, 44_100, subtype="FLOAT")
    samples = audio.load(tmp_path / "song.wav").samples
    assert np.isfinite(samples).all()
    assert rms(samples) == pytest.approx(LOUDNESS, rel=0.01)


def nothing(path: Path) -> None:
    """Leave the path free."""


def write(seconds: float, level: float = 0.3, rate: int = 8_000, channels: int = 1):
    return lambda path: soundfile.write(path, tone(seconds, rate, channels, level), rate)


def damaged(path: Path) -> None:
    wave = tone(3, channels=1)
    wave[: len(wave) // 20] = np.nan
    soundfile.write(path, wave, 44_100, subtype="FLOAT")


def cut_flac(path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * 44_100)
    soundfile.write(path, noise, 44_100, format="FLAC")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def streamed_flac(path: Path) -> None:
    """Write a FLAC whose header has no length, as encoders that write to a pipe do."""
    soundfile.write(path, tone(3), 44_100, format="FLAC")
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)


BAD_FILES = {
    "missing": ("song.wav", nothing, "There is no file"),
    "impossible_name": ("s" * 300 + ".wav", nothing, "There is no file"),
    "folder": ("song.wav", Path.mkdir, "is a folder"),
    "empty": ("song.mp3", Path.touch, "is empty"),
    "text": ("song.mp3", lambda path: path.write_text("la la la\n" * 2000), "not a sound file"),
    "zeros": ("song.wav", lambda path: path.write_bytes(bytes(50_000)), "not a sound file"),
    "headerless": ("song.raw", lambda path: path.write_bytes(bytes(50_000)), "not a sound file"),
    "header_only": ("song.wav", write(0), "holds no sound"),
    "cut_short": ("song.flac", cut_flac, "is damaged or not a sound file"),
    "no_length": ("song.flac", streamed_flac, "is damaged or not a sound file"),
    "needs_ffmpeg": ("song.m4a", lambda path: path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(5000)), "needs ffmpeg"),
    "short": ("song.wav", write(1.9), "gives 1.90 s of sound, expected at least 2 s"),
    "long": ("song.wav", write(1201.5, rate=100), "is longer than 20 minutes"),
    "silent": ("song.wav", write(3, level=0), "is silent"),
    "nearly_silent": ("song.wav", write(3, level=5e-5), "is silent"),
    "not_numbers": ("song.wav", damaged, "5% of the samples of song.wav are not numbers"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_refused_with_a_way_out(tmp_path, monkeypatch, case):
    name, make, message = BAD_FILES[case]
    make(tmp_path / name)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AudioError, match=message) as refusal:
        audio.load(tmp_path / name)
    assert refusal.value.hint
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ({"start": -1.0}, "start must be 0"),
        ({"start": float("nan")}, "start must be 0"),
        ({"start": float("inf")}, "start must be 0"),
        ({"start": 4.0}, "song.wav ends at 4.0 s"),
        ({"start": 1e12}, "song.wav ends at 4.0 s"),
        ({"start": 2.5}, "gives 1.50 s"),
        ({"duration": -3.0}, "duration must be at least 2"),
        ({"duration": 0.0}, "duration must be at least 2"),
        ({"duration": 1.5}, "duration must be at least 2"),
        ({"duration": float("nan")}, "duration must be at least 2"),
    ],
)
def test_bad_spans_are_refused(song, span, message):
    with pytest.raises(AudioError, match=message) as refusal:
        audio.load(song, **span)
    assert refusal.value.hint


def test_a_part_of_a_song_that_is_too_long_is_welcome(tmp_path):
    soundfile.write(tmp_path / "set.wav", tone(1500, 100, 1, hertz=5.0), 100)
    assert audio.load(tmp_path / "set.wav", start=1400, duration=50).seconds == pytest.approx(50, abs=0.02)
    assert audio.load(tmp_path / "set.wav", duration=1200).seconds == pytest.approx(1200, abs=0.02)
    with pytest.raises(AudioError, match="longer than 20 minutes"):
        audio.load(tmp_path / "set.wav", duration=1300)


@pytest.mark.skipif(os.name == "nt", reason="pipes in the file system")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match="device or a pipe"):
        audio.load(tmp_path / "pipe.wav")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may read everything")
def test_a_file_without_permission_is_refused(song):
    song.chmod(0)
    with pytest.raises(AudioError, match="cannot be opened"):
        audio.load(song)


FAKE_FFMPEG = """#!{python}
import sys
arguments = sys.argv[1:]
source = arguments[arguments.index("-i") + 1]
assert source.startswith("file:/"), source
if open(source[5:], "rb").read(4) != b"ftyp":
    sys.exit(1)
assert arguments[-3:] == ["-f", "au", "pipe:1"]
sys.stdout.buffer.write(open({decoded!r}, "rb").read())
"""


@pytest.fixture
def fake_ffmpeg(tmp_path, monkeypatch) -> None:
    """Put an ``ffmpeg`` on the PATH that turns files that begin with ``ftyp`` into five seconds of a tone."""
    decoded = tmp_path / "decoded.au"
    soundfile.write(decoded, tone(5, channels=1), 44_100, subtype="FLOAT")
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(FAKE_FFMPEG.format(python=sys.executable, decoded=str(decoded)))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent))


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a shebang")
@pytest.mark.usefixtures("fake_ffmpeg")
def test_other_formats_go_through_ffmpeg(tmp_path):
    (tmp_path / "mein lied.m4a").write_bytes(b"ftyp" + bytes(100))
    assert audio.load(tmp_path / "mein lied.m4a").seconds == pytest.approx(5, abs=0.001)
    assert audio.load(tmp_path / "mein lied.m4a", start=2).seconds == pytest.approx(3, abs=0.001)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a shebang")
@pytest.mark.usefixtures("fake_ffmpeg")
def test_what_ffmpeg_cannot_read_is_refused(tmp_path):
    (tmp_path / "song.m4a").write_bytes(b"nonsense")
    with pytest.raises(AudioError, match="not a sound file"):
        audio.load(tmp_path / "song.m4a")


def test_long_multichannel_file_keeps_memory_modest(tmp_path):
    """Three minutes of 96 kHz 5.1 are 400 MB as floats, and 11 MB as music."""
    path = tmp_path / "surround.wav"
    with soundfile.SoundFile(path, "w", 96_000, 6, "PCM_16") as sound:
        block = tone(30, 96_000, 6)
        for _ in range(6):
            sound.write(block)
    tracemalloc.start()
    try:
        audio.load(path)
        assert tracemalloc.get_traced_memory()[1] < 80e6
    finally:
        tracemalloc.stop()


# --- samples that are decoded already ---------------------------------------------------------------------------------


def test_decoded_samples_are_the_song(song, tmp_path):
    decoded = decode.decode(song, Span(start=1.0, speed=1.25))
    audio.save_samples(tmp_path / "song.npy", decoded)
    heard, read = audio.load_samples(tmp_path / "song.npy", "song.wav"), audio.load(song, start=1.0, speed=1.25)
    np.testing.assert_array_equal(heard.samples, read.samples)
    assert heard.name == read.name == "song.wav"


def pickled(path: Path) -> None:
    np.save(path, np.array([{"a": 1}], object), allow_pickle=True)


def cut(path: Path) -> None:
    np.save(path, tone(3)[:, 0])
    path.write_bytes(path.read_bytes()[:-4])


def archive(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, samples=np.zeros(50_000, np.float32))


def promised(path: Path) -> None:
    """Write a header that speaks of 4 TB."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"shape": (10**12,), "fortran_order": False, "descr": "<f4"})
        file.write(bytes(400_000))


BAD_SAMPLES = {
    "missing": (nothing, "There is no file"),
    "folder": (Path.mkdir, "is a folder"),
    "empty": (Path.touch, "is empty"),
    "text": (lambda path: path.write_text("la la la\n" * 2000), "does not hold the samples of song.ogg"),
    "pickled": (pickled, "does not hold the samples"),
    "cut": (cut, "does not hold the samples"),
    "promised": (promised, "does not hold the samples"),
    "double": (lambda path: np.save(path, np.zeros(50_000)), "does not hold the samples"),
    "two_channels": (lambda path: np.save(path, tone(3)), "does not hold the samples"),
    "not_numbers": (lambda path: np.save(path, np.full(50_000, np.nan, np.float32)), "does not hold the samples"),
    "archive": (archive, "does not hold the samples"),
    "too_long": (lambda path: np.save(path, np.zeros(80 * 60 * SAMPLE_RATE + 1, np.float32)), "does not hold"),
    "magic_only": (lambda path: path.write_bytes(b"\x93NUMPY\x01\x00"), "does not hold the samples"),
    "short": (lambda path: np.save(path, np.ones(20_000, np.float32)), "song.ogg gives 1.30 s of sound"),
    "silent": (lambda path: np.save(path, np.zeros(50_000, np.float32)), "song.ogg is silent"),
}


@pytest.mark.parametrize("case", BAD_SAMPLES)
def test_files_that_hold_no_samples_are_refused(tmp_path, case):
    make, message = BAD_SAMPLES[case]
    path = tmp_path / "samples.npy"
    make(path)
    tracemalloc.start()
    try:
        with pytest.raises(AudioError, match=message) as refusal:
            audio.load_samples(path, "song.ogg")
        assert tracemalloc.get_traced_memory()[1] < 2e6
    finally:
        tracemalloc.stop()
    assert refusal.value.hint


def test_samples_that_cannot_be_written_are_a_sentence(tmp_path):
    with pytest.raises(AudioError, match="its folder does not exist"):
        audio.save_samples(tmp_path / "gone" / "song.npy", tone(3)[:, 0])


# --- without packages -------------------------------------------------------------------------------------------------


def without_packages(monkeypatch) -> None:
    for package in ("soundfile", "soxr"):
        monkeypatch.setitem(sys.modules, package, None)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_wave_files_need_no_package(tmp_path, monkeypatch, subtype):
    path = tmp_path / "song.wav"
    soundfile.write(path, tone(5), 44_100, subtype=subtype)
    span = {"start": 1.0, "duration": 3.0, "speed": 1.25}
    expected = audio.load(path, **span).samples
    without_packages(monkeypatch)
    samples = audio.load(path, **span).samples
    assert len(samples) == len(expected)
    assert rms((samples - expected)[500:-500]) < 1e-4


@pytest.mark.parametrize("name", ["song.ogg", "song.mp3", "ulaw.wav"])
def test_other_files_without_any_decoder_are_told_what_helps(tmp_path, monkeypatch, name):
    form = {"ulaw.wav": "WAV", "song.ogg": "OGG", "song.mp3": "MP3"}[name]
    soundfile.write(tmp_path / name, tone(3), 44_100, format=form, subtype="ULAW" if form == "WAV" else None)
    without_packages(monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AudioError, match=f"{name} cannot be read: WAV files alone can") as refusal:
        audio.load(tmp_path / name)
    assert "install ffmpeg" in refusal.value.hint


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a shebang")
@pytest.mark.usefixtures("fake_ffmpeg")
def test_ffmpeg_needs_no_package(tmp_path, monkeypatch):
    without_packages(monkeypatch)
    (tmp_path / "song.mp3").write_bytes(b"ftyp" + bytes(100))
    assert audio.load(tmp_path / "song.mp3", start=2).seconds == pytest.approx(3, abs=0.001)
