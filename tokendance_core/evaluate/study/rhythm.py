"""Section "rhythm": does the dance follow the beats of its own song?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tokendance_core.evaluate.metrics import beats
from tokendance_core.evaluate.metrics.statistics import Estimate, over_songs_and_seeds, paired_p
from tokendance_core.evaluate.results import Gate, Row, Section, Table
from tokendance_core.evaluate.study import gates
from tokendance_core.evaluate.study.material import COMPOSED, MODEL, Material
from tokendance_core.motion.speed import joint_speed, motion_beats
from tokendance_core.types import FPS, MotionClip

Score = Callable[[np.ndarray, np.ndarray], float]
"""(music beats, dance beats) in seconds -> alignment."""

PARTS = 8
"""Parts of a beat that are told apart where the dance settles."""

SPREAD = 16
"""Moments of a frame over which a motion beat is spread."""

MANY_SONGS = 20
"""Songs that the gates ask for."""

_NOTE = (
    "Mean of exp(-d² / 2 (0.1 s)²), where d is the distance of each beat from the nearest one of the other side. "
    "Intervals over songs, ± over seeds, p of a one-sided paired Wilcoxon test over songs (seeds averaged). More "
    "motion beats raise the music-to-dance score whether they fit or not: read it beside random phases and the motion "
    "beats per second."
)


@dataclass(frozen=True, eq=False)
class Moves:
    """A dance as its beats, found once and scored against many songs: ``beats`` (B,) seconds, ``density`` motion beats
    a second, ``speed`` mean joint speed in m/s.
    """

    beats: np.ndarray
    seconds: float
    density: float
    speed: float

    @classmethod
    def of(cls, clip: MotionClip) -> Moves:
        found = motion_beats(clip)
        return cls(found, clip.seconds, len(found) / clip.seconds, float(joint_speed(clip).mean()))


@dataclass(frozen=True)
class Alignment(Row):
    """Beat alignment of dances with their own songs, beside what they have to exceed."""

    own_song: Estimate
    other_songs: Estimate
    random_phase: Estimate
    p_own_over_other: float
    p_own_over_phase: float


@dataclass(frozen=True)
class Amount(Row):
    """How much a kind of dance moves."""

    motion_beats_per_second: Estimate
    joint_speed_m_s: Estimate


@dataclass(frozen=True)
class Rhythm:
    """What the section found, by kind of dance; ``settling``: see ``settling``; ``songs``: how many were compared."""

    music_to_dance: Mapping[str, Alignment]
    dance_to_music: Mapping[str, Alignment]
    settling: Mapping[str, Mapping[str, float]]
    amount: Mapping[str, Amount]
    songs: int

    @property
    def section(self) -> Section:
        tables: dict[str, Table] = {
            "Beat alignment, music to dance": self.music_to_dance,
            "Beat alignment, dance to music": self.dance_to_music,
            "Where within a beat the dance settles": self.settling,
            "Amount of movement": self.amount,
        }
        return Section(_NOTE, tables, self._gates())

    def _gates(self) -> list[Gate]:
        theme, row = "2 rhythm", self.music_to_dance[MODEL]
        density = {kind: amount.motion_beats_per_second.mean for kind, amount in self.amount.items()}
        return [
            gates.at_least(theme, "songs compared", self.songs, MANY_SONGS),
            gates.at_most(theme, "p, own song over other songs", row.p_own_over_other, 0.01),
            gates.at_most(theme, "p, own song over random phases", row.p_own_over_phase, 0.01),
            gates.near(theme, "motion beats per second", density[MODEL], density[COMPOSED], 0.25, COMPOSED),
        ]


def rhythm(material: Material) -> Rhythm:
    """Beat alignment of every kind of dance with its own song, the other songs and its own at random phases, in both
    directions.
    """
    songs = [song.beats for song in material.songs]
    found = {kind: [[Moves.of(clip) for clip in seed] for seed in seeds] for kind, seeds in material.dances.items()}
    return Rhythm(
        {kind: alignment(seeds, songs, beats.beat_alignment) for kind, seeds in found.items()},
        {kind: alignment(seeds, songs, beats.beat_alignment_dance_to_music) for kind, seeds in found.items()},
        {kind: settling(seeds, songs) for kind, seeds in found.items()},
        {kind: _amount(seeds) for kind, seeds in found.items()},
        len(songs),
    )


def alignment(seeds: Sequence[Sequence[Moves]], songs: Sequence[np.ndarray], score: Score) -> Alignment:
    """One row from dances by seed and song, and the beats (B,) in seconds of each song."""

    def over_dances(figure: Callable[[Moves, int], float]) -> np.ndarray:
        """(seeds, songs) of a figure of each dance and the number of its song."""
        return np.array([[figure(moves, i) for i, moves in enumerate(seed)] for seed in seeds])

    def with_others(moves: Moves, own: int) -> float:
        return float(np.mean([_shared(moves, song, score) for i, song in enumerate(songs) if i != own]))

    own = over_dances(lambda moves, i: _shared(moves, songs[i], score))
    others = over_dances(with_others)
    phase = over_dances(
        lambda moves, i: beats.over_random_phases(lambda shifted: _shared(moves, shifted, score), songs[i])
    )
    return Alignment(
        own_song=over_songs_and_seeds(own),
        other_songs=over_songs_and_seeds(others),
        random_phase=over_songs_and_seeds(phase),
        p_own_over_other=paired_p(own.mean(0), others.mean(0)),
        p_own_over_phase=paired_p(own.mean(0), phase.mean(0)),
    )


def _shared(moves: Moves, song: np.ndarray, score: Score) -> float:
    """The score over the time that dance and song share."""
    end = min(moves.seconds, song[-1] + float(np.median(np.diff(song))))
    return score(song[song < end], moves.beats[moves.beats < end])


def settling(seeds: Sequence[Sequence[Moves]], songs: Sequence[np.ndarray]) -> dict[str, float]:
    """Part of the beat -> how many motion beats fall there, relative to an even spread."""
    parts = [_parts_of_beat(moves, song) for seed in seeds for moves, song in zip(seed, songs, strict=True)]
    shifted = (np.concatenate([np.zeros(0), *parts]) + 0.5 / PARTS) % 1
    share = np.histogram(shifted, PARTS, (0, 1))[0] * PARTS / max(len(shifted), 1)
    return {f"{i / PARTS:.3g}": float(value) for i, value in enumerate(share)}


def _parts_of_beat(moves: Moves, song: np.ndarray) -> np.ndarray:
    """(N,) 0 to 1 for each motion beat between two beats of the song."""
    # Both kinds of beats lie on frames: unless each is spread over its frame, some parts of a beat hold more frames
    # than others.
    times = np.add.outer(moves.beats, (np.arange(SPREAD) + 0.5) / SPREAD / FPS - 0.5 / FPS).ravel()
    inside = times[(times >= song[0]) & (times < song[-1])]
    return np.interp(inside, song, np.arange(len(song))) % 1


def _amount(seeds: Sequence[Sequence[Moves]]) -> Amount:
    return Amount(
        motion_beats_per_second=over_songs_and_seeds(np.array([[moves.density for moves in seed] for seed in seeds])),
        joint_speed_m_s=over_songs_and_seeds(np.array([[moves.speed for moves in seed] for seed in seeds])),
    )
