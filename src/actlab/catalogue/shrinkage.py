"""Shrinkage: rules that pull small input to zero and leave large input alone, some of them smooth or without bias."""

from ..language import sigmoid, sign, signed_zero, sqrt, where
from .entry import Kink, activation, fixed

TITLE = {"en": "Shrinkage rules", "zh": "收缩规则类"}


@activation(
    source="Gao & Bruce 1997, Statistica Sinica 7, WaveShrink with firm shrinkage",
    zh="两个阈值的收缩：小输入置零，大输入不变，其间为直线。",
    aliases=("semisoft_shrink",),
    points={0.25: 0.0, 0.75: 0.5, -2.0: -2.0},
    facts=("monotone", "odd"),
    kinks=(Kink("-upper", 1.0), Kink("-lower", 0.0), Kink("lower", 0.0), Kink("upper", 1.0)),
    ordered=(("lower", "upper"),),
    notes=(
        "It shrinks like soft_shrink near the threshold and, unlike it, does not bias large input.",
        "在阈值附近与 soft_shrink 一样连续，却不会使大输入产生偏差。",
    ),
)
def firm_shrink(x, lower=fixed(0.5, low=0), upper=fixed(1.0, above=0)):
    """Zero within `lower` of zero, the input itself beyond `upper`, and a straight line in between."""
    between = sign(x) * (upper * ((abs(x) - lower) / (upper - lower)))
    return where(abs(x) <= lower, signed_zero(x), where(abs(x) < upper, between, x))


@activation(
    source="Breiman 1995, Technometrics 37, the non-negative garrote; Gao 1998 as a shrinkage rule",
    zh="非负 garrote：阈值以上为 x − λ²/x，阈值以内为零。",
    points={0.25: 0.0, 1.0: 0.75, -2.0: -1.875},
    facts=("monotone", "odd"),
    kinks=(Kink("-lambd", 0.0), Kink("lambd", 0.0)),
)
def garrote_shrink(x, lambd=fixed(0.5, low=0)):
    """Zero within lambd of zero and x - lambd^2/x beyond, which takes ever less from larger input."""
    kept = (abs(x) - lambd) / abs(x) * (x + sign(x) * lambd)
    return where(abs(x) > lambd, kept, signed_zero(x))


@activation(
    source="Fan & Li 2001, Journal of the American Statistical Association 96, SCAD",
    zh="SCAD 收缩：先如软阈值，再经一段较陡的直线回到恒等。",
    points={0.75: 0.25, -1.5: -1.2941176470588236, 3.0: 3.0},
    facts=("monotone", "odd"),
    kinks=(
        Kink("-a*lambd", 1.0),
        Kink("-2*lambd", 1.0),
        Kink("-lambd", 0.0),
        Kink("lambd", 0.0),
        Kink("2*lambd", 1.0),
        Kink("a*lambd", 1.0),
    ),
)
def scad_shrink(x, lambd=fixed(0.5, above=0), a=fixed(3.7, above=2)):
    """Soft thresholding up to 2 lambd, then a steeper line that meets the input itself at a lambd."""
    r = abs(x)
    back = ((a - 1) * r - a * lambd) / (a - 2)
    shrunk = where(r <= lambd, signed_zero(x), sign(x) * where(r <= 2 * lambd, r - lambd, back))
    return where(r >= a * lambd, x, shrunk)


@activation(
    source="Atto, Pastor & Mercier 2008, ICASSP, smooth sigmoid based shrinkage",
    zh="用 sigmoid 门代替硬阈值的光滑收缩。",
    aliases=("sigmoid_shrink",),
    points={0.5: 0.25, -1.0: -0.9241418199787564},
    facts=("monotone", "odd"),
)
def sig_shrink(x, tau=fixed(5.0, above=0), lambd=fixed(0.5, low=0)):
    """The input times a logistic gate that opens where |x| passes lambd, the more abruptly the larger tau."""
    return x * sigmoid(tau * abs(x) - tau * lambd)


@activation(
    source="Vidakovic 1999, Statistical Modeling by Wavelets, the hyperbola rule",
    zh="双曲线收缩：阈值以上为 sign(x)·√(x²−λ²)。",
    points={0.25: 0.0, -1.0: -0.8660254037844386, 2.0: 1.9364916731037085},
    facts=("monotone", "odd"),
    kinks=(Kink("-lambd", 0.0), Kink("lambd", 0.0)),
    notes=(
        "Its slope is infinite just beyond lambd and set to 0 at lambd itself.",
        "其斜率在阈值外侧趋于无穷，在阈值处约定为 0。",
    ),
)
def hyperbola_shrink(x, lambd=fixed(0.5, above=0)):
    """Zero within lambd of zero and a branch of a hyperbola, sign(x) sqrt(x^2 - lambd^2), beyond."""
    r = abs(x)
    return where(r > lambd, sign(x) * (sqrt(r - lambd) * sqrt(r + lambd)), signed_zero(x))
