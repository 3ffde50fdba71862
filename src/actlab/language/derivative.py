"""Differentiation: one row per primitive, by the chain rule over the formula (never over a program).

A `where` differentiates to a `where`, so the branch that is not taken cannot poison a slope. Products of a
vanishing slope with an inner slope are built with `damp`, so `0 * overflow` is 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from .expr import Expr, walk
from .operations import (
    ONE,
    ZERO,
    bessel,
    block_total,
    cos,
    cosh,
    damp,
    exp,
    hypot,
    join,
    log,
    maximum,
    mean,
    phi,
    sigmoid,
    sigmoid_slope,
    sign,
    sin,
    sinh,
    softmax,
    tanh,
    tanh_slope,
    total,
    where,
)

# Each row receives the node's operands and their derivatives and returns the node's derivative.
_Row = Callable[[Expr, tuple[Expr, ...], tuple[Expr, ...]], Expr]


def _chain(slope: Callable[[Expr], Expr]) -> _Row:
    """Unary primitive whose slope does not vanish faster than its argument can grow."""
    return lambda node, a, d: slope(a[0]) * d[0]


def _vanishing(slope: Callable[[Expr], Expr]) -> _Row:
    """Unary primitive whose slope reaches 0: the zero wins over a large inner slope."""
    return lambda node, a, d: damp(slope(a[0]), d[0])


def _product(node: Expr, a: tuple[Expr, ...], d: tuple[Expr, ...]) -> Expr:
    return d[0] * a[1] + a[0] * d[1]


def _damped_product(node: Expr, a: tuple[Expr, ...], d: tuple[Expr, ...]) -> Expr:
    first = ZERO if d[0] is ZERO else damp(d[0], a[1])
    second = ZERO if d[1] is ZERO else damp(a[0], d[1])
    return first + second


def _quotient(node: Expr, a: tuple[Expr, ...], d: tuple[Expr, ...]) -> Expr:
    if d[1] is ZERO:
        return d[0] / a[1]
    # d0/b - (a/b)(d1/b): no square of b, so nothing overflows before the quotient does; where a/b has died out
    # both d1 and b may be infinite
    return d[0] / a[1] - damp(node, d[1] / a[1])


def _power(node: Expr, a: tuple[Expr, ...], d: tuple[Expr, ...]) -> Expr:
    base, exponent = a
    through_base = ZERO if d[0] is ZERO else exponent * base ** (exponent - 1) * d[0]
    through_exponent = ZERO if d[1] is ZERO else where(base > 0, node * log(base), ZERO) * d[1]
    return through_base + through_exponent


def _hypot(node: Expr, a: tuple[Expr, ...], d: tuple[Expr, ...]) -> Expr:
    return a[0] / node * d[0] + a[1] / node * d[1]


def _linear(operation: Callable[[Expr], Expr], d: Expr) -> Expr:
    return ZERO if d is ZERO else operation(d)


def _root_mean_square(node: Expr, a: Expr, d: Expr) -> Expr:
    # a row of zeros has a kink there; its slope is 0
    return ZERO if d is ZERO else where(node > 0, mean(a / where(node > 0, node, ONE) * d), ZERO)


def _unit(node: Expr, a: tuple[Expr, ...], d: tuple[Expr, ...]) -> Expr:
    if d[0] is ZERO:
        return ZERO
    length = total(node * a[0])
    return where(length > 0, (d[0] - node * total(node * d[0])) / where(length > 0, length, ONE), ZERO)


def _excess(node: Expr, a: tuple[Expr, ...], d: tuple[Expr, ...]) -> Expr:
    # differentiating sum (b - t)^p = 1 over the places where b > t gives the slope of t
    kept = where(node > 0, node, ONE)
    weight = where(node > 0, kept ** (a[0] - 1), ZERO)
    by_row = where(node > 0, d[1] - total(weight * d[1]) / total(weight), ZERO) if d[1] is not ZERO else ZERO
    if d[0] is ZERO:
        return by_row
    entropy = total(where(node > 0, kept ** a[0] * log(kept), ZERO))
    return by_row + where(node > 0, -entropy / (a[0] * total(weight)), ZERO) * d[0]


def _share(node: Expr, a: tuple[Expr, ...], d: tuple[Expr, ...]) -> Expr:
    inside = where(node > 0, where(node < 1, ONE, ZERO), ZERO)
    count = total(inside)
    level = (total(inside * d[1]) - d[0]) / maximum(count, ONE)
    return inside * (d[1] - level)


def _bessel_slope(order: int, u: Expr) -> Expr:
    # Abramowitz & Stegun 10.1.20
    if order == 0:
        return -bessel(1, u)
    return (order * bessel(order - 1, u) - (order + 1) * bessel(order + 1, u)) / (2 * order + 1)


DERIVATIVES: dict[str, _Row] = {
    "add": lambda node, a, d: d[0] + d[1],
    "sub": lambda node, a, d: d[0] - d[1],
    "mul": _product,
    "damp": _damped_product,
    "div": _quotient,
    "neg": lambda node, a, d: -d[0],
    "power": _power,
    "hypot": _hypot,
    "hypotm1": lambda node, a, d: a[0] / hypot(a[0], 1) * d[0],
    "ramp": lambda node, a, d: node / hypot(*a) * d[0] + a[1] / hypot(*a) / 2 * d[1],
    "abs": _chain(sign),
    "sign": lambda node, a, d: ZERO,
    "maximum": lambda node, a, d: where(a[0] > a[1], d[0], d[1]),
    "minimum": lambda node, a, d: where(a[0] < a[1], d[0], d[1]),
    "where": lambda node, a, d: where(a[0], d[1], d[2]),
    "lt": lambda node, a, d: ZERO,
    "le": lambda node, a, d: ZERO,
    "gt": lambda node, a, d: ZERO,
    "ge": lambda node, a, d: ZERO,
    "sqrt": lambda node, a, d: d[0] / (2 * node),
    "exp": lambda node, a, d: damp(node, d[0]),
    "expm1": _vanishing(exp),
    "log": lambda node, a, d: d[0] / a[0],
    "log1p": lambda node, a, d: d[0] / (1 + a[0]),
    "sigmoid": _vanishing(sigmoid_slope),
    "sigmoid_slope": lambda node, a, d: -damp(node, tanh(a[0] / 2) * d[0]),
    "log_sigmoid": _vanishing(lambda u: sigmoid(-u)),
    "softplus": _vanishing(sigmoid),
    "tanh": _vanishing(tanh_slope),
    "tanh_slope": lambda node, a, d: -damp(node, 2 * tanh(a[0]) * d[0]),
    "sinh": _chain(cosh),
    "cosh": _chain(sinh),
    "sech": lambda node, a, d: -damp(node, tanh(a[0]) * d[0]),
    "log_cosh": _chain(tanh),
    "softsign": lambda node, a, d: (1 / (1 + abs(a[0]))) ** 2 * d[0],
    "erf": _vanishing(lambda u: 2 * math.sqrt(2) * phi(math.sqrt(2) * u)),
    "Phi": _vanishing(phi),
    "phi": lambda node, a, d: -damp(node, a[0] * d[0]),
    "probit": lambda node, a, d: d[0] / phi(node),
    "sin": _chain(cos),
    "cos": _chain(lambda u: -sin(u)),
    "atan": lambda node, a, d: d[0] / (1 + a[0] ** 2),
    "asinh": lambda node, a, d: d[0] / hypot(1, a[0]),
    "bessel": lambda node, a, d: _bessel_slope(int(a[0].number), a[1]) * d[1],
    "straight": lambda node, a, d: d[1],
    "total": lambda node, a, d: _linear(total, d[0]),
    "mean": lambda node, a, d: _linear(mean, d[0]),
    "rms": lambda node, a, d: _root_mean_square(node, a[0], d[0]),
    "unit": _unit,
    "softmax": lambda node, a, d: node * (d[0] - total(node * d[0])),
    "log_softmax": lambda node, a, d: d[0] - total(softmax(a[0]) * d[0]),
    "logsumexp": lambda node, a, d: _linear(lambda u: total(softmax(a[0]) * u), d[0]),
    "excess": _excess,
    "share": _share,
    "winners": lambda node, a, d: ZERO,
    "block_winners": lambda node, a, d: ZERO,
    "block_total": lambda node, a, d: _linear(lambda u: block_total(a[0], u), d[1]),
    "join": lambda node, a, d: join(d[0], d[1]),
}


def derivative(expr: Expr, name: str = "x", seed: Expr = ONE) -> Expr:
    """The derivative of `expr` with respect to the symbol `name`.

    `seed` is the derivative of that symbol itself: 1, or a direction `t` for along-axis formulas, where the
    result is the Jacobian applied to `t`.
    """
    made: dict[Expr, Expr] = {}
    for node in walk(expr):
        if name not in node.symbols:
            made[node] = ZERO
        elif node.op == "symbol":
            made[node] = seed
        else:
            made[node] = DERIVATIVES[node.op](node, node.args, tuple(made[arg] for arg in node.args))
    return made[expr]


def nth_derivative(expr: Expr, order: int, name: str = "x") -> Expr:
    """The derivative of the given order; order 0 is the expression itself."""
    for _ in range(order):
        expr = derivative(expr, name)
    return expr
