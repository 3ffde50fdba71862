"""Curved rectifiers: ReLU raised to a power, flattened by a logarithm or combined with a wave."""

from ..language import cos, exp, log1p, maximum, sign, signed_zero, sin, softplus, where
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Curved rectifiers", "zh": "曲线整流类"}


@activation(
    source="Rodrigues 2018, blog post; keras-contrib",
    zh="负半轴以小幅正弦波代替零的 ReLU。",
    points={-1.0: -0.0034544332266900906, 0.0: -0.0025, 3.0: 3.0},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(0.0, "epsilon"),),
    notes=(
        "It jumps by epsilon at 0 and has no limit at minus infinity.",
        "在 0 处有大小为 epsilon 的跳变，在负无穷处没有极限。",
    ),
)
def sine_relu(x, epsilon=fixed(0.0025)):
    """ReLU that oscillates slightly on the negative side, epsilon (sin x - cos x)."""
    return where(x > 0, x, epsilon * (sin(x) - cos(x)))


@activation(
    source="Li, Tang & Yu 2019, arXiv:1903.05858",
    zh="ReLU 的 p 次幂。",
    aliases=("rectified_power_unit",),
    points={-1.0: 0.0, 0.5: 0.125, 2.0: 8.0},
    facts=("monotone", "convex", "bounded below"),
    notes=(
        "p = 2 is the squared ReLU and p = 3 the cubed one; its slope grows without bound.",
        "p=2 为平方 ReLU，p=3 为立方 ReLU；其斜率没有上界。",
    ),
)
def repu(x, p=fixed(3.0, above=1)):
    """The p-th power of ReLU."""
    return where(x > 0, x**p, 0.0)


@activation(
    source="Liu et al. 2019, arXiv:1908.03682",
    zh="对 ReLU 取自然对数 log(1+βx)，使大输入增长缓慢。",
    aliases=("natural_log_relu",),
    points={-1.0: 0.0, 1.0: 0.69314718055994531, 3.0: 1.3862943611198906},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
)
def nl_relu(x, beta=fixed(1.0, above=0)):
    """The logarithm of 1 + beta times ReLU, which lets large input grow only slowly."""
    return log1p(beta * maximum(x, 0.0))


@activation(
    source="So et al. 2021 (Primer), arXiv:2109.08668",
    zh="ReLU 的平方，用于 Primer 等 Transformer 的前馈层。",
    aliases=("relu_squared", "requ"),
    points={-1.0: 0.0, 0.5: 0.25, 3.0: 9.0},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
)
def squared_relu(x):
    """The square of ReLU, used in the feed-forward layers of Primer and later transformers."""
    return maximum(x, 0.0) ** 2


@activation(
    source="Gupta & Ahuja 2021, Parametric Variational Linear Units (PVLUs)",
    zh="ReLU 加上振幅与频率可学习的正弦波，使负半轴也有梯度。",
    aliases=("pvlu", "variational_linear_unit"),
    points={1.0: 1.0841470984807897, -1.0: -0.084147098480789651},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(0.0, "alpha*beta"),),
    notes=(
        "alpha = beta = 1 is the plain sum of ReLU and sine, whose slope touches 0 at pi, 3 pi and so on.",
        "alpha=beta=1 即 ReLU 与正弦之和，其斜率在 π、3π 等处为 0。",
    ),
)
def vlu(x, alpha=learned(0.1), beta=learned(1.0)):
    """ReLU plus a sine wave of learned height and frequency, which gives the negative side a slope as well."""
    return maximum(x, 0.0) + alpha * sin(beta * x)


@activation(
    source="Yu et al. 2022 (MetaFormer baselines), arXiv:2210.13452",
    zh="缩放并平移的平方 ReLU，使标准正态输入的输出均值为 0、方差为 1。",
    points={-1.0: -0.4472, 1.0: 0.4472, 2.0: 3.1304},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
)
def star_relu(x, s=learned(0.8944), b=learned(-0.4472)):
    """The squared ReLU with a learned scale and bias that start at mean 0 and variance 1 for normal input."""
    r = maximum(x, 0.0)
    return s * r * r + b


@activation(
    source=SURVEY,
    zh="从 ReLU 中减去 alpha 倍对数项，使正半轴略微弯曲。",
    points={-1.0: 0.0, 1.0: 0.82671320486001367, 3.0: 2.6534264097200273},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
)
def prenu(x, alpha=learned(0.25)):
    """ReLU bent downwards by a learned multiple of its logarithm, x - alpha log(1 + x) for positive x."""
    r = maximum(x, 0.0)
    return r - alpha * log1p(r)


@activation(
    source=SURVEY,
    zh="ReLU 与 softplus 的加权平均，权重 alpha 取自数据噪声水平。",
    aliases=("rsp",),
    points={0.0: 0.34657359027997265, 2.0: 2.0634640055214862, -2.0: 0.063464005521486248},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, "alpha/2"),),
    notes=(
        "The method sets alpha per layer from the noise level of the data; here it is a number you give or learn.",
        "原方法按数据噪声水平逐层设定 alpha；此处由用户给定，也可学习。",
    ),
)
def rand_softplus(x, alpha=fixed(0.5, low=0, high=1)):
    """A weighted mean of ReLU and softplus, softer the larger alpha is."""
    return (1 - alpha) * maximum(x, 0.0) + alpha * softplus(x)


@activation(
    source="Sun et al. 2024, arXiv:2405.12954",
    zh="ReLU 加上一小段 ε·x·e^(−x²/2)，使负侧也有梯度。",
    aliases=("correction_regularized_relu",),
    points={1.0: 1.0060653065971263, -2.0: -0.002706705664732254},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(0.0, "epsilon"),),
)
def cr_relu(x, epsilon=learned(0.01)):
    """ReLU plus a small learned wavelet epsilon x exp(-x^2/2), which gives the negative side a slope."""
    return maximum(x, 0.0) + epsilon * (x * exp(-(x**2) / 2))


@activation(
    source="Saha et al. 2019, arXiv:1906.01975",
    zh="ReLU 的 beta 次幂乘以 alpha：指数略大于 1 时近似 ReLU 而处处可导。",
    aliases=("approximate_relu",),
    points={4.0: 8.0, 2.0: 2.8284271247461903, -1.0: 0.0},
    facts=("monotone", "bounded below", "convex"),
    kinks=(Kink(0.0, 0.0),),
)
def app_relu(x, alpha=fixed(1.0), beta=fixed(1.5, above=1)):
    """alpha times the beta-th power of ReLU, near ReLU and without its corner when beta is little above 1."""
    return where(x > 0, alpha * x**beta, 0.0)


@activation(
    source=SURVEY,
    zh="[−1, 1] 内为 |x|^d/d、之外为直线的偶函数，光滑程度由 d 决定。",
    aliases=("eplaf",),
    points={0.5: 0.125, -3.0: 2.5},
    facts=("not monotone", "even", "bounded below", "convex"),
    kinks=(Kink(-1.0, -1.0), Kink(1.0, 1.0)),
    notes=("d = 2 is bfire, Huber's function.", "d=2 即 bfire（Huber 函数）。"),
)
def even_power_linear(x, d=fixed(2.0, low=2)):
    """The even power |x|^d/d between -1 and 1, continued by straight lines."""
    inside = where(x > 0, x**d, (-x) ** d) / d
    return where(abs(x) < 1, inside, abs(x) - (1 - 1 / d))


@activation(
    source=SURVEY,
    zh="[−1, 1] 内为 sign(x)·|x|^d/d、之外为直线的奇函数。",
    aliases=("oplaf",),
    points={0.5: 0.125, -3.0: -2.5},
    facts=("monotone", "odd"),
    kinks=(Kink(-1.0, 1.0), Kink(0.0, 0.0), Kink(1.0, 1.0)),
)
def odd_power_linear(x, d=fixed(2.0, low=2)):
    """The odd power sign(x) |x|^d/d between -1 and 1, continued by straight lines."""
    inside = where(x > 0, x**d, where(x < 0, -((-x) ** d), signed_zero(x))) / d
    return where(abs(x) < 1, inside, x - sign(x) * (1 - 1 / d))


@activation(
    source="Jagtap et al. 2021 (deep Kronecker networks), arXiv:2106.15513",
    zh="ReLU 加三个可学习振幅的谐波，初始为 ReLU。",
    points={3.0: 3.0, -2.0: 0.0},
    facts=("monotone", "bounded below", "convex"),
    kinks=(Kink(0.0, "n*n*(a1 + 2*a2 + 3*a3)"),),
    notes=(
        "The waves start at size 0, so it starts as ReLU; n of 1 to 20 scales their size and frequency.",
        "谐波初始振幅为 0，故初始即 ReLU；n 取 1 到 20，同时放大振幅与频率。",
    ),
)
def rowdy_relu(x, a1=learned(0.0), a2=learned(0.0), a3=learned(0.0), n=fixed(1.0, above=0)):
    """ReLU plus three harmonics of learned size, which let a network reach high frequencies sooner."""
    # beyond 1e36 the phase of a wave is lost in every format
    t = n * where(abs(x) < 1e36, x, 0.0)
    # the harmonics by the sine and cosine of one phase, so that its rounding moves all of them together
    s, c = sin(t), cos(t)
    return maximum(x, 0.0) + n * (s * (a1 + 2 * a2 * c + a3 * (3 - 4 * s * s)))
