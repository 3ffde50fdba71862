"""Numbers of the reference at about 200 places of every entry, for the page's functions to meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from actlab.catalogue import ENTRIES, Entry
from actlab.explorer.functions import formulas, numbers
from actlab.language import Expr
from actlab.renderers import Table, function
from actlab.renderers.numpy_reference import PRELUDE, TABLE
from actlab.report.curves import kinks
from actlab.theory.evaluate import along_rows, evaluate

Array = np.ndarray[Any, Any]

MOST = 1e-12  # relative error
# Beside that, as far as the formula as it is written carries one rounding of 2^-53 in each of its operations, drawn
# at random 16 times: where its terms cancel, no double-precision arithmetic can do better, the reference included.
# Eight times the widest draw: a primitive takes up to eight roundings itself.
DRAWS, PRIMITIVE = 16, 8
SMALLEST = 2.0**-1022  # numbers below have fewer digits: their error counts as part of this one

_TINY = (5e-324, 1e-300, 1e-160, 1e-20, 1e-12, 1e-8, 1e-5, 1e-3)
_WIDE = (*np.geomspace(12.7, 1e3, 17), 1e5, np.inf)
_NEAR = np.arange(-69, 70) * 0.173  # on no round number


class Golden(NamedTuple):
    """An entry with numbers for its parameters: the places, and what the reference says there of each order."""

    entry: Entry
    numbers: dict[str, float]
    x: Array
    orders: tuple[Array, ...]


def goldens() -> Iterator[Golden]:
    """Every entry at its default parameters, and at others where it has any."""
    for entry in ENTRIES.values():
        for own in dict.fromkeys((tuple(numbers(entry).items()), tuple(_moved(entry).items()))):
            yield golden(entry, dict(own))


def golden(entry: Entry, own: dict[str, float]) -> Golden:
    """The reference's numbers of an entry with these parameters."""
    x, made = _places(entry, own), formulas(entry)
    found: list[Array] = []
    for formula in made.orders:
        if made.others:
            y = along_rows(formula, _rows(x, own, made.others), _given(formula, own, made.others))
            found.append(np.broadcast_to(y[..., 0] if np.ndim(y) else y, x.shape))
        else:
            y = evaluate(formula, x, _given(formula, own))
            found.append(np.where(np.isnan(found[0]), np.nan, y) if found and made.partial else y)
    return Golden(entry, own, x, tuple(found))


def _places(entry: Entry, own: Mapping[str, float]) -> Array:
    """0, tiny, near, 1e3 and infinite numbers of both signs, and every kink with what is beside it."""
    far = [sign * size for size in (*_TINY, *_WIDE) for sign in (-1, 1)]
    if entry.along_axis:  # a row with an infinite score has no slope to speak of
        return np.array([0.0, *(place for place in far if np.isfinite(place)), *_NEAR])
    settable = {name: own[name] for name, parameter in entry.parameters.items() if parameter.settable}
    beside = [place + step for place in kinks(entry, **settable) for step in (-1e-3, -1e-9, 0.0, 1e-9, 1e-3)]
    return np.array([0.0, *far, *_NEAR, *beside])


def _moved(entry: Entry) -> dict[str, float]:
    """Other numbers than the defaults, each in its own way, where they are allowed."""
    found: dict[str, float] = {}
    for at, (name, number) in enumerate(numbers(entry).items()):
        other = number * (1.07 + 0.01 * at) + (0.013 if number == 0 else 0.0)
        parameter = entry.parameters.get(name)
        found[name] = other if parameter is None or parameter.admits(other) else number
    return found


def _rows(x: Array, own: Mapping[str, float], others: tuple[str, ...]) -> Array:
    return np.concatenate([x[:, None], np.tile([own[name] for name in others], (len(x), 1))], axis=1)


def _given(formula: Expr, own: Mapping[str, float], others: tuple[str, ...] = ()) -> dict[str, Any]:
    given: dict[str, Any] = {name: number for name, number in own.items() if name in formula.symbols}
    return given | ({"t": np.eye(len(others) + 1)[0]} if others else {})


def disagreements(one: Golden, order: int, found: Array) -> tuple[list[str], int]:
    """What is wrong with the numbers `found` of one order, and how many were forgiven as cancellation."""
    told = one.orders[order]
    with np.errstate(all="ignore"):
        error = np.abs(found - told)
        same = (found == told) | (np.isnan(found) & np.isnan(told))
        wrong = ~same & ~(error <= MOST * np.maximum(np.abs(told), SMALLEST))
    at = np.flatnonzero(wrong)
    if not at.size:
        return [], 0
    excused = error[at] <= PRIMITIVE * _carried(one, order, at)
    return [
        f"{one.entry.name}, order {order}, {one.numbers} at {one.x[k]!r}: {found[k]!r} is not {told[k]!r}"
        for k in at[~excused]
    ], int(excused.sum())


def _carried(one: Golden, order: int, at: Array) -> Array:
    """The widest difference that a rounding in each operation makes to the reference at the places numbered `at`."""
    made, x = formulas(one.entry), one.x[at]
    formula = made.orders[order]
    given = _given(formula, one.numbers, made.others)
    run = _jittered(formula)
    rows = _rows(x, one.numbers, made.others) if made.others else x
    arguments = {"x": rows, **{name: number for name, number in given.items() if name in formula.symbols}}
    with np.errstate(all="ignore"):
        draws = [np.asarray(run(**arguments)) for _ in range(DRAWS)]
        near = [np.broadcast_to(y[..., 0] if made.others else y, x.shape) for y in draws]
        return np.max(np.abs(np.array(near) - one.orders[order][at]), axis=0)


@cache
def _jittered(formula: Expr) -> Callable[..., Any]:
    """The reference's program of a formula, with each operation rounded once more, at random."""
    generator = np.random.default_rng(0)
    decided = ("lt", "le", "gt", "ge", "where", "straight")
    cells = {
        name: cell if name in decided else f"jitter({cell})"
        for name, cell in TABLE.cells.items()
        if isinstance(cell, str)
    }
    space: dict[str, Any] = {}
    exec(PRELUDE, space)
    space["jitter"] = lambda y: y * (1 + 2.0**-53 * generator.uniform(-1, 1, np.shape(y)))
    arguments = tuple(sorted({"x"} | formula.symbols))
    exec(function(Table("numpy_reference", cells, TABLE.constant), "formula", arguments, {"y": formula}), space)
    return space["formula"]
