"""How far a function reaches: its lowest and highest value, where, and whether it gets there or only tends to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .function import GRID, Numbers, bisect

# f(x) or a derivative of it: called as curve(x, order)
Curve = Callable[[Numbers, int], Numbers]

_TURNS = 100  # swings of an endless oscillation that are looked at, those nearest to 0
ROUNDING = 1e-12  # two numbers of a formula closer than this, relatively, are the same number


class End(NamedTuple):
    """One end of a range: the number, where it is taken, and whether it is taken at all.

    at: the place nearest to 0 where it is taken; for an end that is only approached, the place approached
    (infinite, or a jump); None where it is taken on a whole stretch.
    """

    value: float
    attained: bool
    at: float | None


class Range(NamedTuple):
    """The set of values between two ends."""

    low: End
    high: End

    @property
    def bounded(self) -> bool:
        """Whether both ends are finite."""
        return math.isfinite(self.low.value) and math.isfinite(self.high.value)


def turning_points(g: Callable[[Numbers], Numbers], grid: Numbers) -> Numbers:
    """Places at which `g` changes sign, refined to the last digit; a flat stretch gives none."""
    y = g(grid)
    known = np.flatnonzero(np.isfinite(y) & (y != 0))
    if not known.size:
        return np.empty(0)
    flips = np.flatnonzero(np.sign(y[known][:-1]) != np.sign(y[known][1:]))
    left, right = known[flips], known[flips + 1]
    narrow = right - left <= 2  # a longer stretch between is flat, and its height is found as a piece
    if not narrow.any():
        return np.empty(0)
    left, right = left[narrow], right[narrow]
    nearest = np.argsort(np.abs(grid[left]), kind="stable")[:_TURNS]
    found = np.sort(bisect(g, grid[left[nearest]], grid[right[nearest]]))
    return np.where(np.abs(found) < 1e-9, 0.0, found)  # the sign of rounding decides nothing so near to 0


def beside(place: float) -> float:
    """How far from a seam its one-sided limits are read: far enough to be on one side, near enough to be the limit."""
    return 1e-12 * max(1.0, abs(place))


def sides(curve: Curve, seams: tuple[float, ...], order: int) -> Numbers:
    """Limits from the left, chosen numbers and limits from the right at each seam; shape (seams, 3)."""
    at = np.array(seams, dtype=np.float64)
    off = np.array([beside(seam) for seam in seams])
    chosen = curve(at, order)
    found = [chosen]
    for side in (-1, 1):
        near, twice, far = (curve(at + side * step * off, order) for step in (1, 2, 1e6))
        with np.errstate(invalid="ignore"):
            # at a pole the size still grows, even if only as a logarithm does
            pole = ~np.isfinite(chosen) & (np.abs(near) > 1.5 * np.abs(far))
            straight = np.where(np.isfinite(near - twice), near + (near - twice), near)
        found.insert(1 + side, np.where(pole, np.copysign(np.inf, near), straight))
    return np.stack(found, axis=-1).reshape(-1, 3)


def pieces(seams: tuple[float, ...]) -> list[tuple[float, float]]:
    """The open intervals between seams, the outer two infinite."""
    edges = (-math.inf, *seams, math.inf)
    return list(pairwise(edges))


def probes(low: float, high: float) -> Numbers:
    """Points inside a piece at which a formula that is no constant there shows it, away from underflowing tails."""
    left, right = max(low, min(high, 10.0) - 20.0), min(high, max(low, -10.0) + 20.0)
    spread = left + (right - left) * (np.arange(12) + 0.618) / 12.236
    start = low if math.isfinite(low) else high if math.isfinite(high) else 0.0
    close = start + math.copysign(1.0, (left + right) / 2 - start) * np.array([1e-4, 1e-3, 1e-2, 1e-1])
    return np.concatenate([spread, close[(close > low) & (close < high)]])


def same(a: Numbers, b: Numbers | float) -> bool:
    """Whether all numbers agree to rounding."""
    return bool(np.all(np.abs(a - b) <= 8 * np.finfo(float).eps * np.maximum(np.abs(a), np.abs(b))))


def leaps(g: Callable[[Numbers], Numbers]) -> list[float]:
    """Jumps of `g` on [-40, 40], by halving each interval towards its larger difference until that stays or dies."""
    x = np.linspace(-40.0, 40.0, 4817)  # no step of this grid falls on a round number
    low, high = x[:-1], x[1:]
    for _ in range(40):
        middle = low + (high - low) / 2
        at_low, at_middle, at_high = g(low), g(middle), g(high)
        left, right = np.abs(at_middle - at_low), np.abs(at_high - at_middle)
        size = 1e-6 * np.maximum(1.0, np.abs(at_middle))
        # a smooth function's difference halves with the interval and drops out
        alive = (np.maximum(left, right) > size) & np.isfinite(at_low) & np.isfinite(at_high)
        to_left = (left > right)[alive]
        low, high, middle = low[alive], high[alive], middle[alive]
        low, high = np.where(to_left, low, middle), np.where(to_left, middle, high)
        if not low.size:
            break
    return ((low + high) / 2).tolist()


def limits(curve: Curve, order: int = 0) -> tuple[float, float]:
    """The limits at minus and plus infinity; NaN where there is none."""
    left, right = (curve(np.array([-math.inf, math.inf]), order) + 0.0).tolist()
    return left, right


def extent(curve: Curve, seams: tuple[float, ...], order: int = 0, grid: Numbers = GRID) -> Range:
    """The range of a function (or of its derivative of this order).

    curve: called with places and an order, must know one order more. seams: where its pieces meet.
    """
    turns = turning_points(lambda x: curve(x, order + 1), grid)
    around = sides(curve, seams, order)
    taken = [(float(y), float(x)) for x, y in zip(turns, curve(turns, order), strict=True)] if turns.size else []
    taken += [(float(y), x) for x, y in zip(seams, around[:, 1], strict=True)]
    flat = [
        (float(curve(probes(low, high), order)[0]), None)
        for low, high in pieces(seams)
        if _flat(curve, low, high, order)
    ]
    tails = [
        (reached, sign * math.inf)
        for sign, y in zip((-1, 1), limits(curve, order), strict=True)
        for reached in (_wild(curve, order, sign, taken) if math.isnan(y) else (y,))
    ]
    approached = [(float(y), x) for x, row in zip(seams, around, strict=True) for y in (row[0], row[2])]
    approached += tails
    if not taken and not flat and not approached:
        taken = [(float(curve(np.zeros(1), order)[0]), 0.0)]
    return Range(_end(taken, flat, approached, 1), _end(taken, flat, approached, -1))


def _end(
    taken: list[tuple[float, float]], flat: list[tuple[float, None]], approached: list[tuple[float, float]], sign: int
) -> End:
    reached = [y for y, _ in [*taken, *flat] if math.isfinite(y)]
    poles = [(y, x) for y, x in taken if math.isinf(y)]
    neared = [(sign * y, x) for y, x in [*approached, *poles] if not math.isnan(y)]
    best = min((sign * y for y in reached), default=math.inf)
    far = min((y for y, _ in neared), default=math.inf)
    slack = ROUNDING * max(1.0, abs(best)) if math.isfinite(best) else 0.0
    if far < best - slack or not reached:
        return End(sign * far + 0.0, False, min((x for y, x in neared if y == far), key=_nearness))
    if any(sign * y <= best + slack for y, _ in flat):
        return End(sign * best + 0.0, True, None)
    places = [x for y, x in taken if sign * y <= best + slack]
    # of the places that agree to rounding, the nearest to 0 tells the number best
    at = min(places, key=_nearness)
    return End(next(y for y, x in taken if x == at) + 0.0, True, at + 0.0)


def _nearness(x: float) -> tuple[float, bool]:
    return round(abs(x), 9), x < 0


def _flat(curve: Curve, low: float, high: float, order: int) -> bool:
    inside = probes(low, high)
    return same(curve(inside, order), curve(inside[:1], order)) and bool(np.all(curve(inside, order + 1) == 0))


def _wild(curve: Curve, order: int, sign: int, taken: list[tuple[float, float]]) -> tuple[float, ...]:
    """The infinities that a function without a limit swings towards on this side; none where it keeps within bounds."""
    far = curve(sign * np.geomspace(1e5, 1e8, 997), order)
    far = far[np.isfinite(far)]
    if not far.size:
        return ()
    near = max((abs(y) for y, _ in taken), default=0.0)
    wide = 1e2 * max(near, 1.0)  # a swing that grows as a square root does is a thousand times as wide by then
    return tuple(end for end, reached in ((-math.inf, -far.min()), (math.inf, far.max())) if reached > wide)
