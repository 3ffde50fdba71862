"""Which activations lie close to each other: distances between whole curves, seen by a normal input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from ..catalogue import Entry
from .evaluate import value

# 1/128 apart up to 8 standard deviations, on no round number, where kinks and jumps are
_PLACES = (np.arange(-1024, 1024) + 0.5) / 128
_SHARES = np.exp(-_PLACES * _PLACES / 2) / (128 * np.sqrt(2 * np.pi))
_SAME = 1e-12


class Neighbour(NamedTuple):
    """Another activation and how far its curve is: sqrt(E (f(z) - g(z))^2), z ~ N(0, 1); 0 for the same curve."""

    name: str
    distance: float


def neighbours(entries: Iterable[Entry], most: int = 5) -> Mapping[str, tuple[Neighbour, ...]]:
    """The nearest curves of each entry at default parameters, nearest first; all that are the same come first.

    entries: those to compare; what works along an axis or is undefined somewhere has no neighbours. most: how many to
    list beside those that are the same.
    """
    chosen = [entry for entry in entries if not entry.along_axis]
    with np.errstate(all="ignore"):
        curves = {entry.name: value(entry, _PLACES) for entry in chosen}
    curves = {name: y for name, y in curves.items() if np.isfinite(y).all()}
    names = list(curves)
    table = np.array(list(curves.values())).reshape(len(names), len(_PLACES))
    found: dict[str, tuple[Neighbour, ...]] = {}
    for at, name in enumerate(names):
        with np.errstate(over="ignore"):
            away = np.sqrt(np.square(table - table[at]) @ _SHARES)
        size = float(np.sqrt(np.square(table[at]) @ _SHARES))
        away[away <= _SAME * max(1.0, size)] = 0.0
        away[at] = np.inf
        order = np.argsort(away, kind="stable")
        kept = most + int(np.sum(away == 0))
        found[name] = tuple(Neighbour(names[k], float(away[k])) for k in order[:kept] if np.isfinite(away[k]))
    return found
