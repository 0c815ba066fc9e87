"""A result as HTML: numbers for people, nothing from elsewhere, dances that can be read back."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from tests.unit.motion_samples import swaying_clip
from tokendance_core.evaluate import gates
from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.page import figures, page
from tokendance_core.evaluate.results import Report, Section, SongFigures, SongResult
from tokendance_core.motion import kinematics

RESULT = Report(
    about={"checkpoint": "abc", "minutes": 1.23456},
    gates=[gates.at_most("1 feet", "slide <cm>", 4.0, 3.0), gates.at_least("2 rhythm", "songs", 30, 20)],
    sections={
        "Feet & floor": Section("Less is better.", {"Slide": {"model": {"slide_cm_s": 3.5}, "real": {"clips": 9}}})
    },
    songs=[
        SongResult("a <song>", "held out", [0.5, 1.0, 99.0], SongFigures(0.2, 1.5, 0.5, 2.0, 0.0)),
    ],
)


@pytest.fixture(scope="module")
def html() -> str:
    return page.render("A <title>", RESULT, {"Feet & floor": [("A plot.", lambda: b"<svg/>")]}, [swaying_clip(90)])


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("foot_slide_cm_s", "foot slide, cm/s"),
        ("drift_cm_per_10s", "drift, cm in 10 s"),
        ("jerk_m_s3", "jerk, m/s³"),
        ("p_own_over_other", "p own over other"),
        ("8_steps_s", "8 steps, s"),
    ],
)
def test_columns_tell_their_units(column, words):
    assert page.words(column) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.123"),
        (12.3456, "12.3"),
        (5, "5"),
        (12345.6, "12\u202f346"),
        (1e-6, "&lt; 0.001"),
        (0.0, "0"),
        (-0.5, "−0.500"),
        (np.nan, "–"),
    ],
)
def test_numbers_have_three_digits(value, text):
    assert page.number(value) == text


def test_cells_show_interval_and_spread():
    assert page.cell(Estimate(0.5, 0.25, 0.75, sd=0.125)) == "<td>0.500<small>0.250 … 0.750 ± 0.125</small></td>"
    assert page.cell("a & b") == "<td>a &amp; b</td>"


def test_rows_may_lack_columns():
    assert re.findall(r"<td>(.*?)</td>", page.table({"a": {"x": 1}, "b": {"y": 2}})) == ["1", "–", "–", "2"]


def test_page_escapes_what_it_is_given(html):
    assert "A &lt;title&gt;" in html
    assert "a &lt;song&gt;" in html
    assert "slide &lt;cm&gt;" in html


def test_page_needs_nothing_else(html):
    assert not re.search(r"https?://|<link|src=\"(?!data:)", html)


def test_gates_are_counted(html):
    assert "Gates: 1 of 2 met" in html
    assert (html.count('class="met"'), html.count('class="missed"')) == (1, 1)


def test_links_lead_to_sections(html):
    assert set(re.findall(r'href="#(.*?)"', html)) <= set(re.findall(r'id="(.*?)"', html))


def test_player_holds_the_dance(html):
    clip = swaying_clip(90)
    data = np.frombuffer(base64.b64decode(re.search(r'data-joints="(.*?)"', html)[1]), "<i2").reshape(-1, 24, 3)
    assert len(data) == 45
    np.testing.assert_allclose(data / 1000, kinematics.joint_positions(clip)[::2], atol=0.002)
    assert re.search(r'data-beats="(.*?)"', html)[1] == "[0.5, 1.0]"


def test_contact_sheet_is_a_picture_that_does_not_change():
    sheets = [figures.contact_sheet(swaying_clip(90)) for _ in range(2)]
    assert sheets[0].startswith(b"\x89PNG")
    assert sheets[0] == sheets[1]
