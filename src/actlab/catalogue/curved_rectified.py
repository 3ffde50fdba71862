"""Curved rectifiers: ReLU raised to a power, flattened by a logarithm or combined with a wave."""

from ..language import cos, log1p, maximum, sin, softplus, where
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
    aliases=("relu2", "relu_squared", "requ"),
    points={-1.0: 0.0, 0.5: 0.25, 3.0: 9.0},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
    elsewhere={"transformers": "relu2"},
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
