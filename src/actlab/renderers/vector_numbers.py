"""The numbers behind the elementary functions: splits of constants, ends of ranges, polynomials, turns of the circle.

The polynomials are minimax fits made for these intervals; the relative error of each is stated beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from .vector_lines import DOUBLE, SINGLE


class Numbers(NamedTuple):
    """What differs between the formats: splits of constants, ends of ranges, polynomials.

    exp_: e^r for |r| <= ln(2)/2, exp_far: for |r| <= ln(2). log_: (log(1 + f) - f)/f^2 for 1 + f from sqrt(1/2) to
    sqrt(2), log_unit: log(1 + f)/f for f from 0 to 1. sine: sin(t)/t by t^2 up to pi/2. atan_: atan(t)/t by t^2 up to
    1. erf_ up to erf_end: in single precision log(erfc(t))/t, in double erf(t)/t by t^2. tail up to phi_end: a and b
    of Phi(-r) e^(r^2/2) = b(r)/(a(r) + sqrt(2 pi) r b(r)), of whose roundings little is left.
    """

    ln2: tuple[float, float]  # nearest, and the rest
    ln2_short: tuple[float, float]  # a first part short enough for exact products with exponents
    exp_low: float  # 4 e^a is 0 below
    exp_high: float  # and infinite above
    expm1_low: float  # e^a - 1 is -1 below
    half_pi: tuple[float, float]
    pi: tuple[float, float, float]
    pi_most: float  # up to here three parts of pi suffice
    erf_end: float  # in single precision erf is 1 from here
    phi_end: float  # the normal density is 0 above
    big: float  # a^2 + 1 is a^2 above, and a^2 is finite
    exp_: tuple[float, ...]
    exp_far: tuple[float, ...]
    log_: tuple[float, ...]
    log_unit: tuple[float, ...]
    sine: tuple[float, ...]
    atan_: tuple[float, ...]
    erf_: tuple[float, ...]
    tail: tuple[tuple[float, ...], tuple[float, ...]]


# errors: exp_ 4e-10, exp_far 3e-8, log_ 4e-9 of f, log_unit 5e-9, sine 6e-9, atan_ 4e-10, erf 4e-9, tail 2e-8
_SINGLE = Numbers(
    ln2=(0.693147182464599609375, -1.904654323148236017e-09),
    ln2_short=(0.693138122558593750, 9.0580006145e-06),
    exp_low=-107.0,
    exp_high=89.0,
    expm1_low=-30.0,
    half_pi=(1.57079637050628662109375, -4.37113900018624283e-08),
    pi=(3.141592502593994, 1.5099578831723193e-07, 1.078060505991553e-14),
    pi_most=2.0**16,
    erf_end=3.93,
    phi_end=14.5,
    big=2.0**30,
    exp_=(1.0, 1.0, 0.5000000095, 0.1666651877, 0.04166620559, 0.008368897939, 0.001395050544),
    exp_far=(
        *(1.0, 1.0, 0.50000017748, 0.16666565257, 0.041661996229, 0.0083384109057, 0.0014097021425),
        0.00019346463809,
    ),
    log_=(
        *(-0.49999989163, 0.33333308298, -0.25001521784, 0.2000301537, -0.166111532, 0.14163470685),
        *(-0.1320879088, 0.13004842519, -0.078233803416),
    ),
    log_unit=(
        *(1.0, -0.49999932766, 0.33330511373, -0.24958587689, 0.19695400526, -0.15355393113, 0.10680546075),
        *(-0.057664320927, 0.020204507024, -0.0033184531563),
    ),
    sine=(1.0, -0.1666665955, 0.0083330662316, -0.00019809601626, 2.6057774949e-6),
    atan_=(
        *(0.9999999996, -0.3333332394, 0.1999960463, -0.1427915959, 0.1105450101, -0.08798771696),
        *(0.06716107652, -0.04435750874, 0.02227437452, -0.007199396292, 0.001091113785),
    ),
    erf_=(
        *(-1.1283791716, -0.63661938198, -0.10277783042, 0.019153063614, 0.0001603964404, -0.0016670276277),
        *(0.00063283681832, -0.00011764122446, 9.2562560699e-6),
    ),
    tail=(
        (2.0, 0.9153907299, 0.2291900665, 0.02403536066, 2.459284133e-6),
        (1.0, 0.9131242037, 0.3938478231, 0.09057623893, 0.009633263574),
    ),
)
# errors: exp_ 6e-22, exp_far 1e-20, log_ 1e-18 of f, log_unit 9e-18, sine 4e-22, atan_ 7e-19, erf_ 2e-21, tail 3e-17
_DOUBLE = Numbers(
    ln2=(0.693147180559945286227, 2.319046813846299558e-17),
    ln2_short=(6.93147180369123816490e-01, 1.90821492927058770002e-10),
    exp_low=-750.0,
    exp_high=710.0,
    expm1_low=-60.0,
    half_pi=(1.570796326794896558, 6.123233995736766036e-17),
    pi=(3.141592653589793, 1.224646799147353e-16, 2.1657133478438278e-32),
    pi_most=2.0**20,
    erf_end=1.0,
    phi_end=38.8,
    big=2.0**60,
    exp_=(
        *(1.0, 1.0, 0.5, 0.166666666666666667, 0.0416666666666667127, 0.0083333333333333413),
        *(0.00138888888888640141, 0.000198412698412373841, 2.48015873632919376e-05, 2.75573192887041966e-06),
        *(2.75572418893603829e-07, 2.50520404482536538e-08, 2.09244104131978726e-09, 1.6095128624815245e-10),
    ),
    exp_far=(
        *(1.0, 1.0, 0.5000000000000000002, 0.1666666666666666637, 0.04166666666666664911),
        *(0.008333333333333434939, 0.001388888888889316367, 0.0001984126984114840829, 2.48015872971733904e-5),
        *(2.755731929164939451e-6, 2.755732151369390719e-7, 2.505208933892924518e-8, 2.087612914683010167e-9),
        *(1.60616128450233143e-10, 1.155767534130281605e-11, 7.53158494802410193e-13),
    ),
    log_=(
        *(-0.5000000000000000172, 0.3333333333333349866, -0.2499999999999870826, 0.1999999999993300326),
        *(-0.1666666666688546717, 0.142857142951783261, -0.1249999998784468874, 0.111111104507112171),
        *(-0.10000000006318167, 0.09090935143705052026, -0.08333358255862803009, 0.07691696231806316922),
        *(-0.07141765818990468327, 0.06675115570732320523, -0.06272271122807783872, 0.058207970261146201),
        *(-0.05313828270031755194, 0.053871283632758378, -0.06292457979582543201, 0.05788284594830720945),
        -0.02493716706713537308,
    ),
    log_unit=(
        *(1.0, -0.4999999999999945953, 0.3333333333323502998, -0.2499999999367604308, 0.1999999979131063951),
        *(-0.1666666249831299243, 0.1428565889512818977, -0.1249947959610571337, 0.111075058993009744),
        *(-0.09981014510708266061, 0.09013152364419325118, -0.08081208572250084891, 0.07035537399898063327),
        *(-0.05750196176282496213, 0.04230007172038994722, -0.02674393426327701684, 0.01383857337384843462),
        *(-0.005543101519629274388, 0.001595738752631759262, -0.0002917607630190237326, 2.532989942882457772e-5),
    ),
    sine=(
        *(1.0, -0.1666666666666666666, 0.00833333333333333302, -0.0001984126984126967087),
        *(2.755731922394020733e-6, -2.505210837848966347e-8, 1.605904319604282899e-10, -7.647127255503458208e-13),
        *(2.810202864723999432e-15, -7.981383586393676045e-18),
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
        (
            *(1.999999999999999999, 2.473278715586036013, 1.563835708554297793, 0.6417826024813109965),
            *(0.1856423112790377082, 0.03895574338742695159, 0.005913344417927494541, 0.0006267471447343186411),
            *(4.230122212871283236e-5, 1.400548812196894299e-6),
        ),
        (
            *(1.0, 1.692068934305652864, 1.415916320090582372, 0.7585453517029634871, 0.2856403022009063588),
            *(0.07867744663901960014, 0.01603781374161785624, 0.002392834566580556653, 0.0002511534120195144704),
            *(1.687574601332639167e-5, 5.587381369834999715e-7),
        ),
    ),
)
NUMBERS = {SINGLE: _SINGLE, DOUBLE: _DOUBLE}

HALF_TURNS = "half_turns"  # the name of the table below


@cache
def half_turns() -> tuple[float, ...]:
    """2^(16 k - 1023)/pi for k from 0 to 127, without its multiples of 2^53, each in four parts of 53 bits.

    A double 2^(16 k - 1023) m with m from 1 is a multiple of 2^(16 k - 1075), so what is left out is whole turns of 2.
    Rows of numbers below 1 are 0: nothing is looked up there.
    """
    digits = 1300  # bits of 1/pi: 2^1025/pi still has more than 212 behind the point
    over_pi = Fraction(_over_pi(digits), 2**digits)
    found: list[float] = []
    for k in range(128):
        rest = over_pi * Fraction(2) ** (16 * k - 1023) % 2**53 if k > 62 else Fraction(0)
        for _ in range(4):
            part = _cut(rest, 53)
            found.append(float(part))
            rest -= part
    return tuple(found)


# what the lines look up by name
TABLES: dict[str, Callable[[], tuple[float, ...]]] = {HALF_TURNS: half_turns}


def _cut(value: Fraction, bits: int) -> Fraction:
    """The leading bits of a positive number, one less where its fraction is below its denominator's."""
    unit = Fraction(2) ** (value.numerator.bit_length() - value.denominator.bit_length() + 1 - bits)
    return value // unit * unit if value else value


def _over_pi(bits: int) -> int:
    """1/pi times 2^bits, from Machin's formula."""
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
    return (one << bits) // pi
