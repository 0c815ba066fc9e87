"""``blender --background [scene.blend] --command tokendance generate|batch …``: the add-on without a window.

Exit codes: 0 done; 1 something else, or a job of the batch failed; 2 an option or the table makes no sense; 3 song; 4
checkpoint; 5 a file cannot be written; 6 character; 130 stopped.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import bpy

from tokendance_core import (
    Cancelled,
    GenerateSettings,
    SongPart,
    TokenDanceError,
    add_option_arguments,
    check_outputs,
    options_from_arguments,
    show_any_letter,
    tell,
)

from .. import session
from ..character import dancer as dancers
from ..character.dancer import Dancer
from ..interface.scene_guard import leave_modes
from ..options import QUALITY_STEPS, Fitting, Placement
from ..runtime import worker as worker_client
from . import batch, exchange
from . import table as batch_table
from .batch import Result
from .table import Job

_EPILOGUE = __doc__.partition("\n\n")[2]


def register() -> None:
    session.current().command = bpy.utils.register_cli_command("tokendance", main)


def unregister() -> None:
    bpy.utils.unregister_cli_command(session.current().command)


def main(argv: Sequence[str]) -> int:
    """Run one command; the exit code. What a user can cause is told in a sentence, without a traceback."""
    show_any_letter()
    try:
        args = _parser().parse_args(list(argv))
    except SystemExit as end:
        return int(end.code or 0)
    try:
        with _stoppable():
            return args.run(args)
    except TokenDanceError as error:
        _say_error(error, args.json)
        return error.exit_code
    except KeyboardInterrupt:
        _say_error(Cancelled("Stopped; every file that is there is complete."), args.json)
        return Cancelled.exit_code
    finally:
        session.current().worker.stop()


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM raise KeyboardInterrupt: without a window, Blender's own handler only makes a note that
    nobody reads.
    """
    former = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(
                number, signal.SIG_DFL if handler is None else handler
            )  # None: it was not Python's, and cannot be put back


def _parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog="blender --command tokendance", description="A song in, a dancing character out.", epilog=_EPILOGUE
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser("generate", help="one dance, on the open file's character or on one from a file")
    one.add_argument("song", type=Path)
    one.add_argument(
        "-o", "--output", type=Path, action="append", required=True, metavar="FILE", help=", ".join(exchange.WRITERS)
    )
    one.add_argument(
        "--character", type=Path, metavar="FILE", help=f"begin with this file: {', '.join(exchange.READERS)}"
    )
    one.add_argument(
        "--armature",
        default="",
        metavar="NAME",
        help="default: the character of the panel, else that of the active object, else the only one that is seen (it "
        "moves a visible mesh, or is visible itself), else a mannequin; two that could dance are refused",
    )
    _add_dance_options(one)
    one.set_defaults(run=_generate)
    many = commands.add_parser("batch", help="a table of songs and characters (CSV or JSON)")
    many.add_argument("table", type=Path)
    many.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FOLDER", help="results and report.json, report.csv"
    )
    many.add_argument(
        "--format",
        nargs="+",
        default=[".blend"],
        metavar="SUFFIX",
        help=f"{', '.join(exchange.WRITERS)} (default: .blend)",
    )
    many.add_argument(
        "--resume",
        action="store_true",
        help="leave out jobs that are done, whose files are there and whose input is unchanged",
    )
    many.add_argument("--stop-on-error", action="store_true", help="end at the first failure instead of going on")
    many.set_defaults(run=_batch)
    for command in (one, many):
        command.add_argument("--json", action="store_true", help="JSON lines on standard output")
    return whole


def _add_dance_options(parser: argparse.ArgumentParser) -> None:
    add_option_arguments(parser, GenerateSettings, without=("steps",))
    passes = parser.add_mutually_exclusive_group()
    passes.add_argument(
        "--quality", choices=QUALITY_STEPS, default="final", help="how often the dance is refined (default: final)"
    )
    passes.add_argument("--steps", type=int, metavar="N", help="passes of refinement, instead of a quality")
    add_option_arguments(parser, SongPart, without=("speed",))
    add_option_arguments(parser, Fitting)


def _generate(args: argparse.Namespace) -> int:
    libraries = [bpy.path.abspath(library.filepath) for library in bpy.data.libraries]
    check_outputs(args.output, [args.song, args.character, bpy.data.filepath, *libraries])
    for path in args.output:
        exchange.check(path)
    steps = QUALITY_STEPS[args.quality] if args.steps is None else args.steps
    job = Job(
        song=args.song.absolute(),
        name=args.song.stem,
        character=args.character,
        armature=args.armature,
        settings=options_from_arguments(GenerateSettings, args, steps=steps),
        part=options_from_arguments(SongPart, args, speed=1.0),
        placement=options_from_arguments(Placement, args, replace=False, push_to_nla=False, mark_asset=False),
    )
    chosen = _dancer(job)
    _say({"event": "dancer", "reason": chosen.reason}, f"Dancer: {chosen.reason}", args.json)
    dancer, warnings = batch.dance(job, chosen, _tell_progress if args.json else worker_client.no_progress)
    for warning in warnings:
        _say({"event": "warning", "message": warning}, f"Warning: {warning}", args.json)
    for path in args.output:
        exchange.write(path, dancer)
        _say(
            {"event": "done", "path": str(path), "armature": dancer.name}, f"{path}: “{dancer.name}” dances", args.json
        )
    return 0


def _dancer(job: Job) -> Dancer:
    """Who dances: in the job's character file, else in the file that Blender has open."""
    if job.character is not None:
        return batch.prepare(job)
    leave_modes()
    return dancers.who(bpy.context, job.armature, pointed=False)


def _batch(args: argparse.Namespace) -> int:
    jobs = batch_table.read(args.table)
    formats = [f".{suffix.lower().lstrip('.')}" for suffix in args.format]
    for suffix in formats:
        exchange.check_suffix(Path(f"dance{suffix}"))
    batch.check(jobs, args.table, args.out, formats)

    def tell(result: Result) -> None:
        said = " ".join((result.message, result.hint))
        line = f"{result.status:<8} {result.name}  {result.seconds:.1f} s  {said}".rstrip()
        _say({"event": "job", **asdict(result)}, line, args.json)

    results = batch.run(jobs, args.out, formats, resume=args.resume, stop_on_error=args.stop_on_error, tell=tell)
    counts = dict(batch.counted(results))
    summary = ", ".join(f"{count} {status}" for status, count in counts.items())
    _say({"event": "end", **counts}, f"{summary}; {args.out / batch.REPORT}", args.json)
    return 1 if "failed" in counts else 0


def _tell_progress(stage: str, fraction: float) -> None:
    _say({"event": "progress", "stage": stage, "fraction": round(fraction, 3)}, "", True)


def _say(event: dict[str, object], line: str, as_json: bool) -> None:
    # Blender's exporters leave lines unfinished when they are stopped; an event is a line of its own.
    tell(f"\n{json.dumps(event, ensure_ascii=False)}" if as_json else line, sys.stdout)


def _say_error(error: TokenDanceError, as_json: bool) -> None:
    if as_json:
        _say({"event": "error", "message": str(error), "hint": error.hint, "exit_code": error.exit_code}, "", True)
    else:
        tell(f"tokendance: {error.text}", sys.stderr)
