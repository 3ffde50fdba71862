"""Relatives of Swish: the input times a gate made with the logistic function."""

from ..language import PI, atan, exp, log, maximum, minimum, softplus, tanh, where
from ..language import sigmoid as _sigmoid
from .entry import SURVEY, Kink, activation, drawn, fixed, learned

TITLE = {"en": "Gated by a sigmoid", "zh": "Sigmoid 门控类"}


@activation(
    source="Hendrycks & Gimpel 2016, arXiv:1606.08415, section 2",
    zh="GELU 的 S 形近似 x·σ(1.702x)，CLIP 使用的版本。",
    aliases=("gelu_sigmoid",),
    points={1.0: 0.8457957659328212, -2.0: -0.06434137685579185},
    facts=("smooth", "not monotone", "bounded below"),
    notes=(
        "Differs from the exact GELU by up to 0.02: keep whichever the checkpoint was trained with.",
        "与精确 GELU 最多相差约 0.02：应与预训练权重所用的版本保持一致。",
    ),
)
def quick_gelu(x):
    """The logistic approximation of GELU, x times the sigmoid of 1.702 x, used by CLIP."""
    return x * _sigmoid(1.702 * x)


@activation(
    source="Alcaide 2018, arXiv:1801.07145",
    zh="把 SiLU 放大 β 倍，论文建议 β 取 1 到 2。",
    points={1.0: 1.0965878679450074, -2.0: -0.35760876606635267},
    facts=("smooth", "not monotone", "bounded below"),
)
def e_swish(x, beta=fixed(1.5, above=0)):
    """SiLU magnified by beta, for which the paper advises a number between 1 and 2."""
    return beta * (x * _sigmoid(x))


@activation(
    source="Patwardhan, Ingalhalikar & Walambe 2018, arXiv:1805.08878",
    zh="以两参数 Richards 增长曲线为门的 x。",
    aliases=("aria_2",),
    points={1.0: 0.8266350157987177, -1.0: -0.041155734046841044},
    facts=("smooth", "not monotone", "bounded below"),
)
def aria2(x, alpha=fixed(1.5, above=0), beta=fixed(2.0, above=0)):
    """x gated by a two-parameter Richards growth curve, (1 + exp(-beta x)) to the power -alpha."""
    # the power as exp(-alpha log(1 + e^(-beta x))): nothing overflows on the left
    return x * exp(-alpha * softplus(-beta * x))


@activation(
    source="Chieng et al. 2018, arXiv:1812.06247; with t learned: arXiv:2011.03155",
    zh="只保留正半轴的 SiLU，再整体平移 t。",
    aliases=("fts", "pfts"),
    points={1.0: 0.5310585786300048, -3.0: -0.2},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
)
def flatten_t_swish(x, t=fixed(-0.2)):
    """SiLU for positive input and 0 for negative input, all shifted by t."""
    return maximum(x, 0.0) * _sigmoid(x) + t


@activation(
    source=SURVEY,
    zh="x·arctan(kπσ(x))：训练时 k 随机抽取，评估时取其均值。",
    kind="random",
    points={1.0: 0.9623186708404817, -2.0: -0.4598313005511401},
    facts=("smooth", "not monotone", "bounded below"),
    ordered=(("lower", "upper"),),
    notes=(
        "In training k is drawn per element from [lower, upper]; in evaluation it is their mean, 5/8.",
        "训练时逐元素从 [lower, upper] 中均匀抽取 k；评估时取二者均值 5/8。",
    ),
)
def pats(x, lower=fixed(0.5, above=0), upper=fixed(0.75, above=0), k=drawn("lower", "upper")):
    """x times the arc tangent of k pi sigmoid(x), where k is drawn at random in training."""
    return x * atan(k * PI * _sigmoid(x))


@activation(
    source="Ma, Zhang, Liu & Sun 2020, arXiv:2009.04759",
    zh="在两条过原点的直线 p1·x 与 p2·x 之间平滑取大，由 β 决定过渡的锐度。",
    points={1.0: 0.7310585786300049, -2.0: -0.23840584404423512},
    facts=("smooth", "not monotone", "bounded below"),
    notes=(
        "The authors draw p1 and p2 from a standard normal distribution; with 1 and 0, as here, it starts as SiLU. Of "
        "their other forms ACON-A is swish, and ACON-B holds p1 at 1.",
        "原作者从标准正态分布抽取 p1 与 p2 的初值；此处取 1 与 0，即从 SiLU 出发。其余形式中，ACON-A 即 swish，ACON-B "
        "将 p1 固定为 1。",
    ),
)
def acon_c(x, p1=learned(1.0), p2=learned(0.0), beta=learned(1.0)):
    """A smooth maximum of the lines p1 x and p2 x, which beta sharpens."""
    gap = (p1 - p2) * x
    return gap * _sigmoid(beta * gap) + p2 * x


@activation(
    source="Chai et al. 2022, Symmetry",
    zh="x·eˣ/(eˣ+2)，即门向右平移 ln 2 的 SiLU。",
    points={1.0: 0.5761168847658291, -2.0: -0.12675787666607524},
    facts=("smooth", "not monotone", "bounded below"),
)
def eanaf(x):
    """SiLU whose gate opens ln 2 later, x e^x / (e^x + 2)."""
    return x * _sigmoid(x - log(2))


@activation(
    source="Kumar 2022, arXiv:2209.06119",
    zh="x 乘以 γ(α + tanh(βx))；按默认常数等于 β = 2 的 Swish。",
    points={1.0: 0.8807970779778824, -2.0: -0.03597241992418312},
    facts=("smooth", "not monotone", "bounded below"),
)
def aptx(x, alpha=fixed(1.0), beta=fixed(1.0), gamma=fixed(0.5)):
    """x times gamma (alpha + tanh(beta x)), with alpha the level around which the gate swings."""
    # tanh(u) = 2 sigmoid(2u) - 1, which keeps its digits where the gate closes
    return x * (gamma * ((alpha - 1) + 2 * _sigmoid(2 * beta * x)))


@activation(
    source="Huang 2024, arXiv:2405.20768",
    zh="门的取值由 (0, 1) 扩展到 (−α, 1+α) 的 SiLU。",
    points={1.0: 0.7310585786300049, -2.0: -0.23840584404423512},
    facts=("smooth", "not monotone", "bounded below"),
)
def x_silu(x, alpha=learned(0.0)):
    """SiLU whose gate ranges from -alpha to 1 + alpha instead of from 0 to 1."""
    return x * (_sigmoid(x) + alpha * tanh(x / 2))


@activation(
    source="OpenAI 2025, the gate of the feed-forward layers of gpt-oss",
    zh="先把输入截断在 limit 以下，再做陡度为 α 的 Swish。",
    points={1.0: 0.8457957659328212, 9.0: 6.999953128303317},
    facts=("not monotone", "bounded"),
    kinks=(Kink("limit", 0.0),),
)
def clamped_swish(x, limit=fixed(7.0, above=0), alpha=fixed(1.702)):
    """Swish of sharpness alpha, of an input cut off above limit."""
    cut = minimum(x, limit)
    return cut * _sigmoid(alpha * cut)


@activation(
    source="Huo 2025, arXiv:2508.05073",
    zh="x·(1 + tanh(αx))/2，负半轴与正半轴各用一个 α。",
    points={1.0: 0.8807970779778824, -2.0: -0.03597241992418312},
    facts=("smooth", "not monotone", "bounded below"),
)
def ulu(x, alpha1=fixed(1.0, above=0), alpha2=fixed(1.0, above=0)):
    """x gated by (1 + tanh(alpha x))/2, with alpha1 for negative and alpha2 for positive input."""
    return x * _sigmoid(2 * where(x < 0, alpha1, alpha2) * x)


@activation(
    source="the gate of the Situ feed-forward unit in vLLM",
    zh="把因子 x 用 β·tanh(x/β) 软截断的 SiLU。",
    points={1.0: 0.5567699411459397, -2.0: -0.11491490445494829},
    facts=("smooth", "not monotone", "bounded"),
)
def situ(x, beta=fixed(1.0, above=0)):
    """SiLU whose factor x is softly limited to beta tanh(x / beta)."""
    return beta * tanh(x / beta) * _sigmoid(x)


@activation(
    source=SURVEY,
    zh="正半轴恒等，负半轴为 x/(1 + α·e^(−βx))。",
    points={2.0: 2.0, -2.0: -0.6605892492241465},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(0.0, 1.0),),
)
def sara(x, alpha=fixed(0.5, above=0), beta=fixed(0.7, above=0)):
    """The identity for positive input and x / (1 + alpha exp(-beta x)) for negative input."""
    # 1 / (1 + alpha e^-u) is sigmoid(u - log alpha), which does not overflow
    return where(x >= 0, x, x * _sigmoid(beta * x - log(alpha)))


@activation(
    source=SURVEY,
    zh="x 乘以 arctan(x) 的 S 形函数值，两端均趋于直线。",
    points={1.0: 0.6868423739506077, -2.0: -0.4968056755065956},
    facts=("smooth", "monotone"),
)
def swat(x):
    """x times the sigmoid of arctan(x), which tends to a straight line on both sides."""
    return x * _sigmoid(atan(x))


@activation(
    source=SURVEY,
    zh="x 乘以 SiLU(x) 的 S 形函数值，左端趋于 x/2。",
    points={1.0: 0.6750375273768237, -2.0: -0.881358485450859},
    facts=("smooth", "monotone"),
)
def double_silu(x):
    """x times the sigmoid of SiLU(x), which tends to x/2 on the left."""
    return x * _sigmoid(x * _sigmoid(x))


@activation(
    source=SURVEY,
    zh="x 乘以 e^(−x) 的 S 形函数值：左端趋于 x，右端趋于 x/2。",
    aliases=("generalized_swish",),
    points={1.0: 0.5909464774544254, -2.0: -1.998764805345682},
    facts=("smooth", "monotone"),
)
def g_swish(x):
    """x times the sigmoid of exp(-x), which tends to x on the left and to x/2 on the right."""
    return x * _sigmoid(exp(-x))


@activation(
    source=SURVEY,
    zh="门下移 β 后重新归一的 Swish：x·(σ(αx) − β)/(1 − β)。",
    aliases=("pssilu",),
    points={1.0: 0.46211715726000974, -2.0: 1.5231883119115297},
    facts=("smooth", "not monotone", "even", "bounded below"),
    notes=(
        "No starting values are known from its source; with beta = 1/2, as here, it is the even function x tanh(x/2).",
        "原始文献的初值不详；此处 β = 1/2，即偶函数 x·tanh(x/2)。",
    ),
)
def ps_silu(x, alpha=learned(1.0), beta=learned(0.5, below=1)):
    """Swish with its gate lowered by beta and stretched again to reach 1."""
    # sigmoid(u) - 1/2 is tanh(u/2)/2, exact where the gate passes through 0
    return x * (tanh(alpha * x / 2) + (1 - 2 * beta)) / (2 * (1 - beta))


@activation(
    source="Patwardhan, Ingalhalikar & Walambe 2018, arXiv:1805.08878",
    zh="以六参数 Richards 曲线为门的 x；默认即 SiLU。",
    points={1.0: 0.7310585786300049, -2.0: -0.23840584404423512},
    facts=("smooth", "not monotone", "bounded below"),
    notes=(
        "a and k are the ends of the gate, b its rate, nu its asymmetry; aria2 is the member its authors advise.",
        "a、k 为门的两端，b 为速率，nu 控制不对称；aria2 是作者推荐的两参数特例。",
    ),
)
def aria(
    x,
    *,
    a=fixed(0.0),
    k=fixed(1.0),
    b=fixed(1.0, above=0),
    c=fixed(1.0, above=0),
    q=fixed(1.0, above=0),
    nu=fixed(1.0, above=0),
):
    """x gated by Richards' curve a + (k - a) / (c + q exp(-b x))^(1/nu)."""
    gate = exp(-(log(c) + softplus(log(q / c) - b * x)) / nu)
    return x * (a + (k - a) * gate)


@activation(
    source="Gasteiger, Becker & Guennemann 2021 (GemNet), arXiv:2106.08903, the authors' code",
    zh="x 与 SiLU 之积 x²·σ(x)。",
    points={1.0: 0.7310585786300049, -2.0: 0.47681168808847024},
    facts=("smooth", "not monotone", "bounded below"),
)
def siqu(x):
    """x times its SiLU, x^2 sigmoid(x)."""
    return x * (x * _sigmoid(x))
