"""The child process: found, started, watched, stopped; nothing of it stays behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from blender_addon import worker_client
from blender_addon.worker_client import Job, Request
from tokendance_core import Cancelled, SettingError, TokenDanceError

from .stand_in import SECONDS


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path, monkeypatch):
    """Where jobs put their files, so that a test can see that they are gone."""
    folder = tmp_path / "jobs"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []


def python() -> str:
    return worker_client.find_python()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z" if os.path.isdir("/proc/self") else True


def wait_until(condition, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize("fate", ["dance", "garbage"])
def test_dance_arrives_with_progress(stand_in, fate):
    stand_in(fate)
    seen = []
    clip = worker_client.generate(python(), Request("song.wav"), lambda stage, fraction: seen.append((stage, fraction)))
    assert clip.frames == SECONDS * 30
    assert all(stage == "generator" and fraction == 0.25 for stage, fraction in seen)


def test_error_event_becomes_an_error_with_its_hint(stand_in):
    stand_in("error")
    with pytest.raises(TokenDanceError, match="silent") as caught:
        worker_client.generate(python(), Request("song.wav"), lambda *_: None)
    assert caught.value.hint == "Use a song with sound."


def test_last_words_are_told(stand_in):
    stand_in("silent")
    with pytest.raises(TokenDanceError, match="exit code 1") as caught:
        worker_client.generate(python(), Request("song.wav"), lambda *_: None)
    assert "a library went wrong" in caught.value.hint


def test_cancel_ends_the_process_within_a_second(stand_in):
    call = stand_in("hang")

    def stop(stage, fraction):
        raise Cancelled("stopped")

    with Job(python(), Request("song.wav")) as job:
        assert wait_until(lambda: job.poll() or job.last)
        start = time.monotonic()
        with pytest.raises(Cancelled):
            job.wait(stop)
    assert time.monotonic() - start < 1
    assert not alive(json.loads(call.read_text())["pid"])


def test_polling_never_waits(stand_in):
    stand_in("hang")
    with Job(python(), Request("song.wav")) as job:
        start = time.monotonic()
        assert not any(job.poll() for _ in range(100))
        assert time.monotonic() - start < 0.5


def test_interpreter_of_the_preferences_comes_first(monkeypatch, tmp_path):
    monkeypatch.setenv(worker_client.PYTHON_VARIABLE, str(tmp_path / "missing"))
    assert worker_client.find_python(sys.executable) == sys.executable
    with pytest.raises(SettingError, match=worker_client.PYTHON_VARIABLE):
        worker_client.find_python()
    with pytest.raises(SettingError, match="preferences"):
        worker_client.find_python(str(tmp_path / "missing too"))


def test_without_torch_the_message_says_what_to_set(monkeypatch):
    monkeypatch.delenv(worker_client.PYTHON_VARIABLE, raising=False)
    monkeypatch.setattr(worker_client, "find_spec", lambda name: None)
    with pytest.raises(SettingError) as caught:
        worker_client.find_python()
    assert worker_client.PYTHON_VARIABLE in caught.value.hint


def test_file_that_is_no_interpreter(tmp_path):
    script = tmp_path / "python"
    script.write_text("not a program")
    with pytest.raises(SettingError, match="cannot be started"), Job(str(script), Request("song.wav")):
        pass


def test_song_that_looks_like_an_option_stays_a_song(tmp_path):
    arguments = Request("--seed=3.wav", start=1.5, duration=0.25).arguments(tmp_path / "out.npz")
    assert arguments[-2:] == ["--", "--seed=3.wav"]
    assert "--start=1.500000" in arguments
    assert "--duration=0.250000" in arguments


START = Path(worker_client.__file__).parent / "child" / "start_core.py"


@pytest.fixture
def small_core(tmp_path) -> Path:
    """A package that takes the core's place: writes its process id and its arguments, then waits for a minute."""
    core = tmp_path / "somewhere else" / "tokendance_core"
    core.mkdir(parents=True)
    (core / "__init__.py").write_text("NAME = __name__\n")
    (core / "__main__.py").write_text(
        "import os, pathlib, sys, time\nfrom tokendance_core import NAME\n"
        "pathlib.Path(sys.argv[-1]).write_text(f'{os.getpid()} {NAME} {sys.argv[1]} {\"numpy\" in sys.modules}')\n"
        "time.sleep(60 if sys.argv[1] == 'wait' else 0)\n"
    )
    return core


def test_child_runs_the_core_from_its_folder(small_core, tmp_path):
    subprocess.run([sys.executable, str(START), str(small_core), str(os.getpid()), "go", str(tmp_path / "out")], check=True)
    assert (tmp_path / "out").read_text().split()[1:] == ["tokendance_core", "go", "False"]


def test_child_ends_when_its_parent_is_gone(small_core, tmp_path):
    parent = (
        "import os, subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, sys.argv[1], sys.argv[2], str(os.getpid()), 'wait', sys.argv[3]])\n"
        "time.sleep(60)\n"
    )
    out = tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-c", parent, str(START), str(small_core), str(out)])
    assert wait_until(lambda: out.exists() and out.read_text())
    child = int(out.read_text().split()[0])
    assert alive(child)
    process.kill()
    process.wait()
    assert wait_until(lambda: not alive(child), 5)
