"""The numbers behind the elementary functions: splits of constants, ends of ranges, polynomials, turns of the circle.

The polynomials are minimax fits made for these intervals; the relative error of each is stated beside it.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import NamedTuple

from .vector_lines import DOUBLE, SINGLE


class Numbers(NamedTuple):
    """What differs between the formats: splits of constants, ends of ranges, polynomials.

    exp_: (e^r - 1 - r)/r^2 for |r| <= ln(2)/2. log_: (2 atanh(s) - 2s)/s^3 by s^2 for |s| <= 0.1716, log_unit: for
    |s| <= 1/3. atan_: atan(t)/t by t^2 up to 1. erf_: erf(t)/t by t^2 up to 1. tail: erfcx(t)(1 + 2t) by
    (t - 2)/(t + 2), up to t = 27.5.
    """

    ln2: tuple[float, float]  # nearest, and the rest
    ln2_short: tuple[float, float]  # a first part short enough for exact products with exponents
    exp_low: float  # e^a is 0 below
    exp_high: float  # and infinite above
    expm1_low: float  # e^a - 1 is -1 below
    half_pi: tuple[float, float]
    erf_one: float  # erf(a) is 1 above
    phi_end: float  # the normal density is 0 above
    big: float  # a^2 + 1 is a^2 above, and a^2 is finite
    exp_: tuple[float, ...]
    log_: tuple[float, ...]
    log_unit: tuple[float, ...]
    atan_: tuple[float, ...]
    erf_: tuple[float, ...]
    tail: tuple[float, ...]


# errors: exp 4e-10 of e^r, log 1e-9 of a term below 1% of the result, atan 4e-10, erf 1e-9, tail 3e-8
_SINGLE = Numbers(
    ln2=(0.693147182464599609375, -1.904654323148236017e-09),
    ln2_short=(0.693138122558593750, 9.0580006145e-06),
    exp_low=-104.0,
    exp_high=89.0,
    expm1_low=-30.0,
    half_pi=(1.57079637050628662109375, -4.37113900018624283e-08),
    erf_one=4.2,
    phi_end=14.5,
    big=2.0**30,
    exp_=(0.5000000095, 0.1666651877, 0.04166620559, 0.008368897939, 0.001395050544),
    log_=(0.6666666655, 0.4000012288, 0.2855072299, 0.2333276625),
    log_unit=(0.6666666665, 0.4000001125, 0.2857027013, 0.2226563134, 0.1745500314, 0.2082336949),
    atan_=(
        *(0.9999999996, -0.3333332394, 0.1999960463, -0.1427915959, 0.1105450101, -0.08798771696),
        *(0.06716107652, -0.04435750874, 0.02227437452, -0.007199396292, 0.001091113785),
    ),
    erf_=(1.128379166, -0.3761262582, 0.1128358515, -0.02685381192, 0.005188327665, -0.0008010193446, 7.853860784e-5),
    tail=(
        *(1.276978411, -0.09276351041, -0.1660324794, 0.1640437248, -0.05419667671, -0.007981001586),
        *(0.008630959072, 0.001110944144, -0.001306033062, -0.0002232960257, 0.0001127112423),
    ),
)
# errors: exp 6e-22, log 2e-18, atan 7e-19, erf 2e-21, tail 5e-17
_DOUBLE = Numbers(
    ln2=(0.693147180559945286227, 2.319046813846299558e-17),
    ln2_short=(6.93147180369123816490e-01, 1.90821492927058770002e-10),
    exp_low=-746.0,
    exp_high=710.0,
    expm1_low=-60.0,
    half_pi=(1.570796326794896558, 6.123233995736766036e-17),
    erf_one=6.1,
    phi_end=38.8,
    big=2.0**60,
    exp_=(
        *(0.5, 0.166666666666666667, 0.0416666666666667127, 0.0083333333333333413, 0.00138888888888640141),
        *(0.000198412698412373841, 2.48015873632919376e-05, 2.75573192887041966e-06, 2.75572418893603829e-07),
        *(2.50520404482536538e-08, 2.09244104131978726e-09, 1.6095128624815245e-10),
    ),
    log_=(
        *(0.666666666666666665, 0.400000000000008889, 0.285714285707969514, 0.222222223931094465),
        *(0.181817955010149292, 0.153862468164425533, 0.13268592896659901, 0.130884190951809743),
    ),
    log_unit=(
        *(0.666666666666666667, 0.4, 0.285714285714285616, 0.22222222222224467, 0.181818181815510255),
        *(0.153846154036405967, 0.133333324569678656, 0.117647332221822506, 0.105257233010604912),
        *(0.0953281182044338588, 0.0860038677629644811, 0.0868343518257327463, 0.0428265902391907758),
        0.147708484079449898,
    ),
    atan_=(
        *(0.999999999999999999, -0.333333333333332613, 0.199999999999881139, -0.142857142849329868),
        *(0.111111110838164265, -0.0909090850448766106, 0.0769229923381781058, -0.0666657987136218828),
        *(0.0588169301893470931, -0.0525932771256316939, 0.0474454861237072576, -0.0428533631350887525),
        *(0.0381867809723942986, -0.0327447046623855308, 0.0260953362519927299, -0.0185529878507168393),
        *(0.0112660582065866334, -0.00557936780371366578, 0.00213608924433322568, -0.000587864330034392967),
        *(0.000102864422309376436, -8.56034071396547061e-06),
    ),
    erf_=(
        *(1.12837916709551257, -0.376126389031837524, 0.112837916709551197, -0.0268661706451297335),
        *(0.00522397762542208613, -0.000854832702185321621, 0.000120553328993585872, -1.49256474651352584e-05),
        *(1.64620434081147909e-06, -1.63646144255687054e-07, 1.47921457884404471e-08, -1.21630421225579348e-09),
        *(8.70379054150674107e-11, -4.22289725472243982e-12),
    ),
    tail=(
        *(1.27697838155252879, -0.0927638265857463844, -0.166030397615314003, 0.164051280033487521),
        *(-0.0542200009905396472, -0.00803401508394388538, 0.00872265383976022097, 0.00127133898774289505),
        *(-0.00145681349689670447, -0.000454340985353491387, 0.000206363850379324583, 0.000151039673873091074),
        *(-1.49374883250046728e-06, -3.64232204957997347e-05, -1.3544251944071712e-05, 3.70364766303401789e-06),
        *(5.33459658722130917e-06, 1.53164890526974765e-06, -8.55337459236169941e-07, -8.90986623527231329e-07),
        *(-1.13623365737001601e-07, 2.04810703786433296e-07, 7.98197725033133249e-08, -1.83849501986085912e-08),
        -1.10394139004701608e-08,
    ),
)
# (sin(r) - r)/r^3 and (cos(r) - 1 + r^2/2)/r^4 by r^2 for |r| <= pi/4: 4e-9 and 1e-10
SINE = (-0.1666665499, 0.008332180299, -0.0001951751471)
COSINE = (0.04166664711, -0.001388737717, 2.443939532e-5)
NUMBERS = {SINGLE: _SINGLE, DOUBLE: _DOUBLE}


@cache
def quarter_turns() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """2^(k - 150) 2/pi for every exponent field k of single precision, without its multiples of 4, in two parts.

    The first has 29 bits, so its product with a mantissa of 24 bits is exact; the second has the next 53.
    """
    digits = 400  # bits of 2/pi: 2^104 2/pi still has some 300 behind the point
    two_over_pi = _two_over_pi(digits)
    first, second = [], []
    for field in range(255):
        # value = numerator / 2^shift
        shift = digits - (field - 150)
        value = Fraction(two_over_pi, 2**shift) if shift >= 0 else Fraction(two_over_pi * 2**-shift)
        value -= value // 4 * 4
        top = _cut(value, 29)
        first.append(float(top))
        second.append(float(_cut(value - top, 53)))
    return tuple(first), tuple(second)


def _cut(value: Fraction, bits: int) -> Fraction:
    """The leading bits of a positive number, one less where its fraction is below its denominator's."""
    unit = Fraction(2) ** (value.numerator.bit_length() - value.denominator.bit_length() + 1 - bits)
    return value // unit * unit if value else value


def _two_over_pi(bits: int) -> int:
    """2/pi times 2^bits, from Machin's formula."""
    one = 1 << (bits + 32)

    def arc(n: int) -> int:
        total = term = one // n
        k = 1
        while term:
            term //= -n * n
            k += 2
            total += term // k
        return total

    pi = 4 * (4 * arc(5) - arc(239))
    return (2 * one * (1 << bits)) // pi
