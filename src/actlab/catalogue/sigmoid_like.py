"""Sigmoid-like functions: rises from 0 to 1, and relatives built on such a rise."""

from ..language import PI, Phi, atan, exp, expm1, log, log1p, log_sigmoid, sign, sin, softplus, where
from ..language import sigmoid as _sigmoid
from ..language import sinc as _sinc
from ..language import softsign as _softsign
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Rises from 0 to 1", "zh": "由 0 升至 1"}
_GOMES = "Gomes, Ludermir & Lima 2011, Neural Computing and Applications"


@activation(
    source="folklore; the link of probit models",
    zh="标准正态分布函数：probit 模型所用的 S 形曲线。",
    aliases=("ndtr", "erf_sigmoid"),
    points={1.0: 0.8413447460685429, -2.0: 0.02275013194817921},
    facts=("smooth", "monotone", "bounded"),
    elsewhere={"torch": "special.ndtr", "jax": "jax.scipy.special.ndtr"},
)
def normal_cdf(x):
    """The standard normal distribution function, the S-curve of probit models."""
    return Phi(x)


@activation(
    source="Ma et al. 2022 (Mega), arXiv:2209.10655",
    zh="均值为 mu、标准差为 sigma 的正态分布函数：Mega 用以代替注意力中的 softmax。",
    aliases=("laplace_attention",),
    points={1.0: 0.8504296492845703, 0.5: 0.23142114841057393},
    facts=("smooth", "monotone", "bounded"),
    notes=(
        "By default, with the square roots of 1/2 and 1/(4 pi), it touches the squared ReLU at the square root of 1/2.",
        "默认值为 1/2 与 1/(4π) 的平方根，使其在 x = √(1/2) 处与平方 ReLU 相切。",
    ),
)
def laplace(x, mu=fixed(0.707107), sigma=fixed(0.282095, above=0)):
    """The normal distribution function with mean mu and deviation sigma, Mega's stand-in for softmax in attention."""
    # mu/sigma is one number: two roundings in place of four where the tail magnifies each
    return Phi(x / sigma - mu / sigma)


@activation(
    source="folklore; the Cauchy distribution function",
    zh="平移到 (0, 1) 的反正切：尾部衰减缓慢的 S 形曲线。",
    aliases=("cauchy_cdf",),
    points={1.0: 0.75, -2.0: 0.14758361765043326},
    facts=("smooth", "monotone", "bounded"),
)
def arctan_sigmoid(x):
    """The arc tangent moved to (0, 1), an S-curve with slow tails."""
    return where(x < -1.25, atan(-1 / x) / PI, atan(x) / PI + 0.5)


@activation(
    source="Gallant & White 1988",
    zh="取半个周期的余弦拼成的 S 形曲线。",
    points={1.0: 0.9207354924039483, -0.5: 0.2602872306978985},
    facts=("monotone", "bounded"),
    kinks=(Kink(-PI / 2, 0.0), Kink(PI / 2, 0.0)),
)
def cosine_squasher(x):
    """Half a period of a cosine between 0 and 1, the squasher of an early approximation theorem."""
    # each end from its own side, so that it is reached with all digits
    inside = where(x < 0.25, sin(x / 2 + PI / 4) ** 2, 1 - sin(PI / 4 - x / 2) ** 2)
    return where(x >= PI / 2, 1.0, where(x <= -PI / 2, 0.0, inside))


@activation(
    source="Elliott 1993, A Better Activation Function for Artificial Neural Networks",
    zh="平移到 (0, 1) 的 softsign，无需指数运算。",
    points={1.0: 0.75, -3.0: 0.125},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, 0.5),),
)
def elliott(x):
    """Softsign moved to (0, 1), a sigmoid that needs no exponential."""
    return where(x < 0, 0.5 / (1 - x), 0.5 + _softsign(x) / 2)


@activation(
    source="folklore; " + SURVEY,
    zh="高度、陡峭度与下移量可调的 S 形函数。",
    aliases=("vsf",),
    points={1.0: 0.7310585786300049, -2.0: 0.11920292202211756},
    facts=("smooth", "monotone", "bounded"),
)
def variant_sigmoid(x, alpha=fixed(1.0), beta=fixed(1.0), gamma=fixed(0.0)):
    """The sigmoid with a height alpha, a steepness beta and an offset gamma."""
    return alpha * _sigmoid(beta * x) - gamma


@activation(
    source="Chandra & Singh 2004",
    zh="S 形函数的 m 次幂：m 控制曲线的不对称程度。",
    aliases=("parametric_sigmoid_function",),
    points={1.0: 0.7310585786300049, -2.0: 0.11920292202211756},
    facts=("smooth", "monotone", "bounded"),
)
def psf(x, m=learned(1.0, above=0)):
    """The sigmoid raised to a learned power m, which makes it lopsided."""
    return exp(m * log_sigmoid(x))


@activation(
    source="the Aranda-Ordaz link of generalised linear models; " + SURVEY,
    zh="Aranda-Ordaz 曲线族：alpha = 1 为 sigmoid，alpha 趋于 0 为互补双对数。",
    points={1.0: 0.6058396221118063, -2.0: 0.11287766223502269},
    facts=("smooth", "monotone", "bounded"),
)
def aranda_ordaz(x, alpha=fixed(2.0, above=0)):
    """A family of lopsided sigmoids: alpha = 1 is the sigmoid, alpha near 0 the complementary log-log."""
    return -expm1(-softplus(x + log(alpha)) / alpha)


@activation(
    source=_GOMES,
    zh="双对数曲线 exp(−exp(−x))，即 Gumbel 分布函数。",
    aliases=("gumbel_cdf",),
    points={1.0: 0.6922006275553464, -1.0: 0.06598803584531254},
    facts=("smooth", "monotone", "bounded"),
    notes=(
        "Some papers call this one log-log; `log_log` here is its complement 1 - exp(-exp(x)).",
        "部分文献把此函数称为 log-log；本目录中的 `log_log` 是其互补形式 1 − exp(−exp(x))。",
    ),
)
def gompertz(x):
    """The curve exp(-exp(-x)), an asymmetric sigmoid and the Gumbel distribution function."""
    return exp(-exp(-x))


@activation(
    source=SURVEY,
    zh="S 形函数与 Gumbel 分布函数之积。",
    points={1.0: 0.5060392069074089, -1.0: 0.01774691615365254},
    facts=("smooth", "monotone", "bounded"),
)
def sigmoid_gumbel(x):
    """The sigmoid times the Gumbel distribution function."""
    return _sigmoid(x) * exp(-exp(-x))


@activation(
    source="Elfwing, Uchibe & Doya 2017, arXiv:1702.03118",
    zh="SiLU 的导数，作为一种略有过冲的 S 形激活。",
    points={1.0: 0.9276705118714867, -2.0: -0.09078424878489548},
    facts=("smooth", "not monotone", "bounded"),
)
def d_silu(x):
    """The slope of SiLU used as an activation, a sigmoid that overshoots a little on both sides."""
    return _sigmoid(x) * (1 + x * _sigmoid(-x))


@activation(
    source="Klimek & Perelstein 2018, arXiv:1810.11509",
    zh="把输入光滑地截断在 (0, 1) 内，p 越大拐角越尖。",
    points={0.0: 0.013862943611198907, 0.75: 0.7499999254670754},
    facts=("smooth", "monotone", "bounded"),
)
def soft_clipping(x, p=fixed(50.0, above=0)):
    """The input clipped smoothly to (0, 1); the larger p, the sharper the corners."""
    # mirrored at 1/2: far to the right the two softplus would cancel
    left = softplus(p * x) - softplus(p * (x - 1))
    right = softplus(p * (1 - x)) - softplus(-p * x)
    return where(x < 0.5, left / p, 1 - right / p)


@activation(
    source="Hazimeh et al. 2020, arXiv:2002.07772",
    zh="宽度为 gamma 的三次平滑阶跃，两侧恰为 0 与 1。",
    points={0.25: 0.84375, -0.125: 0.31640625},
    facts=("monotone", "bounded"),
    kinks=(Kink("-gamma/2", 0.0), Kink("gamma/2", 0.0)),
)
def smooth_step(x, gamma=fixed(1.0, above=0)):
    """A cubic step of width gamma that is exactly 0 and 1 outside."""
    low, high = (gamma / 2 + x) / gamma, (gamma / 2 - x) / gamma
    inside = where(x < 0, low**2 * (3 - 2 * low), 1 - high**2 * (3 - 2 * high))
    return where(x >= gamma / 2, 1.0, where(x <= -gamma / 2, 0.0, inside))


@activation(
    source="Wuraola, Patel & Nguang 2021, doi:10.1016/j.neucom.2021.02.030",
    zh="由两段抛物线拼成的 S 形曲线，适合嵌入式设备。",
    aliases=("square_logistic",),
    points={1.0: 0.875, -1.0: 0.125},
    facts=("monotone", "bounded"),
    kinks=(Kink(-2.0, 0.0), Kink(0.0, 0.5), Kink(2.0, 0.0)),
)
def log_sqnl(x):
    """A sigmoid made of two parabolas, for embedded devices."""
    inside = where(x < 0, (x + 2) ** 2 / 8, 1 - (2 - x) ** 2 / 8)
    return where(x >= 2, 1.0, where(x <= -2, 0.0, inside))


@activation(
    source=SURVEY,
    zh="S 形函数加上一条小斜率直线，避免饱和。",
    points={1.0: 0.8310585786300049, -1.0: 0.16894142136999513},
    facts=("smooth", "monotone"),
)
def sig_lin(x, alpha=fixed(0.1)):
    """The sigmoid plus a line of small slope, so that it does not saturate."""
    return _sigmoid(x) + alpha * x


@activation(
    source=SURVEY,
    zh="在 ±beta 之外改用斜率为 alpha 的直线的 sigmoid。",
    aliases=("isigmoid",),
    points={3.0: 1.0807970779778824, -3.0: -0.08079707797788245},
    facts=("monotone",),
    kinks=(Kink("-beta", "alpha"), Kink("beta", "alpha")),
)
def improved_logistic_sigmoid(x, alpha=fixed(0.2), beta=fixed(2.0, above=0)):
    """The sigmoid between -beta and beta, continued by lines of slope alpha."""
    upper = alpha * (x - beta) + _sigmoid(beta)
    lower = alpha * (x + beta) + _sigmoid(-beta)
    return where(x >= beta, upper, where(x <= -beta, lower, _sigmoid(x)))


@activation(
    source=SURVEY,
    zh="S 形函数值的 sinc：缓慢下降的曲线。",
    points={1.0: 0.9132757708174989, -2.0: 0.9976334592048359},
    facts=("smooth", "monotone", "bounded"),
)
def sinc_sigmoid(x):
    """The unnormalised cardinal sine of the sigmoid, which falls from 1 to sin(1)."""
    return _sinc(_sigmoid(x))


@activation(
    source=SURVEY,
    zh="代数式 S 形函数再经 sigmoid，取值约在 (0.27, 0.73)。",
    points={1.0: 0.6607563687658172, -2.0: 0.2979366301210704},
    facts=("monotone", "bounded"),
)
def sigmoid_algebraic(x, alpha=fixed(1.0, low=0)):
    """The sigmoid of an algebraic sigmoid, with values between 0.269 and 0.731."""
    u = x * (1 + alpha * abs(x))
    return _sigmoid(where(abs(x) < 1, _softsign(u), sign(x) * (1 - 1 / (1 + abs(u)))))


@activation(
    source=SURVEY,
    zh="softsign 与其平方的平均。",
    points={1.0: 0.375, -2.0: -0.1111111111111111},
    facts=("not monotone", "bounded"),
    kinks=(Kink(0.0, 0.5),),
)
def mishra(x):
    """The mean of softsign and its square."""
    return where(x < 0, _softsign(x) / (1 - x) / 2, _softsign(x) * (1 + _softsign(x)) / 2)


@activation(
    source=SURVEY,
    zh="sigmoid 与线性斜坡的可学习混合。",
    points={1.0: 0.8655292893150024, -0.25: 0.34391174955710097},
    facts=("monotone", "bounded"),
    kinks=(
        Kink("-1/(2*beta)", "alpha*sigmoid(1/(2*beta))*sigmoid(-1/(2*beta))"),
        Kink("1/(2*beta)", "alpha*sigmoid(1/(2*beta))*sigmoid(-1/(2*beta))"),
    ),
)
def p_sig_ramp(x, alpha=learned(0.5, low=0, high=1), beta=learned(1.0, above=0)):
    """A learned mixture of the sigmoid and a ramp of slope beta from 0 to 1."""
    edge = 1 / (2 * beta)
    ramp = where(x >= edge, 1.0, where(x <= -edge, 0.0, beta * x + 0.5))
    return alpha * _sigmoid(x) + (1 - alpha) * ramp


@activation(
    source="Yariv et al. 2021 (VolSDF), arXiv:2106.12052",
    zh="尺度为 β 的拉普拉斯分布函数，把有向距离变成密度。",
    aliases=("volsdf_density",),
    points={0.1: 0.8160602794142788, -0.25: 0.0410424993119494},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, "1/(2*beta)"),),
)
def laplace_cdf(x, beta=learned(0.1, above=0)):
    """The distribution function of a Laplace variable of scale beta, which turns a signed distance into a density."""
    return where(x > 0, 1 - exp(-x / beta) / 2, exp(x / beta) / 2)


@activation(
    source=SURVEY,
    zh="先平移 beta、再放大 alpha 倍的 sigmoid。",
    aliases=("sss",),
    points={1.0: 0.7310585786300049, -2.0: 0.11920292202211756},
    facts=("smooth", "monotone", "bounded"),
    notes=(
        "Arai and Imamura take alpha = 0.02 and beta = 600 on raw pixels.",
        "Arai 与 Imamura 用于原始像素值时取 alpha=0.02、beta=600。",
    ),
)
def shifted_scaled_sigmoid(x, alpha=fixed(1.0), beta=fixed(0.0)):
    """The sigmoid of an input moved by beta and stretched by alpha."""
    return _sigmoid(alpha * (x - beta))


@activation(
    source="Louizos, Welling & Kingma 2018, arXiv:1712.01312, in evaluation",
    zh="拉伸到 (gamma, zeta) 再截断到 [0, 1] 的 sigmoid：可以精确取 0 的门。",
    aliases=("stretched_sigmoid",),
    points={1.0: 0.7772702943560058, -2.0: 0.04304350642654107, 3.0: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink("log(-gamma/zeta)", 0.0), Kink("log((1 - gamma)/(zeta - 1))", 0.0)),
    notes=(
        "In training its authors add logistic noise to the input; here the gate of evaluation is meant.",
        "原方法训练时对输入加逻辑斯谛噪声；此处为评估时的门。",
    ),
)
def hard_concrete(x, gamma=fixed(-0.1, below=0), zeta=fixed(1.1, above=1)):
    """The sigmoid stretched to (gamma, zeta) and cut off at 0 and 1, a gate that can close entirely."""
    closed, opened = log(-gamma / zeta), log((1 - gamma) / (zeta - 1))
    inside = (zeta - gamma) * _sigmoid(x) + gamma
    return where(x <= closed, 0.0, where(x >= opened, 1.0, inside))


@activation(
    source="folklore; the algebraic sigmoids x/(1+|x|^k)^(1/k)",
    zh="代数 S 形函数 x/(1+|x|^k)^(1/k)：k 越大越接近截断直线。",
    points={1.0: 0.8408964152537145, -0.5: -0.4924790605054523, 3.0: 0.9969371768941205},
    facts=("smooth", "monotone", "odd", "bounded"),
    notes=(
        "k = 2 is isru; softsign would be k = 1. The larger k, the nearer to hard tanh.",
        "k=2 即 isru，k=1 则为 softsign；k 越大越接近 hard tanh。",
    ),
)
def algebraic_sigmoid(x, k=fixed(4.0, low=2)):
    """x / (1 + |x|^k)^(1/k), a sigmoid between -1 and 1 that is straighter in the middle the larger k is."""
    r = abs(x)
    return where(r < 1, x * exp(-log1p(r**k) / k), sign(x) * exp(-log1p(r**-k) / k))


@activation(
    source="Perlin 2002, Improving noise, SIGGRAPH",
    zh="五次平滑阶跃 6t⁵ − 15t⁴ + 10t³，两端斜率与曲率均为零。",
    points={0.25: 0.896484375, -0.375: 0.01605224609375, 2.0: 1.0},
    facts=("monotone", "bounded"),
)
def smoother_step(x, gamma=fixed(1.0, above=0)):
    """0 up to -gamma/2, 1 from gamma/2 on, and between them a quintic with no slope or curvature at its ends."""
    t = x / gamma
    up, down = 0.5 + t, 0.5 - t
    rise = up**3 * (10 + up * (6 * up - 15))
    fall = 1 - down**3 * (10 + down * (6 * down - 15))
    # the same quintic around 0, where its curvature vanishes
    middle = 0.5 + t * (1.875 + t * t * (6 * (t * t) - 5))
    inside = where(abs(t) < 0.25, middle, where(x < 0, rise, fall))
    return where(x <= -gamma / 2, 0.0, where(x >= gamma / 2, 1.0, inside))
