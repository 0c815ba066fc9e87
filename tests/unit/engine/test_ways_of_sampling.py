"""The bench of ways of sampling: what guidance leads to, and that a likelihood is one."""

from __future__ import annotations

import numpy as np
import pytest

from bench.sampling import Guided, Way, danced, likelihood, music_alone
from tokendance_core.engine.engine import Engine
from tokendance_core.model.config import CUES, Prompt

LENGTH = 20


@pytest.fixture(scope="module")
def engine(tiny_checkpoint) -> Engine:
    return tiny_checkpoint.engine


def prompt() -> Prompt:
    semantic, acoustic = np.random.default_rng(1).integers(1000, size=(2, 2, LENGTH))
    return Prompt(semantic, acoustic, *[np.ones_like(semantic)] * len(CUES), *[np.ones(2, int)] * 2)


@pytest.mark.parametrize(("weight", "less"), [(1.0, False), (0.0, True)])
def test_guidance_leads_from_the_prompt_that_tells_less_to_the_whole_one(engine, weight, less):
    hidden = np.full((2, 4, LENGTH), engine.generator.mask)
    places = np.ones((2, 2, LENGTH), bool)
    network = Guided(engine, music_alone, weight)
    led = network.answer_at(places, network.hear(prompt()), hidden, range(1))
    plain = engine.answer_at(places, engine.hear(music_alone(prompt()) if less else prompt()), hidden, range(1))
    for found, expected in zip(led, plain, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_likeliest_of_several_dances_is_kept(engine):
    three = Prompt(*(np.repeat(value, 3, 0) for value in prompt()))
    each = danced(engine, three, Way(steps=2))
    likely = likelihood(engine, engine.hear(three), each).reshape(2, 3)
    assert (likely < 0).all()
    kept = danced(engine, prompt(), Way(steps=2, best_of=3))
    assert np.array_equal(kept, each.reshape(2, 3, *each.shape[1:])[np.arange(2), likely.argmax(1)])
