"""Songs that only ffmpeg decodes, by real ffmpegs: the same beats as the WAVE file they were made from, and no word
left unsaid when it breaks off.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import click_samples
from tokendance_core.commands import generate, listen, worker
from tokendance_core.commands.answers import SongFacts
from tokendance_core.commands.requests import DanceRequest, ListenRequest, request_to_json
from tokendance_core.commands.weights import CheckpointCache
from tokendance_core.errors import AudioError, Cancelled
from tokendance_core.music import audio, decode, features
from tokendance_core.music.excerpt import Span
from tokendance_core.music.settings import SongPart
from tokendance_core.music.sources.ffmpeg import FfmpegSound
from tokendance_core.types import FPS

RATE, SECONDS = 44_100, 20.1


def packaged() -> Path | None:
    """The ffmpeg that requirements/dev.txt brings: an old one, which writes some headers in a way of its own."""
    try:
        files = importlib.metadata.files("imageio-ffmpeg") or ()
    except importlib.metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())) for file in files if file.name.startswith("ffmpeg-")), None)


def installed() -> Path | None:
    found = shutil.which("ffmpeg")
    return Path(found) if found else None


PROGRAMS = {"packaged": packaged(), "installed": installed()}
CODINGS = {
    "m4a": (),
    "fast.m4a": ("-movflags", "+faststart"),
    "aac": (),
    "mp4": (),
    "mov": (),
    "mkv": (),
    "webm": (),
    "ac3": (),
    "wma": (),
}


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request) -> Path:
    found = PROGRAMS[request.param]
    if found is None:
        pytest.skip(f"no {request.param} ffmpeg")
    return found


@pytest.fixture(autouse=True)
def on_the_path(program, tmp_path, monkeypatch) -> None:
    (tmp_path / "bin").mkdir()
    name = "ffmpeg.exe" if os.name == "nt" else "ffmpeg"
    (tmp_path / "bin" / name).symlink_to(program)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def encoded(program: Path, path: Path, samples: np.ndarray, *options: str) -> Path:
    soundfile.write(path.with_suffix(".wav"), samples, RATE)
    source = ("-y", "-v", "error", "-i", str(path.with_suffix(".wav")))
    subprocess.run([program, *source, *options, str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def songs(program, tmp_path_factory) -> Path:
    """A folder with one song at 100 beats a minute in every coding."""
    folder = tmp_path_factory.mktemp("songs")
    clicks = click_samples(SECONDS, RATE, 100)
    for suffix, options in CODINGS.items():
        encoded(program, folder / f"song.{suffix}", np.column_stack((clicks, clicks)), *options)
    return folder


def beats(path: Path) -> np.ndarray:
    return features.beat_times(features.extract(audio.load(path)))


@pytest.mark.parametrize("suffix", CODINGS)
def test_the_beats_are_those_of_the_wave_file(songs, suffix):
    heard, expected = beats(songs / f"song.{suffix}"), beats(songs / "song.wav")
    # An encoder of WMA begins 46 ms late, and some decoders leave that in.
    late = np.median([np.abs(heard - beat).min() for beat in expected])
    assert late <= (2.01 if suffix == "wma" else 1.01) / FPS
    assert len(heard) == pytest.approx(len(expected), abs=1)
    assert np.median(np.diff(heard)) == pytest.approx(0.6, abs=0.01)


@pytest.mark.parametrize("suffix", CODINGS)
def test_a_part_begins_where_it_should(songs, suffix):
    whole = audio.load(songs / f"song.{suffix}").samples
    part = audio.load(songs / f"song.{suffix}", start=5.0, duration=6.0).samples
    assert len(part) == 6 * 15_360
    likeness = [
        np.corrcoef(part[2000:-2000], whole[76_800 + 2000 + shift :][: len(part) - 4000])[0, 1] for shift in (0, 500)
    ]
    assert likeness[0] > 0.99 > likeness[1]


@pytest.mark.parametrize("suffix", ["m4a", "mkv", "ac3"])
def test_silence_is_refused(program, tmp_path, suffix):
    path = encoded(program, tmp_path / f"song.{suffix}", np.zeros((10 * RATE, 2)))
    with pytest.raises(AudioError, match="is silent"):
        audio.load(path)


def test_channels_that_cancel_give_way_to_one(program, tmp_path):
    wave = click_samples(6, RATE)
    path = encoded(program, tmp_path / "song.mka", np.column_stack((wave, -wave)), "-c:a", "flac")
    assert len(beats(path)) >= 10


def test_no_sound_is_a_sentence(tmp_path):
    for content in (b"\0\0\0\x20ftypM4A " + bytes(5000), b"la la la\n" * 2000):
        (tmp_path / "song.m4a").write_bytes(content)
        with pytest.raises(AudioError, match="not a sound file") as refusal:
            audio.load(tmp_path / "song.m4a")
        assert refusal.value.hint
        assert "\n" not in str(refusal.value)


# --- what breaks off --------------------------------------------------------------------------------------------------


def cut(path: Path, share: float) -> Path:
    """The first ``share`` of a file."""
    data = path.read_bytes()
    short = path.with_name(f"{share}-{path.name}")
    short.write_bytes(data[: round(share * len(data))])
    return short


@pytest.mark.parametrize("suffix", ["fast.m4a", "mkv", "webm", "wma"])
def test_a_song_that_is_cut_short_is_told(songs, suffix):
    path = cut(songs / f"song.{suffix}", 0.8)
    music, warnings = audio.load_asked(str(path), "", SongPart())
    assert music.seconds == pytest.approx(0.8 * SECONDS, abs=1)
    (warning,) = warnings
    assert "breaks off at" in warning
    with pytest.raises(AudioError, match="breaks off at"):
        audio.load_asked(str(cut(songs / f"song.{suffix}", 0.4)), "", SongPart())


@pytest.mark.parametrize("suffix", CODINGS)
def test_a_whole_song_is_no_matter_for_a_warning(songs, suffix):
    assert audio.load_asked(str(songs / f"song.{suffix}"), "", SongPart())[1] == ()
    assert audio.load_asked(str(songs / f"song.{suffix}"), "", SongPart(start=2, duration=5))[1] == ()


def test_a_disk_that_is_full_shortens_nothing(songs, monkeypatch, tmp_path):
    """Nothing is written: the samples come through a pipe."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "no such folder"))
    before = set(songs.iterdir()) | set(tmp_path.iterdir())
    assert audio.load(songs / "song.m4a").seconds == pytest.approx(SECONDS, abs=0.1)
    assert set(songs.iterdir()) | set(tmp_path.iterdir()) == before


def stand_in(tmp_path: Path, program: Path, ending: str) -> None:
    """An ffmpeg that hands over the first 400 kB of what the real one does, and then ends as ``ending`` says."""
    script = tmp_path / "bin" / "ffmpeg"
    script.unlink()
    script.write_text(
        f"#!{sys.executable}\nimport os, subprocess, sys, time\n"
        f"data = subprocess.run([{str(program)!r}, *sys.argv[1:]], capture_output=True).stdout\n"
        f"sys.stdout.buffer.write(data[:400_000]); sys.stdout.flush()\n{ending}\n"
    )
    script.chmod(0o755)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a shebang")
@pytest.mark.parametrize(
    ("ending", "reason"),
    [("sys.exit('av_write_frame(): Out of things')", r" \(Out of things\)"), ("os.kill(os.getpid(), 9)", "")],
)
def test_an_ffmpeg_that_fails_half_way_is_an_error(songs, program, tmp_path, ending, reason):
    stand_in(tmp_path, program, ending)
    with pytest.raises(AudioError, match=rf"song\.m4a was decoded to 1\.1 s, where ffmpeg broke off{reason}\."):
        audio.load(songs / "song.m4a")


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a shebang")
def test_an_ffmpeg_that_talks_without_end_does_not_wait_for_a_reader(songs, program, tmp_path):
    stand_in(tmp_path, program, "sys.stderr.write('mmco: unref short failure\\n' * 20_000)")
    with FfmpegSound(songs / "song.m4a", 100) as sound:
        assert len(sound.read(10**6)) == pytest.approx(50_000, abs=10)


# --- ends with who reads ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a shebang")
def test_ffmpeg_ends_when_the_song_is_not_wanted_any_more(songs, program, tmp_path, monkeypatch):
    stand_in(tmp_path, program, f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)")

    def stop(share: float) -> None:
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
        raise Cancelled("Stopped.")

    monkeypatch.setattr(decode, "BLOCK_SECONDS", 1)
    monkeypatch.setattr(decode, "_open", unknown)
    with pytest.raises(Cancelled):
        decode.decode(songs / "song.m4a", Span(), stop)
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def unknown(path: Path) -> None:
    raise decode.UnknownFormat("for ffmpeg")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ffmpeg_ends_with_a_reader_that_is_killed(songs, tmp_path):
    long = tmp_path / "long.wav"
    soundfile.write(long, np.random.default_rng(0).uniform(-0.5, 0.5, (1200 * RATE, 2)).astype(np.float32), RATE)
    code = (
        "import sys, time; from pathlib import Path; from tokendance_core.music.sources.ffmpeg import FfmpegSound\n"
        "sound = FfmpegSound(Path(sys.argv[1]), 1200); print(sound._process.pid, flush=True); time.sleep(600)"
    )
    reader = subprocess.Popen([sys.executable, "-c", code, str(long)], stdout=subprocess.PIPE, text=True)
    pid = int(reader.stdout.readline())
    os.kill(pid, 0)
    reader.kill()
    reader.wait()
    reader.stdout.close()
    until = time.monotonic() + 10
    while time.monotonic() < until and is_running(pid):
        time.sleep(0.02)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    """Whether it runs; one that waits for its parent to look does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_request_that_is_cancelled_while_the_song_is_read_is_answered_so(songs, tmp_path, monkeypatch):
    """The worker looks for the cancelled request after every few seconds of the song."""
    request = tmp_path / "1.request.json"
    request.write_text(request_to_json(ListenRequest(song=str(songs / "song.m4a"))))
    read = FfmpegSound.read

    def cancelling(self: FfmpegSound, count: int) -> np.ndarray:
        (tmp_path / "1.cancel").touch()
        return read(self, count)

    monkeypatch.setattr(FfmpegSound, "read", cancelling)
    worker.answer(request, CheckpointCache())
    assert '"exit_code": 130' in (tmp_path / "1.answer.json").read_text()


# --- the answer carries what is missing -------------------------------------------------------------------------------


class Collected:
    def __init__(self) -> None:
        self.answers: list[object] = []

    def progress(self, stage: str, fraction: float) -> None: ...

    def answer(self, answer: object) -> None:
        self.answers.append(answer)


def test_listening_and_dancing_tell_what_is_missing(songs, tmp_path, tiny_checkpoint):
    path, report = cut(songs / "song.fast.m4a", 0.8), Collected()
    listen.work(ListenRequest(song=str(path)), report, None)
    generate.work(DanceRequest(song=str(path), output=str(tmp_path / "dance.npz")), report, lambda run: tiny_checkpoint)
    heard, danced = report.answers
    assert isinstance(heard, SongFacts)
    assert heard.warnings == danced.warnings
    assert "breaks off" in heard.warnings[0]


def test_a_part_is_listened_to_alone(songs):
    report = Collected()
    listen.work(ListenRequest(song=str(songs / "song.m4a"), part=SongPart(start=5.0, duration=8.0)), report, None)
    (heard,) = report.answers
    assert heard.seconds == pytest.approx(8.0, abs=0.01)
    assert max(heard.beats) < 8.0
