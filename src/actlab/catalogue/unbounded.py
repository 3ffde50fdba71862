"""Unbounded odd curves and exponentials: slow growth by roots and logarithms, fast growth by exponentials."""

from ..language import asinh, atan, exp, expm1, log1p, sigmoid, sign, signed_zero, sqrt, tanh, where
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Roots, logarithms and exponentials", "zh": "根式、对数与指数"}
_SEARCH = "found by the search of Ramachandran, Zoph & Le 2017, arXiv:1710.05941"
_LOG2 = 0.6931471805599453


def _sinh(u):
    """The hyperbolic sine, halved before it overflows."""
    near = (expm1(u) - expm1(-u)) / 2
    return where(abs(u) < 25, near, sign(u) * exp(abs(u) - _LOG2))


@activation(
    source="folklore; an output for Poisson rates",
    zh="指数函数，用于输出正的速率。",
    aliases=("exp",),
    points={1.0: 2.718281828459045, -2.0: 0.1353352832366127},
    facts=("smooth", "convex", "bounded below"),
    elsewhere={"torch": "exp", "keras": "exponential", "jax": "jax.numpy.exp"},
)
def exponential(x):
    """The exponential function, which turns a network's output into a positive rate."""
    return exp(x)


@activation(
    source="folklore; " + SURVEY,
    zh="输入相反数的指数 exp(−x)。",
    points={1.0: 0.36787944117144233, -2.0: 7.38905609893065},
    facts=("smooth", "convex", "bounded below"),
)
def negative_exponential(x):
    """The exponential of the negated input."""
    return exp(-x)


@activation(
    source=SURVEY,
    zh="过原点、幅度与速率可学习的指数函数。",
    points={1.0: 1.7182818284590453, -2.0: -0.8646647167633873},
    facts=("smooth", "convex", "bounded below"),
)
def s_exp(x, alpha=learned(1.0), beta=learned(1.0)):
    """An exponential through the origin with a learned size alpha and a learned rate beta."""
    return alpha * expm1(beta * x)


@activation(
    source=SURVEY,
    zh="指数函数与双曲正切之积。",
    points={1.0: 2.0702275547951596, -2.0: -0.130466945597467},
    facts=("smooth", "not monotone", "bounded below"),
)
def e_tanh(x, alpha=fixed(1.0)):
    """alpha times the exponential times the hyperbolic tangent."""
    # far right exp(x) tanh(x) is exp(x) - 2 exp(-x) sigmoid(2x), whose slope does not end in infinity times 0
    return alpha * where(x < 1.25, exp(x) * tanh(x), exp(x) - 2 * exp(-x) * sigmoid(2 * x))


@activation(
    source="folklore",
    zh="反双曲正弦：原点附近线性，远处按对数增长。",
    aliases=("asinh",),
    points={1.0: 0.881373587019543, -2.0: -1.4436354751788103},
    facts=("smooth", "monotone", "odd"),
    elsewhere={"torch": "asinh", "jax": "jax.numpy.arcsinh"},
)
def arcsinh(x):
    """The inverse hyperbolic sine, linear near 0 and logarithmic far away."""
    return asinh(x)


@activation(
    source="folklore; the symmetric logarithm, used in DreamerV3",
    zh="保留符号的对数 sign(x)·log(1+|x|)。",
    points={1.0: 0.6931471805599453, -3.0: -1.3862943611198906},
    facts=("monotone", "odd"),
    kinks=(Kink(0.0, 1.0),),
)
def symlog(x):
    """The logarithm of 1 + |x| with the sign of x, which tames targets of any size."""
    return where(x >= 0, log1p(x), -log1p(-x))


@activation(
    source="folklore; the inverse of symlog, used in DreamerV3",
    zh="symlog 的反函数 sign(x)·(e^|x| − 1)。",
    points={1.0: 1.7182818284590453, -2.0: -6.38905609893065},
    kinks=(Kink(0.0, 1.0),),
)
def symexp(x):
    """The inverse of the symmetric logarithm, sign(x) (exp(|x|) - 1)."""
    return where(x >= 0, expm1(x), -expm1(-x))


@activation(
    source="folklore; 2018 as an activation, " + SURVEY,
    zh="保留符号的平方根；在 0 处斜率无穷大，此处约定为 0。",
    aliases=("signed_square_root",),
    points={4.0: 2.0, -2.0: -1.4142135623730951},
    facts=("monotone", "odd"),
    kinks=(Kink(0.0, 0.0),),
)
def signed_sqrt(x):
    """The square root of |x| with the sign of x; its slope is infinite at 0 and set to 0 there."""
    return where(x > 0, sqrt(x), where(x < 0, -sqrt(-x), x * abs(x)))


@activation(
    source="folklore; torch",
    zh="输入减去其双曲正切：小输入被压到接近 0。",
    aliases=("tanhshrink",),
    points={1.0: 0.23840584404423512, -0.5: -0.03788284273999024, 3.0: 2.0049452463132695},
    facts=("smooth", "monotone", "odd"),
    elsewhere={"torch": "nn.functional.tanhshrink", "keras": "tanh_shrink"},
)
def tanh_shrink(x):
    """The input minus its hyperbolic tangent, which presses small inputs towards 0."""
    # near 0 by Lambert's continued fraction tanh x = x/(1 + x^2/(3 + x^2/(5 + ...))); the difference would cancel
    square, above, below = x * x, 21.0, 1.0
    for odd in (19, 17, 15, 13, 11, 9, 7, 5, 3):  # brought to one quotient
        above, below = odd * above + square * below, above
    return where(abs(x) < 1.25, x * (square * below / (above + square * below)), x - tanh(x))


@activation(
    source=_SEARCH,
    zh="反正切的平方减去输入。",
    points={1.0: -0.38314972493191507, -2.0: 3.225778283313099},
    facts=("smooth", "monotone"),
)
def arctid(x):
    """The square of the arc tangent minus the input."""
    return atan(x) ** 2 - x


@activation(
    source="Parisi et al. 2020, arXiv:2011.07661",
    zh="正侧为 sinh(x)/3，负侧为 x³/4。",
    points={1.0: 0.3917337312146005, -2.0: -2.0},
    kinks=(Kink(0.0, 0.0),),
)
def hyper_sinh(x):
    """A third of the hyperbolic sine for positive input and a quarter of the cube for negative input."""
    # a third and a quarter are taken inside, so that nothing overflows before the result does; 1.79... is log 6
    right = where(x < 25, (expm1(x) - expm1(-x)) / 6, exp(x - 1.791759469228055))
    return where(x > 0, right, x * (x * (x / 4)))


@activation(
    source=SURVEY,
    zh="双曲正弦与其反函数之和。",
    points={1.0: 2.0565747806633445, -2.0: -5.0704958830258295},
    facts=("smooth",),
)
def comb_h_sine(x, alpha=fixed(1.0)):
    """The hyperbolic sine plus its inverse, both of alpha x."""
    return _sinh(alpha * x) + asinh(alpha * x)


@activation(
    source=SURVEY,
    zh="幅度与速率可学习的双曲正弦。",
    points={1.0: 1.1752011936438014, -2.0: -3.6268604078470186},
    facts=("smooth",),
)
def s_sinh(x, alpha=learned(1.0), beta=learned(1.0)):
    """A hyperbolic sine with a learned size alpha and a learned rate beta."""
    return alpha * _sinh(beta * x)


@activation(
    source=SURVEY,
    zh="双曲正切加上一条直线，三个系数均可学习。",
    aliases=("twisted_tanh",),
    points={1.0: 1.7615941559557649, -2.0: -2.964027580075817},
    facts=("smooth", "monotone", "odd"),
)
def tanh_lu(x, alpha=learned(1.0), beta=learned(1.0), gamma=learned(1.0)):
    """A hyperbolic tangent plus a line, with three learned coefficients."""
    return alpha * tanh(beta * x) + gamma * x


@activation(
    source="Abdel-Nabi et al. 2023, IEEE Access",
    zh="双曲余弦的对数改造成的单调整流函数。",
    points={1.0: 0.9823430816029137, -2.0: -0.6749972526421356},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 1.0),),
)
def hclsh(x):
    """A monotone rectifier made of logarithms of hyperbolic cosines."""
    # log(cosh x + x cosh(x/2)) less x, and log cosh x plus x, with the growing exponential taken out
    right = x + log1p((expm1(-2 * x) + x * (exp(-x / 2) + exp(-1.5 * x))) / 2)
    return where(x >= 0, right, log1p(expm1(2 * x) / 2))


@activation(
    source="Parisi 2020, arXiv:2009.07530",
    zh="反双曲正弦乘以 √|x|/12。",
    aliases=("modified_arcsinh",),
    points={1.0: 0.07344779891829525, -4.0: -0.3491187578768502},
    facts=("monotone", "odd"),
    kinks=(Kink(0.0, 0.0),),
)
def m_arcsinh(x):
    """The inverse hyperbolic sine times a twelfth of the root of |x|."""
    # near 0 as asinh(x)/x times |x|^1.5, whose curvature does not overflow on the way
    square = x * x
    size = (1 - square * (1 / 6 - square * (3 / 40))) * abs(x) ** 1.5
    near = where(abs(x) > 0, sign(x) * size, signed_zero(x))
    away = where(x > 0, asinh(x) * sqrt(x), asinh(x) * sqrt(-x))
    return where(abs(x) < 1e-4, near, away) / 12


@activation(
    source="Godfrey & Gashler 2015, arXiv:1602.01321",
    zh="软指数函数：alpha 由 0 增至 1 时从恒等函数变为指数函数。",
    points={1.0: 1.7974425414002564, -2.0: -0.7642411176571153},
    facts=("smooth", "bounded below", "convex"),
    notes=(
        "Near alpha = 0 it is the identity and at 1 the exponential. For alpha below 0 the published formula is a "
        "logarithm with no value left of 1/alpha - alpha, so those are refused.",
        "alpha 接近 0 时为恒等函数，等于 1 时为指数函数。负值对应的对数在左侧无定义，故不允许。",
    ),
)
def soft_exponential(x, alpha=learned(0.5, above=0)):
    """A curve between the identity and the exponential, (exp(alpha x) - 1)/alpha + alpha."""
    return expm1(alpha * x) / alpha + alpha
