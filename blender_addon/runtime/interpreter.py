"""Which Python makes the dances: one that was named, the one that was set up, or Blender's, which is always there."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy
import numpy as np

from tokendance_core import SettingError, load_json

from ..addon import NAME
from ..interface.ticker import Ticker, redraw
from .child.install_runtime import ENVIRONMENT, READY
from .own_python import own_python
from .plan import DEVICES

PYTHON_VARIABLE = "TOKENDANCE_PYTHON"
OWN = "Blender's own Python"

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
    """Versions of a Python and its packages, empty where they are unknown or not installed, and the devices that its
    torch can use.
    """

    python: str = ""
    numpy: str = ""
    torch: str = ""
    devices: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, answer: object) -> Versions | None:
        """The answer of ``info --json``; None when it is none."""
        if not isinstance(answer, Mapping) or "python" not in answer:
            return None
        devices = answer.get("devices")
        return cls(
            **{name: str(answer.get(name) or "") for name in ("python", "numpy", "torch")},
            devices=tuple(map(str, devices)) if isinstance(devices, list) else (),
        )


@dataclass(frozen=True)
class Ready:
    """A complete managed runtime: the Python that it was built from, the accelerator that it was made for, and its
    versions when it was checked.
    """

    base: str
    accelerator: str
    versions: Versions

    @classmethod
    def from_json(cls, content: Mapping[str, object]) -> Ready:
        return cls(
            base=str(content.get("base", "")),
            accelerator=str(content.get("accelerator", "")),
            versions=Versions.from_json(content.get("info")) or Versions(),
        )


def read_ready() -> Ready | None:
    """The content of the managed runtime's ``ready.json``; None unless its set-up was completed."""
    content = read_json(folder() / READY)
    return Ready.from_json(content) if content is not None else None


@dataclass(frozen=True)
class Interpreter:
    """A Python that makes dances, and a few words on where it comes from; ``notice`` says why it is not the one that
    was asked for.
    """

    path: str
    source: str
    notice: str = ""
    is_own: bool = False
    """Whether it came with Blender."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The modules without which it is of no use: nobody names a Python for its NumPy."""
        return ("numpy",) if self.is_own else ("numpy", "torch")

    @property
    def numpy_folder(self) -> str:
        """Blender's NumPy, which its own Python may not see by itself once it is isolated; empty for another Python."""
        return str(Path(np.__file__).parent) if self.is_own else ""


def own(reason: str = "") -> Interpreter:
    """Blender's own Python, with the ``reason`` why it takes another one's place; SettingError when Blender has
    none.
    """
    notice = f"{reason}, so Blender's own Python makes the dances" if reason else ""
    return Interpreter(own_python(), OWN, notice, is_own=True)


def managed_python() -> Path:
    """Where the add-on puts the Python that it sets up."""
    return folder() / ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def find_python(preferred: str = "") -> Interpreter:
    """The Python that makes the dances: the user's own, the one in the environment, the managed one, else Blender's,
    which takes the place of one that is not there. SettingError when Blender has none.
    """
    named = (
        (preferred, "the add-on's preferences", "Your own Python"),
        (os.environ.get(PYTHON_VARIABLE, ""), PYTHON_VARIABLE, "Named in TOKENDANCE_PYTHON"),
    )
    for python, origin, source in named:
        if python and not os.path.isfile(python):
            return own(f"The Python named in {origin} does not exist ({python})")
        if python:
            return Interpreter(python, source)
    ready, managed = read_ready(), managed_python()
    if ready is None:
        return own()
    if not os.path.isfile(managed) or not os.path.isfile(ready.base):
        return own("The Python that was set up is not complete any more (set it up again, or remove it)")
    return Interpreter(str(managed), "Set up by TokenDance")


@dataclass(frozen=True)
class Facts:
    """What makes the dances: a Python, its source, and its versions as far as they are known; ``notice`` says why it
    is not the one that was asked for, or that there is none.
    """

    python: str = ""
    source: str = ""
    notice: str = ""
    is_own: bool = False
    versions: Versions = field(default_factory=Versions)
    is_set_up: bool = False
    place: str = ""
    """Folder of the managed runtime, whether it exists or not."""

    missing: str = ""
    """The device that the managed runtime was set up for, if torch does not find it."""


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
        ready = read_ready()
        facts = Facts(is_set_up=ready is not None, place=str(folder()))
        try:
            found = find_python(preferred)
        except SettingError as error:
            return replace(facts, notice=error.text)
        is_managed = ready is not None and found.path == str(managed_python())
        versions = self._versions.get(found.path, Versions())
        if found.is_own:
            versions = Versions(platform.python_version(), np.__version__)
        elif is_managed and not versions.python:
            versions = ready.versions
        device = DEVICES.get(ready.accelerator, "") if is_managed else ""
        return replace(
            facts,
            python=found.path,
            source=found.source,
            notice=found.notice,
            is_own=found.is_own,
            versions=versions,
            missing=device if versions.devices and device not in versions.devices else "",
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
        content = load_json(path)
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
