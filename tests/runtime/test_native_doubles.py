"""Double precision by compiled code: circles from any distance, powers, and what the judge allows where it rounds."""

from __future__ import annotations

import math

import mpmath
import pytest
import torch
from torch import Tensor

from actlab.language import Expr, sigmoid, symbol
from actlab.language.operations import bessel
from actlab.renderers.llvm_cpu import CELLS, Part
from actlab.renderers.llvm_loops import Plan
from actlab.runtime import kernel
from actlab.runtime.admission import admitted, judged
from actlab.runtime.launch import compiled, run
from actlab.testing.comparison import counted

X = symbol("x")


def computed(formula: Expr, x: Tensor) -> Tensor:
    """The formula's bare arithmetic by compiled code."""
    return run(Plan((Part(formula, (), True),), dtype="float64"), x)


def worst_ulp(found: Tensor, exact: list[mpmath.mpf]) -> float:
    """The largest distance from the exact values, in units in the last place of a double."""
    worst = 0.0
    for y, truth in zip(found.tolist(), exact, strict=True):
        worst = max(worst, float(abs(y - truth) / mpmath.mpf(2) ** (mpmath.floor(mpmath.log(abs(truth), 2)) - 52)))
    counted(len(exact), "double precision")
    return worst


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_a_circle_is_turned_exactly_from_any_distance(name: str) -> None:
    """Sine and cosine keep their digits at huge inputs, next to their roots, and at the double nearest to a root."""
    near = [turns * math.pi / 2 for turns in (1, 2, 3, 50, 355, 710, 2**19, 2**21, 2**40)]
    # of all doubles the one that lies relatively nearest to a multiple of pi/2
    far = [6381956970095103 * 2.0**797, 1.7e308, -1e22, 2.0**1000, 3.3e150, 9.9e5, -1.1e6, 1e-300]
    x = torch.tensor(near + far, dtype=torch.float64)
    with mpmath.workdps(400):
        exact = [getattr(mpmath, name)(mpmath.mpf(a)) for a in x.tolist()]
        assert worst_ulp(computed(Expr(name, (X,)), x), exact) <= 2.5


def test_a_small_turn_does_not_depend_on_a_huge_neighbour() -> None:
    """A block with huge inputs takes another path; the others in it come out bit for bit the same."""
    x = torch.linspace(-30, 30, 100, dtype=torch.float64)
    mixed = x.clone()
    mixed[5::7] = 1e300
    alone, beside = (computed(Expr("sin", (X,)), at) for at in (x, mixed))
    kept = mixed == x
    assert torch.equal(alone[kept], beside[kept])
    assert float(beside[5]) == pytest.approx(math.sin(1e300), rel=1e-15)


@pytest.mark.parametrize("exponent", [1.3, -0.7, 7.3, 200.3])
def test_a_power_keeps_its_digits(exponent: float) -> None:
    """Powers that are no products agree with the exact ones to a few units, up to the ends of the exponents."""
    logarithms = torch.linspace(-707, 708, 120, dtype=torch.float64).clamp(-700 * abs(exponent), 700 * abs(exponent))
    x = torch.exp(torch.cat((logarithms, logarithms / 1000)) / exponent)
    with mpmath.workdps(60):
        exact = [mpmath.mpf(a) ** mpmath.mpf(exponent) for a in x.tolist()]
        assert worst_ulp(computed(X**exponent, x), exact) <= 16
    ends = computed(X**exponent, torch.tensor([0.0, 1.0, math.inf, math.nan, -1.0], dtype=torch.float64)).tolist()
    grows = exponent > 0
    assert ends[:3] == [0.0 if grows else math.inf, 1.0, math.inf if grows else 0.0]
    assert all(math.isnan(end) for end in ends[3:])


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_spherical_bessel_functions_meet_where_the_series_ends(order: int) -> None:
    """Both ways of computing agree with the exact values on their sides of order + 2."""
    x = torch.cat([torch.linspace(low, high, 40, dtype=torch.float64) for low, high in ((0.01, 1.9), (2.2, 2.9))])
    x = torch.cat((-x, x, x + order))
    with mpmath.workdps(40):
        half = mpmath.mpf(order) + 0.5
        exact = [
            mpmath.sqrt(mpmath.pi / 2 / abs(a)) * mpmath.besselj(half, abs(a)) * mpmath.sign(a) ** order
            for a in map(mpmath.mpf, x.tolist())
        ]
        assert worst_ulp(computed(bessel(order, X), x), exact) <= 40  # a root is 1/30 away
    ends = computed(bessel(order, X), torch.tensor([0.0, math.inf, math.nan], dtype=torch.float64)).tolist()
    assert ends[:2] == [float(order == 0), 0.0] and math.isnan(ends[2])


def test_a_formula_that_cancels_is_judged_by_its_own_roundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 - sigmoid(x) loses its digits in the judge as well: it is admitted in double precision, a fault is not."""
    made = kernel(1 - sigmoid(X))
    assert admitted(made, torch.float64) is not None
    sound = CELLS["sigmoid"]
    monkeypatch.setitem(CELLS, "sigmoid", lambda node, a: sound(node, a) * (1 + 1e-14))
    compiled.cache_clear()
    assert not judged(made, Part(made.expr), torch.float64).passed
    compiled.cache_clear()
