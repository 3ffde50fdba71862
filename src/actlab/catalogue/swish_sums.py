"""Swish with a second term: a sum gated by the logistic function, or Swish plus something bounded."""

from ..language import maximum, tanh
from ..language import sech as _sech
from ..language import sigmoid as _sigmoid
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Sums of swishes", "zh": "Swish 组合类"}


@activation(
    source="Seo, Kim & Park 2024, arXiv:2407.01012",
    zh="Swish 加上一个幅度为 α 的双曲正切偏置。",
    points={1.0: 0.8072179942255814, -2.0: -0.3348086020518168},
    facts=("smooth", "not monotone", "bounded below"),
)
def swish_t(x, beta=learned(1.0), alpha=fixed(0.1)):
    """Swish plus a tanh bias of height alpha."""
    return x * _sigmoid(beta * x) + alpha * tanh(x)


@activation(
    source="Seo, Kim & Park 2024, arXiv:2407.01012, variant C",
    zh="Swish-T 的廉价变体：偏置由同一个 S 形函数给出，高度随 β 减小。",
    points={1.0: 0.7772702943560058, -2.0: -0.3145652596398116},
    facts=("smooth", "not monotone", "bounded below"),
)
def swish_t_c(x, beta=learned(1.0, above=0), alpha=fixed(0.1)):
    """The cheap Swish-T, whose bias comes from the same sigmoid and shrinks as beta grows."""
    # the paper's sigmoid(u) (x + 2a) - a, with 2 sigmoid(u) - 1 written as tanh(u/2): exact near 0
    return x * _sigmoid(beta * x) + alpha / beta * tanh(beta * x / 2)


@activation(
    source="Horuz et al. 2025, arXiv:2505.22074",
    zh="左端趋于 −α/2 的 SiLU；SUGAR 方法以其导数代替 ReLU 的导数。",
    points={1.0: 1.116926404942113, -2.0: -0.8743369642672988},
    facts=("smooth", "not monotone", "bounded below"),
)
def b_silu(x, alpha=fixed(1.67)):
    """SiLU shifted to level off at -alpha/2, whose slope stands in for that of ReLU in SUGAR."""
    # the paper's (x + alpha) sigmoid(x) - alpha/2, exact near 0
    return x * _sigmoid(x) + alpha / 2 * tanh(x / 2)


@activation(
    source=SURVEY,
    zh="ReLU 与 SiLU 之和，右端斜率为 2。",
    points={1.0: 1.7310585786300048, -2.0: -0.23840584404423512},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(0.0, 0.5),),
)
def oaf(x):
    """The sum of ReLU and SiLU, with slope 2 far to the right."""
    return maximum(x, 0.0) + x * _sigmoid(x)


@activation(
    source=SURVEY,
    zh="x 与双曲正割之和，再乘以 S 形函数值。",
    points={0.0: 0.5, -2.0: -0.20672144168722126},
    facts=("smooth", "not monotone", "bounded below"),
)
def sech_sig(x):
    """The sum of x and its hyperbolic secant, times the sigmoid of x."""
    return (x + _sech(x)) * _sigmoid(x)


@activation(
    source=SURVEY,
    zh="x 与平移量和幅度均为 α 的双曲正割之和，再乘以 S 形函数值。",
    points={0.0: 0.3240271368319427, -2.0: -0.16115588099457895},
    facts=("smooth", "not monotone", "bounded below"),
)
def p_sech_sig(x, alpha=learned(1.0)):
    """The sum of x and a hyperbolic secant shifted and scaled by alpha, times the sigmoid of x."""
    return (x + alpha * _sech(x + alpha)) * _sigmoid(x)


@activation(
    source=SURVEY,
    zh="x 与双曲正切之和，再乘以 S 形函数值。",
    points={1.0: 1.2878285197759447, -2.0: -0.3533207484991834},
    facts=("smooth", "not monotone", "bounded below"),
)
def tanh_sig(x):
    """The sum of x and its hyperbolic tangent, times the sigmoid of x."""
    return (x + tanh(x)) * _sigmoid(x)


@activation(
    source=SURVEY,
    zh="x 与平移量和幅度均为 α 的双曲正切之和，再乘以 S 形函数值。",
    points={0.0: 0.3807970779778824, -2.0: -0.3291900928291306},
    facts=("smooth", "not monotone", "bounded below"),
)
def p_tanh_sig(x, alpha=learned(1.0)):
    """The sum of x and a hyperbolic tangent shifted and scaled by alpha, times the sigmoid of x."""
    return (x + alpha * tanh(x + alpha)) * _sigmoid(x)
