"""The resident process behind the add-on: it loads once and answers one request after another, all by files in one
folder.

    7.request.json    a request as ``requests.py`` has it: written aside and moved into place by the one who asks
    7.cancel          the answer to request 7 is not wanted any more
    7.progress.json   stage and fraction, replaced as the work goes on
    7.answer.json     "done", "heard", "ready" or "error", the last file that is written for a request
    stop              end now

No sockets, no pipes: nothing that a firewall asks about, and nothing that fills up when nobody reads. The process ends
when it is told to, when nobody has asked for a while, and with the process that started it (``child/start_core.py`` of
the add-on); its folder goes with it.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tokendance_core.commands import generate, listen
from tokendance_core.commands.answers import Answer, Event, Failed, Progress, Ready, event_to_json
from tokendance_core.commands.reports import Report, problem_of
from tokendance_core.commands.requests import DanceRequest, ListenRequest, Request, WarmRequest, request_from_json
from tokendance_core.commands.weights import CheckpointCache, Load
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.errors import Cancelled, FileError, SettingError, TokenDanceError
from tokendance_core.files.atomic import write_aside
from tokendance_core.types import SAMPLE_RATE, Music

_WARM_UP_SECONDS = 4
_POLL_SECONDS = 0.03
_OUR_FAULT = "This is a fault of the program: report it."


def warm_up(request: WarmRequest, report: Report, load: Load) -> None:
    """Load the network and dance once to a few seconds of noise: the first use of every kernel is the slow one."""
    report.progress("checkpoint", 0.0)
    checkpoint = load(request.run)
    from tokendance_core.dance import pipeline

    report.progress("generator", 0.5)
    noise = np.random.default_rng(0).standard_normal(_WARM_UP_SECONDS * SAMPLE_RATE).astype(np.float32)
    pipeline.generate(Music(noise, "warm up"), checkpoint, GenerateSettings(steps=1, finish=None))
    report.answer(Ready())


WORK: dict[type[Request], Callable[[Any, Report, Load], None]] = {
    DanceRequest: generate.work,
    ListenRequest: listen.work,
    WarmRequest: warm_up,
}
"""What may be asked -> what does it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="folder of requests and answers; it is removed at the end")
    parser.add_argument(
        "--idle", type=float, default=900.0, metavar="S", help="idle timeout in seconds (default: %(default)g)"
    )


def run(args: argparse.Namespace) -> int:
    """Answer requests until there is a reason to stop; the folder is removed at an orderly end, and stays to be looked
    at after a fault.
    """
    if not args.folder.is_dir():
        raise SettingError(f"There is no folder {args.folder}.", hint="Make it first.")
    cache, quiet_since = CheckpointCache(), time.monotonic()
    try:
        while not (args.folder / "stop").exists() and time.monotonic() - quiet_since < args.idle:
            request = next_request(args.folder)
            if request is None:
                time.sleep(_POLL_SECONDS)
                continue
            answer(request, cache)
            quiet_since = time.monotonic()
    except KeyboardInterrupt:
        pass  # the client process has exited
    shutil.rmtree(args.folder, ignore_errors=True)
    return 0


def next_request(folder: Path) -> Path | None:
    """The oldest request without an answer."""
    waiting = [path for path in folder.glob("*.request.json") if path.name.split(".")[0].isdecimal()]
    return min(waiting, key=lambda path: int(path.name.split(".")[0]), default=None)


class FolderReport:
    """Tells a request's progress and its answer by files; raises Cancelled once the answer is not wanted any more."""

    def __init__(self, request: Path) -> None:
        self._stem = request.with_name(request.name.split(".")[0])

    def _file(self, kind: str) -> Path:
        return self._stem.with_name(f"{self._stem.name}.{kind}")

    def progress(self, stage: str, fraction: float) -> None:
        if self._file("cancel").exists():
            raise Cancelled("Stopped.")
        with contextlib.suppress(FileError):  # a full disk is told when the dance itself cannot be written
            self._write("progress.json", Progress(stage=stage, fraction=round(fraction, 4)))

    def answer(self, answer: Answer) -> None:
        self._write("answer.json", answer)

    def _write(self, kind: str, event: Event) -> None:
        with write_aside(self._file(kind), is_lasting=False) as aside:
            aside.write_text(event_to_json(event), encoding="utf-8")


def answer(request: Path, cache: CheckpointCache) -> None:
    """Do what is asked and put the answer beside the request, which disappears; nothing in a request ends the
    process.
    """
    report = FolderReport(request)
    try:
        asked = read(request)
        report.progress("start", 0.0)
        WORK[type(asked)](asked, report, cache.load)
    except KeyboardInterrupt:
        raise
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            traceback.print_exc()  # into the log
            problem = TokenDanceError(
                f"The network failed: {type(error).__name__}: {error}.", hint="Copy the diagnostics and report this."
            )
        report.answer(Failed.of(problem))
    finally:
        request.unlink(missing_ok=True)


def read(request: Path) -> Request:
    """What a request asks for; SettingError when it is none."""
    try:
        return request_from_json(request.read_bytes())
    except OSError as error:
        raise SettingError(f"The request {request.name} cannot be read: {error.strerror}.", hint=_OUR_FAULT) from None
    except SettingError as error:
        raise SettingError(f"{request.name}: {error}", hint=error.hint or _OUR_FAULT) from None
