"""``listen``: length, tempo, beats and form of a song, and the genre that suits it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from tokendance_core.commands.answers import ReturnFacts, SectionFacts, SongFacts
from tokendance_core.commands.reports import Report, report_for
from tokendance_core.commands.requests import ListenRequest
from tokendance_core.commands.weights import Load, load_once
from tokendance_core.music.rhythm.settings import BeatSettings
from tokendance_core.options import add_arguments as add_options
from tokendance_core.options import from_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("song", type=Path, help="wav, flac, ogg or mp3; m4a and others where ffmpeg is installed")
    add_options(parser, BeatSettings)
    add("--json", action="store_true", help="JSON lines on standard output")


def run(args: argparse.Namespace) -> int:
    """The command: see ``work``."""
    request = ListenRequest(song=str(args.song), beats=from_arguments(BeatSettings, args))
    work(request, report_for(args.json), load_once)
    return 0


def work(request: ListenRequest, report: Report, load: Load) -> None:
    """Report what is heard in the song; the network is not asked. Raises AudioError."""
    from tokendance_core.dance.genre_choice import genre_for
    from tokendance_core.music import audio, bars, features, form
    from tokendance_core.music.clock import Clock
    from tokendance_core.music.rhythm.measure import tempo, tempo_range

    report.progress("load", 0.0)
    music, warnings = audio.load_asked(
        request.song, request.samples, request.part, lambda share: report.progress("load", 0.3 * share)
    )
    report.progress("features", 0.3)
    song_features = bars.with_corrected_beats(features.extract(music), request.beats)
    beats = features.beat_times(song_features)
    report.progress("form", 0.9)
    clock = Clock.of_music(song_features, "beats", request.beats.tempo)
    heard = form.of_music(song_features, clock)
    facts = SongFacts(
        path=request.song,
        seconds=round(music.seconds, 3),
        bpm=round(tempo(beats), 2),
        bpm_range=tuple(round(bpm, 2) for bpm in tempo_range(beats)),
        beats=_rounded(beats),
        bars=_rounded(heard.bars),
        eights=_rounded(heard.eights),
        sections=tuple(
            SectionFacts(name=one.name, start=round(one.start, 4), end=round(one.end, 4)) for one in heard.sections
        ),
        returns=tuple(
            ReturnFacts(
                start=round(one.start, 4),
                end=round(one.end, 4),
                source=round(float(clock.beats[one.first - one.beats_back]), 4),
                similarity=round(one.similarity, 3),
            )
            for one in heard.returns
        ),
        genre=genre_for(song_features),
        warnings=warnings,
    )
    report.answer(facts)


def _rounded(seconds: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(float(second), 4) for second in seconds)
