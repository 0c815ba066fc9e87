"""``listen``: length, tempo and beats of a song."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tokendance_core.commands.answers import SongFacts
from tokendance_core.commands.reports import Report, report_for
from tokendance_core.commands.requests import ListenRequest
from tokendance_core.commands.weights import Load, load_once


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("song", type=Path, help="wav, flac, ogg or mp3; m4a and others where ffmpeg is installed")
    add("--json", action="store_true", help="JSON lines on standard output")


def run(args: argparse.Namespace) -> int:
    """The command: see ``work``."""
    work(ListenRequest(song=str(args.song)), report_for(args.json), load_once)
    return 0


def work(request: ListenRequest, report: Report, load: Load) -> None:
    """Report what is heard in the song; the network is not asked. Raises AudioError."""
    from tokendance_core.music import audio, features

    report.progress("load", 0.0)
    music = audio.load(request.song)
    report.progress("features", 0.3)
    song_features = features.extract(music)
    beats = features.beat_times(song_features)
    facts = SongFacts(
        path=request.song,
        seconds=round(music.seconds, 3),
        bpm=round(tempo(beats), 2),
        beats=tuple(np.round(beats, 4).tolist()),
    )
    report.answer(facts)


def tempo(beats: np.ndarray) -> float:
    """Beats a minute between (N,) seconds of beats; 0 where there are fewer than two."""
    return 60.0 / float(np.median(np.diff(beats))) if len(beats) > 1 else 0.0
