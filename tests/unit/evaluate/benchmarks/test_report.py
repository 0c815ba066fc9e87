"""A benchmark as a page: figures of every seed, ground truth and published tables beside them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.unit.motion_samples import swaying_clip
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.datasets.recording import Recording
from tokendance_core.errors import DataError
from tokendance_core.evaluate.benchmarks import protocols, report
from tokendance_core.evaluate.benchmarks.protocols import PROTOCOLS
from tokendance_core.evaluate.metrics.statistics import Estimate
from tokendance_core.evaluate.page import page
from tokendance_core.files import clip as clip_file

CLIPS = [replace(swaying_clip(75, seed=seed), name=f"d{seed}") for seed in range(4)]
RECORDINGS = [Recording(clip, "pop", Path(f"{clip.name}.wav"), "test") for clip in CLIPS]


@pytest.fixture(autouse=True)
def _beats(monkeypatch):
    """Songs that beat twice a second."""
    monkeypatch.setattr(protocols, "run", partial(protocols.run, beats_of=lambda music: np.arange(0, 9, 0.5)))
    monkeypatch.setattr(protocols, "FLOOR_DRAWS", 2)


@pytest.fixture
def model(monkeypatch):
    """Dances another sway for every seed."""
    monkeypatch.setattr(report, "machine", lambda model: "a machine")
    monkeypatch.setattr(report.audio, "load", lambda path: path)
    monkeypatch.setattr(
        report.pipeline, "generate", lambda music, model, settings: swaying_clip(75, seed=settings.seed)
    )
    return SimpleNamespace(id="fake")


def of_model(model):
    return report.of_model(PROTOCOLS["B"], RECORDINGS, model, GenerateSettings(seed=4), 2, lambda line: None)


def of_files(folder):
    return report.of_files(PROTOCOLS["B"], RECORDINGS, folder, lambda line: None)


def test_seeds_have_a_spread_and_ground_truth_beside(model):
    result = of_model(model)
    figures = next(iter(result.sections.values())).tables["Figures"]
    made = figures["fid_kinetic"].generated
    assert isinstance(made, Estimate)
    assert made.low < made.mean < made.high
    assert made.sd > 0
    assert figures["fid_kinetic"].ground_truth == pytest.approx(0, abs=1e-6)
    assert figures["fid_kinetic"].floor > 0
    assert (result.about["seeds"], result.about["seed"], result.about["generated"]) == (2, 4, 4)


def test_motion_files_are_measured_without_a_model(tmp_path):
    for clip in CLIPS:
        clip_file.save(clip, tmp_path / f"{clip.name}.npz")
    figures = next(iter(of_files(tmp_path).sections.values())).tables["Figures"]
    assert {"fid_kinetic", "beat_alignment", "skating_ratio"} <= set(figures)
    for row in figures.values():
        assert row.generated == pytest.approx(row.ground_truth, abs=1e-3)


def test_a_folder_without_dances_is_told(tmp_path):
    with pytest.raises(DataError, match="No dances"):
        of_files(tmp_path)


def test_what_is_not_comparable_says_so(model):
    result = of_model(model)
    assert result.comparable is False
    assert "NOT comparable" in next(iter(result.sections.values())).note


def test_page_shows_the_published_tables(model):
    html = page.render("B", of_model(model), {})
    assert "Bailando" in html
    assert "113" in html
