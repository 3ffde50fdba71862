"""Gradients that users of frameworks reported as wrong: corners, tails, untaken branches, second derivatives."""

from __future__ import annotations

import math

import pytest
import torch
from tests.reported.measure import derivative, truth, ulps
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils.checkpoint import checkpoint

from actlab import create, functional
from actlab.catalogue import ENTRIES, Entry
from actlab.renderers import torch_eager

INF, NAN = math.inf, math.nan
BRAIN, SINGLE, DOUBLE = torch.bfloat16, torch.float32, torch.float64
SCALAR = [entry for entry in ENTRIES.values() if not entry.along_axis and entry.kind != "gated"]


def _compiled_slope(name: str, x: list[float]) -> list[float]:
    torch.compiler.reset()
    layer = torch.compile(create(name), fullgraph=True, backend="aot_eager")
    at = torch.tensor(x).repeat(16).requires_grad_()
    layer(at).sum().backward()
    assert at.grad is not None
    return at.grad[: len(x)].tolist()


@pytest.mark.parametrize(
    ("name", "x", "slopes"),
    [
        ("hard_swish", [-3.0, 3.0], [0.0, 1.0]),
        ("relu6", [0.0, 6.0], [0.0, 0.0]),
        ("hard_tanh", [-1.0, 1.0], [0.0, 0.0]),
    ],
)
def test_slopes_at_corners_are_the_same_in_eager_and_compiled_code(
    name: str, x: list[float], slopes: list[float]
) -> None:
    """In a scalar, in a vector and compiled (pytorch #147801, #184574, #195931)."""
    assert derivative(name, x, 1) == slopes
    assert _compiled_slope(name, x) == slopes


@pytest.mark.parametrize("entry", SCALAR, ids=lambda entry: entry.name)
def test_no_formula_is_built_on_clamp(entry: Entry) -> None:
    """Its slope at the boundary changes between releases of torch (pytorch #195931)."""
    from actlab.renderers import function

    text = function(torch_eager.TABLE, "f", tuple(sorted(entry.value.symbols)), {"y": entry.value, "d": entry.slope})
    assert "clamp" not in text


@pytest.mark.parametrize(("name", "slope"), [("elu", 1.0), ("celu", 1.0), ("selu", 1.0507009873554805)])
def test_the_branch_that_is_not_taken_does_not_poison_the_gradient(name: str, slope: float) -> None:
    """exp(300) is infinite, but nobody asked for it (reported for tinygrad in #17852, jax in #9873)."""
    assert derivative(name, [89.0, 300.0], 1) == pytest.approx([slope] * 2, rel=1e-6)
    assert derivative(name, [800.0], 1, DOUBLE) == pytest.approx([slope], rel=1e-14)


@pytest.mark.parametrize(
    ("name", "at", "dtype", "order", "most"),
    [
        ("elu", -40.0, DOUBLE, 1, 2),  # reported for jax in #39795
        ("tanh", 20.0, DOUBLE, 1, 2),  # pytorch #195527, with the next two
        ("tanh", 9.5, SINGLE, 1, 2),
        ("tanh", 3.5, BRAIN, 1, 1),
        ("silu", 40.410841513445845, DOUBLE, 2, 64),  # pytorch #195682
        ("log_sigmoid", 40.0, DOUBLE, 2, 4),  # pytorch #195530, with the next
        ("log_sigmoid", -40.0, DOUBLE, 2, 4),
        ("elu", -1.0, DOUBLE, 2, 2),  # reported for tensorflow in #19333, with the next
        ("elu", 1.0, DOUBLE, 2, 0),
        ("tanh_exp", 100.0, SINGLE, 1, 1),  # reported for Mish in #32
    ],
)
def test_small_slopes_keep_their_digits(name: str, at: float, dtype: torch.dtype, order: int, most: float) -> None:
    """A slope computed from a rounded value would be 0 or noise there."""
    assert ulps(derivative(name, [at], order, dtype)[0], truth(name, at, order), dtype) <= most


@pytest.mark.parametrize("at", [0.0, -0.0])
def test_the_slope_of_gelu_at_zero_is_a_half(at: float) -> None:
    """Of either zero: nothing is divided by x (reported for Paddle in #14857)."""
    assert derivative("gelu", [at], 1) == [0.5]


def test_the_slope_of_mish_follows_the_curve() -> None:
    """Four units in the last place over [-30, 30]: no term of the numerator is missing (reported for thinc in #578)."""
    x = torch.linspace(-30, 30, 61).tolist()
    for at, found in zip(x, derivative("mish", x, 1), strict=True):
        assert ulps(found, truth("mish", at, 1), SINGLE) <= 4 or abs(found - truth("mish", at, 1)) < 1e-7, at


@pytest.mark.parametrize("name", [entry.name for entry in SCALAR if entry.kind == "straight-through"])
def test_surrogate_slopes_are_finite_far_out(name: str) -> None:
    """From -100 to 100 and at 1e30: an exponential inside must not overflow (reported for snntorch in #427)."""
    x = torch.tensor([*torch.linspace(-100, 100, 81).tolist(), 1e30, -1e30]).requires_grad_()
    create(name)(x).sum().backward()
    assert x.grad is not None and torch.isfinite(x.grad).all()


def test_elu_with_a_negative_alpha_is_refused() -> None:
    """Its in-place gradient could not be told from the output (pytorch #49272)."""
    with pytest.raises(ValueError, match="alpha"):
        create("elu", alpha=-1.0, inplace=True)


def test_leaky_relu_with_slope_zero_works_in_place() -> None:
    """The gradient is 0 on the left and 1 on the right (pytorch #37345)."""
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    create("leaky_relu", negative_slope=0.0, inplace=True)(x * 1).sum().backward()
    assert x.grad.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(("shape", "dim"), [((2, 3, 4, 5), 1), ((2, 5, 4, 3), 3), ((2, 3), 1), ((3,), 0), ((1, 1), 1)])
def test_prelu_per_channel_has_torchs_gradients(shape: tuple[int, ...], dim: int) -> None:
    """By input and by weight, channels second or last, also a single element (FlagGems #4992, pytorch #128120)."""
    torch.manual_seed(0)
    x = torch.randn(shape, dtype=DOUBLE).requires_grad_()
    layer = create("prelu", num_parameters=shape[dim], dim=dim).double()
    with torch.no_grad():
        layer.weight.copy_(torch.linspace(-0.5, 0.5, shape[dim]))
    weight = layer.weight.detach().clone().requires_grad_()
    spread = weight.reshape([-1 if at == dim else 1 for at in range(len(shape))])
    expected = torch.autograd.grad(torch.where(x > 0, x, spread * x).square().sum(), (x, weight))
    found = torch.autograd.grad(layer(x).square().sum(), (x, layer.weight))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b)


GATED = [entry.name for entry in ENTRIES.values() if entry.kind == "gated"]


@pytest.mark.parametrize("name", GATED)
def test_every_gradient_of_a_gated_unit_is_right(name: str) -> None:
    """By the gate and by the other half, also to the second order (reported for Liger-Kernel in #1413)."""
    torch.manual_seed(0)
    gate, up = (torch.randn(7, dtype=DOUBLE).add_(0.013).requires_grad_() for _ in range(2))
    run = getattr(functional, name)
    for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck):
        assert check(run, (gate, up))


@pytest.mark.parametrize("name", GATED)
def test_going_back_twice_gives_the_same_and_changes_nothing(name: str) -> None:
    """Two backward passes through one graph, the same tensor as both halves (reported for Liger-Kernel in #254)."""
    x = torch.randn(33, generator=torch.Generator().manual_seed(0)).requires_grad_()
    inner = torch.exp(x * 0.1)
    before = inner.detach().clone()
    y = getattr(functional, name)(inner, inner).sum()
    first = torch.autograd.grad(y, x, retain_graph=True)[0]
    second = torch.autograd.grad(y, x)[0]
    assert torch.equal(first, second)
    assert torch.equal(inner.detach(), before)


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("name", ["swiglu", "gelu", "prelu", "softmax"])
def test_a_checkpointed_layer_has_the_same_gradient(name: str, reentrant: bool) -> None:
    """Both ways of checkpointing (reported for xformers in #1126)."""
    torch.manual_seed(0)
    options = {"gate": "first", "layout": "chunk"} if name in GATED else {}
    net = torch.nn.Sequential(torch.nn.Linear(6, 6), create(name, **options))
    x = torch.randn(4, 6, requires_grad=True)
    plain = torch.autograd.grad(net(x).square().sum(), (x, net[0].weight))
    y = checkpoint(net, x, use_reentrant=reentrant).square().sum()
    net.zero_grad()
    y.backward(inputs=[x, net[0].weight]) if not reentrant else y.backward()
    for a, b in zip((x.grad, net[0].weight.grad), plain, strict=True):
        assert torch.equal(a, b)


def test_forces_can_be_traced() -> None:
    """A second derivative inside a traced program needs nothing that torch lacks (reported for deepmd-kit in #5393)."""
    net = torch.nn.Sequential(torch.nn.Linear(3, 8), create("silu"), torch.nn.Linear(8, 1)).double()

    def loss(x: torch.Tensor) -> torch.Tensor:
        force = torch.autograd.grad(net(x).sum(), x, create_graph=True)[0]
        return torch.autograd.grad(force.square().sum(), net[0].weight)[0]

    x = torch.randn(5, 3, dtype=DOUBLE, requires_grad=True)
    torch.testing.assert_close(make_fx(loss)(x)(x), loss(x))


@pytest.mark.parametrize("name", ["hard_shrink", "soft_shrink"])
def test_shrinking_keeps_what_is_no_number(name: str) -> None:
    """NaN stays NaN and infinities stay (reported for mindspore in #373)."""
    assert derivative(name, [INF, -INF]) == [INF, -INF]
    assert math.isnan(derivative(name, [NAN])[0])


def test_relu6_of_nan_is_nan() -> None:
    """A limit is no place to hide a NaN (pytorch #106604)."""
    assert math.isnan(derivative("relu6", [NAN])[0])
    assert math.isnan(derivative("relu6", [NAN], 1)[0])


# odd, and yet 0 for either zero
_ONE_ZERO = {"signum": "the sign of zero is 0, as in torch", "sinp": "a difference of equal zeros is +0 in IEEE 754"}


@pytest.mark.parametrize("name", [entry.name for entry in SCALAR if "odd" in entry.facts])
def test_an_odd_function_keeps_the_sign_of_zero(name: str) -> None:
    """f(-0) is -f(0), two different zeros (measured in torch: tanhshrink, hardshrink and softshrink lose it)."""
    plus, minus = derivative(name, [0.0, -0.0], dtype=DOUBLE)
    if plus == 0:
        assert (math.copysign(1.0, plus) != math.copysign(1.0, minus)) is (name not in _ONE_ZERO)
