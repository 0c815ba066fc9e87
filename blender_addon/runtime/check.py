"""Ask a Python for its versions and devices, in a separate process."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from tokendance_core import SettingError

from ..interface.ticker import redraw
from .child.install_runtime import end_group
from .interpreter import Interpreter, KnownRuntimes, Versions, read_json
from .process import start_core, temporary_folder

_CHECK_SECONDS = 120.0


@dataclass
class Check:
    """One question to a Python: ``poll`` until it says True, then there are ``versions`` or a ``problem``."""

    python: Interpreter
    versions: Versions | None = None
    problem: str = ""
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._temporary = temporary_folder()
        self._answer, self._log = Path(self._temporary.name) / "info.json", Path(self._temporary.name) / "log.txt"
        try:
            with self._answer.open("wb") as answer, self._log.open("wb") as log:
                self._process = start_core(self.python, ["info", "--json"], answer, log, self._answer.parent)
        except OSError as error:
            self._temporary.cleanup()
            raise SettingError(
                f"The Python {self.python.path} cannot be started: {error.strerror}.", hint="Choose another one."
            ) from error

    def poll(self) -> bool:
        """True once there is an answer or there never will be one. Never waits."""
        if self._process.poll() is None and time.monotonic() - self._began < _CHECK_SECONDS:
            return False
        end_group(self._process)
        self.versions = Versions.from_json(read_json(self._answer))
        if self.versions is None:
            words = self._log.read_text("utf-8", "replace").strip().splitlines()
            last = words[-1].strip() if words else f"exit code {self._process.returncode}"
            self.problem = f"This Python cannot make dances: {last[:200]}"
        self._temporary.cleanup()
        return True

    def drop(self) -> None:
        """End it without waiting for the answer."""
        end_group(self._process)
        self._temporary.cleanup()


class Checks:
    """The last check of a session, ``latest``; ``is_checking`` says whether it is still in progress."""

    def __init__(self, runtimes: KnownRuntimes) -> None:
        self.latest: Check | None = None
        self.is_checking = False
        self._runtimes = runtimes

    def start(self, python: Interpreter) -> Check:
        """Begin a check; SettingError when the Python cannot be started."""
        self.latest, self.is_checking = Check(python), True
        return self.latest

    def watch(self) -> bool:
        """For the ticker: whether the check is still in progress."""
        if self.latest is not None and self.is_checking and self.latest.poll():
            self.is_checking = False
            self._runtimes.learn(self.latest.python.path, self.latest.versions)
            redraw()
        return self.is_checking

    def close(self) -> None:
        """End what is in progress and forget it."""
        if self.latest is not None and self.is_checking:
            self.latest.drop()
        self.latest, self.is_checking = None, False
