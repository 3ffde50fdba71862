"""Tanh-like functions: odd or nearly odd, rising from a negative to a positive limit."""

from ..language import atan, exp, expm1, hypot, maximum, sech, sigmoid, sign, sqrt, where
from ..language import erf as _erf
from ..language import softsign as _softsign
from ..language import tanh as _tanh
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Tanh-like", "zh": "类双曲正切"}


@activation(
    source="folklore",
    zh="误差函数：尾部比 tanh 更快饱和的 S 形曲线。",
    points={1.0: 0.8427007929497149, -2.0: -0.9953222650189527},
    facts=("smooth", "monotone", "odd", "bounded"),
    elsewhere={"torch": "erf", "jax": "jax.scipy.special.erf"},
)
def erf(x):
    """The error function, an S-curve that saturates faster than tanh."""
    return _erf(x)


@activation(
    source="folklore",
    zh="Gudermann 函数 2·arctan(tanh(x/2))。",
    points={1.0: 0.8657694832396586, -2.0: -1.301760336046015},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def gudermannian(x):
    """The Gudermannian 2 arctan(tanh(x/2)), which links circular and hyperbolic functions."""
    return 2 * atan(_tanh(x / 2))


@activation(
    source="folklore; elliot2sig of MATLAB",
    zh="原点处平坦、以平方速度饱和的有理 S 形曲线。",
    points={1.0: 0.5, -3.0: -0.9},
    facts=("monotone", "odd", "bounded"),
    kinks=(Kink(0.0, 0.0),),
)
def elliott2(x):
    """The rational S-curve x |x| / (1 + x^2), flat at the origin."""
    return where(abs(x) < 1, x * (abs(x) / (1 + x**2)), sign(x) * (1 - 1 / (1 + x**2)))


@activation(
    source="folklore; stanh of PaddlePaddle, for these constants",
    zh="幅度与陡峭度可调的双曲正切。",
    points={1.0: 1.0037669810350425, -2.0: -1.495702408952724},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def stanh(x, scale_a=fixed(0.67), scale_b=fixed(1.7159)):
    """A hyperbolic tangent of height scale_b and steepness scale_a."""
    return scale_b * _tanh(scale_a * x)


@activation(
    source="Deeplearning4j, ActivationRationalTanh",
    zh="1.7159·tanh(2x/3) 的有理近似，无需指数运算。",
    points={1.5: 1.3273752799193923, -3.0: -1.6580539146147415},
    facts=("monotone", "odd", "bounded"),
)
def rational_tanh(x):
    """A rational approximation of 1.7159 tanh(2x/3)."""
    r = abs(x) * (2 / 3)
    u = r * (1 + r + 1.41645 * r**3)
    return where(r < 1, 1.7159 * 2 / 3 * x * ((1 + r + 1.41645 * r**3) / (1 + u)), 1.7159 * sign(x) * (1 - 1 / (1 + u)))


@activation(
    source="Deeplearning4j, ActivationRectifiedTanh",
    zh="只保留正半轴的双曲正切。",
    points={1.0: 0.7615941559557649, -2.0: 0.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, 0.0),),
)
def rectified_tanh(x):
    """The hyperbolic tangent for positive input and 0 elsewhere."""
    return maximum(_tanh(x), 0.0)


@activation(
    source="Gomes, Ludermir & Lima 2011, Neural Computing and Applications",
    zh="取值于 (−1, 1) 的互补双对数：1 − 2·exp(−0.7·exp(x))。",
    points={1.0: 0.7016983628952634, -2.0: -0.819228449381756},
    facts=("smooth", "monotone", "bounded"),
)
def c_log_log_m(x):
    """The complementary log-log stretched to (-1, 1), 1 - 2 exp(-0.7 exp(x))."""
    # 2 is written as e^(log 2), and log 2 - 0.7 taken out, so that the root near -0.01 keeps its digits
    return -expm1(-0.006852819440054690582768 - 0.7 * expm1(x))


@activation(
    source="Xu, Huang & Li 2016, arXiv:1602.05980",
    zh="负半轴乘以 alpha 的双曲正切。",
    aliases=("leaky_tanh",),
    points={1.0: 0.7615941559557649, -2.0: -0.24100689501895423},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, "alpha"),),
)
def penalized_tanh(x, alpha=fixed(0.25)):
    """The hyperbolic tangent, multiplied by alpha for negative input."""
    return where(x > 0, _tanh(x), alpha * _tanh(x))


@activation(
    source="Carlile et al. 2017, arXiv:1710.09967",
    zh="x/√(1+alpha·x²)：以代数速度饱和的 S 形曲线。",
    aliases=("inverse_square_root_unit",),
    points={1.0: 0.7071067811865476, -2.0: -0.8944271909999159},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def isru(x, alpha=fixed(1.0, above=0)):
    """x / sqrt(1 + alpha x^2), an S-curve that needs no exponential."""
    root = hypot(1, sqrt(alpha) * x)
    # 1 - u/sqrt(1 + u^2) is 1 / (root (root + u))
    outside = 1 - 1 / root / (root + sqrt(alpha) * abs(x))
    return where(sqrt(alpha) * abs(x) < 1, x / root, sign(x) * (outside / sqrt(alpha)))


@activation(
    source=SURVEY,
    zh="alpha·x/(1+√(1+alpha²x²))：softsign 的光滑近亲。",
    points={1.0: 0.41421356237309503, -2.0: -0.6180339887498949},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def rootsig(x, alpha=fixed(1.0, above=0)):
    """u / (1 + sqrt(1 + u^2)) with u = alpha x, a smooth relative of softsign."""
    u = alpha * x
    root = hypot(1, u)
    outside = 1 - (1 + 1 / (root + abs(u))) / (1 + root)
    return where(abs(u) < 1, u / (1 + root), sign(x) * outside)


@activation(
    source="Kong & Takatsuka 2017, Hexpo: A vanishing-proof activation function",
    zh="两侧各为一段指数、极限与速度分别可调的有界曲线。",
    points={1.0: 0.6321205588285577, -2.0: -0.8646647167633873},
    facts=("monotone", "odd", "bounded"),
    kinks=(Kink(0.0, "alpha/beta"),),
)
def hexpo(
    x,
    alpha=fixed(1.0, above=0),
    beta=fixed(1.0, above=0),
    gamma=fixed(1.0, above=0),
    delta=fixed(1.0, above=0),
):
    """An exponential approach to alpha on the right and to -gamma on the left, each at its own pace."""
    return where(x >= 0, -alpha * expm1(-x / beta), gamma * expm1(x / delta))


@activation(
    source="Wuraola & Patel 2018, SQNL: A New Computationally Efficient Activation Function",
    zh="由两段抛物线拼成、在 ±2 处饱和的 S 形曲线。",
    points={1.0: 0.75, -1.5: -0.9375},
    facts=("monotone", "odd", "bounded"),
    kinks=(Kink(-2.0, 0.0), Kink(0.0, 1.0), Kink(2.0, 0.0)),
)
def sqnl(x):
    """An S-curve of two parabolas that saturates at -2 and 2 (square nonlinearity)."""
    near = x * (1 - abs(x) / 4)
    return where(abs(x) >= 2, sign(x), where(abs(x) < 1, near, sign(x) * (1 - (2 - abs(x)) ** 2 / 4)))


@activation(
    source=SURVEY,
    zh="中间为抛物线、两端以斜率 alpha 的直线继续的 S 形曲线。",
    points={1.0: 0.75, -3.0: -1.11},
    facts=("monotone", "odd"),
    kinks=(Kink("2*alpha - 2", "alpha"), Kink(0.0, 1.0), Kink("2 - 2*alpha", "alpha")),
)
def linq(x, alpha=fixed(0.1, low=0, below=1)):
    """Two parabolas between -2 and 2, continued by lines of slope alpha."""
    outside = alpha * x + sign(x) * (1 - alpha) ** 2
    return where(abs(x) >= 2 - 2 * alpha, outside, x * (1 - abs(x) / 4))


@activation(
    source="Wang et al. 2019, Neurocomputing",
    zh="在两个可学习的阈值之外以切线延伸的双曲正切。",
    points={1.0: 1.0, -3.0: -1.1762082120303392},
    facts=("monotone", "convex"),
    kinks=(Kink("alpha", "sech(alpha)^2"), Kink("beta", "sech(beta)^2")),
    ordered=(("alpha", "beta"),),
)
def rel_tanh(x, alpha=learned(-1.5), beta=learned(0.0)):
    """The hyperbolic tangent between two learned thresholds, continued by its tangents."""
    lower = sech(alpha) ** 2 * (x - alpha) + _tanh(alpha)
    upper = sech(beta) ** 2 * (x - beta) + _tanh(beta)
    return where(x >= beta, upper, where(x <= alpha, lower, _tanh(x)))


@activation(
    source=SURVEY,
    zh="在 ±alpha 之外改为斜率 beta 的直线的双曲正切。",
    points={2.0: 0.8615941559557649, -3.0: -0.9615941559557649},
    facts=("monotone", "odd"),
    kinks=(Kink("-alpha", "beta"), Kink("alpha", "beta")),
)
def stac_tanh(x, alpha=learned(1.0, above=0), beta=learned(0.1)):
    """The hyperbolic tangent between -alpha and alpha, continued by lines of learned slope beta."""
    outside = beta * (x - sign(x) * alpha) + sign(x) * _tanh(alpha)
    return where(abs(x) < alpha, _tanh(x), outside)


@activation(
    source="Zhou et al. 2020, arXiv:2003.00547",
    zh="x/(x/alpha + exp(−x/beta))：非单调且有界的软根符号函数。",
    aliases=("soft_root_sign",),
    points={1.0: 0.8220092580505305, -2.0: -2.110296679619444},
    facts=("smooth", "not monotone", "bounded"),
    notes=(
        "Keep beta below e alpha: beyond it the denominator has a root.",
        "须保持 beta 小于 e·alpha：否则分母会出现零点。",
    ),
)
def srs(x, alpha=learned(2.0, above=0), beta=learned(3.0, above=0)):
    """x / (x/alpha + exp(-x/beta)), a bounded curve with a dip for negative input (soft root sign)."""
    # multiplied by exp(x/beta) above and below
    w = x * exp(x / beta)
    return where(w < 1, w / (1 + w / alpha), alpha - alpha / (1 + w / alpha))


@activation(
    source="Soboleva's modified hyperbolic tangent; folklore",
    zh="四个指数速率各自可调的双曲正切。",
    aliases=("smht",),
    points={1.0: 0.7615941559557649, -2.0: -0.9640275800758169},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def soboleva_tanh(
    x,
    alpha=fixed(1.0, above=0),
    beta=fixed(1.0, above=0),
    gamma=fixed(1.0, above=0),
    delta=fixed(1.0, above=0),
):
    """The hyperbolic tangent with a rate of its own for each of its four exponentials."""
    # the larger exponential of each line is taken out, so that none overflows before the quotient does
    right = -expm1(-(alpha + beta) * x) * sigmoid((gamma + delta) * x) * exp((alpha - gamma) * x)
    left = expm1((alpha + beta) * x) * sigmoid(-(gamma + delta) * x) * exp((delta - beta) * x)
    return where(x > 0, right, left)


@activation(
    source="the transformative adaptive activation function, 2021, " + SURVEY,
    zh="幅度、陡峭度、平移与偏置都可学习的双曲正切。",
    aliases=("taaf",),
    points={1.0: 0.7615941559557649, -2.0: -0.9640275800758169},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def taaf_tanh(x, alpha=learned(1.0), beta=learned(1.0), gamma=learned(0.0), delta=learned(0.0)):
    """The hyperbolic tangent scaled and moved on both axes by four learned numbers."""
    return alpha * _tanh(beta * x + gamma) + delta


@activation(
    source="Kumar & Sodhi 2022, doi:10.3233/JIFS-212333",
    zh="sinh(x)/√cosh(2x)：以 ±1/√2 为界的 S 形曲线。",
    points={1.0: 0.6058868587310342, -2.0: -0.6940392663698192},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def new_sigmoid(x):
    """sinh(x) / sqrt(cosh(2x)), an S-curve between -1/sqrt(2) and 1/sqrt(2)."""
    t = _tanh(x)
    return t / hypot(1, t)


@activation(
    source=SURVEY,
    zh="SiLU 的双曲正切。",
    points={1.0: 0.6237125498258757, -2.0: -0.23398943846045875},
    facts=("smooth", "not monotone", "bounded"),
)
def t_silu(x):
    """The hyperbolic tangent of SiLU."""
    return _tanh(x * sigmoid(x))


@activation(
    source=SURVEY,
    zh="SiLU 的反正切。",
    aliases=("asilu",),
    points={1.0: 0.631267981679926, -2.0: -0.2340371028296368},
    facts=("smooth", "not monotone", "bounded"),
)
def at_silu(x):
    """The arc tangent of SiLU."""
    return atan(x * sigmoid(x))


@activation(
    source="Pishchik 2023, doi:10.20944/preprints202301.0463.v1",
    zh="幅度 alpha 与宽度 beta 可学习的 softsign。",
    points={1.0: 0.5, -3.0: -0.75},
    facts=("monotone", "odd", "bounded"),
    kinks=(Kink(0.0, "alpha/beta"),),
)
def scaled_softsign(x, alpha=learned(1.0), beta=learned(1.0, above=0)):
    """Softsign with a learned height alpha and a learned width beta."""
    return alpha * _softsign(x / beta)


@activation(
    source="Gemma Team 2024 (Gemma 2), arXiv:2408.00118",
    zh="把得分平滑地限制在 ±cap 之内：cap·tanh(x/cap)。",
    aliases=("logit_soft_cap",),
    points={30.0: 22.847824678672946, -1.0: -0.9996297941646859},
    facts=("smooth", "monotone", "odd", "bounded"),
    notes=(
        "Gemma 2 caps attention scores at 50 and final logits at 30.",
        "Gemma 2 对注意力得分取 50，对最终 logits 取 30。",
    ),
)
def soft_cap(x, cap=fixed(30.0, above=0)):
    """Scores kept smoothly between -cap and cap, with slope 1 at 0."""
    return cap * _tanh(x / cap)


@activation(
    source="Zhu et al. 2025, arXiv:2503.10622",
    zh="动态双曲正切：在 Transformer 中代替归一化层。",
    aliases=("dynamic_tanh",),
    points={1.0: 0.46211715726000974, -2.0: -0.7615941559557649},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def dyt(x, alpha=learned(0.5, shared=True), gamma=learned(1.0), beta=learned(0.0)):
    """A hyperbolic tangent of learned scale that replaces normalisation layers (dynamic tanh)."""
    return gamma * _tanh(alpha * x) + beta


@activation(
    source="Chen et al. 2025, arXiv:2512.10938",
    zh="动态误差函数：用 erf 代替归一化层，并带可学习平移。",
    aliases=("dynamic_erf",),
    points={1.0: 0.5204998778130465, -2.0: -0.8427007929497149},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def derf(x, alpha=learned(0.5, shared=True), s=learned(0.0, shared=True), gamma=learned(1.0), beta=learned(0.0)):
    """An error function of learned scale and shift that replaces normalisation layers (dynamic erf)."""
    return gamma * _erf(alpha * x + s) + beta
