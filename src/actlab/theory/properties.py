"""Everything that follows from a formula, computed once and kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from ..catalogue import Entry, find
from .collapse import Collapse, collapse
from .cost import Cost, cost
from .evaluate import slope, value
from .extent import Curve, Range, extent, leaps, limits
from .function import GRID, Function, Numbers, bisect, function_of
from .moments import Moments, moments_of
from .rows import Rows, companions, first_moves, measure_rows, steepest
from .shape import Corner, corners, fixed_points, listed, period, saturation, shape, smoothness
from .signal import EdgeOfChaos, edge_of

_FAR = 1e100  # an infinite score would swallow its row: limits along an axis are read this far out
SIGMA_B = (0.0, 0.05, 0.1, 0.2)


@dataclass(frozen=True)
class Properties:
    """What is true of an activation with these parameters; parts that make no sense for its kind are None or empty.

    domain: where it is defined. limits, slope_limits: at minus and plus infinity, NaN where there is none.
    range, slope_range: both ends, each with `value`, `attained` and `at`. direction: "increasing", "decreasing",
    "constant" or "neither". zero_centred: E f = 0 under N(0, 1). trainable: some slope is not 0.
    kinks: where value or slope jumps (`more_kinks`: only those nearest to 0 are listed).
    smoothness: how many derivatives are continuous. lipschitz: largest |slope|,
    or largest growth of a row's change in the 2-norm.
    fixed_points: stretches on which f(x) = x. saturation: |slope| < 0.01 for all x below the first number and for all
    x above the second. zero_share, zero_slope_share: probability of exact zeros under N(0, 1).
    collapse: per number format, the input on each side beyond which all outputs are equal.
    mean, second, slope_second: E f, E f^2, E f'^2 under N(0, 1). gain, slope_gain: 1/sqrt of the latter two.
    edge_of_chaos: sigma_b -> (sigma_w, q) or None. cost: work and memory traffic per element. elsewhere: library ->
    its name there. rows: of an entry along an axis, what its rows keep.
    """

    name: str
    kind: str
    parameters: Mapping[str, float]
    domain: tuple[float, float]
    range: Range
    slope_range: Range
    limits: tuple[float, float]
    slope_limits: tuple[float, float]
    direction: str
    odd: bool
    even: bool
    convexity: str
    bounded_below: bool
    bounded_above: bool
    zero_centred: bool | None
    trainable: bool
    kinks: tuple[Corner, ...]
    more_kinks: bool
    smoothness: float
    lipschitz: float
    fixed_points: tuple[tuple[float, float], ...]
    more_fixed_points: bool
    period: float | None
    saturation: tuple[float | None, float | None]
    zero_share: float | None
    zero_slope_share: float | None
    collapse: Mapping[str, Collapse]
    mean: float | None
    second: float | None
    slope_second: float | None
    gain: float | None
    slope_gain: float | None
    edge_of_chaos: Mapping[float, EdgeOfChaos | None]
    cost: Cost
    elsewhere: Mapping[str, str]
    rows: Rows | None = None

    @property
    def bounded(self) -> bool:
        """Whether the range is bounded on both sides."""
        return self.bounded_below and self.bounded_above

    @property
    def monotone(self) -> bool:
        """Whether it never falls, or never rises."""
        return self.direction != "neither"

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON types; infinite numbers become "inf" and "-inf", numbers that do not exist None."""
        named = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}
        return {**named, "bounded": self.bounded, "monotone": self.monotone}


def _plain(part: Any) -> Any:
    if isinstance(part, float) and not math.isfinite(part):
        return None if math.isnan(part) else ("inf" if part > 0 else "-inf")
    if isinstance(part, Corner):
        return {**_named(part), "value_jump": _plain(part.value_jump), "slope_jump": _plain(part.slope_jump)}
    if hasattr(part, "_asdict"):
        return _named(part)
    if isinstance(part, Mapping):
        return {str(key): _plain(item) for key, item in cast("Mapping[Any, Any]", part).items()}
    if isinstance(part, tuple):
        return [_plain(item) for item in cast("tuple[Any, ...]", part)]
    return part


def _named(part: Any) -> dict[str, Any]:
    return {key: _plain(item) for key, item in part._asdict().items()}


def properties(name: str | Entry, **params: object) -> Properties:
    """Everything that follows from the formula of an activation with these parameters.

    name: an entry, its name or an alias. params: numbers for its parameters, defaults otherwise.
    Raises ValueError for an unknown name or a number outside a parameter's set, TypeError for an unknown parameter.
    """
    entry, params = find(name).sized(params)
    return _properties(entry, tuple(entry.arguments(params).items()))


@cache
@np.errstate(all="ignore")  # formulas may overflow or be undefined far out
def _properties(entry: Entry, given: tuple[tuple[str, float], ...]) -> Properties:
    arguments = dict(given)
    shown = {key: arguments[key] for key, parameter in entry.parameters.items() if not parameter.draw}
    if entry.along_axis:
        return _along_axis(entry, shown)
    return _pointwise(function_of(entry, "a property", **shown), arguments)


def domain(function: Function) -> tuple[float, float]:
    """The interval around the origin's neighbourhood on which the function is defined, ends included or not."""
    if not function.partial:
        return (-math.inf, math.inf)
    inside = np.flatnonzero(~np.isnan(function(GRID)))
    if not inside.size:
        raise ValueError(f"{function.entry.name} is undefined wherever it was asked: check its formula and parameters")
    ends: list[float] = []
    for last, step in ((int(inside[0]), -1), (int(inside[-1]), 1)):
        if not 0 <= last + step < len(GRID):
            ends.append(math.copysign(math.inf, step))
            continue
        pair = np.sort(GRID[[last, last + step]])
        edge = float(bisect(lambda x: np.where(np.isnan(function(x)), -1.0, 1.0), pair[:1], pair[1:])[0])
        ends.append(0.0 if abs(edge) < 1e-12 else edge)
    return ends[0], ends[1]


def _pointwise(function: Function, arguments: Mapping[str, float]) -> Properties:
    found = corners(function)
    edges = domain(function)
    grid = GRID[(edges[0] < GRID) & (edges[1] > GRID)] if function.partial else GRID
    values = extent(function, function.seams, 0, grid)
    slopes = extent(function, function.seams, 1, grid)
    form = shape(function, found, grid)
    fixed = fixed_points(function, grid)
    try:
        means: Moments | None = moments_of(function)
    except ValueError:  # grows too fast, or is not defined for every number
        means = None
    torn = any(corner.value_jump for corner in found)
    return Properties(
        name=function.entry.name,
        kind=function.entry.kind,
        parameters=MappingProxyType(dict(arguments)),
        domain=edges,
        range=values,
        slope_range=slopes,
        limits=limits(function, 0),
        slope_limits=limits(function, 1),
        direction=form.direction,
        odd=form.odd,
        even=form.even,
        convexity=form.convexity,
        bounded_below=math.isfinite(values.low.value),
        bounded_above=math.isfinite(values.high.value),
        zero_centred=None if means is None else abs(means.mean) <= 1e-9 * max(1.0, math.sqrt(means.second)),
        trainable=(slopes.low.value, slopes.high.value) != (0.0, 0.0),
        kinks=listed(found),
        more_kinks=len(listed(found)) < len(found),
        smoothness=smoothness(function),
        lipschitz=math.inf if torn else max(abs(slopes.low.value), abs(slopes.high.value)),
        fixed_points=fixed.stretches,
        more_fixed_points=fixed.endless,
        period=period(function),
        saturation=saturation(function, grid),
        zero_share=means and means.zero_share,
        zero_slope_share=means and means.zero_slope_share,
        collapse=MappingProxyType(collapse(function)),
        mean=means and means.mean,
        second=means and means.second,
        slope_second=means and means.slope_second,
        gain=_inverse_root(means and means.second),
        slope_gain=_inverse_root(means and means.slope_second),
        edge_of_chaos=MappingProxyType({b: edge_of(function, b) for b in SIGMA_B} if means else {}),
        cost=cost(function.entry),
        elsewhere=MappingProxyType(dict(function.entry.known_as)),
    )


def _inverse_root(square: float | None) -> float | None:
    return 1 / math.sqrt(square) if square and math.isfinite(square) else None


def _along_axis(entry: Entry, arguments: dict[str, Any]) -> Properties:
    """An entry along an axis seen through its first output while the first score moves and the others stay."""
    others = companions(entry, **arguments)

    def first(x: Numbers, order: int = 0) -> Numbers:
        rows = first_moves(np.clip(x, -_FAR, _FAR), others)
        if order == 0:
            y = value(entry, rows, **arguments)[..., 0]
            return np.where(np.abs(y) < _FAR / 1e3, y, np.copysign(np.inf, y))
        if order == 1:
            return slope(entry, rows, **arguments)[..., 0, 0]
        off = 1e-4 * np.maximum(1.0, np.abs(x))  # curvature only steers the search for the steepest place
        return (first(x + off, 1) - first(x - off, 1)) / (2 * off)

    curve: Curve = first
    grid = GRID[np.abs(GRID) <= 1e4]
    # rows are cut and ranked behind the formula's back, so its pieces are looked for in its slope
    leaping = [*leaps(lambda x: first(x, 1)), *leaps(lambda x: np.where(first(x, 1) == 0, 1.0, 0.0))]
    # beyond 20 rounding alone makes the slope of an exponential 0
    seams = tuple(sorted({round(place, 9) + 0.0 for place in leaping if abs(place) < 20}))
    values, slopes = extent(curve, seams, 0, grid), extent(curve, seams, 1, grid)
    return Properties(
        name=entry.name,
        kind=entry.kind,
        parameters=MappingProxyType(dict(arguments)),
        domain=(-math.inf, math.inf),
        range=values,
        slope_range=slopes,
        limits=limits(curve, 0),
        slope_limits=limits(curve, 1),
        direction="increasing" if slopes.low.value >= 0 else "decreasing" if slopes.high.value <= 0 else "neither",
        odd=False,
        even=False,
        convexity="neither",
        bounded_below=math.isfinite(values.low.value),
        bounded_above=math.isfinite(values.high.value),
        zero_centred=None,
        trainable=True,
        kinks=(),
        more_kinks=False,
        smoothness=math.inf,
        lipschitz=steepest(entry, **arguments),
        fixed_points=(),
        more_fixed_points=False,
        period=None,
        saturation=(None, None),
        zero_share=None,
        zero_slope_share=None,
        collapse=MappingProxyType({}),
        mean=None,
        second=None,
        slope_second=None,
        gain=None,
        slope_gain=None,
        edge_of_chaos=MappingProxyType({}),
        cost=cost(entry),
        elsewhere=MappingProxyType(dict(entry.known_as)),
        rows=measure_rows(entry, **arguments),
    )
