"""Kernels made from formulas: limits with and without learned parameters."""

import math

import pytest
import torch

from actlab.language import Phi, cos, exp, sigmoid, softsign, symbol
from actlab.runtime import kernel, pointwise
from actlab.theory.evaluate import evaluate


def test_a_derivative_that_lost_its_parameter_still_takes_its_limit():
    """The slope by x of a + x Phi(x) no longer holds a, but is still called with it."""
    x, a = symbol("x"), symbol("a")
    made = kernel(a + x * x * Phi(x), ("a",), (("a", 1.0),))
    at = torch.tensor([-math.inf, -1.0, math.inf], dtype=torch.float64, requires_grad=True)
    shift = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(pointwise(made, at, (shift,)).sum(), at, create_graph=True)
    assert slope[0] == 0 and slope[2] == math.inf
    (curvature,) = torch.autograd.grad(slope[:2].sum(), at)
    assert curvature[0] == 0


def test_a_limit_follows_the_learned_parameter():
    """x sigmoid(beta x) at infinity is infinity, x/2 or 0, as the sign of beta says."""
    x, beta = symbol("x"), symbol("beta")
    made = kernel(x * sigmoid(beta * x), ("beta",), (("beta", 1.0),))
    betas = torch.tensor([1.0, 0.0, -1.0])
    assert made(torch.full((3,), math.inf), betas).tolist() == [math.inf, math.inf, 0.0]
    assert made(torch.full((3,), -math.inf), betas).tolist() == [0.0, -math.inf, -math.inf]


def test_what_oscillates_has_no_limit_and_what_grows_or_dies_out_has_one():
    """x cos(x) is NaN at infinity, however large it is far out; x^2 softsign(x) grows and x exp(-x^2) vanishes."""
    x = symbol("x")
    ends = [math.inf, -math.inf]
    for formula, limits in (
        (x * cos(x), (math.nan, math.nan)),
        (x * x * softsign(x), (math.inf, -math.inf)),
        (x * exp(-(x**2)), (0.0, 0.0)),
        (softsign(x), (1.0, -1.0)),
    ):
        for found in (evaluate(formula, ends).tolist(), kernel(formula)(torch.tensor(ends)).tolist()):
            assert found == pytest.approx(limits, nan_ok=True), formula


def test_limits_of_both_sides_follow_tensors_of_different_ranks():
    """With one beta per channel and one height for all, every channel of a row goes to its own limit on either side."""
    x, beta, height = symbol("x"), symbol("beta"), symbol("height")
    made = kernel(height * (x * sigmoid(beta * x)), ("beta", "height"), (("beta", 1.0), ("height", 1.0)))
    at = torch.tensor([[-math.inf, 0.0, math.inf]]).expand(2, 3)
    found = made(at, torch.tensor([[1.0], [-1.0]]), torch.tensor(2.0))
    assert found.tolist() == [[0.0, 0.0, math.inf], [-math.inf, 0.0, 0.0]]


@pytest.mark.parametrize("missing", [False, True], ids=["finite", "infinite"])
def test_limits_by_tensors_are_computed_only_where_one_is_missing(missing, monkeypatch):
    """A gated unit's second half is as large as the data: six formulas for its limits wait for an infinity."""
    x, up = symbol("x"), symbol("up")
    made = kernel(x * sigmoid(x) * up, ("up",), (("up", 1.0),))
    made(torch.ones(7), torch.ones(7))  # what is compiled is judged at the first call, at the infinities too
    asked = []
    taken = made._limit
    monkeypatch.setattr(made, "_limit", lambda *given: asked.append(given) or taken(*given))
    at = torch.linspace(-3, 3, 7)
    if missing:
        at[2] = -math.inf
    found = made(at, torch.full((7,), 2.0))
    assert bool(asked) is missing
    torch.testing.assert_close(found[3:], 2 * torch.nn.functional.silu(at)[3:])
    assert not missing or found[2] == 0
