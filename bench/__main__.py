"""``python -m bench``: measure every stage for songs of 30 s, 3 min and 10 min, print tables, write out/bench.json.

``--small`` takes one song of four seconds, once: it shows within a quarter of a minute that everything can be measured,
but its figures say little.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import soundfile

from bench.engines import ENGINES

ROOT = Path(__file__).resolve().parent.parent
SONG = ROOT / "examples" / "happy_lofi_day.ogg"


@dataclass(frozen=True)
class Length:
    """A song of so many seconds, measured so many times."""

    seconds: int
    repeats: int


FULL = {"30 s": Length(30, 5), "3 min": Length(180, 5), "10 min": Length(600, 3)}
SMALL = {"4 s": Length(4, 1)}


def looped_song(path: Path, seconds: int) -> None:
    """Write the example song, repeated to ``seconds``, to ``path``."""
    samples, rate = soundfile.read(SONG, dtype="float32")
    soundfile.write(path, np.resize(samples, seconds * rate), rate)


def child(module: str, *words: object) -> dict:
    """What a measuring process prints."""
    process = subprocess.run(
        [sys.executable, "-m", module, *map(str, words)], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(process.stdout.splitlines()[-1])


def growth(lengths: list[int], seconds: list[float]) -> str:
    """Exponent e of time = c * length^e, fitted over the songs; a dash where there is nothing to fit."""
    if len(lengths) < 2 or min(seconds) <= 0:
        return "–"
    return f"{np.polyfit(np.log(lengths), np.log(seconds), 1)[0]:.2f}"


def table(title: str, heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [[title, *heads], ["---", *["---:"] * len(heads)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def stage_table(songs: dict[str, dict], lengths: list[int], kind: str) -> str:
    """Seconds of every stage, a column for each song; ``kind`` is cold or warm."""
    stages = list(next(iter(songs.values()))[kind])
    totals = {
        name: sum(seconds for stage, seconds in song[kind].items() if stage != "generator, 1 step")
        for name, song in songs.items()
    }
    rows = []
    for stage in [*stages, "together, 8 steps"]:
        seconds = [song[kind].get(stage, totals[name]) for name, song in songs.items()]
        rows.append([stage, *(f"{value:.3f}" for value in seconds), growth(lengths, seconds)])
    if kind == "cold":
        rows.append(["peak memory, MB", *(f"{song['peak_megabytes'] or 0:.0f}" for song in songs.values()), "–"])
    return table(f"{kind}, seconds", [*songs, "growth"], rows)


# title -> kind, what is compared, ours
RATIOS = {
    "recurrence / chunked scan": ("scan", "recurrence", "chunked"),
    "Transformer / generator": ("network", "transformer", "generator"),
}


def ratio_table(networks: dict[str, dict]) -> str:
    rows = [
        [title, *(f"{times[kind][other] / times[kind][ours]:.2f}" for times in networks.values())]
        for title, (kind, other, ours) in RATIOS.items()
    ]
    return table("time, ratio (above 1: ours is faster)", list(networks), rows)


def engine_table(songs: dict[str, dict]) -> str:
    """The whole of a dance, both engines: from the start of Python, warm, and beside busy programs."""
    lines: dict[str, list[str]] = {}
    for column, found in enumerate(songs.values()):
        figures = {
            f"{engine}: {label}": found["own_process"][engine][figure]
            for engine in ENGINES
            for figure, label in _ONCE.items()
        }
        for around, label in _AROUND.items():
            for threads, seconds in found.get(around, {}).items():
                figures |= {f"{engine}, {threads}{label}, s": seconds[engine] for engine in ENGINES}
                figures[f"numpy / torch, {threads}{label}"] = seconds["ratio"]
        figures["frames that differ, %"] = found["alone"]["1 thread"]["frames_apart_percent"]
        for name, figure in figures.items():
            lines.setdefault(name, ["–"] * len(songs))[column] = f"{figure:.2f}"
    return table("engines on the processor", list(songs), [[name, *cells] for name, cells in lines.items()])


_ONCE = {
    "ready": "Python, packages, song and weights, s",
    "first_dance": "the same and the first dance, s",
    "peak_megabytes": "peak memory, MB",
}
_AROUND = {"alone": "", "busy": " beside busy programs"}
_BUSY_UP_TO = 180
"""Seconds of a song that is danced to beside busy programs as well: a longer one would take minutes."""


def measure(lengths: dict[str, Length], folder: Path) -> dict[str, dict]:
    """Every song's stages, in processes of their own; songs and dances are left in ``folder``."""
    songs = {}
    for name, length in lengths.items():
        print(f"measuring {name} …", file=sys.stderr)
        song = folder / f"{name.replace(' ', '_')}.flac"
        looped_song(song, length.seconds)
        songs[name] = child("bench.stages", song, folder, length.repeats)
        songs[name]["warm"] |= child("bench.keys", song.with_suffix(".npz"), length.repeats)
        busy = "busy" if length.seconds <= _BUSY_UP_TO else ""
        songs[name]["engines"] = child("bench.engines", song, length.repeats, busy)
    return songs


def parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Time and memory of every stage.")
    parser.add_argument("--out", type=Path, default=ROOT / "out", help="folder for bench.json (default: out)")
    parser.add_argument("--small", action="store_true", help="one short song, once: figures that say little")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Measure, print, write."""
    arguments = parse(argv)
    lengths = SMALL if arguments.small else FULL
    folder = arguments.out.resolve() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    machine = {
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{package: version(package) for package in ("numpy", "torch")},
    }
    songs = measure(lengths, folder)
    print("measuring scan and generator …", file=sys.stderr)
    seconds = [length.seconds for length in lengths.values()]
    measured = child("bench.networks", 1 if arguments.small else 5, *seconds)
    networks = dict(zip(lengths, measured, strict=True))
    print(", ".join(f"{key} {value}" for key, value in machine.items()) + "\n")
    if arguments.small:
        print("Small sizes: these figures say little about speed.\n")
    tables = [stage_table(songs, seconds, kind) for kind in ("cold", "warm")]
    tables.append(engine_table({name: song["engines"] for name, song in songs.items()}))
    print(*tables, ratio_table(networks), sep="\n")
    found = {"machine": machine, "songs": songs, "networks": networks}
    (arguments.out / "bench.json").write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
