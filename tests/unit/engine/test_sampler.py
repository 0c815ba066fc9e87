"""What the sampler promises: the paper's single pass, kept tokens, repeatability, order by confidence, cancelling."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokendance_core.engine.engine import Answering, Engine
from tokendance_core.engine.sampler import sample
from tokendance_core.model.config import CONFIGS, CUES, Prompt
from tokendance_core.types import CODES, OnShare, nobody

MASK = CONFIGS["tiny"].mask
ANY = np.zeros(2, int)


@pytest.fixture(scope="module")
def generator(tiny_checkpoint) -> Engine:
    return tiny_checkpoint.engine


def music(length: int = 23) -> Prompt:
    semantic, acoustic = np.random.default_rng(5).integers(CODES, size=(2, 2, length))
    return Prompt(semantic, acoustic, *[np.zeros_like(semantic)] * len(CUES), ANY, ANY)


def draw(generator: Answering, length: int = 23, **changes) -> np.ndarray:
    """All streams, (B, streams, L)."""
    options = {"steps": 4, "temperature": 1.0, "seed": 0} | changes
    return sample(generator, music(length), **options)


class Fixed:
    """A generator that answers with the same logits (2, streams, L, codes) whatever it sees, and remembers what it was
    shown.
    """

    def __init__(self, logits: np.ndarray) -> None:
        self.generator = SimpleNamespace(mask=logits.shape[-1], streams=logits.shape[1], codebooks=logits.shape[1] // 2)
        self.logits = logits
        self.seen: list[np.ndarray] = []
        self.heard = 0

    def hear(self, prompt: Prompt) -> Prompt:
        self.heard += 1
        return prompt

    def answer_at(
        self, places: np.ndarray, heard: Prompt, dance: np.ndarray, codebooks: range, on_share: OnShare = nobody
    ) -> list[np.ndarray]:
        self.seen.append(dance.copy())
        logits = self.logits[:, 2 * codebooks.start : 2 * codebooks.stop]
        return [logits[:, stream][places[:, stream]] for stream in range(places.shape[1])]


def fixed(length: int = 23, codes: int = CODES, scale: float = 1.0, streams: int = 2) -> Fixed:
    return Fixed(scale * np.random.default_rng(3).normal(size=(2, streams, length, codes)).astype(np.float32))


def test_one_step_at_temperature_zero_is_the_papers_argmax(generator):
    hidden = np.full((2, 4, 23), MASK)
    logits = generator.answer_at(hidden == MASK, generator.hear(music()), hidden, range(2))
    likeliest = np.stack([stream.argmax(-1).reshape(2, 23) for stream in logits], axis=1)
    assert np.array_equal(draw(generator, steps=1, temperature=0.0), likeliest)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("steps", [1, 5, 60])
def test_nothing_stays_masked(generator, steps, temperature):
    tokens = draw(generator, steps=steps, temperature=temperature)
    assert tokens.dtype == np.int64
    assert tokens.min() >= 0
    assert tokens.max() < CODES


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), steps=st.integers(1, 6), keep=st.floats(0, 1))
def test_given_tokens_are_kept(generator, seed, steps, keep):
    random = np.random.default_rng(seed)
    given_tokens = random.integers(CODES, size=(2, 4, 23))
    given_tokens[random.random(given_tokens.shape) > keep] = MASK
    before = given_tokens.copy()
    tokens = draw(generator, steps=steps, seed=seed, dance=given_tokens)
    known = before != MASK
    assert np.array_equal(tokens[known], before[known])
    assert (tokens < CODES).all()
    assert np.array_equal(given_tokens, before)


def test_one_half_can_be_drawn_for_the_other(generator):
    known = np.full((2, 4, 23), MASK)
    known[:, ::2] = np.random.default_rng(0).integers(CODES, size=(2, 2, 23))
    tokens = draw(generator, dance=known)
    assert np.array_equal(tokens[:, ::2], known[:, ::2])
    assert (tokens[:, 1::2] < CODES).all()


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_second_codes_wait_for_all_first_ones(temperature):
    network = fixed(length=50, streams=4)
    draw(network, length=50, steps=8, temperature=temperature)
    for seen in network.seen:
        waiting = seen == MASK
        assert not waiting[:, :2].any() or waiting[:, 2:].all()
    assert (network.seen[-1][:, :2] < MASK).all()


class Whole:
    """The generator as the network of every pass, all of it for all places: what the sampler is a faster form of."""

    def __init__(self, engine: Engine) -> None:
        self.generator, self.engine = engine.generator, engine

    def hear(self, prompt: Prompt) -> Prompt:
        return prompt

    def answer_at(
        self, places: np.ndarray, heard: Prompt, dance: np.ndarray, codebooks: range, on_share: OnShare = nobody
    ) -> list[np.ndarray]:
        everywhere = np.ones(dance.shape, bool)
        logits = self.engine.answer_at(everywhere, self.engine.hear(heard), dance, range(2))
        asked = logits[2 * codebooks.start : 2 * codebooks.stop]
        return [stream[places[:, number].ravel()] for number, stream in enumerate(asked)]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_passes_that_compute_less_draw_the_same(generator, temperature):
    fast, slow = (draw(network, steps=6, temperature=temperature) for network in (generator, Whole(generator)))
    assert np.array_equal(fast, slow)


def test_music_is_heard_once_for_all_passes():
    network = fixed()
    draw(network, steps=5)
    assert (network.heard, len(network.seen)) == (1, 5)


def test_seed_repeats_and_changes_the_dance(generator):
    first = draw(generator, seed=7)
    assert np.array_equal(first, draw(generator, seed=7))
    assert not np.array_equal(first, draw(generator, seed=8))


def test_temperature_zero_ignores_the_seed(generator):
    assert np.array_equal(draw(generator, temperature=0.0, seed=1), draw(generator, temperature=0.0, seed=2))


def test_the_same_numbers_are_drawn_for_every_pass_whatever_came_before():
    """What a pass draws depends on its number and the seed alone: not on how much was known, nor on the engine."""
    known = np.where(np.arange(50) < 40, 7, MASK) * np.ones((2, 2, 1), int)
    free, bound = (draw(fixed(length=50), length=50, steps=1, seed=3, dance=dance) for dance in (None, known))
    assert np.array_equal(free[..., 40:], bound[..., 40:])


def test_global_random_state_is_left_alone_and_not_used(generator):
    before = np.random.get_state()[1].tolist()
    first = draw(generator)
    assert np.random.get_state()[1].tolist() == before
    np.random.seed(123)
    assert np.array_equal(draw(generator), first)


def test_surest_tokens_come_first_by_a_cosine_schedule():
    network = fixed(length=50)
    tokens = draw(network, length=50, steps=4, temperature=0.0)
    confidence = (network.logits.max(-1) - np.log(np.exp(network.logits).sum(-1))).reshape(2, -1)
    for seen, masked in zip(network.seen, [100, 92, 70, 38], strict=True):  # floor(100 cos(pi/2 * step / 4))
        waiting = (seen == MASK).reshape(2, -1)
        assert waiting.sum(1).tolist() == [masked, masked]
        for item in range(2):
            order = confidence[item].argsort()
            assert waiting[item, order[:masked]].all()
    assert np.array_equal(tokens, network.logits.argmax(-1))


def test_another_schedule_leaves_another_share_hidden():
    network = fixed(length=50)
    draw(network, length=50, steps=4, schedule=lambda done: 1.0 - done)
    assert [int((seen == MASK).sum()) for seen in network.seen] == [200, 150, 100, 50]


def test_later_codebooks_take_one_pass_each():
    network = fixed(length=50, streams=6)
    draw(network, length=50, steps=6, temperature=0.0)
    waiting = [(seen == MASK).sum((0, 2)).reshape(3, 2).sum(1).tolist() for seen in network.seen]
    assert [first for first, _, _ in waiting] == [200, 184, 140, 76, 0, 0]  # 2 floor(100 cos(pi/2 * step / 4))
    assert [second for _, second, _ in waiting] == [200] * 5 + [0]
    assert [third for _, _, third in waiting] == [200] * 6


def test_temperature_shuffles_the_order_of_equally_sure_tokens():
    waiting = []
    for seed in (1, 2):
        network = Fixed(
            100 * np.eye(CODES, dtype=np.float32)[fixed().logits.argmax(-1)]
        )  # one sure answer per position
        assert np.array_equal(draw(network, steps=2, seed=seed), network.logits.argmax(-1))
        waiting.append(network.seen[1] == MASK)
    assert not np.array_equal(*waiting)


def test_without_noise_the_order_is_that_of_certainty():
    network = Fixed(np.linspace(1, 12, 23)[:, None] * np.eye(CODES)[fixed().logits.argmax(-1)])
    draw(network, steps=2, order_noise=0.0)
    assert (network.seen[1] == MASK)[..., 0].all()
    assert not (network.seen[1] == MASK)[..., -1].any()


def test_draws_follow_the_networks_probabilities():
    logits = np.array([0.0, 1.0, 2.0])
    network = Fixed(np.broadcast_to(logits, (2, 2, 5000, 3)))
    counts = Counter(draw(network, length=5000, steps=1, top_p=1.0).ravel().tolist())
    shares = [counts[code] / 20000 for code in range(3)]
    np.testing.assert_allclose(shares, np.exp(logits) / np.exp(logits).sum(), atol=0.02)


def test_top_p_drops_the_tail():
    logits = np.log([0.6, 0.3, 0.1])
    network = Fixed(np.broadcast_to(logits, (2, 2, 2000, 3)))
    assert set(draw(network, length=2000, steps=1, top_p=0.85).ravel().tolist()) == {0, 1}
    assert set(draw(network, length=2000, steps=1, top_p=0.5).ravel().tolist()) == {0}


def test_low_temperature_approaches_the_argmax():
    network = fixed(scale=3.0)
    assert np.array_equal(draw(network, temperature=1e-4), network.logits.argmax(-1))


def test_callback_reports_every_step_and_can_stop(generator):
    calls: list[float] = []
    draw(generator, steps=3, on_share=calls.append)
    assert {1 / 3, 2 / 3, 1.0} <= set(calls)
    assert calls == sorted(calls)

    def stop(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        draw(generator, on_share=stop)


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"temperature": -1.0}, {"temperature": float("nan")}, {"top_p": 0.0}, {"top_p": 1.5}]
)
def test_settings_out_of_range_are_refused(generator, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        draw(generator, **wrong)
