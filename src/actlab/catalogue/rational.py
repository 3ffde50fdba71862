"""Rational functions: a polynomial over a polynomial that never falls below 1, with learned coefficients."""

from __future__ import annotations

from functools import cache, reduce
from math import comb

from ..language import Expr, constant, where
from .counts import count, each
from .entry import Kink, activation, learned
from .fitting import least_squares

TITLE = {"en": "Rational", "zh": "有理函数类"}

_STEEPNESS = 0.75  # of the starting denominator (1 + 3/4 |x|)^n: the quarter that fits best with 5 over 4
_SLOPE = 0.25  # on the left, as PReLU starts: P(-x) cancels by P(x)/P(-x), 4 here and 100 for a slope of 0.01
_FITTED = [k / 10 for k in range(-30, 31)]


@cache
def _numerator(degree: int, below: int) -> list[float]:
    """The coefficients with which x^j over the starting denominator comes nearest to a leaky ReLU from -3 to 3."""
    basis = [lambda x, j=j: x**j / (1 + _STEEPNESS * abs(x)) ** below for j in range(degree + 1)]
    return least_squares(basis, lambda x: max(x, _SLOPE * x), _FITTED)


def _start_above(k: int, numerator: int, denominator: int) -> float:
    return _numerator(numerator, denominator)[k]


def _start_below(k: int, numerator: int, denominator: int) -> float:
    return comb(denominator, k) * _STEEPNESS**k


def _polynomial(x: Expr, coefficients: tuple[Expr, ...]) -> Expr:
    """The polynomial with these coefficients, that of the highest power last."""
    return reduce(lambda done, a: a + x * done, reversed(coefficients[:-1]), coefficients[-1])


@activation(
    source="Molina, Schramowski & Kersting 2020, arXiv:1907.06732; Delfosse et al. 2021, arXiv:2102.09407",
    zh="系数可学习的有理函数，分母恒不小于 1（帕德激活单元的安全形式）。",
    aliases=("pade", "pau"),
    points={1.0: 0.9956268221574344, -2.0: -0.497225},
    kinks=(Kink(0.0, "a1"),),
    notes=(
        "The denominator is 1 + b1|x| + b2|x|^2 + ..., form A of the authors' package; the absolute value of the whole "
        "sum, form B, kinks wherever the sum has a root. A b of either sign there is |b| here; at 0, where |b| has no "
        "slope, training cannot start. It starts from (1 + 3/4 |x|)^n and the numerator that fits a leaky ReLU of "
        "slope 0.25 from -3 to 3 by least squares; outside it bends away.",
        "分母为 1 + b1|x| + b2|x|^2 + …，即作者软件包中的 A 形式；B 形式对整个和取绝对值，在和的每个零点处都会有折点。"
        "原形式中可正可负的 b 在此即 |b|；|b| 在 0 处没有梯度，训练不能从 0 开始。初值取分母 (1 + 3/4 |x|)^n，"
        "分子按最小二乘在 [-3, 3] 上拟合斜率为 0.25 的 Leaky ReLU；区间之外会逐渐偏离。",
    ),
)
def rational(
    x,
    numerator=count(5, low=1, high=9),
    denominator=count(4, low=1, high=8),
    a=each("numerator", learned(0.0), _start_above, first=0),
    b=each("denominator", learned(1.0, low=0), _start_below),
):
    """A learned polynomial over a learned polynomial that never falls below 1 (safe Pade activation unit)."""
    size = abs(x)
    one = constant(1.0)
    near = _polynomial(x, a) / _polynomial(size, (one, *b))
    # far out in powers of 1/x, of which none overflows
    u = 1 / x
    v = abs(u)
    far = _polynomial(u, a[::-1]) / _polynomial(v, (*b[::-1], one))
    side = where(x > 0, 1.0, -1.0) if denominator % 2 else 1.0
    rest = x ** (numerator - denominator) if numerator >= denominator else u ** (denominator - numerator)
    return where(size < 2, near, side * far * rest)
