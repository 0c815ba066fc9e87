"""The set-up as a process of its own, with a stand-in for the Python, its venv and its pip: nothing is downloaded."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "blender_addon" / "runtime" / "child" / "install_runtime.py"


def _load():
    spec = importlib.util.spec_from_file_location("install_runtime", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


install = _load()

needs_scripts = pytest.mark.skipif(os.name == "nt", reason="the stand-in for a virtual environment is a shell script")

# Makes an "environment" whose python is itself; its pip and its `info` meet the fate that is written beside it.
STAND_IN = """
import json, os, pathlib, subprocess, sys, time
here = pathlib.Path(__file__).parent
fate, words = (here / "fate").read_text(), sys.argv[1:]
(here / "calls").open("a").write(json.dumps([words, dict(os.environ)]) + "\\n")
if "venv" in words:
    if fate == "no venv":
        sys.exit("No module named 'ensurepip'")
    python = pathlib.Path(words[-1], "bin", "python")
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\\nexec "{sys.executable}" "{__file__}" "$@"\\n')
    python.chmod(0o755)
elif "pip" in words:
    print("Collecting torch>=2.4 (from x)\\n  Downloading torch-2.13.0-cp311.whl (1 MB)", flush=True)
    pathlib.Path(os.environ["TMPDIR"], "torch.whl").write_bytes(bytes(2_000_000))
    if fate == "slow":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        (here / "pids").write_text(f"{os.getpid()} {child.pid}")
        time.sleep(60)
    if fate == "index fails" and "--index-url" in words:
        sys.exit("Could not fetch URL: NewConnectionError")
    if fate.startswith("says "):
        sys.exit(fate[5:])
elif "info" in words:
    if fate == "no torch":
        sys.exit("ImportError: libtorch is missing")
    print(json.dumps({"torch": "2.13.0", "devices": ["cpu"]}))
"""


@pytest.fixture
def stand_in(tmp_path):
    """Begin a set-up that meets ``fate``; the process, its folder lies beside."""
    (tmp_path / "base.py").write_text(STAND_IN, encoding="utf-8")
    running = []

    def begin(fate: str = "works", parent: int = 0, **changes: object) -> subprocess.Popen:
        (tmp_path / "fate").write_text(fate)
        task = {"base": [sys.executable, str(tmp_path / "base.py")], "steps": [[["torch>=2.4"]], [["numpy", "scipy"]]]}
        task |= {"download_mb": 4, "disk_mb": 8, "core": "core", "accelerator": "cuda", **changes}
        command = [
            sys.executable,
            "-I",
            str(SCRIPT),
            str(tmp_path / "runtime"),
            str(parent or os.getpid()),
            json.dumps(task),
        ]
        running.append(subprocess.Popen(command, env={**os.environ, "PYTHONPATH": "leak", "PIP_TARGET": "elsewhere"}))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.wait()


def progress(folder: Path) -> dict[str, object]:
    path = folder / "runtime" / "progress.json"
    return json.loads(path.read_text()) if path.exists() else {}


def calls(folder: Path) -> list[list[object]]:
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]


def wait_until(condition, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.02)
    return bool(condition())


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return stat.read_text().split(")")[1].split()[0] != "Z" if stat.exists() else True


def names(folder: Path) -> set[str]:
    return {path.name for path in (folder / "runtime").iterdir()}


@needs_scripts
def test_runtime_is_made_and_checked(stand_in, tmp_path):
    assert stand_in().wait(20) == 0
    ready = json.loads((tmp_path / "runtime" / "ready.json").read_text())
    assert ready["info"] == {"torch": "2.13.0", "devices": ["cpu"]}
    assert Path(ready["base"]).is_file()
    assert progress(tmp_path)["outcome"] == "ready"
    assert names(tmp_path) == {"env", "lock", "log.txt", "progress.json", "ready.json"}
    stages = [next(word for word in ("venv", "pip", "info") if word in words) for words, _ in calls(tmp_path)]
    assert stages == ["venv", "pip", "pip", "info"]


@needs_scripts
def test_nothing_of_blenders_python_leaks_in(stand_in, tmp_path):
    stand_in().wait(20)
    for words, environment in calls(tmp_path):
        assert not {"PYTHONPATH", "PYTHONHOME"} & set(environment)
        assert environment["PYTHONUTF8"] == environment["PYTHONNOUSERSITE"] == "1"
        assert "pip" not in words or {"--only-binary=:all:", "--no-input"} <= set(words)


@needs_scripts
def test_second_place_is_tried_when_the_first_has_nothing(stand_in, tmp_path):
    index = ["--index-url", "x", "torch"]
    assert stand_in("index fails", steps=[[index, ["torch"]]]).wait(20) == 0
    assert stand_in("index fails", steps=[[index, index]]).wait(20) == 1
    assert "cannot be reached" in progress(tmp_path)["message"]


@needs_scripts
@pytest.mark.parametrize(
    ("fate", "message"),
    [
        ("no venv", "cannot make virtual environments"),
        ("no torch", "torch does not start"),
        ("says NewConnectionError: Failed to establish a new connection", "cannot be reached"),
        (
            "says ERROR: No matching distribution found for torch>=2.4",
            r"no torch>=2.4 for Python 3\.\d+ on this system",
        ),
        ("says ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "its hash differs"),
        ("says OSError: [Errno 28] No space left on device", "disk ran full"),
        ("says PermissionError: [Errno 13] Permission denied: 'x'", "cannot be written"),
        ("says something new", "exit code 1"),
    ],
)
def test_failure_is_a_sentence_and_leaves_nothing(stand_in, tmp_path, fate, message):
    assert stand_in(fate).wait(20) == 1
    told = progress(tmp_path)
    assert told["outcome"] == "failed"

    assert re.search(message, told["message"])
    assert told["hint"]
    assert names(tmp_path) == {"lock", "log.txt", "progress.json"}


@needs_scripts
def test_wheel_that_is_missing_in_a_folder_is_named(stand_in, tmp_path):
    stand_in("says ERROR: No matching distribution found for soxr>=0.4", download_mb=0).wait(20)
    assert "no soxr>=0.4" in progress(tmp_path)["message"]
    assert "folder of wheels" in progress(tmp_path)["message"]


@needs_scripts
def test_progress_is_told(stand_in, tmp_path):
    stand_in("slow")
    assert wait_until(lambda: progress(tmp_path).get("megabytes", 0) >= 2)
    told = progress(tmp_path)
    assert (told["stage"], told["package"], told["of_megabytes"]) == ("Downloading", "torch", 4)
    assert 0.1 < told["fraction"] < 0.5


@needs_scripts
def test_cancel_takes_less_than_a_second_and_leaves_nothing(stand_in, tmp_path):
    process = stand_in("slow")
    assert wait_until((tmp_path / "pids").exists)
    start = time.monotonic()
    (tmp_path / "runtime" / "cancel").touch()
    assert process.wait(5) == 1
    assert time.monotonic() - start < 1
    assert progress(tmp_path)["outcome"] == "cancelled"
    assert names(tmp_path) == {"lock", "log.txt", "progress.json"}
    assert not any(alive(int(pid)) for pid in (tmp_path / "pids").read_text().split())


@needs_scripts
def test_it_ends_with_blender_and_leaves_nothing(stand_in, tmp_path):
    blender = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    process = stand_in("slow", parent=blender.pid)
    assert wait_until((tmp_path / "pids").exists)
    blender.kill()
    blender.wait()
    assert process.wait(5) == 1
    assert names(tmp_path) == {"lock", "log.txt", "progress.json"}
    assert not any(alive(int(pid)) for pid in (tmp_path / "pids").read_text().split())


@needs_scripts
def test_leftovers_go_and_a_second_blender_is_refused(stand_in, tmp_path):
    left = tmp_path / "runtime" / "env" / "lib"
    left.mkdir(parents=True)
    (tmp_path / "runtime" / "ready.json").write_text("{}")
    process = stand_in("slow")
    assert wait_until((tmp_path / "pids").exists)
    assert not left.exists()
    assert not (tmp_path / "runtime" / "ready.json").exists()
    assert stand_in("slow").wait(5) == 2
    assert process.poll() is None


def test_full_disk_is_seen_before_anything_is_made(stand_in, tmp_path):
    assert stand_in(disk_mb=10**9).wait(10) == 1
    assert "GB free" in progress(tmp_path)["message"]
    assert not (tmp_path / "calls").exists()


def test_plan_of_nothing_removes(tmp_path):
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "ready.json").write_text("{}")
    assert install.work(tmp_path, None, threading.Event()).outcome == "removed"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.txt"]


def test_unwritable_file_is_no_traceback(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(install, "sweep", refuse)
    result = install.work(tmp_path, None, threading.Event())
    assert (result.outcome, str(tmp_path) in result.message) == ("failed", True)


def test_pip_is_told_where_packages_are_and_nothing_else():
    asked = "TARGET PREFIX NO_DEPS DRY_RUN PRE PYTHON FIND_LINKS CONSTRAINT NO_BINARY SOME_NEW_OPTION"
    where = "INDEX_URL EXTRA_INDEX_URL TRUSTED_HOST CONFIG_FILE PROXY CERT CLIENT_CERT TIMEOUT RETRIES"
    inherited = {f"PIP_{name}": "x" for name in (*asked.split(), *where.split())} | {"HTTPS_PROXY": "x", "PATH": "x"}
    kept = {name for name, value in install.clean_environment(Path("d"), inherited).items() if value == "x"}
    assert kept == {f"PIP_{name}" for name in where.split()} | {"HTTPS_PROXY", "PATH"}


@pytest.mark.parametrize("name", ["TMPDIR", "TEMP", "TMP"])
def test_downloads_lie_where_they_are_counted(tmp_path, name):
    assert install.clean_environment(tmp_path, {"PYTHONHOME": "x", "PATH": "p"})[name] == str(tmp_path)


def test_progress_comes_back_from_json_and_garbage_has_defaults():
    told = install.Progress("Installing", 0.5, 3.0, 6.0, "torch")
    assert install.Progress.from_json(json.loads(json.dumps(vars(told)))) == told
    garbage = {"stage": 3, "fraction": "half", "outcome": None, "megabytes": 2, "unheard": "of"}
    assert install.Progress.from_json(garbage) == install.Progress(megabytes=2)
