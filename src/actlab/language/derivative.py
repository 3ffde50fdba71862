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
    cos,
    cosh,
    damp,
    exp,
    hypot,
    log,
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
    "sin": _chain(cos),
    "cos": _chain(lambda u: -sin(u)),
    "atan": lambda node, a, d: d[0] / (1 + a[0] ** 2),
    "asinh": lambda node, a, d: d[0] / hypot(1, a[0]),
    "bessel": lambda node, a, d: _bessel_slope(int(a[0].number), a[1]) * d[1],
    "total": lambda node, a, d: ZERO if d[0] is ZERO else total(d[0]),
    "softmax": lambda node, a, d: node * (d[0] - total(node * d[0])),
    "log_softmax": lambda node, a, d: d[0] - total(softmax(a[0]) * d[0]),
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
