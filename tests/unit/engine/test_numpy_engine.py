"""The numpy engine against the torch modules, which define the networks: layer by layer, whole, and as dances."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tokendance_core.dance import checkpoint
from tokendance_core.engine import digits
from tokendance_core.engine import generator as in_numpy
from tokendance_core.engine.compute import Compute
from tokendance_core.engine.mamba import BiMamba, Mixer
from tokendance_core.engine.maths import gelu, normalised, silu_of_double, softplus
from tokendance_core.engine.numpy_engine import NumpyEngine
from tokendance_core.engine.parameters import Parameters
from tokendance_core.engine.sampler import sample
from tokendance_core.engine.scan import CHUNK, Inputs, scan
from tokendance_core.engine.tokenizer import Tokenizer
from tokendance_core.engine.torch_engine import TorchEngine, arrays_of
from tokendance_core.model import generator as in_torch
from tokendance_core.model import ssm, tokenizer
from tokendance_core.model.config import CONFIGS, CUES, Prompt, TokenizerConfig
from tokendance_core.model.fsq import FSQ

COMPUTES = {"BLAS": Compute(1, blas=True), "loops": Compute(1, blas=False), "threads": Compute(5, blas=False)}
LENGTHS = (1, 2, 31, 32, 33, 258, 2100)
TINY = CONFIGS["tiny"]


@pytest.fixture(params=COMPUTES, scope="module")
def compute(request: pytest.FixtureRequest) -> Compute:
    return COMPUTES[request.param]


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def silu(x: np.ndarray) -> np.ndarray:
    return silu_of_double(x / 2)


def as_arrays(module: torch.nn.Module) -> Parameters:
    """Its parameters, as a checkpoint has them, drawn wider than a new network's: biases and gains count too."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return Parameters(arrays_of({"it": module.eval()})) / "it"


@torch.inference_mode()
def assert_same(found: np.ndarray, expected: torch.Tensor, tolerance: float = 2e-5) -> None:
    np.testing.assert_allclose(found, expected.numpy(), atol=tolerance * max(1.0, float(expected.abs().max())))


@pytest.mark.parametrize("stretches", [[CHUNK], [3 * CHUNK], [CHUNK, 2 * CHUNK]])
@pytest.mark.parametrize("backward", [False, True])
def test_the_scan_is_the_recurrence_in_either_direction(stretches: list[int], backward: bool, compute: Compute) -> None:
    """In one stretch, or in several that hand the state on."""
    length = sum(stretches)
    x, B, C = numbers(2, length, 3, 8), numbers(2, length, 5, seed=1), numbers(2, length, 5, seed=2)
    dt, A, D = np.abs(numbers(2, length, 3, seed=3)), -np.abs(numbers(3, seed=4)) - 0.1, numbers(3, seed=5)
    found, state = np.empty_like(x), np.zeros((2, 5, 3, 8), np.float32)
    cuts = np.cumsum([0, *stretches])
    for rows in [slice(*ends) for ends in pairwise(cuts)][:: -1 if backward else 1]:
        some = Inputs(*(each[:, rows] for each in (x, dt, B, C)))
        found[:, rows], state = scan(some, A, D, state, compute, backward=backward)
    turn = (lambda each: each.flip(1)) if backward else (lambda each: each)
    x, dt, B, C = (turn(torch.from_numpy(each)) for each in (x, dt, B, C))
    assert_same(found, turn(ssm.scan_recurrent(x, dt, torch.from_numpy(A), B, C, torch.from_numpy(D))))


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("backward", [False, True])
def test_a_mixer_is_mamba_2(length: int, backward: bool, compute: Compute) -> None:
    mixer = ssm.Mamba2(TINY.width, TINY.state, TINY.conv, TINY.expand, TINY.head_dim)
    same = np.ones(TINY.width, np.float32), np.zeros(TINY.width, np.float32)
    ours = Mixer(as_arrays(mixer), TINY, *same, compute, backward=backward)
    n = numbers(2, length, TINY.width)
    turn = (lambda each: each.flip(1)) if backward else (lambda each: each)
    one = np.ones((2, length, 1), np.float32)
    assert_same(ours(np.concatenate((n, one), axis=-1)), turn(mixer(turn(torch.from_numpy(n)))).detach())


@pytest.mark.parametrize("length", LENGTHS)
def test_a_block_sees_both_directions(length: int, compute: Compute) -> None:
    block = in_torch.bimamba(TINY)
    ours, x = BiMamba(as_arrays(block), TINY, compute), numbers(2, length, TINY.width)
    assert_same(ours(x), block(torch.from_numpy(x)).detach())


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("halves", [1, 2])
def test_known_tokens_are_embedded_and_convolved(length: int, halves: int, compute: Compute) -> None:
    """Two codebooks, all of the second one unknown, as in most passes."""
    around = in_torch.Neighbours(halves * 6, 5)
    tables = {stream: numbers(11, 6, seed=stream) for stream in range(0, 4, 3 - halves)}
    dance = np.random.default_rng(0).integers(11, size=(2, 4, length))
    dance[:, 2:] = 10
    entered = np.zeros((2, length, halves, 6), np.float32)
    for stream, table in tables.items():
        entered[:, :, stream % halves] += table[dance[:, stream]]
    ours = in_numpy.KnownTokens(as_arrays(around), tables, halves, 5, compute)
    assert_same(ours(dance), around(torch.from_numpy(entered.reshape(2, length, -1))).detach())


@pytest.mark.parametrize("length", LENGTHS)
def test_the_genre_gate_lets_the_style_in(length: int, compute: Compute) -> None:
    gate = in_torch.GenreGate(24)
    x, style = numbers(2, length, 24), numbers(2, 24, seed=1)
    torch.nn.init.zeros_(gate.openness.bias)
    gated = in_numpy.GenreGate(as_arrays(gate), 24, compute)(x, style)
    assert_same(gated, gate(torch.from_numpy(x), torch.from_numpy(style)).detach())


@pytest.mark.parametrize("kind", ["index", "code", "both"])
@pytest.mark.parametrize("mask", [False, True])
def test_token_tables_hold_what_tokens_enter_as(kind: str, mask: bool) -> None:
    entering = in_torch.TokenInput(TINY, kind, mask)
    table = in_numpy.token_table(as_arrays(entering), TINY, COMPUTES["BLAS"], kind, mask=mask)
    assert_same(table, entering(torch.arange(TINY.codes + mask)[None])[0].detach())


def test_a_head_scores_codes_and_their_digits(compute: Compute) -> None:
    head, x = in_torch.CodeHead(TINY), numbers(7, TINY.width)
    assert_same(in_numpy.code_head(as_arrays(head), TINY, compute)(x), head(torch.from_numpy(x)).detach())


@settings(max_examples=25, deadline=None)
@given(scale=st.floats(0.01, 30), seed=st.integers(0, 1000))
def test_activations_are_those_of_torch(scale: float, seed: int) -> None:
    x = np.float32(scale) * numbers(40, 6, seed=seed)
    asked = torch.from_numpy(x)
    for ours, theirs in ((gelu, torch.nn.functional.gelu), (silu, torch.nn.functional.silu)):
        np.testing.assert_allclose(ours(x.copy()), theirs(asked), atol=1e-6 * max(scale, 1), rtol=1e-5)
    np.testing.assert_allclose(softplus(x), torch.nn.functional.softplus(asked), atol=1e-6, rtol=1e-5)
    np.testing.assert_allclose(normalised(x)[..., :-1], torch.nn.functional.layer_norm(asked, (6,)), atol=1e-5)


def test_activations_stand_the_greatest_numbers() -> None:
    x = np.array([-1e9, -100, -0.0, 100, 1e9], np.float32)
    for ours in (gelu, silu, softplus):
        np.testing.assert_allclose(ours(x.copy())[[0, 3, 4]], [0, 100, 1e9], atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(levels=st.lists(st.integers(2, 8), min_size=1, max_size=4), codebooks=st.integers(1, 3), seed=st.integers(0, 99))
def test_digits_are_those_of_fsq(levels: list[int], codebooks: int, seed: int) -> None:
    quantizer, z = FSQ(tuple(levels), codebooks), 3 * numbers(9, codebooks * len(levels), seed=seed)
    expected = quantizer(torch.from_numpy(z))
    found = digits.indices(z, tuple(levels), codebooks)
    np.testing.assert_array_equal(found, expected.indices)
    np.testing.assert_allclose(digits.codes(found, tuple(levels)), expected.codes, atol=1e-6)
    np.testing.assert_array_equal(digits.digits_of_codes(tuple(levels)), in_torch.digits_of_codes(tuple(levels)))


@pytest.mark.parametrize(("depth", "halvings", "codebooks"), [(0, 3, 1), (2, 2, 3), (1, 1, 2)])
@pytest.mark.parametrize("tokens", [1, 5, 40])
def test_tokenizers_are_those_of_torch(
    depth: int, halvings: int, codebooks: int, tokens: int, compute: Compute
) -> None:
    config = TokenizerConfig(features=7, width=12, depth=depth, halvings=halvings, codebooks=codebooks)
    torch.manual_seed(depth)
    theirs = tokenizer.Tokenizer(config)
    ours = Tokenizer(as_arrays(theirs), config, compute)
    x = numbers(tokens * config.hop, 7)
    with torch.inference_mode():
        indices = theirs.encode(torch.from_numpy(x)[None]).indices[0]
        np.testing.assert_array_equal(ours.encode(x), indices)
        for codes in range(1, codebooks + 1):
            assert_same(ours.decode(indices[:, :codes].numpy()), theirs.decode(indices[None, :, :codes])[0])


def prompt(batch: int, length: int, seed: int = 0) -> Prompt:
    random = np.random.default_rng(seed)
    semantic, acoustic = random.integers(1000, size=(2, batch, length))
    cues = [random.integers(3, size=(batch, length)) for _ in CUES]
    return Prompt(semantic, acoustic, *cues, *random.integers(8, size=(2, batch)))


@pytest.mark.parametrize("name", CONFIGS)
def test_generators_of_every_size_answer_as_in_torch(name: str) -> None:
    torch.manual_seed(0)
    config = CONFIGS[name]
    arrays = arrays_of({"generator": in_torch.Generator(config)})
    ours, theirs = NumpyEngine({}, config, arrays, COMPUTES["BLAS"]), TorchEngine({}, config, arrays)
    random, length = np.random.default_rng(1), 45
    dance = random.integers(config.codes + 1, size=(2, config.streams, length))
    dance[random.random(dance.shape) < 0.5] = config.mask
    for codebooks in (range(1), range(config.codebooks)):
        places = random.random((2, 2 * len(codebooks), length)) < 0.7
        asked = prompt(2, length)
        found, expected = (e.answer_at(places, e.hear(asked), dance, codebooks) for e in (ours, theirs))
        for mine, their in zip(found, expected, strict=True):
            np.testing.assert_allclose(mine, their, atol=1e-5 * max(1.0, np.abs(their).max()))


def test_the_shipped_networks_dance_the_same_on_either_engine() -> None:
    length = 96
    engines = [checkpoint.load(engine=name, threads=2).engine for name in ("numpy", "torch")]
    tokens = [sample(e, prompt(1, length), steps=8, temperature=1.0, seed=5) for e in engines]
    np.testing.assert_array_equal(*tokens)
    upper = [e.decode("upper", tokens[0][0, ::2].T) for e in engines]
    np.testing.assert_allclose(*upper, atol=1e-4)
    for stream in ("upper", "lower", "semantic", "acoustic"):
        features = numbers(80, engines[0].tokenizers[stream].features)
        np.testing.assert_array_equal(*(e.encode(stream, features) for e in engines))


def test_items_of_a_batch_do_not_hear_each_other() -> None:
    arrays = arrays_of({"generator": in_torch.Generator(TINY)})
    engine = NumpyEngine({}, TINY, arrays, COMPUTES["threads"])
    dance, places = np.full((2, TINY.streams, 50), TINY.mask), np.ones((2, 2, 50), bool)
    both = engine.answer_at(places, engine.hear(prompt(2, 50)), dance, range(1))
    for item in range(2):
        one = Prompt(*(value[item : item + 1] for value in prompt(2, 50)))
        alone = engine.answer_at(places[:1], engine.hear(one), dance[:1], range(1))
        for together, apart in zip(both, alone, strict=True):
            np.testing.assert_allclose(together.reshape(2, 50, -1)[item], apart, atol=1e-5)


@pytest.mark.parametrize("engine", ["numpy", "torch"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("generator.tempo_in.weight"), "tempo_in"),
        (lambda arrays: arrays.update({"generator.tempo_in.weight": np.zeros((2, 2))}), "tempo_in"),
        (lambda arrays: arrays.update({"generator.more": np.zeros(2)}), "more"),
        (lambda arrays: arrays.update({"stranger.weight": np.zeros(2)}), "stranger"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_by_name(tiny_checkpoint, engine, change, message) -> None:
    arrays = dict(tiny_checkpoint.arrays)
    change(arrays)
    with pytest.raises(ValueError, match=message):
        replace(tiny_checkpoint, arrays=arrays, runs_on=(engine, "cpu")).engine  # noqa: B018


def test_numpy_tells_how_far_it_is_within_a_pass_and_can_be_stopped_there() -> None:
    engine = NumpyEngine({}, TINY, arrays_of({"generator": in_torch.Generator(TINY)}), COMPUTES["threads"])
    dance, places = np.full((1, TINY.streams, 50), TINY.mask), np.ones((1, 2, 50), bool)
    heard = engine.hear(prompt(1, 50))
    told: list[float] = []
    engine.answer_at(places, heard, dance, range(1), told.append)
    assert len(told) == TINY.global_layers + 2
    assert told == sorted(told)
    assert told[-1] == 1

    def stop(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        engine.answer_at(places, heard, dance, range(1), stop)
