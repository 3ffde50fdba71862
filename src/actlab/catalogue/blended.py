"""Blends: sums of known activations whose weights are learned."""

from ..language import expm1, maximum, sigmoid, tanh, where
from .entry import SURVEY, Kink, activation, learned

TITLE = {"en": "Blends", "zh": "混合类"}


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


@activation(
    source=SURVEY,
    zh="三角凸起与 ReLU 的可学习加权平均（改进的 Mexican ReLU）。",
    aliases=("modified_mexican_relu",),
    points={0.5: 0.5, -0.5: 0.25, 2.0: 1.0},
    facts=("monotone", "bounded below"),
    kinks=(
        Kink(0.0, "alpha*where(abs(c) < beta, sign(c), 0)"),
        Kink("c - beta", "(1 - alpha)*where(c - beta > 0, 1, 0)", rounded=True),
        Kink("c", "(1 - alpha)*where(c > 0, 1, 0)"),
        Kink("c + beta", "(1 - alpha)*where(c + beta > 0, 1, 0)", rounded=True),
    ),
)
def mmelu(x, alpha=learned(0.5, low=0, high=1), beta=learned(1.0, above=0), c=learned(0.0)):
    """A learned mean of ReLU and a triangle of height beta at c."""
    return alpha * maximum(beta - abs(x - c), 0.0) + (1 - alpha) * maximum(x, 0.0)
