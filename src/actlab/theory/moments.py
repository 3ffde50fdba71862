"""Means of an activation and its slope under a normal distribution, and the gains that follow from them.

The integral is cut where the formula's pieces meet, each part is integrated by Gauss-Legendre quadrature, and parts
are halved until both halves together agree with the whole: kinks, steps and fast oscillations all keep ten digits.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from ..catalogue import Entry
from .extent import pieces, probes
from .function import Function, Numbers, function_of, normal_share

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
# in standard deviations; beyond 38 the normal density is below the smallest float64
_CUTS = np.array([0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 9.0, 14.0, 22.0, 38.0])
_POINT = 1e-150  # a standard deviation whose square underflows
_TOLERANCE = 1e-13
_UNDERFLOW = 1e-320  # what sums of subnormal numbers may differ by
_NARROWEST = 1e-14  # standard deviations; a part this narrow is a singularity
_ACCEPTED = 1e-10  # relative error that may be left in such parts
_LARGEST = 40_000  # parts; sin(1000 z) needs about 3000


class Moments(NamedTuple):
    """Means over z ~ N(0, q) of an activation f: E f, E f^2, E f', E f'^2, and the shares of exact zeros.

    zero_share, zero_slope_share: probability that f(z), and that f'(z), is exactly 0. Where the slope has a pole its
    mean may be NaN and its mean square infinite.
    """

    mean: float
    second: float
    slope_mean: float
    slope_second: float
    zero_share: float
    zero_slope_share: float

    @property
    def variance(self) -> float:
        """E f^2 - (E f)^2."""
        return max(self.second - self.mean**2, 0.0)


def moments(name: str | Entry, q: float = 1.0, **params: object) -> Moments:
    """Means of f, f^2, f' and f'^2 for a normal input of mean 0 and variance `q`, to ten digits.

    q: variance of the input, 0 or more. params: the entry's parameters.
    Raises ValueError where an integral does not exist or the entry is no function of one number.
    """
    return moments_of(function_of(name, "a mean under a normal distribution", **params), q)


def moments_of(function: Function, q: float = 1.0) -> Moments:
    """`moments` of a function already at hand."""
    if not (math.isfinite(q) and q >= 0):
        raise ValueError(f"the variance of a normal input is a finite number >= 0, not {q!r}")
    return _moments(function, float(q))


@cache
@np.errstate(all="ignore")  # what overflows is found out below
def _moments(function: Function, q: float) -> Moments:
    s = math.sqrt(q)
    if s < _POINT:  # all the mass at 0
        f, d = float(function(0.0)), float(function(0.0, 1))
        return Moments(f, f * f, d, d * d, float(f == 0), float(d == 0))
    cuts = np.concatenate([-_CUTS, _CUTS, [seam / s for seam in function.seams]])
    if s > 1:  # a wide distribution: the bends near 0 are narrow in its units
        bends = 2.0 ** np.arange(-2, 12) / s
        cuts = np.concatenate([cuts, bends, -bends])
    edges = np.unique(cuts[np.abs(cuts) <= _CUTS[-1]])
    low, high = edges[:-1], edges[1:]
    total, scale, count = np.zeros(4), np.zeros(4), len(low)
    exists = np.ones(4, dtype=bool)
    whole: Numbers | None = None
    while len(low):
        middle = low + (high - low) / 2
        unsplit = [(low, high)] if whole is None else []
        (left, left_size), (right, right_size), *first = _integrate(
            function, s, (low, middle), (middle, high), *unsplit
        )
        if whole is None:
            whole, whole_size = first[0]
            scale = whole_size.sum(axis=0)
        halves = left + right
        scale = np.maximum(scale, (left_size + right_size).sum(axis=0))
        exists &= np.isfinite(scale) & np.all(np.isfinite(halves), axis=0)
        apart = np.abs(halves - whole)
        if count > _LARGEST or np.min(high - low) < _NARROWEST:
            exists &= apart.sum(axis=0) <= _ACCEPTED * scale
            settled = np.ones(len(low), dtype=bool)
        else:
            settled = np.all((apart <= _TOLERANCE * scale + _UNDERFLOW) | ~exists, axis=1)
        if not exists[:2].all():
            raise ValueError(
                f"{function.entry.name}: its mean square over a normal input of variance {q:g} does not exist or "
                "cannot be computed: the function grows too fast, is undefined somewhere, or oscillates too fast"
            )
        total += halves[settled].sum(axis=0)
        split = ~settled
        low, high = np.concatenate([low[split], middle[split]]), np.concatenate([middle[split], high[split]])
        whole = np.concatenate([left[split], right[split]])
        count += len(low)
    total = np.where(exists, total, [math.nan, math.nan, math.nan, math.inf])
    mean, second, slope_mean, slope_second = total.tolist()
    return Moments(mean, second, slope_mean, slope_second, _zero_share(function, s, 0), _zero_share(function, s, 1))


def _zero_share(function: Function, s: float, order: int) -> float:
    """The probability of the pieces that are 0 throughout; a tail that only rounds to 0 is not one of them."""
    return sum((normal_share(low / s, high / s) for low, high in _empty(function, order)), 0.0)


@cache
def _empty(function: Function, order: int) -> tuple[tuple[float, float], ...]:
    return tuple(piece for piece in pieces(function.seams) if not np.any(function(probes(*piece), order)))


def _integrate(function: Function, s: float, *spans: tuple[Numbers, Numbers]) -> list[tuple[Numbers, Numbers]]:
    """For each span of parts from low to high: integrals of f, f^2, f' and f'^2, and of their absolute values.

    The spans share one evaluation: calling costs more than computing.
    """
    low, high = (np.concatenate(ends) for ends in zip(*spans, strict=True))
    half = (high - low) / 2
    t = low[:, None] + half[:, None] * (1 + _NODES)
    density = np.exp(-t * t / 2) / math.sqrt(2 * math.pi) * _WEIGHTS * half[:, None]
    f, d = function.with_slope(s * t)
    with np.errstate(all="ignore"):
        # where the density is below float64 it has won
        parts = np.where(density > 0, np.stack([f, f * f, d, d * d]) * density, 0.0)
    integrals, sizes = parts.sum(axis=-1).T, np.abs(parts).sum(axis=-1).T
    ends = np.cumsum([len(part) for part, _ in spans])[:-1]
    return list(zip(np.split(integrals, ends), np.split(sizes, ends), strict=True))


def gain(name: str | Entry, **params: object) -> float:
    """The factor 1/sqrt(E f(z)^2), z ~ N(0, 1), that keeps the second moment at 1 through layers of this activation.

    Weights are drawn with standard deviation gain/sqrt(fan_in); for ReLU it is sqrt(2) (He et al. 2015).
    Raises ValueError for a function that is 0 everywhere or works along an axis.
    """
    return _inverse_root(function_of(name, "a gain", **params), "second", "its output is 0 everywhere")


def slope_gain(name: str | Entry, **params: object) -> float:
    """The factor 1/sqrt(E f'(z)^2), z ~ N(0, 1), that keeps the gradient's second moment through such layers.

    Raises ValueError where the slope is 0 everywhere (no gradient passes) or the entry works along an axis.
    """
    return _inverse_root(function_of(name, "a gain", **params), "slope_second", "its slope is 0, no gradient passes")


def _inverse_root(function: Function, which: str, reason: str) -> float:
    square = float(getattr(moments_of(function), which))
    if square == math.inf:
        reason = "the mean square of its slope is infinite"
    if not 0 < square < math.inf:
        raise ValueError(f"{function.entry.name} has no such gain: {reason}, and no factor can undo that")
    return 1 / math.sqrt(square)
