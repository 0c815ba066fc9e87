"""Train in the background, with what the machine has to spare: ``make train-on`` and ``make train-off``.

``train_in_background.py on RUNS [options of train]`` starts or resumes the recipe in the folder RUNS at the lowest
priority on one thread, and says where it writes its log. ``train_in_background.py off RUNS`` stops it; whatever ends it
costs no more than the last minute of its work.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tokendance_core.train import run_folder

LOG = "train.log"
BEGUN_WITHIN = 60.0
"""Seconds within which a run has taken its folder, or has failed."""

BEGUN_WELL = 1.0
"""Seconds after which what is missing has been missed."""


def on(runs: Path, options: list[str]) -> None:
    """Start a run, and return when it has begun."""
    if run_folder.is_locked(runs):
        sys.exit(f"A training is already using {runs} (process {run_folder.owner(runs)}); its log is {runs / LOG}.")
    runs.mkdir(parents=True, exist_ok=True)
    calm = ["nice", "-n", "19", *(["ionice", "-c", "3"] if shutil.which("ionice") else [])]
    command = [*calm, sys.executable, "-m", "tokendance_core", "train", "--out", str(runs), "--threads", "1", *options]
    with (runs / LOG).open("ab") as log:
        started = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
    _yield_to_other_sessions(started.pid)
    ends = time.monotonic() + BEGUN_WITHIN
    while not run_folder.is_locked(runs) and started.poll() is None and time.monotonic() < ends:
        time.sleep(0.1)
    time.sleep(BEGUN_WELL)
    if started.poll():
        sys.exit(f"The training did not start; {runs / LOG} ends:\n" + "\n".join(_lines(runs)[-5:]))
    print(f"Training in the background (process {started.pid}); make train-off stops it. Its log: {runs / LOG}")


def _yield_to_other_sessions(process: int) -> None:
    """Where Linux shares processors out by session (autogroup), ``nice`` counts within one alone: the session too."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{process}/autogroup").write_text("19")


def off(runs: Path) -> None:
    """Stop the run on a folder, and return when it has ended."""
    process = run_folder.owner(runs)
    if process is None or not run_folder.is_locked(runs):
        print(f"No training is using {runs}.")
        return
    os.kill(process, signal.SIGTERM)
    while run_folder.is_locked(runs):
        time.sleep(0.1)
    print(f"Stopped process {process}; make train-on goes on from its last state.")


def _lines(runs: Path) -> list[str]:
    return (runs / LOG).read_text(encoding="utf-8", errors="replace").splitlines()


if __name__ == "__main__":
    what, where, *more = sys.argv[1:]
    on(Path(where), more) if what == "on" else off(Path(where))
