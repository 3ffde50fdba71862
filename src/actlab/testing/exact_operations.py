"""The primitives at 60 digits in mpmath: what the oracle's formulas are made of, one line or a short function each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

from mpmath import MPContext  # pyright: ignore[reportMissingTypeStubs]

DIGITS = 60
# bits: e to the power of -2**64 is 0 and of 2**64 infinite; but where that leaves nothing but the difference of two
# infinities, exponents are kept as far as they go
HUGE, HUGER = 64, 8192

mp: Any = MPContext()  # a context of our own: the precision of mpmath.mp stays untouched
mp.dps = DIGITS
mp.huge = HUGE
Real = Any  # an mpf of that context
Row = tuple[Real, ...]


def _exp(a: Real) -> Real:
    if mp.isnan(a):
        return a
    if mp.isinf(a) or mp.mag(a) > mp.huge:
        return mp.inf if a > 0 else mp.zero
    return mp.exp(a)


def _tanh(a: Real) -> Real:
    return mp.sign(a) if mp.isinf(a) or (a and mp.mag(a) > HUGE) else mp.tanh(a)


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


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "damp": lambda a, b: a if a == 0 else a * b,
    "div": _divide,
    "neg": lambda a: -a,
    "power": _power,
    "hypot": lambda a, b: mp.sqrt(a * a + b * b),
    "hypotm1": lambda a: a * a / (mp.sqrt(a * a + 1) + 1),
    "ramp": lambda a, b: (a + mp.sqrt(a * a + b * b)) / 2 if a > 0 else b * b / (2 * (mp.sqrt(a * a + b * b) - a)),
    "abs": abs,
    "sign": mp.sign,
    "maximum": lambda a, b: a if a > b or mp.isnan(a) else b,
    "minimum": lambda a, b: a if a < b or mp.isnan(a) else b,
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
    "probit": lambda a: mp.sqrt(2) * mp.erfinv(2 * a - 1) if 0 < a < 1 else mp.nan,
    "sin": mp.sin,
    "cos": mp.cos,
    "atan": mp.atan,
    "asinh": mp.asinh,
    "bessel": _bessel,
    "straight": lambda a, b: a,
}


def _softmax(row: Row) -> Row:
    top = max(row)
    if top == -mp.inf:
        return tuple(mp.zero for _ in row)
    weights = [_exp(a - top) for a in row]
    return tuple(w / mp.fsum(weights) for w in weights)


def _log_softmax(row: Row) -> Row:
    top = max(row)
    if top == -mp.inf:
        return row
    at = row.index(top)
    rest = mp.fsum(_exp(a - top) for k, a in enumerate(row) if k != at)
    return tuple(a - top - mp.log1p(rest) for a in row)


def _rms(row: Row) -> Row:
    return (mp.sqrt(mp.fsum(a * a for a in row) / len(row)),)


def _unit(row: Row) -> Row:
    length = mp.sqrt(mp.fsum(a * a for a in row))
    return tuple(a / length if length else mp.zero for a in row)


def _excess(row: Row, power: Row) -> Row:
    # by sorting: with the k largest taking part, the k-th must still stand above the level that they agree on
    p, top = power[0], max(row)
    if any(map(mp.isnan, row)) or top == mp.inf:
        return tuple(mp.nan for _ in row)
    if top == -mp.inf:
        return tuple(mp.zero for _ in row)
    row = tuple(a - top for a in row)  # seen from the largest: 1 beside 1e300 would leave no digit
    ranked = sorted((a for a in row if mp.isfinite(a)), reverse=True)

    def surplus(t: Real, k: int) -> Real:
        return mp.fsum((a - t) ** p for a in ranked[:k] if a > t) - 1

    k = max(n for n in range(1, len(ranked) + 1) if surplus(ranked[n - 1], n) < 0)
    low, high = -mp.one, ranked[k - 1]  # the level lies between
    t = _root(lambda t: surplus(t, k), low, high, lambda t: -p * mp.fsum((a - t) ** (p - 1) for a in ranked[:k]))
    return tuple(max(a - t, mp.zero) for a in row)


def _root(f: Callable[[Real], Real], low: Real, high: Real, slope: Callable[[Real], Real]) -> Real:
    """The root of a falling function between two places: Newton's method inside a bracket, to the working precision."""
    t = low
    for _ in range(20 * mp.prec):
        y = f(t)
        if y == 0:
            return t
        low, high = (t, high) if y > 0 else (low, t)
        guess = t - y / slope(t)
        following = guess if low < guess < high else (low + high) / 2
        if abs(following - t) <= mp.eps * max(abs(following), mp.mpf("1e-40")) or high - low <= mp.eps * abs(high):
            return following
        t = following
    return t


def _share(row: Row, budget: Row) -> Row:
    if any(map(mp.isnan, row)) or max(row) == mp.inf:
        return tuple(mp.nan for _ in row)
    row = tuple(a - max(row) if mp.isfinite(a) else a for a in row)
    b, finite = budget[0], [a for a in row if mp.isfinite(a)]
    if b >= len(finite):
        return tuple(mp.mpf(mp.isfinite(a)) for a in row)
    # the sum is linear between the places where one of its terms starts or stops growing
    places = sorted({*finite, *(a - 1 for a in finite)}, reverse=True)
    total = lambda t: mp.fsum(min(max(a - t, mp.zero), mp.one) for a in finite)  # noqa: E731
    for above, below in itertools.pairwise([places[0] + 1, *places]):
        if total(below) >= b:
            rise = total(below) - total(above)
            t = above - (b - total(above)) / rise * (above - below) if rise else below
            return tuple(min(max(a - t, mp.zero), mp.one) if mp.isfinite(a) else mp.zero for a in row)
    raise AssertionError("the budget lies below the number of scores")


def _winners(row: Row, count: Row) -> Row:
    k = int(count[0])
    if k > len(row):
        raise ValueError(f"{k} winners among {len(row)}")
    first = sorted(range(len(row)), key=lambda i: (-row[i], i))[:k]
    return tuple(mp.nan if mp.isnan(a) else mp.mpf(i in first) for i, a in enumerate(row))


def _blocks(row: Row, size: Row) -> list[Row]:
    n = int(size[0])
    if len(row) % n:
        raise ValueError(f"{len(row)} values in blocks of {n}")
    return [row[k : k + n] for k in range(0, len(row), n)]


def _block_winners(row: Row, size: Row) -> Row:
    return tuple(y for block in _blocks(row, size) for y in _winners(block, (mp.one,)))


# each takes the row first and then, if the operation has one, its number
ALONG_AXIS: dict[str, Callable[..., Row]] = {
    "total": lambda row: (mp.fsum(row),),
    "mean": lambda row: (mp.fsum(row) / len(row),),
    "rms": _rms,
    "unit": _unit,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "logsumexp": lambda row: (
        (max(row) + mp.log(mp.fsum(_exp(a - max(row)) for a in row)),) if mp.isfinite(max(row)) else (max(row),)
    ),
    "excess": _excess,
    "share": _share,
    "winners": _winners,
    "block_winners": _block_winners,
    "block_total": lambda row, size: tuple(mp.fsum(block) for block in _blocks(row, size)),
}

# what the oracle can judge; `where` decides which branch is evaluated at all
KNOWN = frozenset((*ELEMENTWISE, *ALONG_AXIS, "where", "join"))
