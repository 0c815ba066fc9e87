"""``listen``: length, tempo and beats of a song, for people and for programs."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from bench.beats.songs import SONGS, render
from tests.conftest import click_samples
from tokendance_core.__main__ import main
from tokendance_core.dance.genre_choice import CHOOSABLE
from tokendance_core.music.rhythm.measure import tempo
from tokendance_core.types import FPS, SAMPLE_RATE


@pytest.fixture(scope="module")
def clicks_file(clicks, tmp_path_factory):
    path = tmp_path_factory.mktemp("songs") / "clicks ü.wav"
    soundfile.write(path, clicks.samples, SAMPLE_RATE)
    return path


def heard(capsys, path, *more: str) -> dict[str, object]:
    assert main(["listen", "--json", str(path), *more]) == 0
    *progress, last = map(json.loads, capsys.readouterr().out.splitlines())
    fractions = [event["fraction"] for event in progress]
    assert fractions == sorted(fractions)
    assert last.pop("event") == "heard"
    return last


def test_clicks_are_heard_where_they_are(clicks_file, capsys):
    facts = heard(capsys, clicks_file)
    assert facts["path"] == str(clicks_file)
    assert facts["seconds"] == pytest.approx(5.111, abs=1e-3)
    assert facts["bpm"] == pytest.approx(120, abs=2)
    beats = np.array(facts["beats"])
    assert len(beats) >= 9
    assert np.abs(beats - np.round(2 * beats) / 2).max() <= 1.01 / FPS
    assert (np.diff(beats) > 0).all()
    assert facts["genre"] in CHOOSABLE


@pytest.mark.parametrize("bpm", [90.0, 150.0])
def test_other_tempos_are_told_apart(tmp_path, capsys, bpm):
    soundfile.write(tmp_path / "song.wav", click_samples(12, bpm=bpm), SAMPLE_RATE)
    facts = heard(capsys, tmp_path / "song.wav")
    beat = 60 / bpm
    assert facts["bpm"] == pytest.approx(bpm, rel=0.05)
    assert np.abs((np.array(facts["beats"]) + beat / 2) % beat - beat / 2).max() <= 1.5 / FPS


def test_the_sample_rate_of_the_file_changes_nothing(clicks_file, tmp_path, capsys):
    soundfile.write(tmp_path / "song.flac", np.repeat(click_samples(5.111, 44_100)[:, None], 2, axis=1), 44_100)
    here, there = heard(capsys, clicks_file), heard(capsys, tmp_path / "song.flac")
    assert there["bpm"] == pytest.approx(here["bpm"], abs=1)
    np.testing.assert_allclose(there["beats"], here["beats"], atol=1.01 / FPS)


def test_bars_eights_and_sections_of_a_real_song_are_told(song, capsys):
    facts = heard(capsys, song)
    bars, eights = np.array(facts["bars"]), np.array(facts["eights"])
    assert set(eights) <= set(bars)
    assert np.diff(bars).mean() == pytest.approx(4 * 60 / facts["bpm"], rel=0.05)
    names = [section["name"] for section in facts["sections"]]
    assert len(names) > len(set(names)) > 1
    assert facts["sections"][0]["start"] == 0
    assert facts["sections"][-1]["end"] == pytest.approx(facts["seconds"], abs=0.1)
    assert {section["start"] for section in facts["sections"][1:]} <= set(eights)
    for again in facts["returns"]:
        assert 0 <= again["source"] < again["start"] < again["end"]
        assert 0.6 <= again["similarity"] <= 1


def test_people_get_a_line_and_one_for_the_sections(song, capsys):
    assert main(["listen", str(song)]) == 0
    first, sections = capsys.readouterr().out.splitlines()
    assert "beats a minute" in first
    assert sections.startswith("A 0:00, B 0:")


def test_a_song_of_one_section_needs_one_line(clicks_file, capsys):
    assert main(["listen", str(clicks_file)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"{clicks_file}: 5.1 s, 1")
    assert "beats a minute" in said.out
    assert said.out.strip().endswith(CHOOSABLE)
    assert said.out.count("\n") == 1
    assert said.err == ""


@pytest.mark.parametrize("json_lines", [False, True])
@pytest.mark.parametrize(("content", "word"), [(None, "no file"), (b"", "empty"), (b"la la la" * 500, "sound file")])
def test_what_is_no_song_is_told_with_a_way_out(tmp_path, capsys, content, word, json_lines):
    path = tmp_path / "song.wav"
    if content is not None:
        path.write_bytes(content)
    assert main(["listen", str(path), *(["--json"] if json_lines else [])]) == 3
    said = capsys.readouterr()
    if json_lines:
        last = json.loads(said.out.splitlines()[-1])
        assert (last["event"], last["exit_code"]) == ("error", 3)
        assert word in last["message"]
        assert last["hint"]
    else:
        assert word in said.err
        assert said.out == ""


def test_listening_needs_no_torch(clicks_file, root):
    code = (
        f"import sys; from tokendance_core.__main__ import main; main(['listen', {str(clicks_file)!r}]); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True).returncode == 0


@given(st.floats(30, 300), st.floats(0, 100), st.integers(2, 400))
def test_tempo_of_even_beats(bpm, first, count):
    assert tempo(first + np.arange(count) * 60 / bpm) == pytest.approx(bpm, rel=1e-6)


@pytest.mark.parametrize("beats", [[], [1.0]])
def test_a_song_without_a_pulse_has_no_tempo(beats):
    assert tempo(np.array(beats)) == 0


def test_a_tempo_that_varies_is_told_as_a_range(tmp_path, capsys):
    soundfile.write(tmp_path / "song.wav", render(SONGS["drums 100 to 130"]).samples, SAMPLE_RATE)
    facts = heard(capsys, tmp_path / "song.wav")
    assert facts["bpm"] == pytest.approx(115, abs=3)
    np.testing.assert_allclose(facts["bpm_range"], [101.5, 128.5], atol=3)
    assert main(["listen", str(tmp_path / "song.wav")]) == 0
    assert re.search(r"10\d\.\d to 12\d\.\d beats a minute", capsys.readouterr().out)


def test_one_tempo_is_told_exactly(tmp_path, capsys):
    soundfile.write(tmp_path / "song.wav", click_samples(30, bpm=124.0), SAMPLE_RATE)
    facts = heard(capsys, tmp_path / "song.wav")
    assert facts["bpm_range"] == [facts["bpm"]] * 2 == pytest.approx([124, 124], abs=1)


def test_corrected_beats_are_told_everywhere(clicks_file, capsys):
    plain = heard(capsys, clicks_file)
    shifted = heard(capsys, clicks_file, "--beat-shift", "half")
    np.testing.assert_allclose(np.array(shifted["beats"][:8]) - plain["beats"][:8], 0.25, atol=0.7 / FPS)
    away = np.abs(np.array(shifted["bars"])[:, None] - shifted["beats"]).min(axis=1)
    assert np.median(away) < 0.05
    double = heard(capsys, clicks_file, "--tempo", "double")
    assert double["bpm"] == pytest.approx(2 * plain["bpm"], rel=0.05)
    assert np.diff(double["bars"]).mean() == pytest.approx(np.diff(plain["bars"]).mean() / 2, rel=0.05)
