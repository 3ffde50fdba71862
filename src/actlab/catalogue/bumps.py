"""Bumps: functions that rise around a centre and die out, or are cut to zero, far from it; wavelets among them."""

from ..language import PI, Expr, damp, exp, hypot, maximum, minimum, phi, sqrt, where
from ..language import sech as _sech
from ..language.operations import sigmoid_slope
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Bumps", "zh": "钟形与小波类"}

_RAMASINGHE = "Ramasinghe & Lucey 2021, arXiv:2111.15135"
_UNIT = 0.8673250705840776  # 2 / (sqrt(3) pi^(1/4)), which gives the Mexican hat unit energy


def _hat_shape(u: Expr) -> Expr:
    """(1 - u^2) exp(-u^2 / 2)."""
    return damp(exp(-(u**2) / 2), 1 - u**2)


@activation(
    source="folklore; tribas in MATLAB. With delta learned: Rozsa & Boult 2019, arXiv:1908.02435",
    zh="高与半宽均为 δ 的三角帐篷。",
    aliases=("mirrored_relu", "triangular", "tribas"),
    points={0.25: 0.75, -2.0: 0.0},
    facts=("not monotone", "even", "bounded"),
    kinks=(Kink("-delta", 0.0), Kink(0.0, 0.0), Kink("delta", 0.0)),
    notes=(
        "Put a normalisation before it and weight decay on delta, as its authors do.",
        "按原作者的做法，在其前加归一化层，并对 δ 施加权重衰减。",
    ),
)
def tent(x, delta=learned(1.0, above=0)):
    """A triangle of height delta over [-delta, delta], and 0 elsewhere."""
    return maximum(delta - abs(x), 0.0)


@activation(
    source="folklore; the radial basis of a normal density",
    zh="中心 μ 与宽度 σ 均可学习的高斯钟形曲线。",
    aliases=("gaussian_half", "adaptive_rbf"),
    points={1.0: 0.6065306597126334, -2.0: 0.1353352832366127},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def arbf(x, mu=learned(0.0), sigma=learned(1.0, above=0)):
    """The bell curve with a learned centre mu and a learned standard deviation sigma."""
    return exp(-(((x - mu) / sigma) ** 2) / 2)


@activation(
    source="folklore; the logistic density. In networks: " + SURVEY,
    zh="S 形函数的导数 σ(x)(1 − σ(x))，即逻辑斯谛分布的密度。",
    aliases=("logistic_density",),
    points={1.0: 0.19661193324148185, -2.0: 0.10499358540350652},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def d_sigmoid(x):
    """The slope of the sigmoid, which is the density of the logistic distribution."""
    return sigmoid_slope(x)


@activation(
    source="folklore; the hyperbolic secant",
    zh="双曲正割 1/cosh(x)。",
    points={1.0: 0.6480542736638853, -2.0: 0.26580222883407967},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def sech(x):
    """The hyperbolic secant, 1 / cosh(x)."""
    return _sech(x)


@activation(
    source="folklore; the Ricker wavelet",
    zh="墨西哥帽（Ricker）小波：归一化的高斯二阶导数的相反数。",
    aliases=("ricker",),
    points={0.0: 0.8673250705840775, -2.0: -0.35213905225713366},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def mexican_hat(x, sigma=fixed(1.0, above=0)):
    """The Ricker wavelet of width sigma, the negative curvature of a bell curve scaled to unit energy."""
    return _UNIT / sqrt(sigma) * _hat_shape(x / sigma)


@activation(
    source="the FANN library, FANN_GAUSSIAN_SYMMETRIC",
    zh="伸展到 (−1, 1] 的高斯钟形曲线。",
    points={1.0: -0.26424111765711533, -2.0: -0.9633687222225317},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def gaussian_symmetric(x):
    """The bell curve stretched to (-1, 1], 2 exp(-x^2) - 1."""
    return 2 * exp(-(x**2)) - 1


@activation(
    source=_RAMASINGHE,
    zh="宽度为 α 的窄高斯，用于以坐标为输入的网络。",
    points={0.1: 0.6065306597126334, -0.25: 0.043936933623407434},
    facts=("smooth", "not monotone", "even", "bounded"),
    notes=(
        "For networks that read coordinates, where alpha between 0.05 and 0.15 sets the detail they can draw.",
        "用于以坐标为输入的网络；α 取 0.05 到 0.15，决定可表达的细节尺度。",
    ),
)
def gaussian_inr(x, alpha=fixed(0.1, above=0)):
    """A narrow bell curve of width alpha, for networks that read coordinates."""
    return exp(-((x / alpha) ** 2) / 2)


@activation(
    source=_RAMASINGHE,
    zh="双侧指数衰减 exp(−|x|/α)，在 0 处有尖点。",
    points={1.0: 0.36787944117144233, -2.0: 0.1353352832366127},
    facts=("not monotone", "even", "bounded"),
    kinks=(Kink(0.0, 0.0),),
)
def laplacian_rbf(x, alpha=fixed(1.0, above=0)):
    """The two-sided exponential exp(-|x| / alpha), with a cusp at 0."""
    return exp(-abs(x) / alpha)


@activation(
    source=_RAMASINGHE,
    zh="1/(1 + (αx)²)：尾部按 x⁻² 衰减的钟形曲线。",
    aliases=("lorentzian",),
    points={1.0: 0.5, -2.0: 0.2},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def inverse_quadratic(x, alpha=fixed(1.0, above=0)):
    """The bell with power tails, 1 / (1 + (alpha x)^2)."""
    return 1 / (1 + (alpha * x) ** 2)


@activation(
    source=_RAMASINGHE,
    zh="1/√(1 + (αx)²)：尾部按 |x|⁻¹ 衰减的钟形曲线。",
    aliases=("imq",),
    points={1.0: 0.7071067811865476, -2.0: 0.4472135954999579},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def inverse_multiquadric(x, alpha=fixed(1.0, above=0)):
    """The bell with the slowest tails, 1 / sqrt(1 + (alpha x)^2)."""
    return 1 / hypot(alpha * x, 1)


@activation(
    source="Hong et al. 2022, arXiv:2208.04924",
    zh="[0, α] 上的三角形线性样条，其余为 0。",
    points={0.5: 0.5, 1.75: 0.25},
    facts=("not monotone", "bounded"),
    kinks=(Kink(0.0, 0.0), Kink("alpha/2", -1.0), Kink("alpha", 0.0)),
)
def hat(x, alpha=learned(2.0, above=0)):
    """The linear spline that is a triangle over [0, alpha], and 0 elsewhere."""
    return maximum(minimum(x, alpha - x), 0.0)


@activation(
    source=SURVEY,
    zh="(1 − x²)·exp(−αx²)：α = 1/2 时为未归一化的墨西哥帽。",
    points={0.5: 0.5841005873035536, -2.0: -0.05494691666620254},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def wave(x, alpha=fixed(1.0, above=0)):
    """1 - x^2 under a bell curve of sharpness alpha, (1 - x^2) exp(-alpha x^2)."""
    return damp(exp(-alpha * x**2), 1 - x**2)


@activation(
    source=SURVEY,
    zh="三个宽度为 β、中心为 −2α、0、2α 的高斯钟形，在 ±α 处相接。",
    points={1.0: 0.36787944117144233, -5.0: 0.36787944117144233},
    facts=("not monotone", "even", "bounded"),
    kinks=(
        Kink("-alpha", "-2*alpha/beta^2*exp(-alpha^2/beta^2)"),
        Kink("alpha", "2*alpha/beta^2*exp(-alpha^2/beta^2)"),
    ),
)
def prbf(x, alpha=fixed(3.0, above=0), beta=fixed(1.0, above=0)):
    """Three bell curves of width beta at -2 alpha, 0 and 2 alpha, which meet at -alpha and alpha."""
    distance = where(abs(x) >= alpha, abs(x) - 2 * alpha, x)
    return exp(-((distance / beta) ** 2))


@activation(
    source=SURVEY,
    zh="中心在 −4 与 4 的两个墨西哥帽。",
    points={3.0: 0.0, -4.5: 0.5740587662433105},
    facts=("not monotone", "even", "bounded"),
    kinks=(Kink(0.0, 0.0),),
)
def pmaf(x):
    """Two Mexican hats, centred at -4 and 4, which meet at 0."""
    u = abs(x) - 4
    return _UNIT * (2 * PI) ** 0.5 * damp(phi(u), 1 - u**2)
