"""Elementary functions as straight lines of vector arithmetic: no branch, no table, no call, every input covered.

Each takes and gives vectors of one format. Reductions are the classic ones: Cody & Waite for the exponential, a
mantissa between sqrt(1/2) and sqrt(2) for the logarithm, Payne & Hanek for the circle. What is left of the digits over
all exponents is measured by the tests of the runtime.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from .spelling import CannotSpell
from .vector_lines import DOUBLE, SINGLE, Vector, choose, fma, polynomial
from .vector_numbers import COSINE, NUMBERS, SINE, Numbers


def _of(a: Vector) -> Numbers:
    return NUMBERS[a.form]


def within(a: Vector, low: float | None, high: float | None) -> Vector:
    """`a` cut to a range; NaN stays."""
    a = a if low is None else choose(a < low, low, a)
    return a if high is None else choose(a > high, high, a)


def _power_of_two(n: Vector, offset: int = 0) -> Vector:
    # the whole number n sits in the low bits of n + magic; n + bias is the exponent field
    return (((n + n.form.magic).bits() + (n.form.bias + offset)) << n.form.mantissa).real()


def _reduced(a: Vector, low: Vector | None = None) -> tuple[Vector, Vector]:
    """(n, e^r - 1) with a + low = n ln 2 + r; a within the range of e^a."""
    numbers, magic = _of(a), a.form.magic
    n = fma(a, 1 / math.log(2), magic) - magic
    r = fma(n, -numbers.ln2[1], fma(n, -numbers.ln2[0], a))
    r = r if low is None else r + low
    return n, fma(r * r, polynomial(r, numbers.exp_), r)


# what an exponent is moved by on the way, so that it stays inside the format where the result leaves it
_MOVED = 64


def _falling(a: Vector, low: Vector | None = None) -> Vector:
    """e^(a + low) for a up to 0, low being a correction much smaller than a; subnormal results are rounded once."""
    n, m = _reduced(within(a, _of(a).exp_low, None), low)
    return (1.0 + m) * _power_of_two(n, _MOVED) * 2.0**-_MOVED


def _scaled(a: Vector, n: Vector) -> Vector:
    """a 2^n, for n that may lie beyond the exponents; subnormal results are rounded once."""
    small = n < 0.0
    first = choose(small, n + float(_MOVED), n - float(_MOVED))
    return a * _power_of_two(first) * choose(small, a.lift(2.0**-_MOVED), 2.0**_MOVED)


def exp(a: Vector) -> Vector:
    """e^a."""
    numbers = _of(a)
    n, m = _reduced(within(a, numbers.exp_low, numbers.exp_high))
    return _scaled(1.0 + m, n)


def _expm1_halved(a: Vector, halvings: int) -> Vector:
    """(e^a - 1) / 2^halvings without overflow on the way."""
    numbers = _of(a)
    n, m = _reduced(within(a, numbers.expm1_low, numbers.exp_high + halvings * math.log(2)))
    n = n if halvings == 0 else n - float(halvings)
    top = float(a.form.bias)
    scale = _power_of_two(within(n, None, top))
    y = fma(m, scale, scale - 0.5**halvings)
    y = choose(n > top, y * 2.0, y)
    # next to 0 the result is a itself; halving and adding would lose its last bits among the subnormal numbers
    return choose(abs(a) < 2.0 ** (2 - a.form.bias), a * 0.5**halvings, y)


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
    s = f / (2.0 + f)
    z = s * s
    square = 0.5 * f * f
    inner = fma(k, numbers.ln2_short[1], s * fma(z, polynomial(z, numbers.log_), square))
    return fma(k, numbers.ln2_short[0], f - (square - inner))


def _log1p_unit(e: Vector) -> Vector:
    """log(1 + e) for e from 0 to 1."""
    s = e / (2.0 + e)
    z = s * s
    square = 0.5 * e * e
    return e - (square - s * fma(z, polynomial(z, _of(e).log_unit), square))


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
    e = _falling(-abs(a))
    return choose(a < 0.0, e, 1.0) / (1.0 + e)


def sigmoid_slope(a: Vector) -> Vector:
    """sigmoid(a) sigmoid(-a)."""
    e = _falling(-abs(a))
    return e / ((1.0 + e) * (1.0 + e))


def softplus(a: Vector) -> Vector:
    """log(1 + e^a)."""
    return choose(a > 0.0, a, 0.0) + _log1p_unit(_falling(-abs(a)))


def tanh(a: Vector) -> Vector:
    """Hyperbolic tangent."""
    m = expm1(-2.0 * abs(a))
    return (-m / (2.0 + m)).called("copysign", a)


def tanh_softplus(a: Vector) -> Vector:
    """tanh(log(1 + e^a)) = m/(m + 2) with m = (1 + e^a)^2 - 1; 1 where m would overflow."""
    e = exp(within(a, None, -_of(a).expm1_low))
    m = e * (e + 2.0)
    return m / (m + 2.0)


def tanh_slope_softplus(a: Vector) -> Vector:
    """1 - tanh^2(log(1 + e^a)), which is (2w/(w^2 + 1))^2 with w = 1 + e^a, written in e^-|a| alone."""
    d = _falling(-abs(a))
    # where a is positive w = (d + 1)/d: above and below are multiplied by d^2
    v, one = 1.0 + d, choose(a > 0.0, d, 1.0)
    ratio = 2.0 * v * one / fma(v, v, one * one)
    return ratio * ratio


def sinh(a: Vector) -> Vector:
    """Hyperbolic sine."""
    h = _expm1_halved(abs(a), 1)
    rest = choose(h < 2.0 ** (a.form.mantissa + 3), h / fma(h, 2.0, 1.0), 0.5)  # h may be infinite
    return (h + rest).called("copysign", a)


def _half_exp(a: Vector) -> Vector:
    numbers = _of(a)
    n, m = _reduced(within(a, numbers.exp_low, numbers.exp_high + 1.0))
    return _scaled(1.0 + m, n - 1.0)


def cosh(a: Vector) -> Vector:
    """Hyperbolic cosine."""
    h = _half_exp(abs(a))
    return h + 0.25 / h


def sech(a: Vector) -> Vector:
    """1/cosh(a)."""
    e = _falling(-abs(a))
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


def _gaussian(r: Vector) -> Vector:
    """e^(-r^2/2), the rounding of r^2/2 put back."""
    h = 0.5 * r * r
    low = fma(0.5 * r, r, -h)
    return _falling(-h, -low)


def _tail(t: Vector) -> Vector:
    """erfcx(t) = e^(t^2) erfc(t) for t from 0 to 27.5."""
    q = (t - 2.0) / (t + 2.0)
    return polynomial(q, _of(t).tail) / fma(t, 2.0, 1.0)


def Phi(a: Vector) -> Vector:
    """Standard normal distribution function."""
    r = within(abs(a), None, _of(a).phi_end)
    t = 0.5 * _gaussian(r) * _tail(r * math.sqrt(0.5))
    return choose(a < 0.0, t, 1.0 - t)


def phi(a: Vector) -> Vector:
    """Standard normal density."""
    return _gaussian(within(abs(a), None, _of(a).phi_end)) * (1 / math.sqrt(2 * math.pi))


def erf(a: Vector) -> Vector:
    """Error function."""
    r = abs(a)
    far = within(r, None, _of(a).erf_one)
    square = far * far
    tail = 1.0 - _falling(-square, -fma(far, far, -square)) * _tail(far)
    near = r * polynomial(r * r, _of(a).erf_)
    return choose(r < 1.0, near, tail).called("copysign", a)


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


def _turned(a: Vector, quarters: int) -> Vector:
    """sin(a + quarters pi/2) in single precision, whatever the size of a."""
    if a.form is DOUBLE:
        raise CannotSpell("llvm_cpu has no sine or cosine in double precision; the torch text computes them")
    bits = a.bits()
    field = (bits >> 23) & 255
    # the mantissa as a whole number with the sign of a; a subnormal number is as good as 0
    whole = ((bits & 0x7FFFFF) + 0x4B000000).real().called("copysign", a).as_format(DOUBLE)
    top = whole * a.looked_up("quarter_turns_first", field)
    n = (top + DOUBLE.magic) - DOUBLE.magic
    rest = fma(whole, a.looked_up("quarter_turns_second", field), top - n)
    r = (rest * (math.pi / 2)).as_format(SINGLE)
    turns = (n + (float(quarters) + DOUBLE.magic)).bits().as_single()
    z = r * r
    sine = fma(r * z, polynomial(z, SINE), r)
    cosine = fma(z * z, polynomial(z, COSINE), fma(z, -0.5, 1.0))
    odd = (turns & 1).as_mask()
    y = choose(odd, cosine, sine)
    y = choose((turns & 2).as_mask(), -y, y)
    if quarters == 0:
        y = choose(abs(a) < 2.0**-60, a, y)
    return choose((a - a).is_nan(), math.nan, y)  # infinities and NaN


def sin(a: Vector) -> Vector:
    """Sine."""
    return _turned(a, 0)


def cos(a: Vector) -> Vector:
    """Cosine."""
    return _turned(a, 1)


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


def general_power(a: Vector, b: Vector) -> Vector:
    """a to the power b for a from 0, in double precision; NaN for negative a."""
    return widely(lambda p, q: exp(q * log(p)), a, b)
