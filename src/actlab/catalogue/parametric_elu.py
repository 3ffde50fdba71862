"""Parametric exponential units: ELU scaled, stretched, shifted or deformed by constants that can be learned."""

from ..language import exp, expm1, log1p, maximum, where
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Parametric exponential units", "zh": "参数化指数类"}


# Klambauer et al. 2017, arXiv:1706.02515: the constants of SELU in double precision
_SELU_SCALE = 1.0507009873554805
_SELU_ALPHA = 1.6732632423543772


@activation(
    source="Trottier, Giguere & Chaib-draa 2016, arXiv:1605.09332",
    zh="高度与伸缩可学习、斜率在 0 处始终连续的 ELU。",
    aliases=("parametric_elu",),
    points={-1.0: -0.63212055882855768, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, "alpha/beta"),),
    notes=(
        "The paper keeps both numbers at 0.1 or more; here they stay above 0 by construction.",
        "论文要求两个参数不小于 0.1；此处通过参数化保证其大于 0。",
    ),
)
def pelu(x, alpha=learned(1.0, above=0), beta=learned(1.0, above=0)):
    """ELU of learned height alpha and width beta whose slope is continuous for all of them."""
    return where(x >= 0, alpha / beta * x, alpha * expm1(x / beta))


@activation(
    source="Li et al. 2016, arXiv:1606.00305",
    zh="负半轴高度与衰减速度均可学习的 ELU，可在 ReLU、PReLU 与 ELU 之间变化。",
    aliases=("multiple_parametric_elu",),
    points={-1.0: -0.15803013970713942, -2.0: -0.21616617919084683, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, "alpha*beta"),),
    notes=(
        "The paper starts at (0.25, 1) or (1, 1), depending on how the weights are initialised.",
        "论文依权重初始化方式取初值 (0.25, 1) 或 (1, 1)。",
    ),
)
def mpelu(x, alpha=learned(0.25), beta=learned(1.0, above=0)):
    """ELU with a learned height alpha and a learned rate beta on the negative side."""
    return where(x > 0, x, alpha * expm1(beta * x))


@activation(
    source="Zhang & Li 2018, arXiv:1807.10117",
    zh="负半轴为 x·e^x 的缩放单位，常数使标准正态输入的输出保持零均值单位方差。",
    points={-1.0: -1.1524205012899004, -2.0: -0.84790362001808398, 2.0: 2.15724},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(0.0, "lambd"),),
    notes=(
        "Self-normalising like SELU, but the response to very negative input fades to 0.",
        "与 SELU 一样具有自归一化性质，但对很负的输入响应趋于 0。",
    ),
)
def serlu(x, lambd=fixed(1.07862), alpha=fixed(2.90427)):
    """A scaled unit with x exp(x) on the negative side, set to keep mean 0 and variance 1."""
    return lambd * where(x >= 0, x, alpha * (x * exp(x)))


@activation(
    source="Grelsson & Felsberg 2018, ICPR, shifted exponential linear units",
    zh="沿水平方向平移 beta 的 ELU。",
    aliases=("shifted_elu",),
    points={-1.0: -0.63212055882855768, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink("-beta", "alpha"),),
)
def sh_elu(x, alpha=fixed(1.0, low=0), beta=learned(0.0)):
    """ELU moved horizontally by a learned beta."""
    y = x + beta
    return where(y > 0, y, alpha * expm1(y))


@activation(
    source="Grelsson & Felsberg 2018, ICPR, shifted exponential linear units",
    zh="沿垂直方向平移 beta 的 ELU。",
    aliases=("pfelu",),
    points={-1.0: -0.63212055882855768, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, "alpha"),),
)
def sv_elu(x, alpha=fixed(1.0, low=0), beta=learned(0.0)):
    """ELU moved vertically by a learned beta."""
    return beta + where(x > 0, x, alpha * expm1(x))


@activation(
    source="Grelsson & Felsberg 2018, ICPR, shifted exponential linear units",
    zh="沿水平方向平移 gamma 的 PELU。",
    points={-1.0: -0.63212055882855768, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink("-gamma", "alpha/beta"),),
)
def psh_elu(x, alpha=learned(1.0, above=0), beta=learned(1.0, above=0), gamma=learned(0.0)):
    """PELU moved horizontally by a learned gamma."""
    y = x + gamma
    return where(y >= 0, alpha / beta * y, alpha * expm1(y / beta))


@activation(
    source="Ying et al. 2019, IEEE Access, rectified exponential units",
    zh="负半轴为 x·e^(βx) 的整流单位，整体斜率与衰减速度可学习。",
    points={-1.0: -0.36787944117144232, -2.0: -0.27067056647322538, 3.0: 3.0},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(0.0, "alpha"),),
    notes=(
        "alpha = beta = 1 is the rectified exponential unit REU, also proposed as Suish.",
        "alpha=beta=1 即整流指数单位 REU，亦以 Suish 之名提出。",
    ),
)
def preu(x, alpha=learned(1.0), beta=learned(1.0, above=0)):
    """A line for positive input and x exp(beta x) for negative input, both scaled by a learned alpha."""
    return alpha * where(x > 0, x, x * exp(beta * x))


@activation(
    source="Cheng et al. 2020, Neural Networks, parametric deformable exponential linear units",
    zh="以变形指数（t-指数）代替指数的 ELU，负半轴在有限处到达 −alpha。",
    points={-1.0: -0.6513215599, -5.0: -0.9990234375, -20.0: -1.0, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, "alpha"),),
    notes=(
        "As t goes to 1 it becomes ELU; it is exactly -alpha below -1/(1-t), and trains nothing there.",
        "t 趋于 1 时成为 ELU；在 −1/(1−t) 以下恒为 −alpha，无梯度。",
    ),
)
def pdelu(x, alpha=learned(1.0), t=fixed(0.9, above=0, below=1)):
    """ELU with the deformed exponential (1 + (1-t) x)^(1/(1-t)) in place of the exponential."""
    # a power near 1 minus 1 loses the digits of small x; expm1 of the logarithm keeps them
    return where(x > 0, x, alpha * expm1(log1p(maximum((1 - t) * x, -1.0)) / (1 - t)))


@activation(
    source=SURVEY,
    zh="负半轴另加小斜率泄漏的 SELU。",
    aliases=("leaky_selu",),
    points={-1.0: -1.1218377476861175, -2.0: -1.5411804883428046},
    facts=("monotone",),
    kinks=(Kink(0.0, "alpha*(beta + gamma)"),),
)
def lselu(x, alpha=fixed(_SELU_SCALE), beta=fixed(_SELU_ALPHA), gamma=fixed(0.01)):
    """SELU with a small extra slope on the negative side, so that it never goes flat."""
    return alpha * where(x > 0, x, beta * expm1(x) + gamma * x)


@activation(
    source=SURVEY,
    zh="常数可调、负半轴衰减速度可变的 SELU。",
    aliases=("scaled_scaled_elu",),
    points={-1.0: -1.1113307378125627, -2.0: -1.520166468595695},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, "alpha*beta*gamma"),),
    notes=(
        "With gamma fixed at 1 and the other two learned it is PSELU.",
        "gamma 固定为 1、其余两个参数可学习时即 PSELU。",
    ),
)
def sselu(x, alpha=fixed(_SELU_SCALE), beta=fixed(_SELU_ALPHA), gamma=fixed(1.0, above=0)):
    """SELU with free constants and a rate gamma on the negative side."""
    return alpha * where(x > 0, x, beta * expm1(gamma * x))
