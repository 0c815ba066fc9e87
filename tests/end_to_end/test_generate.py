"""Songs in, dances out, by the command line in processes of its own, with the shipped weights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tokendance_core import FPS
from tokendance_core.files import clip as clip_file
from tokendance_core.motion import kinematics

RATE = 44_100


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "tokendance_core", *map(str, words)]


@pytest.fixture
def generate(root, tmp_path):
    """``generate(song, output, *options)`` -> the finished process; ``before`` runs in the child first."""

    def run(song, output="dance.npz", *options, before=None):
        words = command("generate", song, "-o", tmp_path / output, "--device", "cpu", "--steps", 2, *options)
        return subprocess.run(words, cwd=root, capture_output=True, text=True, preexec_fn=before)

    return run


def beat(seconds: float, rate: int = RATE) -> np.ndarray:
    """(N,) a drum at 120 bpm."""
    time = np.arange(round(seconds * rate)) / rate
    since_beat = time % 0.5
    return 0.6 * np.exp(-25 * since_beat) * np.sin(2 * np.pi * 90 * since_beat)


def write_song(path: Path, samples: np.ndarray, rate: int = RATE, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def in_channels(samples: np.ndarray, channels: int) -> np.ndarray:
    return np.stack([samples * gain for gain in np.linspace(1, 0.5, channels)], -1)


def with_nan(samples: np.ndarray) -> np.ndarray:
    damaged = samples.copy()
    damaged[1000:1100] = np.nan
    return damaged


# name -> (samples, rate, subtype): sound files that must be danced to
UNUSUAL_SOUND = {
    "mono": (beat(4), RATE, "PCM_16"),
    "stereo": (in_channels(beat(4), 2), RATE, "PCM_24"),
    "surround 5.1": (in_channels(beat(4), 6), 48_000, "PCM_16"),
    "8 bit": (beat(4), 22_050, "PCM_U8"),
    "96 kHz": (beat(4, 96_000), 96_000, "FLOAT"),
    "a few NaN": (with_nan(beat(4)), RATE, "FLOAT"),
    "2 seconds": (beat(2), RATE, "PCM_16"),
    "Füße & 踊り": (beat(4), RATE, "PCM_16"),
}

# name -> (samples, word of the message): sound files that cannot be danced to
UNUSABLE_SOUND = {
    "silence": (np.zeros(4 * RATE), "silent"),
    "0.3 seconds": (beat(0.3), "2 s"),
    "all NaN": (np.full(4 * RATE, np.nan), "not numbers"),
    "21 minutes": (np.tile(beat(60, 8000), 21), "20 minutes"),
}


def assert_told(process: subprocess.CompletedProcess, exit_code: int, word: str) -> None:
    """One line on stderr that says what is wrong and what to do; no traceback."""
    # libmpg123, inside libsndfile, writes notes of its own.
    lines = [line for line in process.stderr.splitlines() if not line.startswith("Note: ")]
    assert process.returncode == exit_code, process.stderr
    assert len(lines) == 1, process.stderr
    assert word in lines[0]


@pytest.mark.parametrize("name", UNUSUAL_SOUND)
def test_unusual_sound_is_danced_to(generate, tmp_path, name):
    samples, rate, subtype = UNUSUAL_SOUND[name]
    song = write_song(tmp_path / f"{name}.wav", samples, rate, subtype)
    process = generate(song, f"{name}.npz")
    assert process.returncode == 0, process.stderr
    clip = clip_file.load(tmp_path / f"{name}.npz")
    assert clip.frames == -(-len(samples) * FPS // rate)


@pytest.mark.parametrize("name", UNUSABLE_SOUND)
def test_unusable_sound_is_told(generate, tmp_path, name):
    samples, word = UNUSABLE_SOUND[name]
    song = write_song(tmp_path / "song.wav", samples, 8000 if len(samples) > 60 * RATE / 8 else RATE, "FLOAT")
    assert_told(generate(song), 3, word)
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]


@pytest.mark.parametrize(
    ("content", "word"), [(None, "no file"), (b"", "empty"), (b"not a song " * 1000, "not a sound file")]
)
def test_what_is_not_a_song_is_told(generate, tmp_path, content, word):
    song = tmp_path / "song.mp3"
    if content is not None:
        song.write_bytes(content)
    assert_told(generate(song), 3, word)


@pytest.mark.parametrize(
    ("output", "exit_code", "word"),
    [("dance.fbx", 5, "suffix"), ("missing/dance.npz", 5, "does not exist"), ("/proc/dance.npz", 5, "Cannot write")],
)
def test_place_that_cannot_be_written_is_told(generate, song, output, exit_code, word):
    assert_told(generate(song, output), exit_code, word)


def test_unknown_genre_is_told(generate, song):
    assert_told(generate(song, "dance.npz", "--duration", 4, "--genre", "polka"), 2, "salsa")


@pytest.mark.parametrize("damage", ["truncated", "flipped header", "not weights"])
def test_damaged_checkpoint_is_told(generate, song, tmp_path, root, damage):
    weights = (root / "tokendance_core" / "weights" / "tokendance.safetensors").read_bytes()
    content = {
        "truncated": weights[: len(weights) // 2],
        "flipped header": b"\xff" * 64 + weights[64:],
        "not weights": b"hello",
    }[damage]
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(content)
    assert_told(generate(song, "dance.npz", "--duration", 4, "--checkpoint", broken), 4, "broken.safetensors")


def no_room() -> None:
    import resource

    # The kernel refuses to let any file grow: what a full disk does, without filling one.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@pytest.mark.parametrize("output", ["dance.npz", "dance.bvh", "dance.smpl.npz"])
def test_full_disk_leaves_nothing(generate, song, tmp_path, output):
    assert_told(generate(song, output, "--duration", 4, before=no_room), 5, "Cannot write")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_in_the_middle_leaves_nothing(root, song, tmp_path, stop):
    words = command("generate", song, "-o", tmp_path / "dance.npz", "--steps", 500, "--device", "cpu", "--json")
    with subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        stages = (json.loads(line)["stage"] for line in process.stdout)
        assert next(stage for stage in stages if stage == "generator")
        process.send_signal(stop)
        last = json.loads(process.stdout.read().splitlines()[-1])
        assert process.stderr.read() == ""
    assert process.returncode == 130
    assert (last["event"], last["exit_code"]) == ("error", 130)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.05])
def test_stop_that_comes_too_late_is_no_traceback(root, song, tmp_path, seconds):
    """The dance is written and Python is about to end."""
    words = command("generate", song, "-o", tmp_path / "dance.npz", "--duration", 4, "--device", "cpu", "--json")
    with subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert next(line for line in process.stdout if json.loads(line)["event"] == "done")
        time.sleep(seconds)
        process.send_signal(signal.SIGTERM)
        assert "Traceback" not in process.stderr.read()
    assert process.returncode in (0, 130)
    assert clip_file.load(tmp_path / "dance.npz").frames


def test_same_seed_same_bytes(generate, song, tmp_path):
    seeds = {"first.npz": 7, "again.npz": 7, "other.npz": 8, "first.bvh": 7, "again.bvh": 7}
    for name, seed in seeds.items():
        assert generate(song, name, "--duration", 8, "--seed", seed).returncode == 0
    written = {name: (tmp_path / name).read_bytes() for name in seeds}
    assert written["first.npz"] == written["again.npz"]
    assert written["first.bvh"] == written["again.bvh"]
    assert written["first.npz"] != written["other.npz"]


def test_whole_song_is_danced_by_a_body(generate, song, tmp_path):
    assert generate(song, "dance.npz", "--steps", 8).returncode == 0
    clip = clip_file.load(tmp_path / "dance.npz")
    positions = kinematics.joint_positions(clip)
    assert clip.seconds == pytest.approx(soundfile.info(song).duration, abs=1 / FPS)
    # Upright on the floor, never frozen for long, never faster than a body can be.
    assert 0.6 < np.median(positions[:, 0, 1]) < 1.1
    assert np.abs(positions[..., 1].min(1)).max() < 0.3
    speed = np.linalg.norm(kinematics.velocities(positions, clip.fps), axis=-1)
    windows = speed[: clip.frames // FPS * FPS].reshape(-1, FPS, 24).mean((1, 2))
    assert 0.1 < windows.mean() < 3
    assert (windows > 0.02).mean() > 0.95
    assert speed.max() < 15


def peak_megabytes(root: Path, *words: object) -> float:
    """Peak resident memory of one run of the command line."""
    with subprocess.Popen(command(*words), cwd=root, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


@pytest.mark.slow
def test_memory_is_linear_in_the_song(root, tmp_path):
    song = write_song(tmp_path / "long.flac", np.tile(beat(60, 22_050), 20), 22_050)
    words = ("generate", song, "-o", tmp_path / "dance.npz", "--device", "cpu", "--steps", 1)
    short, long = (peak_megabytes(root, *words, "--duration", seconds) for seconds in (10, 1200))
    assert clip_file.load(tmp_path / "dance.npz").frames == 1200 * FPS
    # One pass asks for six codes of each of 9600 tokens, scores of 230 MB in all; an attention matrix over them would
    # take 350 MB for each head and layer.
    assert long - short < 1.0 * 1190
