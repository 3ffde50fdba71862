"""Signal propagation in wide random networks: variances, gradients, correlations and the edge of chaos.

A layer is h = W f(h_before) + b; weights have variance sigma_w^2/fan_in, biases sigma_b^2, and h is normal with some
variance q. Sources: Poole et al. 2016, arXiv:1606.05340; Schoenholz et al. 2017, arXiv:1611.01232; Hayou et al. 2019,
arXiv:1902.06853. Wherever a name is asked for, an entry does as well, and so does a `Function`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np

from ..catalogue import Entry
from .correlation import correlated_mean
from .extent import ROUNDING
from .function import Function, function_of
from .moments import moments_of

DEFAULT_WEIGHT_VARIANCE = 1 / 3  # fan_in Var(w) of torch's Linear and Conv: kaiming_uniform with a = sqrt(5)
_QUANTITY = "signal propagation"
Named: TypeAlias = str | Entry | Function  # a function has its parameters already
_Point: TypeAlias = tuple[float, float]  # a place and the number there
_SMALLEST, _LARGEST = 1e-12, 1e8  # variances between which fixed points are looked for


class EdgeOfChaos(NamedTuple):
    """Weights at which gradients neither vanish nor explode, and the variance that layers then settle at.

    sigma_w: root of fan_in times the weights' variance. q: variance of the pre-activations; None where every variance
    stays as it is (as with ReLU).
    """

    sigma_w: float
    q: float | None


def variance_map(name: Named, q: float, sigma_w: float, sigma_b: float = 0.0, **params: object) -> float:
    """The variance of the next layer's pre-activations, sigma_w^2 E f(z)^2 + sigma_b^2 with z ~ N(0, q)."""
    return sigma_w**2 * moments_of(function_of(name, _QUANTITY, **params), q).second + sigma_b**2


def variance_slope(name: Named, q: float = 1.0, sigma_w: float | None = None, **params: object) -> float:
    """The factor by which a small error in the variance q grows per layer: the slope of `variance_map` at q.

    sigma_w: by default the one that makes q a fixed point without biases (the gain, at q = 1). Above 1, as for GELU
    (1.144), a deep plain stack drifts away from any chosen variance however carefully it is initialised.
    """
    function = function_of(name, _QUANTITY, **params)
    # moments carry 13 digits: a central difference over 1e-4 keeps eight
    high, low = (moments_of(function, q * (1 + step)).second for step in (1e-4, -1e-4))
    scale = q / moments_of(function, q).second if sigma_w is None else sigma_w**2
    return scale * (high - low) / (2e-4 * q)


def gradient_factor(name: Named, weight_variance: float, q: float = 1.0, **params: object) -> float:
    """The factor sigma_w^2 E f'(z)^2, z ~ N(0, q), of the gradient's second moment per layer; its root is the norm's.

    weight_variance: fan_in times the variance of the weights (1/3 for torch's default Linear and Conv, 2 for He).
    q: variance of the pre-activation. Below 1 the gradient shrinks with depth, above 1 it grows.
    """
    return weight_variance * moments_of(function_of(name, "a gradient factor", **params), q).slope_second


def fixed_point(name: Named, sigma_w: float, sigma_b: float = 0.0, start: float = 1.0, **params: object) -> float:
    """The variance that pre-activations settle at after many layers, from variance `start`.

    0 where they die out, infinity where they grow without end; `start` where every variance stays as it is.
    """
    function = function_of(name, _QUANTITY, **params)

    def growth(q: float) -> float:
        return sigma_w**2 * moments_of(function, q).second + sigma_b**2 - q

    first = growth(start)
    if abs(first) <= ROUNDING * start:
        return start
    step = 2.0 if first > 0 else 0.5
    near, far = start, start * step
    while _SMALLEST < far < _LARGEST:
        if growth(far) * first <= 0:
            return _root(growth, *sorted((near, far)))
        near, far = far, far * step
    return math.inf if first > 0 else 0.0


def chi(name: Named, sigma_w: float, sigma_b: float = 0.0, **params: object) -> float:
    """The gradient's factor per layer, in second moment, at the variance that the network settles at.

    Below 1 (ordered) gradients vanish and inputs merge; above 1 (chaotic) gradients explode; 1 is the edge of chaos.
    Raises ValueError where the variance grows without end.
    """
    function = function_of(name, _QUANTITY, **params)
    return _chi(function, sigma_w, _settled(function, sigma_w, sigma_b))


def _chi(function: Function, sigma_w: float, q: float) -> float:
    return sigma_w**2 * moments_of(function, max(q, _SMALLEST)).slope_second


def _settled(function: Function, sigma_w: float, sigma_b: float) -> float:
    q = fixed_point(function, sigma_w, sigma_b)
    if not math.isfinite(q):
        raise ValueError(
            f"with sigma_w = {sigma_w:g} and sigma_b = {sigma_b:g} the variance of {function.entry.name} grows without "
            "end: choose a smaller sigma_w"
        )
    return q


class Propagation(NamedTuple):
    """What a deep stack of layers settles at: variance of the pre-activations, gradient factor per layer.

    factor: of the gradient's second moment; its root is the factor of the norm.
    """

    q: float
    factor: float

    @property
    def norm_factor(self) -> float:
        """The factor of the gradient's norm per layer."""
        return math.sqrt(self.factor)

    def depth(self, ratio: float = 1e-3) -> float:
        """The number of layers over which the gradient's norm falls to `ratio`; infinite where it does not fall."""
        if self.factor >= 1:
            return math.inf
        return math.log(ratio) / math.log(self.norm_factor) if self.factor > 0 else 0.0


def torch_default(name: Named, width: int = 256, **params: object) -> Propagation:
    """What a deep stack settles at with torch's default initialisation of Linear and Conv.

    Weights and biases are uniform in +-1/sqrt(fan_in) there: fan_in times the weights' variance is 1/3.
    width: fan_in of the layers, which scales the biases. Raises ValueError where the variance grows without end.
    """
    function = function_of(name, _QUANTITY, **params)
    sigma_w = math.sqrt(DEFAULT_WEIGHT_VARIANCE)
    q = _settled(function, sigma_w, sigma_w / math.sqrt(width))
    return Propagation(q, _chi(function, sigma_w, q))


def correlation_map(
    name: Named, c: float, sigma_w: float, sigma_b: float = 0.0, q: float | None = None, **params: object
) -> float:
    """The correlation of two inputs one layer on, when it is `c` now and both have variance `q`.

    q: by default the variance that the network settles at.
    """
    function = function_of(name, _QUANTITY, **params)
    variance = _settled(function, sigma_w, sigma_b) if q is None else q
    after = sigma_w**2 * moments_of(function, variance).second + sigma_b**2
    return (sigma_w**2 * correlated_mean(function, variance, c) + sigma_b**2) / after


def depth_scale(name: Named, sigma_w: float, sigma_b: float = 0.0, **params: object) -> float:
    """The number of layers over which two inputs' correlation forgets where it started, by a factor e.

    Networks several times deeper than this hardly train (about six times in Schoenholz et al. 2017). Infinite at
    the edge of chaos.
    """
    function = function_of(name, _QUANTITY, **params)
    q = _settled(function, sigma_w, sigma_b)
    factor = _chi(function, sigma_w, q)
    if factor > 1 + ROUNDING:

        def gap(c: float) -> float:
            return correlation_map(function, c, sigma_w, sigma_b, q=q) - c

        # two inputs that start almost equal move apart to here; at 1 itself the gap is always 0
        c = _root(gap, 0.0, 1 - 1e-7) if gap(0.0) > 0 else 0.0
        factor = sigma_w**2 * correlated_mean(function, q, c, order=1)
    return math.inf if abs(factor - 1) <= ROUNDING else abs(1 / math.log(factor)) if factor > 0 else 0.0


def dead_share(c: float, samples: int) -> float:
    """The share of ReLU units that stay silent on `samples` inputs whose pre-activations have correlation `c`.

    What a healthy random layer shows: compare with it before calling units dead. c: in [0, 1). At least one sample.
    """
    if not (0 <= c < 1 and samples >= 1):
        raise ValueError(f"the correlation is in [0, 1) and there is at least one sample, not {c!r} and {samples!r}")
    nodes, weights = np.polynomial.legendre.leggauss(400)
    t = 12 * nodes
    ratio = math.sqrt(c / (1 - c))
    below = np.array([0.5 * math.erfc(ratio * s / math.sqrt(2)) for s in t])
    density = 12 * weights * np.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    return float(np.sum(density * below**samples))


def edge_of_chaos(name: Named, sigma_b: float = 0.0, **params: object) -> EdgeOfChaos | None:
    """The weights at which gradients keep their size through any depth, for biases of standard deviation `sigma_b`.

    Solves sigma_w^2 E f'(z)^2 = 1 together with q = sigma_w^2 E f(z)^2 + sigma_b^2 for z ~ N(0, q), and returns the
    solution with the smallest q; None where there is none.
    """
    if not (math.isfinite(sigma_b) and sigma_b >= 0):
        raise ValueError(f"sigma_b is a standard deviation, a finite number >= 0, not {sigma_b!r}")
    return edge_of(function_of(name, "an edge of chaos", **params), sigma_b)


def edge_of(function: Function, sigma_b: float) -> EdgeOfChaos | None:
    """`edge_of_chaos` of a function already at hand."""

    def surplus(q: float) -> float:
        try:
            at = moments_of(function, q)
        except ValueError:  # the function grows too fast for so wide an input
            return math.nan
        return q - at.second / at.slope_second - sigma_b**2 if 0 < at.slope_second < math.inf else math.nan

    def weights(q: float) -> float:
        return 1 / math.sqrt(moments_of(function, q).slope_second)

    def scan() -> Iterator[tuple[float, float]]:
        variances = (10.0 ** (power / 4) for power in range(-24, 17))
        return ((q, gap) for q in variances if math.isfinite(gap := surplus(q)))

    # lazily, from small to large: wide inputs take longest, and the answer is mostly found before they are reached
    first = next(scan(), None)
    if first is None:
        return None
    if all(abs(gap) <= 1e-9 * q for q, gap in scan()):
        return EdgeOfChaos(weights(1.0), None)
    if sigma_b == 0 and float(function(0.0)) == 0 and moments_of(function, _SMALLEST).slope_second > 0:
        return EdgeOfChaos(weights(_SMALLEST), 0.0)
    for (low, before), (high, after) in pairwise(scan()):
        if before <= 0 < after or before > 0 >= after:
            q = _root(surplus, low, high)
            return EdgeOfChaos(weights(q), q)
    return None


def _root(g: Callable[[float], float], low: float, high: float) -> float:
    """A root between two places at which `g` has different signs, in about eight calls (Chandrupatla 1997)."""
    newest, other = (low, g(low)), (high, g(high))
    before = other  # the end given up last
    share = 0.5
    for _ in range(100):
        best = min(newest, other, key=lambda end: abs(end[1]))
        least = ROUNDING * abs(best[0]) / abs(other[0] - newest[0])
        if best[1] == 0 or least > 0.5:
            break
        x = newest[0] + min(max(share, least), 1 - least) * (other[0] - newest[0])
        middle = (x, g(x))
        before, other = (newest, other) if (middle[1] > 0) == (newest[1] > 0) else (other, newest)
        newest = middle
        share = _inverse_quadratic(newest, other, before)
    return min(newest, other, key=lambda end: abs(end[1]))[0]


def _inverse_quadratic(newest: _Point, other: _Point, before: _Point) -> float:
    """Where the parabola x(y) through three points has y = 0, as a share of the way; a half where it is no guide."""
    (a, fa), (b, fb), (c, fc) = newest, other, before
    if fb == fc:
        return 0.5
    along, risen = (a - b) / (c - b), (fa - fb) / (fc - fb)
    if not (risen**2 < along and (1 - risen) ** 2 < 1 - along):
        return 0.5
    return fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
