"""Relatives of GELU: the input times a distribution function (normal, Laplace, Gompertz ...) or an error function."""

import math

from ..language import Phi, erf, exp, expm1, log1p, minimum, softplus, where
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Gated by a distribution function", "zh": "分布函数门控类"}

_BISWAS = "Biswas et al. 2021, arXiv:2109.04386"


@activation(
    source=SURVEY + "; Hendrycks & Gimpel 2016, arXiv:1606.08415, with a general standard deviation",
    zh="以标准差为 α 的正态分布函数为门的 GELU。",
    points={1.0: 0.8413447460685429, -2.0: -0.04550026389635842},
    facts=("smooth", "not monotone", "bounded below"),
)
def p_gelu(x, alpha=learned(1.0, above=0)):
    """GELU whose normal variable has the standard deviation alpha."""
    return x * Phi(x / alpha)


@activation(
    source="Yu & Su 2019, arXiv:1911.03925",
    zh="对称的 GELU：x 乘以误差函数，偶函数。",
    points={1.0: 0.6826894921370859, -2.0: 1.9089994722072832},
    facts=("smooth", "not monotone", "even", "bounded below"),
)
def s_gelu(x, alpha=fixed(1.0)):
    """The symmetrical GELU, alpha x times the error function of x over the root of 2."""
    return alpha * (x * erf(x / math.sqrt(2)))


@activation(
    source="Wu et al. 2020, arXiv:2004.09602, as implemented in Hugging Face transformers",
    zh="上限截断在 10 的 GELU，便于量化。",
    aliases=("gelu_10",),
    points={1.0: 0.8413447460685429, 12.0: 10.0},
    facts=("not monotone", "bounded"),
    kinks=(Kink(10.0, 0.0),),
)
def clipped_gelu(x):
    """GELU cut off above 10, which bounds the range that quantisation has to cover."""
    # the lower cut at -10 is never reached: GELU stays above -0.17
    return minimum(x * Phi(x), 10.0)


@activation(
    source="Kim et al. 2021 (I-BERT), arXiv:2101.01321",
    zh="用二次多项式近似误差函数的 GELU，可用纯整数运算。",
    points={1.0: 0.8371720751414079, -2.0: -0.03635224263436823},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(0.0, 0.1444 * 1.769**2),),
)
def i_gelu(x):
    """GELU with the error function replaced by a parabola, for integer arithmetic."""
    # with d the distance to where the parabola ends, the paper's L is 1 - 0.2888 d^2 for x > 0 and odd; written per
    # side the gate (1 + L)/2 loses no digits where it closes
    rest = 0.1444 * (1.769 - minimum(abs(x) / math.sqrt(2), 1.769)) ** 2
    return x * where(x > 0, 1 - rest, rest)


@activation(
    source="Nag & Bhattacharyya 2021, arXiv:2108.09598",
    zh="x 乘以 softplus(x) 的误差函数值。",
    points={1.0: 0.9367219154717153, -2.0: -0.2849149702441883},
    facts=("smooth", "not monotone", "bounded below"),
)
def serf(x):
    """x times the error function of softplus(x)."""
    return x * erf(softplus(x))


@activation(
    source=_BISWAS,
    zh="x 乘以 α·e^(βx) 的误差函数值，α 与 β 可学习。",
    points={1.0: 0.975258663486046, -2.0: -0.374167045981306},
    facts=("smooth", "not monotone", "bounded below"),
)
def erf_act(x, alpha=learned(0.75), beta=learned(0.75)):
    """x times the error function of alpha exp(beta x), with both numbers learned."""
    return x * erf(alpha * exp(beta * x))


@activation(
    source=_BISWAS,
    zh="x 乘以 γ·softplus(δx) 的误差函数值，γ 与 δ 可学习。",
    aliases=("parametric_serf",),
    points={1.0: 0.9669675303952274, -2.0: -0.46646625392781826},
    facts=("smooth", "not monotone", "bounded below"),
)
def p_serf(x, gamma=learned(1.25), delta=learned(0.85)):
    """Serf with learned numbers, x times the error function of gamma softplus(delta x)."""
    return x * erf(gamma * softplus(delta * x))


@activation(
    source="Vagerwal 2021, arXiv:2112.12078",
    zh="x/(1 − x·e^(−(x+eˣ)))：右端迅速趋于恒等，左端迅速趋于 0。",
    points={1.0: 1.0248796102562545, -2.0: -0.14380684983165098},
    facts=("smooth", "not monotone", "bounded below"),
)
def colu(x):
    """x / (1 - x exp(-(x + e^x))), which soon reaches the identity on the right and 0 on the left."""
    # on the left multiplied through by e^(x + e^x), so that nothing overflows
    closed = exp(x + exp(x))
    return where(x > 0, x / (1 - x * exp(-(x + exp(x)))), closed * (x / (closed - x)))


@activation(
    source="Kaytan, Aydilek & Yeroglu 2023, Neural Computing and Applications",
    zh="x·ln(2 − exp(−eˣ))；右端斜率为 ln 2。",
    points={1.0: 0.6595965832346605, -2.0: -0.23836763089113602},
    facts=("smooth", "not monotone", "bounded below"),
)
def gish(x):
    """x times log(2 - exp(-e^x)), with slope ln 2 far to the right."""
    return x * log1p(-expm1(-exp(x)))


@activation(
    source="Huang 2024, arXiv:2405.20768",
    zh="门的取值由 (0, 1) 扩展到 (−α, 1+α) 的 GELU。",
    points={1.0: 0.8413447460685429, -2.0: -0.04550026389635842},
    facts=("smooth", "not monotone", "bounded below"),
)
def x_gelu(x, alpha=learned(0.0)):
    """GELU whose gate ranges from -alpha to 1 + alpha instead of from 0 to 1."""
    return x * (Phi(x) + alpha * erf(x / math.sqrt(2)))


@activation(
    source="Das et al. 2025, arXiv:2502.03654; as ExpExpish in the survey of Kunc & Klema 2024, arXiv:2402.09092",
    zh="以 Gompertz 曲线 exp(−e^(−x)) 为门的 x。",
    aliases=("exp_expish", "gompertz_linear_unit"),
    points={1.0: 0.6922006275553464, -1.0: -0.06598803584531254},
    facts=("smooth", "not monotone", "bounded below"),
)
def golu(x):
    """x gated by the Gompertz curve exp(-exp(-x))."""
    return x * exp(-exp(-x))


@activation(
    source=SURVEY,
    zh="以互补双对数分布函数 1 − exp(−eˣ) 为门的 x。",
    points={1.0: 0.9340119641546875, -2.0: -0.2531539630137667},
    facts=("smooth", "not monotone", "bounded below"),
)
def loglogish(x):
    """x gated by the complementary log-log curve 1 - exp(-e^x)."""
    return -x * expm1(-exp(x))


@activation(
    source=SURVEY,
    zh="以拉普拉斯分布函数为门的 x。",
    aliases=("laplace_linear_unit",),
    points={1.0: 0.8160602794142788, -2.0: -0.1353352832366127},
    facts=("not monotone", "bounded below"),
)
def lalu(x):
    """x gated by the distribution function of a Laplace variable."""
    return x * where(x > 0, 1 - exp(-x) / 2, exp(x) / 2)
