"""Section "life": is it as lively as real dance of its genre, new each time, and no copy?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tokendance_core.evaluate.metrics import motion, windows
from tokendance_core.evaluate.metrics.statistics import Estimate, interval
from tokendance_core.evaluate.results import Gate, Row, Section
from tokendance_core.evaluate.study import gates
from tokendance_core.evaluate.study.material import COMPOSED, MODEL, Dances, Material
from tokendance_core.motion import kinematics
from tokendance_core.motion.kinematics import mirror
from tokendance_core.motion.speed import joint_speed
from tokendance_core.types import MotionClip

SONGS_PER_GENRE = 6
COPY_SONGS = 12
"""Songs whose dances are looked for in the training data."""

REPEATED = 8.0
"""Seconds of a window that should not occur again and again."""

TAKES, LONGEST_TAKES = "longest real takes", 5
PAIRS_OF_DANCES = 40

_NOTE = (
    f"By genre: {SONGS_PER_GENRE} songs or fewer, beside the training clips of that genre (takes that hardly move left "
    "out). Distances: mean over joints and frames, relative to the pelvis. Nearest training window: 2 s, with mirrored "
    "training clips in the pool; the composed ground truth is made of them and shows what a copy looks like. "
    "Repetition: how often the most repeated window occurs."
)


@dataclass(frozen=True)
class Liveliness(Row):
    """Dances in one genre beside the training dance of that genre."""

    joint_speed_m_s: Estimate
    training_joint_speed_m_s: Estimate
    range_of_motion_m: Estimate
    training_range_of_motion_m: Estimate
    freeze_ratio_percent: Estimate
    training_freeze_ratio_percent: Estimate


@dataclass(frozen=True)
class Distance(Row):
    """Between dances, or from a dance to its nearest window."""

    distance_cm: Estimate


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
    differences: Mapping[str, Distance]
    nearest: Mapping[str, Distance]
    repetition: Mapping[str, Repetition]

    @property
    def section(self) -> Section:
        tables = {
            "Life by genre": self.by_genre,
            "Two dances compared": self.differences,
            "Nearest training window": self.nearest,
            f"Repetition of windows of {REPEATED:g} s": self.repetition,
        }
        return Section(_NOTE, tables, self._gates())

    def _gates(self) -> list[Gate]:
        theme, training = "4 life", "training dance"
        found = []
        for genre, row in self.by_genre.items():
            if genre != "any":
                speeds = row.joint_speed_m_s.mean, row.training_joint_speed_m_s.mean
                reaches = row.range_of_motion_m.mean, row.training_range_of_motion_m.mean
                found += [
                    gates.near(f"{theme}, {genre}", "joint speed, m/s", *speeds, 0.25, training),
                    gates.near(f"{theme}, {genre}", "range of motion, m", *reaches, 0.25, training),
                ]
        if {MODEL, TAKES} <= set(self.repetition):
            most, real = self.repetition[MODEL].most, self.repetition[TAKES].most
            found.append(
                gates.at_most(theme, f"times that a window of {REPEATED:g} s occurs in a song", most, real, TAKES)
            )
        return found


def danced_by_genre(material: Material) -> dict[str, Dances]:
    """The start of some songs, danced in each genre that the model knows and the training data contains."""
    known = [genre for genre in material.model.genres if genre == "any" or material.training_clips(genre)]
    songs = range(min(SONGS_PER_GENRE, len(material.songs)))
    return {genre: [material.dance(i, genre=genre) for i in songs] for genre in known}


def life(material: Material, by_genre: Mapping[str, Dances]) -> Life:
    """Energy by genre beside training dance, difference of seeds, distance from the training data, repetition."""
    return Life(
        {genre: _liveliness(made, material.training_clips(genre)) for genre, made in by_genre.items()},
        _differences(material),
        _nearest(material),
        _repetition(material),
    )


def _liveliness(made: Dances, real: Dances) -> Liveliness:
    def mean(measure: Callable[[MotionClip], float], clips: Dances) -> Estimate:
        return interval([measure(clip) for clip in clips], [clip.frames for clip in clips])

    def speed(clip: MotionClip) -> float:
        return float(joint_speed(clip).mean())

    def freeze(clip: MotionClip) -> float:
        return 100 * motion.freeze_ratio(clip)

    return Liveliness(
        joint_speed_m_s=mean(speed, made),
        training_joint_speed_m_s=mean(speed, real),
        range_of_motion_m=mean(motion.range_of_motion, made),
        training_range_of_motion_m=mean(motion.range_of_motion, real),
        freeze_ratio_percent=mean(freeze, made),
        training_freeze_ratio_percent=mean(freeze, real),
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


def _nearest(material: Material) -> dict[str, Distance]:
    # At the rate at which windows are compared: each search poses the whole pool.
    training = [kinematics.resample_to_fps(clip, windows.RATE) for clip in material.training_clips()]
    pool = training + [mirror(clip) for clip in training]
    kinds = {
        MODEL: material.dances[MODEL][0][:COPY_SONGS],
        "held-out dance": material.held_out_clips(),
        COMPOSED: material.dances[COMPOSED][0][:COPY_SONGS],
    }
    rows = {}
    for kind, clips in kinds.items():
        distances = [100 * windows.nearest_window_distance(clip, pool) for clip in clips if clip.seconds > 2]
        rows[kind] = Distance(interval(distances))
    return rows


def _repetition(material: Material) -> dict[str, Repetition]:
    """Songs of two minutes or more beside the longest real takes."""
    long_songs = [clip for clip in material.whole if clip.seconds >= 120]
    takes = sorted((c.clip for c in material.clips if not c.loop), key=lambda clip: -clip.seconds)[:LONGEST_TAKES]
    rows = {}
    for kind, clips in ((MODEL, long_songs), (TAKES, [clip for clip in takes if clip.seconds > REPEATED])):
        if clips:
            times = [windows.repetition(clip, REPEATED) for clip in clips]
            minutes = float(np.mean([clip.seconds for clip in clips]) / 60)
            rows[kind] = Repetition(len(clips), minutes, float(np.mean(times)), max(times))
    return rows
