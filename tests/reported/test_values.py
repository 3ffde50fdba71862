"""Values that users of frameworks reported as wrong: infinities, overflow, cancellation."""

from __future__ import annotations

import math

import pytest
import torch
from tests.reported.measure import derivative, truth, ulps

from actlab import create, functional
from actlab.catalogue import ENTRIES

INF, NAN = math.inf, math.nan
HALF, BRAIN, SINGLE, DOUBLE = torch.float16, torch.bfloat16, torch.float32, torch.float64


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "quick_gelu", "silu", "mish"])
@pytest.mark.parametrize("dtype", [HALF, BRAIN, SINGLE, DOUBLE])
def test_a_gate_has_its_limits_at_both_infinities(name: str, dtype: torch.dtype) -> None:
    """Infinity at infinity and 0, never NaN, at minus infinity, with slopes 1 and 0 (pytorch #185770, #192318)."""
    assert derivative(name, [INF, -INF], dtype=dtype) == [INF, 0.0]
    assert derivative(name, [INF, -INF], 1, dtype) == [1.0, 0.0]


@pytest.mark.parametrize("name", ["gelu", "silu", "mish", "tanh_exp"])
def test_left_tails_keep_their_digits(name: str) -> None:
    """Four units in the last place of float32 down to -13; of float64 what a rounding of -9 moves (pytorch #187806)."""
    x = torch.linspace(-13, 0, 97).tolist()
    for at, found in zip(x, derivative(name, x), strict=True):
        expected = truth(name, at)
        if abs(expected) >= torch.finfo(SINGLE).smallest_normal:
            assert ulps(found, expected, SINGLE) <= 4, at
    assert ulps(derivative(name, [-9.0], dtype=DOUBLE)[0], truth(name, -9.0), DOUBLE) <= 81


def test_gelu_in_float32_is_computed_in_float32() -> None:
    """No table in half precision: 1e-6 relative between -4 and 4 (reported for llama.cpp in #29252)."""
    x = torch.linspace(-4, 4, 100_001)
    wide = functional.gelu(x.double())
    assert ((functional.gelu(x) - wide).abs() <= 1e-6 * wide.abs()).all()


@pytest.mark.parametrize("beta", [1e30, 1e-30])
def test_softplus_takes_an_extreme_beta(beta: float) -> None:
    """A huge beta is a rectifier and not infinite (pytorch #171249, #180193)."""
    x = [0.5, -1.0, 2.0]
    expected = [max(at, 0.0) for at in x] if beta > 1 else [math.log(2) / beta] * 3
    found = derivative("softplus", x, beta=beta)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-30)


def test_softplus_stays_finite_and_keeps_its_small_slopes() -> None:
    """x itself where x is large with slope 1, and the subnormal slope at -100 (reported for burn in #5373)."""
    large = [50.0, 100.0, 1e4]
    assert derivative("softplus", large) == large
    assert derivative("softplus", large, 1) == [1.0] * 3
    assert ulps(derivative("softplus", [-100.0], 1)[0], truth("softplus", -100.0, 1), SINGLE) <= 1
    assert derivative("softplus", [0.0], 1, DOUBLE) == [0.5]


@pytest.mark.parametrize("order", [0, 1])
def test_softplus_has_no_seam(order: int) -> None:
    """No switch to another formula: values and slopes follow one curve at every beta (pytorch #31110, #55587)."""
    for at in (
        torch.linspace(0.03, 0.05, 41, dtype=DOUBLE).tolist() + torch.linspace(1.9, 2.1, 41, dtype=DOUBLE).tolist()
    ):
        # with beta = 10 it is a softplus of ten times the input, over ten
        expected = truth("softplus", 10 * at, order) / (10 if order == 0 else 1)
        found = derivative("softplus", [at], order, DOUBLE, beta=10.0)[0]
        assert found == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("name", ["softplus", "mish"])
def test_half_precision_values_are_the_rounded_truth(name: str) -> None:
    """Within one unit of the last place on [-31.5, 31.5] and at large inputs (reported for coremltools in #2359)."""
    x = [5.0, 11.0, 12.0, 88.0, 1000.0, *torch.linspace(-31.5, 31.5, 127).to(HALF).tolist()]
    for dtype in (HALF, BRAIN):
        x = torch.tensor(x).to(dtype).tolist()
        for at, found in zip(x, derivative(name, x, dtype=dtype), strict=True):
            assert ulps(found, truth(name, at), dtype) <= 1, (dtype, at)


def test_log_sigmoid_has_its_limits() -> None:
    """Minus infinity with slope 1 on the left, 0 on the right, NaN kept (pytorch #20972, Paddle #79350)."""
    assert derivative("log_sigmoid", [-INF, INF]) == [-INF, 0.0]
    assert derivative("log_sigmoid", [-INF, INF], 1) == [1.0, 0.0]
    assert math.isnan(derivative("log_sigmoid", [NAN])[0])


def test_complex_numbers_are_refused() -> None:
    """No function here claims a complex version that it would get wrong far out (pytorch #135777, #121588)."""
    with pytest.raises(TypeError, match="floating-point"):
        functional.sigmoid(torch.full((16,), -7742 + 0j))


def _rows(name: str, row: list[float], dtype: torch.dtype = DOUBLE) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.tensor([row, row], dtype=dtype).requires_grad_()
    y = getattr(functional, name)(x)
    weights = torch.linspace(0.5, 1.5, y.numel(), dtype=y.dtype).reshape(y.shape)
    return y.detach()[0], torch.autograd.grad(y, x, weights)[0][0]


# sums of what they give are 1; one value left out of the row
SHARES = ("softmax", "softmin", "sparsemax", "entmax15", "alpha_entmax")


@pytest.mark.parametrize("name", SHARES)
def test_a_row_with_nothing_in_it_gives_zeros(name: str) -> None:
    """Fully masked rows give zeros with a gradient of zero, never NaN (pytorch #25110, #55056, entmax #17)."""
    nothing = INF if name == "softmin" else -INF
    y, slope = _rows(name, [nothing] * 3)
    assert y.tolist() == [0.0] * 3
    assert slope.tolist() == [0.0] * 3


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("dtype", [HALF, BRAIN, SINGLE])
def test_long_rows_sum_to_one(name: str, dtype: torch.dtype) -> None:
    """A row of 512 sums to 1 within a hundredth in every dtype (measured in the package entmax, off by 0.06)."""
    torch.manual_seed(0)
    total = getattr(functional, name)(torch.randn(8, 512).to(dtype)).double().sum(-1)
    assert ((total - 1).abs() < 1e-2).all(), total


AXIS = [entry.name for entry in ENTRIES.values() if entry.along_axis and entry.kind != "gated"]


@pytest.mark.parametrize("name", AXIS)
def test_no_rows_at_all_are_no_crash(name: str) -> None:
    """A batch of zero rows passes forward and backward (pytorch #17262)."""
    x = torch.randn(0, 8, requires_grad=True)
    y = create(name)(x)
    assert y.shape[0] == 0
    y.sum().backward()
    assert x.grad is not None and x.grad.shape == (0, 8)


@pytest.mark.parametrize("name", [name for name in AXIS if "tau" in ENTRIES[name].parameters])
def test_a_temperature_of_zero_is_refused_and_no_draw_is_nan(name: str) -> None:
    """tau = 0 is an error, not NaN (pytorch #184031); a million draws are finite (pytorch #41663, #22442)."""
    with pytest.raises(ValueError, match="tau"):
        create(name, tau=0.0)
    torch.manual_seed(0)
    for dtype in (HALF, SINGLE):
        layer = create(name)
        assert torch.isfinite(layer(torch.zeros(100_000, 10, dtype=dtype))).all()


def test_tanh_shrink_keeps_its_digits_near_zero() -> None:
    """x - tanh(x) does not cancel: 3.33e-10 at 1e-3, in bfloat16 not 0 at 0.05 (reported for tt-metal in #47323)."""
    small = torch.tensor(1e-3).item()
    assert ulps(derivative("tanh_shrink", [small])[0], truth("tanh_shrink", small), SINGLE) <= 4
    at = torch.tensor(0.05).bfloat16().item()
    assert ulps(derivative("tanh_shrink", [at], dtype=BRAIN)[0], truth("tanh_shrink", at), BRAIN) <= 1


def test_saturated_values_are_finite() -> None:
    """tanh at 45 and at 355, gelu at 21.66: no exponential overflows on the way (reported for root in #19740)."""
    assert derivative("tanh", [45.0, -45.0]) == [1.0, -1.0]
    assert derivative("tanh", [355.0], dtype=DOUBLE) == [1.0]
    assert derivative("gelu", [21.66], dtype=DOUBLE) == [21.66]


@pytest.mark.parametrize("alpha", [1e-8, 1e-30, 1.0, 1e4])
def test_snake_stays_finite_for_every_alpha(alpha: float) -> None:
    """Value and all gradients, down to an alpha next to nothing; 0 itself is refused (reported for snake in #3)."""
    x = torch.linspace(-5, 5, 33, requires_grad=True)
    weight = torch.tensor(alpha, requires_grad=True)
    y = functional.snake(x, alpha=weight)
    y.sum().backward()
    assert torch.isfinite(y).all() and torch.isfinite(x.grad).all() and torch.isfinite(weight.grad).all()
    if alpha < 1e-6:
        torch.testing.assert_close(y, x)
    with pytest.raises(ValueError, match="alpha"):
        create("snake", alpha=0.0)


def test_a_fused_silu_is_the_rounded_truth() -> None:
    """Four units in float32; in bfloat16 the nearest number, which two rounded steps are not (pytorch #86781)."""
    x = torch.randn(2000, generator=torch.Generator().manual_seed(0)) * 4
    for dtype, most in ((SINGLE, 4.0), (BRAIN, 0.51)):
        for at, found in zip(x.to(dtype).tolist(), functional.silu(x.to(dtype)).tolist(), strict=True):
            assert ulps(found, truth("silu", at), dtype) <= most, at


@pytest.mark.parametrize(("name", "params"), [("hard_shrink", {"lambd": -1.0}), ("soft_shrink", {"lambd": -1.0})])
def test_a_negative_threshold_is_refused(name: str, params: dict[str, float]) -> None:
    """It would turn the function inside out (pytorch #166162)."""
    with pytest.raises(ValueError, match="lambd"):
        create(name, **params)


def test_a_threshold_beyond_the_dtype_shrinks_everything() -> None:
    """No half-precision number exceeds 1e6, so each is 0 and none is NaN (pytorch #166162)."""
    assert derivative("soft_shrink", [0.5, -65504.0, 65504.0], dtype=HALF, lambd=1e6) == [0.0, -0.0, 0.0]
