"""The Python that makes the dances: the user's own, the one that the add-on set up, or Blender's."""

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
from ..interface import ticker
from . import plan as runtime_plan

PYTHON_VARIABLE = "TOKENDANCE_PYTHON"

# Names in the folder of the runtime, as install_runtime.py has them.
_ENVIRONMENT, _READY = "env", "ready.json"

_REMEMBERED_SECONDS = 2.0


def folder() -> Path:
    """Where the managed runtime lives."""
    # The deepest files of torch lie 167 letters below its packages, and Windows ends at 259: Blender's own folder lies
    # too deep there.
    if os.name == "nt" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "TokenDance" / "runtime"
    if NAME.startswith("bl_ext."):
        return Path(bpy.utils.extension_path_user(NAME, path="runtime", create=False))
    return Path(bpy.utils.user_resource("DATAFILES")) / "tokendance" / "runtime"


def managed_python() -> Path | None:
    """The Python that the add-on set up; None unless it is complete, and the Python that it was built from is still
    there.
    """
    ready = read_json(folder() / _READY)
    python = folder() / _ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return python if ready is not None and python.is_file() and Path(str(ready.get("base"))).is_file() else None


def find_python(preferred: str = "") -> str:
    """The Python that has torch: the user's own, the one in the environment, the managed one, else Blender's if torch
    is there.

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
            raise SettingError(
                f"The Python named in {origin} does not exist: {python}.", hint="Correct the path, or empty it."
            )
        if python:
            return python, source
    if (managed := managed_python()) is not None:
        return str(managed), "Set up by TokenDance"
    if sys.executable and find_spec("torch") is not None:
        return sys.executable, "Blender's own Python"
    raise SettingError(
        "No Python with torch was found to make the dance.",
        hint=f"Press Set Up in the add-on's preferences, or name there (or in {PYTHON_VARIABLE}) a Python that has "
        "torch installed.",
    )


@dataclass(frozen=True)
class Facts:
    """What makes the dances: a Python and its ``source``, or the ``problem`` that there is none; versions and devices
    once known.
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
    """Folder of the managed runtime, there or not."""

    missing: str = ""
    """The accelerator that the managed runtime was set up for, and torch does not find."""


answers: dict[str, Mapping[str, object]] = {}
"""Python -> what it said of itself when it was last checked."""

_known: tuple[float, str, Facts | None] = (0.0, "", None)
_asked = False


def facts(preferred: str = "") -> Facts:
    """What is found now; looks at a few files, starts nothing."""
    ready = read_json(folder() / _READY) or {}
    try:
        python, source = _choose(preferred)
    except SettingError as error:
        return Facts(problem=str(error), hint=error.hint, is_set_up=bool(ready), place=str(folder()))
    managed = managed_python()
    is_managed = managed is not None and python == str(managed)
    info = answers.get(python) or (ready.get("info") if is_managed else None)
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
    """The facts as they were a moment ago, for drawing: looks at nothing itself. None while they are not known, and
    then they will be.
    """
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


def read_json(path: Path) -> Mapping[str, object] | None:
    """A JSON object of a file; None when there is none."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def forget_all() -> None:
    """Drop what is remembered, when the add-on goes."""
    answers.clear()
    forget()
