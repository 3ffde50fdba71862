"""Mixed exponential units: ELU combined with a gate, a softplus, another rectifier or a power."""

from ..language import exp, expm1, maximum, minimum, sigmoid, softplus, where
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Mixed exponential units", "zh": "混合指数类"}

_LEAK = 0.01  # the slope of the leaky ReLU that Qian et al. mix in


@activation(
    source="Basirat & Roth 2018, arXiv:1808.00783",
    zh="正半轴为 Swish、负半轴为 ELU 乘以 sigmoid。",
    points={1.0: 0.73105857863000488, -1.0: -0.17000340156854792, -2.0: -0.10307056080762242},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(0.0, 0.5),),
)
def elish(x):
    """The sigmoid times x for positive input and times exp(x) - 1 for negative input."""
    return sigmoid(x) * where(x >= 0, x, expm1(x))


@activation(
    source="Basirat & Roth 2018, arXiv:1808.00783",
    zh="以分段线性的 (x+1)/2 代替 sigmoid 的 ELiSH。",
    points={0.5: 0.375, -0.5: -0.098367335071841644, 3.0: 3.0, -2.0: 0.0},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(-1.0, 0.0), Kink(0.0, 0.5), Kink(1.0, 1.0)),
)
def hard_elish(x):
    """ELiSH with the line (x + 1)/2, cut off at 0 and 1, in place of the sigmoid."""
    gate = (minimum(maximum(x, -1.0), 1.0) + 1) / 2
    return gate * where(x >= 0, x, expm1(x))


@activation(
    source="Qian et al. 2018, Neurocomputing, adaptive activation functions in convolutional neural networks",
    zh="Leaky ReLU 与 ELU 的加权平均，权重可学习。",
    aliases=("adaptive_combination_1",),
    points={-1.0: -0.32106027941427884, -2.0: -0.44233235838169365, 3.0: 3.0},
    facts=("monotone",),
    kinks=(Kink(0.0, "1 - 0.99*alpha"),),
)
def mixed_lrelu_elu(x, alpha=learned(0.5, low=0, high=1)):
    """A mean of leaky ReLU and ELU with a learned weight alpha."""
    return where(x > 0, x, alpha * _LEAK * x + (1 - alpha) * expm1(x))


@activation(
    source="Qian et al. 2018, Neurocomputing, adaptive activation functions in convolutional neural networks",
    zh="由 sigmoid 门控在 Leaky ReLU 与 ELU 之间切换的组合。",
    aliases=("adaptive_combination_2",),
    points={-1.0: -0.46480657147370971, -2.0: -0.76397821439620724, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, (1 + _LEAK) / 2),),
)
def gated_lrelu_elu(x, omega=learned(1.0)):
    """Leaky ReLU and ELU weighted by a sigmoid gate of learned steepness omega."""
    return where(x > 0, x, sigmoid(omega * x) * (_LEAK * x) + sigmoid(-omega * x) * expm1(x))


@activation(
    source="Georgescu et al. 2020, arXiv:2003.03229",
    zh="模仿顶树突的非单调单位：先升后降，负输入为 0。",
    aliases=("apical_dendrite_activation",),
    points={-1.0: 0.0, 1.0: 1.0, 2.0: 0.73575888234288464, 3.0: 0.40600584970983808},
    facts=("not monotone", "bounded"),
    kinks=(Kink(0.0, 0.0),),
)
def ada(x, alpha=fixed(1.0, above=0), c=fixed(1.0)):
    """ReLU times a decaying exponential: it rises to its peak at 1/alpha and fades again."""
    r = maximum(x, 0.0)
    return r * exp(c - alpha * r)


@activation(
    source="Georgescu et al. 2020, arXiv:2003.03229",
    zh="负半轴保留小斜率的顶树突单位。",
    aliases=("lada",),
    points={-2.0: -0.02, 1.0: 1.0, 2.0: 0.73575888234288464},
    facts=("not monotone", "bounded above"),
    kinks=(Kink(0.0, 0.0),),
)
def leaky_ada(x, alpha=fixed(1.0, above=0), c=fixed(1.0), leak=fixed(0.01)):
    """The apical dendrite unit with a small slope for negative input."""
    r = maximum(x, 0.0)
    return leak * minimum(x, 0.0) + r * exp(c - alpha * r)


@activation(
    source="Jie et al. 2020, arXiv:2007.13101",
    zh="ReLU、ELU 与翻转的 ELU 三者的加权和，权重可学习。",
    points={-1.0: -0.4896361676485673, 1.0: 0.8896361676485673, 2.0: 1.6593994150290162},
    facts=("monotone",),
    kinks=(Kink(0.0, "1 - alpha"),),
)
def p_e2_relu(x, alpha=learned(0.4), beta=learned(0.3)):
    """ReLU, ELU and the mirrored ELU, -ELU(-x), mixed with learned weights that sum to 1."""
    rest = 1 - alpha - beta
    return where(x > 0, (alpha + beta) * x - rest * expm1(-x), beta * expm1(x) + rest * x)


@activation(
    source="Jie et al. 2020, arXiv:2007.13101",
    zh="恒等函数与正反两个 ELU 之和的加权组合，为奇函数。",
    points={-1.0: -1.3160602794142788, 1.0: 1.3160602794142788, 2.0: 2.4323323583816937},
    facts=("monotone", "odd"),
    kinks=(Kink(0.0, "2 - alpha"),),
)
def p_e2_id(x, alpha=learned(0.5)):
    """The identity and the odd pair ELU(x) - ELU(-x), mixed with a learned weight."""
    # ELU(x) - ELU(-x) is x plus a curve that settles at 1 and -1
    return x + (1 - alpha) * where(x > 0, -expm1(-x), expm1(x))


@activation(
    source="Kilicarslan & Celik 2021, Expert Systems with Applications",
    zh="1 以上再加 Swish 项、负半轴为 ELU 的三段函数。",
    aliases=("rsig_elud",),
    points={-1.0: -0.31606027941427884, 0.5: 0.5, 2.0: 2.8807970779778824},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 1.0), Kink(1.0, 1.0)),
    notes=(
        "It jumps at 1. With alpha = beta it is the form with a single parameter.",
        "在 1 处有跳变；alpha=beta 时即单参数形式。",
    ),
)
def rsig_elu(x, alpha=fixed(0.5, above=0, below=1), beta=fixed(0.5, above=0, below=1)):
    """Identity up to 1, x + alpha x sigmoid(x) above, and an ELU of height beta below zero."""
    return where(x > 1, x + alpha * (x * sigmoid(x)), where(x >= 0, x, beta * expm1(x)))


@activation(
    source="Vargas et al. 2021, activation functions for convolutional neural networks",
    zh="ELU 与 softplus 的加权平均，权重可学习。",
    points={0.0: 0.34657359027997265, 1.0: 1.1566308437591114, -1.0: -0.15942943565516742},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, "(1 + alpha)/2"),),
)
def elus_plus2(x, alpha=learned(0.5, low=0, high=1)):
    """A mean of ELU and softplus with a learned weight alpha."""
    return alpha * where(x > 0, x, expm1(x)) + (1 - alpha) * softplus(x)


@activation(
    source="Vargas et al. 2021, activation functions for convolutional neural networks",
    zh="ELU 与下移 beta 的 softplus 的加权平均，权重与位移可学习。",
    points={0.0: 0.096573590279972655, 1.0: 0.90663084375911142, -1.0: -0.40942943565516742},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, "(1 + alpha)/2"),),
    notes=(
        "The authors draw the first beta from [0, 1]; here it starts at their mean.",
        "作者从 [0, 1] 均匀抽取 beta 的初值；此处取其均值。",
    ),
)
def elus_plus2l(x, alpha=learned(0.5, low=0, high=1), beta=learned(0.5)):
    """A mean of ELU and a softplus lowered by a learned beta, with a learned weight alpha."""
    return alpha * where(x > 0, x, expm1(x)) + (1 - alpha) * (softplus(x) - beta)


@activation(
    source=SURVEY,
    zh="正半轴在恒等上叠加 hard sigmoid 门控项、负半轴为 ELU。",
    points={-1.0: -0.31606027941427884, 0.5: 0.6875, 2.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, "1 + alpha/2"), Kink(1.0, "1 + alpha")),
)
def hard_srelue(x, alpha=fixed(0.5, above=0, below=1)):
    """x plus alpha times x under a hard sigmoid for positive input, and an ELU of height alpha below zero."""
    return where(x >= 0, x + alpha * (x * ((minimum(x, 1.0) + 1) / 2)), alpha * expm1(x))


@activation(
    source="Pishchik 2023, Preprints.org 202301.0463",
    zh="负半轴为 SiLU，正半轴为直线加指数饱和项，斜率可学习。",
    points={-1.0: -0.26894142136999512, 1.0: 2.1321205588285577, 2.0: 3.8646647167633873},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(0.0, 0.5),),
    notes=(
        "The abbreviation is also used for the extended and for the difference ELU, which are other functions.",
        "该缩写也用于 extended ELU 与 difference ELU，均为不同的函数。",
    ),
)
def delu(x, n=learned(1.0)):
    """SiLU for negative input, and (n + 1/2) x + 1 - exp(-x) with a learned n for positive input."""
    return where(x > 0, (n + 0.5) * x - expm1(-x), x * sigmoid(x))


@activation(
    source="Huang & Schlag 2024, arXiv:2411.13010",
    zh="由 ELU 积分得到：正半轴为二次函数，负半轴为指数与直线之和，用于大语言模型。",
    points={-1.0: -0.20569644706284614, -2.0: -0.091731773410709846, 2.0: 4.2},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(0.0, "beta"),),
    ordered=(("beta", "alpha_n"),),
)
def xielu(x, alpha_p=learned(0.8, above=0), alpha_n=learned(0.8, above=0), beta=fixed(0.5)):
    """The integral of an ELU: quadratic for positive input, an exponential and a line for negative input."""
    return where(x > 0, x * (alpha_p * x + beta), alpha_n * (expm1(x) - x) + beta * x)


@activation(
    source="Subramanian et al. 2024, arXiv:2402.08244",
    zh="正侧为 a(x + x·σ(1.702x))，负侧为 b(e^x − 1)，a、b 可学习。",
    aliases=("adaptive_piecewise_approximated_linear_unit",),
    points={1.0: 1.0151876712630516, -2.0: -0.05620320658962018},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, "1.5*a"),),
)
def apalu(x, a=learned(0.55), b=learned(0.065)):
    """A line plus the quick GELU for positive input and an exponential for negative input, both scaled by learning."""
    return where(x >= 0, a * x * (1 + sigmoid(1.702 * x)), b * expm1(x))
