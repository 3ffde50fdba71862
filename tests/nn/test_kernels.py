"""Kernels made from formulas: limits with and without learned parameters."""

import math

import torch

from actlab.language import Phi, sigmoid, symbol
from actlab.runtime import kernel, pointwise


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
