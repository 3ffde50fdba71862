"""Learned curves: sums of hinges, splines or bumps whose number is chosen and whose heights are learned."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import pairwise
from math import exp as exp_of
from math import log1p, pi, sqrt

from ..language import Expr, exp, maximum, sigmoid, where
from .counts import count, each
from .entry import Kink, activation, fixed, learned
from .fitting import rounded

TITLE = {"en": "Learned curves", "zh": "可学习曲线"}


def _sum(parts: Iterator[Expr]) -> Expr:
    return reduce(lambda done, part: done + part, parts)


def _from(place: float, x: Expr, unit: Expr | float = 1.0) -> Expr:
    """`x` measured from a place in units of `unit`, without a minus before a minus."""
    if place == 0:
        return x
    return x - place * unit if place > 0 else x + -place * unit


def _apl_kinks(hinges: int) -> tuple[Kink, ...]:
    def slope(at: str, others: Iterator[int]) -> str:
        # at its own place a hinge is flat, like those to the left
        return "".join(f" - a{k}*where(b{k} > {at}, 1, 0)" for k in others)

    every = range(1, hinges + 1)
    own = (Kink(f"b{k}", f"where(b{k} > 0, 1, 0)" + slope(f"b{k}", (s for s in every if s != k))) for k in every)
    return (Kink(0.0, "0" + slope("0", iter(every))), *own)


@activation(
    source="Agostinelli et al. 2014, arXiv:1412.6830",
    zh="ReLU 加若干位置与斜率可学习的折点（自适应分段线性单元）。",
    aliases=("adaptive_piecewise_linear",),
    points={1.0: 1.0, -2.0: 0.9},
    facts=("not monotone", "convex", "bounded below"),
    kinks=_apl_kinks,
)
def apl(
    x,
    hinges=count(2),
    a=each("hinges", learned(0.2), lambda k, hinges: 0.4 / hinges),
    b=each("hinges", learned(0.0), lambda k, hinges: (k - 1) / hinges),
):
    """ReLU plus hinges with learned places and slopes (adaptive piecewise linear unit)."""
    return maximum(x, 0.0) + _sum(slope * maximum(place - x, 0.0) for slope, place in zip(a, b, strict=True))


def _hinge_place(k: int, hinges: int) -> float:
    """Where the paper's four hinges stand; other numbers are spread evenly as far."""
    return (0.0, 1.0, 2.0, 2.5)[k - 1] if hinges == 4 else 2.5 * (k - 1) / (hinges - 1)


def _splash_kinks(hinges: int) -> tuple[Kink, ...]:
    def slope(k: int, side: str) -> str:
        inner = (f" + {side}{s}*where(b{s} < b{k}, 1, 0)" for s in range(2, hinges + 1) if s != k)
        return f"{side}1" + "".join(inner)

    sides = [
        Kink(f"{sign}b{k}", f"{sign}({slope(k, side)})")
        for k in range(2, hinges + 1)
        for sign, side in (("", "right"), ("-", "left"))
    ]
    return (Kink(0.0, 0.0), *sides)


@activation(
    source="Tavakoli, Agostinelli & Baldi 2020, arXiv:2006.08947",
    zh="过原点的对称分段线性单元：折点成对固定，两侧各段斜率增量可学习；初值为 ReLU。",
    points={1.0: 1.0, -2.0: 0.0},
    facts=("monotone", "convex", "bounded below"),
    kinks=_splash_kinks,
    notes=(
        "hinges counts those of one side. They stand still at 0, 1, 2 and 2.5, for inputs that come out of batch "
        "normalisation; another number of them is spread evenly as far.",
        "hinges 为单侧折点数。折点固定在 0、1、2 与 2.5 处，适用于批归一化之后的输入；取其他个数时在同一范围内均布。",
    ),
)
def splash(
    x,
    hinges=count(4, low=2),
    right=each("hinges", learned(0.0), lambda k, hinges: float(k == 1)),
    left=each("hinges", learned(0.0)),
    b=each("hinges", fixed(1.0, above=0), _hinge_place, first=2),
):
    """Symmetric fixed hinges whose slopes are learned on either side, 0 at 0; it starts as ReLU."""
    places = (0.0, *b)
    return _sum(
        slope * maximum(sign * x - place, 0.0)
        for sign, slopes in ((1, right), (-1, left))
        for slope, place in zip(slopes, places, strict=True)
    )


def _spline_kinks(knots: int) -> tuple[Kink, ...]:
    half = knots // 2
    return tuple(Kink(f"{(k - 1 - half) / half!r}*r", f"c{k} - c{k - 1}") for k in range(2, knots))


@activation(
    source="Bohra et al. 2020, Learning Activation Functions in Deep (Spline) Neural Networks, IEEE OJSP",
    zh="等距结点上的可学习线性样条，两端按末段斜率外推；初值为 Leaky ReLU。",
    aliases=("deep_spline",),
    points={1.0: 1.0, -2.0: -0.02},
    facts=("monotone",),
    kinks=_spline_kinks,
    notes=(
        "The numbers c are heights in units of the distance between knots, 2r/(knots - 1), so that neighbouring ones "
        "differ by a slope and r stretches the curve without tilting it.",
        "c 是以结点间距 2r/(knots - 1) 为单位的高度：相邻两数之差即斜率，改变 r 只缩放曲线而不改变斜率。",
    ),
)
def linear_spline(
    x,
    knots=count(9, low=3, high=65, step=2),
    c=each("knots", learned(0.0), lambda k, knots: float(max(k - 1 - knots // 2, 0.01 * (k - 1 - knots // 2)))),
    r=fixed(4.0, above=0),
):
    """Straight pieces between evenly spaced knots from -r to r whose heights are learned; it starts as leaky ReLU."""
    half = knots // 2
    y = c[0]
    for k, (low, high) in enumerate(pairwise(c), start=-half):
        # each piece is measured from its end nearer to 0, whose height cancels least
        place, height = (k, low) if k >= 0 else (k + 1, high)
        piece = height * (r / half) + _from(place / half, x, r) * (high - low)
        y = piece if k == -half else where(x > k / half * r, piece, y)
    return y


def _bump(z: Expr) -> Expr:
    """The cubic B-spline on the knots -2 to 2."""
    size = abs(z)
    return where(size < 1, 2 / 3 - z * z * (1 - size / 2), maximum(2 - size, 0.0) ** 3 / 6)


@activation(
    source="Liu et al. 2024 (KAN), arXiv:2404.19756",
    zh="KAN 的边：SiLU 加上等距网格上的可学习三次 B 样条；初值为 SiLU。",
    aliases=("kan_spline",),
    points={1.0: 0.7310585786300049, -2.0: -0.23840584404423512},
    facts=("smooth", "not monotone", "bounded below"),
    notes=(
        "The grid of `intervals` pieces covers -r to r and goes on for three pieces on either side; beyond them only "
        "SiLU is left. The authors start the heights c with noise; 0, as here, starts every unit as SiLU exactly, and "
        "the heights learn from the first step because w_s is 1.",
        "网格在 [-r, r] 上分为 intervals 段，两侧各延伸三段，更远处只剩 SiLU。原作者以噪声初始化高度 c；此处取 0，"
        "使每个单元恰好从 SiLU 出发，而 w_s 为 1，c 从第一步起就能学习。",
    ),
)
def b_spline(
    x,
    *,
    intervals=count(5, low=2),
    w_b=learned(1.0),
    w_s=learned(1.0),
    c=each("intervals", learned(0.0), extra=3),
    r=fixed(1.0, above=0),
):
    """SiLU plus a cubic spline on an even grid with learned heights, the edge of a Kolmogorov-Arnold network."""
    z = x / r * (intervals / 2)
    spline = _sum(height * _bump(_from(k - 1 - intervals / 2, z)) for k, height in enumerate(c))
    return w_b * (x * sigmoid(x)) + w_s * spline


def _bump_height(k: int, points: int) -> float:
    # a softplus 1.4 times as sharp, which the bumps smooth to softplus itself
    centre = 4 * (2 * k - points - 1) / (points - 1)
    return rounded(log1p(exp_of(1.4 * centre)) / 1.4 / sqrt(6 * pi))


@activation(
    source="Scardapane et al. 2017, arXiv:1707.04035",
    zh="等距中心上的高斯核加权和，权可学习；初值接近 softplus。",
    aliases=("kaf",),
    points={1.0: 1.3069434454336656525, -2.0: 0.1235167310626236709},
    facts=("smooth", "not monotone", "bounded"),
    notes=(
        "The centres reach from -r to r; beyond them the function dies out. A bump one spacing away is exp(-1/6). The "
        "authors start from random weights or a fit; here each weight is log(1 + e^(1.4 c))/1.4 at its centre c over "
        "sqrt(6 pi), what the bumps at one place add up to: smoothed by them it is softplus, and no weights cancel.",
        "核中心从 -r 到 r，区间之外函数趋于 0；核宽使相邻中心处之值为 exp(-1/6)。原作者以随机数或拟合作初值；此处每个权"
        "取中心 c 处的 log(1 + e^(1.4 c))/1.4 除以 sqrt(6π)（各核在一点处之和）：经核平滑即为 softplus，各权互不抵消。",
    ),
)
def kernel_activation(
    x,
    points=count(12, low=2),
    a=each("points", learned(0.0), _bump_height),
    r=fixed(4.0, above=0),
):
    """A weighted sum of Gaussian bumps at evenly spaced centres whose weights are learned; it starts near softplus."""
    z = x / r * ((points - 1) / 2)
    return _sum(weight * exp(-(_from((2 * k - points + 1) / 2, z) ** 2) / 6) for k, weight in enumerate(a))
