"""Which tables of a study are drawn, and how."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tokendance_core.evaluate.page import figures
from tokendance_core.evaluate.page.page import Plots
from tokendance_core.evaluate.study.material import COMPOSED, MODEL, ONE_STEP, WRONG_TEMPO
from tokendance_core.evaluate.study.rhythm import SETTLING

COURSES = 12
"""Songs whose course is drawn."""

AGAINST = {"own_song": "own song", "other_songs": "other songs", "random_phase": "random phases"}


def plots(result: Mapping[str, object]) -> Plots:
    """section -> (caption, how to draw it), for ``page.render``; a plot without data is left out."""
    tables = {name: section["tables"] for name, section in result["sections"].items()}
    rhythm, life = tables["Rhythm"], tables["Life"]["Life by genre"]
    settling = {kind: rhythm[SETTLING][kind] for kind in (MODEL, ONE_STEP, COMPOSED, WRONG_TEMPO)}
    followed = [song for song in result["songs"] if len(song["energy"]) >= 4][:COURSES]
    rows = rhythm["Beat alignment, music to dance"]
    found = {
        "Rhythm": [
            (
                "Beat alignment, music to dance, 95 % intervals over songs.",
                partial(figures.interval_plot, rows, AGAINST, "beat alignment"),
            ),
            (
                "Where within a beat of the music the dance settles (1.0 = evenly spread).",
                partial(figures.lines, settling, "part of a beat after the beat", "motion beats, over even"),
            ),
        ],
        "Life": [
            (
                f"{label} by requested genre, beside training dance of that genre.",
                partial(figures.bars, life, {name: "model", f"training_{name}": "training dance"}, label),
            )
            for name, label in (("joint_speed_m_s", "Joint speed, m/s"), ("range_of_motion_m", "Range of motion, m"))
        ],
    }  # fmt: skip
    if followed:
        found["Structure"] = [
            ("Energy by phrase of four bars, each in units of its own spread.", partial(figures.courses, followed))
        ]
    return found
