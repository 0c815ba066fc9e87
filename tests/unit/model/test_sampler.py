"""What the sampler promises: the paper's single pass, kept tokens, repeatability, order by confidence, cancelling."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from tokendance_core.model.generator import CONFIGS, CUES, Generator, Prompt
from tokendance_core.model.sampler import sample
from tokendance_core.types import CODES

MASK = CONFIGS["tiny"].mask
ANY = torch.zeros(2, dtype=torch.long)


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(CONFIGS["tiny"])


def music(length: int = 23) -> Prompt:
    semantic, acoustic = torch.randint(CODES, (2, 2, length), generator=torch.Generator().manual_seed(5))
    return Prompt(semantic, acoustic, *[torch.zeros_like(semantic)] * len(CUES), ANY, ANY)


def draw(generator: nn.Module, length: int = 23, **changes) -> Tensor:
    """All streams, (B, streams, L)."""
    options = {"steps": 4, "temperature": 1.0, "seed": 0} | changes
    return sample(generator, music(length), **options)


class Fixed(nn.Module):
    """A generator that answers with the same logits (2, streams, L, codes) whatever it sees, and remembers what it was
    shown.
    """

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.config = SimpleNamespace(mask=logits.shape[-1], streams=logits.shape[1], codebooks=logits.shape[1] // 2)
        self.logits = logits
        self.seen: list[Tensor] = []
        self.heard = 0

    def hear(self, prompt: Prompt) -> Prompt:
        self.heard += 1
        return prompt

    def answer_at(self, places: Tensor, heard: Prompt, dance: Tensor, codebooks: range) -> list[Tensor]:
        self.seen.append(dance.clone())
        logits = self.logits[:, 2 * codebooks.start : 2 * codebooks.stop]
        return [stream[asked] for stream, asked in zip(logits.unbind(1), places.unbind(1), strict=True)]


def fixed(length: int = 23, codes: int = CODES, scale: float = 1.0, streams: int = 2) -> Fixed:
    return Fixed(scale * torch.randn(2, streams, length, codes, generator=torch.Generator().manual_seed(3)))


def test_one_step_at_temperature_zero_is_the_papers_argmax(generator):
    with torch.no_grad():
        logits = generator.eval()(music(), torch.full((2, 4, 23), MASK))
    assert torch.equal(draw(generator, steps=1, temperature=0.0), logits.argmax(-1))


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("steps", [1, 5, 60])
def test_nothing_stays_masked(generator, steps, temperature):
    tokens = draw(generator, steps=steps, temperature=temperature)
    assert tokens.dtype == torch.long
    assert tokens.min() >= 0
    assert tokens.max() < CODES


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), steps=st.integers(1, 6), keep=st.floats(0, 1))
def test_given_tokens_are_kept(generator, seed, steps, keep):
    random = torch.Generator().manual_seed(seed)
    given_tokens = torch.randint(CODES, (2, 4, 23), generator=random)
    given_tokens[torch.rand(given_tokens.shape, generator=random) > keep] = MASK
    before = given_tokens.clone()
    tokens = draw(generator, steps=steps, seed=seed, dance=given_tokens)
    known = before != MASK
    assert torch.equal(tokens[known], before[known])
    assert (tokens < CODES).all()
    assert torch.equal(given_tokens, before)


def test_one_half_can_be_drawn_for_the_other(generator):
    known = torch.full((2, 4, 23), MASK)
    known[:, ::2] = torch.randint(CODES, (2, 2, 23))
    tokens = draw(generator, dance=known)
    assert torch.equal(tokens[:, ::2], known[:, ::2])
    assert (tokens[:, 1::2] < CODES).all()


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_second_codes_wait_for_all_first_ones(temperature):
    network = fixed(length=50, streams=4)
    draw(network, length=50, steps=8, temperature=temperature)
    for seen in network.seen:
        waiting = seen == MASK
        assert not waiting[:, :2].any() or waiting[:, 2:].all()
    assert (network.seen[-1][:, :2] < MASK).all()


class Whole(nn.Module):
    """The generator as the network of every pass, all of it for all places: what the sampler is a faster form of."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.config, self.generator = generator.config, generator

    def hear(self, prompt: Prompt) -> Prompt:
        return prompt

    def answer_at(self, places: Tensor, heard: Prompt, dance: Tensor, codebooks: range) -> list[Tensor]:
        logits = self.generator(heard, dance)[:, 2 * codebooks.start : 2 * codebooks.stop]
        return [stream[asked] for stream, asked in zip(logits.unbind(1), places.unbind(1), strict=True)]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_passes_that_compute_less_draw_the_same(generator, temperature):
    fast, slow = (draw(network, steps=6, temperature=temperature) for network in (generator, Whole(generator)))
    assert torch.equal(fast, slow)


def test_music_is_heard_once_for_all_passes():
    network = fixed()
    draw(network, steps=5)
    assert (network.heard, len(network.seen)) == (1, 5)


def test_seed_repeats_and_changes_the_dance(generator):
    first = draw(generator, seed=7)
    assert torch.equal(first, draw(generator, seed=7))
    assert not torch.equal(first, draw(generator, seed=8))


def test_temperature_zero_ignores_the_seed(generator):
    assert torch.equal(draw(generator, temperature=0.0, seed=1), draw(generator, temperature=0.0, seed=2))


def test_global_random_state_is_left_alone_and_not_used(generator):
    state = torch.get_rng_state()
    first = draw(generator)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(123)
    assert torch.equal(draw(generator), first)


@pytest.mark.parametrize("training", [True, False])
def test_dropout_is_off_and_the_mode_is_restored(generator, training):
    generator.train(training)
    assert torch.equal(draw(generator, temperature=0.0), draw(generator, temperature=0.0))
    assert generator.training is training


def test_surest_tokens_come_first_by_a_cosine_schedule():
    network = fixed(length=50)
    tokens = draw(network, length=50, steps=4, temperature=0.0)
    confidence = network.logits.log_softmax(-1).amax(-1).flatten(1)
    for seen, masked in zip(network.seen, [100, 92, 70, 38], strict=True):  # floor(100 cos(pi/2 * step / 4))
        waiting = (seen == MASK).flatten(1)
        assert waiting.sum(1).tolist() == [masked, masked]
        for item in range(2):
            order = confidence[item].argsort()
            assert waiting[item, order[:masked]].all()
    assert torch.equal(tokens, network.logits.argmax(-1))


def test_another_schedule_leaves_another_share_hidden():
    network = fixed(length=50)
    draw(network, length=50, steps=4, schedule=lambda done: 1.0 - done)
    assert [int((seen == MASK).sum()) for seen in network.seen] == [200, 150, 100, 50]


def test_later_codebooks_take_one_pass_each():
    network = fixed(length=50, streams=6)
    draw(network, length=50, steps=6, temperature=0.0)
    waiting = [(seen == MASK).sum((0, 2)).unflatten(0, (3, 2)).sum(1).tolist() for seen in network.seen]
    assert [first for first, _, _ in waiting] == [200, 184, 140, 76, 0, 0]  # 2 floor(100 cos(pi/2 * step / 4))
    assert [second for _, second, _ in waiting] == [200] * 5 + [0]
    assert [third for _, _, third in waiting] == [200] * 6


def test_temperature_shuffles_the_order_of_equally_sure_tokens():
    waiting = []
    for seed in (1, 2):
        network = Fixed(100.0 * F.one_hot(fixed().logits.argmax(-1), CODES))  # one sure answer per position
        assert torch.equal(draw(network, steps=2, seed=seed), network.logits.argmax(-1))
        waiting.append(network.seen[1] == MASK)
    assert not torch.equal(*waiting)


def test_without_noise_the_order_is_that_of_certainty():
    network = Fixed(torch.linspace(1, 12, 23)[:, None] * F.one_hot(fixed().logits.argmax(-1), CODES))
    draw(network, steps=2, order_noise=0.0)
    assert (network.seen[1] == MASK)[..., 0].all()
    assert not (network.seen[1] == MASK)[..., -1].any()


def test_draws_follow_the_networks_probabilities():
    logits = torch.tensor([0.0, 1.0, 2.0]).log_softmax(-1)
    network = Fixed(logits.expand(2, 2, 5000, 3))
    counts = Counter(draw(network, length=5000, steps=1, top_p=1.0).flatten().tolist())
    shares = torch.tensor([counts[code] / 20000 for code in range(3)])
    torch.testing.assert_close(shares, logits.exp(), atol=0.02, rtol=0)


def test_top_p_drops_the_tail():
    logits = torch.tensor([0.6, 0.3, 0.1]).log()
    network = Fixed(logits.expand(2, 2, 2000, 3))
    assert set(draw(network, length=2000, steps=1, top_p=0.85).flatten().tolist()) == {0, 1}
    assert set(draw(network, length=2000, steps=1, top_p=0.5).flatten().tolist()) == {0}


def test_low_temperature_approaches_the_argmax():
    network = fixed(scale=3.0)
    assert torch.equal(draw(network, temperature=1e-4), network.logits.argmax(-1))


def test_callback_reports_every_step_and_can_stop(generator):
    calls: list[tuple[int, int]] = []
    draw(generator, steps=3, on_step=lambda done, steps: calls.append((done, steps)))
    assert calls == [(1, 3), (2, 3), (3, 3)]

    def stop(done: int, steps: int) -> None:
        raise InterruptedError

    generator.train()
    with pytest.raises(InterruptedError):
        draw(generator, on_step=stop)
    assert generator.training


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"temperature": -1.0}, {"temperature": float("nan")}, {"top_p": 0.0}, {"top_p": 1.5}]
)
def test_settings_out_of_range_are_refused(generator, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        draw(generator, **wrong)
