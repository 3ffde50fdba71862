"""Elementary functions as straight lines of vector arithmetic: no branch, no table, no call, every input covered.

Each takes and gives vectors of one format. Reductions are the classic ones: Cody & Waite for the exponential, a
mantissa between sqrt(1/2) and sqrt(2) for the logarithm. What is left of the digits over all exponents is measured by
the tests of the runtime.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from .vector_lines import DOUBLE, SINGLE, Vector, choose, fma, polynomial
from .vector_numbers import NUMBERS, Numbers


def _of(a: Vector) -> Numbers:
    return NUMBERS[a.form]


def within(a: Vector, low: float | None, high: float | None) -> Vector:
    """`a` cut to a range; NaN stays."""
    a = a if low is None else choose(a < low, low, a)
    return a if high is None else choose(a > high, high, a)


def _split(a: Vector, step: int = 1, moved: int = 0) -> tuple[Vector, Vector]:
    """(2^(n + moved), r) with a = n step ln 2 + r and r at most half a step; n + moved within the exponents."""
    numbers = _of(a)
    # adding it rounds to a whole number, and leaves the exponent field of 2^(n + moved) in the low bits
    magic = a.form.magic + a.form.bias + moved
    raised = fma(a, 1 / (step * math.log(2)), magic)
    n = raised - magic
    r = fma(n, -step * numbers.ln2[1], fma(n, -step * numbers.ln2[0], a))
    return (raised.bits() << a.form.mantissa).real(), r


# what an exponent is moved by on the way, so that it stays inside the format where the result leaves it
_MOVED = 64
_LIFT = 2.0**_MOVED


def _parts(a: Vector, moved: int = 0) -> tuple[Vector, Vector]:
    """(2^(n + moved), m) with e^a = 2^n (1 + m) and m near 0; n + moved within the exponents."""
    scale, r = _split(a, moved=moved)
    return scale, fma(r * r, polynomial(r, _of(a).exp_[2:]), r)


def _lifted(a: Vector) -> Vector:
    """2^64 e^a for a up to 0."""
    scale, m = _parts(within(a, _of(a).exp_low, None), _MOVED)
    return fma(m, scale, scale)


def falling(a: Vector) -> Vector:
    """e^a for a up to 0; subnormal results are rounded once."""
    return _lifted(a) * (1 / _LIFT)


def exp(a: Vector, rest: Vector | None = None) -> Vector:
    """e^(a + rest), rest being much smaller than 1; subnormal results are rounded once."""
    # in steps of 2 ln 2, so that the power of two is a square whose root cannot leave the format
    scale, r = _split(within(a, _of(a).exp_low, _of(a).exp_high), step=2)
    return polynomial(r if rest is None else r + rest, _of(a).exp_far) * scale * scale


def _expm1_halved(a: Vector, halvings: int) -> Vector:
    """(e^a - 1) / 2^halvings without overflow on the way."""
    highest = _of(a).exp_high + halvings * math.log(2)
    # half of the result, because 2^n alone may leave the format
    scale, m = _parts(within(a, _of(a).expm1_low, highest), -1 - halvings)
    y = fma(m, scale, scale - 0.5 ** (1 + halvings)) * 2.0
    # next to 0 the result is a itself; halving would lose its last bits among the subnormal numbers
    return choose(abs(a) < 2.0 ** (2 - a.form.bias), a if halvings == 0 else a * 0.5**halvings, y)


def expm1(a: Vector) -> Vector:
    """e^a - 1, exact near 0."""
    return _expm1_halved(a, 0)


def _exponent(bits_of: Vector) -> tuple[Vector, Vector, Vector]:
    """(k, m, 2^-k) with a = 2^k m and m between sqrt(1/2) and sqrt(2), for normal positive a."""
    form = bits_of.form
    bits = bits_of.bits()
    root_half = {SINGLE: 0x3F3504F3, DOUBLE: 0x3FE6A09E667F3BCD}[form]
    k = (bits - root_half) >> form.mantissa
    m = (bits - (k << form.mantissa)).real()
    magic = bits_of.lift(form.magic).bits()
    shrink = ((bits_of.lift(1.0).bits()) - (k << form.mantissa)).real()
    return (k + magic).real() - form.magic, m, shrink


def _log_of(f: Vector, k: Vector) -> Vector:
    """k ln 2 + log(1 + f)."""
    numbers = _of(f)
    y = fma(f * f, polynomial(f, numbers.log_), f)
    return fma(k, numbers.ln2_short[0], fma(k, numbers.ln2_short[1], y))


def _log_ends(a: Vector, y: Vector) -> Vector:
    y = choose(a > 0.0, y, choose(a.equals(0.0), y.lift(-math.inf), math.nan))
    return choose(a.equals(math.inf), math.inf, y)


def log(a: Vector) -> Vector:
    """Natural logarithm."""
    tiny = a < 2.0 ** (1 - a.form.bias)
    lifted = float(a.form.mantissa + 2)
    k, m, _ = _exponent(choose(tiny, a * 2.0**lifted, a))
    return _log_ends(a, _log_of(m - 1.0, choose(tiny, k - lifted, k)))


def log1p(a: Vector) -> Vector:
    """log(1 + a), exact near 0."""
    u = 1.0 + a
    # what rounding 1 + a lost
    lost = choose(a > 1.0, 1.0 - (u - a), a - (u - 1.0))
    k, m, shrink = _exponent(u)
    # far out nothing counts that was lost, and 2^-k may leave the format
    y = _log_of(choose(a < 2.0 ** (a.form.mantissa + 4), fma(lost, shrink, m - 1.0), m - 1.0), k)
    y = choose(a.equals(0.0), a, y)  # -0 stays
    return _log_ends(u, y)


def sigmoid(a: Vector) -> Vector:
    """1/(1 + e^-a)."""
    e = _lifted(-abs(a))
    return choose(a < 0.0, e, _LIFT) / (e + _LIFT)


def sigmoid_slope(a: Vector, times: float = 1.0) -> Vector:
    """sigmoid(a) sigmoid(-a), times a power of two."""
    e = _lifted(-abs(a))
    below = e + _LIFT
    return e / (below * (below * (1 / _LIFT / times)))


def tanh_slope(a: Vector) -> Vector:
    """1 - tanh^2(a)."""
    return sigmoid_slope(a + a, 4.0)


def softplus(a: Vector) -> Vector:
    """log(1 + e^a)."""
    e = falling(-abs(a))
    return fma(e, polynomial(e, _of(a).log_unit), choose(a > 0.0, a, 0.0))


def tanh(a: Vector) -> Vector:
    """Hyperbolic tangent."""
    scale, m = _parts(within(-abs(a + a), _of(a).exp_low, None), _MOVED)
    y = fma(m, scale, scale - _LIFT)  # 2^64 (e^(-2|a|) - 1)
    return (y / (y + 2.0 * _LIFT)).called("copysign", a)


def tanh_softplus(a: Vector) -> Vector:
    """tanh(log(1 + e^a)) = m/(m + 2) with m = (1 + e^a)^2 - 1, written in d = e^-|a|."""
    d = falling(-abs(a))
    twice = d + d
    rising = a > 0.0  # there above and below are multiplied by d^2
    above = choose(rising, twice + 1.0, fma(d, d, twice))
    return above / (above + choose(rising, twice * d, 2.0))


def tanh_slope_softplus(a: Vector) -> Vector:
    """1 - tanh^2(log(1 + e^a)), which is (2w/(w^2 + 1))^2 with w = 1 + e^a, written in e^-|a| alone."""
    d = falling(-abs(a))
    # where a is positive w = (d + 1)/d: above and below are multiplied by d^2
    v, one = 1.0 + d, choose(a > 0.0, d, 1.0)
    ratio = 2.0 * v * one / fma(v, v, one * one)
    return ratio * ratio


def sinh(a: Vector) -> Vector:
    """Hyperbolic sine."""
    h = _expm1_halved(abs(a), 1)
    rest = choose(h < 2.0 ** (a.form.mantissa + 3), h / fma(h, 2.0, 1.0), 0.5)  # h may be infinite
    return (h + rest).called("copysign", a)


def cosh(a: Vector) -> Vector:
    """Hyperbolic cosine."""
    scale, m = _parts(within(abs(a), None, _of(a).exp_high + math.log(2)), -2)
    h = fma(m, scale, scale) * 2.0  # e^|a|/2
    return h + 0.25 / h


def sech(a: Vector) -> Vector:
    """1/cosh(a)."""
    e = falling(-abs(a))
    return 2.0 * e / fma(e, e, 1.0)


def log_cosh(a: Vector) -> Vector:
    """log(cosh(a)): near 0 from cosh(r) - 1 = m^2/(2(1 + m)), m = e^-r - 1; further out from r - log 2 + ..."""
    r = abs(a)
    near = r < 1.0
    m = expm1(-r)
    e = 1.0 + m
    return log1p(choose(near, m * m / (2.0 * e), e * e)) + choose(near, 0.0, r - math.log(2))


def softsign(a: Vector) -> Vector:
    """a/(1 + |a|)."""
    return a / (1.0 + abs(a))


def _bell(r: Vector) -> Vector:
    """2^64 e^(-r^2/2) for r up to the end of the density; of NaN any number."""
    numbers = _of(r)
    magic = r.form.magic + _MOVED
    raised = fma(r * r, -0.5 / math.log(2), magic)
    n = raised - magic
    # r^2 + 2 n ln 2: the first product is exact, so nothing that rounding r^2 would lose is lost
    rest = fma(n, 2 * numbers.ln2_short[1], fma(r, r, n * (2 * numbers.ln2_short[0])))
    halved = tuple(number * (-0.5) ** power for power, number in enumerate(numbers.exp_))
    return (polynomial(rest, halved).bits() + (raised.bits() << r.form.mantissa)).real()


# times this the two polynomials are, for small r, just below powers of two, where rounding costs half as much
_BELOW = 29 / 32


def _tail(r: Vector) -> Vector:
    """Phi(-r) for r from 0 to the end of the density."""
    first, second = _of(r).tail
    above = polynomial(r, tuple(number * (_BELOW / _LIFT) for number in second))
    below = fma(r * (math.sqrt(2 * math.pi) * _LIFT), above, polynomial(r, tuple(number * _BELOW for number in first)))
    return _bell(r) * above / below


def Phi(a: Vector) -> Vector:
    """Standard normal distribution function."""
    t = _tail(within(abs(a), None, _of(a).phi_end))
    return choose(a < 0.0, t, 1.0 - t)


def phi(a: Vector) -> Vector:
    """Standard normal density."""
    y = _bell(within(abs(a), None, _of(a).phi_end)) * (1 / math.sqrt(2 * math.pi) / _LIFT)
    return choose(a.is_nan(), a, y)


def erf(a: Vector) -> Vector:
    """Error function."""
    numbers = _of(a)
    r = abs(a)
    if a.form is SINGLE:
        t = within(r, None, numbers.erf_end)
        scale, m = _parts(t * polynomial(t, numbers.erf_))  # -erf(t) = erfc(t) - 1
        return fma(m, scale, scale - 1.0).called("copysign", a)
    tail = fma(_tail(within(r * math.sqrt(2), None, numbers.phi_end)), -2.0, 1.0)
    near = r * polynomial(r * r, numbers.erf_)
    return choose(r < numbers.erf_end, near, tail).called("copysign", a)


def atan(a: Vector) -> Vector:
    """Arc tangent."""
    numbers = _of(a)
    r = abs(a)
    far = r > 1.0
    t = choose(far, 1.0 / r, r)
    p = t * polynomial(t * t, numbers.atan_)
    return choose(far, (numbers.half_pi[0] - p) + numbers.half_pi[1], p).called("copysign", a)


def asinh(a: Vector) -> Vector:
    """Inverse hyperbolic sine."""
    r = abs(a)
    far = r > _of(a).big
    square = r * r
    near = r + square / (1.0 + (square + 1.0).called("sqrt"))
    y = log1p(choose(far, r, near)) + choose(far, r.lift(math.log(2)), 0.0)
    return y.called("copysign", a)


def sqrt(a: Vector) -> Vector:
    """Square root."""
    return a.called("sqrt")


def damp(a: Vector, b: Vector) -> Vector:
    """a b, and 0 wherever a is 0."""
    return a * choose(a.equals(0.0), 0.0, b)


def widely(function: Callable[..., Vector], *operands: Vector) -> Vector:
    """The function computed in double precision, rounded once."""
    form = operands[0].form
    return function(*[operand.as_format(DOUBLE) for operand in operands]).as_format(form)


def _plain_hypot(a: Vector, b: Vector) -> Vector:
    return fma(a, a, b * b).called("sqrt")


def hypot(a: Vector, b: Vector) -> Vector:
    """sqrt(a^2 + b^2) without overflow."""
    if a.form is SINGLE:  # in double precision the squares cannot overflow
        return widely(_plain_hypot, a, b)
    r, s = abs(a), abs(b)
    high, low = choose(r > s, r, s), choose(r > s, s, r)
    plain = high.equals(0.0) | high.equals(math.inf)
    ratio = low / choose(plain, 1.0, high)
    return choose(plain, high, high * fma(ratio, ratio, 1.0).called("sqrt"))


def hypotm1(a: Vector) -> Vector:
    """sqrt(a^2 + 1) - 1, exact near 0."""
    return a / (hypot(a, a.lift(1.0)) + 1.0) * a


def ramp(a: Vector, b: Vector) -> Vector:
    """(a + sqrt(a^2 + b^2))/2, exact for negative a."""
    if a.form is SINGLE:
        return widely(ramp, a, b)
    near, far = hypot(a, b) * 0.5, abs(a) * 0.5
    half = b * 0.5
    return choose(a > 0.0, near + far, half * (half / (near + far)))


def _or_nan(b: Vector, y: Vector) -> Vector:
    return y if b.constant else choose(b.is_nan(), b, y)


def maximum(a: Vector, b: Vector) -> Vector:
    """The larger; NaN if either is."""
    return _or_nan(b, choose(a <= b, b, a))


def minimum(a: Vector, b: Vector) -> Vector:
    """The smaller; NaN if either is."""
    return _or_nan(b, choose(a >= b, b, a))


def sign(a: Vector) -> Vector:
    """-1, 0 or 1."""
    return choose(a > 0.0, a.lift(1.0), choose(a < 0.0, a.lift(-1.0), 0.0))


def whole_power(a: Vector, twice: int) -> Vector:
    """a to the power twice/2 by squaring and one root."""
    product = a.called("sqrt") if twice % 2 else None
    factor, left = a, abs(twice) // 2
    while left:
        if left % 2:
            product = factor if product is None else product * factor
        left //= 2
        factor = factor * factor if left else factor
    product = a.lift(1.0) if product is None else product
    return product if twice > 0 else 1.0 / product


def _log_pair(a: Vector) -> tuple[Vector, Vector]:
    """log(a) as a sum of two doubles, to some 59 bits; a as for `log`."""
    tiny = a < 2.0 ** (1 - a.form.bias)
    lifted = float(a.form.mantissa + 2)
    k, m, _ = _exponent(choose(tiny, a * 2.0**lifted, a))
    k = choose(tiny, k - lifted, k)
    f = m - 1.0
    below = 2.0 + f
    s = f / below
    rest = fma(-s, below, f) - s * (f - (below - 2.0))  # of the division, and of the sum below it
    # 2 atanh(s) = 2 s + 2 s^3/3 + ...; s^2 is at most 0.0295
    z = s * s
    series = s * z * polynomial(z, tuple(2 / (2 * power + 3) for power in range(12)))
    whole = k * _of(a).ln2_short[0]
    high = whole + 2.0 * s
    low = (whole - high) + 2.0 * s + fma(k, _of(a).ln2_short[1], fma(rest / below, 2.0, series))
    total = high + low
    return _log_ends(a, total), (high - total) + low


def general_power(a: Vector, b: Vector) -> Vector:
    """a to the power b for a from 0, 1 for b = 0; NaN for negative a."""
    if a.form is SINGLE:
        return _one_at_zero(b, widely(lambda p, q: exp(q * log(p)), a, b))
    high, low = _log_pair(a)
    exponent = b * high
    rest = fma(b, high, -exponent) + b * low
    rest = choose(abs(exponent) < _of(a).exp_high + 40.0, rest, 0.0)  # the logarithm may be infinite
    return _one_at_zero(b, exp(exponent, rest))


def _one_at_zero(b: Vector, y: Vector) -> Vector:
    return y if b.constant else choose(b.equals(0.0), 1.0, y)
