"""Cheap stand-ins: sigmoids and tanh from lines, parabolas and quotients, for hardware and games."""

from ..language import damp, sigmoid_slope, sign, tanh, where
from .entry import Kink, activation, fixed

TITLE = {"en": "Cheap approximations", "zh": "廉价近似类"}


@activation(
    source="Amin, Curtis & Hayes-Gill 1997, IEE Proceedings 144",
    zh="PLAN：斜率为 1/4、1/8、1/32 的直线段拼成的 sigmoid，只需移位与加法。",
    aliases=("plan",),
    points={0.5: 0.625, -2.0: 0.125, 3.0: 0.9375, 6.0: 1.0},
    facts=("not monotone", "bounded"),
    kinks=(
        Kink(-5.0, 0.0),
        Kink(-2.375, 0.03125),
        Kink(-1.0, 0.125),
        Kink(1.0, 0.125),
        Kink(2.375, 0.03125),
        Kink(5.0, 0.0),
    ),
    notes=(
        "It jumps by 1/256 at -2.375 and 2.375, as published.",
        "与原文一致，它在 ±2.375 处有 1/256 的跳变。",
    ),
)
def plan_sigmoid(x):
    """The sigmoid from lines of slope 1/4, 1/8 and 1/32 (PLAN), which hardware computes by shifts and sums."""

    def left(r):
        return where(r >= 5, 0.0, where(r >= 2.375, (5 - r) / 32, where(r >= 1, 0.375 - r / 8, 0.5 - r / 4)))

    return where(x < 0, left(-x), 1 - left(x))


@activation(
    source="Zhang, Vassiliadis & Delgado-Frias 1996, IEEE Transactions on Computers 45",
    zh="两段抛物线拼成的 sigmoid，在 ±4 处到达 0 与 1。",
    points={1.0: 0.71875, -2.0: 0.125, 5.0: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(-4.0, 0.0), Kink(0.0, 0.25), Kink(4.0, 0.0)),
)
def zhang_sigmoid(x):
    """The sigmoid from two parabolas, which reaches 0 and 1 at -4 and 4."""
    return where(x <= -4, 0.0, where(x < 0, (x + 4) ** 2 / 32, where(x < 4, 1 - (4 - x) ** 2 / 32, 1.0)))


@activation(
    source="the Theano library, ultra_fast_sigmoid",
    zh="Theano 的极速 sigmoid：中间为有理式，再接直线与常数。",
    points={1.0: 0.75, -2.0: 0.125, 8.0: 0.997527376843365},
    facts=("not monotone", "bounded"),
    kinks=(
        Kink(-6.0, 0.0),
        Kink(-3.4, 0.011470323669929125),
        Kink(0.0, 0.375),
        Kink(3.4, 0.011470323669929125),
        Kink(6.0, 0.0),
    ),
    notes=(
        "It jumps by 0.0045 at -3.4 and 3.4 and ends 0.0025 short of 0 and 1.",
        "它在 ±3.4 处有 0.0045 的跳变，两端与 0、1 各差 0.0025。",
    ),
)
def ultra_fast_sigmoid(x):
    """A quotient in the middle, then lines and constants: the fastest sigmoid of Theano."""

    # the tanh of x/2 in Theano is 1.5 h/(1 + h), then a line, then 0.99505475368673; here (1 - tanh)/2 at r = |x|
    def left(r):
        line = 0.002472623156634775 + 0.011470323669929125 * (6 - r)
        return where(r >= 6, 0.002472623156635, where(r >= 3.4, line, (1 - r / 4) / (2 + r)))

    return where(x < 0, left(-x), 1 - left(x))


@activation(
    source="the SharpNEAT library, PolynomialApproximantSteep",
    zh="用四次多项式代替指数的陡峭 sigmoid。",
    aliases=("polynomial_approximant_steep",),
    points={0.5: 0.9226824751972158, -1.0: 0.009740683115256273},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, 1.225),),
)
def approximant_sigmoid(x):
    """The sigmoid of 4.9 x with a polynomial of degree four in place of the exponential."""

    # the tail at distance r >= 0 from the middle, the fraction 1/(1 + e) with e = 1 + u + 0.555 u^2 + 0.143 u^4
    def tail(r):
        u = 4.9 * r
        return 1 / (2 + u * (1 + u * (0.555 + 0.143 * (u * u))))

    return where(x > 0, 1 - tail(x), tail(-x))


@activation(
    source="folklore; Lambert's fraction cut off, usual in audio software",
    zh="有理式 x(27+x²)/(27+9x²) 近似的 tanh，在 ±3 处平滑到达 ±1。",
    points={1.0: 0.7777777777777778, -2.0: -0.9841269841269841, 4.0: 1.0},
    facts=("monotone", "odd", "bounded"),
)
def pade_tanh(x):
    """x (27 + x^2)/(27 + 9 x^2) between -3 and 3, where it reaches -1 and 1 with slope and curvature 0."""
    r, square = abs(x), x * x
    # what it lacks to 1 is (3 - r)^3 / (27 + 9 r^2)
    outer = where(r < 3, sign(x) * (1 - (3 - r) ** 3 / (27 + 9 * square)), sign(x))
    return where(r < 1.5, x * ((27 + square) / (27 + 9 * square)), outer)


@activation(
    source="Liu et al. 2018 (Bi-Real Net), arXiv:1808.00278",
    zh="符号函数的分段二次近似，在 [−1, 1] 内为 x(2−|x|)。",
    points={0.5: 0.75, -0.25: -0.4375, 2.0: 1.0},
    facts=("monotone", "odd", "bounded"),
    kinks=(Kink(-1.0, 0.0), Kink(0.0, 2.0), Kink(1.0, 0.0)),
)
def quadratic_sign(x):
    """The sign with its jump drawn out into two parabolas, x (2 - |x|) between -1 and 1."""
    return where(abs(x) < 1, x * (2 - abs(x)), sign(x))


@activation(
    source="Darabi et al. 2018 (BNN+), arXiv:1812.11800",
    zh="SwishSign：由 Swish 的导数构成的光滑符号函数，会略微越过 ±1。",
    points={0.25: 0.9873616898306249, -1.0: -1.053094864859332},
    facts=("smooth", "not monotone", "odd", "bounded"),
)
def swish_sign(x, beta=fixed(5.0, above=0)):
    """A smooth sign made from the slope of swish, which overshoots 1 slightly before it settles."""
    # 2 s(u) (1 + u (1 - s(u))) - 1 with the sigmoid s
    u = beta * x
    return tanh(u / 2) + 2 * damp(sigmoid_slope(u), u)
