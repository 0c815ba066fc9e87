"""Section "structure": does the dance follow the loud and quiet parts of its own song?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.evaluate.metrics import structure as phrases
from tokendance_core.evaluate.metrics.statistics import Estimate, over_songs_and_seeds, paired_p
from tokendance_core.evaluate.results import Row, Section
from tokendance_core.evaluate.study import gates
from tokendance_core.evaluate.study.material import COMPOSED, MODEL, SHUFFLED, Dances, Material
from tokendance_core.music import features
from tokendance_core.types import FPS, MotionClip

OTHERS = 8
"""Other songs that a dance is compared with."""

_NOTE = (
    "Spearman correlation over phrases of 16 beats. Loudness: the mean of the mel bands in decibels. Control: the same "
    "dance with other songs. p: one-sided paired Wilcoxon test over songs. A song of a minute has eight phrases, so a "
    "few songs say little."
)


@dataclass(frozen=True)
class Correlation(Row):
    """Of dances with their own songs, beside what it has to exceed."""

    own_song: Estimate
    other_songs: Estimate
    p_own_over_other: float


@dataclass(frozen=True)
class SongCorrelation(Row):
    """Of one dance with its song."""

    with_loudness: float
    with_onset_strength: float
    seconds: float


def structure(material: Material) -> Section:
    """Energy of the dance against loudness and onset strength of its song, by phrases of four bars."""
    loudness, onsets = _curves(material, features.LOUDNESS), _curves(material, features.ONSET)
    beats = [song.beats for song in material.songs]
    kinds = {MODEL: material.whole} | {
        f"{kind}, {material.settings.seconds:g} s": material.dances[kind][0] for kind in (COMPOSED, SHUFFLED)
    }
    with_loudness = {kind: _correlation(clips, loudness, beats) for kind, clips in kinds.items()}
    with_onsets = {kind: _correlation(clips, onsets, beats) for kind, clips in kinds.items()}
    songs = {
        song.name: SongCorrelation(
            _shared(clip, loudness[i], beats[i]), _shared(clip, onsets[i], beats[i]), clip.seconds
        )
        for i, (song, clip) in enumerate(zip(material.songs, material.whole, strict=True))
    }
    theme, row = "5 structure", with_loudness[MODEL]
    return Section(
        _NOTE,
        {
            "Rank correlation of joint speed with loudness": with_loudness,
            "Rank correlation of joint speed with onset strength": with_onsets,
            f"{MODEL}, song by song": songs,
        },
        [
            gates.at_least(
                theme,
                "rank correlation of energy with loudness",
                row.own_song.mean,
                row.other_songs.mean,
                "other songs",
            ),
            gates.at_most(theme, "p, own song over other songs", row.p_own_over_other, 0.01),
        ],
    )


def _curves(material: Material, column: int) -> list[np.ndarray]:
    """One column of each song's features, (T,) at 30 fps, as far as it is danced."""
    return [
        song.features.values[: clip.frames, column] for song, clip in zip(material.songs, material.whole, strict=True)
    ]


def _correlation(clips: Dances, curves: Sequence[np.ndarray], beats: Sequence[np.ndarray]) -> Correlation:
    """One row from a dance to each song, the songs' curves and their beats."""
    count = len(clips)
    own = [_shared(clip, curve, times) for clip, curve, times in zip(clips, curves, beats, strict=True)]
    others = []
    for i, clip in enumerate(clips):
        following = [(i + j) % count for j in range(1, min(count, OTHERS + 1))]
        others.append(float(np.mean([_shared(clip, curves[k], beats[k]) for k in following])))
    return Correlation(
        over_songs_and_seeds(np.array(own)), over_songs_and_seeds(np.array(others)), paired_p(own, others)
    )


def _shared(clip: MotionClip, curve: np.ndarray, beats: np.ndarray) -> float:
    """The correlation over the time that dance and song share."""
    end = min(clip.frames, len(curve)) / FPS
    return phrases.energy_correlation(clip, curve, beats[beats < end])
