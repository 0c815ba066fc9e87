"""Asking a Python for its versions and devices, in a process of its own."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tokendance_core import SettingError

from ..interface import ticker
from . import interpreter as runtime
from .worker import start_core

_CHECK_SECONDS = 120.0


@dataclass
class Check:
    """Asks a Python for its versions and devices, in a process of its own."""

    python: str
    problem: str = ""
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="tokendance-", ignore_cleanup_errors=True)
        self._answer, self._log = Path(self._temporary.name) / "info.json", Path(self._temporary.name) / "log.txt"
        try:
            with self._answer.open("wb") as answer, self._log.open("wb") as log:
                self._process = start_core(self.python, ["info", "--json"], answer, log)
        except OSError as error:
            self._temporary.cleanup()
            raise SettingError(
                f"The Python {self.python} cannot be started: {error.strerror}.", hint="Name another one."
            ) from error

    def poll(self) -> bool:
        """True once there is an answer, or never will be; then ``problem`` is told, or the facts are known. Never
        waits.
        """
        if self._process.poll() is None and time.monotonic() - self._began < _CHECK_SECONDS:
            return False
        self._end()
        info = runtime.read_json(self._answer)
        if info is not None and "torch" in info:
            runtime.answers[self.python] = info
        else:
            runtime.answers.pop(self.python, None)
            words = self._log.read_text("utf-8", "replace").strip().splitlines()
            last = words[-1].strip() if words else f"exit code {self._process.returncode}"
            self.problem = f"This Python cannot make dances: {last[:200]}"
        self._temporary.cleanup()
        runtime.forget()
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
    """End what is under way and forget it, when the add-on goes."""
    global checking, is_checking
    if is_checking:
        checking.drop()
    checking, is_checking = None, False
