"""``listen``: length, tempo and beats of a song."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tokendance_core.commands.reports import Heard, Report, report_for
from tokendance_core.commands.weights import Load, load_once


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("song", type=Path, help="wav, flac, ogg or mp3; m4a and others where ffmpeg is installed")
    add("--json", action="store_true", help="JSON lines on standard output")


def run(args: argparse.Namespace) -> int:
    """The command: see ``work``."""
    return work(args, report_for(args.json), load_once)


def work(args: argparse.Namespace, report: Report, load: Load) -> int:
    """Report what is heard in the song; the network is not asked. Raises AudioError."""
    from tokendance_core.music import audio, features

    report.progress("load", 0.0)
    music = audio.load(args.song)
    report.progress("features", 0.3)
    heard = features.extract(music)
    beats = features.beat_times(heard)
    report.heard(
        Heard(str(args.song), round(music.seconds, 3), round(tempo(beats), 2), tuple(np.round(beats, 4).tolist()))
    )
    return 0


def tempo(beats: np.ndarray) -> float:
    """Beats a minute between (N,) seconds of beats; 0 where there are fewer than two."""
    return 60.0 / float(np.median(np.diff(beats))) if len(beats) > 1 else 0.0
