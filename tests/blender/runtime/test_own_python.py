"""Blender's own Python is found wherever a Blender keeps it, and runs the core whatever other programs have set."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blender_addon.runtime import process
from blender_addon.runtime.child.install_runtime import end_group
from blender_addon.runtime.interpreter import Interpreter, own
from blender_addon.runtime.own_python import Surroundings, own_python
from tokendance_core import SettingError

# kind of Blender -> its program, its resources, its Python, what it calls its executable and its prefix
LAYOUTS = {
    "Linux": ("b/blender", "b/5.0", "b/5.0/python/bin/python3.11", "b/5.0/python/bin/python3.11", "b/5.0/python"),
    "Windows": ("b/blender.exe", "b/5.0", "b/5.0/python/bin/python.exe", "b/5.0/python/bin/python.exe", "b/5.0/python"),
    "macOS": (
        "B.app/Contents/MacOS/Blender",
        "B.app/Contents/Resources/5.0",
        "B.app/Contents/Resources/5.0/python/bin/python3.11",
        "",
        "B.app/Contents/Resources/5.0/python",
    ),
    "Windows, told to be Blender": ("b/blender.exe", "b/5.0", "b/5.0/python/bin/python.exe", "b/blender.exe", "b"),
    "macOS, no resources told": (
        "B.app/Contents/MacOS/Blender",
        "",
        "B.app/Contents/Resources/5.0/python/bin/python3.11",
        "B.app/Contents/MacOS/Blender",
        "",
    ),
    "Debian": ("usr/bin/blender", "usr/share/blender/5.0", "usr/bin/python3.11", "usr/bin/python3.11", "usr"),
    "Debian, told to be Blender": ("usr/bin/blender", "usr/share", "usr/bin/python3", "usr/bin/blender", "usr"),
    "module": ("", "v/lib/site-packages/bpy/5.0", "v/bin/python", "v/bin/python", "usr"),
    "module on Windows": ("", "v/Lib/bpy/5.0", "v/Scripts/python.exe", "v/Scripts/python.exe", "usr"),
    "module in another program": ("", "v/Lib/bpy/5.0", "v/Scripts/python.exe", "v/host.exe", "v"),
}


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(path))
    path.chmod(0o755)


def surroundings(root: Path, kind: str) -> tuple[Surroundings, Path]:
    """A Blender of that kind under ``root``, and its Python."""
    program, resources, python, executable, prefix = LAYOUTS[kind]
    for name in (program, python, executable):
        if name:
            put(root / name)
    program, resources, executable, prefix = (
        str(root / name) if name else "" for name in (program, resources, executable, prefix)
    )
    is_windows = python.endswith(".exe")
    return Surroundings(
        executable, (prefix, prefix), program, ("", resources), "3.11", "5.0", is_windows
    ), root / python


@pytest.mark.parametrize("kind", LAYOUTS)
def test_python_is_found(tmp_path, kind):
    of, python = surroundings(tmp_path / "Blender 5.0 舞踏", kind)
    assert os.path.samefile(own_python(of), python)


@pytest.mark.parametrize("kind", ["Linux", "Windows", "macOS"])
def test_a_python_of_the_system_is_not_taken_for_the_bundled_one(tmp_path, kind):
    of, python = surroundings(tmp_path, kind)
    elsewhere = tmp_path / "PATH" / python.name
    put(elsewhere)
    assert own_python(replace(of, executable=str(elsewhere))) == str(python)


@pytest.mark.parametrize("harm", ["gone", "another version", "not to be run", "Blender itself", "a folder"])
def test_what_is_no_python_is_refused_in_a_sentence(tmp_path, harm):
    of, python = surroundings(tmp_path, "Debian")
    python.unlink()
    if harm == "another version":
        put(python.with_name("python3.1"))
        put(python.with_name("python3.12"))
        of = replace(of, executable=str(python.with_name("python3.12")))
    if harm == "not to be run":
        put(python)
        python.chmod(0o644)
        if os.access(python, os.X_OK):
            pytest.skip("this system knows no such files")
    if harm == "Blender itself":
        python.symlink_to(of.program)
    if harm == "a folder":
        python.mkdir()
    with pytest.raises(SettingError, match=r"comes without the program of its Python 3\.11") as caught:
        own_python(of)
    assert caught.value.hint


def test_the_blender_that_runs_this_has_one():
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    told = subprocess.run([own_python(), "-I", "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == Surroundings.here().python


def test_command_line_and_environment():
    own_command = process.command(own(), ["info"])
    named = process.command(Interpreter("python", "Your own Python"), ["info"])
    assert own_command[1:6] == ["-I", "-B", "-u", "-X", "utf8"]
    assert own_command[-3:] == [str(Path(np.__file__).parent), "numpy", "info"]
    assert named[1:6] == ["-E", "-B", "-u", "-X", "utf8"]  # packages in the user's own folder count
    assert named[-3:] == ["", "numpy,torch", "info"]
    ours = {"PATH": "p", "PYTHONHOME": "x", "PYTHONPATH": "y", "PYTHONPLATLIBDIR": "z", "OMP_NUM_THREADS": "3"}
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), "exchange")
    assert process.environment(ours, Path("exchange")) == {"PATH": "p", "OMP_NUM_THREADS": "3", **temporary}


def test_folders_that_were_abandoned_are_swept_and_those_in_use_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, new, other = (tmp_path / name for name in ("tokendance-old", "tokendance-new", "other"))
    for folder in (old, new, other):
        folder.mkdir()
        (folder / "song.w64").write_bytes(b"x")
    for folder in (old, other):
        os.utime(folder, (0, 0))
    with process.temporary_folder() as made:
        assert sorted(tmp_path.iterdir()) == sorted((new, other, Path(made)))


@pytest.mark.parametrize("system", ["nt", "posix"])
def test_process_has_no_window_and_a_group_of_its_own(monkeypatch, tmp_path, system):
    asked = {}
    monkeypatch.setattr(process, "_FLAGS", 0x08000200 if system == "nt" else 0)
    monkeypatch.setattr(process.subprocess, "Popen", lambda command, **options: asked.update(options))
    with monkeypatch.context() as other, (tmp_path / "log").open("wb") as log:
        other.setattr(
            process,
            "os",
            type("os", (), {"name": system, "environ": {"PYTHONHOME": "x", "A": "b"}, "getpid": os.getpid}),
        )
        process.start_core(Interpreter("python", ""), ["info"], log, log, tmp_path)
    assert asked["creationflags"] == (0x08000200 if system == "nt" else 0)
    assert asked["start_new_session"] == (system == "posix")
    assert asked["env"] == {"A": "b"} | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(tmp_path))


# --- real processes

REPORT = """
import json, os, pathlib, subprocess, sys, time
import numpy
wait = [sys.executable, "-I", "-c", "import time; time.sleep(60)"]
child = subprocess.Popen(wait) if "children" in sys.argv else None
told = {
    "numpy": numpy.__file__, "path": sys.path, "flags": [sys.flags.isolated, sys.flags.utf8_mode],
    "python": [name for name in os.environ if name.startswith("PYTHON")], "pids": [os.getpid(), child and child.pid],
}
aside = pathlib.Path(sys.argv[1] + ".aside")
aside.write_text(json.dumps(told), encoding="utf-8")
aside.replace(sys.argv[1])
time.sleep(60 if child else 0)
"""


def small_core(folder: Path) -> Path:
    """A package that takes the core's place and tells what it sees."""
    core = folder / "tokendance_core"
    core.mkdir(parents=True)
    (core / "__init__.py").write_text("")
    (core / "__main__.py").write_text(REPORT, encoding="utf-8")
    return core


def told(path: Path, seconds: float = 20.0) -> dict[str, object]:
    end = time.monotonic() + seconds
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.02)
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def extension(tmp_path, monkeypatch) -> Path:
    """The part of the add-on that a child process reads, in a folder that nobody can write to."""
    folder = tmp_path / "mes extensions 舞踏 élan" / "tokendance"
    shutil.copytree(Path(process.__file__).parent / "child", folder / "child", ignore=lambda *_: ["__pycache__"])
    core = small_core(folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    monkeypatch.setattr(process, "_START", folder / "child" / "start_core.py")
    monkeypatch.setattr(process, "core_folder", lambda: core)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


def test_nonsense_for_other_pythons_and_a_read_only_folder_do_not_matter(extension, tmp_path, monkeypatch):
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "numpy.py").write_text("raise ImportError('a foreign numpy')")
    (foreign / "sitecustomize.py").write_text("raise SystemExit('a foreign sitecustomize')")
    for name in ("PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONSTARTUP", "PYTHONUSERBASE"):
        monkeypatch.setenv(name, str(foreign))
    before = sorted(extension.rglob("*"))
    with (tmp_path / "log").open("wb") as log:
        ended = process.start_core(own(), [str(tmp_path / "out.json")], log, log, tmp_path).wait(30)
    assert ended == 0, (tmp_path / "log").read_text("utf-8")
    answer = told(tmp_path / "out.json")
    assert (answer["flags"], answer["python"]) == ([1, 1], [])
    assert answer["numpy"] == np.__file__
    assert str(foreign) not in answer["path"]
    assert sorted(extension.rglob("*")) == before  # nothing was written beside our files


@pytest.mark.parametrize("is_known", [False, True])
def test_numpy_that_only_blender_knows_is_handed_over(extension, tmp_path, is_known):
    """As where a distribution shows Blender its packages by other means than a folder that its Python knows."""
    hidden = tmp_path / "known to Blender alone"
    (hidden / "numpy").mkdir(parents=True)
    (hidden / "numpy" / "__init__.py").write_text("")
    command = process.command(own(), [str(tmp_path / "out.json")])
    command[command.index("numpy") - 1] = str(hidden / "numpy")
    command[1:1] = [] if is_known else ["-S"]
    with (tmp_path / "log").open("wb") as log:
        ended = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
    assert ended == 0, (tmp_path / "log").read_text("utf-8")
    answer = told(tmp_path / "out.json")
    assert answer["numpy"] == (np.__file__ if is_known else str(hidden / "numpy" / "__init__.py"))
    assert str(hidden) not in answer["path"]  # nothing else of that folder is seen


@pytest.mark.skipif(os.name == "nt", reason="looks at processes as Linux and macOS have them")
def test_children_of_the_process_end_with_it(extension, tmp_path):
    with (tmp_path / "log").open("wb") as log:
        started = process.start_core(own(), [str(tmp_path / "out.json"), "children"], log, log, tmp_path)
    own_id, child = told(tmp_path / "out.json")["pids"]
    assert own_id == started.pid
    assert os.getpgid(child) == own_id != os.getpgid(0)
    end_group(started)
    deadline = time.monotonic() + 5
    while runs(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not runs(child)


def runs(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip()[:1] not in ("", "Z")
