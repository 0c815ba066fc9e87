"""A checkpoint measured as a user measures it: from a data pack on disk to a page and its figures."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.end_to_end.data_pack import SONGS
from tokendance_core.__main__ import main
from tokendance_core.commands.evaluate import FIGURES, PAGE
from tokendance_core.evaluate.study.material import (
    COMPOSED,
    FROZEN,
    MODEL,
    RANDOM_CLIP,
    RECONSTRUCTED,
    SHUFFLED,
    WRONG_TEMPO,
)

SECTIONS = ["Tokenizers", "Rhythm", "Feet and quality", "Life", "Structure", "Genre", "Distribution", "Speed"]


def evaluate(*words: object) -> int:
    return main(["evaluate", *map(str, words)])


@pytest.fixture(scope="module")
def report(data: Path, tiny_checkpoint_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study of the untrained model."""
    folder = tmp_path_factory.mktemp("study") / "new"
    words = ("--data", data, "--out", folder, "--checkpoint", tiny_checkpoint_file)
    assert evaluate(*words, "--seconds", 12, "--seeds", 2, "--steps", 2, "--device", "cpu") == 0
    return folder


@pytest.fixture(scope="module")
def result(report: Path) -> dict:
    return json.loads((report / FIGURES).read_text(encoding="utf-8"))


def test_only_page_and_figures_are_left(report):
    assert sorted(path.name for path in report.iterdir()) == [PAGE, FIGURES]


def test_every_section_is_there_and_says_what_it_measures(result):
    assert list(result["sections"]) == SECTIONS
    assert all(section["note"] and section["tables"] for section in result["sections"].values())


def test_held_out_song_comes_first(result):
    assert [song["name"] for song in result["songs"]] == [SONGS[1], SONGS[0]]
    assert [song["split"] for song in result["songs"]] == ["held out", "danced to in training"]


def test_rhythm_stands_beside_its_controls(result):
    table = result["sections"]["Rhythm"]["tables"]["Beat alignment, music to dance"]
    assert {MODEL, COMPOSED, RECONSTRUCTED, WRONG_TEMPO, RANDOM_CLIP, SHUFFLED, FROZEN} <= set(table)
    assert table[FROZEN]["own_song"]["mean"] == 0
    assert "sd" in table[MODEL]["own_song"]


def test_every_gate_has_figure_target_and_verdict(result):
    assert {gate["theme"][0] for gate in result["gates"]} == set("1234567")
    assert all(set(gate) == {"theme", "what", "figure", "target", "met"} for gate in result["gates"])


def test_page_needs_nothing_else(report):
    page = (report / PAGE).read_text(encoding="utf-8")
    assert not re.search(r"https?://|<link|src=\"(?!data:)", page)
    assert page.count('data-joints="') == len(SONGS)
    assert page.count("data:image/svg+xml") >= 4


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "--data"),
        (["--protocol", "A"], 2, "--dataset"),
        (["--data", "nowhere"], 7, "motion_index.json"),
        (["--data", "nowhere", "--seeds", "0"], 2, "“seeds” is 0"),
        (["--dataset", "nowhere", "--protocol", "B"], 7, "FineDance"),
    ],
)
def test_what_is_missing_is_told_in_a_sentence(words, code, said, tmp_path, tiny_checkpoint_file, capsys):
    assert evaluate("--out", tmp_path, "--checkpoint", tiny_checkpoint_file, *words) == code
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
