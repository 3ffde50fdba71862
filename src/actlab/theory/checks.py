"""Statements about entries, measured: the words an entry states, kinks it does not, and entries that coincide."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations

import numpy as np

from ..catalogue import ENTRIES, FACTS, Entry, find
from .evaluate import value
from .function import SCALAR_KINDS, Numbers, function_of
from .properties import Properties, properties
from .shape import corners

# a word of the catalogue -> how it is measured
_CHECKS: dict[str, Callable[[Properties], bool]] = {
    "smooth": lambda p: p.smoothness == float("inf"),
    "monotone": lambda p: p.monotone,
    "not monotone": lambda p: not p.monotone,
    "odd": lambda p: p.odd,
    "even": lambda p: p.even,
    "bounded": lambda p: p.bounded,
    "bounded below": lambda p: p.bounded_below,
    "bounded above": lambda p: p.bounded_above,
    "convex": lambda p: p.convexity in ("convex", "affine"),
    "concave": lambda p: p.convexity in ("concave", "affine"),
    "not trainable by gradient": lambda p: not p.trainable,
}


def holds(name: str | Entry, fact: str, **params: object) -> bool:
    """Whether a word of `catalogue.FACTS` is true of an entry, by measurement.

    Raises ValueError for a word that is not among them.
    """
    if fact not in _CHECKS:
        raise ValueError(f"{fact!r} is no fact that can be measured; the facts are {', '.join(FACTS)}")
    return _CHECKS[fact](properties(name, **params))


@np.errstate(all="ignore")
def undeclared_kinks(name: str | Entry, **params: object) -> tuple[float, ...]:
    """Places where value or slope jumps although the entry declares no kink there, in rising order.

    Looks where pieces of the formula meet, and besides, without looking at the formula, on a fine grid.
    """
    entry = find(name)
    if entry.kind not in SCALAR_KINDS:
        return ()
    function = function_of(entry, "a kink", **params)
    places = [corner.at for corner in corners(function)]
    places += [at for order in range(2) for at in _scan(lambda x, n=order: function(x, n))]
    known = list(function.declared)
    for place in places:
        if all(abs(place - other) > 1e-7 * max(1.0, abs(place)) for other in known):
            known.append(place)
    return tuple(sorted(set(known) - set(function.declared)))


def _scan(g: Callable[[Numbers], Numbers]) -> list[float]:
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


def identical_pairs(entries: Iterable[Entry] | None = None, tolerance: float = 1e-12) -> tuple[tuple[str, str], ...]:
    """Pairs of entries that are the same function at their default parameters, to `tolerance`.

    entries: the whole catalogue by default; only entries of one number are compared.
    """
    chosen = [entry for entry in (ENTRIES.values() if entries is None else entries) if entry.kind in SCALAR_KINDS]
    x = np.concatenate([np.linspace(-12.0, 12.0, 481), [-1e3, 1e3, -0.0123, 0.0123]])
    y = {entry.name: value(entry, x) for entry in chosen}
    with np.errstate(invalid="ignore"):  # inf - inf where both overflow: equal, as the first comparison says
        return tuple(
            (a, b)
            for a, b in combinations(y, 2)
            if np.all((y[a] == y[b]) | (np.abs(y[a] - y[b]) <= tolerance * np.maximum(1.0, np.abs(y[a]))))
        )
