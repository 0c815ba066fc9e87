from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tokendance_core.train import generator as stage_two
from tokendance_core.train.paired_tokens import PairedTokens, load, save
from tokendance_core.train.tokenizers import turned, windows_from


@pytest.fixture(scope="module")
def pairs() -> PairedTokens:
    rng = np.random.default_rng(0)
    streams = {name: rng.integers(0, 1000, (4, 150)) for name in ("semantic", "acoustic", "upper", "lower")}
    return PairedTokens(**streams, genre=np.array([1, 2, 1, 0]), sources=({"song": "a"},) * 4)


@given(st.integers(0, 1000), st.integers(1, 12), st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_every_crop_hides_something(seed: int, count: int, length: int) -> None:
    masks = stage_two.draw_masks(np.random.default_rng(seed), count, length)
    assert masks.shape == (count, 2, length)
    assert masks.any((1, 2)).all()


def test_every_kind_of_mask_occurs_about_as_often_as_stated() -> None:
    masks = stage_two.draw_masks(np.random.default_rng(0), 4000, 30)
    whole = masks.all((1, 2)).mean()
    half = (masks.all(2).sum(1) == 1) & (masks.any(2).sum(1) == 1)
    # a share near one hides a short crop whole as well
    assert stage_two.ALL_MASKED - 0.03 < whole < stage_two.ALL_MASKED + 0.12
    assert half.mean() == pytest.approx(stage_two.ONE_HALF_MASKED, abs=0.03)


def test_crops_come_from_the_pairs_in_step(pairs: PairedTokens) -> None:
    task = stage_two.generator_task("tiny", 3, pairs, pairs)
    batch = task.batch(np.random.default_rng(1), 8)
    rows = {tuple(row): i for i, row in enumerate(np.lib.stride_tricks.sliding_window_view(pairs.upper, 5, axis=1)[:, :, :].reshape(-1, 5))}
    width = 150 - 5 + 1
    for i in range(len(batch["upper"])):
        where = rows[tuple(batch["upper"][i, :5].tolist())]
        pair, start = divmod(where, width)
        np.testing.assert_array_equal(batch["acoustic"][i, :5], pairs.acoustic[pair, start : start + 5])
        assert int(batch["genre"][i]) in (0, pairs.genre[pair])


def test_the_loss_learns_a_constant_answer(pairs: PairedTokens) -> None:
    torch.manual_seed(0)
    constant = PairedTokens(pairs.semantic, pairs.acoustic, np.full((4, 150), 7), np.full((4, 150), 9), pairs.genre, pairs.sources)
    task = stage_two.generator_task("tiny", 3, constant, constant)
    optimiser = torch.optim.Adam(task.model.parameters(), 0.02)
    for step in range(25):
        loss = task.loss(task.batch(np.random.default_rng(step), 4))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    task.model.eval()
    figures = task.validate()
    assert figures["all_hidden_upper_accuracy"] == figures["all_hidden_lower_accuracy"] == 1.0


def test_pairs_survive_the_disk(pairs: PairedTokens, tmp_path) -> None:
    save(pairs, tmp_path / "pairs.npz")
    again = load(tmp_path / "pairs.npz")
    np.testing.assert_array_equal(again.lower, pairs.lower)
    assert again.sources == pairs.sources


def test_windows_are_cut_from_anywhere() -> None:
    matrices = [np.arange(10)[:, None] + 100 * i for i in range(2)]
    windows = windows_from(matrices, np.array([10.0, 10.0]), np.random.default_rng(0), 200, 4)
    assert windows.shape == (200, 4, 1)
    assert (np.diff(windows[..., 0], axis=1) == 1).all()
    assert set(windows[:, 0, 0]) == {*range(7), *range(100, 107)}


def test_turning_windows_agrees_with_turning_clips() -> None:
    from tests.unit.train.motion_samples import swaying_clip
    from tokendance_core import representation
    from tokendance_core.train import augment

    clip = swaying_clip(12)
    expected = representation.to_matrix(augment.turn(clip, 0.6))
    np.testing.assert_allclose(turned(representation.to_matrix(clip)[None], np.array([0.6]))[0], expected, atol=1e-5)
