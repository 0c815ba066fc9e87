"""Section "life": is it as lively as real dance of its genre, new each time, and no copy?"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from tokendance_core.evaluate.metrics import motion, windows
from tokendance_core.evaluate.metrics.statistics import Figure, interval
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
"""Seconds of a window that should not come again and again."""

TAKES, LONGEST_TAKES = "longest real takes", 5
PAIRS_OF_DANCES = 40

MEASURES: dict[str, Callable[[MotionClip], float]] = {
    "joint_speed_m_s": lambda clip: joint_speed(clip).mean(),
    "range_of_motion_m": motion.range_of_motion,
    "freeze_ratio_percent": lambda clip: 100 * motion.freeze_ratio(clip),
}

_NOTE = (
    f"By genre: {SONGS_PER_GENRE} songs or fewer, beside the training clips of that genre (takes that hardly move left "
    "out). "
    "Distances: mean over joints and frames, around the pelvis. Nearest training window: 2 s, mirrored training clips "
    "among the "
    "pool; the composed ground truth is made of them and shows what a copy looks like. Repetition: how often the most "
    "repeated "
    "window comes."
)


def danced_by_genre(material: Material) -> dict[str, Dances]:
    """The start of some songs danced in each genre that the model knows and the training data holds."""
    known = [genre for genre in material.model.genres if genre == "any" or material.training_clips(genre)]
    songs = range(min(SONGS_PER_GENRE, len(material.songs)))
    return {genre: [material.dance(i, genre=genre) for i in songs] for genre in known}


def life(material: Material, by_genre: dict[str, Dances]) -> dict[str, object]:
    """Energy by genre beside training dance, difference of seeds, distance from the training data, repetition."""
    genres = {genre: _life_row(made, material.training_clips(genre)) for genre, made in by_genre.items()}
    newness, repeated = _newness(material), _repetition(material)
    return {
        "note": _NOTE,
        "tables": {
            "Life by genre": genres,
            "Two dances compared": _differences(material),
            "Nearest training window": newness,
            f"Repetition of windows of {REPEATED:g} s": repeated,
        },
        "gates": _gates(genres, repeated),
    }


def _life_row(made: Dances, real: Dances) -> dict[str, object]:
    row: dict[str, object] = {}
    for name, measure in MEASURES.items():
        for whose, clips in (("", made), ("training_", real)):
            row[whose + name] = interval([measure(clip) for clip in clips], [clip.frames for clip in clips])
    return row


def _gates(genres: dict[str, dict], repeated: dict[str, dict]) -> list[gates.Gate]:
    theme = "4 life"
    found = [
        gates.near(
            f"{theme}, {genre}", label, row[name]["mean"], row[f"training_{name}"]["mean"], 0.25, "training dance"
        )
        for genre, row in genres.items()
        if genre != "any"
        for name, label in (("joint_speed_m_s", "joint speed, m/s"), ("range_of_motion_m", "range of motion, m"))
    ]
    if {MODEL, TAKES} <= set(repeated):
        most, real = (repeated[kind]["most"] for kind in (MODEL, TAKES))
        found.append(gates.at_most(theme, f"times that a window of {REPEATED:g} s comes in a song", most, real, TAKES))
    return found


def _differences(material: Material) -> dict[str, dict[str, object]]:
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
        name: {"distance_cm": interval([100 * windows.dance_distance(a, b) for a, b in found])}
        for name, found in pairs.items()
        if found
    }


def _newness(material: Material) -> dict[str, dict[str, Figure]]:
    # At the rate at which windows are compared: each look-up poses the whole pool.
    training = [kinematics.resample_to_fps(clip, windows.RATE) for clip in material.training_clips()]
    pool = training + [mirror(clip) for clip in training]
    kinds = {
        MODEL: material.dances[MODEL][0][:COPY_SONGS],
        "held-out dance": material.held_out_clips(),
        COMPOSED: material.dances[COMPOSED][0][:COPY_SONGS],
    }
    return {
        kind: {
            "distance_cm": interval(
                [100 * windows.nearest_window_distance(clip, pool) for clip in clips if clip.seconds > 2]
            )
        }
        for kind, clips in kinds.items()
    }


def _repetition(material: Material) -> dict[str, dict[str, float]]:
    """Songs of two minutes or more beside the longest real takes."""
    long_songs = [clip for clip in material.whole if clip.seconds >= 120]
    takes = sorted((c.clip for c in material.clips if not c.loop), key=lambda clip: -clip.seconds)[:LONGEST_TAKES]
    rows = {}
    for kind, clips in ((MODEL, long_songs), (TAKES, [clip for clip in takes if clip.seconds > REPEATED])):
        if clips:
            times = [windows.repetition(clip, REPEATED) for clip in clips]
            minutes = float(np.mean([clip.seconds for clip in clips]) / 60)
            rows[kind] = {
                "dances": len(clips),
                "minutes_each": minutes,
                "mean": float(np.mean(times)),
                "most": max(times),
            }
    return rows
