"""Blends: sums of known activations whose weights are learned."""

from ..language import expm1, maximum, sigmoid, tanh, where
from .entry import Kink, activation, learned

TITLE = {"en": "Blends", "zh": "混合类"}


@activation(
    source="Agostinelli et al. 2014, arXiv:1412.6830",
    zh="ReLU 加两个位置与斜率可学习的折点（自适应分段线性单元）。",
    aliases=("adaptive_piecewise_linear",),
    points={1.0: 1.0, -2.0: 0.9},
    facts=("not monotone", "convex", "bounded below"),
    kinks=(
        Kink(0.0, "0 - a1*where(b1 > 0, 1, 0) - a2*where(b2 > 0, 1, 0)"),
        Kink("b1", "where(b1 > 0, 1, 0) - a2*where(b1 < b2, 1, 0)"),
        Kink("b2", "where(b2 > 0, 1, 0) - a1*where(b2 < b1, 1, 0)"),
    ),
)
def apl(x, a1=learned(0.2), b1=learned(0.0), a2=learned(0.2), b2=learned(0.5)):
    """ReLU plus two hinges with learned places and slopes (adaptive piecewise linear unit)."""
    return maximum(x, 0.0) + a1 * maximum(b1 - x, 0.0) + a2 * maximum(b2 - x, 0.0)


@activation(
    source="Suetfeld et al. 2018, arXiv:1806.10064",
    zh="tanh、ELU、ReLU、SiLU 与恒等函数的可学习加权和。",
    aliases=("adaptive_blending_unit",),
    points={1.0: 0.898530546917154, -2.0: -0.8134196281766879},
    facts=("monotone",),
    kinks=(Kink(0.0, "w1 + w2 + w4/2 + w5"),),
)
def abu(x, *, w1=learned(0.2), w2=learned(0.2), w3=learned(0.2), w4=learned(0.2), w5=learned(0.2)):
    """A learned blend of tanh, ELU, ReLU, SiLU and the identity."""
    elu = where(x > 0, x, expm1(x))
    return w1 * tanh(x) + w2 * elu + w3 * maximum(x, 0.0) + w4 * (x * sigmoid(x)) + w5 * x


@activation(
    source="Manessi & Rozza 2018, arXiv:1801.09403",
    zh="ReLU、tanh 与恒等函数的可学习仿射组合，权重之和为 1。",
    points={1.0: 0.9403985389889412, -2.0: -0.7410068950189542},
    facts=("monotone",),
    kinks=(Kink(0.0, "1 - a"),),
)
def affine_combination(x, a=learned(0.5), b=learned(0.25)):
    """A learned combination of ReLU, tanh and the identity whose weights sum to 1."""
    return a * maximum(x, 0.0) + b * tanh(x) + (1 - a - b) * x


@activation(
    source="Bodyanskiy & Kostiuk 2023, International Journal of Computing",
    zh="直线与 sigmoid 之积加偏置；按初值可成为 SiLU、tanh 或 sigmoid。",
    aliases=("learnable_extended_activation",),
    points={1.0: 0.7310585786300049, -2.0: -0.23840584404423512},
    facts=("smooth", "not monotone", "bounded below"),
)
def leaf(x, alpha=learned(1.0), beta=learned(0.0), gamma=learned(1.0), delta=learned(0.0)):
    """A learned line times a sigmoid plus an offset, which can become SiLU, tanh or the sigmoid."""
    return (alpha * x + beta) * sigmoid(gamma * x) + delta
