"""Both engines on the same song: numpy, which is always there, beside torch on the processor.

``python -m bench.engines SONG REPEATS [busy]`` prints JSON. The engines take turns in one process, so that a slow
moment affects both; what can be measured only once, the start and the peak of memory, is measured in processes of
their own. ``busy``: once more beside as many processes as there are cores that never rest.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENGINES = ("numpy", "torch")
THREADS = {"1 thread": 1, "2 threads": 2}

_ONE_DANCE = """
import sys, time
began = time.perf_counter()
from tokendance_core.commands.devices import keep_large_blocks
keep_large_blocks()
from bench.stages import peak_megabytes
from tokendance_core.dance import checkpoint, pipeline
from tokendance_core.music import audio
music = audio.load(sys.argv[1])
model = checkpoint.load(engine=sys.argv[2], threads=1)
ready = time.perf_counter()
pipeline.generate(music, model)
print(ready - began, time.perf_counter() - began, peak_megabytes() or 0)
"""


def in_its_own_process(song: Path, engine: str) -> dict[str, float]:
    """From the start of Python: seconds until it is ready, and to the end of the first dance; peak of memory."""
    command = [sys.executable, "-c", _ONE_DANCE, str(song), engine]
    words = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    return dict(zip(("ready", "first_dance", "peak_megabytes"), map(float, words), strict=True))


def taking_turns(song: Path, repeats: int, threads: int) -> dict[str, object]:
    """Medians of a warm dance and of the generator's part of it, the ratio of both engines, and where they differ."""
    import numpy as np

    from tokendance_core.dance import checkpoint, pipeline
    from tokendance_core.music import audio

    music = audio.load(song)
    models = {engine: checkpoint.load(engine=engine, threads=threads) for engine in ENGINES}
    seconds: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    clips = {}
    for number in range(repeats + 1):
        for engine, model in models.items():
            began = time.perf_counter()
            clips[engine] = pipeline.generate(music, model)
            if number:
                seconds[engine].append(time.perf_counter() - began)
    ratios = [ours / theirs for ours, theirs in zip(*seconds.values(), strict=True)]
    apart = np.linalg.norm(clips["numpy"].root - clips["torch"].root, axis=-1)
    return {
        **{engine: statistics.median(values) for engine, values in seconds.items()},
        "ratio": statistics.median(ratios),
        "frames_apart_percent": 100 * float((apart > 1e-3).mean()),
    }


@contextmanager
def busy_machine() -> Iterator[None]:
    """Every core of the machine has a program of its own to run."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main(song: Path, repeats: int, busy: bool) -> dict[str, object]:
    """Everything by engine and number of threads."""
    from tokendance_core.commands.devices import keep_large_blocks

    keep_large_blocks()
    alone = {name: taking_turns(song, repeats, threads) for name, threads in THREADS.items()}
    found = {"own_process": {engine: in_its_own_process(song, engine) for engine in ENGINES}, "alone": alone}
    if busy:
        with busy_machine():
            found["busy"] = {name: taking_turns(song, 1, threads) for name, threads in THREADS.items()}
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), "busy" in sys.argv[3:])))
