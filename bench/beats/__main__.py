"""``python -m bench.beats [DATA]``: a row for every song of ``songs.py``, and for every song of the data pack in the
folder DATA, whose beats nobody knows.

F1 counts beats within 70 ms as found. “at any level” is the best F1 against the true beats, twice or half as many, or
those half a beat later: what a user can put right in one step. librosa's tracker is the control, and on real songs the
other opinion.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.__main__ import table
from bench.beats.songs import SONGS, beat_times, render
from tokendance_core.errors import AudioError
from tokendance_core.evaluate import second_tracker
from tokendance_core.evaluate.second_tracker import agreement
from tokendance_core.music import audio, features
from tokendance_core.music.rhythm.measure import tempo

NEAR_THE_END = 0.3
"""Seconds before a song's end in which a beat need not be found: its sound is cut off."""

HEADS = ["F1", "at any level", "bpm", "librosa: F1", "at any level", "bpm"]


def f1(found: np.ndarray, true: np.ndarray) -> float:
    """Share of beats (A,) and (B,) seconds that are the same."""
    return agreement(found, true).f_at_70_ms if min(len(found), len(true)) > 1 else 0.0


def levels(true: np.ndarray) -> Iterator[np.ndarray]:
    """The beats, and what may be taken for them."""
    double = np.interp(np.arange(2 * len(true) - 1) / 2, np.arange(len(true)), true)
    yield from (true, double, true[::2], true[1::2], double[1::2])


def figures(found: np.ndarray, true: np.ndarray) -> list[str]:
    """F1, F1 at any level, and the tempo that was heard."""
    return [
        f"{f1(found, true):.2f}",
        f"{max(f1(found, level) for level in levels(true)):.2f}",
        f"{tempo(found):.0f}",
    ]


def known() -> list[list[str]]:
    """A row for every song made here."""
    rows = []
    for name, song in SONGS.items():
        music, true = render(song), beat_times(song)
        true = true[true < song.seconds - NEAR_THE_END]
        found = features.beat_times(features.extract(music))
        rows.append([name, *figures(found, true), *figures(second_tracker.beats(music), true)])
    return rows


def real(data: Path) -> list[list[str]]:
    """A row for every song of the data pack that can be read here: how far both trackers agree."""
    rows = []
    for path in sorted((data / "music").glob("*.ogg")):
        try:
            music = audio.load(path)
        except AudioError as error:
            print(error.text)
            continue
        found, other = features.beat_times(features.extract(music)), second_tracker.beats(music)
        rows.append([path.stem, *figures(found, other), f"{tempo(other):.0f}"])
    return rows


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.beats", description="How well beats are found.")
    parser.add_argument("data", nargs="?", type=Path, help="folder of the data pack: its songs too")
    data = parser.parse_args().data
    second_tracker.check_installed()
    print(table("songs with known beats", HEADS, known()))
    if data:
        print(table("real songs, against librosa", ["F1", "at any level", "bpm", "librosa: bpm"], real(data)))


if __name__ == "__main__":
    main()
