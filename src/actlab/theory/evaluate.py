"""Numbers from formulas: the float64 reference in numpy that everything else is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..catalogue import Entry, find
from ..language import Expr, substitute
from ..renderers import function
from ..renderers.limits import FAR, GROWN, SHRUNK, STEADY, STEP
from ..renderers.numpy_reference import PRELUDE, TABLE

Array = NDArray[np.float64]


@cache
def _prelude() -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(compile(PRELUDE, "<numpy_reference prelude>", "exec"), space)  # our own text, never a user's
    return space


@cache
def _compiled(*exprs: Expr) -> Callable[..., Any]:
    arguments = tuple(sorted({"x"}.union(*(expr.symbols for expr in exprs))))
    outputs = {f"y{at}": expr for at, expr in enumerate(exprs)}
    space = dict(_prelude())
    exec(compile(function(TABLE, "formula", arguments, outputs), "<numpy_reference>", "exec"), space)
    return space["formula"]


def together(value: Expr, slope: Expr, x: Array) -> tuple[Array, Array]:
    """Two formulas of `x` alone at finite places, in float64; what they share is computed once."""
    first, second = _compiled(value, slope)(x=x)
    return np.broadcast_to(first, x.shape), np.broadcast_to(second, x.shape)


def evaluate(expr: Expr, x: ArrayLike, arguments: Mapping[str, ArrayLike] | None = None) -> Array:
    """The formula at `x` in float64, elementwise; NaN in gives NaN out, and at infinities the limit is taken.

    arguments: values of the other symbols, broadcast against `x`.
    """
    at = np.asarray(x, dtype=np.float64)
    numbers = {name: np.asarray(value, dtype=np.float64) for name, value in (arguments or {}).items()}
    names = expr.symbols - {"x"}
    given = {name: numbers[name] for name in names}
    with np.errstate(all="ignore"):
        shape = np.broadcast_shapes(at.shape, *(number.shape for number in given.values())) if given else at.shape
        y = np.array(_compiled(expr)(x=at, **given))  # a copy: the formula "x" gives `at` itself
        if y.shape != shape:
            y = np.array(np.broadcast_to(y, shape))
        at = np.broadcast_to(at, shape) if given else at
        lost = np.isinf(at) & np.isnan(y)
        if lost.any():
            far = np.where(np.isinf(at), np.copysign(FAR, at), at)
            first, second, third = (
                np.broadcast_to(_compiled(expr)(x=far * STEP**step, **given), y.shape) for step in range(3)
            )
            steady = np.isinf(first) | (np.abs(second / first - third / second) <= STEADY * np.abs(second / first))
            grown = (np.abs(first) > GROWN) & (np.sign(first) == np.sign(second)) & steady
            settled = np.isclose(first, second, rtol=1e-9, atol=0)
            limit = np.where(grown, np.copysign(np.inf, first), np.where(settled, first, np.nan))
            limit = np.where(np.maximum(np.abs(first), np.abs(second)) < SHRUNK, 0.0, limit)
            y[lost] = limit[lost]
        y[np.isnan(at)] = np.nan
    return y


def value(name: str | Entry, x: ArrayLike, dim: int = -1, **params: object) -> Array:
    """The value of an activation at `x`, in float64.

    x: any shape. dim: the axis of an along-axis function. params: the entry's parameters, numbers.
    Raises ValueError for an unknown name or a parameter outside its set, TypeError for an unknown parameter.
    """
    entry, params = find(name).sized(params)
    return _run(entry, lambda e: e.value, x, dim, params)


def slope(name: str | Entry, x: ArrayLike, order: int = 1, dim: int = -1, **params: object) -> Array:
    """The derivative of the given order at `x`, in float64; at a kink, the slope the entry chooses.

    For an along-axis function the result is the Jacobian: one more axis at the end, of the length of `dim`
    (which is moved last), holding the derivative by each element of the row; only order 1.
    """
    entry, params = find(name).sized(params)
    if order < 0 or order != int(order):
        raise ValueError(f"the order of a derivative is a whole number from 0, not {order}")
    if not entry.along_axis:
        return _run(entry, lambda e: e.derivative(order), x, dim, params)
    if order != 1:
        raise ValueError(f"{entry.name} works along an axis: only its Jacobian, order 1, is offered, not order {order}")
    rows = np.moveaxis(np.asarray(x, dtype=np.float64), dim, -1)
    arguments = entry.arguments(params)
    columns = [along_rows(entry.slope, rows, {**arguments, "t": direction}) for direction in np.eye(rows.shape[-1])]
    return np.stack(columns, axis=-1)


def _run(entry: Entry, expr: Callable[[Entry], Expr], x: ArrayLike, dim: int, params: Mapping[str, object]) -> Array:
    arguments = entry.arguments(params)
    if not entry.along_axis:
        return evaluate(expr(entry), x, arguments)
    at = np.asarray(x, dtype=np.float64)
    if not -at.ndim <= dim < at.ndim:
        raise ValueError(f"{entry.name}: dim {dim} is out of range for an array with {at.ndim} dimensions")
    return np.moveaxis(along_rows(expr(entry), np.moveaxis(at, dim, -1), arguments), -1, dim)


def along_rows(expr: Expr, rows: Array, arguments: Mapping[str, ArrayLike]) -> Array:
    """An along-axis formula on the rows of an array, whose last dimension is the axis, in float64."""
    with np.errstate(all="ignore"):
        return np.asarray(_compiled(expr)(x=rows, **{k: v for k, v in arguments.items() if k in expr.symbols}))


def specialised(entry: Entry, order: int = 0, **params: object) -> Expr:
    """The formula of a derivative with every parameter replaced by its number: only `x` is left."""
    return substitute(entry.derivative(order), entry.arguments(params))
