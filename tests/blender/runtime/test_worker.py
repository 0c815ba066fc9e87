"""The resident worker: started on demand, kept warm, watched, stopped; nothing of it stays behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from blender_addon import session
from blender_addon.runtime import interpreter as runtime
from blender_addon.runtime import worker as worker_client
from blender_addon.runtime.worker import Worker
from tests.blender.stand_in import SECONDS
from tokendance_core import (
    Cancelled,
    ClipError,
    DanceRequest,
    GenerateSettings,
    SongPart,
    TokenDanceError,
)

pytestmark = pytest.mark.usefixtures("own_temporary_folder")

SONG = DanceRequest(song="song.wav")


def shared() -> Worker:
    return session.current().worker.start(runtime.find_python())


def dance(request: DanceRequest = SONG):
    return shared().ask(request)


def alive(pid: int) -> bool:
    """Whether the process is there at all, a zombie included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def test_dance_arrives_with_progress(stand_in):
    stand_in()
    seen = []
    clip = dance().wait(lambda stage, fraction: seen.append((stage, fraction))).clip()
    assert clip.frames == SECONDS * 30
    assert {stage for stage, _ in seen} <= {"", "start", "generator"}


def test_second_dance_comes_from_the_same_process(stand_in):
    call = stand_in()
    pids = set()
    for _ in range(2):
        dance().wait().clip()
        pids.add(json.loads(call.read_text())["pid"])
    assert len(pids) == 1


def test_error_event_becomes_an_error_with_its_hint_and_the_worker_stays(stand_in):
    stand_in("error")
    first = shared()
    with pytest.raises(TokenDanceError, match="silent") as caught:
        dance().wait().clip()
    assert caught.value.hint == "Use a song with sound."
    assert shared() is first


@pytest.mark.parametrize(
    ("fate", "message", "kind"),
    [
        ("silent", "exit code 1", TokenDanceError),
        ("crash", "signal|exit code", TokenDanceError),
        ("garbage", "no sense", TokenDanceError),
        ("half", "not a motion file", ClipError),
        ("memory", "not enough memory", TokenDanceError),
        ("fault", "KeyError: 'a tensor'", TokenDanceError),
    ],
)
def test_misfortune_is_a_sentence_and_the_next_dance_comes(stand_in, monkeypatch, fate, message, kind):
    stand_in(fate)
    with pytest.raises(kind, match=message):
        dance().wait().clip()
    monkeypatch.setenv("STAND_IN", "dance")
    session.current().worker.stop()
    assert dance().wait().clip().frames


def test_last_words_are_told(stand_in):
    stand_in("silent")
    with pytest.raises(TokenDanceError) as caught:
        dance().wait().clip()
    assert "a library went wrong" in caught.value.hint


def test_killed_worker_is_told_and_started_anew(stand_in):
    call = stand_in("slow")
    task = dance()
    assert wait_until(call.exists)
    os.kill(json.loads(call.read_text())["pid"], signal.SIGKILL)
    with pytest.raises(TokenDanceError, match="signal 9"):
        task.wait().clip()
    assert shared().alive()


def test_cancel_is_obeyed_within_a_second_and_the_worker_stays_warm(stand_in):
    call = stand_in("slow")
    task = dance()
    assert wait_until(call.exists)
    start = time.monotonic()
    task.cancel()
    assert wait_until(task.poll)
    assert time.monotonic() - start < 1
    with pytest.raises(Cancelled):
        task.answer()
    assert task.worker.alive()


def test_worker_that_does_not_listen_is_stopped_within_a_second(stand_in):
    call = stand_in("hang")
    task = dance()
    assert wait_until(call.exists)
    pid, start = json.loads(call.read_text())["pid"], time.monotonic()
    task.cancel()
    assert wait_until(task.poll)
    assert time.monotonic() - start < 1
    assert not alive(pid)


def test_progress_that_raises_cancels(stand_in):
    stand_in("slow")

    def stop(stage, fraction):
        raise Cancelled("stopped")

    task = dance()
    with pytest.raises(Cancelled, match="stopped"):
        task.wait(stop)


def test_polling_never_waits(stand_in):
    stand_in("hang")
    task = dance()
    start = time.monotonic()
    assert not any(task.poll() for _ in range(100))
    assert time.monotonic() - start < 0.2


def test_idle_worker_ends_and_is_forgotten(stand_in):
    call = stand_in()
    holder = session.current().worker
    worker = holder.start(runtime.find_python(), idle_minutes=0.005)
    dance().wait().clip()
    pid = json.loads(call.read_text())["pid"]
    assert holder.reap()
    assert wait_until(lambda: not holder.reap())
    assert holder.running() is None
    assert not alive(pid)
    assert not worker.folder.exists()


def test_two_workers_do_not_disturb_each_other(stand_in, monkeypatch):
    stand_in()
    python = runtime.find_python()
    first, second = Worker(python), Worker(python)
    ours, theirs = (
        worker.ask(replace(SONG, settings=GenerateSettings(seed=number)))
        for number, worker in enumerate((first, second))
    )
    assert first.folder != second.folder
    assert theirs.wait().clip().frames == ours.wait().clip().frames
    first.stop()
    assert second.ask(SONG).wait().clip().frames
    second.stop()


def test_worker_without_its_folder_is_started_anew(stand_in):
    """As after a cleaner of temporary files."""
    stand_in()
    first = shared()
    first._temporary.cleanup()
    assert dance().wait().clip().frames
    assert not first.alive()


def test_folder_that_vanishes_under_the_work_is_told_and_the_next_dance_comes(stand_in, monkeypatch):
    call = stand_in("slow")
    task = dance()
    assert wait_until(call.exists)
    while task.worker.folder.exists():  # the worker writes into it meanwhile
        shutil.rmtree(task.worker.folder, ignore_errors=True)
    with pytest.raises(TokenDanceError, match=r"temporary folder .* was removed"):
        task.wait().answer()
    monkeypatch.setenv("STAND_IN", "dance")
    assert dance().wait().clip().frames


def test_nothing_of_a_request_is_left_once_it_is_answered(stand_in):
    stand_in()
    worker = shared()
    for _ in range(3):
        dance().wait().clip()
    assert wait_until(lambda: [path.name for path in worker.folder.iterdir()] == ["log.txt"])


def test_what_is_asked_for_arrives_as_it_was_asked(stand_in):
    call = stand_in()
    settings = GenerateSettings(genre="salsa", seed=3, steps=5, temperature=0.1, variety=0.5, energy=-0.25, finish=None)
    asked = DanceRequest(song="--seed=9.wav", settings=settings, part=SongPart(start=1.5, duration=2.25, speed=1.25))
    task = dance(asked)
    task.wait().answer()
    arrived = json.loads(call.read_text())
    assert arrived.pop("pid")
    assert arrived == asdict(replace(asked, output=str(task.output)))


ROOT = Path(worker_client.__file__).parents[2]
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
    subprocess.run(
        [sys.executable, str(START), str(small_core), str(os.getpid()), "", "os", "go", str(tmp_path / "out")],
        check=True,
    )
    assert (tmp_path / "out").read_text().split()[1:] == ["tokendance_core", "go", "False"]


def test_child_ends_when_its_parent_is_gone(small_core, tmp_path):
    parent = (
        "import os, subprocess, sys, time\n"
        "words = [*sys.argv[1:3], str(os.getpid()), '', 'os', 'wait', sys.argv[3]]\n"
        "subprocess.Popen([sys.executable, *words])\n"
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


def test_child_that_never_gives_the_interpreter_back_ends(small_core):
    """A hopeless regular expression keeps every other thread waiting for hours."""
    (small_core / "__main__.py").write_text("import re\nre.match('(a+)+$', 'a' * 60 + 'b')\n")
    code = (
        "import importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('start_core', sys.argv.pop(1))\n"
        "child = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(child)\n"
        "child._STUCK_SECONDS = 1.2\n"
        "child.main()\n"
    )
    command = [sys.executable, "-c", code, str(START), str(small_core), str(os.getpid()), "", "os", "go"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert "Timeout" in ended.stderr


def test_worker_goes_with_its_folder_when_blender_is_gone(stand_in, tmp_path):
    """A Blender that is killed cannot clean up; the worker does."""
    stand_in()
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from blender_addon.runtime import interpreter, worker as client\n"
        "from tokendance_core import DanceRequest\n"
        "worker = client.Worker(interpreter.find_python())\n"
        "worker.ask(DanceRequest(song='song.wav')).wait().clip()\n"
        "print(worker._process.pid, worker.folder, flush=True)\n"
        "time.sleep(60)\n"
    )
    (tmp_path / "theirs").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "theirs")}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(ROOT)], stdout=subprocess.PIPE, text=True, env=environment
    )
    pid, folder = process.stdout.readline().split()
    process.kill()
    process.communicate()
    assert wait_until(lambda: not Path(folder).exists(), 8)
    assert wait_until(lambda: not alive(int(pid)), 8)
