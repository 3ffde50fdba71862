"""The primitives: one row each, and the functions formulas are written with.

The choice makes the textbook line the stable line: `x * Phi(x)` keeps every digit of the left tail where
`0.5 * x * (1 + erf(x / sqrt(2)))` loses all of them below -5.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from .expr import Expr, Operand, choose, constant, is_number, lift, mul, neg, signs, walk


class Operation(NamedTuple):
    """A row of the table: how many operands, where it is defined, what it means."""

    arity: int
    domain: str
    meaning: str
    bounded: bool = False  # its values stay within a fixed interval
    along_axis: bool = False  # each of its values depends on a whole row


OPERATIONS: dict[str, Operation] = {
    # arithmetic
    "add": Operation(2, "all", "a + b"),
    "sub": Operation(2, "all", "a - b"),
    "mul": Operation(2, "all", "a b"),
    "damp": Operation(2, "all", "a b, and 0 wherever a is 0 however large b is"),
    "div": Operation(2, "b != 0", "a / b"),
    "neg": Operation(1, "all", "-a"),
    "power": Operation(2, "a > 0, or b an integer", "a to the power b"),
    "hypot": Operation(2, "all", "sqrt(a^2 + b^2) without overflow"),
    "hypotm1": Operation(1, "all", "sqrt(a^2 + 1) - 1, exact near 0"),
    "ramp": Operation(2, "all", "(a + sqrt(a^2 + b^2))/2, exact for negative a"),
    # pieces
    "abs": Operation(1, "all", "|a|"),
    "sign": Operation(1, "all", "-1, 0 or 1", bounded=True),
    "maximum": Operation(2, "all", "the larger; at a tie the slope of b"),
    "minimum": Operation(2, "all", "the smaller; at a tie the slope of b"),
    "where": Operation(3, "all", "b where a holds, else c"),
    "lt": Operation(2, "all", "a < b", bounded=True),
    "le": Operation(2, "all", "a <= b", bounded=True),
    "gt": Operation(2, "all", "a > b", bounded=True),
    "ge": Operation(2, "all", "a >= b", bounded=True),
    # roots, powers of e, logarithms
    "sqrt": Operation(1, "a >= 0", "square root"),
    "exp": Operation(1, "all", "e^a"),
    "expm1": Operation(1, "all", "e^a - 1, exact near 0"),
    "log": Operation(1, "a > 0", "natural logarithm"),
    "log1p": Operation(1, "a > -1", "log(1 + a), exact near 0"),
    # sigmoids
    "sigmoid": Operation(1, "all", "1 / (1 + e^-a)", bounded=True),
    "log_sigmoid": Operation(1, "all", "log of the sigmoid"),
    "softplus": Operation(1, "all", "log(1 + e^a)"),
    "sigmoid_slope": Operation(1, "all", "sigmoid(a) sigmoid(-a), exact in both tails", bounded=True),
    "tanh": Operation(1, "all", "hyperbolic tangent", bounded=True),
    "tanh_slope": Operation(1, "all", "1 - tanh^2(a), exact in both tails", bounded=True),
    "sinh": Operation(1, "all", "hyperbolic sine"),
    "cosh": Operation(1, "all", "hyperbolic cosine"),
    "sech": Operation(1, "all", "1 / cosh(a)", bounded=True),
    "log_cosh": Operation(1, "all", "log(cosh(a)), exact near 0 and without overflow"),
    "softsign": Operation(1, "all", "a / (1 + |a|)", bounded=True),
    "erf": Operation(1, "all", "error function", bounded=True),
    "Phi": Operation(1, "all", "standard normal distribution function, exact in the left tail", bounded=True),
    "phi": Operation(1, "all", "standard normal density", bounded=True),
    "probit": Operation(1, "0 < a < 1", "the number below which a standard normal variable lies with probability a"),
    # circular and inverse functions
    "sin": Operation(1, "all", "sine", bounded=True),
    "cos": Operation(1, "all", "cosine", bounded=True),
    "atan": Operation(1, "all", "arc tangent", bounded=True),
    "asinh": Operation(1, "all", "inverse hyperbolic sine"),
    "bessel": Operation(
        2, "a a whole number from 0", "spherical Bessel function j_a(b); j_0 is sin(b)/b", bounded=True
    ),
    # slopes that are not those of the value
    "straight": Operation(2, "all", "a, with the slope of b in place of its own"),
    # along an axis
    "total": Operation(1, "all", "sum along the axis", along_axis=True),
    "mean": Operation(1, "all", "mean along the axis", along_axis=True),
    "rms": Operation(1, "all", "root of the mean square along the axis, without overflow", along_axis=True),
    "unit": Operation(1, "all", "a over its Euclidean length along the axis; 0 in a row of 0", True, True),
    "softmax": Operation(1, "all", "e^a over its sum along the axis; 0 in a row of -inf", True, True),
    "log_softmax": Operation(1, "all", "logarithm of softmax, without overflow", along_axis=True),
    "logsumexp": Operation(1, "all", "logarithm of the sum of e^a along the axis", along_axis=True),
    "excess": Operation(
        2, "a > 0", "max(b - t, 0) with the t that makes its a-th powers sum to 1 along the axis", True, True
    ),
    "share": Operation(
        2, "a > 0", "min(max(b - t, 0), 1) with the t that makes it sum to a along the axis", True, True
    ),
    "winners": Operation(
        2, "a a whole number from 1", "1 for the a largest along the axis, the first of equals, else 0", True, True
    ),
    "block_winners": Operation(
        2, "a a whole number from 1", "1 for the largest of every a neighbours, the first of equals, else 0", True, True
    ),
    "block_total": Operation(2, "a a whole number from 1", "sum of every a neighbours along the axis", along_axis=True),
    "join": Operation(2, "all", "a, followed along the axis by b", along_axis=True),
}

INFINITY = math.inf
PI = math.pi


def _unary(name: str, value: Operand) -> Expr:
    return Expr(name, (lift(value),))


def sqrt(a: Operand) -> Expr:
    """Square root."""
    return _unary("sqrt", a)


def exp(a: Operand) -> Expr:
    """e to the power a."""
    return _unary("exp", a)


def expm1(a: Operand) -> Expr:
    """e^a - 1, exact near 0."""
    return _unary("expm1", a)


def log(a: Operand) -> Expr:
    """Natural logarithm."""
    return _unary("log", a)


def log1p(a: Operand) -> Expr:
    """log(1 + a), exact near 0."""
    return _unary("log1p", a)


def sigmoid(a: Operand) -> Expr:
    """1 / (1 + e^-a)."""
    return _unary("sigmoid", a)


def log_sigmoid(a: Operand) -> Expr:
    """Logarithm of the sigmoid, exact in both tails."""
    return _unary("log_sigmoid", a)


def softplus(a: Operand) -> Expr:
    """log(1 + e^a), exact in both tails."""
    return _unary("softplus", a)


def tanh(a: Operand) -> Expr:
    """Hyperbolic tangent."""
    return _unary("tanh", a)


def softsign(a: Operand) -> Expr:
    """a / (1 + |a|)."""
    return _unary("softsign", a)


def sigmoid_slope(a: Operand) -> Expr:
    """The slope of the sigmoid, exact in both tails."""
    return _unary("sigmoid_slope", a)


def tanh_slope(a: Operand) -> Expr:
    """The slope of tanh, exact in both tails."""
    return _unary("tanh_slope", a)


def sinh(a: Operand) -> Expr:
    """Hyperbolic sine."""
    return _unary("sinh", a)


def cosh(a: Operand) -> Expr:
    """Hyperbolic cosine."""
    return _unary("cosh", a)


def sech(a: Operand) -> Expr:
    """1 / cosh(a), without overflow."""
    return _unary("sech", a)


def log_cosh(a: Operand) -> Expr:
    """log(cosh(a)), exact near 0 and without overflow."""
    return _unary("log_cosh", a)


def erf(a: Operand) -> Expr:
    """Error function."""
    return _unary("erf", a)


def Phi(a: Operand) -> Expr:
    """Standard normal distribution function."""
    return _unary("Phi", a)


def phi(a: Operand) -> Expr:
    """Standard normal density."""
    return _unary("phi", a)


def probit(a: Operand) -> Expr:
    """Inverse of the standard normal distribution function."""
    return _unary("probit", a)


def sin(a: Operand) -> Expr:
    """Sine."""
    return _unary("sin", a)


def cos(a: Operand) -> Expr:
    """Cosine."""
    return _unary("cos", a)


def atan(a: Operand) -> Expr:
    """Arc tangent."""
    return _unary("atan", a)


def asinh(a: Operand) -> Expr:
    """Inverse hyperbolic sine."""
    return _unary("asinh", a)


def bessel(order: int, a: Operand) -> Expr:
    """Spherical Bessel function of a whole order; closed under differentiation, with no division at 0."""
    return Expr("bessel", (constant(order), lift(a)))


def sinc(a: Operand) -> Expr:
    """sin(a)/a, which is 1 at 0."""
    return bessel(0, a)


def sign(a: Operand) -> Expr:
    """-1, 0 or 1."""
    return _unary("sign", a)


def maximum(a: Operand, b: Operand) -> Expr:
    """The larger of two; where they are equal the slope is b's."""
    return Expr("maximum", (lift(a), lift(b)))


def minimum(a: Operand, b: Operand) -> Expr:
    """The smaller of two; where they are equal the slope is b's."""
    return Expr("minimum", (lift(a), lift(b)))


def hypot(a: Operand, b: Operand) -> Expr:
    """sqrt(a^2 + b^2) that does not overflow before its result does."""
    return Expr("hypot", (lift(a), lift(b)))


def hypotm1(a: Operand) -> Expr:
    """sqrt(a^2 + 1) - 1, exact near 0."""
    return _unary("hypotm1", a)


def ramp(a: Operand, b: Operand) -> Expr:
    """(a + sqrt(a^2 + b^2))/2: a rectifier rounded over a width b, exact for negative a, where the sum cancels."""
    return Expr("ramp", (lift(a), lift(b)))


def where(condition: Expr, then: Operand, otherwise: Operand) -> Expr:
    """`then` where the condition holds, else `otherwise`."""
    if condition.op not in ("lt", "le", "gt", "ge"):
        raise TypeError(f"where needs a comparison such as x > 0, not {condition!r}")
    first, second = lift(then), lift(otherwise)
    return first if first is second else choose(condition, first, second)


def signed_zero(x: Expr) -> Expr:
    """0 with the sign of x, for the flat middle of an odd function; its slope is exactly 0. x: finite there."""
    return x / math.inf


def damp(a: Expr, b: Expr) -> Expr:
    """a times b where a may vanish faster than b grows: 0 wherever a is 0, even if b overflowed.

    A plain product is built when b cannot overflow.
    """
    if b.op == "constant" or is_number(a, 0.0) or _stays_bounded(b):
        return mul(a, b)
    if a.op == "neg" or b.op == "neg":
        sign, (c, d) = signs(a, b)
        return neg(damp(c, d)) if sign < 0 else damp(c, d)
    return Expr("damp", (a, b))


def _stays_bounded(expr: Expr) -> bool:
    if "x" not in expr.symbols:
        return True
    if expr.op in ("neg", "add", "sub", "mul"):
        return all(map(_stays_bounded, expr.args))
    if expr.op == "where":
        return all(map(_stays_bounded, expr.args[1:]))
    return expr.op != "symbol" and OPERATIONS[expr.op].bounded


def straight(a: Operand, b: Operand) -> Expr:
    """a, with the slope of b in place of its own."""
    return Expr("straight", (lift(a), lift(b)))


def is_along_axis(expr: Expr) -> bool:
    """Whether the formula looks at whole rows."""
    return any(node.op in OPERATIONS and OPERATIONS[node.op].along_axis for node in walk(expr))


def changes_length(expr: Expr) -> bool:
    """Whether a row comes out longer or shorter."""
    return any(node.op in ("join", "block_total") for node in walk(expr))


def total(a: Operand) -> Expr:
    """Sum along the axis, kept as an axis of length one."""
    return _unary("total", a)


def mean(a: Operand) -> Expr:
    """Mean along the axis, kept as an axis of length one."""
    return _unary("mean", a)


def rms(a: Operand) -> Expr:
    """Root of the mean square along the axis, without overflow."""
    return _unary("rms", a)


def unit(a: Operand) -> Expr:
    """a over its Euclidean length along the axis; 0 in a row of zeros."""
    return _unary("unit", a)


def logsumexp(a: Operand) -> Expr:
    """Logarithm of the sum of e^a along the axis."""
    return _unary("logsumexp", a)


def excess(power: Operand, a: Operand) -> Expr:
    """max(a - t, 0), with the t that makes its powers sum to 1 along the axis."""
    return Expr("excess", (lift(power), lift(a)))


def share(budget: Operand, a: Operand) -> Expr:
    """a - t cut to between 0 and 1, with the t that makes it sum to the budget along the axis."""
    return Expr("share", (lift(budget), lift(a)))


def winners(count: Operand, a: Operand) -> Expr:
    """1 for the `count` largest along the axis, the first of equals, else 0."""
    return Expr("winners", (lift(count), lift(a)))


def block_winners(size: Operand, a: Operand) -> Expr:
    """1 for the largest of every `size` neighbours along the axis, the first of equals, else 0."""
    return Expr("block_winners", (lift(size), lift(a)))


def block_total(size: Operand, a: Operand) -> Expr:
    """Sum of every `size` neighbours along the axis, which becomes that many times shorter."""
    return Expr("block_total", (lift(size), lift(a)))


def join(a: Operand, b: Operand) -> Expr:
    """a, followed along the axis by b."""
    return Expr("join", (lift(a), lift(b)))


def softmax(a: Operand) -> Expr:
    """e^a over its sum along the axis."""
    return _unary("softmax", a)


def log_softmax(a: Operand) -> Expr:
    """Logarithm of softmax along the axis."""
    return _unary("log_softmax", a)


ZERO = constant(0.0)
ONE = constant(1.0)
