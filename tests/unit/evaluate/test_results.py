"""Results as JSON: one object for each dataclass, numbers that JSON knows, the layout that readers expect."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from tokendance_core.evaluate import gates
from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.results import (
    Cell,
    Report,
    Row,
    Section,
    SongFigures,
    SongResult,
    cells,
    multiples,
    to_json,
)


@dataclass(frozen=True)
class Fall(Row):
    drop_m: float
    slide_cm: Estimate
    takes: int | None = None


GATE = gates.at_most("3 feet", "slide, cm", math.nan, 2.0)
REPORT = Report(
    about={"checkpoint": "abc", "songs": 2},
    gates=[GATE],
    sections={
        "Falls": Section(
            "A note.",
            {"Table": {"model": Fall(math.inf, Estimate(1.0, 0.5, 2.0)), "real": {"drop_m": 1.5, "enough": "no"}}},
            [GATE],
        )
    },
    songs=[SongResult("song", "held out", [0.5], SongFigures(0.2, 1.5, 0.5, 2.0, 0.0), [1.0], (2.0,))],
)
WRITTEN_GATE = {"theme": "3 feet", "what": "slide, cm", "figure": None, "target": "2 or less", "met": False}


def test_a_report_keeps_its_layout():
    assert to_json(REPORT) == {
        "about": {"checkpoint": "abc", "songs": 2},
        "gates": [WRITTEN_GATE],
        "sections": {
            "Falls": {
                "note": "A note.",
                "tables": {
                    "Table": {
                        "model": {"drop_m": None, "slide_cm": {"mean": 1.0, "low": 0.5, "high": 2.0}},
                        "real": {"drop_m": 1.5, "enough": "no"},
                    }
                },
                "gates": [WRITTEN_GATE],
            }
        },
        "songs": [
            {
                "name": "song",
                "split": "held out",
                "beats": [0.5],
                "figures": {
                    "beat_alignment": 0.2,
                    "motion_beats_per_second": 1.5,
                    "joint_speed_m_s": 0.5,
                    "foot_slide_cm_s": 2.0,
                    "freeze_ratio_percent": 0.0,
                },
                "energy": [1.0],
                "loudness": [2.0],
            }
        ],
    }


def test_keys_come_in_the_order_of_the_page():
    protocol = Report(about={}, comparable=False, sections={})
    assert list(to_json(protocol)) == ["about", "comparable", "gates", "sections", "songs"]
    assert list(to_json(REPORT)) == ["about", "gates", "sections", "songs"]


def test_what_is_written_is_strict_json():
    assert json.loads(json.dumps(to_json(REPORT), allow_nan=False))["gates"][0]["figure"] is None


def test_a_row_has_the_columns_that_it_has_figures_for():
    without: dict[str, Cell] = cells(Fall(1.0, Estimate(1.0, 1.0, 1.0)))
    assert list(without) == ["drop_m", "slide_cm"]
    assert list(cells(Fall(1.0, Estimate(1.0, 1.0, 1.0), takes=0))) == ["drop_m", "slide_cm", "takes"]
    assert cells({"0.5": 2.0}) == {"0.5": 2.0}


def test_multiples_of_a_row_have_no_unit_and_leave_out_what_cannot_be_divided():
    rows = {
        "model": Fall(3.0, Estimate(2.0, 1.0, 3.0)),
        "real": {"drop_m": 1.5, "slide_cm": Estimate(4.0, 3.0, 5.0), "takes": 9, "enough": "no", "skates": 0.0},
        "other": {"takes": 3, "enough": "yes", "unknown": 1.0, "skates": 1.0},
    }
    assert multiples(rows, "real") == {"model": {"drop": 2.0, "slide": 0.5}, "other": {}}
