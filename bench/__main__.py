"""``python -m bench``: measure every stage for songs of 30 s, 3 min and 10 min, print tables, write out/bench.json."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile
import torch

ROOT = Path(__file__).resolve().parent.parent
SONG = ROOT / "examples" / "happy_lofi_day.ogg"
FOLDER = ROOT / "out" / "bench"
SECONDS = {"30 s": 30, "3 min": 180, "10 min": 600}
REPEATS = {"30 s": 5, "3 min": 5, "10 min": 3}


def looped_song(name: str, seconds: int) -> Path:
    """The example song, repeated to ``seconds``, as FLAC."""
    samples, rate = soundfile.read(SONG, dtype="float32")
    path = FOLDER / f"{name.replace(' ', '_')}.flac"
    soundfile.write(path, np.resize(samples, seconds * rate), rate)
    return path


def child(module: str, *words: object) -> dict:
    """What a measuring process prints."""
    process = subprocess.run(
        [sys.executable, "-m", module, *map(str, words)], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(process.stdout.splitlines()[-1])


def growth(seconds: list[float]) -> float:
    """Exponent e of time = c * length^e, fitted over the songs."""
    return float(np.polyfit(np.log(list(SECONDS.values())), np.log(seconds), 1)[0])


def table(title: str, heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [[title, *heads], ["---", *["---:"] * len(heads)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def stage_table(songs: dict[str, dict], kind: str) -> str:
    stages = list(next(iter(songs.values()))[kind])
    totals = {
        name: sum(seconds for stage, seconds in song[kind].items() if stage != "generator, 1 step")
        for name, song in songs.items()
    }
    rows = []
    for stage in [*stages, "together, 8 steps"]:
        seconds = [song[kind].get(stage, totals[name]) for name, song in songs.items()]
        rows.append(
            [stage, *(f"{value:.3f}" for value in seconds), f"{growth(seconds):.2f}" if min(seconds) > 0 else "–"]
        )
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


def main() -> None:
    """Measure, print, write."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    machine = {
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    songs = {}
    for name, seconds in SECONDS.items():
        print(f"measuring {name} …", file=sys.stderr)
        songs[name] = child("bench.stages", looped_song(name, seconds), FOLDER, REPEATS[name])
        clip = FOLDER / f"{name.replace(' ', '_')}.npz"
        songs[name]["warm"] |= child("bench.keys", clip, REPEATS[name])
    print("measuring scan and generator …", file=sys.stderr)
    networks = child("bench.networks")
    print(", ".join(f"{key} {value}" for key, value in machine.items()) + "\n")
    print(*(stage_table(songs, kind) for kind in ("cold", "warm")), ratio_table(networks), sep="\n")
    (ROOT / "out" / "bench.json").write_text(
        json.dumps({"machine": machine, "songs": songs, "networks": networks}, indent=2)
    )


if __name__ == "__main__":
    main()
