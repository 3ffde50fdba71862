"""The stranger that judges: formulas at 60 digits in mpmath, slopes as limits of the value.

It shares no numerics with any renderer and never looks at a derived slope, so a wrong derivative row or a
cancelling spelling cannot hide behind itself.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ..language import Expr, is_along_axis, walk
from .exact_operations import ALONG_AXIS, DIGITS, ELEMENTWISE, HUGE, HUGER, KNOWN, Real, Row, mp

__all__ = [
    "KNOWN",
    "Real",
    "derivative",
    "jacobian",
    "jumps",
    "limit",
    "may_bend",
    "mp",
    "row_value",
    "surrogate",
    "value",
]

_STEP = 30  # decimal digits of the difference step below the scale of the point: its error is h^2, 1e-60
_TAILS = (60, 320)  # digits beyond the step; 320 let a slope of 1e-300 be seen beside a value of order 1
_JUMP = 1e-6  # a smaller jump of value, slope or curvature, or one smaller than this part of the value, is none
_FAR = ("3e40", "7e80", "5e160", "2e320", "9e640", "1.3e641")  # where limits are read off


def _evaluate(expr: Expr, row: Row, arguments: Mapping[str, float | Real]) -> Row:
    made: dict[Expr, Row] = {}

    def at(node: Expr) -> Row:
        if node not in made:
            made[node] = fresh(node)
        return made[node]

    def fresh(node: Expr) -> Row:
        if node.op == "symbol":
            return row if node.name == "x" else (mp.mpf(arguments[node.name]),)
        if node.op == "constant":
            return (mp.mpf(node.number),)
        if node.op == "where":
            condition = at(node.args[0])
            branches = {taken: at(node.args[1 if taken else 2]) for taken in set(condition)}
            width = max(map(len, (condition, *branches.values())))
            return tuple(_pick(branches[_pick(condition, k)], k) for k in range(width))
        if node.op in ALONG_AXIS:
            return ALONG_AXIS[node.op](*(at(arg) for arg in reversed(node.args)))
        if node.op == "join":
            return tuple(a for arg in node.args for a in _spread(at(arg), len(row)))
        operands = [at(arg) for arg in node.args]
        width = max(map(len, operands))
        return tuple(ELEMENTWISE[node.op](*(_pick(o, k) for o in operands)) for k in range(width))

    return at(expr)


def _spread(row: Row, width: int) -> Row:
    return row * width if len(row) == 1 else row


def _pick(row: Sequence[Any], at: int) -> Any:
    return row[at] if len(row) > 1 else row[0]


@lru_cache(maxsize=4096)
def _program(expr: Expr) -> tuple[tuple[str, Any, tuple[int, ...]], ...]:
    """The formula as steps (operation, number or name or function, the steps it takes), operands first."""
    nodes = list(walk(expr))
    at = {node: k for k, node in enumerate(nodes)}
    own = {"symbol": lambda node: node.name, "constant": lambda node: mp.mpf(node.number), "where": lambda node: None}
    return tuple(
        (node.op, own[node.op](node) if node.op in own else ELEMENTWISE[node.op], tuple(at[arg] for arg in node.args))
        for node in nodes
    )


def _scalar(expr: Expr, x: Real, arguments: Mapping[str, float | Real]) -> Real:
    """The formula at one point, at the working precision."""
    steps = _program(expr)
    made: list[Any] = [None] * len(steps)

    def at(k: int) -> Any:
        if made[k] is None:
            op, own, operands = steps[k]
            if op == "where":
                made[k] = at(operands[1] if at(operands[0]) else operands[2])
            elif op == "symbol":
                made[k] = x if own == "x" else mp.mpf(arguments[own])
            else:
                made[k] = own if op == "constant" else own(*map(at, operands))
        return made[k]

    return at(len(steps) - 1)


def value(expr: Expr, x: float | Real, arguments: Mapping[str, float] | None = None, digits: int = DIGITS) -> Real:
    """The formula at one finite point, correct to `digits` decimal digits of its intermediate results."""
    if digits == mp.dps:  # most calls: changing the precision costs as much as an operation
        return _scalar(expr, mp.mpf(x), arguments or {})
    with mp.workdps(digits):
        return _scalar(expr, mp.mpf(x), arguments or {})


def row_value(expr: Expr, row: Sequence[float], arguments: Mapping[str, float] | None = None) -> tuple[Real, ...]:
    """An along-axis formula on one row of numbers; -inf is allowed. ValueError for a row of an unsuitable length."""
    found = _evaluate(expr, tuple(map(mp.mpf, row)), arguments or {})
    return found if is_along_axis(expr) else _spread(found, len(row))


@lru_cache(maxsize=4096)
def _magnitude(number: Real) -> int:
    """The decimal exponent of a positive number; every function is asked at the same points."""
    return int(mp.floor(mp.log10(number)))


def surrogate(expr: Expr) -> Expr:
    """The formula whose slope counts: of every straight-through step, the stand-in."""
    made: dict[Expr, Expr] = {}
    for node in walk(expr):
        parts = tuple(made[arg] for arg in node.args)
        made[node] = parts[1] if node.op == "straight" else Expr(node.op, parts, node.name, node.number)
    return made[expr]


def derivative(
    expr: Expr,
    x: float | Real,
    order: int = 1,
    arguments: Mapping[str, float] | None = None,
    kinks: Sequence[Real] = (),
) -> Real:
    """The derivative at one finite point as the limit of the *value*: a central difference at high precision.

    kinks: places the difference must not step over; a point that lies on one is refused with ValueError, because
    there the slope is a choice and not a limit.
    """
    here = mp.mpf(x)
    if here in kinks:
        raise ValueError(f"at the kink {mp.nstr(here, 17)} the slope is a choice; ask the entry for it")
    scale = min([mp.one, abs(here) or mp.one, *(abs(here - place) for place in kinks)])
    below = _STEP - _magnitude(scale)
    above = max(0, _magnitude(abs(here) + 1))
    found = _difference(expr, here, order, arguments or {}, digits=(below, above))
    if abs(found) < mp.mpf(10) ** (-below // 2) and abs(found) > 0:
        # a difference that shrinks with its step is no slope: the limit is 0
        finer = _difference(expr, here, order, arguments or {}, digits=(below + 1, above))
        if abs(finer) < abs(found) / 5:
            return mp.zero
    return found


def _difference(expr: Expr, here: Real, order: int, arguments: Mapping[str, float], *, digits: tuple[int, int]) -> Real:
    """The central difference at enough digits to survive its own cancellation, and at enough size.

    digits: those of the step, 10^-digits[0], and those of the point before the decimal point.
    """
    found = _sized_difference(expr, here, order, arguments, digits)
    if not mp.isnan(found):
        return found
    mp.huge = HUGER
    try:
        return _sized_difference(expr, here, order, arguments, digits)
    finally:
        mp.huge = HUGE


def _sized_difference(
    expr: Expr, here: Real, order: int, arguments: Mapping[str, float], digits: tuple[int, int]
) -> Real:
    below, above = digits
    found = mp.nan
    for tail in _TAILS:
        with mp.workdps(tail + order * (below + above)):
            step = mp.mpf(10) ** -below
            shifts = [(mp.mpf(order) / 2 - k) * step for k in range(order + 1)]
            seen = [_scalar(expr, here + shift, arguments) for shift in shifts]
            total = mp.fsum((-1) ** k * math.comb(order, k) * y for k, y in enumerate(seen))
            found = total / step**order
            # what is left after the cancellation has 20 digits or more
            if abs(total) > max(map(abs, seen)) * mp.mpf(10) ** (20 - tail - order * (below + above)):
                break
    return found


def jacobian(expr: Expr, row: Sequence[float], arguments: Mapping[str, float] | None = None) -> list[list[Real]]:
    """For an along-axis formula: entry [i][k] is the derivative of output i by input k, as a limit of the value."""
    columns: list[list[Real]] = []
    with mp.workdps(_TAILS[-1] + _STEP):
        step = mp.mpf(10) ** -_STEP
        for k, here in enumerate(row):
            if math.isinf(here):
                columns.append([mp.zero] * len(_evaluate(expr, tuple(map(mp.mpf, row)), arguments or {})))
                continue
            shifted = [
                _evaluate(expr, tuple(mp.mpf(a) + (s if j == k else 0) for j, a in enumerate(row)), arguments or {})
                for s in (step / 2, -step / 2)
            ]
            pairs = list(zip(*shifted, strict=True))
            columns.append([(a - b) / step if mp.isfinite(a) else mp.zero for a, b in pairs])
    return [list(line) for line in zip(*columns, strict=True)]


def limit(expr: Expr, side: int, arguments: Mapping[str, float] | None = None, order: int = 0) -> Real | None:
    """The limit of a derivative (order 0: the value) at +inf (side 1) or -inf (side -1), measured by going far out.

    None where there is none, as for a sine.
    """
    seen = [
        value(expr, side * mp.mpf(x), arguments, 300)
        if order == 0
        else derivative(expr, side * mp.mpf(x), order, arguments)
        for x in _FAR
    ]
    if any(map(mp.isnan, seen)):
        return None
    seen = [y if abs(y) > mp.mpf("1e-200") else mp.zero for y in seen]  # rounding is left over
    sizes, (before, far) = [abs(y) for y in seen], seen[-2:]
    if before == far or (mp.isfinite(far) and abs(far - before) <= abs(far) * mp.mpf("1e-15")):
        return far
    # Each sample but the last, a neighbour, has twice the digits of the one before: even a logarithm doubles. What
    # moves that slowly is the same at the neighbour; anything else is tiny or enormous by now, or a ripple.
    slow = abs(far - before) <= abs(far) / 100
    steps = list(itertools.pairwise(sizes[:-1]))
    if all(b <= a * 4 / 5 for a, b in steps) and (slow or abs(far) < mp.mpf("1e-20")):
        return mp.zero
    if all(b >= a * 5 / 4 for a, b in steps) and (slow or abs(far) > mp.mpf("1e20")):
        return mp.sign(far) * mp.inf if len(set(map(mp.sign, seen))) == 1 else None
    return None


# Where none of these takes part, a formula is a composition of analytic functions and cannot bend or jump.
_BENDS = frozenset(("abs", "sign", "maximum", "minimum", "where", "lt", "le", "gt", "ge", "softsign")) | {
    *("sqrt", "power", "hypot", "ramp", "log", "log1p", "div")  # at the edge of their domain
}


def may_bend(expr: Expr) -> bool:
    """Whether value, slope or curvature could jump anywhere, judged by the operations the formula is made of."""
    return any(node.op in _BENDS and not _harmless(node) for node in walk(expr))


def _harmless(node: Expr) -> bool:
    """A whole power, or a division by what does not depend on x."""
    if node.op == "power":
        exponent = node.args[1]
        return exponent.op == "constant" and exponent.number >= 0 and exponent.number == int(exponent.number)
    return node.op == "div" and "x" not in node.args[1].symbols


def jumps(
    f: Callable[[Real], Real], *, low: float = -12.0, high: float = 12.0, cells: int = 1201, watch: int = 6
) -> tuple[list[float], list[float], list[float]]:
    """Where value, slope and curvature of `f` jump between `low` and `high`; a jump of one is a jump of the next.

    The third difference over a step h shrinks like h^3 where f is smooth, like h^2 where the curvature jumps and more
    slowly at worse places; the `watch` most suspicious cells are zoomed into until these cannot be confused.
    """
    step = (mp.mpf(high) - low) / cells
    grid = [f(low + k * step) for k in range(cells + 1)]
    bends = [abs(d) for d in _differences(grid, 3)]
    # most cells lie below a neighbour: only the others are held against their surroundings
    steep = (k for k, bend in enumerate(bends) if bend and bend >= max(bends[max(0, k - 1) : k + 2]))
    peaks = [k for k in steep if bends[k] >= max(bends[max(0, k - 3) : k + 4])]
    found: tuple[list[float], list[float], list[float]] = ([], [], [])
    for k in sorted(peaks, key=lambda k: bends[k], reverse=True)[:watch]:
        start, width, bend, zoom = low + k * step, 3 * step, mp.inf, grid[k : k + 4]
        least = _JUMP * max(1, *map(abs, zoom))
        while width > mp.mpf("1e-12") and bend > least:
            fine = width / 24
            zoom = [f(start + j * fine) for j in range(25)]
            thirds = [abs(d) for d in _differences(zoom, 3)]
            best = max(range(len(thirds)), key=thirds.__getitem__)
            bend, start, width = thirds[best] / fine**2, start + best * fine, 3 * fine
        place, fine = float(start + width / 2), width / 3
        for order, places in enumerate(found):
            height = max(abs(d) for d in _differences(zoom, order + 1)) / fine**order
            if height > least and bend > least and all(abs(place - other) > 1e-6 for other in places):
                places.append(place)
    return found


def _differences(values: list[Real], order: int) -> list[Real]:
    for _ in range(order):
        values = [b - a for a, b in itertools.pairwise(values)]
    return values
