"""Section "life": is it as lively as real dance of its genre, new each time, and no copy?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tokendance_core.evaluate import gates
from tokendance_core.evaluate.metrics import motion, structure, windows
from tokendance_core.evaluate.metrics.statistics import Estimate, interval, ratio
from tokendance_core.evaluate.metrics.windows import WindowPool
from tokendance_core.evaluate.results import Gate, Row, Section
from tokendance_core.evaluate.study.genre import decidable
from tokendance_core.evaluate.study.material import COMPOSED, HELD_OUT, MODEL, Dances, Material
from tokendance_core.motion.kinematics import mirror
from tokendance_core.motion.speed import joint_speed
from tokendance_core.types import MotionClip

SONGS_PER_GENRE = 6
COPIED = 2.0
"""Seconds of a window that is looked for in the training data."""

COPY_SONGS = 12
"""Songs whose dances are looked for in the training data."""

NO_COPY = 1.0
"""Times the distance that held-out dance of its genre has: how near to the training data the gates let a dance come."""

REPEATED = 8.0
"""Seconds of a window that should not occur again and again."""

ANEW = f"{MODEL}, where the song does not repeat"
TAKES, LONGEST_TAKES = "longest real takes", 5
LONG = 120.0
"""Seconds of a song in which a dance has the time to repeat itself."""

PAIRS_OF_DANCES = 40

_NOTE = (
    f"By genre: {SONGS_PER_GENRE} songs or fewer, beside held-out dance of that genre where there is enough of it, "
    "and beside its training clips (takes that hardly move left out). Distances: mean over joints and frames, "
    f"relative to the pelvis. Nearest training window: {COPIED:g} s, with mirrored training clips in the pool; the "
    "composed ground truth is made of them and shows what a copy looks like. A genre whose dances are nearer to the "
    "training data than held-out dance of that genre is learned by heart. Repetition: how often the most repeated "
    "window occurs; where the song repeats, so may the dance, and the second row leaves such returns out."
)


@dataclass(frozen=True)
class Liveliness(Row):
    """Dances in one genre beside real dance of that genre; None without enough held-out dance."""

    joint_speed_m_s: Estimate
    held_out_joint_speed_m_s: Estimate | None
    training_joint_speed_m_s: Estimate
    range_of_motion_m: Estimate
    held_out_range_of_motion_m: Estimate | None
    training_range_of_motion_m: Estimate
    freeze_ratio_percent: Estimate
    held_out_freeze_ratio_percent: Estimate | None
    training_freeze_ratio_percent: Estimate


@dataclass(frozen=True)
class Distance(Row):
    """Between dances, or from a dance to its nearest window."""

    distance_cm: Estimate


@dataclass(frozen=True)
class Copying(Row):
    """From dances in one genre to their nearest training window, beside held-out dance of that genre; None without
    enough of it.
    """

    distance_cm: Estimate
    held_out_distance_cm: Estimate | None
    over_held_out: float | None


@dataclass(frozen=True)
class Repetition(Row):
    """How often the most repeated window of some dances occurs, on average and at most."""

    dances: int
    minutes_each: float
    mean: float
    most: int


@dataclass(frozen=True)
class Life:
    """What the section found: by genre, by pair of dances, and by kind of dance."""

    by_genre: Mapping[str, Liveliness]
    copying: Mapping[str, Copying]
    differences: Mapping[str, Distance]
    nearest: Mapping[str, Distance]
    repetition: Mapping[str, Repetition]

    @property
    def section(self) -> Section:
        tables = {
            "Life by genre": self.by_genre,
            "Two dances compared": self.differences,
            "Nearest training window": self.nearest,
            "Nearest training window, by genre": self.copying,
            f"Repetition of windows of {REPEATED:g} s": self.repetition,
        }
        return Section(_NOTE, tables, self._gates())

    def _gates(self) -> list[Gate]:
        theme, real = "4 life", HELD_OUT
        found = []
        for genre, row in self.by_genre.items():
            compared = {
                "joint speed, m/s": (row.joint_speed_m_s, row.held_out_joint_speed_m_s),
                "range of motion, m": (row.range_of_motion_m, row.held_out_range_of_motion_m),
            }
            found += [
                gates.near(f"{theme}, {genre}", what, made.mean, true.mean, 0.25, real)
                for what, (made, true) in compared.items()
                if true and genre != "any"
            ]
        found += [
            gates.at_least(
                f"{theme}, {genre}", f"distance to the training data, over {real}", row.over_held_out, NO_COPY
            )
            for genre, row in self.copying.items()
            if row.over_held_out is not None
        ]
        if {ANEW, TAKES} <= set(self.repetition):
            most, usual = self.repetition[ANEW].most, self.repetition[TAKES].most
            what = f"times that a window of {REPEATED:g} s occurs where the song does not repeat"
            found.append(gates.at_most(theme, what, most, usual, TAKES))
        return found


def danced_by_genre(material: Material) -> dict[str, Dances]:
    """The start of some songs, danced in each genre that the model knows and the training data contains."""
    known = [genre for genre in material.model.genres if genre == "any" or material.training_clips(genre)]
    songs = range(min(SONGS_PER_GENRE, len(material.songs)))
    return {genre: [material.dance(i, genre=genre) for i in songs] for genre in known}


def life(material: Material, by_genre: Mapping[str, Dances]) -> Life:
    """Energy by genre beside real dance, difference of seeds, distance from the training data, repetition."""
    held_out = decidable(material) | {"any": material.held_out_clips()}
    pool = _training_pool(material)
    return Life(
        by_genre={
            genre: _liveliness(made, held_out.get(genre), material.training_clips(genre))
            for genre, made in by_genre.items()
        },
        copying={genre: _copying(made, held_out.get(genre), pool) for genre, made in by_genre.items()},
        differences=_differences(material),
        nearest=_nearest(material, pool),
        repetition=_repetition(material),
    )


def _liveliness(made: Dances, held_out: Dances | None, training: Dances) -> Liveliness:
    def mean(measure: Callable[[MotionClip], float], clips: Dances) -> Estimate:
        return interval([measure(clip) for clip in clips], [clip.frames for clip in clips])

    def speed(clip: MotionClip) -> float:
        return float(joint_speed(clip).mean())

    def freeze(clip: MotionClip) -> float:
        return 100 * motion.freeze_ratio(clip)

    return Liveliness(
        joint_speed_m_s=mean(speed, made),
        held_out_joint_speed_m_s=mean(speed, held_out) if held_out else None,
        training_joint_speed_m_s=mean(speed, training),
        range_of_motion_m=mean(motion.range_of_motion, made),
        held_out_range_of_motion_m=mean(motion.range_of_motion, held_out) if held_out else None,
        training_range_of_motion_m=mean(motion.range_of_motion, training),
        freeze_ratio_percent=mean(freeze, made),
        held_out_freeze_ratio_percent=mean(freeze, held_out) if held_out else None,
        training_freeze_ratio_percent=mean(freeze, training),
    )


def _differences(material: Material) -> dict[str, Distance]:
    """Two seeds on one song; two songs; two real dances."""
    seeds = material.dances[MODEL]
    rng = np.random.default_rng(0)
    real = [clip for clip in material.training_clips() if clip.seconds >= 5] or material.training_clips()
    chosen = [rng.choice(len(real), 2, replace=len(real) < 2) for _ in range(PAIRS_OF_DANCES)]
    pairs = {
        "model, two seeds, one song": list(zip(seeds[0], seeds[-1], strict=True)) if len(seeds) > 1 else [],
        "model, one seed, two songs": list(pairwise(seeds[0])),
        "composed ground truth, two songs": list(pairwise(material.dances[COMPOSED][0])),
        "two real dances": [(real[i], real[j]) for i, j in chosen],
    }
    return {
        name: Distance(interval([100 * windows.dance_distance(a, b) for a, b in found]))
        for name, found in pairs.items()
        if found
    }


def _training_pool(material: Material) -> WindowPool:
    """Windows of training dance, mirrored too."""
    training = material.training_clips()
    return WindowPool.of(training + [mirror(clip) for clip in training], COPIED)


def _copying(made: Dances, held_out: Dances | None, pool: WindowPool) -> Copying:
    distance, real = _distance(made, pool), _distance(held_out, pool) if held_out else None
    return Copying(distance, real, ratio(distance.mean, real.mean) if real else None)


def _nearest(material: Material, pool: WindowPool) -> dict[str, Distance]:
    kinds = {
        MODEL: material.dances[MODEL][0][:COPY_SONGS],
        HELD_OUT: material.held_out_clips(),
        COMPOSED: material.dances[COMPOSED][0][:COPY_SONGS],
    }
    return {kind: Distance(_distance(clips, pool)) for kind, clips in kinds.items()}


def _distance(clips: Dances, pool: WindowPool) -> Estimate:
    """Centimetres from the windows of each clip that has one to the nearest ones of the pool."""
    long = [clip for clip in clips if clip.seconds > COPIED]
    return interval([100 * windows.nearest_window_distance(clip, pool) for clip in long])


def _repetition(material: Material) -> dict[str, Repetition]:
    """Songs of two minutes or more beside the longest real takes."""
    songs = [both for both in zip(material.songs, material.whole, strict=True) if both[1].seconds >= LONG]
    takes = sorted((c.clip for c in material.clips if not c.loop), key=lambda clip: -clip.seconds)[:LONGEST_TAKES]
    rows = {
        MODEL: _repeated([(clip, None) for _, clip in songs]),
        ANEW: _repeated([(clip, structure.returns(song.features, REPEATED)) for song, clip in songs]),
        TAKES: _repeated([(clip, None) for clip in takes if clip.seconds > REPEATED]),
    }
    return {kind: row for kind, row in rows.items() if row}


def _repeated(dances: Sequence[tuple[MotionClip, np.ndarray | None]]) -> Repetition | None:
    """One row from dances, each with where its song returns, see ``windows.repetition``; None without any."""
    if not dances:
        return None
    times = [windows.repetition(clip, REPEATED, allowed=returns) for clip, returns in dances]
    minutes = float(np.mean([clip.seconds for clip, _ in dances])) / 60
    return Repetition(len(dances), minutes, float(np.mean(times)), max(times))
