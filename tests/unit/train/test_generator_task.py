from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tokendance_core.model.fsq import LEVELS
from tokendance_core.train import generator as stage_two
from tokendance_core.train.draws import Draws
from tokendance_core.train.paired_tokens import PairedTokens


@pytest.fixture(scope="module")
def pairs() -> PairedTokens:
    rng = np.random.default_rng(0)
    music = {name: rng.integers(0, 1000, (4, 300)) for name in ("semantic", "acoustic")}
    dance = rng.integers(0, 1000, (4, 4, 300))
    beat_position = np.tile(np.arange(300) % 4 + 1, (4, 1))
    energy, tempo = rng.integers(1, 9, (4, 300)), np.array([1, 2, 3, 4])
    told = {"energy": energy, "beat_position": beat_position, "tempo": tempo, "genre": np.array([1, 2, 1, 0])}
    origin = {name: np.zeros((4, 300), int) for name in ("phrase", "clip", "clip_seconds")}
    certainty = rng.integers(0, 4, (4, 300))
    words = {"clips": ("sway",), "sources": ({"song": "a"},) * 4}
    return PairedTokens(**music, **told, **origin, **words, certainty=certainty, dance=dance)


@given(st.integers(0, 1000), st.integers(1, 12), st.integers(1, 3), st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_every_crop_hides_something(seed: int, count: int, codebooks: int, length: int) -> None:
    masks = stage_two.draw_masks(Draws(seed), count, codebooks, length)
    assert masks.shape == (count, 2 * codebooks, length)
    assert masks.flatten(1).any(1).all()


def test_every_kind_of_mask_occurs_about_as_often_as_stated() -> None:
    masks = stage_two.draw_masks(Draws(0), 4000, 2, 30).numpy()
    first, second = masks[:, :2], masks[:, 2:]
    # a share near one hides a short crop whole as well
    assert stage_two.ALL_MASKED - 0.03 < masks.all((1, 2)).mean() < stage_two.ALL_MASKED + 0.12
    half = (first.all(2).sum(1) == 1) & (first.any(2).sum(1) == 1)
    assert half.mean() == pytest.approx(stage_two.ONE_HALF_MASKED, abs=0.03)
    assert (~first.any((1, 2)) & second.any((1, 2))).mean() == pytest.approx(stage_two.REFINING, abs=0.03)


def test_no_code_is_known_before_those_it_refines() -> None:
    masks = stage_two.draw_masks(Draws(1), 500, 3, 30)
    assert not (masks[:, :4] & ~masks[:, 2:]).any()


def test_crops_come_from_the_pairs_in_step(pairs: PairedTokens) -> None:
    task = stage_two.generator_task("tiny", pairs, pairs, genres=3, codebooks=2, levels=LEVELS)
    batch = task.batch(Draws(1), 8)
    starts = np.lib.stride_tricks.sliding_window_view(pairs.dance[:, 0], 5, axis=1).reshape(-1, 5)
    rows = {tuple(row): i for i, row in enumerate(starts)}
    width = 300 - 5 + 1
    for i in range(len(batch["dance"])):
        where = rows[tuple(batch["dance"][i, 0, :5].tolist())]
        pair, start = divmod(where, width)
        np.testing.assert_array_equal(batch["acoustic"][i, :5], pairs.acoustic[pair, start : start + 5])
        np.testing.assert_array_equal(batch["beat_position"][i, :5], pairs.beat_position[pair, start : start + 5])
        np.testing.assert_array_equal(batch["dance"][i, :, :5], pairs.dance[pair, :, start : start + 5])
        assert int(batch["genre"][i]) in (0, pairs.genre[pair])
        assert int(batch["tempo"][i]) in (0, pairs.tempo[pair])
        for name in ("energy", "timing"):
            assert batch[name][i, :5].tolist() in ([0] * 5, getattr(pairs, name)[pair, start : start + 5].tolist())


def test_the_loss_learns_a_constant_answer(pairs: PairedTokens) -> None:
    torch.manual_seed(0)
    answer = np.broadcast_to(np.array([7, 9, 11, 13])[:, None], pairs.dance.shape).copy()
    constant = replace(pairs, dance=answer)
    task = stage_two.generator_task("tiny", constant, constant, genres=3, codebooks=2, levels=LEVELS)
    optimiser = torch.optim.Adam(task.model.parameters(), 0.02)
    for step in range(25):
        loss = task.loss(task.batch(Draws(0, step=step), 4))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    task.model.eval()
    figures = task.validate()
    assert figures["all_hidden_upper_accuracy"] == figures["all_hidden_lower_accuracy"] == 1.0
