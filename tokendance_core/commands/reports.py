"""What a long command says while it works: a bar for people, JSON lines for programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

from tqdm import tqdm

from tokendance_core.errors import Cancelled, TokenDanceError, is_out_of_memory


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


@dataclass(frozen=True)
class Heard:
    """What was heard in a song: its length in seconds, its tempo in beats a minute, and the seconds of its beats."""

    path: str
    seconds: float
    bpm: float
    beats: tuple[float, ...]


class Report(Protocol):
    """How a command speaks; ``fraction`` is 0 to 1 of the whole command."""

    def progress(self, stage: str, fraction: float) -> None: ...

    def done(self, path: str, frames: int, fps: float, stages: Mapping[str, float]) -> None: ...

    def heard(self, song: Heard) -> None: ...

    def ready(self) -> None: ...

    def error(self, error: TokenDanceError) -> None: ...


class TerminalReport:
    """A progress bar where a person watches, then one line for the result and one for the stages."""

    def __init__(self) -> None:
        self._bar = tqdm(
            total=100,
            bar_format="{desc:<11}{percentage:3.0f}% |{bar}| {elapsed}",
            disable=not sys.stderr.isatty(),
            leave=False,
        )

    def progress(self, stage: str, fraction: float) -> None:
        self._bar.set_description_str(stage, refresh=False)
        self._bar.update(round(100 * fraction) - self._bar.n)

    def done(self, path: str, frames: int, fps: float, stages: Mapping[str, float]) -> None:
        self._bar.close()
        print(f"{path}: {frames} frames, {frames / fps:.1f} s at {fps:g} fps")
        times = ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in stages.items())
        print(f"{times}; together {sum(stages.values()):.2f} s")

    def heard(self, song: Heard) -> None:
        self._bar.close()
        print(f"{song.path}: {song.seconds:.1f} s, {song.bpm:.1f} beats a minute, {len(song.beats)} beats")

    def ready(self) -> None:
        self._bar.close()

    def error(self, error: TokenDanceError) -> None:
        self._bar.close()
        print(f"tokendance: {error.text}", file=sys.stderr)


class JsonReport:
    """One JSON object a line on standard output: any number of "progress", then "done" or "error"."""

    def progress(self, stage: str, fraction: float) -> None:
        self._say("progress", stage=stage, fraction=round(fraction, 4))

    def done(self, path: str, frames: int, fps: float, stages: Mapping[str, float]) -> None:
        self._say("done", path=path, frames=frames, seconds=round(frames / fps, 3), fps=fps, stages=dict(stages))

    def heard(self, song: Heard) -> None:
        self._say("heard", **asdict(song))

    def ready(self) -> None:
        self._say("ready")

    def error(self, error: TokenDanceError) -> None:
        self._say("error", message=str(error), hint=error.hint, exit_code=error.exit_code)

    def _say(self, event: str, **fields: object) -> None:
        print(json.dumps({"event": event, **fields}), flush=True)


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
