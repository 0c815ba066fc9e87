"""Every variant of the ablation table is another network that still answers."""

from __future__ import annotations

import pytest
import torch

from bench.ablations import VARIANTS
from tokendance_core.model.config import CONFIGS, CUES, Prompt
from tokendance_core.model.generator import Generator


@pytest.mark.parametrize("name", VARIANTS)
def test_each_variant_answers_and_differs(name: str) -> None:
    torch.manual_seed(0)
    plain = Generator(CONFIGS["tiny"]).eval()
    song = torch.arange(12).view(1, 12)
    nothing, genre = torch.zeros_like(song), torch.ones(1, dtype=torch.long)
    prompt, dance = (
        Prompt(song, song + 300, *[nothing] * len(CUES), nothing[:, 0], genre),
        torch.full((1, 4, 12), plain.config.mask),
    )
    with torch.no_grad():
        before = plain(prompt, dance)
        after = VARIANTS[name](plain).eval()(prompt, dance)
    assert after.shape == before.shape
    assert torch.isfinite(after).all()
    assert torch.equal(after, before) == (name == "released")
