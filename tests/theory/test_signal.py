"""Signal propagation against published tables and closed forms."""

from __future__ import annotations

import math

import pytest

from actlab.theory import (
    chi,
    correlation_map,
    dead_share,
    depth_scale,
    edge_of_chaos,
    fixed_point,
    torch_default,
    variance_map,
    variance_slope,
)

# sigma_b -> (sigma_w, q)
EDGES = {
    "tanh": ((1.1225, 0.154), (1.1934, 0.273), (1.3041, 0.512), (1.3956, 0.764)),
    "softsign": ((1.3611, 0.069), (1.5129, 0.154), (1.7296, 0.358), (1.8975, 0.600)),
    "elu": ((1.1319, 0.189), (1.1761, 0.438), (1.2293, 1.107), (1.2631, 2.035)),
    "selu": ((0.8220, 0.141), (0.8719, 0.309), (0.9375, 0.717), (0.9837, 1.222)),
    "silu": ((1.9050, 0.114), (1.8201, 0.260), (1.6795, 0.690), (1.5756, 1.400)),
    "gelu": ((1.8519, 0.075), (1.7271, 0.184), (1.5470, 0.576), (1.4505, 1.425)),
    "mish": ((1.5972, 0.111), (1.5410, 0.263), (1.4634, 0.746), (1.4211, 1.588)),
    "sinusoid": ((1.0928, 0.197), (1.1423, 0.315), (1.2123, 0.510), (1.2627, 0.684)),
    "hard_tanh": ((1.0089, 0.177), (1.0257, 0.259), (1.0686, 0.423), (1.1161, 0.602)),
}


@pytest.mark.parametrize("name", EDGES)
def test_the_edge_of_chaos_agrees_with_independent_quadrature(name):
    """(sigma_w, q) at sigma_b = .05, .1, .2, .3 agree to a thousandth."""
    for sigma_b, (sigma_w, q) in zip((0.05, 0.1, 0.2, 0.3), EDGES[name], strict=True):
        found = edge_of_chaos(name, sigma_b)
        assert found is not None and found.q is not None
        assert found.sigma_w == pytest.approx(sigma_w, abs=1e-3)
        assert found.q == pytest.approx(q, abs=1e-3)


@pytest.mark.parametrize("name", [*EDGES, "sigmoid", "cosine"])
def test_at_the_edge_the_variance_stays_and_the_gradient_too(name):
    """What is returned solves both equations: q is a fixed point and the gradient factor there is 1."""
    found = edge_of_chaos(name, 0.1)
    assert found is not None and found.q is not None
    assert variance_map(name, found.q, found.sigma_w, 0.1) == pytest.approx(found.q, rel=1e-8)
    assert found.sigma_w**2 * _slope_second(name, found.q) == pytest.approx(1, rel=1e-8)


def _slope_second(name, q):
    from actlab.theory import moments

    return moments(name, q).slope_second


def test_relu_has_a_single_point_and_softplus_none():
    """ReLU is critical only at (sqrt 2, 0), where every variance stays; softplus nowhere."""
    assert edge_of_chaos("relu") == (pytest.approx(math.sqrt(2)), None)
    assert edge_of_chaos("relu", 0.1) is None
    assert [edge_of_chaos("softplus", b) for b in (0.0, 0.05, 0.1, 0.2)] == [None] * 4
    assert edge_of_chaos("step") is None
    assert edge_of_chaos("tanh") == (pytest.approx(1.0), 0.0)


# sigma_w^2 -> (q, depth scale), tanh with sigma_b^2 = 0.05 (Schoenholz et al. 2017)
DEPTHS = {
    1.0: (0.194, 3.63),
    1.3: (0.315, 7.83),
    1.5: (0.418, 15.8),
    1.7: (0.533, 74.9),
    1.8: (0.594, 126.0),
    2.0: (0.722, 25.2),
    2.5: (1.064, 11.8),
    3.0: (1.428, 9.05),
    4.0: (2.195, 6.98),
}


@pytest.mark.parametrize("variance", DEPTHS)
def test_the_depth_scale_of_tanh_agrees_on_both_sides_of_the_edge(variance):
    """Fixed point and depth scale agree with the published setting, in the ordered and in the chaotic phase."""
    q, depth = DEPTHS[variance]
    sigma_w, sigma_b = math.sqrt(variance), math.sqrt(0.05)
    assert fixed_point("tanh", sigma_w, sigma_b) == pytest.approx(q, abs=1e-3)
    assert depth_scale("tanh", sigma_w, sigma_b) == pytest.approx(depth, rel=5e-3)
    assert (chi("tanh", sigma_w, sigma_b) > 1) == (variance > 1.761)


def test_the_critical_weight_variance_of_tanh_is_1_761():
    """At sigma_b^2 = 0.05 the edge of chaos lies at sigma_w^2 = 1.761."""
    found = edge_of_chaos("tanh", math.sqrt(0.05))
    assert found is not None and found.sigma_w**2 == pytest.approx(1.761, abs=1e-3)


# name, sigma_w^2, bias variance, q, chi
SETTLED = [
    ("relu", 1 / 3, 1 / 768, 0.0016, 0.167),
    ("relu", 1.0, 0.0, 0.0, 0.500),
    ("tanh", 1 / 3, 1 / 768, 0.0019, 0.332),
    ("tanh", 25 / 9, 0.0, 1.18, 1.210),
    ("sigmoid", 1 / 3, 1 / 768, 0.086, 0.020),
    ("sigmoid", 16.0, 0.0, 5.9, 0.399),
    ("gelu", 1 / 3, 1 / 768, 0.0014, 0.084),
    ("silu", 2.0, 0.0, 0.0, 0.50),
    ("selu", 1.0, 0.0, 1.0, 1.072),
]


@pytest.mark.parametrize(("name", "weights", "biases", "q", "factor"), SETTLED)
def test_networks_settle_where_the_theory_says(name, weights, biases, q, factor):
    """Settled variance and gradient factor agree with the known values for default, Xavier and He weights."""
    sigma_w, sigma_b = math.sqrt(weights), math.sqrt(biases)
    assert fixed_point(name, sigma_w, sigma_b) == pytest.approx(q, rel=0.05, abs=1e-6)
    assert chi(name, sigma_w, sigma_b) == pytest.approx(factor, abs=6e-4)


def test_torchs_default_initialisation_shrinks_every_gradient():
    """At the default of torch the norm factor per layer is .408, .576, .141, .289 for ReLU, tanh, sigmoid, GELU."""
    factors = {"relu": 0.408, "tanh": 0.576, "sigmoid": 0.141, "gelu": 0.289}
    assert {name: round(torch_default(name).norm_factor, 3) for name in factors} == factors
    assert torch_default("sigmoid").depth() == pytest.approx(3.5, abs=0.05)
    assert torch_default("relu").depth() == pytest.approx(7.7, abs=0.05)


def test_variance_errors_grow_for_gelu_and_shrink_for_selu():
    """The slope of the variance map at 1 is above 1 for the self-gated functions, below for SELU and tanh."""
    slopes = {"relu": 1.0, "elu": 0.891, "selu": 0.783, "gelu": 1.144, "silu": 1.173, "mish": 1.076, "tanh": 0.461}
    slopes |= {"hard_swish": 1.224, "softplus": 0.492, "sigmoid": 0.106}
    assert {name: round(variance_slope(name), 3) for name in slopes} == slopes


def test_selu_returns_to_variance_one():
    """SELU with unit weights maps variance 1 to itself and comes back from 0.5 and 1.5."""
    assert variance_map("selu", 1.0, 1.0) == pytest.approx(1.0, abs=1e-12)
    assert variance_slope("selu", 1.0, 1.0) == pytest.approx(0.782648, abs=1e-6)
    for start in (0.5, 1.5):
        q = start
        for _ in range(80):
            q = variance_map("selu", q, 1.0)
        assert q == pytest.approx(1.0, abs=1e-6)
        assert fixed_point("selu", 1.0, start=start) == pytest.approx(1.0, rel=1e-9)


def test_a_fixed_point_may_be_nowhere_or_everywhere():
    """Growing networks settle at infinity, dying ones at 0, He-initialised ReLU stays where it started."""
    assert fixed_point("relu", 1.5) == math.inf
    assert fixed_point("relu", 1.0) == 0.0
    assert fixed_point("relu", math.sqrt(2), start=3.0) == 3.0
    with pytest.raises(ValueError, match="grows without end"):
        chi("relu", 2.0)


def test_a_sine_network_settles_at_0_797():
    """With sigma_w^2 = 2 the sine's variance solves v = 1 - exp(-2 v): 0.79681."""
    assert fixed_point("sinusoid", math.sqrt(2)) == pytest.approx(0.79681, abs=1e-5)


@pytest.mark.parametrize("c", [-1.0, -0.3, 0.0, 0.1, 0.5, 0.9, 0.999, 0.999999, 1.0])
def test_the_correlation_map_of_relu_is_the_arc_cosine_kernel(c):
    """(sqrt(1 - c^2) + c (pi - arccos c))/pi, to nine digits, also where the two inputs almost coincide."""
    exact = (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi
    assert correlation_map("relu", c, math.sqrt(2), q=1.0) == pytest.approx(exact, abs=1e-9)


def test_correlation_lies_in_its_interval():
    """A correlation outside [-1, 1] is refused."""
    with pytest.raises(ValueError, match="between -1 and 1"):
        correlation_map("tanh", 1.5, 1.0, q=1.0)


def test_silent_units_are_expected_in_deep_relu_layers():
    """The expected share of units silent on 512 inputs grows with their correlation, as simulated."""
    shares = {0.5: 0.002, 0.7: 0.026, 0.8: 0.067, 0.9: 0.157, 0.95: 0.243, 0.99: 0.380}
    assert {c: round(dead_share(c, 512), 3) for c in shares} == shares
    assert dead_share(0.0, 3) == pytest.approx(1 / 8, rel=1e-12)
    for bad in ((1.0, 512), (0.5, 0), (-0.1, 5)):
        with pytest.raises(ValueError, match="correlation"):
            dead_share(*bad)
