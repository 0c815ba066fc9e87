"""The bench of ways of sampling: what guidance leads to, and that a likelihood is one."""

from __future__ import annotations

import pytest
import torch

from bench.sampling import Guided, Way, danced, likelihood, music_alone
from tokendance_core.model.generator import CONFIGS, CUES, Generator, Prompt

LENGTH = 20


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(CONFIGS["tiny"]).eval()


def prompt() -> Prompt:
    random = torch.Generator().manual_seed(1)
    semantic, acoustic = torch.randint(1000, (2, 2, LENGTH), generator=random)
    return Prompt(semantic, acoustic, *[torch.ones_like(semantic)] * len(CUES), *[torch.ones(2, dtype=torch.long)] * 2)


@pytest.mark.parametrize(("weight", "less"), [(1.0, False), (0.0, True)])
@torch.no_grad()
def test_guidance_leads_from_the_prompt_that_tells_less_to_the_whole_one(generator, weight, less):
    hidden = torch.full((2, 4, LENGTH), generator.config.mask)
    places = torch.ones(2, 2, LENGTH, dtype=torch.bool)
    network = Guided(generator, music_alone, weight)
    led = network.answer_at(places, network.hear(prompt()), hidden, range(1))
    plain = generator(music_alone(prompt()) if less else prompt(), hidden, range(1))
    for stream, logits in enumerate(led):
        torch.testing.assert_close(logits, plain[:, stream].flatten(0, 1))


def test_the_likeliest_of_several_dances_is_kept(generator):
    three = Prompt(*(value.repeat_interleave(3, 0) for value in prompt()))
    each = danced(generator, three, Way(steps=2))
    likely = likelihood(generator, generator.hear(three), each).view(2, 3)
    assert (likely < 0).all()
    kept = danced(generator, prompt(), Way(steps=2, best_of=3))
    assert torch.equal(kept, each.unflatten(0, (2, 3))[torch.arange(2), likely.argmax(1)])
