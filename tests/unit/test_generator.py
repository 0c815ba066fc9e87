"""Shapes, masking, genre and order of the Local-Global-Local generator."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, replace

import pytest
import torch
from torch.nn import functional as F

from tokendance_core.model.fsq import FSQ
from tokendance_core.model.generator import CODES, CONFIGS, MASK, Generator, GeneratorConfig, GenreGate, TokenInput

TINY = CONFIGS["tiny"]


def build(config: GeneratorConfig = TINY) -> Generator:
    torch.manual_seed(0)
    return Generator(config).eval()


def tokens(batch: int = 2, length: int = 19, seed: int = 0) -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    streams = ("semantic", "acoustic", "upper", "lower")
    drawn = {name: torch.randint(CODES, (batch, length), generator=random) for name in streams}
    return drawn | {"genre": torch.zeros(batch, dtype=torch.long)}


def masked(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return inputs | {name: torch.full_like(inputs[name], MASK) for name in ("upper", "lower")}


@torch.no_grad()
def run(generator: Generator, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Both logits, (B, 2, L, codes)."""
    return torch.stack(generator(**inputs), dim=1)


def test_codebook_size_is_that_of_the_quantizer():
    assert FSQ().size == CODES == MASK


@pytest.mark.parametrize("length", [1, 30, 67])
def test_logits_have_one_row_per_token(length):
    assert run(build(), tokens(3, length)).shape == (3, 2, length, CODES)


@pytest.mark.parametrize("music_in", ["index", "code", "both"])
def test_every_token_stream_matters(music_in):
    generator, inputs = build(replace(TINY, music_in=music_in)), tokens()
    before = run(generator, inputs)
    for name in ("semantic", "acoustic", "upper", "lower"):
        assert not torch.allclose(run(generator, inputs | {name: (inputs[name] + 500) % CODES}), before, atol=1e-4)


def test_known_dance_tokens_enter_their_own_half_directly():
    generator, inputs = build(), masked(tokens())
    torch.nn.init.zeros_(generator.fuse_dance.weight)  # shut the way through the global scanner
    before = run(generator, inputs)
    after = run(generator, inputs | {"upper": tokens()["upper"]})
    assert not torch.allclose(after[:, 0], before[:, 0], atol=1e-3)
    assert torch.equal(after[:, 1], before[:, 1])


def test_a_change_reaches_the_whole_song_in_both_halves():
    generator, inputs = build(), masked(tokens())
    before = run(generator, inputs)
    changed = inputs | {"semantic": inputs["semantic"].clone()}
    changed["semantic"][:, 9] = (changed["semantic"][:, 9] + 500) % CODES
    difference = (run(generator, changed) - before).abs().amax(-1)
    assert difference.shape == (2, 2, 19)
    assert (difference > 0).all()


def test_items_of_a_batch_do_not_mix():
    generator, inputs = build(), tokens(3)
    alone = run(generator, {name: value[1:2] for name, value in inputs.items()})
    torch.testing.assert_close(run(generator, inputs)[1:2], alone, rtol=1e-4, atol=1e-5)


def test_genre_changes_the_dance_a_little_at_first():
    generator, inputs = build(), masked(tokens())
    any_genre = run(generator, inputs)
    difference = (run(generator, inputs | {"genre": torch.full((2,), 3)}) - any_genre).abs().mean()
    assert 0 < difference < 0.1 * any_genre.abs().mean()


def test_genre_gate_is_the_published_formula():
    torch.manual_seed(0)
    gate, x, genre = GenreGate(12), torch.randn(2, 5, 12), torch.randn(2, 12)
    joined = torch.cat([x, genre[:, None].expand(2, 5, 12)], dim=-1)
    first = torch.cat([gate.tokens_in.weight, gate.genre_in.weight], dim=1)  # one linear layer on [x, g]
    hidden = F.gelu(joined @ first.T + gate.tokens_in.bias)
    change, openness = gate.change(hidden[..., :12]), torch.sigmoid(gate.openness(hidden[..., 12:]))
    torch.testing.assert_close(gate(x, genre), x + openness * change)
    assert openness.mean().item() == pytest.approx(0.018, abs=0.01)


def test_mask_has_no_digits_and_neighbouring_codes_are_near():
    digits = TokenInput(CODES + 1, 8).digits
    assert (digits[MASK] == 0).all()
    assert (digits[:CODES].sum(1) == 4).all()
    assert len(torch.unique(digits[:CODES], dim=0)) == CODES
    # 40 and 80 differ in the third digit alone
    assert torch.nonzero(digits[40] - digits[80]).flatten().tolist() == [8 + 5 + 1, 8 + 5 + 2]


def test_scores_of_digits_go_to_every_code_that_has_them():
    generator = build()
    torch.nn.init.zeros_(generator.upper_branch.head.weight)
    torch.nn.init.zeros_(generator.upper_branch.head.bias)
    upper = run(generator, tokens())[:, 0]
    digits = FSQ().digits(torch.arange(CODES))
    same_but_first = (digits[:, 1:] == digits[345, 1:]).all(1)
    step = upper[..., same_but_first] - upper[..., [345]]
    other = upper[..., (digits[:, 1:] == digits[700, 1:]).all(1)] - upper[..., [700 - int(digits[700, 0]) + int(digits[345, 0])]]
    torch.testing.assert_close(step, other)


def test_state_dict_holds_parameters_only_and_loads_strictly():
    generator, other = build(), Generator(TINY).eval()
    assert set(generator.state_dict()) == {name for name, _ in generator.named_parameters()}
    other.load_state_dict(generator.state_dict(), strict=True)
    torch.testing.assert_close(run(other, tokens()), run(generator, tokens()))


def test_every_parameter_learns():
    generator = build()
    upper, lower = generator(**tokens())
    (upper.square().mean() + lower.square().mean()).backward()
    without = [name for name, parameter in generator.named_parameters() if parameter.grad is None or not parameter.grad.any()]
    assert without == []


def test_it_can_learn_a_rule_from_music():
    """One pass with everything masked learns upper = semantic, lower = acoustic."""
    generator = build(replace(TINY, dropout=0.0))
    inputs = masked(tokens(4, 12))
    optimizer = torch.optim.Adam(generator.parameters(), lr=1e-2)
    for _ in range(40):
        upper, lower = generator(**inputs)
        loss = F.cross_entropy(upper.flatten(0, 1), inputs["semantic"].flatten())
        loss = loss + F.cross_entropy(lower.flatten(0, 1), inputs["acoustic"].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (run(generator, inputs)[:, 0].argmax(-1) == inputs["semantic"]).float().mean() > 0.9


def test_config_is_frozen_and_survives_a_dictionary():
    assert GeneratorConfig(**asdict(CONFIGS["released"])) == CONFIGS["released"]
    with pytest.raises(FrozenInstanceError):
        TINY.width = 3


@pytest.mark.parametrize("wrong", [{"music_in": "notes"}, {"codes": 512}, {"width": 50, "head_dim": 64}])
def test_impossible_sizes_are_refused(wrong):
    with pytest.raises(ValueError, match=r"expected|multiple"):
        GeneratorConfig(**wrong)


def test_paper_config_has_the_paper_sizes():
    paper = CONFIGS["paper"]
    assert (paper.width, paper.state, paper.conv, paper.expand) == (512, 16, 4, 2)
    assert (paper.music_layers, paper.global_layers, paper.dance_layers) == (2, 4, 2)
    assert (paper.width * paper.expand) // paper.head_dim == 16


def test_network_exports_to_a_graph_with_the_same_result():
    generator, inputs = build(), tokens(1, 40)
    arguments = tuple(inputs[name] for name in ("semantic", "acoustic", "upper", "lower", "genre"))
    with torch.no_grad():
        upper, _ = torch.export.export(generator, arguments, strict=False).module()(*arguments)
        torch.testing.assert_close(upper, generator(*arguments)[0], rtol=1e-4, atol=1e-5)
