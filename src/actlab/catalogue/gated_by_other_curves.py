"""Self-gated functions whose gate is a logarithm, a root, a piece of a line or another curve."""

from ..language import PI, Expr, atan, damp, exp, hypot, log1p, maximum, minimum, sin, sqrt, where
from ..language import sech as _sech
from ..language import sigmoid as _sigmoid
from ..language import softplus as _softplus
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Gated by other curves", "zh": "其他曲线门控类"}

_BISWAS = "Biswas et al. 2020, arXiv:2009.13501"
_ZHU = "Zhu et al. 2021, Neurocomputing"
_CROSSING = 0.6590460684074066  # where x equals its sigmoid


def _power_gated(x: Expr) -> Expr:
    """x (1 + x/sqrt(1 + x^2))/2, on the left without the difference of two nearly equal numbers."""
    root = hypot(x, 1)
    return where(x < 0, x / (root - x) / (2 * root), x * ((1 + x / root) / 2))


def arctan_gated(x: Expr) -> Expr:
    """x (1/2 + atan(x)/pi), on the left without the difference of two nearly equal numbers."""
    # there it is -atan(u)/(pi u) with u = 1/x; Gauss's continued fraction of atan(u)/u keeps its slope exact as well
    u = where(x < -2, 1 / x, 0.0)
    rest = 27.0
    for k in range(13, 0, -1):
        rest = (2 * k - 1) + k * k * (u * u) / rest
    return where(x < -2, -1 / (PI * rest), x * (0.5 + atan(x) / PI))


@activation(
    source="Ramachandran, Zoph & Le 2017, arXiv:1710.05941",
    zh="取 x 与 σ(x) 中较大者。",
    points={1.0: 1.0, -2.0: 0.11920292202211756},
    facts=("monotone", "bounded below"),
    kinks=(Kink(_CROSSING, 0.22470434812414652),),
)
def maxsig(x):
    """The larger of x and its sigmoid."""
    # compared with the place itself: beside it x and its sigmoid differ by less than a rounding
    return where(x > _CROSSING, x, _sigmoid(x))


@activation(
    source="timm, after notes by Misra 2020; as SqREU, Wuraola et al. 2021, doi:10.1016/j.neucom.2021.02.030",
    zh="Mish 的廉价替代：x 乘以截断到 [0, 1] 的 (x+2)/2。",
    aliases=("sqreu",),
    points={3.0: 3.0, -1.0: -0.5},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(-2.0, 0.0), Kink(0.0, 1.0)),
)
def hard_mish(x):
    """x times (x + 2)/2 cut to [0, 1], a cheap stand-in for Mish."""
    return x * ((minimum(maximum(x, -2.0), 0.0) + 2) / 2)


@activation(
    source=_BISWAS,
    zh="x·softplus(x) 除以 x + α·e^(−βx)。",
    points={1.0: 0.920463117197091, -2.0: -0.03863099022156321},
    facts=("smooth", "not monotone", "bounded below"),
)
def eis1(x, alpha=fixed(1.16, above=0.368), beta=fixed(1.0, low=1)):
    """x softplus(x) divided by x + alpha exp(-beta x)."""
    # the denominator is positive everywhere because alpha beta > 1/e; on the left both sides of the fraction are
    # multiplied by e^(beta x), so that nothing overflows
    lifted = x * exp(beta * x)
    return _softplus(x) * where(x > 0, x / (x + alpha * exp(-beta * x)), lifted / (lifted + alpha))


@activation(
    source=_BISWAS,
    zh="softplus(x) 乘以 x/√(1 + x²)。",
    points={1.0: 0.9286162447166242, -2.0: -0.11352786437637219},
    facts=("smooth", "not monotone", "bounded below"),
)
def eis2(x):
    """Softplus times x / sqrt(1 + x^2)."""
    return x / hypot(x, 1) * _softplus(x)


@activation(
    source=_ZHU,
    zh="x 乘以 (1 + x/√(1+x²))/2：门按幂次而非指数开合。",
    points={1.0: 0.8535533905932737, -2.0: -0.10557280900008412},
    facts=("smooth", "not monotone", "bounded below"),
)
def pflu(x):
    """x gated by (1 + x/sqrt(1 + x^2))/2, which opens and closes like a power."""
    return _power_gated(x)


@activation(
    source=_ZHU,
    zh="正半轴恒等，负半轴为两倍的 PFLU。",
    points={1.0: 1.0, -2.0: -0.21114561800016823},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(0.0, 1.0),),
)
def fpflu(x):
    """The identity for positive input and twice PFLU for negative input."""
    root = hypot(x, 1)
    return where(x >= 0, x, x / (root - x) / root)


@activation(
    source="Zhu, Zeng, Liu & Zhang 2021, Neurocomputing",
    zh="x·ln(1 + σ(x))；右端斜率为 ln 2。",
    points={1.0: 0.5487331165400282, -2.0: -0.22523351035782402},
    facts=("smooth", "not monotone", "bounded below"),
)
def logish(x):
    """x times log(1 + sigmoid(x)), with slope ln 2 far to the right."""
    return x * log1p(_sigmoid(x))


@activation(
    source="Zhu, Zeng, Liu & Zhang 2021, Neurocomputing",
    zh="带幅度 α 与陡度 β 的 Logish，论文建议 β = 10。",
    points={1.0: 0.6931244813679693, -0.5: -0.0033352766161654167},
    facts=("smooth", "not monotone", "bounded below"),
)
def p_logish(x, alpha=fixed(1.0), beta=fixed(10.0)):
    """Logish with an amplitude alpha and a sharpness beta, for which the paper advises 10."""
    return alpha * (x * log1p(_sigmoid(beta * x)))


@activation(
    source="Wuraola, Patel & Nguang 2021, doi:10.1016/j.neucom.2021.02.030",
    zh="由两段抛物线与零拼成的 Swish 近似，适合嵌入式推理。",
    points={2.0: 2.125, -1.0: -0.5},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(-2.0, 0.0), Kink(0.0, 1.0)),
)
def squish(x):
    """Swish put together from two parabolas and zero, for embedded inference."""
    return where(x > 0, x * (1 + x / 32), where(x > -2, x * (1 + x / 2), 0.0))


@activation(
    source="Abdool & Dear 2023, arXiv:2303.02640",
    zh="门的摆幅为 k 的 PFLU；k < 1 时左端趋于直线而不归零。",
    points={1.0: 0.6767766952966369, -2.0: -0.552786404500042},
    facts=("smooth", "monotone"),
)
def swim(x, k=fixed(0.5)):
    """PFLU whose gate swings by k around 1/2, so that a line remains on the left when k < 1."""
    return k * _power_gated(x) + (1 - k) / 2 * x


@activation(
    source=SURVEY,
    zh="x·arctan(x)：偶函数，两端趋于直线。",
    points={1.0: 0.7853981633974483, -2.0: 2.214297435588181},
    facts=("smooth", "not monotone", "even", "bounded below", "convex"),
)
def self_arctan(x):
    """x times its arc tangent, an even function that tends to straight lines."""
    return x * atan(x)


@activation(
    source=SURVEY,
    zh="x 乘以 (π/2)σ(x) 的正弦。",
    points={1.0: 0.9120862871083639, -2.0: -0.3723025961462387},
    facts=("smooth", "not monotone", "bounded below"),
)
def sinsig(x):
    """x times the sine of pi/2 sigmoid(x)."""
    return x * sin(PI / 2 * _sigmoid(x))


@activation(
    source=SURVEY,
    zh="x 乘以双曲正割：奇函数，两端归零。",
    aliases=("re_hsec",),
    points={1.0: 0.6480542736638853, -2.0: -0.5316044576681593},
    facts=("smooth", "not monotone", "odd", "bounded"),
)
def re_sech(x):
    """x times its hyperbolic secant, an odd function that vanishes on both sides."""
    return x * _sech(x)


@activation(
    source=SURVEY,
    zh="对数内外各有可学习系数的 Logish：x·ln(1 + α·σ(βx))。",
    aliases=("logmoid",),
    points={1.0: 0.5487331165400282, -2.0: -0.22523351035782402},
    facts=("smooth", "not monotone", "bounded below"),
)
def lau(x, alpha=learned(1.0, above=0), beta=learned(1.0)):
    """Logish with learned numbers inside its logarithm, x log(1 + alpha sigmoid(beta x))."""
    return x * log1p(alpha * _sigmoid(beta * x))


@activation(
    source="Wu et al. 2023, doi:10.17559/TV-20230614000735",
    zh="左端为零、中间为抛物线、右端恒等；α、β 可学习。",
    points={1.0: 0.3, -2.0: 0.0},
    facts=("not monotone", "bounded below"),
    kinks=(Kink("-beta/alpha", 0.0), Kink("(1-beta)/alpha", 1.0)),
)
def aqu_lu(x, alpha=learned(0.2, above=0), beta=learned(0.1)):
    """Zero on the left, the identity on the right, and the parabola alpha x^2 + beta x between them."""
    return x * minimum(alpha * maximum(x + beta / alpha, 0.0), 1.0)


@activation(
    source="Wu et al. 2023, doi:10.17559/TV-20230614000735; as ATLU, Huang 2024, arXiv:2405.20768",
    zh="以柯西分布函数为门的 x，左端趋于 −1/π。",
    aliases=("atlu", "cauchy_linear_unit", "arctan_linear_unit"),
    points={1.0: 0.75, -3.0: -0.30724914704870016},
    facts=("smooth", "monotone", "bounded below", "convex"),
)
def calu(x):
    """x gated by the Cauchy distribution function, which ends at -1/pi on the left."""
    return arctan_gated(x)


@activation(
    source="Huang 2024, arXiv:2405.20768",
    zh="门的取值范围可学习地扩展到 (−alpha, 1 + alpha) 的 CaLU。",
    points={1.0: 0.75, -3.0: -0.30724914704870016},
    facts=("smooth", "monotone", "bounded below", "convex"),
)
def x_atlu(x, alpha=learned(0.0)):
    """CaLU whose gate may leave the interval from 0 to 1 by a learned alpha on either side."""
    return (1 + 2 * alpha) * arctan_gated(x) - alpha * x


@activation(
    source=SURVEY,
    zh="以光滑阶跃 (1 + x/√(x²+epsilon))/2 为门的 x。",
    points={0.1: 0.08535533905932738, -1.0: -0.002481404895005432},
    facts=("smooth", "not monotone", "bounded below"),
)
def swish_plus(x, epsilon=fixed(0.01, above=0)):
    """x gated by the smooth step (1 + x / sqrt(x^2 + epsilon)) / 2."""
    root = hypot(x, sqrt(epsilon))
    return where(x < 0, x / (root - x) * (epsilon / (2 * root)), x * ((1 + x / root) / 2))


@activation(
    source=SURVEY,
    zh="x·ln(1 + s)，s 为光滑阶跃 (1 + x/√(x²+epsilon))/2。",
    points={0.1: 0.06171045484774511, -1.0: -0.002478331293395657},
    facts=("smooth", "not monotone", "bounded below"),
)
def logish_plus(x, epsilon=fixed(0.01, above=0)):
    """x times log(1 + s) with the smooth step s = (1 + x / sqrt(x^2 + epsilon)) / 2."""
    width = sqrt(epsilon)
    root = hypot(x, width)
    half = epsilon / (2 * root)
    step = where(x < 0, half / (root - x), (1 + x / root) / 2)
    # far left the step leaves float32 before its product with x does; there log(1 + s) is s - s^2/2 + s^3/3
    far = x / (root - x) * half * (1 - step * (0.5 - step / 3))
    return where(x < -1000 * width, far, x * log1p(step))


@activation(
    source=_BISWAS,
    zh="EIS 函数族：x·softplus(x)^α 除以 √(β + γx²) + δ·e^(−θx)。",
    points={1.0: 0.9286162447166242, -2.0: -0.11352786437637219},
    facts=("smooth", "not monotone", "bounded below"),
    notes=(
        "eis1 and eis2 are members, eis2 at these defaults. With alpha = 0 it nears a shifted swish as gamma falls.",
        "eis1、eis2 是其成员；此处默认值即 eis2。alpha=0、gamma 趋于 0 时为平移的 swish。",
    ),
)
def eis(
    x,
    *,
    alpha=fixed(1.0, low=0, high=1),
    beta=fixed(1.0, above=0),
    gamma=fixed(1.0, above=0),
    delta=fixed(0.0, low=0),
    theta=fixed(1.0, low=0),
):
    """The family x softplus(x)^alpha / (sqrt(beta + gamma x^2) + delta exp(-theta x))."""
    # below -37 softplus is exp to the last bit, and its power outlives it
    power = where(x < -37, exp(alpha * x), _softplus(x) ** alpha)
    root, grown = hypot(sqrt(beta), sqrt(gamma) * x), damp(delta, exp(-theta * x))
    # where the exponential leads, both sides of the fraction are multiplied by e^(theta x), so that nothing overflows
    shrunk = exp(theta * x)
    return where(grown > 1, x * shrunk / (root * shrunk + delta), x / (root + grown)) * power
