"""The process that makes the dance: ``PYTHON -m tokendance_core generate …``, started, watched and stopped from here.

Torch never enters Blender. The child writes its events and its log into files, not into pipes that nobody reads: a full
pipe would stop it. It ends by itself when Blender does (``child/start_core.py``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from tokendance_core import Cancelled, MotionClip, SettingError, TokenDanceError, load_clip

PYTHON_VARIABLE = "TOKENDANCE_PYTHON"

_START = Path(__file__).parent / "child" / "start_core.py"
_POLL_SECONDS = 0.05
_GRACE_SECONDS = 0.5
_LOG_LINES = 4

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Request:
    """What to dance to, and how; ``start`` and ``duration`` in seconds of the song, empty strings for the defaults."""

    song: str
    genre: str = "any"
    seed: int = 0
    steps: int = 8
    temperature: float = 1.0
    energy: float = 0.0
    start: float = 0.0
    duration: float | None = None
    device: str = ""
    checkpoint: str = ""

    def arguments(self, output: Path) -> list[str]:
        options = {
            "--genre": self.genre,
            "--seed": self.seed,
            "--steps": self.steps,
            "--temperature": f"{self.temperature:g}",
            "--energy": f"{self.energy:g}",
            "--start": f"{self.start:.6f}" if self.start else "",
            "--duration": f"{self.duration:.6f}" if self.duration is not None else "",
            "--device": self.device,
            "--checkpoint": self.checkpoint,
        }
        given = [f"{name}={value}" for name, value in options.items() if value != ""]
        return ["generate", "--json", "--output", str(output), *given, "--", self.song]


def find_python(preferred: str = "") -> str:
    """The Python that has torch: the one set in the preferences, else in the environment, else Blender's own.

    SettingError when there is none, or when the one that was set is no file.
    """
    for python, origin in ((preferred, "the add-on's preferences"), (os.environ.get(PYTHON_VARIABLE, ""), PYTHON_VARIABLE)):
        if python and not Path(python).is_file():
            raise SettingError(f"The Python named in {origin} does not exist: {python}", hint="Correct the path, or empty it.")
        if python:
            return python
    if find_spec("torch") is not None:
        return sys.executable
    raise SettingError(
        "No Python with torch was found to make the dance.",
        hint=f"Set Python in the add-on's preferences (or {PYTHON_VARIABLE}) to an interpreter that has torch installed.",
    )


class Job:
    """One generation in a child process; a context manager that leaves neither process nor files behind."""

    def __init__(self, python: str, request: Request) -> None:
        self._python = python
        self._request = request

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="tokendance-")
        folder = Path(self._folder.name)
        self._output, self._events, self._log = folder / "dance.npz", folder / "events.jsonl", folder / "log.txt"
        core = Path(find_spec("tokendance_core").origin).parent
        command = [self._python, str(_START), str(core), str(os.getpid()), *self._request.arguments(self._output)]
        try:
            with self._events.open("wb") as events, self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=events,
                    stderr=log,
                    env=_environment(os.environ),
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
        except OSError as error:
            self._folder.cleanup()
            raise SettingError(
                f"The Python {self._python} cannot be started: {error.strerror}.",
                hint="Set Python in the add-on's preferences to an interpreter that has torch installed.",
            ) from error
        self._seen = 0
        self.last: Mapping[str, object] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()
        self._folder.cleanup()

    def poll(self) -> bool:
        """Read what the child has reported into ``last``; True once it has ended. Never waits."""
        ended = self._process.poll() is not None
        with self._events.open("rb") as events:
            events.seek(self._seen)
            whole, newline, _ = events.read().rpartition(b"\n")
        self._seen += len(whole) + len(newline)
        for line in whole.splitlines():
            event = _event(line)
            self.last = event or self.last
        return ended

    def cancel(self) -> None:
        """Stop the child if it still runs: kindly, then by force."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def result(self) -> MotionClip:
        """The dance, after ``poll`` said that the child ended; raises what went wrong there as TokenDanceError."""
        if self.last.get("event") == "error":
            problem = Cancelled if self.last.get("exit_code") == Cancelled.exit_code else TokenDanceError
            raise problem(str(self.last.get("message")), hint=str(self.last.get("hint", "")))
        if self._process.returncode or self.last.get("event") != "done":
            raise TokenDanceError(_ended(self._process.returncode), hint=self._tail() or "It left no message.")
        return load_clip(self._output)

    def wait(self, on_progress: Progress) -> MotionClip:
        """Poll until the child ends, telling ``on_progress`` the stage and the fraction done; the dance."""
        while not self.poll():
            self._tell(on_progress)
            time.sleep(_POLL_SECONDS)
        self._tell(on_progress)
        return self.result()

    def _tell(self, on_progress: Progress) -> None:
        if self.last.get("event") == "progress":
            on_progress(str(self.last["stage"]), float(self.last["fraction"]))

    def _tail(self) -> str:
        lines = self._log.read_text("utf-8", "replace").strip().splitlines()
        return " | ".join(line.strip() for line in lines[-_LOG_LINES:])


def _event(line: bytes) -> Mapping[str, object] | None:
    """A line of the child as an event; None for anything else that some library may print."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def _ended(returncode: int) -> str:
    if returncode < 0:
        return f"The process that makes the dance was stopped by signal {-returncode}; the memory may have run out."
    return f"The process that makes the dance ended without a dance (exit code {returncode})."


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    # Spinning threads make a run many times slower beside a busy Blender; UTF-8 keeps song titles readable on Windows.
    return {**ours, "GOMP_SPINCOUNT": "10000", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def generate(python: str, request: Request, on_progress: Progress) -> MotionClip:
    """Make a dance and wait for it; TokenDanceError for everything that can go wrong, ``on_progress`` may raise to stop."""
    with Job(python, request) as job:
        return job.wait(on_progress)
