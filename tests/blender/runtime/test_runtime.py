"""What makes the dances: which Python is taken, how one is set up from inside Blender, and what the preferences show of
it.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from blender_addon import session
from blender_addon.addon import NAME
from blender_addon.interface import drawing
from blender_addon.runtime import interpreter as runtime
from blender_addon.runtime import plan as runtime_plan
from blender_addon.runtime import preferences, wording
from blender_addon.runtime import set_up as runtime_set_up
from blender_addon.runtime.child.install_runtime import Progress
from blender_addon.runtime.interpreter import Facts, Interpreter, Versions
from blender_addon.runtime.own_python import own_python
from tokendance_core import RunSettings, SettingError, TokenDanceError, declared_options

pytestmark = pytest.mark.skipif(runtime_plan.plan() is None, reason="nothing can be set up on this platform")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch) -> Path:
    """An empty folder for the runtime, no variable, nothing remembered."""
    folder = tmp_path / "runtime"
    monkeypatch.setattr(runtime, "folder", lambda: folder)
    monkeypatch.delenv(runtime.PYTHON_VARIABLE, raising=False)
    session.current().close()
    yield folder
    session.current().close()


@pytest.fixture
def chosen(addon, monkeypatch):
    """The preferences, as if the add-on were enabled, in a region of some width: without a window there is none."""
    monkeypatch.setattr(drawing, "_letters", lambda context: 500)
    entry = bpy.context.preferences.addons.new()
    entry.module = NAME
    yield entry.preferences
    bpy.context.preferences.addons.remove(entry)


@pytest.fixture
def wheels(tmp_path) -> str:
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / "torch-2.13.0-py3-none-any.whl").touch()
    return str(folder)


def make_ready(place: Path, base: str = sys.executable, **content: object) -> Path:
    """A complete managed runtime, as far as can be seen from outside."""
    python = place / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    python.parent.mkdir(parents=True)
    python.touch()
    info = {"python": "3.11.7", "numpy": "2.3.1", "torch": "2.13.0", "devices": ["cpu"]}
    (place / "ready.json").write_text(json.dumps({"base": base, "accelerator": "cuda", "info": info, **content}))
    return python


def installer(monkeypatch, code: str) -> None:
    """Let ``code`` take the installer's place; it finds the folder in ``folder`` and a function ``tell``."""
    start = (
        "import json, pathlib, sys, time\nfolder = pathlib.Path(sys.argv[1])\n"
        "def tell(**what): (folder / 'aside').write_text(json.dumps(what)); (folder / 'aside').replace(folder / "
        "'progress.json')\n"
    )
    process = subprocess.Popen
    monkeypatch.setattr(
        subprocess,
        "Popen",
        lambda command, **options: process([sys.executable, "-c", start + code, *command[6:]], **options),
    )


def until_end(seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while session.current().set_ups.watch():
        assert time.monotonic() < end
        time.sleep(0.01)


# --- which Python


def test_order_of_pythons(place, monkeypatch, tmp_path):
    found = runtime.find_python()
    assert (found.path, found.is_own, found.notice) == (own_python(), True, "")
    managed = make_ready(place)
    assert runtime.find_python().path == str(managed)
    other = tmp_path / "other"
    other.touch()
    monkeypatch.setenv(runtime.PYTHON_VARIABLE, str(other))
    assert runtime.find_python().path == str(other)
    assert runtime.find_python(sys.executable).path == sys.executable


@pytest.mark.parametrize("harm", ["no sentinel", "half a sentinel", "no interpreter", "no base"])
def test_half_a_runtime_is_none(place, harm, tmp_path):
    python = make_ready(place, base=str(tmp_path / "gone") if harm == "no base" else sys.executable)
    if harm == "no sentinel":
        (place / "ready.json").unlink()
    if harm == "half a sentinel":
        (place / "ready.json").write_text('{"base": ')
    if harm == "no interpreter":
        python.unlink()
    found = runtime.find_python()
    assert found.is_own
    assert ("set up" in found.notice) == (harm in ("no interpreter", "no base"))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            {"torch": "2.13", "numpy": "2.1", "python": "3.12", "devices": ["cuda", "cpu"]},
            Versions("3.12", "2.1", "2.13", ("cuda", "cpu")),
        ),
        ({"python": "3.11", "numpy": "1.26", "torch": None, "engine": "numpy"}, Versions("3.11", "1.26")),
        ({"python": "3.12", "devices": "cpu"}, Versions("3.12")),
        ({"torch": "2.13"}, None),
        ([1, 2], None),
        (None, None),
    ],
)
def test_versions_from_json(answer, expected):
    assert Versions.from_json(answer) == expected


def test_facts_say_where_it_comes_from_and_what_it_lacks(place):
    make_ready(place)
    found = session.current().runtimes.facts()
    assert (found.source, found.versions.torch, found.versions.devices, found.missing, found.is_own) == (
        "Set up by TokenDance",
        "2.13.0",
        ("cpu",),
        "cuda",
        False,
    )
    assert found.is_set_up


def test_a_blender_without_a_python_is_told(monkeypatch):
    def none() -> str:
        raise SettingError("There is none.", hint="Get one.")

    monkeypatch.setattr(runtime, "own_python", none)
    found = session.current().runtimes.facts()
    assert (found.python, found.notice) == ("", "There is none. Get one.")


def test_facts_for_drawing_are_looked_up_outside_of_it(monkeypatch):
    now = session.current()
    monkeypatch.setattr(runtime, "find_python", lambda preferred: pytest.fail("the disk was asked while drawing"))
    assert now.runtimes.known() is None
    monkeypatch.setattr(runtime, "find_python", lambda preferred: Interpreter("python", "Your own Python"))
    now.ticker.tick()
    monkeypatch.setattr(runtime, "find_python", lambda preferred: pytest.fail("the disk was asked while drawing"))
    assert now.runtimes.known().python == "python"


# --- setting up


def test_consent_and_network_are_asked_for(scene, wheels):
    with pytest.raises(RuntimeError, match="consent"):
        bpy.ops.tokendance.set_up_runtime(wheels=wheels)
    with pytest.raises(RuntimeError, match="Allow Online Access"):
        bpy.ops.tokendance.set_up_runtime(consent=True)
    assert session.current().set_ups.latest is None


def test_online_access_is_enough(scene):
    bpy.context.preferences.system.use_online_access = True
    assert runtime_set_up.why_offline("") == ""
    bpy.context.preferences.system.use_online_access = False
    assert "Online Access" in runtime_set_up.why_offline("")
    assert runtime_set_up.why_offline("a folder") == ""


def test_folder_without_wheels_is_refused(scene, tmp_path):
    with pytest.raises(RuntimeError, match="no wheels"):
        bpy.ops.tokendance.set_up_runtime(consent=True, wheels=str(tmp_path))


def test_script_waits_for_the_end(scene, wheels, monkeypatch):
    installer(monkeypatch, "time.sleep(0.2); tell(outcome='ready', fraction=1)")
    assert bpy.ops.tokendance.set_up_runtime(wheels=wheels, consent=True) == {"FINISHED"}
    assert session.current().set_ups.latest.progress.outcome == "ready"


def test_script_is_told_why_it_failed(scene, wheels, monkeypatch):
    installer(monkeypatch, "tell(outcome='failed', message='The disk is full.', hint='Free some space.')")
    with pytest.raises(RuntimeError, match=r"The disk is full. Free some space"):
        bpy.ops.tokendance.set_up_runtime(wheels=wheels, consent=True)


@pytest.mark.parametrize(("code", "message"), [("sys.exit(2)", "Another Blender"), ("sys.exit(9)", "exit code 9")])
def test_process_that_says_nothing_has_failed(wheels, monkeypatch, code, message):
    installer(monkeypatch, code)
    with pytest.raises(TokenDanceError, match=message):
        session.current().set_ups.start(wheels).wait()


def test_progress_is_watched_and_cancelled(place, wheels, monkeypatch):
    installer(
        monkeypatch,
        "tell(stage='Installing', fraction=0.5, megabytes=3, of_megabytes=6, package='torch')\n"
        "while not (folder / 'cancel').exists(): time.sleep(0.01)\n"
        "tell(outcome='cancelled', message='The set-up was stopped.')",
    )
    work = session.current().set_ups.start(wheels)
    end = time.monotonic() + 10
    while work.progress.fraction < 0.5 and time.monotonic() < end:
        assert session.current().set_ups.watch()
    assert work.progress == Progress("Installing", 0.5, 3, 6, "torch")
    assert not bpy.ops.tokendance.set_up_runtime.poll()
    assert not bpy.ops.tokendance.remove_runtime.poll()
    with pytest.raises(SettingError, match="in progress"):
        session.current().set_ups.start(wheels)
    assert bpy.ops.tokendance.cancel_runtime_set_up() == {"FINISHED"}
    assert not bpy.ops.tokendance.cancel_runtime_set_up.poll()
    until_end()
    assert work.progress.outcome == "cancelled"
    assert bpy.ops.tokendance.set_up_runtime.poll()


def test_watching_never_waits(wheels, monkeypatch):
    installer(monkeypatch, "time.sleep(60)")
    work = session.current().set_ups.start(wheels)
    start = time.monotonic()
    assert all(session.current().set_ups.watch() for _ in range(50))
    assert time.monotonic() - start < 0.5
    work.process.kill()
    until_end()


def test_folder_that_cannot_be_made_is_told(place, wheels):
    place.write_text("a file is in the way")
    with pytest.raises(SettingError, match="Nothing can be set up"):
        session.current().set_ups.start(wheels)


def test_removal_stops_the_worker_and_deletes(scene, place, monkeypatch):
    stopped = []
    monkeypatch.setattr(session.current().worker, "stop", lambda: stopped.append(True))
    make_ready(place)
    assert bpy.ops.tokendance.remove_runtime() == {"FINISHED"}
    assert stopped
    assert runtime.find_python().is_own
    assert not (place / "env").exists()


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
@pytest.mark.parametrize(
    ("says", "works"),
    [
        ('echo \'{"torch": "2.13", "numpy": "2.1", "python": "3.12", "devices": ["cuda", "cpu"]}\'', True),
        ("exit 1", False),
    ],
)
def test_check_asks_the_python(scene, tmp_path, monkeypatch, says, works):
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\n{says}\n")
    script.chmod(0o755)
    monkeypatch.setenv(runtime.PYTHON_VARIABLE, str(script))
    if works:
        assert bpy.ops.tokendance.check_runtime() == {"FINISHED"}
        assert session.current().runtimes.facts().versions.devices == ("cuda", "cpu")
    else:
        with pytest.raises(RuntimeError, match="cannot make dances"):
            bpy.ops.tokendance.check_runtime()
        assert session.current().runtimes.facts().versions.torch == ""


def named(path: Path) -> None:
    """What happens in a window when a Python is written into the preferences."""
    preferences._python_named(SimpleNamespace(python=str(path)), bpy.context)
    deadline = time.monotonic() + 60
    while session.current().checks.watch() and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', "there is no numpy and no torch in it. Install it: "),
        (
            "#!/bin/sh\necho 'a library is missing' >&2\nexit 1\n",
            "This Python cannot make dances: a library is missing.",
        ),
        ("nothing to run\0", "cannot be started"),
    ],
)
def test_a_python_is_looked_into_when_it_is_named(scene, tmp_path, monkeypatch, content, told):
    app = SimpleNamespace(background=False)
    monkeypatch.setattr(preferences, "bpy", SimpleNamespace(app=app, path=bpy.path, context=bpy.context))
    unfit, other = tmp_path / "python", tmp_path / "other"
    unfit.write_text(content)
    unfit.chmod(0o755)
    named(unfit)
    found = session.current().runtimes.facts(str(unfit))
    assert told in preferences.notice(found)
    shutil.copy(unfit, other)  # another one, of which nothing is known
    assert preferences.notice(session.current().runtimes.facts(str(other))) == ""
    unfit.write_text('#!/bin/sh\necho \'{"python": "3.12", "numpy": "2.1", "torch": "2.13", "devices": ["cpu"]}\'\n')
    named(unfit)
    assert preferences.notice(session.current().runtimes.facts(str(unfit))) == ""


# --- what is shown


class Drawn:
    """Takes a layout's place: whatever is drawn must exist."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def panel_prop(self, owner: object, name: str) -> tuple[Drawn, Drawn | None]:
        return self, self if getattr(owner, name) else None

    def _part(self, *_args: object, **_options: object) -> Drawn:
        return self

    box = row = column = split = separator = _part

    def label(self, *, text: str = "", **_options: object) -> None:
        self.texts.append(text)

    def progress(self, *, factor: float, type: str, text: str) -> None:
        assert 0 <= factor <= 1
        self.texts.append(text)

    def prop(self, owner: object, name: str, **_options: object) -> None:
        assert name in owner.bl_rna.properties
        self.texts.append(f"[{name}]")

    def operator(self, name: str, *, text: str = "", **_options: object) -> SimpleNamespace:
        assert getattr(bpy.ops.tokendance, name.removeprefix("tokendance.")).get_rna_type()
        self.texts += [name, text]
        return SimpleNamespace()


def shown(chosen: bpy.types.AddonPreferences, is_open: bool = True) -> str:
    """Everything that the preferences draw, as text, with the optional section unfolded or folded."""
    layout, chosen.show_optional = Drawn(), is_open
    names = {*preferences.TokenDancePreferences.__annotations__, *declared_options(RunSettings)}
    stub = SimpleNamespace(layout=layout, bl_rna=chosen.bl_rna, **{name: getattr(chosen, name) for name in names})
    preferences.TokenDancePreferences.draw(stub, bpy.context)
    return "\n".join(layout.texts)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, "tokendance.set_up_runtime"),
        (
            {"progress": Progress("Downloading", 0.5, 12.0, 246.0, "torch")},
            "torch, 12 of 246 MB",
        ),
        ({"is_stopping": True}, "Stopping"),
        (
            {
                "progress": Progress(outcome="failed", message="The disk is full.", hint="Free some."),
            },
            "Free some.",
        ),
        ({"progress": Progress(outcome="cancelled", message="Stopped by you.")}, "Stopped by you."),
        ({"progress": Progress(outcome="ready")}, "tokendance.set_up_runtime"),
    ],
)
def test_preferences_are_drawn_in_every_state(scene, chosen, place, monkeypatch, state, expected):
    now = session.current()
    now.set_ups.latest = runtime_set_up.SetUp(place, **state) if state else None
    assert "Looking" in shown(chosen)
    now.ticker.tick()
    assert expected in shown(chosen)
    now.set_ups.latest = None


def found_anew(chosen: bpy.types.AddonPreferences) -> None:
    session.current().runtimes.forget()
    shown(chosen)  # asks for it
    session.current().ticker.tick()


def test_folded_preferences_say_what_makes_the_dances_and_ask_for_nothing(scene, chosen):
    assert not chosen.show_optional
    found_anew(chosen)
    text = shown(chosen, is_open=False)
    assert f"Blender's own Python: {platform.python_version()}, NumPy {np.__version__}" in text
    assert "GPU and Training (Optional)" in text
    assert {"[checkpoint]", "[warm_up]", "[idle_minutes]"} <= set(text.split("\n"))
    for word in ("set_up_runtime", "Online", "PyTorch", "[python]", "[device]"):
        assert word not in text
    unfolded = shown(chosen)
    assert "Dances are made without it" in unfolded
    assert "Allow Online Access" in unfolded
    assert {"[python]", "[device]", "[wheels]"} <= set(unfolded.split("\n"))
    assert "check_runtime" not in unfolded


def test_preferences_show_what_is_found(scene, chosen, place, monkeypatch, tmp_path):
    make_ready(place)
    found_anew(chosen)
    assert "Set up by TokenDance: 3.11.7, NumPy 2.3.1" in shown(chosen, is_open=False)
    assert "Python 3.11.7, PyTorch 2.13.0, on Processor" in shown(chosen)
    assert "finds no CUDA" in shown(chosen)
    assert "tokendance.remove_runtime" in shown(chosen)
    monkeypatch.setenv(runtime.PYTHON_VARIABLE, str(tmp_path / "missing"))
    found_anew(chosen)
    assert "does not exist" in shown(chosen, is_open=False)


@pytest.mark.parametrize(
    ("engine", "device", "expected"),
    [
        ("auto", "auto", "CUDA: PyTorch 2.13.0, Python 3.12.1"),
        ("auto", "cuda", "CUDA: PyTorch 2.13.0, Python 3.12.1"),
        ("torch", "cpu", "Processor: PyTorch 2.13.0, Python 3.12.1"),
        ("auto", "cpu", "Your own Python: 3.12.1, NumPy 2.1.0"),
        ("auto", "mps", "Your own Python: 3.12.1, NumPy 2.1.0"),
        ("numpy", "auto", "Your own Python: 3.12.1, NumPy 2.1.0"),
    ],
)
def test_line_says_what_makes_the_dances(engine, device, expected):
    versions, run = Versions("3.12.1", "2.1.0", "2.13.0", ("cuda", "cpu")), RunSettings(engine=engine, device=device)
    facts = Facts(python="python", source="Your own Python", versions=versions)
    assert wording.maker(facts, run) == expected
    assert wording.maker(replace(facts, versions=Versions()), run) == "Your own Python: python"


def test_preferences_as_plain_data(chosen):
    chosen.warm_up, chosen.idle_minutes, chosen.wheels = False, 3, "somewhere"
    found = preferences.runtime(bpy.context)
    assert (found.warm_up, found.idle_minutes, found.wheels, found.run.device) == (False, 3, "somewhere", "auto")


@pytest.mark.parametrize("wheels", ["", "folder"])
def test_what_is_agreed_to_is_said(wheels):
    text = "\n".join(wording.description(runtime_plan.plan("linux"), wheels, "place"))
    assert "PyTorch" in text
    assert "place" in text
    assert ("without network" in text) == bool(wheels)
    assert ("pypi.org" in text) != bool(wheels)
