"""Statements about entries, measured: the words an entry states, kinks it does not, and entries that coincide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from ..catalogue import ENTRIES, FACTS, Entry, find
from .evaluate import along_rows, evaluate, slope
from .extent import leaps
from .function import Numbers, function_of
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
    if entry.along_axis:
        return ()
    function = function_of(entry, "a kink", **params)
    places = [corner.at for corner in corners(function)]
    places += [at for order in range(2) for at in leaps(lambda x, n=order: function(x, n))]
    known = list(function.declared)
    for place in places:
        if all(abs(place - other) > 1e-7 * max(1.0, abs(place)) for other in known):
            known.append(place)
    return tuple(sorted(set(known) - set(function.declared)))


def identical_pairs(entries: Iterable[Entry] | None = None, tolerance: float = 1e-12) -> tuple[tuple[str, str], ...]:
    """Pairs of entries that are the same function at their default parameters, to `tolerance`.

    entries: the whole catalogue by default; gated units, straight-through functions (by value and slope) and functions
    along an axis are compared among themselves.
    """
    seen: dict[tuple[str, int], dict[str, Numbers]] = {}
    for entry in ENTRIES.values() if entries is None else entries:
        group, y = fingerprint(entry)
        seen.setdefault((group, len(y)), {})[entry.name] = y
    with np.errstate(invalid="ignore"):  # inf - inf where both overflow: equal, as the first comparison says
        return tuple(
            (a, b)
            for y in seen.values()
            for a, b in combinations(y, 2)
            if np.all((y[a] == y[b]) | (np.abs(y[a] - y[b]) <= tolerance * np.maximum(1.0, np.abs(y[a]))))
        )


_PLACES = np.concatenate([np.linspace(-12.0, 12.0, 481), [-1e3, 1e3, -0.0123, 0.0123]])
_ROWS = np.random.default_rng(0).normal(scale=3.0, size=(40, 12))


def fingerprint(entry: Entry, **params: Any) -> tuple[str, Numbers]:
    """(what it may be compared with, numbers that tell it from every other function) at these parameters.

    A gated unit is seen at two inputs beside the gate, a straight-through step with its slope, a random function at a
    draw other than the mean, a function along an axis on whole rows.
    """
    group = "along axis" if entry.along_axis else entry.kind
    if entry.kind == "random":
        drawn = {name: 0.3 for name, row in entry.parameters.items() if row.draw}
        numbers = {**entry.arguments(params), **drawn}
        return f"random {group}", _at(entry, numbers)
    arguments = entry.arguments(params)
    if entry.kind == "gated":
        return f"gated {group}", np.concatenate([_at(entry, {**arguments, "up": up}) for up in (arguments["up"], -2.3)])
    if entry.kind == "straight-through":
        return group, np.concatenate([_at(entry, arguments), slope(entry, _PLACES, **params)])
    return group, _at(entry, arguments)


def _at(entry: Entry, numbers: Mapping[str, float]) -> Numbers:
    if entry.along_axis:
        return along_rows(entry.value, _ROWS, numbers).ravel()
    return evaluate(entry.value, _PLACES, numbers)
