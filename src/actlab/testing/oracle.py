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

from mpmath import MPContext  # pyright: ignore[reportMissingTypeStubs]

from ..language import Expr, walk

DIGITS = 60
_STEP = 30  # decimal digits of the difference step below the scale of the point: its error is h^2, 1e-60
_TAILS = (60, 320)  # digits beyond the step; 320 let a slope of 1e-300 be seen beside a value of order 1
# bits: e to the power of -2**64 is 0 and of 2**64 infinite; but where that leaves nothing but the difference of two
# infinities, exponents are kept as far as they go
_HUGE, _HUGER = 64, 8192
_JUMP = 1e-6  # a smaller jump of value, slope or curvature, or one smaller than this part of the value, is none
_FAR = ("3e40", "7e80", "5e160", "2e320", "9e640", "1.3e641")  # where limits are read off

mp: Any = MPContext()  # a context of our own: the precision of mpmath.mp stays untouched
mp.dps = DIGITS
mp.huge = _HUGE
Real = Any  # an mpf of that context
_Row = tuple[Real, ...]


def _exp(a: Real) -> Real:
    if mp.isnan(a):
        return a
    if mp.isinf(a) or mp.mag(a) > mp.huge:
        return mp.inf if a > 0 else mp.zero
    return mp.exp(a)


def _tanh(a: Real) -> Real:
    return mp.sign(a) if mp.isinf(a) or (a and mp.mag(a) > _HUGE) else mp.tanh(a)


def _ndtr(a: Real) -> Real:
    # beyond a million the tail has 2e11 zeros
    return mp.mpf(a > 0) if abs(a) > 10**6 else mp.erfc(-a / mp.sqrt(2)) / 2


def _divide(a: Real, b: Real) -> Real:
    if b == 0:
        return mp.nan if a == 0 or mp.isnan(a) else mp.sign(a) * mp.inf
    return a / b


def _power(a: Real, b: Real) -> Real:
    if a < 0 and not mp.isint(b):
        return mp.nan
    if a == 0 and b < 0:
        return mp.inf
    return a**b


def _bessel(order: Real, a: Real) -> Real:
    n = int(order)
    if abs(a) < 1:
        double_factorial = math.prod(range(2 * n + 1, 0, -2))
        return a**n / double_factorial * mp.hyp0f1(mp.mpf(2 * n + 3) / 2, -a * a / 4)
    low, high = mp.sin(a) / a, (mp.sin(a) / a - mp.cos(a)) / a
    for k in range(1, n):
        low, high = high, (2 * k + 1) / a * high - low
    return low if n == 0 else high


_ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "damp": lambda a, b: a if a == 0 else a * b,
    "div": _divide,
    "neg": lambda a: -a,
    "power": _power,
    "hypot": lambda a, b: mp.sqrt(a * a + b * b),
    "hypotm1": lambda a: a * a / (mp.sqrt(a * a + 1) + 1),
    "abs": abs,
    "sign": mp.sign,
    "maximum": lambda a, b: a if a > b else b,
    "minimum": lambda a, b: a if a < b else b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "sqrt": lambda a: mp.nan if a < 0 else mp.sqrt(a),
    "exp": _exp,
    "expm1": lambda a: mp.expm1(a) if abs(a) < 1 else _exp(a) - 1,
    "log": lambda a: mp.nan if a < 0 else mp.log(a),
    "log1p": lambda a: mp.nan if a < -1 else mp.log1p(a),
    "sigmoid": lambda a: 1 / (1 + _exp(-a)),
    "sigmoid_slope": lambda a: 1 / (_exp(a / 2) + _exp(-a / 2)) ** 2,
    "log_sigmoid": lambda a: a - mp.log1p(_exp(a)) if a < 0 else -mp.log1p(_exp(-a)),
    "softplus": lambda a: mp.log1p(_exp(a)) if a < 0 else a + mp.log1p(_exp(-a)),
    "tanh": _tanh,
    "tanh_slope": lambda a: 4 / (_exp(a) + _exp(-a)) ** 2,
    "sinh": lambda a: mp.sinh(a) if abs(a) < 1 else (_exp(a) - _exp(-a)) / 2,
    "cosh": lambda a: (_exp(a) + _exp(-a)) / 2,
    "sech": lambda a: 2 / (_exp(a) + _exp(-a)),
    "log_cosh": lambda a: (
        mp.log1p(2 * mp.sinh(a / 2) ** 2) if abs(a) < 1 else abs(a) + mp.log1p(_exp(-2 * abs(a))) - mp.ln2
    ),
    "softsign": lambda a: a / (1 + abs(a)),
    "erf": lambda a: mp.sign(a) if abs(a) > 10**6 else mp.erf(a),
    "Phi": _ndtr,
    "phi": lambda a: _exp(-a * a / 2) / mp.sqrt(2 * mp.pi),
    "sin": mp.sin,
    "cos": mp.cos,
    "atan": mp.atan,
    "asinh": mp.asinh,
    "bessel": _bessel,
}


def _softmax(row: _Row) -> _Row:
    top = max(row)
    if top == -mp.inf:
        return tuple(mp.zero for _ in row)
    weights = [_exp(a - top) for a in row]
    return tuple(w / mp.fsum(weights) for w in weights)


def _log_softmax(row: _Row) -> _Row:
    top = max(row)
    if top == -mp.inf:
        return row
    at = row.index(top)
    rest = mp.fsum(_exp(a - top) for k, a in enumerate(row) if k != at)
    return tuple(a - top - mp.log1p(rest) for a in row)


_ALONG_AXIS: dict[str, Callable[[_Row], _Row]] = {
    "total": lambda row: (mp.fsum(row),),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
}

# what the oracle can judge; `where` decides which branch is evaluated at all
KNOWN = frozenset((*_ELEMENTWISE, *_ALONG_AXIS, "where"))


def _evaluate(expr: Expr, row: _Row, arguments: Mapping[str, float | Real]) -> _Row:
    made: dict[Expr, _Row] = {}

    def at(node: Expr) -> _Row:
        if node not in made:
            made[node] = fresh(node)
        return made[node]

    def fresh(node: Expr) -> _Row:
        if node.op == "symbol":
            return row if node.name == "x" else (mp.mpf(arguments[node.name]),)
        if node.op == "constant":
            return (mp.mpf(node.number),)
        if node.op == "where":
            condition = at(node.args[0])
            branches = {taken: at(node.args[1 if taken else 2]) for taken in set(condition)}
            width = max(map(len, (condition, *branches.values())))
            return tuple(_pick(branches[_pick(condition, k)], k) for k in range(width))
        if node.op in _ALONG_AXIS:
            return _ALONG_AXIS[node.op](at(node.args[0]))
        operands = [at(arg) for arg in node.args]
        width = max(map(len, operands))
        return tuple(_ELEMENTWISE[node.op](*(_pick(o, k) for o in operands)) for k in range(width))

    return at(expr)


def _pick(row: Sequence[Any], at: int) -> Any:
    return row[at] if len(row) > 1 else row[0]


@lru_cache(maxsize=4096)
def _program(expr: Expr) -> tuple[tuple[str, Any, tuple[int, ...]], ...]:
    """The formula as steps (operation, number or name or function, the steps it takes), operands first."""
    nodes = list(walk(expr))
    at = {node: k for k, node in enumerate(nodes)}
    own = {"symbol": lambda node: node.name, "constant": lambda node: mp.mpf(node.number), "where": lambda node: None}
    return tuple(
        (node.op, own[node.op](node) if node.op in own else _ELEMENTWISE[node.op], tuple(at[arg] for arg in node.args))
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
    with mp.workdps(digits):
        return _scalar(expr, mp.mpf(x), arguments or {})


def row_value(expr: Expr, row: Sequence[float], arguments: Mapping[str, float] | None = None) -> tuple[Real, ...]:
    """An along-axis formula on one row of numbers; -inf is allowed."""
    found = _evaluate(expr, tuple(map(mp.mpf, row)), arguments or {})
    return tuple(_pick(found, k) for k in range(len(row)))


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
    below = _STEP - int(mp.floor(mp.log10(scale)))
    above = max(0, int(mp.log10(abs(here) + 1)))
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
    mp.huge = _HUGER
    try:
        return _sized_difference(expr, here, order, arguments, digits)
    finally:
        mp.huge = _HUGE


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
                columns.append([mp.zero] * len(row))
                continue
            shifted = [
                _evaluate(expr, tuple(mp.mpf(a) + (s if j == k else 0) for j, a in enumerate(row)), arguments or {})
                for s in (step / 2, -step / 2)
            ]
            pairs = [[_pick(found, i) for found in shifted] for i in range(len(row))]
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
    *("sqrt", "power", "hypot", "log", "log1p", "div")  # at the edge of their domain
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
    peaks = [k for k, bend in enumerate(bends) if bend and bend >= max(bends[max(0, k - 3) : k + 4])]
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
