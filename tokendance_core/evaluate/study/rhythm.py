"""Sections "rhythm" and "structure": does the dance follow its own song, its beats and its loud and quiet parts?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tokendance_core.evaluate.metrics import beats, structure
from tokendance_core.evaluate.metrics.statistics import over_songs_and_seeds, paired_p
from tokendance_core.evaluate.study import gates
from tokendance_core.evaluate.study.material import COMPOSED, MODEL, SHUFFLED, Dances, Material
from tokendance_core.motion.speed import joint_speed, motion_beats
from tokendance_core.music import features
from tokendance_core.types import FPS, MotionClip

Alignment = Callable[[np.ndarray, np.ndarray], float]
"""(music beats, dance beats) in seconds -> score."""

DIRECTIONS: dict[str, Alignment] = {
    "music to dance": beats.beat_alignment,
    "dance to music": beats.beat_alignment_dance_to_music,
}

SETTLING = "Where within a beat the dance settles"
PARTS = 8
"""Parts of a beat that are told apart there."""

SPREAD = 16
"""Moments of a frame over which a motion beat is spread."""

OTHERS = 8
"""Other songs that the course of a dance is compared with."""

MANY_SONGS = 20
"""Songs that the rhythm gates ask for."""


_RHYTHM_NOTE = (
    "Mean of exp(-d² / 2 (0.1 s)²), d from each beat to the nearest of the other side. Intervals over songs, ± over "
    "seeds, p of a "
    "one-sided paired Wilcoxon test over songs (seeds averaged). More motion beats raise the music-to-dance score "
    "whether they "
    "fit or not: read it beside random phases and the motion beats per second."
)


def rhythm(material: Material) -> dict[str, object]:
    """Beat alignment of every kind of dance with its own song, the other songs and its own at random phases, in both
    directions.
    """
    songs = [song.beats for song in material.songs]
    found = {kind: [[_Moves(clip) for clip in seed] for seed in seeds] for kind, seeds in material.dances.items()}
    tables: dict[str, dict] = {}
    for direction, alignment in DIRECTIONS.items():
        tables[f"Beat alignment, {direction}"] = {
            kind: alignment_row(seeds, songs, alignment) for kind, seeds in found.items()
        }
    tables[SETTLING] = {kind: _settling_row(seeds, songs) for kind, seeds in found.items()}
    tables["Amount of movement"] = {kind: _amount_row(seeds) for kind, seeds in found.items()}
    return {
        "note": _RHYTHM_NOTE,
        "tables": tables,
        "gates": _rhythm_gates(tables, len(songs)),
    }


class _Moves:
    """A dance as its beats, found once: scored against many songs."""

    def __init__(self, clip: MotionClip) -> None:
        self.beats, self.seconds = motion_beats(clip), clip.seconds
        self.density, self.speed = len(self.beats) / clip.seconds, float(joint_speed(clip).mean())


def alignment_row(seeds: list[list[_Moves]], songs: Sequence[np.ndarray], alignment: Alignment) -> dict[str, object]:
    """One row from dances by seed and song, and the beats (B,) in seconds of each song."""
    own = np.array(
        [[_score(moves, song, alignment) for moves, song in zip(seed, songs, strict=True)] for seed in seeds]
    )
    phase = np.array(
        [[_at_random_phase(moves, song, alignment) for moves, song in zip(seed, songs, strict=True)] for seed in seeds]
    )
    others = np.array(
        [
            [
                np.mean([_score(moves, song, alignment) for j, song in enumerate(songs) if j != i])
                for i, moves in enumerate(seed)
            ]
            for seed in seeds
        ]
    )
    return {
        "own_song": over_songs_and_seeds(own),
        "other_songs": over_songs_and_seeds(others),
        "random_phase": over_songs_and_seeds(phase),
        "p_own_over_other": paired_p(own.mean(0), others.mean(0)),
        "p_own_over_phase": paired_p(own.mean(0), phase.mean(0)),
    }


def _score(moves: _Moves, song: np.ndarray, alignment: Alignment) -> float:
    """Over the time that dance and song share."""
    end = min(moves.seconds, song[-1] + float(np.median(np.diff(song))))
    return alignment(song[song < end], moves.beats[moves.beats < end])


def _at_random_phase(moves: _Moves, song: np.ndarray, alignment: Alignment) -> float:
    return beats.over_random_phases(lambda shifted: _score(moves, shifted, alignment), song)


def _settling_row(seeds: list[list[_Moves]], songs: Sequence[np.ndarray]) -> dict[str, float]:
    """Part of the beat -> how many motion beats fall there, over what an even spread would give."""
    parts = np.concatenate(
        [np.zeros(0), *(_parts_of_beat(moves, song) for seed in seeds for moves, song in zip(seed, songs, strict=True))]
    )
    share = np.histogram((parts + 0.5 / PARTS) % 1, PARTS, (0, 1))[0] * PARTS / max(len(parts), 1)
    return {f"{i / PARTS:.3g}": float(value) for i, value in enumerate(share)}


def _parts_of_beat(moves: _Moves, song: np.ndarray) -> np.ndarray:
    """(N,) 0 to 1 for each motion beat between two beats of the song."""
    # Both kinds of beats lie on frames: unless each is spread over its frame, some parts of a beat hold more frames
    # than others.
    times = np.add.outer(moves.beats, (np.arange(SPREAD) + 0.5) / SPREAD / FPS - 0.5 / FPS).ravel()
    inside = times[(times >= song[0]) & (times < song[-1])]
    return np.interp(inside, song, np.arange(len(song))) % 1


def _amount_row(seeds: list[list[_Moves]]) -> dict[str, object]:
    return {
        "motion_beats_per_second": over_songs_and_seeds(
            np.array([[moves.density for moves in seed] for seed in seeds])
        ),
        "joint_speed_m_s": over_songs_and_seeds(np.array([[moves.speed for moves in seed] for seed in seeds])),
    }


def _rhythm_gates(tables: dict[str, dict], songs: int) -> list[gates.Gate]:
    theme = "2 rhythm"
    row = tables["Beat alignment, music to dance"][MODEL]
    density = {kind: row["motion_beats_per_second"]["mean"] for kind, row in tables["Amount of movement"].items()}
    return [
        gates.at_least(theme, "songs compared", songs, MANY_SONGS),
        gates.at_most(theme, "p, own song over other songs", row["p_own_over_other"], 0.01),
        gates.at_most(theme, "p, own song over random phases", row["p_own_over_phase"], 0.01),
        gates.near(theme, "motion beats per second", density[MODEL], density[COMPOSED], 0.25, "composed ground truth"),
    ]


# --- structure --------------------------------------------------------------------------------------------------------


_STRUCTURE_NOTE = (
    "Spearman correlation over phrases of 16 beats. Loudness: the mean of the mel bands in decibels. Control: the same "
    "dance "
    "against other songs. p: one-sided paired Wilcoxon test over songs. A song of a minute has eight phrases, a few "
    "songs say "
    "little."
)


def structure_of(material: Material) -> dict[str, object]:
    """Energy of the dance against loudness and onset strength of its song, by phrases of four bars."""
    frames = [clip.frames for clip in material.whole]
    heard = {
        "loudness": [
            song.features.values[:n, features.LOUDNESS] for song, n in zip(material.songs, frames, strict=True)
        ],
        "onset strength": [
            song.features.values[:n, features.ONSET] for song, n in zip(material.songs, frames, strict=True)
        ],
    }
    kinds = {MODEL: material.whole} | {
        f"{kind}, {material.settings.seconds:g} s": material.dances[kind][0] for kind in (COMPOSED, SHUFFLED)
    }
    tables = {
        f"Rank correlation of joint speed with {name}": {
            kind: _structure_row(clips, values, material) for kind, clips in kinds.items()
        }
        for name, values in heard.items()
    }
    songs = {
        song.name: {f"with_{name.replace(' ', '_')}": _correlation(clip, heard[name][i], song.beats) for name in heard}
        | {"seconds": clip.seconds}
        for i, (song, clip) in enumerate(zip(material.songs, material.whole, strict=True))
    }
    theme, row = "5 structure", next(iter(tables.values()))[MODEL]
    own, other = row["own_song"]["mean"], row["other_songs"]["mean"]
    return {
        "note": _STRUCTURE_NOTE,
        "tables": tables | {f"{MODEL}, song by song": songs},
        "gates": [
            gates.at_least(theme, "rank correlation of energy with loudness", own, other, "other songs"),
            gates.at_most(theme, "p, own song over other songs", row["p_own_over_other"], 0.01),
        ],
    }


def _structure_row(clips: Dances, values: list[np.ndarray], material: Material) -> dict[str, object]:
    beats_of = [song.beats for song in material.songs]
    own = [_correlation(clip, heard, times) for clip, heard, times in zip(clips, values, beats_of, strict=True)]
    count = len(clips)
    others = [
        float(
            np.mean(
                [
                    _correlation(clip, values[(i + j) % count], beats_of[(i + j) % count])
                    for j in range(1, min(count, OTHERS + 1))
                ]
            )
        )
        for i, clip in enumerate(clips)
    ]
    return {
        "own_song": over_songs_and_seeds(np.array(own)),
        "other_songs": over_songs_and_seeds(np.array(others)),
        "p_own_over_other": paired_p(own, others),
    }


def _correlation(clip: MotionClip, heard: np.ndarray, times: np.ndarray) -> float:
    """Over the time that dance and song share."""
    end = min(clip.frames, len(heard)) / FPS
    return structure.energy_correlation(clip, heard, times[times < end])
