"""What a training says: lines for people, tables for people and programs, TensorBoard where it is installed.

``log/NAME.csv`` has a row every few steps, ``log/NAME.validation.csv`` one for every look at held-out data.
"""

from __future__ import annotations

import csv
import math
import subprocess
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tokendance_core.files.atomic import write_aside

Say = Callable[[str], None]
Clock = Callable[[], float]

SECONDS_BETWEEN_LINES = 15.0


class Log:
    """The log of one stage from ``step`` on: what it held of later steps is dropped, they are trained again."""

    def __init__(self, folder: Path, name: str, *, step: int, device: str, say: Say, clock: Clock) -> None:
        self._name, self._say, self._clock = name, say, clock
        self._tables = {"": folder / "log" / f"{name}.csv", "validation/": folder / "log" / f"{name}.validation.csv"}
        (folder / "log").mkdir(parents=True, exist_ok=True)
        for path in self._tables.values():
            _drop_from(path, step)
        self._board = _board(folder / "log" / name, step)
        self._pace = Pace(clock, step, device)
        self._next_line = clock() + SECONDS_BETWEEN_LINES

    def trained(self, step: int, figures: Mapping[str, float]) -> None:
        """Loss, rate, progress and the like after ``step`` steps."""
        self._write("", step, figures)
        if self._clock() >= self._next_line:
            self._next_line = self._clock() + SECONDS_BETWEEN_LINES
            self._line(step, {**figures, **self._pace.since_last(step)})

    def validated(self, step: int, figures: Mapping[str, float]) -> None:
        """Figures on held-out data after ``step`` steps."""
        self._write("validation/", step, figures)
        self._line(step, figures)

    def close(self) -> None:
        """Finish the TensorBoard file."""
        if self._board:
            self._board.close()

    def _line(self, step: int, figures: Mapping[str, float]) -> None:
        self._say(f"{self._name} {step}: " + ", ".join(f"{key} {value:.4g}" for key, value in figures.items()))

    def _write(self, kind: str, step: int, figures: Mapping[str, float]) -> None:
        path = self._tables[kind]
        is_new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            if is_new:
                rows.writerow(["step", *figures])
            rows.writerow([step, *(f"{value:.6g}" for value in figures.values())])
        if self._board:
            for key, value in figures.items():
                self._board.add_scalar(f"{kind}{key}", value, step)


class Pace:
    """Steps a second, and how busy the device was, since the last time that it was asked."""

    def __init__(self, clock: Clock, step: int, device: str) -> None:
        self._clock, self._step, self._device = clock, step, device
        self._since, self._worked = clock(), time.process_time()

    def since_last(self, step: int) -> dict[str, float]:
        """``steps_per_second`` and ``busy``: the share of the card's time, else this process's processors in use."""
        now, worked = self._clock(), time.process_time()
        passed = max(now - self._since, 1e-6)
        busy = card_utilisation() if self._device == "cuda" else (worked - self._worked) / passed
        figures = {"steps_per_second": (step - self._step) / passed, "busy": busy}
        self._step, self._since, self._worked = step, now, worked
        return figures


def card_utilisation() -> float:
    """Share of the last second in which the graphics card was computing; NaN where the driver's tool is missing."""
    query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=5, check=True).stdout
        return float(said.split()[0]) / 100
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return math.nan


def _drop_from(path: Path, step: int) -> None:
    """Leave out the rows of a table that are later than ``step``."""
    if not path.exists():
        return
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    kept = [row for row in rows if row.partition(",")[0].isdecimal() and int(row.partition(",")[0]) <= step]
    with write_aside(path) as aside:
        aside.write_text("\n".join([header, *kept, ""]), encoding="utf-8")


def _board(folder: Path, step: int) -> Any:
    """TensorBoard's writer, or None where it is not installed."""
    if find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(folder, purge_step=step)
