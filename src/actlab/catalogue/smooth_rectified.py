"""Smooth rectifiers: corners of ReLU, leaky ReLU and the absolute value rounded off."""

from ..language import Phi, exp, expm1, hypot, hypotm1, log, log1p, phi, ramp, sign, sqrt, tanh, where
from ..language import softplus as _softplus
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Rounded rectifiers", "zh": "圆角整流"}
_LOG2 = 0.6931471805599453


def _above_log2(u):
    """softplus(u) - log 2, exact near 0 where the difference would lose all digits."""
    return where(u > 0, u + log1p(expm1(-u) / 2), log1p(expm1(u) / 2))


def _bent(x, beta):
    """beta (sqrt(x^2 + 1) - 1) + x; far out without the difference of two large numbers that beta near 1 leaves."""
    far = x * (1 + beta * sign(x)) + beta * (1 / (hypot(1, x) + abs(x)) - 1)
    return where(abs(x) < 1, beta * hypotm1(x) + x, far)


@activation(
    source="folklore; the Huber function as an activation, " + SURVEY,
    zh="Huber 函数：中间为抛物线、两侧为直线的光滑绝对值。",
    aliases=("bi_firing", "huber"),
    points={0.5: 0.125, -3.0: 2.5},
    facts=("not monotone", "even", "convex", "bounded below"),
    kinks=(Kink("-alpha", -1.0), Kink("alpha", 1.0)),
)
def bfire(x, alpha=fixed(1.0, above=0)):
    """The absolute value with its corner replaced by a parabola (Huber's function, bi-firing)."""
    return where(abs(x) < alpha, x * (x / (2 * alpha)), abs(x) - alpha / 2)


@activation(
    source="Keras 1 and the list of RNN activations in ONNX",
    zh="幅度 alpha 与陡峭度 beta 可分别调节的 softplus。",
    points={0.0: 0.13862943611198908, -0.5: 0.015777946858509924},
    facts=("smooth", "monotone", "bounded below"),
)
def parametric_softplus(x, alpha=learned(0.2), beta=learned(5.0)):
    """Softplus with a learned height alpha and a learned steepness beta."""
    # beyond 40 softplus is its argument to the last bit, and alpha beta x does not overflow on the way
    return where(beta * x > 40, alpha * beta * x, alpha * _softplus(beta * x))


@activation(
    source="Schuett et al. 2017 (SchNet), arXiv:1706.08566",
    zh="下移 ln 2、使其过原点的 softplus，多用于原子间势模型。",
    aliases=("ssp",),
    points={1.0: 0.6201145069582775, -2.0: -0.5662191695169728},
    facts=("smooth", "monotone", "convex", "bounded below"),
)
def shifted_softplus(x):
    """Softplus lowered by log 2 so that it passes through the origin, usual in models of atoms."""
    return _above_log2(x)


@activation(
    source="Zhao et al. 2018, Applied Intelligence",
    zh="正半轴恒等，负半轴取 2·(softplus(x) − ln 2)。",
    points={3.0: 3.0, -2.0: -1.1324383390339456},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 1.0),),
)
def slu(x):
    """Identity for positive input and twice the shifted softplus for negative input."""
    return where(x >= 0, x, 2 * log1p(expm1(x) / 2))


@activation(
    source="Godfrey 2019, An Evaluation of Parametric Activation Functions for Deep Learning",
    zh="弯曲程度 beta 可学习的恒等函数。",
    aliases=("bendable_linear_unit",),
    points={1.0: 1.2071067811865475, -2.0: -1.381966011250105},
    facts=("smooth", "monotone", "convex"),
)
def blu(x, beta=learned(0.5, low=-1, high=1)):
    """The identity bent by a learned amount, beta (sqrt(x^2 + 1) - 1) + x."""
    return _bent(x, beta)


@activation(
    source=SURVEY,
    zh="只保留正半轴的可弯曲线性单元。",
    points={1.0: 1.2071067811865475, -2.0: 0.0},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
)
def re_blu(x, beta=learned(0.5, low=-1, high=1)):
    """The bendable linear unit for positive input and 0 elsewhere."""
    return where(x > 0, _bent(x, beta), 0.0)


@activation(
    source="Gao & Zhang 2020, arXiv:2011.11713",
    zh="偶函数 log(1+x²)，两翼缓慢上升。",
    points={1.0: 0.6931471805599453, -3.0: 2.302585092994046},
    facts=("smooth", "not monotone", "even", "bounded below"),
)
def seagull(x):
    """The even function log(1 + x^2), whose wings rise ever more slowly."""
    # x^2 overflows long before its logarithm does
    return where(abs(x) < 1, log1p(x**2), 2 * log(hypot(1, x)))


@activation(
    source="Ciuparu, Nagy-Dabacan & Muresan 2020, Neurocomputing",
    zh="softplus 加上一条斜线：两侧都不饱和，陡峭度与斜率可学习。",
    points={1.0: 1.1201145069582776, -2.0: -1.5662191695169727},
    facts=("smooth", "monotone", "convex"),
)
def soft_plus_plus(x, k=learned(1.0), c=learned(2.0, above=0)):
    """Softplus of k x plus the line x/c, lowered by log 2, so that neither side saturates."""
    return _above_log2(k * x) + x / c


@activation(
    source=SURVEY,
    zh="平移并放大、使均值更接近零的 softplus。",
    points={1.0: 0.9301717604374163, -2.0: -0.8493287542754592},
    facts=("smooth", "monotone", "convex", "bounded below"),
)
def p_softplus(x, alpha=fixed(1.5), beta=fixed(_LOG2)):
    """Softplus lowered by beta and scaled by alpha, which brings its mean nearer to zero."""
    return alpha * (_above_log2(x) + (_LOG2 - beta))


@activation(
    source=SURVEY,
    zh="正半轴为斜率 alpha 的直线、负半轴为 softplus。",
    points={1.0: 2.393147180559945, -2.0: 0.1269280110429725},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, "alpha"),),
)
def resp(x, alpha=fixed(1.7)):
    """Softplus for negative input and a line of slope alpha, 1.4 to 2, for positive input."""
    return where(x >= 0, alpha * x, 0.0) + _softplus(where(x >= 0, 0.0, x))


@activation(
    source="Biswas et al. 2021, arXiv:2111.04682",
    zh="用误差函数光滑化的 leaky ReLU，光滑程度 mu 可学习。",
    aliases=("smooth_maximum_unit",),
    points={1.0: 0.8916833626200682, -2.0: -0.5254211401435169},
    facts=("smooth", "monotone"),
    notes=(
        "The published code starts at mu = 1e6, which is leaky ReLU; 1 shows the rounded corner.",
        "公开代码的初值为 mu = 1e6，几乎就是 leaky ReLU；此处取 1，使圆角可见。",
    ),
)
def smu(x, alpha=fixed(0.25), mu=learned(1.0)):
    """The larger of x and alpha x with its corner rounded by the error function."""
    # (1 + erf(u)) / 2 is Phi(sqrt(2) u)
    return alpha * x + (1 - alpha) * x * Phi(2**0.5 * mu * (1 - alpha) * x)


@activation(
    source="Biswas et al. 2021, arXiv:2111.04682",
    zh="用平方根光滑化的 leaky ReLU，光滑程度 mu 可学习。",
    aliases=("smu_1",),
    points={1.0: 1.25, -2.0: -0.34861218113400266},
    facts=("smooth", "monotone", "convex"),
    notes=(
        "The published code starts at mu = 4.35e-9, which is leaky ReLU; 1 shows the rounded corner.",
        "公开代码的初值为 mu = 4.35e-9，几乎就是 leaky ReLU；此处取 1，使圆角可见。",
    ),
)
def smu1(x, alpha=fixed(0.25), mu=learned(1.0, above=0)):
    """The larger of x and alpha x with its corner rounded by a square root."""
    return (1 + alpha) / 2 * x + hypot((1 - alpha) / 2 * x, mu / 2)


@activation(
    source="Biswas et al. 2021, arXiv:2109.13210",
    zh="leaky ReLU 与高斯核的卷积，核宽为 1/beta。",
    aliases=("smooth_activation_unit",),
    points={1.0: 1.0624866029407647, -2.0: -0.49363197303737777},
    facts=("smooth", "monotone", "convex"),
)
def sau(x, alpha=fixed(0.25), beta=learned(1.0, above=0)):
    """Leaky ReLU averaged over a normal distribution of width 1/beta around the input."""
    return alpha * x + (1 - alpha) * (x * Phi(beta * x) + phi(beta * x) / beta)


@activation(
    source="Barron 2021, arXiv:2112.11687",
    zh="只用平方根的 softplus：(x + √(x²+b))/2。",
    points={0.0: 1.0, 3.0: 3.302775637731995, -3.0: 0.3027756377319947},
    facts=("smooth", "monotone", "convex", "bounded below"),
    elsewhere={"keras": "squareplus", "jax": "jax.nn.squareplus"},
)
def squareplus(x, b=fixed(4.0, above=0)):
    """The rectifier (x + sqrt(x^2 + b))/2, a softplus that needs no exponential."""
    return ramp(x, sqrt(b))


@activation(
    source="Shamir & Lin 2022, arXiv:2202.06499",
    zh="用一段抛物线衔接的 ReLU。",
    aliases=("sparse_plus",),
    points={0.5: 0.5625, -0.25: 0.140625, 2.0: 2.0},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink("-beta", 0.0), Kink("beta", 1.0)),
    elsewhere={"keras": "sparse_plus", "jax": "jax.nn.sparse_plus"},
)
def smelu(x, beta=fixed(1.0, above=0)):
    """ReLU with its corner replaced by a parabola between -beta and beta."""
    inside = (x + beta) * ((x + beta) / (4 * beta))
    return where(x >= beta, x, where(x <= -beta, 0.0, inside))


@activation(
    source="Valles-Perez et al. 2023, arXiv:2301.05993",
    zh="在 [−1, 1] 内用多项式圆滑过渡的绝对值。",
    points={0.5: 0.375, -3.0: 3.0},
    facts=("not monotone", "even", "bounded below"),
    kinks=(Kink(-1.0, -1.0), Kink(1.0, 1.0)),
)
def soft_modulus_q(x):
    """The absolute value with a polynomial x^2 (2 - |x|) in place of its corner."""
    return where(abs(x) < 1, x**2 * (2 - abs(x)), abs(x))


@activation(
    source="Valles-Perez et al. 2023, arXiv:2301.05993",
    zh="用双曲正切光滑化的绝对值 x·tanh(x/alpha)。",
    points={0.01: 0.007615941559557649, -0.02: 0.019280551601516337},
    facts=("smooth", "not monotone", "even", "bounded below"),
)
def soft_modulus_t(x, alpha=fixed(0.01, above=0)):
    """The absolute value with its sign smoothed by a hyperbolic tangent."""
    return x * tanh(x / alpha)


@activation(
    source=SURVEY,
    zh="忆阻器式曲线 √((x−alpha)²+beta²)：位置与圆滑程度可学习的绝对值。",
    points={1.0: 1.4142135623730951, -2.0: 2.23606797749979},
    facts=("smooth", "not monotone", "even", "convex", "bounded below"),
)
def maf(x, alpha=learned(0.0), beta=learned(1.0, above=0)):
    """A hyperbola with a learned place alpha and a learned roundness beta (memristor-like)."""
    return hypot(x - alpha, beta)


@activation(
    source="folklore; known as a loss",
    zh="双曲余弦的对数：处处光滑的绝对值。",
    points={1.0: 0.4337808304830272, -3.0: 2.309328504577785},
    facts=("smooth", "not monotone", "even", "convex", "bounded below"),
)
def log_cosh(x):
    """The logarithm of the hyperbolic cosine, a smooth absolute value."""
    # cosh(x) - 1 is -expm1(x) expm1(-x) / 2, which keeps its digits near 0
    far = abs(x) + log1p(exp(-2 * abs(x))) - _LOG2
    return where(abs(x) < 1.25, log1p(-expm1(x) * expm1(-x) / 2), far)


@activation(
    source="Hugging Face transformers, SqrtSoftplusActivation",
    zh="softplus 的平方根，用于专家路由打分。",
    points={0.0: 0.8325546111576978, 3.0: 1.7460204327480655},
    facts=("smooth", "monotone", "bounded below"),
)
def sqrt_softplus(x):
    """The square root of softplus, which scores experts in a router."""
    # below -37 softplus is exp to the last bit, and its root outlives it
    return where(x < -37, exp(x / 2), sqrt(_softplus(x)))


@activation(
    source="Yuen et al. 2021, arXiv:2011.03842",
    zh="五个可学习参数、可演化成多种激活函数的通用激活，初始为恒等函数。",
    aliases=("universal_activation_function",),
    points={1.0: 1.0, -2.0: -2.0},
    facts=("smooth", "monotone", "odd", "convex", "concave"),
)
def uaf(x, *, a=learned(1.0), b=learned(0.0), c=learned(0.0), d=learned(-1.0), shift=learned(0.0)):
    """The difference of two softplus, which five learned numbers turn from the identity into many shapes."""
    # c x x from the left: a c of 0 silences x^2 before it overflows
    return _above_log2(a * (x + b) + c * x * x) - _above_log2(d * (x - b)) + shift


@activation(
    source="folklore; known as a loss, after Charbonnier et al. 1994",
    zh="伪 Huber 函数 δ²(√(1+(x/δ)²) − 1)。",
    points={1.0: 0.41421356237309503, -2.0: 1.2360679774997898},
    facts=("smooth", "not monotone", "even", "bounded below", "convex"),
)
def pseudo_huber(x, delta=fixed(1.0, above=0)):
    """A hyperbola through the origin, a parabola within delta of it and a line of slope delta beyond."""
    return delta * (delta * hypotm1(x / delta))
