"""An entry with its parameters fixed, seen as a function of one number: value, slopes, and where its pieces meet."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..catalogue import Entry, at_kink, find
from ..language import Expr, substitute, switches
from .evaluate import Array, evaluate, together

Numbers: TypeAlias = NDArray[np.floating[Any]]


def _grid() -> Numbers:
    near = np.geomspace(1e-8, 1 / 16, 50, endpoint=False)
    # 1/16 apart where activations bend, 1/4 (25 samples a turn of sin) where only an oscillation goes on
    right = np.concatenate(
        [near, np.arange(1 / 16, 64, 1 / 16), np.arange(64, 1024, 1 / 4), np.geomspace(1024, 1e12, 73)]
    )
    return np.concatenate([-right[::-1], [0.0], right])


# Where every search starts: wide enough for every tail of practical interest, with 0 on it.
GRID = _grid()

_SEAMS = 256  # of an endless set of seams, those nearest to 0 are kept

# A bracket is cut in 16 at once where there are few: a call costs about as much for 15 places as for one.
_CUTS_OF_FEW, _CUTS_OF_MANY = np.arange(1, 16) / 16, np.array([0.5])
_FEW = 64


class Function:
    """One entry at fixed parameters, as a function of one number.

    entry: the definition. arguments: every parameter with its number.
    """

    def __init__(self, entry: Entry, arguments: dict[str, float]) -> None:
        self.entry = entry
        self.arguments = arguments
        self._formulas: dict[int, Expr] = {}
        self._on_grid: dict[int, Array] = {}

    def formula(self, order: int = 0) -> Expr:
        """The derivative of this order with `x` as its only symbol."""
        if order not in self._formulas:
            self._formulas[order] = substitute(self.entry.derivative(order), self.arguments)
        return self._formulas[order]

    def __call__(self, x: ArrayLike, order: int = 0) -> Array:
        """The value (order 0) or a derivative at `x`, in float64."""
        if x is not GRID:
            return self._evaluate(x, order)
        if order not in self._on_grid:
            self._on_grid[order] = self._evaluate(x, order)
            self._on_grid[order].flags.writeable = False
        return self._on_grid[order]

    def _evaluate(self, x: ArrayLike, order: int) -> Array:
        y = evaluate(self.formula(order), x)
        # the slope's formula may go on where the value has ended: 1/x does where log(x) does not
        return np.where(np.isnan(evaluate(self.formula(), x)), np.nan, y) if order and self.partial else y

    def with_slope(self, x: Array) -> tuple[Array, Array]:
        """Value and slope at finite places `x`, in float64, at less cost than one after the other."""
        y, slope = together(self.formula(), self.formula(1), x)
        return y, np.where(np.isnan(y), np.nan, slope) if self.partial else slope

    @cached_property
    def partial(self) -> bool:
        """Whether the value is undefined somewhere."""
        return bool(np.isnan(self(GRID)).any())

    @cached_property
    def turns(self) -> int:
        """How often the slope changes sign between -12 and 12."""
        signs = np.sign(self(np.linspace(-12.0, 12.0, 1201), 1))
        signs = signs[signs != 0]
        return int(np.sum(signs[1:] != signs[:-1]))

    @cached_property
    def declared(self) -> tuple[float, ...]:
        """Where the entry says that it has a kink, in rising order."""
        places = (float(evaluate(at_kink(kink.at, self.arguments), 0.0, self.arguments)) for kink in self.entry.kinks)
        return tuple(sorted(set(places)))

    @cached_property
    def seams(self) -> tuple[float, ...]:
        """Where pieces of the formula meet, in rising order: a kink can be nowhere else."""
        found = [
            place for switch in switches(self.formula()) for place in roots(lambda x, g=switch: evaluate(g, x), GRID)
        ]
        places = list(self.declared)
        for place in sorted(found):
            if all(abs(place - known) > 1e-9 * max(1.0, abs(known)) for known in places):
                places.append(place)
        return tuple(sorted(sorted(places, key=abs)[:_SEAMS]))


@cache
def _function(entry: Entry, given: tuple[tuple[str, float], ...]) -> Function:
    return Function(entry, dict(given))


def function_of(name: str | Entry | Function, needs: str, /, **params: object) -> Function:
    """The entry of this name with these parameters as a function of one number.

    name: what is a `Function` already stays as it is: so its parameters may be called as those of a caller are.
    needs: what wants it, for the error. Raises ValueError when the entry is no function of one number.
    """
    if isinstance(name, Function):
        return name
    entry, params = find(name).sized(params)
    if entry.along_axis:
        raise ValueError(
            f"{entry.name} works along an axis: its output depends on several inputs, so {needs} is not defined for "
            "it; ask for a pointwise activation"
        )
    return _function(entry, tuple(entry.arguments(params).items()))


def roots(g: Callable[[Numbers], Numbers], grid: Numbers) -> tuple[float, ...]:
    """Places where `g` is 0 or changes sign, found on the grid and closed in on to the last digit.

    A stretch of the grid on which `g` is 0 gives its two ends.
    """
    y = g(grid)
    zero = y == 0
    inside = zero & np.roll(zero, 1) & np.roll(zero, -1)
    found = [float(x) for x in grid[zero & ~inside]]
    with np.errstate(invalid="ignore"):
        change = np.flatnonzero(np.sign(y[:-1]) * np.sign(y[1:]) < 0)
    if change.size:
        found += bisect(g, grid[change], grid[change + 1]).tolist()
    return tuple(sorted(found))


def bisect(g: Callable[[Numbers], Numbers], low: Numbers, high: Numbers) -> Numbers:
    """A place between each `low` and `high` at which `g` changes sign, to the last digit."""
    low, high = np.array(low, dtype=np.float64), np.array(high, dtype=np.float64)
    start = np.sign(g(low))
    lanes = np.arange(len(low))
    for _ in range(200):
        cuts = _CUTS_OF_FEW if len(low) <= _FEW else _CUTS_OF_MANY
        inside = low[:, None] + (high - low)[:, None] * cuts
        if np.all((inside == low[:, None]) | (inside == high[:, None])):
            break
        same = np.sign(g(inside.reshape(-1)).reshape(inside.shape)) == start[:, None]
        edges = np.concatenate([low[:, None], inside, high[:, None]], axis=1)
        first = np.argmin(np.concatenate([same, np.zeros((len(low), 1), dtype=bool)], axis=1), axis=1)
        low, high = edges[lanes, first], edges[lanes, first + 1]
    # the end at which g is smaller
    return np.where(np.abs(g(low)) <= np.abs(g(high)), low, high)


def normal_share(low: float, high: float) -> float:
    """The probability that a standard normal variable lies between `low` and `high`."""
    if low > 0:
        low, high = -high, -low
    return 0.5 * (math.erfc(-high / math.sqrt(2)) - math.erfc(-low / math.sqrt(2)))
