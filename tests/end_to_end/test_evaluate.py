"""A checkpoint measured as a user measures it: from a data pack on disk to a page and its figures."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import soundfile

from tests.conftest import click_samples
from tests.end_to_end.data_pack import SONGS
from tests.unit.motion_samples import swaying_clip
from tokendance_core.__main__ import main
from tokendance_core.commands.evaluate import FIGURES, PAGE
from tokendance_core.evaluate.benchmarks.protocols import PROTOCOLS
from tokendance_core.evaluate.study.material import (
    CLOCKED,
    COMPOSED,
    FROZEN,
    MODEL,
    RANDOM_CLIP,
    RAW,
    RECONSTRUCTED,
    SHUFFLED,
    WRONG_TEMPO,
)
from tokendance_core.evaluate.study.rhythm import REAL, WRONG_SONG
from tokendance_core.evaluate.study.staging import TRAINING
from tokendance_core.files import bvh
from tokendance_core.files import clip as clip_file
from tokendance_core.types import SAMPLE_RATE

SECTIONS = [
    *("Tokenizers", "Rhythm", "Feet and quality", "Stage and facing"),
    *("Life", "Structure", "Genre", "Distribution", "Speed"),
]


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
    assert [song["name"] for song in result["songs"]] == ["other", "song"]
    assert [song["split"] for song in result["songs"]] == ["held out", "danced to in training"]


def test_rhythm_stands_beside_its_controls(result):
    tables = result["sections"]["Rhythm"]["tables"]
    assert {RAW, REAL, WRONG_SONG} <= set(tables["Tempo lock, and gain over random phase"])
    table = tables["Beat alignment, music to dance"]
    assert {MODEL, COMPOSED, RECONSTRUCTED, WRONG_TEMPO, RANDOM_CLIP, SHUFFLED, FROZEN} <= set(table)
    assert {RAW, REAL, WRONG_SONG} <= set(
        result["sections"]["Rhythm"]["tables"]["Tempo lock, and gain over random phase"]
    )
    assert table[FROZEN]["own_song"]["mean"] == 0
    assert "sd" in table[MODEL]["own_song"]


def test_every_gate_has_figure_target_and_verdict(result):
    assert {gate["theme"][0] for gate in result["gates"]} == set("12345678")
    assert all(set(gate) == {"theme", "what", "figure", "target", "met"} for gate in result["gates"])


def test_page_needs_nothing_else(report):
    page = (report / PAGE).read_text(encoding="utf-8")
    assert not re.search(r"https?://|<link|src=\"(?!data:)", page)
    assert page.count('data-joints="') == len(SONGS)
    assert page.count("data:image/svg+xml") >= 4


def test_quick_measures_tokenizers_that_have_no_generator_yet(data, tiny_checkpoint, tmp_path, capsys):
    file = tmp_path / "tokenizers.safetensors"
    tiny_checkpoint.with_generator(None, {}).save(file)
    out = tmp_path / "quick"
    assert evaluate("--quick", "--data", data, "--out", out, "--checkpoint", file, "--device", "cpu") == 0
    assert [path.name for path in out.iterdir()] == [FIGURES]
    result = json.loads((out / FIGURES).read_text(encoding="utf-8"))
    assert list(result["sections"]) == ["Tokenizers"]
    assert {gate["theme"][0] for gate in result["gates"]} == {"1"}
    assert "yaw drift, degrees in 10 s" in capsys.readouterr().out


def test_quick_sets_the_dances_of_a_checkpoint_beside_real_ones(data, tiny_checkpoint_file, tmp_path, capsys):
    words = ("--quick", "--data", data, "--out", tmp_path, "--checkpoint", tiny_checkpoint_file, "--steps", 1)
    assert evaluate(*words, "--device", "cpu") == 0
    result = json.loads((tmp_path / FIGURES).read_text(encoding="utf-8"))
    table = result["sections"]["Dances"]["tables"]["Dances"]
    assert {MODEL, RAW, COMPOSED, CLOCKED, RANDOM_CLIP, REAL, TRAINING} <= set(table)
    assert {"lock_excess", "footfall_gain", "foot_slide_cm_s", "whips_per_minute"} <= set(table[MODEL])
    assert {gate["theme"][0] for gate in result["gates"]} == {"1", "2", "8"}
    assert "lock excess" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "--data"),
        (["--quick"], 2, "--data"),
        (["--quick", "--data", "nowhere"], 7, "motion_index.json"),
        (["--quick", "--data", "nowhere", "--seeds", "3"], 2, "--seeds, which has no effect with --quick"),
        (["--protocol", "A"], 2, "--dataset"),
        (["--data", "nowhere"], 7, "motion_index.json"),
        (["--data", "nowhere", "--seeds", "0"], 2, "“seeds” is 0"),
        (["--dataset", "nowhere", "--protocol", "B"], 7, "FineDance"),
        (["--dataset", "nowhere", "--protocol", "C"], 7, "add --format and one of: aist, motorica, folder"),
        (["--dataset", "nowhere", "--protocol", "C", "--format", "aist"], 7, "AIST++"),
        (["--dataset", "nowhere", "--protocol", "C", "--format", "motorica"], 7, "Motorica"),
        (["--dataset", "nowhere", "--protocol", "C", "--format", "folder"], 7, "There is no folder nowhere"),
        (["--protocol", "C", "--format", "folder"], 2, "no --dataset"),
        (["--data", "nowhere", "--format", "folder"], 2, "--format without --protocol"),
        (["--data", "nowhere", "--dances", "some"], 2, "--dances without --protocol"),
        (["--dataset", "nowhere"], 2, "--dataset without --protocol"),
        (["--dataset", "nowhere", "--protocol", "C", "--data", "some"], 2, "--data, which has no effect"),
        (["--dataset", "nowhere", "--protocol", "C", "--songs", "2"], 2, "--songs, which has no effect"),
    ],
)
def test_what_is_missing_is_told_in_a_sentence(words, code, said, tmp_path, tiny_checkpoint_file, capsys):
    assert evaluate("--out", tmp_path, "--checkpoint", tiny_checkpoint_file, *words) == code
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# --- protocols --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder_of_bvh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two dances of a window of protocol C and a little more, beside their songs, in sub-folders named after genres."""
    folder = tmp_path_factory.mktemp("dances")
    for seed, (genre, name) in enumerate((("salsa", "first"), ("jazz", "second"))):
        (folder / genre).mkdir()
        bvh.write(swaying_clip(1100, seed=seed), folder / genre / f"{name}.bvh")
        soundfile.write(folder / genre / f"{name}.wav", click_samples(37.0, bpm=100 + 20 * seed), SAMPLE_RATE)
    return folder


def figures_of(folder: Path) -> tuple[dict, dict]:
    """A protocol's report, and its figures by name."""
    result = json.loads((folder / FIGURES).read_text(encoding="utf-8"))
    return result, result["sections"][PROTOCOLS["C"].title]["tables"]["Figures"]


def test_protocol_c_measures_motion_files_beside_a_folder_of_bvh(folder_of_bvh, tmp_path):
    dances, out = tmp_path / "mine", tmp_path / "report"
    dances.mkdir()
    # The first dance is the true one, the second another dance.
    clip_file.save(swaying_clip(1100, seed=0), dances / "first.npz")
    clip_file.save(swaying_clip(1100, seed=7), dances / "second.bvh")
    words = ("--protocol", "C", "--dataset", folder_of_bvh, "--format", "folder", "--dances", dances, "--out", out)
    assert evaluate(*words) == 0
    result, figures = figures_of(out)
    assert {key: result["about"][key] for key in ("dances", "generated", "ground_truth", "pool")} == {
        "dances": "mine",
        "generated": 2,
        "ground_truth": 2,
        "pool": 2,
    }
    assert result["comparable"] is False
    assert figures["fid_kinetic"]["generated"] > figures["fid_kinetic"]["ground_truth"] + 1
    assert 0 < figures["beat_alignment"]["ground_truth"] < 1
    assert "MEGADance" in (out / PAGE).read_text(encoding="utf-8")


def test_protocol_c_measures_a_checkpoint_on_a_folder_of_bvh(folder_of_bvh, tiny_checkpoint_file, tmp_path):
    words = ("--protocol", "C", "--dataset", folder_of_bvh, "--format", "folder", "--out", tmp_path)
    model = ("--checkpoint", tiny_checkpoint_file, "--seeds", 2, "--steps", 1, "--device", "cpu")
    assert evaluate(*words, *model) == 0
    result, figures = figures_of(tmp_path)
    assert result["about"]["checkpoint"]
    assert (result["about"]["seeds"], result["about"]["steps"], result["about"]["generated"]) == (2, 1, 2)
    assert set(figures["fid_kinetic"]["generated"]) == {"mean", "low", "high", "sd"}
    assert "floor" not in figures["fid_kinetic"]  # two windows cannot be parted into two sets


def test_a_layout_that_nobody_knows_is_refused_with_those_that_are_known(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        evaluate("--out", tmp_path, "--protocol", "C", "--dataset", tmp_path, "--format", "fbx")
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert all(name in said for name in ("aist", "finedance", "motorica", "folder"))
