"""Run a batch: one clean file for each job, on after a failure, a report after every job, and only what is missing when
resumed.
"""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import bpy

from tokendance_core import Cancelled, ClipError, TokenDanceError, check_outputs, load_json, sweep, write_aside

from ..character import dancer as dancers
from ..character.dancer import Dancer
from ..dance import delivery
from ..options import Order
from ..runtime import worker as worker_client
from . import exchange
from .table import Job

REPORT, TABLE = "report.json", "report.csv"
_ODD_NAMES = "backslashreplace"
"""What becomes of letters of a file name that are no UTF-8."""

_LOG = logging.getLogger(__package__)


@dataclass(frozen=True)
class Result:
    """What became of a job; ``digest`` names everything that its files depend on, ``dancer`` who danced and why."""

    name: str
    status: Literal["done", "skipped", "failed", "left"]
    digest: str
    files: tuple[str, ...] = ()
    message: str = ""
    hint: str = ""
    exit_code: int = 0
    seconds: float = 0.0
    dancer: str = ""


Tell = Callable[[Result], None]


def check(jobs: Sequence[Job], table: Path, folder: Path, formats: Sequence[str]) -> None:
    """SettingError where a result would be written over what a job, or the batch itself, reads."""
    results = [folder / f"{job.name}{suffix}" for job in jobs for suffix in job.formats or formats]
    read = [path for job in jobs for path in (job.song, job.character)]
    check_outputs([folder / REPORT, folder / TABLE, *results], [table, *read])


def run(
    jobs: Sequence[Job], folder: Path, formats: Sequence[str], *, resume: bool, stop_on_error: bool, tell: Tell
) -> list[Result]:
    """Do all jobs and write their files and the report into ``folder``; what became of each.

    ``formats`` are the suffixes of jobs that name none; ``tell`` hears of every job. ClipError when the folder cannot
    be written to. When the user stops it, the report is complete and KeyboardInterrupt goes on.
    """
    _make(folder)
    sweep(folder)
    former = _former(folder) if resume else {}
    results: list[Result] = []
    jobs = [replace(job, formats=job.formats or tuple(formats)) for job in jobs]
    rest = [
        _skipped(job, folder, former) or Result(job.name, "left", digest(job)) for job in jobs
    ]  # known as done for the next time
    try:
        for job in jobs:
            result = _skipped(job, folder, former) or _run(job, folder)
            results.append(result)
            _report(folder, results + rest[len(results) :])
            tell(result)
            if result.status == "failed" and stop_on_error:
                break
    finally:
        exchange.empty_file()
        _report(folder, results + rest[len(results) :])
    return results


def prepare(job: Job) -> Dancer:
    """Open the job's character in a clean file; who will dance. Raises RigError."""
    if job.character is None:
        exchange.empty_file()
        return dancers.who(bpy.context)
    exchange.open_character(job.character)
    return dancers.expected(bpy.context, job.armature)


def dance(
    job: Job, dancer: Dancer, on_progress: worker_client.Progress = worker_client.no_progress
) -> tuple[bpy.types.Object, list[str]]:
    """Let ``dancer`` dance in the open file; the armature that does, and sentences for the user. Raises
    TokenDanceError.
    """
    armature = dancer.ready()
    order = Order(
        song=str(job.song),
        armature=armature.name if armature is not None else "",
        pointed=False,
        fit_frame_range=True,
        settings=job.settings,
        part=job.part,
        placement=job.placement,
    )
    name, warnings = delivery.generate(bpy.context, order, on_progress)
    return bpy.context.scene.objects[name], warnings


def _run(job: Job, folder: Path) -> Result:
    start, written, state = time.monotonic(), [], digest(job)
    try:
        for suffix in job.formats:
            exchange.check(folder / f"{job.name}{suffix}")
        dancer = prepare(job)
        armature, warnings = dance(job, dancer)
        for suffix in job.formats:
            path = folder / f"{job.name}{suffix}"
            exchange.write(path, armature)
            written.append(path.name)
        ended = Result(job.name, "done", state, message="; ".join(warnings), dancer=dancer.reason)
    except Cancelled:
        raise KeyboardInterrupt from None
    except TokenDanceError as error:
        ended = Result(job.name, "failed", state, message=str(error), hint=error.hint, exit_code=error.exit_code)
    except Exception as error:  # a fault of ours in one job is no reason to leave the others undone
        _LOG.exception("The job “%s” failed", job.name)
        message, hint = (
            f"The add-on failed: {type(error).__name__}: {error}",
            "Report this with the lines that Blender printed.",
        )
        ended = Result(job.name, "failed", state, message=message, hint=hint, exit_code=TokenDanceError.exit_code)
    return replace(ended, files=tuple(written), seconds=round(time.monotonic() - start, 2))


def digest(job: Job) -> str:
    """Names the job and its files as they are now."""
    seen = [
        (path.stat().st_size, path.stat().st_mtime_ns)
        for path in (job.song, job.character)
        if path is not None and os.path.isfile(path)
    ]
    return hashlib.sha256(json.dumps([asdict(job), seen], default=str, sort_keys=True).encode()).hexdigest()[:16]


def _skipped(job: Job, folder: Path, former: dict[str, Result]) -> Result | None:
    """The former result, if the job was done then, nothing has changed since, and its files are still there."""
    found = former.get(job.name)
    if found is None or found.status not in ("done", "skipped") or found.digest != digest(job):
        return None
    whole = found.files and all(os.path.isfile(folder / name) for name in found.files)
    return replace(found, status="skipped", seconds=0.0) if whole else None


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ClipError(
            f"The folder {folder} cannot be made: {error.strerror}.", hint="Choose another folder."
        ) from None


def _former(folder: Path) -> dict[str, Result]:
    """The results in the folder's report by name; none when there is no report that can be understood."""
    try:
        results = [_result(entry) for entry in load_json(folder / REPORT)["jobs"]]
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return {result.name: result for result in results}


def _result(entry: dict[str, Any]) -> Result:
    """A job of a report; TypeError or LookupError when it is none."""
    found = Result(**{**entry, "files": tuple(entry["files"])})
    texts = (found.name, found.status, found.digest, found.message, found.hint, found.dancer, *found.files)
    numbers = (found.exit_code, found.seconds)
    if not (
        all(isinstance(text, str) for text in texts) and all(isinstance(number, int | float) for number in numbers)
    ):
        raise TypeError("a job of a report holds something else than texts and numbers")
    return found


def _report(folder: Path, results: Sequence[Result]) -> None:
    rows = [asdict(result) for result in results]
    with write_aside(folder / REPORT, ClipError) as aside:
        aside.write_text(json.dumps({"jobs": rows}, indent=1, ensure_ascii=False), "utf-8", _ODD_NAMES)
    with write_aside(folder / TABLE, ClipError) as aside, aside.open("w", -1, "utf-8", _ODD_NAMES, "") as file:
        writer = csv.DictWriter(file, [*Result.__dataclass_fields__])
        writer.writeheader()
        writer.writerows({**row, "files": ";".join(row["files"])} for row in rows)


def counted(results: Sequence[Result]) -> Iterator[tuple[str, int]]:
    """How many results of each status there are, in the order in which they come up."""
    statuses = [result.status for result in results]
    return ((status, statuses.count(status)) for status in dict.fromkeys(statuses))
