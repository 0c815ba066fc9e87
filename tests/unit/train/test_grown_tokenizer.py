"""More codes to a token, without losing what the first ones learned."""

from __future__ import annotations

import torch

from tokendance_core.model.tokenizer import Tokenizer, TokenizerConfig
from tokendance_core.train.tokenizers import grown


def test_a_grown_tokenizer_begins_where_the_smaller_one_ended() -> None:
    small = Tokenizer(TokenizerConfig(features=9, width=16, halvings=2, books=2)).eval()
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
