"""Blender's side of the resident worker: start it on demand, ask, look at the answers, stop it.

One worker belongs to one Blender; requests and answers are files in a folder of its own
(``tokendance_core/commands/worker.py``), so nothing here ever waits on a pipe. It ends with Blender, and by itself
after some idle minutes. A Python that ends before it has begun with anything gives its place to Blender's own.
"""

from __future__ import annotations

import atexit
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

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
    RunSettings,
    SettingError,
    SongFacts,
    TokenDanceError,
    WarmRequest,
    event_from_json,
    load_clip,
    request_to_json,
    write_aside,
)

from .child.install_runtime import end_group
from .interpreter import Interpreter, own
from .process import start_core, temporary_folder

Request = DanceRequest | ListenRequest | WarmRequest

_POLL_SECONDS = 0.03
_GRACE_SECONDS = 0.6
"""How long a cancelled request may go on before the worker is stopped by force."""

_LOG_LINES = 4
_LAST_LETTERS = 200
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
        if self._answer is None and (answer := self._read("answer")) is not None:
            self._answer = answer
            self.worker.forget(self.number)
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

    def warnings(self) -> tuple[str, ...]:
        """What the user is told of the song, after ``poll`` said True."""
        return self._answer.warnings if isinstance(self._answer, Done | SongFacts) else ()

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
    """A running worker process: ``asked_for`` is the Python that should run it, ``python`` the one that does, and
    ``notice`` says why it is another one; after ``idle_minutes`` it ends by itself.
    """

    asked_for: Interpreter
    idle_minutes: float = 15.0
    is_warm: bool = False
    folder: Path = field(init=False)
    python: Interpreter = field(init=False)
    _requests: list[Request] = field(default_factory=list)
    _has_answered: bool = False
    _last_words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._temporary = temporary_folder()
        self.folder = Path(self._temporary.name)
        self._log = self.folder / "log.txt"
        try:
            self._start(self.asked_for)
        except SettingError:
            self._temporary.cleanup()
            raise

    def _start(self, python: Interpreter) -> None:
        """Start the process; SettingError when neither this Python nor Blender's own can be."""
        arguments, self.python = ["worker", str(self.folder), f"--idle={60 * self.idle_minutes:g}"], python
        try:
            with self._log.open("wb") as log:
                self._process = start_core(python, arguments, log, subprocess.STDOUT, self.folder)
        except OSError as error:
            if not python.is_own:
                self._use_own(error.strerror)
                return
            raise SettingError(
                f"The Python {python.path} cannot be started: {error.strerror}.",
                hint="Repair Blender's folder, or name a Python that has PyTorch in the add-on's preferences.",
            ) from error

    def _use_own(self, reason: str) -> None:
        """Go on with Blender's own Python, which knows no graphics card; SettingError when that cannot start."""
        python = self.python
        self._start(own(f"{python.source} ({python.path}) does not start ({reason.rstrip('.')})"))
        for number, request in enumerate(self._requests, 1):
            self._hand_over(number, request)

    @property
    def notice(self) -> str:
        """Why the Python that was asked for does not make the dances; empty when it does."""
        return self.python.notice

    def is_of_use(self) -> bool:
        """Whether it can be asked: a process without its folder hears nothing. Never waits."""
        return self.alive() and self.folder.is_dir()

    def alive(self) -> bool:
        """Whether the process runs; one that has ended leaves no trace in the system afterwards. Never waits."""
        if self._process.poll() is None:
            return True
        if self.python.is_own or self._has_begun():
            return False
        try:
            self._use_own((self.log(1) or [f"exit code {self._process.returncode}"])[-1][:_LAST_LETTERS])
        except TokenDanceError:
            return False
        return True

    def _has_begun(self) -> bool:
        """Whether it has begun with a request, or ended as it should, with its folder."""
        return self._has_answered or not self.folder.is_dir() or any(self.folder.glob("*.progress.json"))

    def ask(self, request: Request) -> Task:
        """Put a request into the folder; TokenDanceError when that is not possible."""
        task = Task(self, len(self._requests) + 1)
        if isinstance(request, DanceRequest):
            request = replace(request, output=str(task.output))
        self._requests.append(request)
        self.is_warm = self.is_warm or not isinstance(request, ListenRequest)
        self._hand_over(task.number, request)
        return task

    def _hand_over(self, number: int, request: Request) -> None:
        if self.notice and not isinstance(request, ListenRequest):
            request = replace(request, run=RunSettings(checkpoint=request.run.checkpoint))
        self.write(f"{number}.request.json", request_to_json(request))

    def write(self, name: str, content: str) -> None:
        """Put a file into the folder, complete from its first moment on."""
        try:
            with write_aside(self.folder / name, TokenDanceError, is_lasting=False) as aside:
                aside.write_text(content, encoding="utf-8")
        except TokenDanceError as error:
            self.stop()
            raise TokenDanceError(
                f"Nothing can be written to the temporary folder. {error}", hint="Free some space and try again."
            ) from error

    def forget(self, number: int) -> None:
        """Remove what was written about a request that is answered: the worker looks through all that is there."""
        self._has_answered = True
        for kind in ("answer.json", "progress.json", "cancel"):
            with suppress(OSError):
                (self.folder / f"{number}.{kind}").unlink()

    def stop(self) -> None:
        """End the process at once, and remove its files."""
        end_group(self._process)
        self._last_words = self._last_words or self.log(_LOG_LINES)
        self._temporary.cleanup()

    def end(self) -> TokenDanceError:
        """Why the process is gone."""
        code, last_words = self._process.returncode, " | ".join(self.log(_LOG_LINES))
        was_removed = not self.folder.is_dir()
        self.stop()
        if was_removed:
            return TokenDanceError(
                f"The temporary folder {self.folder} was removed while it was in use.",
                hint="Try again: a new one is made.",
            )
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
        self._is_told = False

    def start(self, python: Interpreter, idle_minutes: float = 15.0) -> Worker:
        """The worker, started if there is none or if it runs another Python; SettingError if it cannot start."""
        if self._worker is not None and (not self._worker.is_of_use() or self._worker.asked_for != python):
            self.stop()
        if self._worker is None:
            self._worker, self._is_told = Worker(python, idle_minutes), False
            atexit.register(self.stop)
        return self._worker

    def notice(self, python: str) -> str:
        """Why the Python at that path does not make the dances, although the worker was to be run by it."""
        return self._worker.notice if self._worker is not None and self._worker.asked_for.path == python else ""

    def news(self) -> list[str]:
        """The notice of the worker, unless the user was told already."""
        notice = self._worker.notice if self._worker is not None and not self._is_told else ""
        self._is_told = self._is_told or bool(notice)
        return [notice] if notice else []

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
