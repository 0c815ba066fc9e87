"""The chunked scan against the recurrence, and the Mamba-2 modules around it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from tokendance_core.model.ssm import BiMamba, Mamba2, cuda_scan, scan_chunked, scan_recurrent


def scan_inputs(
    length: int, *, seed: int = 0, strength: float = 1.0, dtype: torch.dtype = torch.float64
) -> list[torch.Tensor]:
    """Random x, dt, A, B, C, D for 2 items, 3 heads of 4 channels and 5 states; ``strength`` multiplies the step
    sizes.
    """
    random = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=dtype, generator=random)

    dt = F.softplus(normal(2, length, 3)) * strength
    return [normal(2, length, 3, 4), dt, -0.1 - normal(3).abs(), normal(2, length, 5), normal(2, length, 5), normal(3)]


def values_and_gradients(scan, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    leaves = [part.clone().requires_grad_() for part in inputs]
    y = scan(*leaves)
    weights = torch.randn(y.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).to(y)
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), leaves)]


def assert_all_close(actual: list[torch.Tensor], expected: list[torch.Tensor], tolerance: float) -> None:
    """Each difference is small against the largest entry of what was expected."""
    for got, wanted in zip(actual, expected, strict=True):
        assert (got - wanted).abs().max() <= tolerance * max(1.0, wanted.abs().max().item())


def test_recurrence_is_the_equation_written_out():
    x, dt, A, B, C, D = scan_inputs(3)
    y = scan_recurrent(x, dt, A, B, C, D)
    decay = torch.exp(dt * A)

    def contribution(t: int, s: int) -> torch.Tensor:  # of the input at s to the output at t
        kept = decay[:, s + 1 : t + 1].prod(1)
        return (kept * dt[:, s] * (C[:, t] * B[:, s]).sum(-1, keepdim=True))[..., None] * x[:, s]

    expected = contribution(2, 0) + contribution(2, 1) + contribution(2, 2) + D[:, None] * x[:, 2]
    torch.testing.assert_close(y[:, 2], expected)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.sampled_from([1, 5, 32, 64]), st.integers(0, 10**6), st.sampled_from([0.01, 1.0, 60.0]))
def test_chunked_scan_and_its_gradient_equal_the_recurrence(length, chunk, seed, strength):
    inputs = scan_inputs(length, seed=seed, strength=strength)
    chunked = values_and_gradients(lambda *parts: scan_chunked(*parts, chunk=chunk), inputs)
    assert_all_close(chunked, values_and_gradients(scan_recurrent, inputs), 1e-9)


@pytest.mark.parametrize("length", [30, 64, 150])
def test_chunked_scan_is_accurate_in_single_precision(length):
    inputs = scan_inputs(length)
    single = values_and_gradients(scan_chunked, [part.float() for part in inputs])
    assert_all_close([part.double() for part in single], values_and_gradients(scan_recurrent, inputs), 2e-5)


def test_extreme_decay_forgets_the_past_and_stays_finite():
    inputs = scan_inputs(100, strength=1e4, dtype=torch.float32)
    x, dt, _, B, C, D = inputs
    y, *gradients = values_and_gradients(scan_chunked, inputs)
    only_now = (dt * (B * C).sum(-1, keepdim=True))[..., None] * x + D[:, None] * x
    torch.testing.assert_close(y, only_now, rtol=1e-4, atol=1e-2)
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_gradient_passes_the_numerical_check():
    inputs = [part[:1] if part.dim() > 1 else part for part in scan_inputs(7)]
    leaves = [part.requires_grad_() for part in inputs]
    assert torch.autograd.gradcheck(lambda *parts: scan_chunked(*parts, chunk=3), leaves)


def test_result_without_gradients_is_the_same():
    inputs = scan_inputs(70)
    with torch.no_grad():
        quiet = scan_chunked(*inputs)
    torch.testing.assert_close(quiet, scan_chunked(*[part.requires_grad_() for part in inputs]).detach())


def mamba(width: int = 24, **sizes: int) -> Mamba2:
    torch.manual_seed(0)
    return Mamba2(width, **({"d_state": 8, "headdim": 16} | sizes))


def test_parameters_have_upstream_names_and_shapes():
    shapes = {name: tuple(value.shape) for name, value in Mamba2(256).state_dict().items()}
    assert shapes == {
        "dt_bias": (8,),
        "A_log": (8,),
        "D": (8,),
        "in_proj.weight": (2 * 512 + 2 * 128 + 8, 256),
        "conv1d.weight": (768, 1, 4),
        "conv1d.bias": (768,),
        "norm.weight": (512,),
        "out_proj.weight": (256, 512),
    }


def test_initial_values_lie_in_upstream_ranges():
    torch.manual_seed(0)
    layer = Mamba2(512, headdim=2)  # many heads
    steps, rates = F.softplus(layer.dt_bias.detach()), layer.A_log.detach().exp()
    assert 1e-3 * 0.999 < steps.min() < 2e-3 < 5e-2 < steps.max() < 0.1 * 1.001
    assert 1.0 <= rates.min() < 2.0 < 15.0 < rates.max() <= 16.0


def test_unsupported_sizes_are_refused():
    with pytest.raises(ValueError, match="one group"):
        Mamba2(32, ngroups=2)
    with pytest.raises(ValueError, match="multiple of headdim"):
        Mamba2(24, headdim=64)


def test_mamba_follows_its_definition_step_by_step():
    """The whole layer, with torch's own convolution, the recurrence and the norm's formula."""
    layer = mamba().double()
    u = torch.randn(2, 21, 24, dtype=torch.float64)
    z, xBC, dt = torch.split(u @ layer.in_proj.weight.T, [48, 64, 3], dim=-1)
    xBC = F.silu(layer.conv1d(xBC.transpose(1, 2))[..., :21].transpose(1, 2))
    x, B, C = torch.split(xBC, [48, 8, 8], dim=-1)
    y = scan_recurrent(x.reshape(2, 21, 3, 16), F.softplus(dt + layer.dt_bias), -layer.A_log.exp(), B, C, layer.D)
    y = y.flatten(2) * F.silu(z)
    y = y / torch.sqrt((y**2).mean(-1, keepdim=True) + 1e-5) * layer.norm.weight
    torch.testing.assert_close(layer(u), y @ layer.out_proj.weight.T, rtol=1e-9, atol=1e-9)


def test_mamba_sees_only_the_past():
    layer = mamba()
    u = torch.randn(1, 80, 24)
    changed = u.clone()
    changed[:, 50:] = torch.randn(1, 30, 24)
    before, after = layer(u), layer(changed)
    torch.testing.assert_close(before[:, :50], after[:, :50], rtol=1e-4, atol=1e-6)
    assert not torch.allclose(before[:, 50:], after[:, 50:], atol=1e-3)


def block(width: int = 24, dropout: float = 0.0) -> BiMamba:
    torch.manual_seed(0)
    return BiMamba(width, state=8, conv=4, expand=2, head_dim=16, dropout=dropout)


def test_bimamba_mirrors_time_when_its_directions_are_swapped():
    layer, mirrored = block(), block()
    mirrored.fwd, mirrored.bwd = layer.bwd, layer.fwd
    x = torch.randn(2, 45, 24)
    torch.testing.assert_close(mirrored(x.flip(1)).flip(1), layer(x), rtol=1e-4, atol=1e-5)


def test_bimamba_sees_past_and_future():
    layer, x = block(), torch.randn(1, 40, 24, requires_grad=True)
    layer(x)[0, 20].sum().backward()
    reach = x.grad[0].abs().sum(-1)
    assert reach[0] > 0
    assert reach[-1] > 0


def test_bimamba_with_a_closed_gate_passes_its_input():
    layer = block()
    torch.nn.init.zeros_(layer.gate.weight)
    torch.nn.init.zeros_(layer.gate.bias)
    x = torch.randn(2, 9, 24)
    torch.testing.assert_close(layer(x), x)


def test_layer_exports_to_a_graph_with_the_same_result():
    layer = block().eval()
    x = torch.randn(1, 70, 24)
    with torch.no_grad():
        program = torch.export.export(layer, (x,), strict=False)
        torch.testing.assert_close(program.module()(x), layer(x), rtol=1e-5, atol=1e-6)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_fused_cuda_scan_agrees_with_ours():
    if cuda_scan() is None:
        pytest.skip("needs an installed mamba-ssm that runs on this device")
    inputs = [part.float().cuda() for part in scan_inputs(150)]

    def fused(x, dt, A, B, C, D):
        return cuda_scan()(x, dt, A, B.unsqueeze(2), C.unsqueeze(2), chunk_size=64, D=D)

    assert_all_close(
        values_and_gradients(fused, inputs), values_and_gradients(scan_chunked, inputs), 1e-3
    )  # it may compute in TF32
