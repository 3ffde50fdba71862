"""The shape of a function: kinks, smoothness, symmetry, direction, curvature, fixed points, flat tails, period."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .extent import ROUNDING, beside, limits, pieces, probes, same, sides, turning_points
from .function import GRID, Function, Numbers, bisect, roots

SATURATED = 0.01  # a slope this small passes no gradient worth having
_DEEPEST = 6  # a function whose first six derivatives are continuous is called smooth
_JUMP = 1e-9  # relative difference between one-sided limits that is no rounding
_LISTED = 16  # kinks or fixed points written down; an endless set is cut here


class Corner(NamedTuple):
    """A place where the value or the slope jumps: its height and slope on both sides, and the slope chosen there."""

    at: float
    value_left: float
    value_right: float
    slope_left: float
    slope_right: float
    slope: float

    @property
    def value_jump(self) -> float:
        """The value just right of the place less the value just left of it."""
        return _settle(self.value_right - self.value_left, self.value_left)

    @property
    def slope_jump(self) -> float:
        """The slope just right of the place less the slope just left of it."""
        return _settle(self.slope_right - self.slope_left, self.slope_left)


def _settle(difference: float, size: float) -> float:
    return difference if math.isinf(difference) or abs(difference) > _JUMP * max(1.0, abs(size)) else 0.0


def _jumps(rows: Numbers) -> NDArray[np.bool_]:
    left, right = rows[:, 0], rows[:, 2]
    inside = ~(np.isnan(left) | np.isnan(right))  # the edge of a domain is no kink
    with np.errstate(invalid="ignore"):
        close = np.abs(right - left) <= _JUMP * np.maximum(1.0, np.abs(left))
    return inside & ~(close & np.isfinite(left) & np.isfinite(right))


def corners(function: Function) -> tuple[Corner, ...]:
    """Every place where value or slope jumps, in rising order, for the formula as it is (declared or not)."""
    if not function.seams:
        return ()
    values, slopes = (sides(function, function.seams, order) for order in range(2))
    broken = _jumps(values) | _jumps(slopes)
    return tuple(corner for corner, kink in zip(meetings(function), broken, strict=True) if kink)


def meetings(function: Function) -> tuple[Corner, ...]:
    """Every place where pieces of the formula meet, in rising order, also where they meet smoothly."""
    if not function.seams:
        return ()
    values, slopes = (sides(function, function.seams, order) for order in range(2))
    return tuple(
        Corner(at, _tidy(v[0]), _tidy(v[2]), _tidy(d[0]), _tidy(d[2]), float(d[1]))
        for at, v, d in zip(function.seams, values, slopes, strict=True)
    )


def _tidy(number: float) -> float:
    """A one-sided limit without the trace of the distance it was read at."""
    near = round(float(number), 9)
    return near if abs(near - number) < 1e-11 else float(number)


def smoothness(function: Function) -> float:
    """How many derivatives are continuous: -1 where the value jumps, 0 with a corner, infinity if all are."""
    if not function.seams:
        return math.inf
    for order in range(_DEEPEST + 1):
        if _jumps(sides(function, function.seams, order)).any():
            return order - 1
    return math.inf


def listed(items: tuple[Corner, ...]) -> tuple[Corner, ...]:
    """The items nearest to 0 when there are too many to write down, in rising order."""
    return tuple(sorted(sorted(items, key=lambda corner: abs(corner.at))[:_LISTED]))


class Shape(NamedTuple):
    """Direction, symmetry and curvature.

    direction: "increasing", "decreasing" (both allow flat stretches), "constant" or "neither".
    convexity: "convex", "concave", "affine" or "neither".
    """

    direction: str
    odd: bool
    even: bool
    convexity: str


def shape(function: Function, found: tuple[Corner, ...], grid: Numbers = GRID) -> Shape:
    """Direction, symmetry and curvature of a function, measured on the grid and on both sides of every seam."""
    off = [side for seam in function.seams for side in (seam - beside(seam), seam + beside(seam))]
    x = np.unique(np.concatenate([grid[np.abs(grid) <= 1e4], off]))
    slopes = function(x, 1)
    slopes = slopes[np.isfinite(slopes) & np.isfinite(function(x))]
    size = np.abs(slopes)
    common = min(1.0, float(np.max(size, initial=0.0)))
    slopes = np.where(size <= 1e-15 * common, 0.0, slopes)
    heights = np.array([corner.value_jump for corner in found])
    up = bool(np.any(slopes > 0) or np.any(heights > 0))
    down = bool(np.any(slopes < 0) or np.any(heights < 0))
    direction = {(True, False): "increasing", (False, True): "decreasing", (False, False): "constant"}
    turn = np.diff(slopes)
    slack = ROUNDING * (np.maximum(size[1:], size[:-1]) + common)
    convex, concave = bool(np.all(turn >= -slack)), bool(np.all(turn <= slack))
    if np.any(heights != 0):
        convex = concave = False
    mirrored = x[np.abs(x) <= max(100.0, *(2 * abs(seam) for seam in function.seams), 0.0)]
    right, left = function(mirrored), function(-mirrored)
    apart = ROUNDING * np.maximum(1.0, np.abs(right))
    bend = {(True, True): "affine", (True, False): "convex", (False, True): "concave"}
    return Shape(
        direction.get((up, down), "neither"),
        bool(np.all(np.abs(right + left) <= apart)),
        bool(np.all(np.abs(right - left) <= apart)),
        bend.get((convex, concave), "neither"),
    )


class FixedPoints(NamedTuple):
    """Inputs that an activation gives back unchanged: stretches (low, high), a single point has both ends equal."""

    stretches: tuple[tuple[float, float], ...]
    endless: bool


def fixed_points(function: Function, grid: Numbers = GRID) -> FixedPoints:
    """Where f(x) = x, in rising order; `endless` says that only those nearest to 0 are listed."""
    whole = [piece for piece in pieces(function.seams) if same(function(probes(*piece)), probes(*piece))]
    singles: list[float] = []
    for low, high in pieces(function.seams):
        if (low, high) in whole:
            continue
        off_low, off_high = beside(low) if math.isfinite(low) else 0.0, beside(high) if math.isfinite(high) else 0.0
        inside = grid[(grid > low + off_low) & (grid < high - off_high)]
        ends = [e for e in (low + off_low, high - off_high) if math.isfinite(e)]
        inside = np.unique(np.concatenate([inside, ends]))
        singles += _crossings(function, inside)
    singles += [seam for seam in function.seams if float(function(seam)) == seam]
    merged = sorted(whole)
    joined: list[tuple[float, float]] = []
    for low, high in merged:
        if joined and joined[-1][1] == low and float(function(low)) == low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    for point in singles:
        if not any(low - 1e-9 <= point <= high + 1e-9 for low, high in joined):
            joined.append((point, point))
    endless = len(joined) > _LISTED
    kept = sorted(joined, key=lambda stretch: min(abs(stretch[0]), abs(stretch[1])))[:_LISTED]
    return FixedPoints(tuple(sorted(kept)), endless)


def _crossings(function: Function, x: Numbers) -> list[float]:
    gap = function(x) - x
    gap[np.abs(gap) <= 4 * np.finfo(float).eps * np.abs(x)] = 0.0
    found: list[float] = []
    known = np.flatnonzero(np.isfinite(gap) & (gap != 0))
    before, after = known[:-1], known[1:]
    chosen = (after - before > 1) | (np.sign(gap[before]) != np.sign(gap[after]))
    wide = chosen & (after - before > 1)  # zeros between; at the far ends they are only a tail that rounds to x
    for left, right in zip(before[wide], after[wide], strict=True):
        between = x[left + 1 : right]
        found.append(float(between[np.argmin(np.abs(between))]))
    narrow = chosen & ~wide
    if narrow.any():
        found += bisect(lambda at: function(at) - at, x[before[narrow]], x[after[narrow]]).tolist()
    return found


def saturation(function: Function, grid: Numbers = GRID) -> tuple[float | None, float | None]:
    """Where the flat tails begin: |slope| < 0.01 for all x below the first number and for all x above the second.

    None on a side that has no flat tail; infinite ends where the slope is that small everywhere.
    """
    peaks = turning_points(lambda x: function(x, 2), grid)
    off = [side for seam in function.seams for side in (seam - beside(seam), seam, seam + beside(seam))]
    x = np.unique(np.concatenate([grid, peaks, off]))
    steep = np.abs(function(x, 1)) - SATURATED
    high = np.flatnonzero(~(steep < -1e-12))  # rounding is no reason to call a slope of exactly 0.01 flat
    tails = [abs(limit) < SATURATED for limit in limits(function, 1)]
    if not high.size:
        return (math.inf, -math.inf)
    found: list[float | None] = []
    for flat, last, step in ((tails[0], high[0], -1), (tails[1], high[-1], 1)):
        beyond = last + step
        if not flat or not 0 <= beyond < len(x):
            found.append(None)
            continue
        inner, outer = sorted((x[last], x[beyond]))
        edge = bisect(lambda at: np.abs(function(at, 1)) - SATURATED, np.array([inner]), np.array([outer]))
        found.append(_snap(float(edge[0]), function.seams))
    return found[0], found[1]


def _snap(place: float, seams: tuple[float, ...]) -> float:
    return next((seam for seam in seams if abs(place - seam) <= 2 * beside(seam)), place)


def period(function: Function) -> float | None:
    """The smallest p > 0 with f(x + p) = f(x) for all x, or None."""
    if not all(map(math.isnan, limits(function))):
        return None
    level = float(function(0.1234))  # no activation has anything special there
    crossings = np.array(roots(lambda x: function(x) - level, GRID[np.abs(GRID) <= 64]))
    crossings = crossings[crossings > 0.1]
    x = np.linspace(-20.0, 20.0, 101)
    for later in crossings[1:17]:
        length = float(later - crossings[0])
        if np.allclose(function(x + length), function(x), rtol=0, atol=1e-9):
            return length
    return None
