"""A benchmark as a page: figures of every seed, ground truth and published tables beside them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.unit.motion_samples import swaying_clip
from tokendance_core.dance.pipeline import GenerateSettings
from tokendance_core.datasets.recording import Recording
from tokendance_core.errors import DataError
from tokendance_core.evaluate.benchmarks import protocols
from tokendance_core.evaluate.benchmarks import report as study_protocol
from tokendance_core.evaluate.page import page
from tokendance_core.files import clip as clip_file

CLIPS = [replace(swaying_clip(75, seed=seed), name=f"d{seed}") for seed in range(3)]


@pytest.fixture(autouse=True)
def recordings(monkeypatch):
    """A data set of three dances whose songs beat twice a second."""
    found = [Recording(clip, "pop", Path(f"{clip.name}.wav"), "test") for clip in CLIPS]
    monkeypatch.setattr(protocols, "load", lambda protocol, dataset: found)
    monkeypatch.setattr(protocols, "run", partial(protocols.run, beats_of=lambda music: np.arange(0, 9, 0.5)))
    monkeypatch.setattr(protocols, "FLOOR_DRAWS", 2)


@pytest.fixture
def model(monkeypatch):
    """Dances another sway for every seed."""
    monkeypatch.setattr(study_protocol, "machine", lambda model: "a machine")
    monkeypatch.setattr(study_protocol.audio, "load", lambda path: path)
    monkeypatch.setattr(
        study_protocol.pipeline, "generate", lambda music, model, settings: swaying_clip(75, seed=settings.seed)
    )
    return SimpleNamespace(id="fake")


def run(dances=None, model=None, seeds=2):
    return study_protocol.run("B", Path("data"), dances, model, GenerateSettings(seed=4), seeds, lambda line: None)


def test_seeds_have_a_spread_and_ground_truth_beside(model):
    result = run(model=model)
    figures = next(iter(result["sections"].values()))["tables"]["Figures"]
    made = figures["fid_kinetic"]["generated"]
    assert made["low"] < made["mean"] < made["high"]
    assert {"ground_truth", "floor"} <= set(figures["fid_kinetic"])
    assert result["about"]["seeds"] == 2


def test_motion_files_are_measured_without_a_model(tmp_path):
    for clip in CLIPS:
        clip_file.save(clip, tmp_path / f"{clip.name}.npz")
    figures = next(iter(run(tmp_path)["sections"].values()))["tables"]["Figures"]
    for row in figures.values():
        assert row["generated"] == pytest.approx(row["ground_truth"], abs=1e-3)


def test_a_folder_without_dances_is_told(tmp_path):
    with pytest.raises(DataError, match="No dances"):
        run(tmp_path)


def test_what_is_not_comparable_says_so(model):
    section = next(iter(run(model=model)["sections"].values()))
    assert "NOT comparable" in section["note"]


def test_page_shows_the_published_tables(model):
    html = page.render("B", run(model=model), {})
    assert "Bailando" in html
    assert "113" in html
