"""Smooth rectifiers whose slope is a sigmoid of its own: integrals of distribution functions and their like."""

from ..language import PI, exp, expm1, hypot, log, log1p, softplus, where
from .entry import activation, fixed, learned
from .gated_by_other_curves import arctan_gated

TITLE = {"en": "Integrated sigmoids", "zh": "S 形函数的积分"}
_CP_FLOW = "Huang et al. 2021 (convex potential flows), arXiv:2012.05942, the authors' code"
_LOG2 = 0.6931471805599453


@activation(
    source=_CP_FLOW,
    zh="柯西分布函数的积分：左侧按对数缓慢下降的整流函数。",
    points={1.0: 0.6396821999236743, -3.0: -0.6737169464884141},
    facts=("smooth", "monotone", "convex"),
)
def cauchy_softplus(x):
    """The integral of the Cauchy distribution function, a rectifier that falls like a logarithm on the left."""
    # x^2 overflows long before its logarithm does
    logarithm = where(abs(x) < 1, log1p(x * x) / 2, log(hypot(1, x)))
    return arctan_gated(x) - logarithm / PI


@activation(
    source=_CP_FLOW,
    zh="拉普拉斯分布函数的积分：relu(x) + e^(−|x|)/2。",
    points={1.0: 1.1839397205857212, -2.0: 0.06766764161830635},
    facts=("monotone", "bounded below", "convex"),
)
def laplace_softplus(x):
    """The integral of the Laplace distribution function, ReLU plus exp(-|x|)/2."""
    return where(x > 0, x + exp(-x) / 2, exp(x) / 2)


@activation(
    source=_CP_FLOW,
    zh="softplus 减去 x/2：光滑的偶函数，两侧趋于 |x|/2。",
    points={1.0: 0.8132616875182228, -2.0: 1.1269280110429725},
    facts=("smooth", "not monotone", "even", "bounded below", "convex"),
)
def symmetric_softplus(x):
    """Softplus less half of its input, an even function that tends to |x|/2."""
    # log(2 cosh u) at u = x/2, near 0 through cosh(u) - 1 = -expm1(u) expm1(-u) / 2
    u = x / 2
    near = log1p(-expm1(u) * expm1(-u) / 2) + _LOG2
    return where(abs(u) < 1, near, abs(u) + log1p(exp(-2 * abs(u))))


@activation(
    source="Barron et al. 2021 (mip-NeRF), arXiv:2103.13415",
    zh="输入先加偏置再取 softplus；mip-NeRF 的密度输出取偏置 −1。",
    points={1.0: 0.6931471805599453, -2.0: 0.04858735157374206},
    facts=("smooth", "monotone", "bounded below", "convex"),
    notes=(
        "A bias below 0 starts a density field nearly empty. shifted_softplus lowers the output instead.",
        "负偏置使密度场初始时接近空。shifted_softplus 平移的是输出，并非此函数。",
    ),
)
def biased_softplus(x, bias=fixed(-1.0)):
    """Softplus of the input plus a bias, the density of mip-NeRF at bias -1."""
    return softplus(x + bias)


@activation(
    source="Abbott & Chance 2005, Progress in Brain Research 149",
    zh="神经元放电率曲线 u/(1−e^(−du))，u = ax − b：神经科学中的光滑整流函数。",
    points={1.0: 1.5819767068693265, -2.0: 0.3130352854993313},
    facts=("smooth", "monotone", "bounded below", "convex"),
    notes=(
        "Models of decision circuits take a = 270, b = 108 and d = 0.154 with currents in nA and rates in Hz.",
        "决策环路模型取 a=270、b=108、d=0.154（电流单位 nA，放电率单位 Hz）。",
    ),
)
def abbott_chance(x, a=fixed(1.0), b=fixed(0.0), d=fixed(1.0, above=0)):
    """The firing rate u/(1 - exp(-d u)) of a neuron at u = a x - b, a smooth rectifier."""
    u = d * (a * x - b)
    # near 0 as u/2 + (u/2) coth(u/2), with Lambert's continued fraction of the second part
    square, rest = u * u / 4, 17.0
    for odd in (15, 13, 11, 9, 7, 5, 3):
        rest = odd + square / rest
    near = u / 2 + 1 + square / rest
    away = where(u > 0, u / -expm1(-u), u * exp(u) / expm1(u))
    return where(abs(u) < 1, near, away) / d


@activation(
    source="Biswas, Banerjee & Pandey 2023, arXiv:2310.10237",
    zh="leaky ReLU 的光滑近似，门为 1/√(1+β·e^(−2γ(1−α)x))。",
    points={1.0: 0.9281486878693526, -2.0: -0.8266622332770124},
    facts=("smooth", "monotone"),
    notes=(
        "No initial values are pinned down: alpha = 0.25, beta = gamma = 1 show the shape.",
        "原文未固定初值；此处取 alpha=0.25、beta=gamma=1 以展示其形状。",
    ),
)
def sqish(x, alpha=learned(0.25), beta=learned(1.0, above=0), gamma=learned(1.0)):
    """A leaky ReLU of slope alpha whose corner is rounded by the inverse root of 1 + beta exp(-2 gamma (1-alpha) x)."""
    gated = (1 - alpha) * x
    # 1/sqrt(1 + e^v) is exp(-softplus(v)/2)
    return alpha * x + gated * exp(-softplus(log(beta) - 2 * gamma * gated) / 2)
