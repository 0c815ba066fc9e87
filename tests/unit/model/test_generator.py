"""Shapes, masking, genre and order of the Local-Global-Local generator."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, replace

import pytest
import torch
from torch.nn import functional as F

from tokendance_core.model.config import CONFIGS, CUES, GeneratorConfig, Prompt
from tokendance_core.model.fsq import FSQ
from tokendance_core.model.generator import Generator, GenreGate, TokenInput
from tokendance_core.types import CODES

TINY = CONFIGS["tiny"]
MASK = TINY.mask


def build(config: GeneratorConfig = TINY) -> Generator:
    torch.manual_seed(0)
    return Generator(config).eval()


def prompt(batch: int = 2, length: int = 19, seed: int = 0) -> Prompt:
    random = torch.Generator().manual_seed(seed)
    semantic, acoustic = torch.randint(CODES, (2, batch, length), generator=random)
    nothing = torch.zeros(batch, dtype=torch.long)
    return Prompt(semantic, acoustic, *[torch.zeros_like(semantic)] * len(CUES), nothing, nothing)


def dance(batch: int = 2, length: int = 19, config: GeneratorConfig = TINY) -> torch.Tensor:
    return torch.randint(CODES, (batch, config.streams, length), generator=torch.Generator().manual_seed(1))


def hidden(batch: int = 2, length: int = 19) -> torch.Tensor:
    return torch.full((batch, TINY.streams, length), MASK)


def shifted(tokens: torch.Tensor) -> torch.Tensor:
    return (tokens + 500) % CODES


@torch.no_grad()
def run(generator: Generator, prompt: Prompt, dance: torch.Tensor) -> torch.Tensor:
    """Logits, (B, streams, L, codes)."""
    return generator(prompt, dance)


def test_codebook_size_is_that_of_the_quantizer():
    assert {config.codes for config in CONFIGS.values()} == {FSQ().size} == {CODES}
    assert MASK == CODES


def test_other_levels_make_another_codebook():
    config = replace(TINY, levels=(3, 4))
    random = torch.Generator().manual_seed(0)
    moves = torch.randint(config.mask + 1, (2, config.streams, 19), generator=random)
    song = prompt()._replace(semantic=prompt().semantic % 12, acoustic=prompt().acoustic % 12)
    assert (config.codes, run(build(config), song, moves).shape[-1]) == (12, 12)


@pytest.mark.parametrize("length", [1, 30, 67])
@pytest.mark.parametrize("codebooks", [1, 2])
def test_logits_have_one_row_per_token(length, codebooks):
    config = replace(TINY, codebooks=codebooks)
    assert run(build(config), prompt(3, length), dance(3, length, config)).shape == (3, 2 * codebooks, length, CODES)


def test_some_codebooks_can_be_asked_for_alone():
    generator = build()
    every, second = run(generator, prompt(), dance()), generator(prompt(), dance(), range(1, 2))
    torch.testing.assert_close(second, every[:, 2:])


@torch.no_grad()
def test_places_can_be_asked_for_alone():
    generator, heard_once = build(), build().hear(prompt())
    places = torch.rand(2, 2, 19, generator=torch.Generator().manual_seed(2)) < 0.3
    whole = generator(prompt(), dance(), range(1, 2))
    some = generator.answer_at(places, heard_once, dance(), range(1, 2))
    for stream, logits in enumerate(some):
        torch.testing.assert_close(logits, whole[:, stream][places[:, stream]])


@pytest.mark.parametrize("music_in", ["index", "code", "both"])
def test_every_token_stream_matters(music_in):
    generator, song, moves = build(replace(TINY, music_in=music_in)), prompt(), dance()
    before = run(generator, song, moves)
    for name in ("semantic", "acoustic"):
        assert not torch.allclose(
            run(generator, song._replace(**{name: shifted(getattr(song, name))}), moves), before, atol=1e-4
        )
    for stream in range(TINY.streams):
        changed = moves.clone()
        changed[:, stream] = shifted(changed[:, stream])
        assert not torch.allclose(run(generator, song, changed), before, atol=1e-4)


@pytest.mark.parametrize(
    "told",
    [
        {"energy": torch.full((2, 19), 8)},
        {"beat_position": torch.arange(38).view(2, 19) % 4 + 1},
        {"beat_count": torch.arange(38).view(2, 19) % 8 + 1},
        {"timing": torch.full((2, 19), 2)},
        {"accent": torch.full((2, 19), 2)},
        {"step": torch.full((2, 19), 3)},
        {"tempo": torch.full((2,), 3)},
        {"genre": torch.full((2,), 3)},
    ],
)
def test_everything_told_matters(told):
    generator = build()
    assert not torch.equal(run(generator, prompt()._replace(**told), hidden()), run(generator, prompt(), hidden()))


def test_known_dance_tokens_enter_their_own_half_directly():
    generator, upper = build(), [0, 2]
    torch.nn.init.zeros_(generator.fuse_dance.weight)  # shut the way through the global scanner
    before, known = run(generator, prompt(), hidden()), hidden()
    known[:, upper] = dance()[:, upper]
    after = run(generator, prompt(), known)
    assert not torch.allclose(after[:, upper], before[:, upper], atol=1e-3)
    assert torch.equal(after[:, [1, 3]], before[:, [1, 3]])


def test_a_change_reaches_the_whole_song_in_both_halves():
    generator, changed = build(), prompt().semantic.clone()
    before = run(generator, prompt(), hidden())
    changed[:, 9] = shifted(changed[:, 9])
    difference = (run(generator, prompt()._replace(semantic=changed), hidden()) - before).abs().amax(-1)
    assert difference.shape == (2, TINY.streams, 19)
    assert (difference > 0).all()


def test_items_of_a_batch_do_not_mix():
    generator, song, moves = build(), prompt(3), dance(3)
    alone = run(generator, Prompt(*(value[1:2] for value in song)), moves[1:2])
    torch.testing.assert_close(run(generator, song, moves)[1:2], alone, rtol=1e-4, atol=1e-5)


def test_genre_changes_the_dance_a_little_at_first():
    generator = build()
    any_genre = run(generator, prompt(), hidden())
    difference = (run(generator, prompt()._replace(genre=torch.full((2,), 3)), hidden()) - any_genre).abs().mean()
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
    digits = TokenInput(TINY, with_mask=True).digits
    assert (digits[MASK] == 0).all()
    assert (digits[:CODES].sum(1) == 4).all()
    assert len(torch.unique(digits[:CODES], dim=0)) == CODES
    # 40 and 80 differ in the third digit alone
    assert torch.nonzero(digits[40] - digits[80]).flatten().tolist() == [8 + 5 + 1, 8 + 5 + 2]


def test_scores_of_digits_go_to_every_code_that_has_them():
    generator = build()
    torch.nn.init.zeros_(generator.branches[0].heads[0].code.weight)
    torch.nn.init.zeros_(generator.branches[0].heads[0].code.bias)
    upper = run(generator, prompt(), dance())[:, 0]
    digits = FSQ().digits(torch.arange(CODES))
    same_but_first = (digits[:, 1:] == digits[345, 1:]).all(1)
    step = upper[..., same_but_first] - upper[..., [345]]
    other = (
        upper[..., (digits[:, 1:] == digits[700, 1:]).all(1)]
        - upper[..., [700 - int(digits[700, 0]) + int(digits[345, 0])]]
    )
    torch.testing.assert_close(step, other)


def test_state_dict_holds_parameters_only_and_loads_strictly():
    generator, other = build(), Generator(TINY).eval()
    assert set(generator.state_dict()) == {name for name, _ in generator.named_parameters()}
    other.load_state_dict(generator.state_dict(), strict=True)
    torch.testing.assert_close(run(other, prompt(), dance()), run(generator, prompt(), dance()))


def test_every_parameter_learns():
    generator = build()
    generator(prompt(), dance()).square().mean().backward()
    without = [
        name for name, parameter in generator.named_parameters() if parameter.grad is None or not parameter.grad.any()
    ]
    assert without == []


def test_it_can_learn_a_rule_from_music():
    """One pass with everything masked learns upper = semantic, lower = acoustic."""
    generator = build(replace(TINY, dropout=0.0))
    song, unknown = prompt(4, 12), hidden(4, 12)
    optimizer = torch.optim.Adam(generator.parameters(), lr=1e-2)
    for _ in range(40):
        logits = generator(song, unknown)
        loss = F.cross_entropy(logits[:, 0].flatten(0, 1), song.semantic.flatten())
        loss = loss + F.cross_entropy(logits[:, 1].flatten(0, 1), song.acoustic.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (run(generator, song, unknown)[:, 0].argmax(-1) == song.semantic).float().mean() > 0.9


def test_config_is_frozen_and_survives_a_dictionary():
    assert GeneratorConfig(**asdict(CONFIGS["released"])) == CONFIGS["released"]
    with pytest.raises(FrozenInstanceError):
        TINY.width = 3


@pytest.mark.parametrize(
    "wrong", [{"music_in": "notes"}, {"levels": (8, 1)}, {"levels": ()}, {"width": 50, "head_dim": 64}]
)
def test_impossible_sizes_are_refused(wrong):
    with pytest.raises(ValueError, match=r"expected|multiple"):
        GeneratorConfig(**wrong)


def test_paper_config_has_the_paper_sizes():
    paper = CONFIGS["paper"]
    assert (paper.width, paper.state, paper.conv, paper.expand) == (512, 16, 4, 2)
    assert (paper.music_layers, paper.global_layers, paper.dance_layers) == (2, 4, 2)
    assert (paper.width * paper.expand) // paper.head_dim == 16


def test_network_exports_to_a_graph_with_the_same_result():
    generator, arguments = build(), (prompt(1, 40), dance(1, 40))
    with torch.no_grad():
        made = torch.export.export(generator, arguments, strict=False).module()(*arguments)
        torch.testing.assert_close(made, generator(*arguments), rtol=1e-4, atol=1e-5)
