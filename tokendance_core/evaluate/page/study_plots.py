"""What of a study is plotted, and how."""

from __future__ import annotations

from functools import partial

from tokendance_core.evaluate.page import figures
from tokendance_core.evaluate.page.page import Plots
from tokendance_core.evaluate.study.material import COMPOSED, MODEL, ONE_STEP, WRONG_TEMPO
from tokendance_core.evaluate.study.rhythm import OWN
from tokendance_core.evaluate.study.run import Study

COURSES = 12
"""Songs whose course is drawn."""

FEWEST_PHRASES = 4
"""A song with fewer has no course to draw."""


def plots(study: Study) -> Plots:
    """section -> (caption, how to draw it), for ``page.render``; a plot without data is left out."""
    rhythm, genres = study.rhythm.trackers[OWN], study.life.by_genre
    alignments = rhythm.music_to_dance
    rows, lively = list(alignments.values()), list(genres.values())
    own_and_others = {
        "own song": [row.own_song for row in rows],
        "other songs": [row.other_songs for row in rows],
        "random phases": [row.random_phase for row in rows],
    }
    settling = {kind: rhythm.settling[kind] for kind in (MODEL, ONE_STEP, COMPOSED, WRONG_TEMPO)}
    speed = {
        "model": [row.joint_speed_m_s for row in lively],
        "training dance": [row.training_joint_speed_m_s for row in lively],
    }
    reach = {
        "model": [row.range_of_motion_m for row in lively],
        "training dance": [row.training_range_of_motion_m for row in lively],
    }
    found = {
        "Rhythm": [
            (
                "Beat alignment, music to dance, 95 % intervals over songs.",
                partial(figures.interval_plot, list(alignments), own_and_others, "beat alignment"),
            ),
            (
                "Where within a beat of the music the dance settles (1.0 = evenly spread).",
                partial(figures.lines, settling, "part of a beat after the beat", "motion beats, relative to even"),
            ),
        ],
        "Life": [
            (
                f"{label} by requested genre, beside training dance of that genre.",
                partial(figures.bars, list(genres), series, label),
            )
            for label, series in (("Joint speed, m/s", speed), ("Range of motion, m", reach))
        ],
    }
    followed = [song for song in study.songs if len(song.energy) >= FEWEST_PHRASES][:COURSES]
    if followed:
        found["Structure"] = [
            (
                "Energy by phrase of four bars, each in units of its own spread.",
                partial(figures.courses, followed),
            )
        ]
    return found
