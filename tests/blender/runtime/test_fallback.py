"""A Python that was asked for and does not start: Blender's own makes the dances, and a sentence says so."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import bpy
import pytest

from blender_addon import session
from blender_addon.dance import delivery, diagnostics
from blender_addon.options import Order
from blender_addon.runtime import interpreter as runtime
from blender_addon.runtime.interpreter import OWN, Interpreter
from blender_addon.runtime.worker import Worker, no_progress
from blender_addon.sidebar import readiness
from tokendance_core import DanceRequest, ListenRequest, RunSettings, SettingError

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts"),
    pytest.mark.usefixtures("own_temporary_folder"),
]

SONG = DanceRequest(song="song.wav", run=RunSettings(device="cuda"))


@pytest.fixture
def own(stand_in, monkeypatch) -> str:
    """A stand-in takes the place of Blender's own Python; the file that gets what is asked for."""
    call = stand_in()
    path = os.environ[runtime.PYTHON_VARIABLE]
    monkeypatch.delenv(runtime.PYTHON_VARIABLE)
    monkeypatch.setattr(runtime, "own_python", lambda: path)
    return call


def script(folder: Path, content: str) -> str:
    path = folder / "named"
    path.write_text(content)
    path.chmod(0o755)
    return str(path)


FATES = {
    "no program": ("nonsense without a line that names a shell\0", "Exec format error|cannot execute"),
    "ends at once": ("#!/bin/sh\nexit 0\n", "exit code 0"),
    "falls": ("#!/bin/sh\nkill -SEGV $$\n", "exit code -11"),
    "says why": ("#!/bin/sh\necho 'a library is missing' >&2\nexit 1\n", "a library is missing"),
    "lacks torch": (f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', "there is no numpy and no torch in it"),
}


@pytest.mark.parametrize("fate", FATES)
def test_blenders_own_python_takes_the_place_and_the_dance_is_made(own, tmp_path, monkeypatch, fate):
    content, reason = FATES[fate]
    named = script(tmp_path, content)
    found = runtime.find_python(named)
    assert (found.path, found.notice) == (named, "")
    holder = session.current().worker
    worker = holder.start(found)
    listening, task = worker.ask(ListenRequest(song="song.wav")), worker.ask(SONG)
    assert task.wait().clip().frames
    assert listening.wait().answer()
    assert worker.python.is_own
    notice = holder.notice(named)
    assert notice.startswith(f"Your own Python ({named}) does not start (")
    assert notice.endswith(", so Blender's own Python makes the dances")
    assert any(part in notice for part in reason.split("|"))
    assert json.loads(own.read_text())["run"]["device"] == "auto"  # the card of the other one is out of reach
    assert holder.start(runtime.find_python(named)) is worker
    assert holder.news() == [notice]
    assert holder.news() == []
    assert holder.notice("another") == ""


@pytest.mark.parametrize("where", ["preferences", "variable", "managed"])
def test_python_that_is_not_there_is_told_before_anything_starts(own, tmp_path, monkeypatch, where):
    missing, preferred = str(tmp_path / "missing"), ""
    monkeypatch.setattr(runtime, "folder", lambda: tmp_path / "runtime")
    if where == "preferences":
        preferred = missing
    elif where == "variable":
        monkeypatch.setenv(runtime.PYTHON_VARIABLE, missing)
    else:
        (tmp_path / "runtime").mkdir()
        (tmp_path / "runtime" / "ready.json").write_text(json.dumps({"base": missing}))
    found = runtime.find_python(preferred)
    assert (found.source, found.is_own) == (OWN, True)
    assert found.notice.endswith(", so Blender's own Python makes the dances")
    assert session.current().runtimes.facts(preferred).notice == found.notice
    worker = session.current().worker.start(found)
    worker.ask(SONG).wait().answer()
    assert json.loads(own.read_text())["run"]["device"] == "auto"
    assert session.current().worker.news() == [found.notice]


def test_the_device_that_was_chosen_stays_with_a_python_that_starts(own):
    session.current().worker.start(runtime.find_python()).ask(SONG).wait().answer()
    assert json.loads(own.read_text())["run"]["device"] == "cuda"
    assert session.current().worker.news() == []


def test_a_python_that_has_begun_is_not_replaced(stand_in):
    stand_in("silent")
    worker = session.current().worker.start(runtime.find_python())
    with pytest.raises(Exception, match="exit code 1"):
        worker.ask(SONG).wait().answer()
    assert not worker.python.is_own


def test_when_nothing_starts_it_is_an_error(tmp_path, monkeypatch):
    nothing = script(tmp_path, "no program")
    monkeypatch.setattr(runtime, "own_python", lambda: nothing)
    with pytest.raises(SettingError, match="cannot be started"):
        Worker(Interpreter(nothing, "Your own Python"))
    with pytest.raises(SettingError, match="cannot be started"):
        Worker(runtime.own())


def test_when_blenders_own_ends_at_once_its_last_words_are_told(tmp_path, monkeypatch):
    broken = script(tmp_path, "#!/bin/sh\necho 'numpy is broken'\nexit 3\n")
    monkeypatch.setattr(runtime, "own_python", lambda: broken)
    for asked_for in (runtime.own(), Interpreter(broken, "Your own Python")):
        worker = Worker(asked_for)
        with pytest.raises(Exception, match="exit code 3") as caught:
            worker.ask(SONG).wait().answer()
        assert "numpy is broken" in caught.value.hint


def test_sentence_comes_with_the_dance_once_and_stays_in_the_panel_and_the_diagnostics(
    own, scene, tone, tmp_path, monkeypatch
):
    monkeypatch.setenv(runtime.PYTHON_VARIABLE, script(tmp_path, "#!/bin/sh\nexit 1\n"))
    session.current().runtimes.forget()
    _, warnings = delivery.generate(bpy.context, Order(song=str(tone)), no_progress)
    (notice,) = [warning for warning in warnings if "does not start" in warning]
    _, again = delivery.generate(bpy.context, Order(song=str(tone)), no_progress)
    assert notice not in again
    readiness.runtime_notice(bpy.context)  # asks for it
    session.current().ticker.tick()
    assert readiness.runtime_notice(bpy.context) == notice
    assert f"Notice: {notice}" in diagnostics.text(bpy.context)


def test_temporary_folder_that_cannot_be_made_is_told(monkeypatch, tmp_path):
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
        with pytest.raises(SettingError, match="no temporary folder"):
            Worker(runtime.own())


def test_fallback_never_waits(own, tmp_path):
    worker = Worker(Interpreter(script(tmp_path, "#!/bin/sh\nexit 1\n"), "Your own Python"))
    task = worker.ask(replace(SONG, song="other.wav"))
    worst, end = 0.0, time.monotonic() + 20
    while time.monotonic() < end:
        start = time.perf_counter()
        is_done = task.poll()
        worst = max(worst, time.perf_counter() - start)
        if is_done:
            break
        time.sleep(0.01)
    assert task.answer()
    assert worst < 0.5  # a process is started: tens of milliseconds on a quiet machine
    worker.stop()
