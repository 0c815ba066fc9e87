"""Section "structure": does the dance follow the loud and quiet parts of its own song?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.evaluate import gates
from tokendance_core.evaluate.metrics import structure as phrases
from tokendance_core.evaluate.metrics.statistics import Estimate, interval, paired_p
from tokendance_core.evaluate.results import Gate, Row, Section, Table
from tokendance_core.evaluate.study.material import COMPOSED, MODEL, SHUFFLED, Dances, Material
from tokendance_core.motion.speed import joint_speed
from tokendance_core.music import features
from tokendance_core.types import FPS

OTHERS = 8
"""Other songs that a dance is compared with."""

UNTOLD = "model, energy not told"
WRONG_SONG = "model, the dance to another song"

LOUDNESS, ONSETS = "loudness", "onset strength"

GAIN_TOLD, GAIN_UNTOLD = 0.2, 0.1
"""Correlation above that with other songs that the gates ask for: with the loudness that is told, and with the onsets
of a song of which nothing is told.
"""

_NOTE = (
    "Spearman correlation over phrases of 16 beats. Loudness: the mean of the mel bands in decibels. Gain: own song "
    "less other songs, the mean over songs with its interval; effect: the same in standard deviations over songs. "
    "Loudness and onsets are turned into the energy that the network is told, so that only the row in which it is "
    "not told shows what it hears in the music by itself. Of real dance none came with its music: there is no row "
    "for it. A song of a minute has eight phrases, so a few songs say little."
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
    curves = {LOUDNESS: _curves(material, features.LOUDNESS), ONSETS: _curves(material, features.ONSET)}
    beats = [song.beats for song in material.songs]
    whole = _speeds(material.whole)
    kinds = {MODEL: whole, UNTOLD: _speeds(material.untold), WRONG_SONG: [*whole[1:], *whole[:1]]}
    kinds |= {
        f"{kind}, {material.settings.seconds:g} s": _speeds(material.dances[kind][0]) for kind in (COMPOSED, SHUFFLED)
    }
    found = {
        what: {kind: _correlation(speeds, songs, beats) for kind, speeds in kinds.items()}
        for what, songs in curves.items()
    }
    songs = {
        song.name: SongCorrelation(
            _shared(speed, curves[LOUDNESS][i], beats[i]), _shared(speed, curves[ONSETS][i], beats[i]), len(speed) / FPS
        )
        for i, (song, speed) in enumerate(zip(material.songs, whole, strict=True))
    }
    tables: dict[str, Table] = {f"Rank correlation of joint speed with {what}": rows for what, rows in found.items()}
    return Section(_NOTE, tables | {f"{MODEL}, song by song": songs}, _gates(found))


def _gates(found: Mapping[str, Mapping[str, Correlation]]) -> list[Gate]:
    theme, told, untold = "5 structure", found[LOUDNESS][MODEL], found[ONSETS][UNTOLD]
    return [
        gates.at_least(theme, f"{LOUDNESS}, gain over other songs", told.gain.mean, GAIN_TOLD),
        gates.at_least(theme, f"{ONSETS}, energy not told, gain over other songs", untold.gain.mean, GAIN_UNTOLD),
    ]


def _curves(material: Material, column: int) -> list[np.ndarray]:
    """One column of each song's features, (T,) at 30 fps, as far as it is danced."""
    return [
        song.features.values[: clip.frames, column] for song, clip in zip(material.songs, material.whole, strict=True)
    ]


def _speeds(clips: Dances) -> list[np.ndarray]:
    """Joint speed of each dance, (T,) m/s at 30 fps."""
    return [joint_speed(clip) for clip in clips]


def _correlation(
    speeds: Sequence[np.ndarray], curves: Sequence[np.ndarray], beats: Sequence[np.ndarray]
) -> Correlation:
    """One row from a dance to each song, the songs' curves and their beats."""
    count = len(speeds)
    own = [_shared(speed, curve, times) for speed, curve, times in zip(speeds, curves, beats, strict=True)]
    others = []
    for i, speed in enumerate(speeds):
        following = [(i + j) % count for j in range(1, min(count, OTHERS + 1))]
        others.append(float(np.mean([_shared(speed, curves[k], beats[k]) for k in following])))
    gain = np.subtract(own, others)
    return Correlation(
        own_song=interval(own),
        other_songs=interval(others),
        gain=interval(gain),
        effect=float(gain.mean() / gain.std(ddof=1)) if np.ptp(gain) > 0 else math.nan,
        p_own_over_other=paired_p(own, others),
    )


def _shared(speed: np.ndarray, curve: np.ndarray, beats: np.ndarray) -> float:
    """The correlation over the time that dance and song share."""
    end = min(len(speed), len(curve)) / FPS
    return phrases.energy_correlation(speed, curve, beats[beats < end])
