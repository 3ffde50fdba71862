"""How the distribution of a signal goes through a network layer by layer, whatever its activations are.

`signal` settles what a deep stack of one activation comes to; here each layer has its own weights and its own curve,
given as a table. Units are normal before an activation and weights are independent of what they meet, as at
initialisation. Sources: Poole et al. 2016, arXiv:1606.05340; Schoenholz et al. 2017, arXiv:1611.01232; Lu et al. 2020,
arXiv:1903.06733.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from .function import Numbers

# Midpoints of 1/100 over eight standard deviations: no node on 0, where most activations have their kink.
_NODES = np.arange(-8.0, 8.0, 0.01) + 0.005
_WEIGHTS = np.exp(-(_NODES**2) / 2) * 0.01 / math.sqrt(2 * math.pi)
_TERMS = 60  # of the Hermite series; what is left is counted with the next power
# Networks deeper than this many correlation lengths hardly train (Schoenholz et al. 2017, section 5).
LENGTHS = 6


class Signal(NamedTuple):
    """A layer's values over units and samples: mean, variance, and how alike two samples are.

    likeness: the correlation of two samples' deviations from the mean, at one unit.
    """

    mean: float
    variance: float
    likeness: float

    @property
    def second(self) -> float:
        """The mean square."""
        return self.mean**2 + self.variance

    def through_weights(self, gain: float, bias_mean: float = 0.0, bias_variance: float = 0.0) -> Signal:
        """After a weight operation; gain: fan_in times the mean square of the weights."""
        variance = gain * self.second + bias_variance
        shared = gain * (self.likeness * self.variance + self.mean**2) + bias_variance
        return Signal(bias_mean, variance, _part(shared, variance))

    def times(self, mean: float, second: float) -> Signal:
        """Multiplied by factors of this mean and mean square, one per unit."""
        square = second * self.second
        shared = second * (self.likeness * self.variance + self.mean**2) - (mean * self.mean) ** 2
        variance = max(square - (mean * self.mean) ** 2, 0.0)
        return Signal(mean * self.mean, variance, _part(shared, variance))

    def plus(self, other: Signal) -> Signal:
        """With an independent signal added; a constant per unit is a signal of likeness 1."""
        variance = self.variance + other.variance
        shared = self.likeness * self.variance + other.likeness * other.variance
        return Signal(self.mean + other.mean, variance, _part(shared, variance))


def mixed(parts: Sequence[tuple[Signal, float]]) -> Signal:
    """Several signals side by side, each with its share of the units."""
    total = sum(share for _, share in parts)
    mean = sum(signal.mean * share for signal, share in parts) / total
    variance = sum((signal.second) * share for signal, share in parts) / total - mean**2
    shared = sum(
        (signal.likeness * signal.variance + (signal.mean - mean) ** 2) * share for signal, share in parts
    ) / total  # fmt: skip
    return Signal(mean, max(variance, 0.0), _part(shared, variance))


class Curve:
    """A function of one number as a table, straight on beyond its ends.

    x: rising places. values, slopes: there.
    """

    def __init__(self, x: Numbers, values: Numbers, slopes: Numbers) -> None:
        self.x, self.values, self.slopes = x, values, slopes

    def through(self, signal: Signal) -> tuple[Signal, float]:
        """The signal after the function, and E f'² over it."""
        t = signal.mean + math.sqrt(signal.variance) * _NODES
        f = np.interp(t, self.x, self.values)
        f += (np.maximum(t - self.x[-1], 0) * self.slopes[-1]) + (np.minimum(t - self.x[0], 0) * self.slopes[0])
        slope = np.interp(t, self.x, self.slopes)
        mean = float(np.sum(_WEIGHTS * f))
        variance = max(float(np.sum(_WEIGHTS * f * f)) - mean**2, 0.0)
        powers = (_hermite() @ (_WEIGHTS * f))[1:] ** 2
        c = min(max(signal.likeness, 0.0), 1.0)
        shared = float(np.sum(powers * c ** np.arange(1, _TERMS))) + max(variance - float(powers.sum()), 0) * c**_TERMS
        return Signal(mean, variance, _part(shared, variance)), float(np.sum(_WEIGHTS * slope * slope))


def silent_share(signal: Signal, edge: float, samples: int) -> float:
    """The share of units that stay below `edge` on all of so many samples, by chance.

    signal: before the activation. The part of a unit's value that all samples share moves it away from the edge, and
    only the rest differs between samples.
    """
    shared = math.sqrt(signal.variance * signal.likeness)
    rest = math.sqrt(max(signal.variance * (1 - signal.likeness), 1e-300))
    below = np.array([0.5 * math.erfc(-(edge - signal.mean - shared * t) / rest / math.sqrt(2)) for t in _NODES])
    return float(np.sum(_WEIGHTS * below**samples))


def born_dead(layers: Iterable[tuple[float, int]]) -> float:
    """The largest probability that some layer passes nothing on of an input: 1 - prod(1 - p^width).

    layers: for each the probability that one unit is silent (1/2 for a rectifier without bias), and the width.
    """
    return 1 - math.prod(1 - share**width for share, width in layers)


def correlation_length(factor: float) -> float:
    """The number of layers over which two inputs' difference, and the gradient, change by a factor e.

    factor: of the gradient's second moment per layer. Infinite at 1, the edge of chaos.
    """
    if not 0 < factor < math.inf:
        return 0.0
    return math.inf if abs(factor - 1) < 1e-9 else 1 / abs(math.log(factor))


@cache
def _hermite() -> Numbers:
    """The normalised Hermite polynomials at the nodes, one row each."""
    rows = [np.ones_like(_NODES), _NODES]
    for n in range(1, _TERMS - 1):
        rows.append((_NODES * rows[n] - math.sqrt(n) * rows[n - 1]) / math.sqrt(n + 1))
    return np.stack(rows)


def _part(shared: float, variance: float) -> float:
    return min(max(shared / variance, 0.0), 1.0) if variance > 0 else 1.0
