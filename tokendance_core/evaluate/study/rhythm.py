"""Section "rhythm": does the dance follow the beats of its own song, as real dance follows its own?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tokendance_core.datasets.pack import SourceClip, SourceSong
from tokendance_core.evaluate import gates, second_tracker
from tokendance_core.evaluate.metrics import beats
from tokendance_core.evaluate.metrics.statistics import Estimate, over_songs_and_seeds, paired_p
from tokendance_core.evaluate.metrics.tempo_lock import tempo_lock
from tokendance_core.evaluate.results import Gate, Row, Section, Table
from tokendance_core.evaluate.second_tracker import Agreement, agreement
from tokendance_core.evaluate.study.material import (
    CLOCKED,
    COMPOSED,
    FROZEN,
    MODEL,
    RANDOM_CLIP,
    RAW,
    RECONSTRUCTED,
    WRONG_TEMPO,
    Material,
)
from tokendance_core.evaluate.timed_dances import Kind, Moves, exact_clips
from tokendance_core.types import FPS, Music

Score = Callable[[np.ndarray, np.ndarray], float]
"""(music beats, dance beats) in seconds -> alignment."""

Tracker = Callable[[Music], np.ndarray]
"""From a song to its beats (B,) in seconds."""

REAL = "real dance on its exact clock (AIST++)"
WRONG_SONG = "model, scored on a wrong song"

OWN, SECOND = "own tracker", "librosa"

PARTS = 8
"""Parts of a beat that are told apart where the dance settles."""

SPREAD = 16
"""Moments of a frame over which a motion beat is spread."""

MANY_SONGS = 15
"""Songs that nothing was trained on that the gates ask for."""

FEWEST_BEATS = 8
"""Beats that a tracker has to find in a song, or the song is left out."""

SHARES = {"lock_excess": 50.0, "deceleration_gain": 50.0, "footfall_gain": 50.0, "minima_gain": 90.0}
"""Figure of ``Timing`` -> per cent of real dance's that a release has to reach."""

LAST_RELEASE = {OWN: 0.459, SECOND: 0.461}
"""Tracker -> beat alignment, music to dance, of the weights released last (a04221ee9f68; 18 songs of 60 s, 3 seeds):
the next ones must not fall below.
"""

_PLACED = {
    COMPOSED: "clip clocks",
    CLOCKED: "clip clocks",
    RECONSTRUCTED: "clip clocks",
    WRONG_TEMPO: "nothing",
    RANDOM_CLIP: "nothing",
    FROZEN: "nothing",
}
"""Kind -> what put the dance on the beat, unless it was the network."""

_NOTE = (
    "Songs that nothing was trained on. Score: mean of exp(-d² / 2 (0.1 s)²), where d is the distance of each beat "
    "from the nearest event of the other side. Lock: in windows of 8 s, the score at the best of 12 phases above the "
    "mean of all; its excess is what the true tempo has over wrong ones (0.83 to 1.19 times), so that neither phase "
    "nor the number of events matters; of all-joint minima unless it says otherwise. Gain: the score above that at "
    "random phases. Intervals over artists (real dance: choreographies), songs of one averaged; ± over seeds; p of a "
    "one-sided paired Wilcoxon test over artists. Composed dances are placed by clip clocks, of which all "
    "but the exact ones are found from decelerations and footfalls, so that their gains by these say little; a clip "
    "whose clock nobody knows is placed at random. Real dance is on the exact grid of its own music. "
    f"Beats by {SECOND}: of a second tracker that heard the same songs."
)


@dataclass(frozen=True)
class Timing(Row):
    """How well dances keep the tempo of their song, and its beats."""

    dances: int
    placed_by: str
    lock_true: Estimate
    lock_wrong: Estimate
    lock_excess: Estimate
    deceleration_lock_excess: Estimate
    footfall_lock_excess: Estimate
    minima_gain: Estimate
    deceleration_gain: Estimate
    footfall_gain: Estimate


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
    decelerations_per_second: Estimate
    footfalls_per_second: Estimate
    joint_speed_m_s: Estimate


@dataclass(frozen=True)
class Tracked:
    """What the section found by one tracker's beats, by kind of dance; ``settling``: see ``settling``."""

    timing: Mapping[str, Timing]
    music_to_dance: Mapping[str, Alignment]
    dance_to_music: Mapping[str, Alignment]
    settling: Mapping[str, Mapping[str, float]]

    def tables(self, suffix: str) -> dict[str, Table]:
        return {
            f"Tempo lock, and gain over random phase{suffix}": self.timing,
            f"The same, % of real dance{suffix}": shares(self.timing),
            f"Beat alignment, music to dance{suffix}": self.music_to_dance,
            f"Beat alignment, dance to music{suffix}": self.dance_to_music,
            f"Where within a beat the dance settles{suffix}": self.settling,
        }


@dataclass(frozen=True)
class Rhythm:
    """What the section found by tracker; ``amount`` by kind of dance; ``agreement`` of the trackers by song."""

    trackers: Mapping[str, Tracked]
    amount: Mapping[str, Amount]
    agreement: Mapping[str, Agreement]
    songs: int

    @property
    def section(self) -> Section:
        tables: dict[str, Table] = {"Amount of movement": self.amount, "Agreement of the trackers": self.agreement}
        for name, tracked in self.trackers.items():
            tables |= tracked.tables("" if name == OWN else f", beats by {name}")
        return Section(_NOTE, tables, self._gates())

    def _gates(self) -> list[Gate]:
        theme = "2 rhythm"
        density = {kind: amount.motion_beats_per_second.mean for kind, amount in self.amount.items()}
        real = REAL if REAL in density else COMPOSED
        found = [
            gates.at_least(theme, "songs compared that nothing was trained on", self.songs, MANY_SONGS),
            gates.near(theme, "motion beats per second", density[MODEL], density[real], 0.25, real),
        ]
        for name, tracked in self.trackers.items():
            found += share_gates(name, tracked.timing)
            own = tracked.music_to_dance[MODEL].own_song.mean
            found.append(
                gates.at_least(theme, f"beat alignment by {name}", own, LAST_RELEASE[name], "weights released last")
            )
        return found


def share_gates(tracker: str, rows: Mapping[str, Timing]) -> list[Gate]:
    """What the model has to reach of real dance by a tracker's beats; nothing where there is no real dance."""
    share = shares(rows).get(MODEL, {})
    return [
        gates.at_least("2 rhythm", f"{figure.replace('_', ' ')} by {tracker}, % of real dance", share[figure], least)
        for figure, least in SHARES.items()
        if figure in share
    ]


def shares(rows: Mapping[str, Timing]) -> dict[str, dict[str, float]]:
    """The figures of ``SHARES`` in per cent of real dance's; nothing without real dance that has them."""
    if REAL not in rows:
        return {}
    real = {figure: getattr(rows[REAL], figure).mean for figure in SHARES}
    return {
        kind: {figure: 100 * getattr(row, figure).mean / value for figure, value in real.items() if value > 0}
        for kind, row in rows.items()
        if kind != REAL
    }


def rhythm(material: Material, second: Tracker = second_tracker.beats) -> Rhythm:
    """Tempo lock, gains and beat alignment of every kind of dance to the songs that were not trained on, by our own
    tracker and by a ``second`` one.
    """
    songs, seconds = material.songs, material.settings.seconds
    held_out = [i for i, song in enumerate(songs) if song.split != "train"]
    dances = {**material.dances, RAW: [material.raw]}
    moves = {kind: [{i: Moves.of(seed[i]) for i in held_out} for seed in seeds] for kind, seeds in dances.items()}
    heard = {
        OWN: [song.beats[song.beats < seconds] for song in songs],
        SECOND: [second(music) for music in material.music],
    }
    real = real_dance(material.clips)
    kinds = {
        name: {**real, **kinds_of(moves, songs, found)} for name, found in heard.items() if _is_clear(found, held_out)
    }
    return Rhythm(
        trackers={name: tracked(found, heard[name]) for name, found in kinds.items()},
        amount={kind: _amount(found) for kind, found in kinds[OWN].items()},
        agreement={
            songs[i].name: agreement(heard[OWN][i], heard[SECOND][i])
            for i in held_out
            if len(heard[SECOND][i]) >= FEWEST_BEATS
        },
        songs=len(held_out),
    )


def _is_clear(heard: Sequence[np.ndarray], held_out: Sequence[int]) -> bool:
    """Whether beats were found in two songs, one of them held out: enough to compare a dance on its own and on
    another.
    """
    clear = {i for i, found in enumerate(heard) if len(found) >= FEWEST_BEATS}
    return len(clear) > 1 and not clear.isdisjoint(held_out)


def real_dance(clips: Sequence[SourceClip]) -> dict[str, Kind]:
    """The ``exact_clips`` scored on their own clock; no kind where there are none.

    Dancers of one choreography are a cluster: their names differ in the dancer's number alone.
    """
    exact = exact_clips(clips)
    if not exact:
        return {}
    return {
        REAL: Kind(
            seeds=[[Moves.of(c.clip) for c in exact]],
            songs=[c.grid.beats(c.clip.seconds) for c in exact if c.grid],
            clusters=[re.sub(r"_d\d+_", "_", c.name) for c in exact],
            placed="its dancer",
        )
    }


def kinds_of(
    moves: Mapping[str, Sequence[Mapping[int, Moves]]], songs: Sequence[SourceSong], heard: Sequence[np.ndarray]
) -> dict[str, Kind]:
    """The dances of each kind (seeds of them by the song's number) with the beats ``heard`` in each of ``songs``, and
    the model's with those of the next song of another artist.

    Songs in which hardly a beat was heard are left out.
    """
    clear = [i for i, found in enumerate(heard) if len(found) >= FEWEST_BEATS]
    kept = [i for i in clear if i in moves[MODEL][0]]
    clusters = [songs[i].artist or songs[i].name for i in kept]
    found = {
        kind: Kind([[seed[i] for i in kept] for seed in seeds], [heard[i] for i in kept], clusters, _placed(kind))
        for kind, seeds in moves.items()
    }
    return found | {WRONG_SONG: replace(found[MODEL], songs=[heard[_another(i, clear, songs)] for i in kept])}


def _placed(kind: str) -> str:
    return _PLACED.get(kind, "the network")


def _another(song: int, clear: Sequence[int], songs: Sequence[SourceSong]) -> int:
    """The number of the next song of another artist, of the next song if all are by one."""
    following = [i for i in clear if i > song] + [i for i in clear if i < song]
    return next((i for i in following if songs[i].artist != songs[song].artist), following[0])


def tracked(kinds: Mapping[str, Kind], songs: Sequence[np.ndarray]) -> Tracked:
    """All tables by one tracker's beats, ``songs`` being those that a dance's own is compared with."""
    others = [song for song in songs if len(song) >= FEWEST_BEATS]
    return Tracked(
        {kind: timing(found) for kind, found in kinds.items()},
        {kind: alignment(found, others, beats.beat_alignment) for kind, found in kinds.items()},
        {kind: alignment(found, others, beats.beat_alignment_dance_to_music) for kind, found in kinds.items()},
        {kind: settling(found) for kind, found in kinds.items()},
    )


def timing(kind: Kind) -> Timing:
    """One row of locks and gains."""

    def excess(event: str) -> Estimate:
        return kind.estimate(lambda moves, song: tempo_lock(moves.events[event], song, moves.seconds).excess)

    def gain(event: str) -> Estimate:
        return kind.estimate(lambda moves, song: _shared(moves, song, beats.gain_over_random_phase, event))

    return Timing(
        dances=len(kind.songs) * len(kind.seeds),
        placed_by=kind.placed,
        lock_true=kind.estimate(lambda moves, song: tempo_lock(moves.beats, song, moves.seconds).true),
        lock_wrong=kind.estimate(lambda moves, song: tempo_lock(moves.beats, song, moves.seconds).wrong),
        lock_excess=excess("minima"),
        deceleration_lock_excess=excess("decelerations"),
        footfall_lock_excess=excess("footfalls"),
        minima_gain=gain("minima"),
        deceleration_gain=gain("decelerations"),
        footfall_gain=gain("footfalls"),
    )


def alignment(kind: Kind, others: Sequence[np.ndarray], score: Score) -> Alignment:
    """One row, ``others`` being the songs that are compared with, each dance's own left out."""

    def with_others(moves: Moves, own: np.ndarray) -> float:
        return float(np.mean([_shared(moves, song, score) for song in others if song is not own]))

    def at_random_phases(moves: Moves, own: np.ndarray) -> float:
        return beats.over_random_phases(lambda shifted: _shared(moves, shifted, score), own)

    own, other, phase = (
        kind.values(figure)
        for figure in (lambda moves, song: _shared(moves, song, score), with_others, at_random_phases)
    )
    return Alignment(
        own_song=over_songs_and_seeds(own),
        other_songs=over_songs_and_seeds(other),
        random_phase=over_songs_and_seeds(phase),
        p_own_over_other=paired_p(own.mean(0), other.mean(0)),
        p_own_over_phase=paired_p(own.mean(0), phase.mean(0)),
    )


def _shared(moves: Moves, song: np.ndarray, score: Score, event: str = "minima") -> float:
    """The score over the time that dance and song share."""
    end = min(moves.seconds, song[-1] + float(np.median(np.diff(song))))
    found = moves.events[event]
    return score(song[song < end], found[found < end])


def settling(kind: Kind) -> dict[str, float]:
    """Part of the beat -> how many motion beats fall there, relative to an even spread."""
    parts = [_parts_of_beat(moves, song) for seed in kind.seeds for moves, song in zip(seed, kind.songs, strict=True)]
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


def _amount(kind: Kind) -> Amount:
    def a_second(event: str) -> Estimate:
        return kind.estimate(lambda moves, song: len(moves.events[event]) / moves.seconds)

    return Amount(
        motion_beats_per_second=a_second("minima"),
        decelerations_per_second=a_second("decelerations"),
        footfalls_per_second=a_second("footfalls"),
        joint_speed_m_s=kind.estimate(lambda moves, song: moves.speed),
    )
