"""Section "structure": does the dance follow the loud and quiet parts of its own song?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.datasets.pack import SourceSong
from tokendance_core.evaluate import gates
from tokendance_core.evaluate.metrics import structure as phrases
from tokendance_core.evaluate.metrics.statistics import Estimate, by_cluster, interval, paired_p
from tokendance_core.evaluate.results import Gate, Row, Section, Table
from tokendance_core.evaluate.study.material import COMPOSED, MODEL, SHUFFLED, Dances, Material
from tokendance_core.motion.speed import joint_speed
from tokendance_core.music import features
from tokendance_core.types import FPS

OTHERS = 8
"""Other songs that a dance is compared with."""

UNTOLD = "model, energy not told"
WRONG_SONG = "model, the dance to another song"

Heard = tuple[np.ndarray, np.ndarray]
"""A curve (T,) of a song at 30 fps, and its beats (B,) in seconds."""

LOUDNESS, ONSETS = "loudness", "onset strength"

GAIN_TOLD, GAIN_UNTOLD = 0.2, 0.1
"""Correlation above that with other songs that the gates ask for: with the loudness that is told, and with the onsets
of a song of which nothing is told.
"""

_NOTE = (
    "Songs that nothing was trained on; those of one artist count as one. Spearman correlation over phrases of 16 "
    "beats. Loudness: the mean of the mel bands in decibels. Gain: own song less other songs, the mean over artists "
    "with its interval; effect: the same in standard deviations over artists. Loudness and onsets are turned into "
    "the energy that the network is told, so that only the row in which it is not told shows what it hears in the "
    "music by itself. Of real dance none came with its music: there is no row for it. A song of a minute has eight "
    "phrases, so a few songs say little."
)


@dataclass(frozen=True)
class Correlation(Row):
    """Of dances with their own songs, beside what it has to exceed."""

    own_song: Estimate
    other_songs: Estimate
    gain: Estimate
    effect: float
    p_own_over_other: float


@dataclass(frozen=True)
class SongCorrelation(Row):
    """Of one dance with its song."""

    with_loudness: float
    with_onset_strength: float
    seconds: float


def structure(material: Material) -> Section:
    """Energy of the dance against loudness and onset strength of its song, by phrases of four bars."""
    others = {i: _others(i, material.songs) for i, song in enumerate(material.songs) if song.split != "train"}
    artists = [material.songs[i].artist or material.songs[i].name for i in others]
    curves = {LOUDNESS: _curves(material, features.LOUDNESS), ONSETS: _curves(material, features.ONSET)}
    whole = _speeds(material.whole)
    kinds = {MODEL: whole, UNTOLD: _speeds(material.untold), WRONG_SONG: {i: whole[others[i][0]] for i in others}}
    kinds |= {
        f"{kind}, {material.settings.seconds:g} s": _speeds(material.dances[kind][0]) for kind in (COMPOSED, SHUFFLED)
    }
    found = {
        what: {kind: _correlation(speeds, songs, others, artists) for kind, speeds in kinds.items()}
        for what, songs in curves.items()
    }
    songs = {
        song.name: SongCorrelation(
            _shared(whole[i], curves[LOUDNESS][i]), _shared(whole[i], curves[ONSETS][i]), len(whole[i]) / FPS
        )
        for i, song in enumerate(material.songs)
    }
    tables: dict[str, Table] = {f"Rank correlation of joint speed with {what}": rows for what, rows in found.items()}
    return Section(_NOTE, tables | {f"{MODEL}, song by song": songs}, _gates(found))


def _others(song: int, songs: Sequence[SourceSong]) -> list[int]:
    """The numbers of the next songs of other artists, of the next songs if all are by one."""
    following = [(song + j) % len(songs) for j in range(1, len(songs))]
    return ([i for i in following if songs[i].artist != songs[song].artist] or following)[:OTHERS]


def _gates(found: Mapping[str, Mapping[str, Correlation]]) -> list[Gate]:
    theme, told, untold = "5 structure", found[LOUDNESS][MODEL], found[ONSETS][UNTOLD]
    return [
        gates.at_least(theme, f"{LOUDNESS}, gain over other songs", told.gain.mean, GAIN_TOLD),
        gates.at_least(theme, f"{ONSETS}, energy not told, gain over other songs", untold.gain.mean, GAIN_UNTOLD),
    ]


def _curves(material: Material, column: int) -> list[Heard]:
    """One column of each song's features at 30 fps, as far as it is danced."""
    return [
        (song.features.values[: clip.frames, column], song.beats)
        for song, clip in zip(material.songs, material.whole, strict=True)
    ]


def _speeds(clips: Dances) -> dict[int, np.ndarray]:
    """Joint speed of each dance, (T,) m/s at 30 fps, by the song's number."""
    return {i: joint_speed(clip) for i, clip in enumerate(clips)}


def _correlation(
    speeds: Mapping[int, np.ndarray], songs: Sequence[Heard], others: Mapping[int, Sequence[int]], artists: list[str]
) -> Correlation:
    """One row from dances by the song's number; songs of one artist count as one."""
    values = [
        (_shared(speeds[i], songs[i]), np.mean([_shared(speeds[i], songs[k]) for k in compared]))
        for i, compared in others.items()
    ]
    own, other = by_cluster(np.array(values).T, artists)
    gain = own - other
    return Correlation(
        own_song=interval(own),
        other_songs=interval(other),
        gain=interval(gain),
        effect=float(gain.mean() / gain.std(ddof=1)) if np.ptp(gain) > 0 else math.nan,
        p_own_over_other=paired_p(own, other),
    )


def _shared(speed: np.ndarray, song: Heard) -> float:
    """The correlation over the time that dance and song share."""
    curve, beats = song
    end = min(len(speed), len(curve)) / FPS
    return phrases.energy_correlation(speed, curve, beats[beats < end])
