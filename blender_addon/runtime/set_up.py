"""Setting up the managed runtime, and removing it: begun and watched from here, done by
``child/install_runtime.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import bpy

from tokendance_core import SettingError, TokenDanceError

from ..interface import ticker
from . import interpreter as runtime
from . import plan as runtime_plan
from .worker import core_folder

NO_CHOICE = "PyTorch is not made for this kind of computer"

_INSTALL = Path(__file__).parent / "child" / "install_runtime.py"
# Names in the folder of the runtime, as install_runtime.py has them.
_PROGRESS, _LOG, _CANCEL = "progress.json", "log.txt", "cancel"

_POLL_SECONDS = 0.05
_LOCKED = 2
"""Exit code when another Blender is at work in the folder."""


def why_offline(wheels: str) -> str:
    """Why nothing can be downloaded; empty when it may be, or need not be because a folder of wheels is named."""
    if wheels or bpy.app.online_access:
        return ""
    if bpy.app.online_access_override:
        return "Blender was started in offline mode: start it without, or name a folder of wheels"
    return (
        "Blender may not go online: turn on Preferences > System > Network > Allow Online Access, or name a folder "
        "of wheels"
    )


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
        told = runtime.read_json(self.folder / _PROGRESS) or {}
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
            self.outcome, self.message, self.hint = (
                "failed",
                "Another Blender is setting it up at the moment.",
                "Wait until it is done.",
            )
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
    """Begin a set-up; SettingError when it can be seen now that it cannot work. ``wheels`` is a folder, for no
    network.
    """
    plan = runtime_plan.find(accelerator)
    if plan is None:
        raise SettingError(f"{NO_CHOICE}.", hint="Name a Python of your own that has torch.")
    if wheels and not any(Path(wheels).glob("*.whl")):
        raise SettingError(f"There are no wheels in {wheels}.", hint="Choose a folder with files that end in .whl.")
    if not sys.executable:
        raise SettingError(
            "This Blender does not say where its Python is.", hint="Name a Python of your own that has torch."
        )
    task = {
        "base": [sys.executable],
        "steps": plan.steps(wheels),
        "download_mb": 0 if wheels else plan.download_mb,
        "disk_mb": plan.disk_mb,
        "core": str(core_folder()),
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
    place = runtime.folder()
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
        raise SettingError(
            f"Nothing can be set up in {place}: {error.strerror}.", hint="Make the folder writable."
        ) from error
    current = SetUp(place, process, **state)
    return current


def watch() -> bool:
    """For the ticker: whether the set-up still goes on."""
    if current is None:
        return False
    before = current.stage, current.fraction, current.package
    ended = bool(current.outcome) or current.poll()
    if ended:
        runtime.forget()
    if ended or before != (current.stage, current.fraction, current.package):
        ticker.redraw()
    return not ended


def stop() -> None:
    """Cancel what is under way and forget it, when the add-on goes."""
    global current
    if is_working():
        current.cancel()
    current = None


def log(lines: int) -> str:
    """The last lines of what the last set-up wrote, for diagnostics; empty when there was none."""
    try:
        written = (runtime.folder() / _LOG).read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return "\n".join(written[-lines:])
