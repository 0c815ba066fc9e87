from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tokendance_core.model.config import LEVELS
from tokendance_core.train import generator as stage_two
from tokendance_core.train.draws import Draws
from tokendance_core.train.generator import LATER_MASKS, MASKS
from tokendance_core.train.paired_tokens import PairedTokens


@pytest.fixture(scope="module")
def pairs() -> PairedTokens:
    rng = np.random.default_rng(0)
    music = {name: rng.integers(0, 1000, (4, 300)) for name in ("semantic", "acoustic")}
    dance = rng.integers(0, 1000, (4, 4, 300))
    beat_position = np.tile(np.arange(300) % 4 + 1, (4, 1))
    energy, tempo = rng.integers(1, 9, (4, 300)), np.array([1, 2, 3, 4])
    count, accent, step = (rng.integers(1, bound, (4, 300)) for bound in (9, 3, 5))
    told = {"energy": energy, "beat_position": beat_position, "tempo": tempo, "genre": np.array([1, 2, 1, 0])}
    told |= {"beat_count": count, "accent": accent, "step": step}
    origin = {name: np.zeros((4, 300), int) for name in ("phrase", "clip", "clip_seconds")}
    certainty = rng.integers(0, 4, (4, 300))
    words = {"clips": ("sway",), "sources": ({"song": "a"},) * 4}
    return PairedTokens(**music, **told, **origin, **words, certainty=certainty, dance=dance)


@given(st.integers(0, 1000), st.integers(1, 12), st.integers(1, 40), st.sampled_from([MASKS, LATER_MASKS]))
@settings(max_examples=50, deadline=None)
def test_every_crop_hides_something(seed: int, count: int, length: int, often: dict[str, float]) -> None:
    masks, finished = stage_two.draw_masks(Draws(seed), count, length, often)
    assert masks.shape == (count, 2, length)
    assert finished.shape == (count, 1, 1)
    assert masks.flatten(1).any(1).all()


@pytest.mark.parametrize("way", MASKS)
def test_each_way_of_hiding_is_what_it_says(way: str) -> None:
    masks = stage_two.draw_masks(Draws(0), 200, 96, {way: 1.0})[0].numpy()
    changes = np.diff(masks.astype(int), axis=2)
    both = (masks[:, 0] == masks[:, 1]).all(1)
    assert {
        "anywhere": lambda: both.mean() < 0.3 and 0.5 < masks.mean() < 0.75,
        "nearly all": lambda: masks.mean((1, 2)).min() > 0.75,
        "all": lambda: masks.all(),
        "bars": lambda: both.mean() > 0.9 and np.abs(changes[:, 0]).sum(1).max() <= 96 // stage_two.BAR + 1,
        "end": lambda: both.all() and (changes >= 0).all() and masks[:, :, -1].all(),
        "range": lambda: both.all() and (np.abs(changes[:, 0]).sum(1) <= 2).all(),
        "half": lambda: (masks.all(2).sum(1) == 1).all() and (masks.any(2).sum(1) == 1).all(),
    }[way]()


@pytest.mark.parametrize("often", [MASKS, LATER_MASKS])
def test_ways_of_hiding_occur_as_often_as_stated(often: dict[str, float]) -> None:
    assert sum(often.values()) == pytest.approx(1.0)
    masks, finished = stage_two.draw_masks(Draws(0), 4000, 30, often)
    half = (masks.all(2).sum(1) == 1) & (masks.any(2).sum(1) == 1)
    assert float(half.float().mean()) == pytest.approx(often["half"], abs=0.03)
    edits = sum(share for way, share in often.items() if way in stage_two.EDITS)
    assert float(finished.float().mean()) == pytest.approx(edits, abs=0.03)


def test_every_codebook_is_asked_for() -> None:
    asked = [stage_two.draw_codebooks(Draws(0, step=step), 3) for step in range(400)]
    assert set(asked) == {range(1), range(1, 2), range(2, 3), range(3)}
    assert np.mean([each == range(1) for each in asked]) == pytest.approx(0.65, abs=0.08)


def test_codes_are_known_as_in_the_sampler(pairs: PairedTokens) -> None:
    """Those before the ones asked for are; those after them are in finished dances alone; few are another dance's."""
    task = stage_two.generator_task("tiny", pairs, pairs, genres=3, codebooks=2, levels=LEVELS)
    mask, later_known = task.model.config.mask, 0
    for step in range(40):
        batch = task.batch(Draws(1, step=step), 8)
        seen, asked, first = batch["seen"], batch["asked"], len(batch["before"])
        hidden = seen == mask
        assert not hidden[:, : 2 * first].any()
        assert torch.equal(hidden[:, 2 * first : 2 * first + asked.shape[1]], asked)
        if first == 0 and asked.shape[1] == 2:
            assert not (asked & ~hidden[:, 2:]).any()
            later_known += int((~hidden[:, 2:]).any())
        wrong = (seen != batch["dance"]) & ~hidden
        assert float(wrong.sum() / (~hidden).sum().clamp(min=1)) < 0.12
    assert later_known > 0


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
        for name in stage_two.UNTOLD:
            told, true = batch[name][i, :5].numpy(), getattr(pairs, name)[pair, start : start + 5]
            assert ((told == 0) | (told == true)).all()


def test_accents_are_told_wholly_in_part_or_not_at_all(pairs: PairedTokens) -> None:
    task = stage_two.generator_task("tiny", pairs, pairs, genres=3, codebooks=2, levels=LEVELS)
    shares = torch.cat([(task.batch(Draws(2, step=step), 8)["accent"] > 0).float().mean(1) for step in range(40)])
    for kind in (shares == 0, (shares > 0) & (shares < 1), shares == 1):
        assert float(kind.float().mean()) > 0.1


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
