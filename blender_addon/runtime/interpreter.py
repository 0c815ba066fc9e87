"""Which Python makes the dances: the user's own, the one that the add-on set up, or Blender's."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import bpy

from tokendance_core import SettingError

from ..addon import NAME
from ..interface.ticker import Ticker, redraw
from . import plan as runtime_plan
from .child.install_runtime import ENVIRONMENT, READY

PYTHON_VARIABLE = "TOKENDANCE_PYTHON"

_REMEMBERED_SECONDS = 2.0


def folder() -> Path:
    """Where the managed runtime lives."""
    # The longest path inside torch has 167 characters, and Windows allows 259 in all: Blender's own folder would be too
    # deep.
    if os.name == "nt" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "TokenDance" / "runtime"
    if NAME.startswith("bl_ext."):
        return Path(bpy.utils.extension_path_user(NAME, path="runtime", create=False))
    return Path(bpy.utils.user_resource("DATAFILES")) / "tokendance" / "runtime"


@dataclass(frozen=True)
class Versions:
    """Versions of a Python and of its torch, and the devices that torch can use."""

    python: str
    torch: str
    devices: tuple[str, ...]

    @classmethod
    def from_json(cls, answer: object) -> Versions | None:
        """The answer of ``info --json``; None when torch is missing in it."""
        if not isinstance(answer, Mapping) or "torch" not in answer:
            return None
        devices = answer.get("devices")
        return cls(
            python=str(answer.get("python", "")),
            torch=str(answer["torch"]),
            devices=tuple(map(str, devices)) if isinstance(devices, list) else (),
        )


@dataclass(frozen=True)
class Ready:
    """A complete managed runtime: the Python that it was built from, the accelerator that it was made for, and its
    versions when it was checked.
    """

    base: str
    accelerator: str
    versions: Versions | None

    @classmethod
    def from_json(cls, content: Mapping[str, object]) -> Ready:
        return cls(
            base=str(content.get("base", "")),
            accelerator=str(content.get("accelerator", "cpu")),
            versions=Versions.from_json(content.get("info")),
        )


def read_ready() -> Ready | None:
    """The content of the managed runtime's ``ready.json``; None unless its set-up was completed."""
    content = read_json(folder() / READY)
    return Ready.from_json(content) if content is not None else None


def managed_python() -> Path | None:
    """The Python that the add-on set up; None unless it is complete, and the Python that it was built from is still
    there.
    """
    ready = read_ready()
    python = folder() / ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return python if ready is not None and python.is_file() and Path(ready.base).is_file() else None


@dataclass(frozen=True)
class Interpreter:
    """A Python that can make dances, and a few words on where it comes from."""

    path: str
    source: str


def find_python(preferred: str = "") -> Interpreter:
    """The Python that has torch: the user's own, the one in the environment, the managed one, else Blender's if torch
    is there.

    SettingError when there is none, or when one that was named is no file.
    """
    named = (
        (preferred, "the add-on's preferences", "Your own Python"),
        (os.environ.get(PYTHON_VARIABLE, ""), PYTHON_VARIABLE, "Named in TOKENDANCE_PYTHON"),
    )
    for python, origin, source in named:
        if python and not Path(python).is_file():
            raise SettingError(
                f"The Python named in {origin} does not exist: {python}.", hint="Correct the path, or empty it."
            )
        if python:
            return Interpreter(python, source)
    if (managed := managed_python()) is not None:
        return Interpreter(str(managed), "Set up by TokenDance")
    if sys.executable and find_spec("torch") is not None:
        return Interpreter(sys.executable, "Blender's own Python")
    raise SettingError(
        "No Python with torch was found to make the dance.",
        hint=f"Press Set Up in the add-on's preferences, or name there (or in {PYTHON_VARIABLE}) a Python that has "
        "torch installed.",
    )


@dataclass(frozen=True)
class Facts:
    """The Python runtime: an interpreter and its ``source``, or the ``problem`` that there is none; also versions and
    devices once they are known.
    """

    python: str = ""
    source: str = ""
    problem: str = ""
    hint: str = ""
    version: str = ""
    torch: str = ""
    devices: tuple[str, ...] = ()
    is_set_up: bool = False
    place: str = ""
    """Folder of the managed runtime, whether it exists or not."""

    missing: str = ""
    """The accelerator that the managed runtime was set up for, if torch does not find it."""


class KnownRuntimes:
    """What a session knows about Python runtimes."""

    def __init__(self, ticker: Ticker) -> None:
        self._ticker = ticker
        self._versions: dict[str, Versions] = {}
        self._facts: Facts | None = None
        self._preferred = ""
        self._looked_at = 0.0
        self._is_asked = False

    def learn(self, python: str, versions: Versions | None) -> None:
        """Remember the result of a check; ``versions`` is None when it failed."""
        self._versions.pop(python, None)
        if versions is not None:
            self._versions[python] = versions
        self.forget()

    def facts(self, preferred: str = "") -> Facts:
        """Look up the facts now: reads a few files, starts no process."""
        ready, managed, place = read_ready(), managed_python(), str(folder())
        try:
            found = find_python(preferred)
        except SettingError as error:
            return Facts(problem=str(error), hint=error.hint, is_set_up=ready is not None, place=place)
        is_managed = managed is not None and found.path == str(managed)
        known = self._versions.get(found.path) or (ready.versions if ready is not None and is_managed else None)
        versions = known or Versions("", "", ())
        wanted = ready.accelerator if ready is not None else "cpu"
        device = runtime_plan.DEVICES.get(wanted, "cpu")
        return Facts(
            python=found.path,
            source=found.source,
            version=versions.python,
            torch=versions.torch,
            devices=versions.devices,
            is_set_up=ready is not None,
            place=place,
            missing=wanted if is_managed and versions.devices and device not in versions.devices else "",
        )

    def known(self, preferred: str = "") -> Facts | None:
        """The facts as they were a moment ago, for drawing: reads no file. None while they are unknown; asking makes
        them known soon.
        """
        is_known = self._facts is not None and self._preferred == preferred
        is_old = time.monotonic() - self._looked_at > _REMEMBERED_SECONDS
        if not self._is_asked and (not is_known or is_old):
            self._is_asked = True
            self._ticker.add(lambda: self._look(preferred))
        return self._facts if is_known else None

    def _look(self, preferred: str) -> bool:
        self._is_asked = False
        former, found = (self._preferred, self._facts), self.facts(preferred)
        self._looked_at, self._preferred, self._facts = time.monotonic(), preferred, found
        if former != (preferred, found):
            redraw()
        return False

    def forget(self) -> None:
        """Look the facts up again the next time they are asked for."""
        self._facts, self._is_asked = None, False

    def close(self) -> None:
        """Forget everything."""
        self._versions.clear()
        self.forget()


def read_json(path: Path) -> dict[str, object] | None:
    """The JSON object in a file; None when there is none."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
