"""The training loop: resumed as if nothing had happened, in time, annealed, averaged, its best weights kept."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.conftest import ROOT
from tokendance_core.errors import CheckpointError, SettingError, TokenDanceError
from tokendance_core.train import loop, run_folder
from tokendance_core.train.draws import Draws
from tokendance_core.train.loop import Training
from tokendance_core.train.optimisation import EAGER_STEPS, Batch, Optimiser
from tokendance_core.train.schedule import DECAY, Length, rate_factor


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

    judged_by = "error"

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = _Line()

    def batch(self, draws: Draws, size: int) -> Batch:
        x = draws.normal(size, 3)
        return {"x": x, "y": x @ torch.tensor([[1.0], [-2.0], [0.5]])}

    def loss(self, batch: Batch) -> Tensor:
        return (self.model(batch["x"]) - batch["y"]).square().mean()

    def validate(self) -> dict[str, float]:
        wanted = torch.tensor([[1.0, -2.0, 0.5]])
        return {"error": float((self.model.layer.weight - wanted).abs().sum())}


class _Killed(_LineTask):
    """Its process ends while it draws the batch of a step."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._left = at

    def batch(self, draws: Draws, size: int) -> Batch:
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt
        return super().batch(draws, size)


class _Clock:
    """Each look at it takes ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self.now, self._seconds = 0.0, seconds

    def __call__(self) -> float:
        self.now += self._seconds
        return self.now


SETTINGS = loop.TrainSettings(batch=16, learning_rate=0.1, betas=(0.9, 0.99), warmup=4)
STEPS = Length(steps=100)


def training(folder: Path, task: _LineTask | None = None, length: Length = STEPS, **more) -> Training:
    folder.mkdir(exist_ok=True)
    more = {"clock": _Clock(1.0), "folder": folder, "name": "line", "settings": SETTINGS, **more}
    return Training(task or _LineTask(), length=length, **more)


def trained(folder: Path, task: _LineTask | None = None, length: Length = STEPS, **more) -> _LineTask:
    task = task or _LineTask()
    training(folder, task, length, **more).run()
    return task


def rows(folder: Path, table: str = "line.csv") -> list[dict[str, float]]:
    with (folder / "log" / table).open(encoding="utf-8") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def column(folder: Path, name: str, table: str = "line.csv") -> list[float]:
    return [row[name] for row in rows(folder, table)]


def test_training_lowers_the_loss_and_leaves_a_table_and_a_tensorboard_log(tmp_path: Path) -> None:
    trained(tmp_path)
    losses = column(tmp_path, "loss")
    assert column(tmp_path, "step") == [20, 40, 60, 80, 100]
    assert losses[-1] < 0.7 * losses[0]
    assert list((tmp_path / "log" / "line").glob("events.*"))


@pytest.mark.parametrize("at", [1, 27, 60, 79, 99])
def test_a_run_that_was_killed_resumes_to_the_same_losses_and_weights(tmp_path: Path, at: int) -> None:
    whole = trained(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "killed", _Killed(at))
    again = trained(tmp_path / "killed")
    assert column(tmp_path / "killed", "step") == [20, 40, 60, 80, 100]
    assert column(tmp_path / "killed", "loss") == column(tmp_path / "whole", "loss")
    torch.testing.assert_close(again.model.state_dict(), whole.model.state_dict(), rtol=0, atol=0)
    for name in ("line.safetensors", "line.last.safetensors"):
        kept, expected = (run_folder.read_weights(tmp_path / run / name) for run in ("killed", "whole"))
        torch.testing.assert_close(kept, expected, rtol=0, atol=0)


def test_a_run_that_is_killed_while_it_saves_keeps_the_state_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(tmp_path / "whole")
    saved, save = [], torch.save

    def half_written(state: object, path: Path) -> None:
        if len(saved) == 1:
            path.write_bytes(b"half")
            raise KeyboardInterrupt
        saved.append(path)
        save(state, path)

    monkeypatch.setattr(torch, "save", half_written)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "killed")
    monkeypatch.undo()
    state = run_folder.read_state(run_folder.state_path(tmp_path / "killed", "line"))
    assert state is not None
    assert 0 < state["step"] < 100
    again = trained(tmp_path / "killed")
    torch.testing.assert_close(again.model.state_dict(), whole.model.state_dict(), rtol=0, atol=0)


def test_little_is_lost_at_any_moment(tmp_path: Path) -> None:
    clock = _Clock(1.0)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, _Killed(900), Length(steps=1000), clock=clock)
    state = run_folder.read_state(run_folder.state_path(tmp_path, "line"))
    assert state is not None
    assert clock.now - state["elapsed"] < 3 * loop.SAVE_SECONDS  # a step takes a second or two here


def test_a_finished_run_does_nothing_more(tmp_path: Path) -> None:
    first = trained(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    trained(tmp_path, _Killed(0))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
    assert first.model is not None


def test_other_settings_are_refused(tmp_path: Path) -> None:
    trained(tmp_path)
    with pytest.raises(CheckpointError, match="other settings \\(batch\\)"):
        training(tmp_path, settings=replace(SETTINGS, batch=8))


def test_a_damaged_state_is_an_error_not_a_new_start(tmp_path: Path) -> None:
    trained(tmp_path)
    state = tmp_path / "line.pt"
    state.write_bytes(state.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        training(tmp_path)


def test_a_loss_that_is_not_finite_stops_the_run_and_is_not_saved(tmp_path: Path) -> None:
    class Exploding(_LineTask):
        def loss(self, batch: Batch) -> Tensor:
            return super().loss(batch) * torch.inf

    with pytest.raises(TokenDanceError, match="not finite"):
        trained(tmp_path, Exploding())
    assert not (tmp_path / "line.pt").exists()


def test_half_precision_learns_nearly_the_same(tmp_path: Path) -> None:
    trained(tmp_path / "full")
    trained(tmp_path / "half", settings=replace(SETTINGS, bfloat16=True))
    full, half = (column(tmp_path / name, "loss") for name in ("full", "half"))
    assert half != full
    np.testing.assert_allclose(half, full, atol=0.3)


# --- how long ---------------------------------------------------------------------------------------------------------


def test_minutes_are_kept_and_the_rate_falls_to_nothing_in_them(tmp_path: Path) -> None:
    clock = _Clock(0.5)
    trained(tmp_path, length=Length(seconds=300.0), clock=clock)
    assert 300 <= clock.now < 320
    rates = column(tmp_path, "rate")
    assert max(rates) == pytest.approx(SETTINGS.learning_rate)
    assert rates[-1] < 0.1 * max(rates)


def test_minutes_count_over_resumes(tmp_path: Path) -> None:
    length = Length(seconds=300.0)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, _Killed(120), length)
    clock = _Clock(1.0)
    trained(tmp_path, length=length, clock=clock)
    assert clock.now < 260


def test_the_rate_rises_stays_and_falls() -> None:
    rates = [rate_factor(step, STEPS.progress(step, 0.0), 4) for step in range(100)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert set(rates[4 : 100 - round(100 * DECAY)]) == {1.0}
    assert sorted(rates[75:], reverse=True) == rates[75:]
    assert rates[-1] < 0.03
    assert rate_factor(100, 1.0, 4) == 0.0


def test_a_longer_run_goes_on_from_before_the_decay(tmp_path: Path) -> None:
    trained(tmp_path / "extended")
    trained(tmp_path / "extended", length=Length(steps=200))
    trained(tmp_path / "whole", length=Length(steps=200))
    for name in ("step", "rate", "loss"):
        assert column(tmp_path / "extended", name)[-5:] == column(tmp_path / "whole", name)[-5:]


def test_an_extended_run_survives_being_killed(tmp_path: Path) -> None:
    trained(tmp_path / "killed")
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "killed", _Killed(70), Length(steps=200))
    state = run_folder.read_state(run_folder.state_path(tmp_path / "killed", "line"))
    assert state is not None
    assert state["step"] > 100
    assert training(tmp_path / "killed", length=Length(steps=200)).step == state["step"]


def test_annealing_ends_a_run_from_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, _Killed(95), Length(steps=10_000))
    begun = training(tmp_path, length=Length(steps=10_000)).step
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, _Killed(25), Length(steps=10_000), anneal=True)
    trained(tmp_path, length=Length(steps=10_000), anneal=True)
    assert column(tmp_path, "step")[-1] == np.ceil(begun / (1 - DECAY))
    assert column(tmp_path, "rate")[-1] < 0.2 * SETTINGS.learning_rate
    done = (tmp_path / "line.pt").read_bytes()
    trained(tmp_path, _Killed(0), Length(steps=10_000), anneal=True)
    assert (tmp_path / "line.pt").read_bytes() == done
    assert training(tmp_path, length=Length(steps=10_000)).step - begun in (0, 1)  # and it may go on as if it had not


# --- averages and the best --------------------------------------------------------------------------------------------


def test_what_is_kept_is_the_moving_average_of_the_weights(tmp_path: Path) -> None:
    seen: list[Tensor] = []

    class Watched(_LineTask):
        def batch(self, draws: Draws, size: int) -> Batch:
            seen.append(self.model.layer.weight.detach().clone())
            return super().batch(draws, size)

    task = trained(tmp_path, Watched())
    average = seen[0]
    for step, weights in enumerate([*seen[1:], task.model.layer.weight.detach()]):
        past = (1 + step) / (10 + step)
        average = past * average + (1 - past) * weights
    _, kept = run_folder.read_weights(tmp_path / "line.last.safetensors")
    torch.testing.assert_close(kept["layer.weight"], average, atol=2e-3, rtol=0)


def test_the_best_weights_by_a_held_out_figure_are_kept_beside_the_last(tmp_path: Path) -> None:
    class Fading(_LineTask):
        looks = 0

        def validate(self) -> dict[str, float]:
            self.looks += 1
            return {"error": abs(self.looks - 3.0)}

    told = []
    trained(tmp_path, Fading(), validated=lambda: told.append((tmp_path / "line.safetensors").read_bytes()))
    best, last = ((tmp_path / name).read_bytes() for name in ("line.safetensors", "line.last.safetensors"))
    assert column(tmp_path, "error", "line.validation.csv") == [2, 1, 0, 1, 2]
    assert best == told[2] == told[4] != last


# --- a step as a graph ------------------------------------------------------------------------------------------------


def optimiser(model: nn.Module, loss: Callable[[Batch], Tensor], capture) -> Optimiser:
    return Optimiser(model, loss, betas=(0.9, 0.99), weight_decay=0.1, clip=1.0, bfloat16=False, capture=capture)


def test_captured_steps_are_the_same_steps() -> None:
    """A graph is stood in for by the step itself, run on the tensors that it was captured with."""
    captured: list[Callable[[], None]] = []

    def capture(step: Callable[[], None]) -> Callable[[], None]:
        captured.append(step)
        return step

    weights, losses = [], []
    for how in (None, capture):
        task, draws = _LineTask(), Draws(0)
        adam = optimiser(task.model, task.loss, how)
        losses.append([])
        for step in range(14):
            draws.at(step)
            adam.step(task.batch(draws, 4 if step % 2 else 6), 0.05)
            losses[-1].append(float(adam.loss))
        weights.append(task.model.layer.weight.detach())
    assert len(captured) == 2  # one for each shape of batch
    assert losses[0] == losses[1]
    torch.testing.assert_close(weights[0], weights[1], rtol=0, atol=0)


def test_the_first_steps_of_each_shape_are_not_captured() -> None:
    task, draws, when = _LineTask(), Draws(0), []
    adam = optimiser(task.model, task.loss, lambda step: when.append(steps) or step)
    for steps in range(EAGER_STEPS + 3):  # noqa: B007 - read by the lambda
        adam.step(task.batch(draws, 4), 0.05)
    assert when == [EAGER_STEPS]


def test_random_numbers_depend_on_seed_and_step_alone() -> None:
    draws, late = Draws(5), Draws(5, step=3)
    first = draws.normal(4)
    draws.at(3)
    assert torch.equal(draws.normal(4), late.normal(4))
    draws.at(0)
    assert torch.equal(draws.normal(4), first)
    assert not torch.equal(Draws(6).normal(4), first)


# --- one run to a folder ----------------------------------------------------------------------------------------------


def test_a_second_run_on_one_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    with run_folder.locked(folder):
        assert run_folder.is_locked(folder)
        assert run_folder.owner(folder) == os.getpid()
        with pytest.raises(SettingError, match=f"process {os.getpid()}"), run_folder.locked(folder):
            pass
    assert not run_folder.is_locked(folder)
    assert run_folder.owner(folder) is None


def test_the_lock_of_a_run_that_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    code = (
        "import os, signal, pathlib, sys; from tokendance_core.train import run_folder\n"
        "with run_folder.locked(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=False, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert (tmp_path / run_folder.LOCK).read_text()
    (tmp_path / ".tokendance-01234567-1-0123abcd.pt").write_bytes(b"half")
    assert not run_folder.is_locked(tmp_path)
    with run_folder.locked(tmp_path):
        assert not (tmp_path / ".tokendance-01234567-1-0123abcd.pt").exists()
