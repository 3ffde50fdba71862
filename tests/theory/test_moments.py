"""Means under a normal distribution and gains, against published numbers and closed forms."""

from __future__ import annotations

import math

import pytest

from actlab.catalogue import ENTRIES, find
from actlab.catalogue.lookup import define
from actlab.theory import gain, gradient_factor, moments, slope_gain

SCALAR = [entry.name for entry in ENTRIES.values() if not entry.along_axis]

# name, parameters, E f, E f^2, gain, E f'^2, 1/sqrt(E f'^2)
GAINS = [
    ("relu", {}, 0.398942, 0.500000, 1.414214, 0.500000, 1.414214),
    ("leaky_relu", {"negative_slope": 0.01}, 0.394953, 0.500050, 1.414143, 0.500050, 1.414143),
    ("leaky_relu", {"negative_slope": 0.2}, 0.319154, 0.520000, 1.386750, 0.520000, 1.386750),
    ("sigmoid", {}, 0.5, 0.293379, 1.846229, 0.044836, 4.722646),
    ("tanh", {}, 0.0, 0.394294, 1.592537, 0.464403, 1.467414),
    ("softsign", {}, 0.0, 0.183014, 2.337533, 0.227671, 2.095781),
    ("softplus", {}, 0.806059, 0.921246, 1.041867, 0.293379, 1.846229),
    ("elu", {}, 0.160521, 0.644945, 1.245198, 0.668102, 1.223429),
    ("selu", {}, 0.0, 1.000000, 1.000000, 1.071575, 0.966026),
    ("gelu", {}, 0.282095, 0.425221, 1.533530, 0.455851, 1.481114),
    ("silu", {}, 0.206621, 0.355776, 1.676532, 0.379482, 1.623320),
    ("mish", {}, 0.240404, 0.452342, 1.486848, 0.479084, 1.444755),
    ("sinusoid", {}, 0.0, 0.432332, 1.520867, 0.567668, 1.327251),
    ("hard_tanh", {}, 0.0, 0.516059, 1.392036, 0.682689, 1.210287),
]


@pytest.mark.parametrize("row", GAINS, ids=lambda row: row[0])
def test_gains_agree_with_published_numbers(row):
    """Means, mean squares and both gains of known activations agree with independent quadrature to 1e-5."""
    name, params, mean, second, forward, slope_second, backward = row
    found = moments(name, **params)
    assert found.mean == pytest.approx(mean, abs=1e-6)
    assert found.second == pytest.approx(second, abs=1e-6)
    assert found.slope_second == pytest.approx(slope_second, abs=1e-6)
    assert gain(name, **params) == pytest.approx(forward, rel=1e-5)
    assert slope_gain(name, **params) == pytest.approx(backward, rel=1e-5)


@pytest.mark.parametrize("q", [1e-8, 0.25, 1.0, 9.0, 100.0, 1e6])
def test_closed_forms_hold_at_every_variance(q):
    """Ten digits are kept for kinks, steps and fast oscillations, for narrow and for wide inputs."""
    s = math.sqrt(q)
    relu, step, sine, bell = (moments(name, q) for name in ("relu", "step", "sinusoid", "gaussian"))
    assert relu.mean == pytest.approx(s / math.sqrt(2 * math.pi), rel=1e-12)
    assert relu.second == pytest.approx(q / 2, rel=1e-12)
    assert step.mean == pytest.approx(0.5, rel=1e-12)
    assert sine.second == pytest.approx(-math.expm1(-2 * q) / 2, rel=1e-10)
    assert sine.slope_second == pytest.approx((1 + math.exp(-2 * q)) / 2, rel=1e-10)
    assert bell.mean == pytest.approx(1 / math.sqrt(1 + 2 * q), rel=1e-11)


def test_a_kink_away_from_zero_costs_no_digits():
    """The integral is cut where a formula changes, whether the place is declared or found in the formula."""
    at = 0.7310585
    share = 0.5 * math.erfc(at / math.sqrt(2))
    for entry in (
        define(f"where(x > {at}, 1, 0)", "own_step"),
        define(f"maximum(0, minimum(1, (x-{at})*1e9))", "own_ramp"),
    ):
        assert moments(entry).mean == pytest.approx(share, rel=1e-9 if entry.name == "own_ramp" else 1e-13)
    assert moments(define("where(x > t, 1, 0)", "own_moved", t=at)).zero_share == pytest.approx(1 - share, rel=1e-13)


def test_a_fast_oscillation_is_integrated():
    """sin(200 x) has mean square 1/2: no alias of a coarse rule survives."""
    assert moments(define("sin(200*x)", "own_wave")).second == pytest.approx(0.5, rel=1e-10)


@pytest.mark.parametrize("name", SCALAR)
def test_refined_moments_agree_with_brute_force(name):
    """Every entry's moments agree with a plain sum over a very fine grid."""
    import numpy as np

    from actlab.theory import slope, value

    edges = np.linspace(-10, 10, 200_001)
    x = (edges[1:] + edges[:-1]) / 2
    weight = np.exp(-x * x / 2) / math.sqrt(2 * math.pi) * (edges[1] - edges[0])
    f, d, found = value(name, x), slope(name, x), moments(name)
    assert found.mean == pytest.approx(float(np.sum(weight * f)), abs=1e-8)
    assert found.second == pytest.approx(float(np.sum(weight * f * f)), rel=1e-8)
    # a jump of the slope inside a cell costs the plain sum half a cell of it
    jump = 0.4 * float(edges[1] - edges[0]) * float(np.max(d * d)) if find(name).kinks else 0.0
    if math.isfinite(found.slope_second):
        assert found.slope_second == pytest.approx(float(np.sum(weight * d * d)), rel=1e-8, abs=max(1e-12, jump))
    far = np.abs(x) > 3  # out there a tail may underflow to 0
    for share, series in ((found.zero_share, f), (found.zero_slope_share, d)):
        lost = float(np.sum(weight * ((series == 0) & far)))
        assert share == pytest.approx(float(np.sum(weight * (series == 0))), abs=1e-4 + lost)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: gain("softmax"), "depends on several inputs"),
        (lambda: gain(define("0*x", "own_zero")), "output is 0 everywhere"),
        (lambda: slope_gain("step"), "no gradient passes"),
        (lambda: moments(define("exp(x*x)", "own_tower")), "grows too fast"),
        (lambda: moments(define("1/x", "own_pole")), "does not exist"),
        (lambda: moments("relu", -1.0), ">= 0"),
        (lambda: moments("relu", math.nan), ">= 0"),
    ],
)
def test_a_mean_that_does_not_exist_is_refused_with_its_reason(ask, says):
    """A gain or mean that is not defined raises ValueError in one sentence that says why."""
    with pytest.raises(ValueError, match=says) as caught:
        ask()
    assert "\n" not in str(caught.value)


def test_a_pole_of_the_slope_leaves_the_values_moments():
    """sqrt|x| has E f^2 = E|z| and a gain, although the mean square of its slope is infinite."""
    root = define("sqrt(abs(x))", "own_root")
    assert moments(root).second == pytest.approx(math.sqrt(2 / math.pi), rel=1e-10)
    assert moments(root).slope_second == math.inf
    assert gain(root) == pytest.approx((math.pi / 2) ** 0.25, rel=1e-10)
    with pytest.raises(ValueError, match="slope is infinite"):
        slope_gain(root)


def test_variance_zero_puts_all_mass_at_the_origin():
    """At q = 0 the means are the values at 0."""
    assert moments("sigmoid", 0.0)[:2] == (0.5, 0.25)


@pytest.mark.parametrize(
    ("name", "weight_variance", "q", "factor"),
    [("relu", 2, 1.0, 1.0), ("relu", 1, 5.0, 0.5), ("relu", 1 / 3, 1.0, 1 / 6), ("sigmoid", 1 / 3, 0.0864, 0.02)],
)
def test_the_gradient_factor_separates_he_xavier_and_torchs_default(name, weight_variance, q, factor):
    """Per layer the gradient's second moment keeps 1 with He, 1/2 with Xavier, 1/6 with torch's default for ReLU."""
    assert gradient_factor(name, weight_variance, q) == pytest.approx(factor, rel=2e-3)
