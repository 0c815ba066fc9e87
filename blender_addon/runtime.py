"""The Python that makes the dances: the user's own, the one that the add-on set up, or Blender's. Found, set up, checked, removed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import bpy

from tokendance_core import SettingError, TokenDanceError

from . import runtime_plan, ticker

PYTHON_VARIABLE = "TOKENDANCE_PYTHON"
NO_CHOICE = "PyTorch is not made for this kind of computer"

_CHILD = Path(__file__).parent / "child"
_INSTALL, _START = _CHILD / "install_runtime.py", _CHILD / "start_core.py"
# Names in the folder of the runtime, as install_runtime.py has them.
_ENVIRONMENT, _PROGRESS, _LOG, _CANCEL, _READY = "env", "progress.json", "log.txt", "cancel", "ready.json"

_REMEMBERED_SECONDS = 2.0
_POLL_SECONDS = 0.05
_CHECK_SECONDS = 120.0
_LOCKED = 2
"""Exit code when another Blender is at work in the folder."""


def folder() -> Path:
    """Where the managed runtime lives."""
    # The deepest files of torch lie 167 letters below its packages, and Windows ends at 259: Blender's own folder lies too deep there.
    if os.name == "nt" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "TokenDance" / "runtime"
    if __package__.startswith("bl_ext."):
        return Path(bpy.utils.extension_path_user(__package__, path="runtime", create=False))
    return Path(bpy.utils.user_resource("DATAFILES")) / "tokendance" / "runtime"


def managed_python() -> Path | None:
    """The Python that the add-on set up; None unless it is complete, and the Python that it was built from is still there."""
    ready = _read(folder() / _READY)
    python = folder() / _ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return python if ready is not None and python.is_file() and Path(str(ready.get("base"))).is_file() else None


def find_python(preferred: str = "") -> str:
    """The Python that has torch: the user's own, the one in the environment, the managed one, else Blender's if torch is there.

    SettingError when there is none, or when one that was named is no file.
    """
    return _choose(preferred)[0]


def _choose(preferred: str) -> tuple[str, str]:
    """The Python and, for people, where it comes from."""
    named = (
        (preferred, "the add-on's preferences", "Your own Python"),
        (os.environ.get(PYTHON_VARIABLE, ""), PYTHON_VARIABLE, "Named in TOKENDANCE_PYTHON"),
    )
    for python, origin, source in named:
        if python and not Path(python).is_file():
            raise SettingError(f"The Python named in {origin} does not exist: {python}", hint="Correct the path, or empty it.")
        if python:
            return python, source
    if (managed := managed_python()) is not None:
        return str(managed), "Set up by TokenDance"
    if sys.executable and find_spec("torch") is not None:
        return sys.executable, "Blender's own Python"
    raise SettingError(
        "No Python with torch was found to make the dance.",
        hint=f"Press Set Up in the add-on's preferences, or name there (or in {PYTHON_VARIABLE}) a Python that has torch installed.",
    )


@dataclass(frozen=True)
class Facts:
    """What makes the dances: a Python and its ``source``, or the ``problem`` that there is none; versions and devices once known."""

    python: str = ""
    source: str = ""
    problem: str = ""
    hint: str = ""
    version: str = ""
    torch: str = ""
    devices: tuple[str, ...] = ()
    is_set_up: bool = False
    place: str = ""
    """Folder of the managed runtime, there or not."""

    missing: str = ""
    """The accelerator that the managed runtime was set up for, and torch does not find."""


_checked: dict[str, Mapping[str, object]] = {}
"""Python -> what it said of itself when it was last checked."""

_known: tuple[float, str, Facts | None] = (0.0, "", None)
_asked = False


def facts(preferred: str = "") -> Facts:
    """What is found now; looks at a few files, starts nothing."""
    ready = _read(folder() / _READY) or {}
    try:
        python, source = _choose(preferred)
    except SettingError as error:
        return Facts(problem=str(error), hint=error.hint, is_set_up=bool(ready), place=str(folder()))
    managed = managed_python()
    is_managed = managed is not None and python == str(managed)
    info = _checked.get(python) or (ready.get("info") if is_managed else None)
    info = info if isinstance(info, Mapping) else {}
    devices = tuple(map(str, info.get("devices", ())))
    wanted = str(ready.get("accelerator", "cpu"))
    is_missing = is_managed and bool(devices) and runtime_plan.DEVICES.get(wanted, "cpu") not in devices
    return Facts(
        python=python,
        source=source,
        version=str(info.get("python", "")),
        torch=str(info.get("torch", "")),
        devices=devices,
        is_set_up=bool(ready),
        place=str(folder()),
        missing=wanted if is_missing else "",
    )


def known(preferred: str = "") -> Facts | None:
    """The facts as they were a moment ago, for drawing: looks at nothing itself. None while they are not known, and then they will be."""
    global _asked
    when, about, found = _known
    if not _asked and (about != preferred or found is None or time.monotonic() - when > _REMEMBERED_SECONDS):
        _asked = True
        ticker.add(lambda: _look(preferred))
    return found if about == preferred else None


def _look(preferred: str) -> bool:
    global _known, _asked
    _asked = False
    former, found = _known[1:], facts(preferred)
    _known = time.monotonic(), preferred, found
    if former != (preferred, found):
        ticker.redraw()
    return False


def forget() -> None:
    """Look anew at the next chance."""
    global _known, _asked
    _known, _asked = (0.0, "", None), False


def why_offline(wheels: str) -> str:
    """Why nothing can be downloaded; empty when it may be, or need not be because a folder of wheels is named."""
    if wheels or bpy.app.online_access:
        return ""
    if bpy.app.online_access_override:
        return "Blender was started in offline mode: start it without, or name a folder of wheels"
    return "Blender may not go online: turn on Preferences > System > Network > Allow Online Access, or name a folder of wheels"


@dataclass
class SetUp:
    """A set-up, or a removal, at work or at its end; ``outcome`` is empty, ready, removed, cancelled or failed."""

    folder: Path
    process: subprocess.Popen | None = None
    stage: str = "Preparing"
    fraction: float = 0.0
    megabytes: float = 0.0
    of_megabytes: float = 0.0
    package: str = ""
    outcome: str = ""
    message: str = ""
    hint: str = ""
    is_stopping: bool = False
    accelerator: str = ""
    wheels: str = ""

    def poll(self) -> bool:
        """Read how far it is; True at the end. Never waits."""
        ended = self.process.poll() is not None
        told = _read(self.folder / _PROGRESS) or {}
        for name in ("stage", "package", "message", "hint"):
            setattr(self, name, str(told.get(name, getattr(self, name))))
        for name in ("fraction", "megabytes", "of_megabytes"):
            value = told.get(name)
            setattr(self, name, float(value) if isinstance(value, int | float) else getattr(self, name))
        if ended:
            self._end(str(told.get("outcome", "")))
        return ended

    def _end(self, outcome: str) -> None:
        self.outcome = outcome or "failed"
        if self.process.returncode == _LOCKED:
            self.outcome, self.message, self.hint = "failed", "Another Blender is setting it up at the moment.", "Wait until it is done."
        elif not outcome:
            self.message = f"The process that sets up ended early (exit code {self.process.returncode})."
            self.hint = "Try again, or copy the diagnostics."

    def cancel(self) -> None:
        """Ask it to stop and to remove what it made; takes about a second."""
        self.is_stopping = True
        (self.folder / _CANCEL).touch()

    def wait(self) -> None:
        """Until the end; TokenDanceError when it was not reached."""
        try:
            while not self.poll():
                time.sleep(_POLL_SECONDS)
        except BaseException:
            self.cancel()
            self.process.wait()
            raise
        if self.outcome not in ("ready", "removed"):
            raise TokenDanceError(self.message, hint=self.hint)


current: SetUp | None = None
"""The last set-up of this Blender, at work or ended."""


def is_working() -> bool:
    """Whether a set-up or a removal is under way; looks at nothing."""
    return current is not None and not current.outcome


def start(accelerator: str, wheels: str = "") -> SetUp:
    """Begin a set-up; SettingError when it can be seen now that it cannot work. ``wheels`` is a folder, for no network."""
    plan = runtime_plan.find(accelerator)
    if plan is None:
        raise SettingError(f"{NO_CHOICE}.", hint="Name a Python of your own that has torch.")
    if wheels and not any(Path(wheels).glob("*.whl")):
        raise SettingError(f"There are no wheels in {wheels}.", hint="Choose a folder with files that end in .whl.")
    if not sys.executable:
        raise SettingError("This Blender does not say where its Python is.", hint="Name a Python of your own that has torch.")
    task = {
        "base": [sys.executable],
        "steps": plan.steps(wheels),
        "download_mb": 0 if wheels else plan.download_mb,
        "disk_mb": plan.disk_mb,
        "core": str(Path(find_spec("tokendance_core").origin).parent),
        "accelerator": accelerator,
    }
    return _begin(task, accelerator=accelerator, wheels=wheels, of_megabytes=float(task["download_mb"]))


def start_removal() -> SetUp:
    """Begin to remove the managed runtime: gigabytes take a while."""
    return _begin(None, stage="Removing")


def _begin(task: Mapping[str, object] | None, **state: object) -> SetUp:
    global current
    if is_working():
        raise SettingError("A set-up is under way already.", hint="Wait until it is done, or cancel it.")
    place = folder()
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name in (_PROGRESS, _CANCEL):
            (place / name).unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", str(_INSTALL), str(place), str(os.getpid()), json.dumps(task)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise SettingError(f"Nothing can be set up in {place}: {error.strerror}.", hint="Make the folder writable.") from error
    current = SetUp(place, process, **state)
    return current


def watch() -> bool:
    """For the ticker: whether the set-up still goes on."""
    if current is None:
        return False
    before = current.stage, current.fraction, current.package
    ended = bool(current.outcome) or current.poll()
    if ended:
        forget()
    if ended or before != (current.stage, current.fraction, current.package):
        ticker.redraw()
    return not ended


@dataclass
class Check:
    """Asks a Python for its versions and devices, in a process of its own."""

    python: str
    problem: str = ""
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="tokendance-", ignore_cleanup_errors=True)
        self._answer, self._log = Path(self._temporary.name) / "info.json", Path(self._temporary.name) / "log.txt"
        core = Path(find_spec("tokendance_core").origin).parent
        try:
            with self._answer.open("wb") as answer, self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    [self.python, str(_START), str(core), str(os.getpid()), "info", "--json"],
                    stdin=subprocess.DEVNULL,
                    stdout=answer,
                    stderr=log,
                    env={**os.environ, "PYTHONUTF8": "1"},
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
        except OSError as error:
            self._temporary.cleanup()
            raise SettingError(f"The Python {self.python} cannot be started: {error.strerror}.", hint="Name another one.") from error

    def poll(self) -> bool:
        """True once there is an answer, or never will be; then ``problem`` is told, or the facts are known. Never waits."""
        if self._process.poll() is None and time.monotonic() - self._began < _CHECK_SECONDS:
            return False
        self._end()
        info = _read(self._answer)
        if info is not None and "torch" in info:
            _checked[self.python] = info
        else:
            _checked.pop(self.python, None)
            words = self._log.read_text("utf-8", "replace").strip().splitlines()
            last = words[-1].strip() if words else f"exit code {self._process.returncode}"
            self.problem = f"This Python cannot make dances: {last[:200]}"
        self._temporary.cleanup()
        forget()
        return True

    def drop(self) -> None:
        """End it; nobody wants the answer."""
        self._end()
        self._temporary.cleanup()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()


checking: Check | None = None
"""The last check of this Blender; ``is_checking`` says whether it goes on."""

is_checking = False


def start_check(python: str) -> Check:
    """Begin a check; SettingError when the Python cannot be started."""
    global checking, is_checking
    checking = Check(python)
    is_checking = True
    return checking


def watch_check() -> bool:
    """For the ticker: whether the check still goes on."""
    global is_checking
    if is_checking and checking.poll():
        is_checking = False
        ticker.redraw()
    return is_checking


def stop() -> None:
    """Cancel what is under way and forget everything, when the add-on goes."""
    global current, checking, is_checking
    if is_working():
        current.cancel()
    if is_checking:
        checking.drop()
    current, checking, is_checking = None, None, False
    _checked.clear()
    forget()


def log(lines: int) -> str:
    """The last lines of what the last set-up wrote, for diagnostics; empty when there was none."""
    try:
        written = (folder() / _LOG).read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return "\n".join(written[-lines:])


def _read(path: Path) -> Mapping[str, object] | None:
    """A JSON object of a file; None when there is none."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
