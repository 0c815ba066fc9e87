"""Feeds a reader damaged files, in a process of its own so that a crash is seen, and with bounds to memory and time.

Every input follows from the seed, the target's name and its number, so that whatever is found can be made again.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.fuzz.targets import TARGETS
from tests.peak_memory import peak_bytes
from tokendance_core.errors import TokenDanceError

ROOT = Path(__file__).resolve().parents[2]
ADDRESS_SPACE = 6 << 30
MOST_MEMORY = 800_000_000
"""Bytes that reading one small file may take."""

MOST_SECONDS = 10
"""For one file."""


def run(name: str, *, seed: int, seconds: float, count: int = 1_000_000) -> tuple[int, list[str]]:
    """How many damaged files were read, and what was wrong: a line for each finding, which begins with its number."""
    found: list[str] = []
    left, first = seconds, 0
    with tempfile.TemporaryDirectory(prefix="tokendance-fuzz-") as folder:
        while first < count and left > 0:
            since = time.monotonic()
            asked = [name, str(seed), str(first), str(count), f"{left:.1f}", folder]
            child = subprocess.run(
                [sys.executable, "-m", "tests.fuzz.campaign", *asked],
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                check=False,
            )
            found += child.stdout.splitlines()
            reached = Path(folder, "reached")
            last = int(reached.read_text()) if reached.exists() else -1
            if child.returncode == 0 or last < first:
                found += [] if child.returncode == 0 else [f"{first}: {child.stderr.strip()[-2000:]}"]
                return last + 1, found
            why = "took too long" if child.returncode == -signal.SIGALRM else f"ended with {child.returncode}"
            left -= time.monotonic() - since
            found.append(f"{last}: {why} {child.stderr.strip()[-300:]}")
            first = last + 1
    return first, found


def damaged(name: str, seed: int, number: int, seeds: list[bytes]) -> bytes:
    """The damaged file ``number``."""
    rng = Random(f"{seed} {name} {number}")
    return TARGETS[name].mutate(rng.choice(seeds), rng)


def problem_of(use: Callable[[Path], object], path: Path) -> str:
    """What is wrong with how a file is taken; empty when it is read, or refused in a sentence with a hint."""
    try:
        use(path)
    except TokenDanceError as error:
        text = str(error)
        if isinstance(error.__cause__, MemoryError):
            return f"memory ran out: {text}"
        is_sentence = len(text.splitlines()) == 1 and text[-1:] in (".", "!", "?")
        return "" if is_sentence and error.hint else f"no sentence with a hint: {text!r} {error.hint!r}"
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {str(error)[:200]}"
    return ""


def _child(name: str, seed: int, first: int, count: int, seconds: float, folder: Path) -> None:
    target = TARGETS[name]
    warnings.simplefilter("ignore")
    made = folder / "seeds"
    made.mkdir(exist_ok=True)
    seeds = target.seeds(made)
    for number, whole in enumerate(seeds):
        (sound := folder / f"sound{number}{target.suffix}").write_bytes(whole)
        target.use(sound)  # what is not damaged is read; now all is imported as well
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    memory, end = peak_bytes(), time.monotonic() + seconds
    path = folder / f"damaged{target.suffix}"
    for number in range(first, count):
        if time.monotonic() > end and number > first:
            break
        (folder / "reached").write_text(str(number))
        path.write_bytes(damaged(name, seed, number, seeds))
        signal.alarm(MOST_SECONDS)
        problem = problem_of(target.use, path)
        signal.alarm(0)
        grown = peak_bytes() - memory
        if grown > MOST_MEMORY:
            problem, memory = problem or f"took {grown / 1e6:.0f} MB", peak_bytes()
        if problem:
            print(f"{number}: {json.dumps(problem)}", flush=True)


if __name__ == "__main__":
    _name, _seed, _first, _count, _seconds, _folder = sys.argv[1:]
    _child(_name, int(_seed), int(_first), int(_count), float(_seconds), Path(_folder))
