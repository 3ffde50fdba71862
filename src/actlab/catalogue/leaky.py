"""Leaky rectifiers: straight lines that keep a slope on the negative side, some with a second bend."""

from ..language import maximum, minimum, sigmoid, where
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Leaky rectifiers", "zh": "泄漏整流类"}


@activation(
    source="Liew, Khalil-Hani & Bakhteri 2016, Neurocomputing, for the bounded leaky ReLU",
    zh="在 [0, beta] 上为恒等，两侧都以小斜率 alpha 延伸的 ReLU。",
    aliases=("bl_relu",),
    points={-2.0: -0.02, 0.5: 0.5, 3.0: 1.02},
    facts=("monotone",),
    kinks=(Kink(0.0, "alpha"), Kink("beta", "alpha")),
    notes=(
        "It is named bounded but is not: both ends go on with slope alpha. The source gives no default for alpha.",
        "名为“有界”，其实两端仍以斜率 alpha 延伸；原文未给出 alpha 的默认值。",
    ),
)
def bounded_leaky_relu(x, alpha=fixed(0.01), beta=fixed(1.0, above=0)):
    """Identity between 0 and beta, and the small slope alpha beyond both ends."""
    return where(x >= beta, beta + alpha * (x - beta), where(x > 0, x, alpha * x))


@activation(
    source="Nicolae 2018, arXiv:1809.09534",
    zh="在 [−c, c] 上为恒等、之外以斜率 alpha 延伸的分段线性函数，形似 tanh 而不饱和。",
    aliases=("piecewise_linear_unit",),
    points={0.5: 0.5, 3.0: 1.2, -2.0: -1.1},
    facts=("monotone", "odd"),
    kinks=(Kink("c", 1.0), Kink("-c", 1.0)),
)
def plu(x, alpha=fixed(0.1, above=0, high=1), c=fixed(1.0, above=0)):
    """Identity on [-c, c] and lines of slope alpha beyond, shaped like tanh but never flat."""
    return where(x > c, c + alpha * (x - c), where(x < -c, alpha * (x + c) - c, x))


@activation(
    source="Mastromichalakis 2020, arXiv:2012.07564",
    zh="对负半轴的泄漏取绝对值的 Leaky ReLU：负输入得到小的正输出。",
    aliases=("absolute_leaky_relu", "abs_lu"),
    points={-2.0: 0.02, 3.0: 3.0},
    facts=("not monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 1.0),),
    notes=(
        "QReLU and m-QReLU (arXiv:2010.08031) are alpha = 1.99 and 0.99; AbsLU takes alpha between 0 and 1.",
        "alpha 取 1.99 与 0.99 即 QReLU 与 m-QReLU（arXiv:2010.08031）；AbsLU 的 alpha 在 0 与 1 之间。",
    ),
)
def al_relu(x, alpha=fixed(0.01, low=0)):
    """Leaky ReLU whose leak is made positive: negative input gives alpha |x|."""
    return where(x >= 0, x, -(alpha * x))


@activation(
    source="Liu et al. 2020 (ReActNet), arXiv:2003.03488",
    zh="拐点在水平与垂直方向都可学习平移的 PReLU，为二值网络设计。",
    aliases=("react_prelu",),
    points={-2.0: -0.5, 3.0: 3.0},
    facts=("monotone",),
    kinks=(Kink("gamma", "beta"),),
)
def rp_relu(x, beta=learned(0.25), gamma=learned(0.0), zeta=learned(0.0)):
    """PReLU whose corner is moved to a learned point (gamma, zeta)."""
    return zeta + where(x > gamma, x - gamma, beta * (x - gamma))


@activation(
    source="Chen, Li & Xu 2020, arXiv:2006.13858",
    zh="由两个可学习参数放大正半轴、缩小负半轴的 ReLU。",
    aliases=("attention_relu",),
    points={2.0: 3.7615941559557649, -2.0: -1.8},
    facts=("monotone",),
    kinks=(Kink(0.0, 0.0, "the authors' code"),),
    notes=(
        "The paper clamps alpha to [0.01, 0.99]; here it stays inside by construction and always gets a gradient.",
        "论文将 alpha 截断在 [0.01, 0.99]；此处通过参数化使其始终在区间之内，梯度不会中断。",
    ),
)
def arelu(x, alpha=learned(0.9, low=0.01, high=0.99), beta=learned(2.0)):
    """ReLU that amplifies positive input by 1 + sigmoid(beta) and passes negative input with slope alpha."""
    return (1 + sigmoid(beta)) * maximum(x, 0.0) + alpha * minimum(x, 0.0)


@activation(
    source=SURVEY,
    zh="正负两侧斜率与整体偏移均可学习的折线。",
    points={3.0: 2.78, -2.0: -0.24},
    facts=("monotone",),
    kinks=(Kink(0.0, "alpha"),),
    notes=("With mu fixed at 0 it is DPReLU, the dual parametric ReLU.", "mu 固定为 0 时即双参数 ReLU（DPReLU）。"),
)
def dual_line(x, alpha=learned(1.0), beta=learned(0.01), mu=learned(-0.22)):
    """Two half-lines with learned slopes alpha and beta, moved up or down by a learned mu."""
    return mu + where(x >= 0, alpha * x, beta * x)


@activation(
    source="Inturrisi et al. 2021, Piecewise Linear Units Improve Deep Neural Networks",
    zh="两侧斜率与拐点位置均可学习的折线，过点 (gamma, gamma)。",
    points={3.0: 3.0, -2.0: -0.02},
    facts=("monotone",),
    kinks=(Kink("gamma", "alpha"),),
)
def pilu(x, alpha=learned(1.0), beta=learned(0.01), gamma=learned(0.0)):
    """Two half-lines with learned slopes alpha and beta that meet at the learned point (gamma, gamma)."""
    return gamma + where(x >= gamma, alpha * (x - gamma), beta * (x - gamma))


@activation(
    source="Prach & Lampert 2023, arXiv:2311.06103",
    zh="N 形折线：两个可学习阈值之间斜率为 −1，之外斜率为 1。",
    points={0.25: -0.25, 2.0: 1.0, -2.0: -1.0},
    facts=("not monotone", "odd"),
    kinks=(Kink("alpha", -1.0), Kink("beta", -1.0)),
    notes=(
        "Its slope is 1 or -1 everywhere, so gradients pass at full size: made for networks of Lipschitz constant 1.",
        "斜率处处为 1 或 −1，梯度大小不变；为 Lipschitz 常数为 1 的网络而设计。",
    ),
)
def n_activation(x, alpha=learned(-0.5), beta=learned(0.5)):
    """A zigzag with slope -1 between two learned thresholds and slope 1 outside."""
    low, high = minimum(alpha, beta), maximum(alpha, beta)
    return where(x < low, x - 2 * low, where(x > high, x - 2 * high, -x))
