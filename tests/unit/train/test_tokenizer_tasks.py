"""Batches of the tokenizers' tasks, and that no step of any task waits for a graphics card or copies to one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.unit.motion_samples import swaying_clip
from tokendance_core.dance import representation
from tokendance_core.dance.representation import RootForm
from tokendance_core.datasets.pack import SourceClip, SourceSong
from tokendance_core.model.config import LEVELS
from tokendance_core.motion import edits
from tokendance_core.train import generator as stage_two
from tokendance_core.train import tokenizers
from tokendance_core.train.draws import Draws, Windows
from tokendance_core.train.loop import Task
from tokendance_core.train.optimisation import Average, Optimiser
from tokendance_core.train.paired_tokens import PairedTokens
from tokendance_core.train.tokenizers import SIZES, WINDOW, dance_tasks, music_tasks, turned
from tokendance_core.types import MusicFeatures


def clip(number: int, split: str) -> SourceClip:
    return SourceClip(clip=swaying_clip(300, seed=number), genre="salsa", split=split, grid=None)


def dances(root: RootForm) -> dict[str, tokenizers.DanceTask]:
    return dance_tasks([clip(0, "train"), clip(1, "validation")], [clip(2, "train")], SIZES["tiny"], root)[0]


def music() -> dict[str, tokenizers.MusicTask]:
    rng = np.random.default_rng(0)
    songs = []
    for split in ("train", "validation"):
        values = rng.normal(size=(WINDOW + 60, 35)).astype(np.float32)
        values[:, -2:] = values[:, -2:] > 1
        songs.append(SourceSong(name=split, split=split, features=MusicFeatures(values), beats=np.arange(9.0)))
    return music_tasks(songs, SIZES["tiny"])[0]


def generator() -> stage_two.GeneratorTask:
    rng = np.random.default_rng(0)
    columns = {name: rng.integers(0, 2, (4, 300)) for name in PairedTokens.__dataclass_fields__}
    columns |= {"dance": rng.integers(0, 1000, (4, 4, 300)), "tempo": np.arange(4), "genre": np.arange(4)}
    pairs = PairedTokens(**columns | {"clips": ("a", "b"), "sources": ({"song": "a"},) * 4})
    return stage_two.generator_task("tiny", pairs, pairs, genres=8, codebooks=2, levels=LEVELS)


TASKS = {
    "lower": lambda: dances("heading")["lower"],
    "upper": lambda: dances("heading")["upper"],
    "lower, velocity": lambda: dances("velocity")["lower"],
    "semantic": lambda: music()["semantic"],
    "acoustic": lambda: music()["acoustic"],
    "generator": generator,
}


class Offences(TorchDispatchMode):
    """Operations that would wait for a graphics card, or copy numbers of the host to it: neither can be captured."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        name = function.overloadpacket.__name__
        if name in ("lift_fresh", "_local_scalar_dense", "nonzero", "masked_select", "unique", "repeat_interleave"):
            self.found.append(name)
        if name == "index" and any(index is not None and index.dtype == torch.bool for index in args[1]):
            self.found.append("index by truth")
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", TASKS)
def test_no_step_waits_for_a_graphics_card_or_copies_to_it(name: str) -> None:
    task: Task = TASKS[name]()
    adam = Optimiser(task.model, task.loss, betas=(0.9, 0.99), weight_decay=0.1, clip=1.0, bfloat16=True, capture=None)
    average, draws = Average(task.model), Draws(0)
    with Offences() as offences:
        for step in range(2):
            adam.step(task.batch(draws, 4), 0.001)
            average.update(step)
    assert offences.found == []
    assert torch.isfinite(adam.loss)


def test_such_steps_are_seen() -> None:
    x = torch.ones(3)
    with Offences() as offences:
        _ = x[[0, 1]], float(x.sum()), x[x > 0], x.new_tensor([1.0])
    assert offences.found == ["lift_fresh", "_local_scalar_dense", "index by truth", "lift_fresh"]


@pytest.mark.parametrize("name", TASKS)
def test_the_figure_that_a_task_is_judged_by_is_told(name: str) -> None:
    task: Task = TASKS[name]()
    with torch.inference_mode():
        assert np.isfinite(task.validate()[task.judged_by])


@pytest.mark.parametrize("name", TASKS)
def test_the_same_step_draws_the_same_batch(name: str) -> None:
    task: Task = TASKS[name]()
    first, again, other = (task.batch(Draws(0, step=step), 4) for step in (5, 5, 6))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_windows_are_cut_from_anywhere() -> None:
    sequences = [np.arange(10.0)[:, None] + 100 * i for i in range(2)]
    windows = Windows(sequences, 4).draw(Draws(0), 200)
    assert windows.shape == (200, 4, 1)
    assert (windows.diff(dim=1) == 1).all()
    assert set(windows[:, 0, 0].tolist()) == {*range(7), *range(100, 107)}


def test_windows_come_up_by_length_and_share() -> None:
    sequences = [np.full((frames, 1), number) for number, frames in enumerate((10, 30, 20))]
    windows = Windows(sequences, 4, shares=np.array([1.0, 1.0, 0.5])).draw(Draws(0), 4000)[:, 0, 0]
    assert [float((windows == number).float().mean()) for number in range(3)] == pytest.approx(
        [0.2, 0.6, 0.2], abs=0.03
    )


def test_turning_windows_agrees_with_turning_clips() -> None:
    sample = swaying_clip(12)
    expected = representation.to_matrix(edits.turn(sample, 0.6))
    made = turned(torch.from_numpy(representation.to_matrix(sample))[None], torch.tensor([0.6]))
    np.testing.assert_allclose(made[0].numpy(), expected, atol=1e-5)


def test_fewer_codes_are_a_coarser_decoding() -> None:
    model = dances("heading")["lower"].model
    x = torch.randn(2, 40, model.config.features)
    indices = model.encode(x).indices
    made = model(x, torch.tensor([1, 2]))[0]
    torch.testing.assert_close(made[:1], model.decode(indices[:1, :, :1]))
    torch.testing.assert_close(made[1:], model.decode(indices[1:]))


def test_a_run_goes_on_with_the_normalisation_that_it_began_with() -> None:
    began = dance_tasks([clip(0, "train")], [], SIZES["tiny"], "heading")[1]
    tasks, kept = dance_tasks([clip(3, "train")], [], SIZES["tiny"], "heading", statistics=began)
    assert kept is began
    np.testing.assert_array_equal(tasks["lower"]._mean, began.mean)
