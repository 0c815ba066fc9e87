"""Section "stage and facing": how far the dancer goes, whom it faces, and how often its heading whips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tokendance_core.evaluate import gates
from tokendance_core.evaluate.metrics import staging as measures
from tokendance_core.evaluate.metrics.statistics import Estimate, interval
from tokendance_core.evaluate.results import Gate, Row, Section, Table
from tokendance_core.evaluate.study.material import (
    COMPOSED,
    HELD_OUT,
    MODEL,
    ONE_STEP,
    RANDOM_CLIP,
    RAW,
    TRAINING,
    Dances,
    Material,
)
from tokendance_core.types import MotionClip

WHIPS = "whips a minute"

_NOTE = (
    "A whip: the heading turns by more than 80 degrees within 0.2 s, and in the 0.4 s before it turned less than 15 "
    f"degrees that way, as a spin would. Stage: of {measures.STAGE_RADIUS:g} m around the first place of the pelvis; "
    "95 %: of the time it is no further away. The audience sits along +Z. Means over frames, 95 % intervals over "
    "dances. Clips of the pack are short and turned to face forward on average: they need less stage than a song. "
    "By genre: beside all real dance of that genre, training and held-out, as whips are rare."
)


@dataclass(frozen=True)
class Staging(Row):
    """Where dances of one kind go and face."""

    whips_per_minute: Estimate
    furthest_m: Estimate
    distance_95_percent_m: Estimate
    on_the_stage_percent: Estimate
    facing_within_45_degrees_percent: Estimate
    facing_within_90_degrees_percent: Estimate


@dataclass(frozen=True)
class Whips(Row):
    """Of dances in one genre, and of ``real_minutes`` of real dance of that genre."""

    whips_per_minute: Estimate
    real_whips_per_minute: Estimate
    real_minutes: float


def staging(material: Material, by_genre: Mapping[str, Dances]) -> Section:
    """Whips, stage and facing of every kind of dance, and whips by genre."""
    kinds = {
        MODEL: [clip for seed in material.dances[MODEL] for clip in seed],
        RAW: material.raw,
        ONE_STEP: material.dances[ONE_STEP][0],
        COMPOSED: material.dances[COMPOSED][0],
        RANDOM_CLIP: material.dances[RANDOM_CLIP][0],
        HELD_OUT: material.held_out_clips(),
        TRAINING: material.training_clips(),
    }
    rows = {kind: stage_and_facing(clips) for kind, clips in kinds.items()}
    genres = {genre: _whips(made, _real(material, genre)) for genre, made in by_genre.items() if genre != "any"}
    tables: dict[str, Table] = {"Stage and facing": rows, "Whips by genre": genres}
    found = [
        gates.at_most(f"8 stage, {genre}", WHIPS, row.whips_per_minute.mean, row.real_whips_per_minute.mean)
        for genre, row in genres.items()
    ]
    return Section(_NOTE, tables, [*staging_gates(rows[MODEL], rows[TRAINING]), *found])


def _real(material: Material, genre: str) -> Dances:
    return material.training_clips(genre) + material.held_out_clips(genre)


def _whips(made: Dances, real: Dances) -> Whips:
    def mean(clips: Dances) -> Estimate:
        return interval([measures.whips_per_minute(clip) for clip in clips], [clip.frames for clip in clips])

    return Whips(mean(made), mean(real), sum(clip.seconds for clip in real) / 60)


def stage_and_facing(clips: Dances) -> Staging:
    """One row, weighted by the length of the clips."""
    frames = [clip.frames for clip in clips]

    def mean(measure: Callable[[MotionClip], float]) -> Estimate:
        return interval([measure(clip) for clip in clips], frames)

    def on_the_stage(clip: MotionClip) -> float:
        return 100 * float((measures.distance_from_start(clip) <= measures.STAGE_RADIUS).mean())

    return Staging(
        whips_per_minute=mean(measures.whips_per_minute),
        furthest_m=mean(lambda clip: float(measures.distance_from_start(clip).max())),
        distance_95_percent_m=mean(lambda clip: float(np.percentile(measures.distance_from_start(clip), 95))),
        on_the_stage_percent=mean(on_the_stage),
        facing_within_45_degrees_percent=mean(lambda clip: 100 * measures.facing_audience(clip, 45)),
        facing_within_90_degrees_percent=mean(lambda clip: 100 * measures.facing_audience(clip, 90)),
    )


def staging_gates(made: Staging, real: Staging) -> list[Gate]:
    """No more whips than in real dance, and a dance that stays in sight."""
    theme = "8 stage"
    return [
        gates.at_most(theme, WHIPS, made.whips_per_minute.mean, real.whips_per_minute.mean, TRAINING),
        gates.at_least(theme, "time on the stage, %", made.on_the_stage_percent.mean, 95.0),
    ]
