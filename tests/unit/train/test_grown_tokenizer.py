"""More codes to a token, without losing what the first ones learned; tokenizers out of training states."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from tokendance_core.dance.checkpoint import STREAMS
from tokendance_core.dance.representation import Statistics
from tokendance_core.model.tokenizer import Tokenizer, TokenizerConfig
from tokendance_core.train.tokenizers import assemble, grown, save_statistics


def test_a_grown_tokenizer_begins_where_the_smaller_one_ended() -> None:
    small = Tokenizer(TokenizerConfig(features=9, width=16, halvings=2, codebooks=2)).eval()
    large = grown(small, 3).eval()
    x = torch.randn(2, 40, 9)
    made, indices = small(x)
    again, more = large(x)
    assert more.shape == (2, 10, 3)
    assert torch.equal(more[..., :2], indices)
    torch.testing.assert_close(again, made)


def test_its_new_codes_learn() -> None:
    large = grown(Tokenizer(TokenizerConfig(features=9, width=16, halvings=2)), 2)
    large(torch.randn(2, 40, 9))[0].square().mean().backward()
    assert large.from_code[0].weight.grad[:, 4:].any()


@pytest.mark.parametrize("name", ["codebooks", "books"])
def test_a_training_state_may_say_books(name: str, tmp_path: Path) -> None:
    model = Tokenizer(TokenizerConfig(features=9, width=16, halvings=2, codebooks=2))
    sizes = asdict(model.config)
    sizes[name] = sizes.pop("codebooks")
    for stream in STREAMS:
        torch.save({"model": model.state_dict(), "config": sizes}, tmp_path / f"{stream}.pt")
    for part in ("dance", "music"):
        save_statistics(tmp_path / f"{part}_statistics.npz", Statistics(np.zeros(9), np.ones(9)))
    made = assemble(tmp_path, "velocity")
    assert made is not None
    assert {tokenizer.config for tokenizer in made.tokenizers.values()} == {model.config}
