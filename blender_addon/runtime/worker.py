"""Blender's side of the resident worker: start it on demand, ask, look at the answers, stop it.

Torch never enters Blender. One worker belongs to one Blender; requests and answers are files in a folder of its own
(``tokendance_core/commands/worker.py``), so nothing here ever waits on a pipe. It ends with Blender, and by itself
after some idle minutes.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from tokendance_core import (
    Cancelled,
    DanceRequest,
    Done,
    Failed,
    FileError,
    ListenRequest,
    MotionClip,
    ProgressEvent,
    Ready,
    SettingError,
    SongFacts,
    TokenDanceError,
    WarmRequest,
    event_from_json,
    load_clip,
    request_to_json,
    write_aside,
)

_START = Path(__file__).parent / "child" / "start_core.py"
_POLL_SECONDS = 0.03
_GRACE_SECONDS = 0.8
"""How long a cancelled request may go on before the worker is stopped by force."""

_LOG_LINES = 4
_DISK_FULL = FileError.exit_code
"""Exit code of a worker that could not even write that it failed."""

Progress = Callable[[str, float], None]
"""Hears of a stage and of the fraction that is done; what it raises cancels."""


def no_progress(stage: str, fraction: float) -> None:
    """For what nobody watches."""


@dataclass
class Task:
    """One request to a worker: ``poll`` until it says True, then ``answer``."""

    worker: Worker
    number: int
    stage: str = ""
    fraction: float = 0.0
    _answer: ProgressEvent | Done | SongFacts | Ready | Failed | None = None
    _cancelled_at: float | None = None

    def poll(self) -> bool:
        """Read what the worker has written so far; True once there is an answer, or never will be. Never waits."""
        alive = self.worker.alive()  # asked first: the last answer of a process that just ended must not be missed
        if self._answer is None:
            self._answer = self._read("answer")
        if self._answer is None and isinstance(progress := self._read("progress"), ProgressEvent):
            self.stage, self.fraction = progress.stage, min(max(progress.fraction, 0.0), 1.0)
        if self._answer is None and self._cancelled_at and time.monotonic() - self._cancelled_at > _GRACE_SECONDS:
            self.worker.stop()
            alive = False
        return self._answer is not None or not alive

    def cancel(self) -> None:
        """Tell the worker that the answer is not wanted; ``poll`` stops it by force if it goes on. At once, never
        waits.
        """
        if self._answer is None and self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
            with suppress(TokenDanceError):  # a worker that is gone needs no telling
                self.worker.write(f"{self.number}.cancel", "")

    def answer(self) -> Done | SongFacts | Ready:
        """The answer, after ``poll`` said True; raises what went wrong as TokenDanceError."""
        if self._cancelled_at is not None:
            raise Cancelled("Stopped; the scene is as it was.")
        if isinstance(self._answer, ProgressEvent):
            self.worker.stop()  # whatever it is, it cannot be trusted with the next request
            raise TokenDanceError(
                "The process that makes the dance gave an answer that makes no sense.",
                hint="Try again: it is started anew.",
            )
        if self._answer is None:
            raise self.worker.end()
        if isinstance(self._answer, Failed):
            raise self._answer.error()
        return self._answer

    def clip(self) -> MotionClip:
        """The dance that was asked for; raises as ``answer``, and ClipError for a file that is damaged."""
        self.answer()
        clip = load_clip(self.output)
        self.output.unlink(missing_ok=True)
        return clip

    def wait(self, on_progress: Progress = no_progress) -> Task:
        """Poll until the end, telling ``on_progress`` stage and fraction; what it raises cancels the request."""
        try:
            while not self.poll():
                on_progress(self.stage, self.fraction)
                time.sleep(_POLL_SECONDS)
        except BaseException:
            self.cancel()
            while not self.poll():
                time.sleep(_POLL_SECONDS)
            raise
        return self

    @property
    def output(self) -> Path:
        """Where the worker puts a dance."""
        return self.worker.folder / f"{self.number}.npz"

    def _read(self, kind: str) -> ProgressEvent | Done | SongFacts | Ready | Failed | None:
        """What the worker has written, None while it is not there. Garbage counts as an event out of place."""
        try:
            return event_from_json((self.worker.folder / f"{self.number}.{kind}.json").read_bytes())
        except OSError:
            return None
        except ValueError:
            return ProgressEvent(stage="", fraction=0.0)


@dataclass
class Worker:
    """A running worker process: ``python`` that runs it, ``idle_minutes`` after which it ends by itself."""

    python: str
    idle_minutes: float = 15.0
    is_warm: bool = False
    folder: Path = field(init=False)
    _last_words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="tokendance-", ignore_cleanup_errors=True)
        self.folder = Path(self._temporary.name)
        self._log = self.folder / "log.txt"
        self._asked = 0
        arguments = ["worker", str(self.folder), f"--idle={60 * self.idle_minutes:g}"]
        try:
            with self._log.open("wb") as log:
                self._process = start_core(self.python, arguments, log, subprocess.STDOUT)
        except OSError as error:
            self._temporary.cleanup()
            raise SettingError(
                f"The Python {self.python} cannot be started: {error.strerror}.",
                hint="Set Python in the add-on's preferences to an interpreter that has torch installed.",
            ) from error

    def alive(self) -> bool:
        """Whether the process runs; one that has ended leaves no trace in the system afterwards."""
        return self._process.poll() is None

    def ask(self, request: DanceRequest | ListenRequest | WarmRequest) -> Task:
        """Put a request into the folder; TokenDanceError when that is not possible."""
        self._asked += 1
        task = Task(self, self._asked)
        if isinstance(request, DanceRequest):
            request = replace(request, output=str(task.output))
        self.is_warm = self.is_warm or not isinstance(request, ListenRequest)
        self.write(f"{task.number}.request.json", request_to_json(request))
        return task

    def write(self, name: str, content: str) -> None:
        """Put a file into the folder, complete from its first moment on."""
        try:
            with write_aside(self.folder / name, TokenDanceError) as aside:
                aside.write_text(content, encoding="utf-8")
        except TokenDanceError as error:
            self.stop()
            raise TokenDanceError(
                f"Nothing can be written to the temporary folder. {error}", hint="Free some space and try again."
            ) from error

    def stop(self) -> None:
        """End the process at once, and remove its files."""
        if self.alive():
            self._process.kill()
            self._process.wait()
        self._last_words = self._last_words or self.log(_LOG_LINES)
        self._temporary.cleanup()

    def end(self) -> TokenDanceError:
        """Why the process is gone."""
        code, last_words = self._process.returncode, " | ".join(self.log(_LOG_LINES))
        self.stop()
        if code == _DISK_FULL:
            return TokenDanceError(
                f"The disk of {tempfile.gettempdir()} is full.", hint="Free some space and try again."
            )
        return TokenDanceError(_ended(code), hint=last_words or "It left no message. Try again: it is started anew.")

    def log(self, lines: int) -> list[str]:
        """The last lines that the process wrote."""
        try:
            written = self._log.read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            return self._last_words
        return [line.strip() for line in written[-lines:]]


class WorkerHolder:
    """The one worker of a Blender, if it has one."""

    def __init__(self) -> None:
        self._worker: Worker | None = None

    def start(self, python: str, idle_minutes: float = 15.0) -> Worker:
        """The worker, started if there is none or if it runs another Python; SettingError if it cannot start."""
        if self._worker is not None and (not self._worker.alive() or self._worker.python != python):
            self.stop()
        if self._worker is None:
            self._worker = Worker(python, idle_minutes)
            atexit.register(self.stop)
        return self._worker

    def running(self) -> Worker | None:
        """The worker, if it runs."""
        return self._worker if self._worker is not None and self._worker.alive() else None

    def stop(self) -> None:
        """End the worker, if there is one."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
            atexit.unregister(self.stop)

    def reap(self) -> bool:
        """For the ticker: whether the worker still runs; one that has ended by itself is cleaned up."""
        if self._worker is not None and not self._worker.alive():
            self.stop()
        return self._worker is not None


def _ended(code: int | None) -> str:
    if code is not None and code < 0:
        return f"The process that makes the dance was stopped by signal {-code}; the memory may have run out."
    return f"The process that makes the dance ended without a dance (exit code {code})."


def core_folder() -> Path:
    """Where the core lies that came with the add-on."""
    return Path(find_spec("tokendance_core").origin).parent


def start_core(python: str, arguments: Sequence[str], output: BinaryIO, errors: BinaryIO | int) -> subprocess.Popen:
    """Run a command of the core in a process that ends with this one; OSError when that Python cannot be started."""
    return subprocess.Popen(
        [python, str(_START), str(core_folder()), str(os.getpid()), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        env=_environment(os.environ),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    # Spinning threads make a run many times slower beside a busy Blender; UTF-8 keeps song titles readable on Windows.
    return {**ours, "GOMP_SPINCOUNT": "10000", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
