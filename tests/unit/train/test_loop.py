from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tokendance_core.errors import CheckpointError
from tokendance_core.train import loop


@dataclass(frozen=True)
class _Config:
    width: int = 3


class _Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.config = _Config()
        self.layer = nn.Linear(3, 1)
        self.dropout = nn.Dropout(0.3)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.dropout(x))


class _LineTask:
    """Fit a line through noise; dropout makes torch's own random numbers matter."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = _Line()

    def batch(self, rng: np.random.Generator, size: int) -> loop.Batch:
        x = torch.from_numpy(rng.normal(size=(size, 3)).astype(np.float32))
        return {"x": x, "y": x @ torch.tensor([[1.0], [-2.0], [0.5]])}

    def loss(self, batch: loop.Batch) -> Tensor:
        return (self.model(batch["x"]) - batch["y"]).square().mean()

    def validate(self) -> dict[str, float]:
        return {"weight": float(self.model.layer.weight.abs().sum())}


SETTINGS = loop.TrainSettings(
    steps=40, batch=16, learning_rate=0.1, betas=(0.9, 0.99), warmup=4, save_every=10, validate_every=20
)


def _losses(task: _LineTask, settings: loop.TrainSettings, folder: Path) -> list[float]:
    return loop.train(task, settings, folder=folder, name="line", device="cpu", processes=loop.Processes())


def _train(folder: Path, task: _LineTask | None = None) -> tuple[list[float], _LineTask]:
    task = task or _LineTask()
    return _losses(task, SETTINGS, folder), task


def test_half_precision_learns_nearly_the_same(tmp_path: Path) -> None:
    full, _ = _train(tmp_path / "full")
    task = _LineTask()
    half = _losses(task, replace(SETTINGS, bfloat16=True), tmp_path / "half")
    assert half != full
    np.testing.assert_allclose(half, full, atol=0.3)


def test_training_lowers_the_loss_and_leaves_a_log(tmp_path: Path) -> None:
    losses, _ = _train(tmp_path)
    assert len(losses) == 40
    assert np.mean(losses[-5:]) < 0.5 * losses[0]
    assert list((tmp_path / "log" / "line").glob("events.*"))


def test_a_run_that_was_killed_resumes_to_the_same_losses(tmp_path: Path) -> None:
    whole, task = _train(tmp_path / "whole")

    class Killed(_LineTask):
        batches = 0

        def batch(self, rng: np.random.Generator, size: int) -> loop.Batch:
            self.batches += 1
            if self.batches > 27:
                raise KeyboardInterrupt
            return super().batch(rng, size)

    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path / "killed", Killed())
    resumed, again = _train(tmp_path / "killed")
    assert resumed == whole
    torch.testing.assert_close(again.model.state_dict(), task.model.state_dict(), rtol=0, atol=0)


def test_a_finished_run_does_nothing_more(tmp_path: Path) -> None:
    first, _ = _train(tmp_path)
    again, _ = _train(tmp_path)
    assert again == first


def test_other_settings_are_refused(tmp_path: Path) -> None:
    _train(tmp_path)
    with pytest.raises(CheckpointError, match="other settings \\(batch\\)"):
        _losses(_LineTask(), replace(SETTINGS, batch=8), tmp_path)


def test_a_damaged_state_is_an_error_not_a_new_start(tmp_path: Path) -> None:
    _train(tmp_path)
    state = tmp_path / "line.pt"
    state.write_bytes(state.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        _train(tmp_path)


def test_the_rate_rises_then_falls_to_nothing() -> None:
    rates = [SETTINGS.rate(step) for step in range(SETTINGS.steps)]
    assert rates[0] < rates[3] > rates[10] > rates[-1]
    assert rates[-1] < 0.01 * max(rates)


def test_processes_share_out_the_global_batch() -> None:
    batch = {"x": torch.arange(10)}
    shares = [loop.Processes(rank, 3).share(batch)["x"].tolist() for rank in range(3)]
    assert sorted(x for share in shares for x in share) == list(range(10))
