"""What a long command says while it works: a bar for people, JSON lines for programs."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from tokendance_core.commands.answers import Answer, Done, Event, Failed, Progress, SongFacts, event_to_json
from tokendance_core.dance.settings import danced_genre
from tokendance_core.errors import Cancelled, FileError, TokenDanceError, is_out_of_memory

if TYPE_CHECKING:
    from tokendance_core.types import MotionClip


class StageClock:
    """Seconds spent in each stage, in the order in which the stages were entered."""

    def __init__(self) -> None:
        self._stage = ""
        self._since = time.perf_counter()
        self._seconds: dict[str, float] = {}

    def enter(self, stage: str) -> None:
        """From now on, time belongs to ``stage``."""
        now = time.perf_counter()
        if self._stage:
            self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now

    def seconds(self) -> dict[str, float]:
        """Close the current stage and return them all."""
        self.enter("")
        return {stage: round(seconds, 3) for stage, seconds in self._seconds.items()}


def tell(text: str, stream: TextIO | None) -> None:
    """Print a line. The work goes on when nobody reads it any more, as behind ``| head -1``; FileError when it cannot
    be written for another reason.
    """
    try:
        print(text, file=stream, flush=True)
    except OSError as error:
        silence(stream)
        if not isinstance(error, BrokenPipeError):
            raise FileError(
                f"The output cannot be written: {error.strerror}.", hint="Free some space, or send it elsewhere."
            ) from None


def show_any_letter() -> None:
    """A letter that the output has no code for, and half a letter in a file's name, is escaped instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def silence(stream: TextIO | None) -> None:
    """From now on, what is written to a stream of the process goes nowhere, and what waits in it as well."""
    if stream is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


class Report(Protocol):
    """How a command speaks; ``fraction`` is 0 to 1 of the whole command."""

    def progress(self, stage: str, fraction: float) -> None: ...

    def answer(self, answer: Answer) -> None: ...


class ProgressBar:
    """A line that is written over again and again: ``generator   42% |####      | 0:07``; silent where nobody watches.

    It ends before the right edge of the terminal, however wide that is at the moment, so that no line is left behind.
    """

    _WIDEST = 60

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_watched = stream.isatty()
        self._since = time.monotonic()

    def show(self, stage: str, fraction: float) -> None:
        left, right = f"{stage:<11} {fraction:4.0%} |", f"| {_minutes(time.monotonic() - self._since)}"
        room = max(self._columns() - len(left) - len(right), 0)
        self._write(f"{left}{'#' * round(fraction * room):<{room}}{right}")

    def clear(self) -> None:
        self._write("", end="\r")

    def _write(self, line: str, end: str = "") -> None:
        if self._is_watched:
            columns = self._columns()
            self._stream.write(f"\r{line[:columns].ljust(columns)}{end}")
            self._stream.flush()

    def _columns(self) -> int:
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except OSError:
            columns = 0
        return min(columns - 1, self._WIDEST) if columns else self._WIDEST  # 0: it does not know


class TerminalReport:
    """A progress bar where a person watches, then a line or two for the answer."""

    def __init__(self) -> None:
        self._bar = ProgressBar(sys.stderr)

    def progress(self, stage: str, fraction: float) -> None:
        self._bar.show(stage, fraction)

    def answer(self, answer: Answer) -> None:
        self._bar.clear()
        if isinstance(answer, Failed):
            tell(f"tokendance: {answer.error().text}", sys.stderr)
        elif isinstance(answer, SongFacts):
            facts = f"{answer.seconds:.1f} s, {_tempo(answer)} beats a minute, {len(answer.beats)} beats"
            tell(f"{answer.path}: {facts}; any dances {answer.genre}", sys.stdout)
            if len(answer.sections) > 1:
                tell(", ".join(f"{one.name} {_minutes(one.start)}" for one in answer.sections), sys.stdout)
        elif isinstance(answer, Done):
            genre = answer.danced and f", {answer.danced}"
            tell(
                f"{answer.path}: {answer.frames} frames, {answer.seconds:.1f} s at {answer.fps:g} fps{genre}",
                sys.stdout,
            )
            times = ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in answer.stages.items())
            tell(f"{times}; together {sum(answer.stages.values()):.2f} s", sys.stdout)
        for warning in answer.warnings if isinstance(answer, SongFacts | Done) else ():
            tell(f"Warning: {warning}", sys.stderr)


def _tempo(facts: SongFacts) -> str:
    """One tempo, or from the slowest to the fastest."""
    different = sorted({f"{bpm:.1f}" for bpm in facts.bpm_range or (facts.bpm,)}, key=float)
    return " to ".join(different)


def _minutes(seconds: float) -> str:
    """As on a player: 1:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class JsonReport:
    """One JSON object a line on standard output: any number of "progress", then the answer."""

    def progress(self, stage: str, fraction: float) -> None:
        self.answer(Progress(stage=stage, fraction=round(fraction, 4)))

    def answer(self, answer: Event) -> None:
        tell(event_to_json(answer), sys.stdout)


def done(path: Path, clip: MotionClip, stages: Mapping[str, float], warnings: tuple[str, ...] = ()) -> Done:
    """The answer of a command that wrote ``clip``, or what was made of it, to ``path``."""
    return Done(
        path=str(path),
        frames=clip.frames,
        seconds=round(clip.frames / clip.fps, 3),
        fps=clip.fps,
        stages=stages,
        danced=danced_genre(clip.info),
        warnings=warnings,
    )


def problem_of(error: BaseException) -> TokenDanceError | None:
    """What a user is told of an error that ended a command; None for a fault of the program."""
    if isinstance(error, TokenDanceError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Cancelled("Stopped; nothing half-written was left.")
    if is_out_of_memory(error):
        return TokenDanceError(
            "There is not enough memory for this.", hint="Close other programs, or dance to a shorter part of the song."
        )
    return None


def report_for(json_lines: bool) -> Report:
    """The report that the user asked for."""
    return JsonReport() if json_lines else TerminalReport()
