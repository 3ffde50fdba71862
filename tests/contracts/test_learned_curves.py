"""Learned curves against other people's code for the same mathematics: numpy and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import polynomial
from scipy.interpolate import BSpline
from scipy.special import expit

import actlab

X = np.concatenate([np.linspace(-7.3, 7.1, 301), [-1e6, 1e6]])
NUMBERS = np.random.default_rng(5)


def _given(name: str, numbers: np.ndarray, first: int = 1) -> dict[str, float]:
    return {f"{name}{k}": float(number) for k, number in enumerate(numbers, start=first)}


@pytest.mark.parametrize(("above", "below"), [(5, 4), (3, 2), (2, 3), (4, 4), (1, 1)])
def test_rational_is_a_ratio_of_polynomials(above: int, below: int) -> None:
    """P(x) / (1 + sum of b_k |x|^k), by numpy's polynomials."""
    a, b = NUMBERS.normal(size=above + 1), NUMBERS.uniform(0.1, 2.0, size=below)
    expected = polynomial.polyval(X, a) / polynomial.polyval(abs(X), [1.0, *b])
    found = actlab.value("rational", X, numerator=above, denominator=below, **_given("a", a, 0), **_given("b", b))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(("numerator", "denominator"), [(5, 4), (4, 3), (7, 6)])
def test_rational_starts_as_the_least_squares_fit_it_says(numerator: int, denominator: int) -> None:
    """Its starting numerator is numpy's fit to a leaky ReLU of slope 0.25, and near it from -3 to 3."""
    entry = actlab.entry("rational").shaped(numerator=numerator, denominator=denominator)
    x = np.arange(-30, 31) / 10
    target = np.maximum(x, 0.25 * x)
    basis = np.vander(x, numerator + 1, increasing=True) / ((1 + 0.75 * abs(x)) ** denominator)[:, None]
    fitted = np.linalg.lstsq(basis, target, rcond=None)[0]
    started = [entry.parameters[f"a{k}"].default for k in range(numerator + 1)]
    np.testing.assert_allclose(started, fitted, atol=0.5 / 1024 + 1e-9)
    assert abs(actlab.value(entry, x) - target).max() < 0.06


@pytest.mark.parametrize(("intervals", "r"), [(5, 1.0), (8, 2.5), (2, 1.0)])
def test_b_spline_is_scipys(intervals: int, r: float) -> None:
    """SiLU and scipy's cubic B-spline on the extended grid, 0 beyond it."""
    c = NUMBERS.normal(size=intervals + 3)
    knots = r * (2 * np.arange(-3, intervals + 4) / intervals - 1)
    spline = np.nan_to_num(BSpline(knots, c, 3, extrapolate=False)(X))
    # between the outer knots and the grid scipy's basis is incomplete: it answers on the grid only
    inside = abs(X) <= r
    expected = 0.7 * X * expit(X) + 1.3 * spline
    found = actlab.value("b_spline", X, intervals=intervals, r=r, w_b=0.7, w_s=1.3, **_given("c", c))
    np.testing.assert_allclose(found[inside], expected[inside], rtol=1e-12, atol=1e-14)
    bumps = [BSpline.basis_element(knots[k : k + 5], extrapolate=False)(X) for k in range(intervals + 3)]
    everywhere = 0.7 * X * expit(X) + 1.3 * (c @ np.nan_to_num(np.array(bumps)))
    np.testing.assert_allclose(found, everywhere, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("knots", "r"), [(9, 4.0), (5, 1.5), (17, 3.0)])
def test_linear_spline_interpolates_and_goes_on(knots: int, r: float) -> None:
    """numpy's interpolation between the knots, and the outermost slopes beyond them."""
    spacing = 2 * r / (knots - 1)
    c = NUMBERS.normal(size=knots)
    places = np.linspace(-r, r, knots)
    heights = c * spacing
    expected = np.interp(X, places, heights)
    for edge, end, slope in ((-r, 0, c[1] - c[0]), (r, -1, c[-1] - c[-2])):
        beyond = np.sign(edge) * X > r
        expected[beyond] = heights[end] + (X[beyond] - edge) * slope
    found = actlab.value("linear_spline", X, knots=knots, r=r, **_given("c", c))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("points", "r"), [(12, 4.0), (20, 4.0), (3, 1.5)])
def test_kernel_activation_is_a_sum_of_gaussians(points: int, r: float) -> None:
    """Bumps exp(-gamma (x - d)^2) at even centres, gamma = 1/(6 spacing^2); it starts near softplus."""
    a = NUMBERS.normal(size=points)
    centres = np.linspace(-r, r, points)
    gamma = 1 / (6 * (centres[1] - centres[0]) ** 2)
    expected = np.exp(-gamma * (X[:, None] - centres) ** 2) @ a
    found = actlab.value("kernel_activation", X, points=points, r=r, **_given("a", a))
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)
    inner = np.linspace(-2.5, 1.5, 50)
    assert abs(actlab.value("kernel_activation", inner) - np.logaddexp(0, inner)).max() < 0.06


@pytest.mark.parametrize("hinges", [4, 2, 7])
def test_splash_is_a_sum_of_hinges_on_either_side(hinges: int) -> None:
    """Learned slopes from fixed places outwards; the places of four hinges are the paper's, 0 is always one."""
    right, left = NUMBERS.normal(size=hinges), NUMBERS.normal(size=hinges)
    places = np.array([0, 1, 2, 2.5]) if hinges == 4 else np.linspace(0, 2.5, hinges)
    expected = np.maximum(X[:, None] - places, 0) @ right + np.maximum(-X[:, None] - places, 0) @ left
    found = actlab.value("splash", X, hinges=hinges, **_given("right", right), **_given("left", left))
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)
    assert actlab.value("splash", 0.0, hinges=hinges, **_given("right", right)) == 0


@pytest.mark.parametrize("hinges", [1, 2, 5])
def test_apl_is_relu_plus_hinges(hinges: int) -> None:
    """max(0, x) + sum of a_s max(0, b_s - x)."""
    a, b = NUMBERS.normal(size=hinges), NUMBERS.normal(size=hinges)
    expected = np.maximum(X, 0) + np.maximum(b - X[:, None], 0) @ a
    found = actlab.value("apl", X, hinges=hinges, **_given("a", a), **_given("b", b))
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)
