"""Saturating rectifiers: linear for positive input, a bounded curve other than an exponential for negative input."""

from ..language import erf, exp, expm1, hypot, log1p, maximum, sigmoid, softsign, sqrt, tanh, where
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Saturating rectifiers", "zh": "饱和整流类"}


@activation(
    source="Carlile et al. 2017, arXiv:1710.09967",
    zh="正半轴恒等，负半轴为 x/√(1+αx²)，不含指数运算。",
    aliases=("inverse_square_root_linear_unit",),
    points={-0.75: -0.6, -2.4: -12 / 13, 3.0: 3.0},
    facts=("monotone", "bounded below"),
)
def isrlu(x, alpha=fixed(1.0, above=0)):
    """Identity for positive input and x / sqrt(1 + alpha x^2) for negative input."""
    # u/hypot(1, u) is -1/hypot(1, 1/u) below 0: differentiated in the tail, the first would subtract equals
    root = sqrt(alpha)
    u = root * x
    return where(x >= 0, x, where(u > -1, x / hypot(1, u), -1 / (root * hypot(1, 1 / u))))


@activation(
    source="Duggal & Gupta 2017, ICCV Workshops",
    zh="正半轴恒等，负半轴为高度与陡度可学习的 tanh。",
    points={-1.0: -0.76159415595576489, -2.0: -0.96402758007581688, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 1.0),),
    notes=(
        "At its defaults it is max(x, tanh x), known as MaxTanh; alpha = 1 is TReLU and beta = 1/2 then ThLU.",
        "默认参数下即 max(x, tanh x)，又称 MaxTanh；alpha=1 为 TReLU，再取 beta=1/2 则为 ThLU。",
    ),
)
def ptelu(x, alpha=learned(1.0, low=0), beta=learned(1.0, low=0)):
    """Identity for positive input and a tanh of learned height and steepness for negative input."""
    return where(x >= 0, x, alpha * tanh(beta * x))


@activation(
    source="SignReLU, 2018; " + SURVEY,
    zh="正半轴恒等，负半轴为 alpha 倍的 softsign。",
    points={-1.0: -0.5, -3.0: -0.75, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 1.0),),
)
def sign_relu(x, alpha=fixed(1.0)):
    """Identity for positive input and alpha times softsign for negative input."""
    return where(x >= 0, x, alpha * softsign(x))


@activation(
    source="Li, Ding & Li 2018, arXiv:1802.00212",
    zh="正半轴恒等，负半轴为幂函数 (1−x)^(−n) − 1，下限为 −1。",
    aliases=("power_linear_unit",),
    points={-1.0: -0.75, -3.0: -0.9375, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 1.0),),
    notes=(
        "The paper tries n = 1, 1.5 and 2; n = 1 has a continuous slope and is also known as FPLUS or PolyLU.",
        "论文试验了 n=1、1.5、2；n=1 时斜率连续，又称 FPLUS 或 PolyLU。",
    ),
)
def polu(x, n=fixed(2.0, above=0)):
    """Identity for positive input and the power (1 - x)^(-n) - 1 for negative input."""
    # the power minus 1 loses the digits of small x, the exponential of a logarithm those of a far slope
    return where(x >= 0, x, where(x > -1, expm1(-n * log1p(-x)), (1 - x) ** -n - 1))


@activation(
    source="Wuraola, Patel & Nguang 2021, doi:10.1016/j.neucom.2021.02.030",
    zh="ELU 的平方近似：负半轴为 x + x²/4，在 −2 处到达 −1 后保持不变。",
    aliases=("square_linear_unit",),
    points={-1.0: -0.75, -0.5: -0.4375, -3.0: -1.0, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(-2.0, 0.0), Kink(0.0, 1.0)),
)
def sqlu(x):
    """A stand-in for ELU without exponential, x + x^2/4 on [-2, 0] and -1 below."""
    # x + x^2/4 = (x/2 + 1)^2 - 1: the first keeps the digits of the value near 0, the second of the slope near -2
    return where(x > 0, x, where(x > -1, x + x**2 / 4, (maximum(x, -2.0) / 2 + 1) ** 2 - 1))


@activation(
    source=SURVEY,
    zh="beta 以上恒等，以下为 tanh，并在 alpha 处封底。",
    points={2.0: 2.0, 0.5: 0.46211715726000976, -3.0: -0.63514895238728732},
    facts=("monotone", "bounded below"),
    kinks=(Kink("alpha", 0.0), Kink("beta", 1.0)),
    ordered=(("alpha", "beta"),),
    notes=(
        "It jumps at beta unless beta is 0; beta fixed at 0 is TaLU, which is continuous.",
        "除非 beta 为 0，否则在 beta 处有跳变；beta 固定为 0 时即连续的 TaLU。",
    ),
)
def ptalu(x, alpha=learned(-0.75), beta=learned(1.0)):
    """Identity from beta upwards, tanh below it, and constant from alpha downwards."""
    return where(x >= beta, x, tanh(maximum(x, alpha)))


@activation(
    source="Duan, Yang & Dai 2021, arXiv:2111.14349",
    zh="正半轴为直线，负半轴为双曲线，斜率在 0 处连续，高度与陡度可学习。",
    aliases=("parametric_fplus",),
    points={-1.0: -0.5, -3.0: -0.75, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, "alpha"),),
    notes=(
        "alpha = beta = 1 is FPLUS; (0.2, 10) comes close to a scaled ReLU and (5, 0.1) close to a line.",
        "alpha=beta=1 即 FPLUS；(0.2, 10) 接近缩放的 ReLU，(5, 0.1) 接近直线。",
    ),
)
def pfplus(x, alpha=learned(1.0, above=0), beta=learned(1.0, above=0)):
    """A line of slope alpha that turns into a hyperbola for negative input without a jump of slope."""
    return where(x >= 0, alpha * x, alpha / beta * softsign(beta * x))


@activation(
    source="Rajanand & Singh 2024, doi:10.1007/s10044-024-01277-w",
    zh="正半轴恒等，负半轴为 alpha 倍的误差函数。",
    points={-1.0: -0.84270079294971487, -0.5: -0.52049987781304654, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 1.0),),
)
def erf_relu(x, alpha=learned(1.0)):
    """Identity for positive input and a learned multiple of the error function for negative input."""
    return where(x >= 0, x, alpha * erf(x))


@activation(
    source="LogLU, the logarithmic linear unit, 2024, OpenReview LRpfp86Z38",
    zh="正半轴恒等，负半轴按对数 −ln(1−x) 缓慢下降。",
    aliases=("logarithmic_linear_unit",),
    points={3.0: 3.0, -2.0: -1.0986122886681098},
    facts=("monotone", "convex"),
    kinks=(Kink(0.0, 1.0),),
)
def log_lu(x):
    """Identity for positive input and -log(1 - x) for negative input, which never goes flat."""
    return where(x > 0, x, -log1p(-x))


@activation(
    source="Feng et al. 2024 (minGRU, minLSTM), arXiv:2410.01201",
    zh="正侧为 x + 0.5、负侧为 sigmoid 的正值函数，用于可并行的循环单元。",
    points={1.0: 1.5, -2.0: 0.11920292202211756},
    facts=("monotone", "bounded below", "convex"),
    kinks=(Kink(0.0, 1.0),),
)
def min_gru(x):
    """x + 1/2 for non-negative input and the sigmoid for negative input, which keeps recurrent states positive."""
    return where(x >= 0, x + 0.5, sigmoid(x))


@activation(
    source="Naka & Rushton 1966, Journal of Physiology 185",
    zh="视觉神经元的响应曲线：正侧为 x^n/(x^n + sigma^n)，负侧为零。",
    aliases=("hill",),
    points={0.5: 0.2, 3.0: 0.9, -1.0: 0.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, 0.0),),
)
def naka_rushton(x, n=learned(2.0, above=1), sigma=learned(1.0, above=0)):
    """The response of a visual neuron, x^n / (x^n + sigma^n) for positive input and 0 elsewhere."""
    below = (x / sigma) ** n
    return where(x > sigma, 1 / (1 + (sigma / x) ** n), where(x > 0, below / (1 + below), 0.0))


@activation(
    source="Bhumbra 2018, arXiv:1804.11237",
    zh="仿生的双节点根单元：正侧为 r 次根，负侧为指数。",
    aliases=("bionodal_root_unit",),
    points={2.0: 2.5, -1.0: -0.3646647167633873},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, "r"),),
)
def bru(x, r=fixed(2.0, above=1)):
    """An r-th root for positive input and an exponential for negative input, after the firing rates of neurons."""
    # (r^2 x + 1)^(1/r) with its factor taken out, which would overflow first
    root = r ** (2 / r) * (x + r**-2) ** (1 / r)
    return where(x >= 0, root, exp(r * x)) - 1 / r
