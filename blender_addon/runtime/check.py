"""Ask a Python for its versions and devices, in a separate process."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tokendance_core import SettingError

from ..interface.ticker import Ticker, redraw
from .child.install_runtime import end_group
from .child.start_core import LACKS
from .interpreter import Interpreter, KnownRuntimes, Versions, read_json
from .process import start_core, temporary_folder

_CHECK_SECONDS = 120.0
_PACKAGES = "numpy torch safetensors soundfile soxr"


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
            self.problem = _sentence(self.python.path, last[:200].rstrip("."))
        self._temporary.cleanup()
        return True

    def drop(self) -> None:
        """End it without waiting for the answer."""
        end_group(self._process)
        self._temporary.cleanup()


def _sentence(python: str, reason: str) -> str:
    """Why a Python is of no use, and what to do where something is missing in it."""
    told = f"This Python cannot make dances: {reason}."
    return f'{told} Install it: "{python}" -m pip install {_PACKAGES}' if reason.startswith(LACKS) else told


class Checks:
    """The last check of a session, ``latest``; ``is_checking`` says whether it is still in progress."""

    def __init__(self, runtimes: KnownRuntimes, ticker: Ticker) -> None:
        self.latest: Check | None = None
        self.is_checking = False
        self._runtimes, self._ticker = runtimes, ticker
        self._unfit: dict[str, str] = {}

    def start(self, python: Interpreter) -> Check:
        """Begin a check, in the place of one that is in progress; SettingError when the Python cannot be started."""
        self._drop()
        try:
            self.latest, self.is_checking = Check(python), True
        except SettingError as error:
            self._unfit[python.path] = error.text
            raise
        return self.latest

    def look_into(self, python: Interpreter) -> None:
        """Check a Python that was named just now, beside the user's work: see ``problem``."""
        with suppress(SettingError):
            self.start(python)
            self._ticker.add(self.watch)

    def problem(self, python: str) -> str:
        """What the last check of a Python found wrong with it; empty when that was nothing, or it was not checked."""
        return self._unfit.get(python, "")

    def watch(self) -> bool:
        """For the ticker: whether the check is still in progress."""
        if self.latest is not None and self.is_checking and self.latest.poll():
            self.is_checking = False
            self._unfit[self.latest.python.path] = self.latest.problem
            self._runtimes.learn(self.latest.python.path, self.latest.versions)
            redraw()
        return self.is_checking

    def close(self) -> None:
        """End what is in progress and forget everything."""
        self._drop()
        self._unfit.clear()

    def _drop(self) -> None:
        if self.latest is not None and self.is_checking:
            self.latest.drop()
        self.latest, self.is_checking = None, False
