"""Sine, cosine and the spherical Bessel functions made of them, as lines of vector arithmetic for any size of input.

What most inputs need is a few steps; what only huge ones need is jumped over where a block holds none of them.
"""

from __future__ import annotations

import math

from .vector_functions import whole_power, widely
from .vector_lines import DOUBLE, Vector, choose, fma, polynomial
from .vector_numbers import HALF_TURNS, NUMBERS


def _sine(r: Vector, turned: Vector) -> Vector:
    """sin(r) for |r| up to pi/2, its sign changed where the whole number in the low bits of `turned` is odd."""
    y = r * polynomial(r * r, NUMBERS[r.form].sine)
    return (y.bits() ^ (turned.bits() << (8 * r.form.bytes - 1))).real()


def _turned(a: Vector, quarters: int) -> Vector:
    """sin(a + quarters pi/2), whatever the size of a."""
    numbers, between, magic = NUMBERS[a.form], quarters / 2, a.form.magic
    turned = fma(a, 1 / math.pi, between) + magic if between else fma(a, 1 / math.pi, magic)
    n = (turned - magic) - between if between else turned - magic
    r = a
    for part in numbers.pi:  # n pi, where a comes near it, is taken away without a loss
        r = fma(n, -part, r)
    far = abs(a) > numbers.pi_most
    return a.lines.rarely(far, _sine(r, turned), lambda: widely(lambda b: _far_turned(b, between), a))


def _sum(a: Vector, b: Vector) -> tuple[Vector, Vector]:
    """a + b and what its rounding lost."""
    s = a + b
    moved = s - a
    return s, (a - (s - moved)) + (b - moved)


def _far_turned(a: Vector, between: float) -> Vector:
    """sin(a + between pi) in double precision for large a: Payne & Hanek's exact product with 1/pi."""
    bits = a.bits()
    field = (bits >> 52) & 2047
    # a = m 2^(16 k - 1023), m from 1 to 2^16; a row of the table has 2^(16 k - 1023)/pi in four parts
    m = ((bits & (2**52 - 1)) + (((field & 15) + 1023) << 52)).real().called("copysign", a)
    row = (field >> 4) << 2
    high: list[Vector] = []
    low: list[Vector] = []
    for part in range(4):
        factor = a.looked_up(HALF_TURNS, row + part)
        high.append(m * factor)
        low.append(fma(m, factor, -high[-1]))
    # whole turns go; what is left of the first three terms is up to 1 in size, the next two are below 2^-36
    turns, lost = _sum(_within_a_turn(high[0]), _within_a_turn(low[0]))
    turns, lost_too = _sum(turns, _within_a_turn(high[1]))
    n = (turns + between).called("rint") - between
    turns, rest = turns - n, low[2] + high[3]
    for term in (lost, lost_too, low[1], high[2]):
        turns, left = _sum(turns, term)
        rest = rest + left
    half = turns + rest
    low_half = (turns - half) + rest
    r = fma(half, NUMBERS[DOUBLE].pi[0], fma(half, NUMBERS[DOUBLE].pi[1], low_half * math.pi))
    return choose((a - a).is_nan(), math.nan, _sine(r, n + between + DOUBLE.magic))


def _within_a_turn(a: Vector) -> Vector:
    """Half turns without the whole turns among them; exact."""
    return fma((a * 0.5).called("rint"), -2.0, a)


def sin(a: Vector) -> Vector:
    """Sine."""
    return _turned(a, 0)


def cos(a: Vector) -> Vector:
    """Cosine."""
    return _turned(a, 1)


def bessel(order: int, a: Vector) -> Vector:
    """Spherical Bessel function of a whole order: its series below order + 2, from there up from order 0."""
    r = abs(a)
    close = r < order + 2.0
    near, far = choose(close, a, 0.0), choose(close, order + 2.0, a)
    terms = [1 / math.prod(range(2 * order + 1, 0, -2))]
    while abs(terms[-1]) * (order + 2.0) ** (2 * len(terms)) > 2.0 ** -(a.form.mantissa + 6) * terms[0]:
        terms.append(-terms[-1] / (2 * len(terms) * (2 * order + 2 * len(terms) + 1)))
    series = polynomial(near * near, tuple(terms))
    series = series if order == 0 else whole_power(near, 2 * order) * series
    low = sin(far) / far
    high = (low - cos(far)) / far if order else low
    for below in range(1, order):
        low, high = high, (2 * below + 1) / far * high - low
    return choose(close, series, choose(r.equals(math.inf), 0.0, high))
