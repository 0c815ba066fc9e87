from __future__ import annotations

import pytest
import torch

from tokendance_core.model.blocks import Conv, Upsampling
from tokendance_core.model.config import TokenizerConfig
from tokendance_core.model.fsq import FSQ
from tokendance_core.model.tokenizer import Tokenizer
from tokendance_core.types import CODES


def test_every_index_has_its_own_code() -> None:
    quantizer = FSQ()
    codes = quantizer.codes(torch.arange(CODES)[:, None])
    assert quantizer.size == CODES
    assert len(torch.unique(codes, dim=0)) == CODES
    assert float(codes.abs().max()) <= 1.0


def test_codes_and_indices_are_inverse() -> None:
    quantizer = FSQ(codebooks=2)
    made = quantizer(torch.randn(2000, 8) * 3)
    assert made.indices.shape == (2000, 2)
    torch.testing.assert_close(quantizer.codes(made.indices), made.codes)


def test_basis_by_hand() -> None:
    # digits 7, 0, 4, 1 of levels 8, 5, 5, 5: 7 + 8*0 + 40*4 + 200*1
    assert FSQ().codes(torch.tensor([367])).tolist() == [0.75, -1.0, 1.0, -0.5]


def test_extreme_inputs_reach_every_level_and_no_further() -> None:
    quantizer = FSQ()
    z = torch.cartesian_prod(*(torch.linspace(-4, 4, 200)[None].expand(1, -1)[0] for _ in range(1)))[:, None].expand(
        -1, 4
    )
    digits = torch.stack(
        [quantizer(z).indices[:, 0] // b % level for b, level in zip((1, 8, 40, 200), (8, 5, 5, 5), strict=True)], -1
    )
    assert [len(column.unique()) for column in digits.T] == [8, 5, 5, 5]


def test_gradient_passes_straight_through() -> None:
    z = torch.zeros(1, 4, requires_grad=True)
    FSQ()(z).codes.sum().backward()
    assert (z.grad > 0).all()


@pytest.mark.parametrize("frames", [8, 64, 240])
@pytest.mark.parametrize(("halvings", "codebooks"), [(3, 1), (2, 2)])
def test_codes_for_every_few_frames_and_back(frames: int, halvings: int, codebooks: int) -> None:
    model = Tokenizer(TokenizerConfig(features=57, width=16, halvings=halvings, codebooks=codebooks)).eval()
    x = torch.randn(2, frames, 57)
    made, indices = model(x)
    assert indices.shape == (2, frames // model.config.hop, codebooks)
    assert model.config.hop == 2**halvings
    assert made.shape == x.shape
    torch.testing.assert_close(model.decode(indices), made)
    assert torch.equal(model.encode(x).indices, indices)


def test_fewer_codebooks_decode_to_something_coarser() -> None:
    model = Tokenizer(TokenizerConfig(features=9, width=16, codebooks=2)).eval()
    x = torch.randn(2, 40, 9)
    coarse, indices = model(x, torch.tensor([1, 1]))
    torch.testing.assert_close(model.decode(indices[..., :1]), coarse)
    assert not torch.allclose(coarse, model.decode(indices))


def test_channels_last_gives_what_the_plain_layers_give() -> None:
    x = torch.randn(2, 40, 6)
    for layer in (
        Conv(6, 8, 4, stride=2, padding=1),
        Conv(6, 8, 3, padding=2, dilation=2),
        Conv(6, 8, 1),
        Upsampling(6),
    ):
        plain = super(type(layer), layer).forward(x.mT).mT
        torch.testing.assert_close(layer(x), plain, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("depth", "halvings", "reach"), [(0, 3, 22), (2, 3, 122), (2, 2, 58)])
def test_a_code_sees_as_many_frames_as_the_config_says(depth: int, halvings: int, reach: int) -> None:
    model = Tokenizer(TokenizerConfig(features=1, width=8, depth=depth, halvings=halvings)).double()
    x = torch.randn(1, 512, 1, dtype=torch.double, requires_grad=True)
    model.to_code(model.encoder(x))[0, 32].sum().backward()
    seen = torch.nonzero(x.grad[0, :, 0])
    assert int(seen.max() - seen.min()) + 1 <= reach
    assert int(seen.max() - seen.min()) + 1 > reach // 2
