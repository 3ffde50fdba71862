"""Oscillating functions: sines and cosines on their own, on a line, or under an envelope."""

from ..language import PI, cos, exp, sin, tanh, where
from ..language import sinc as _sinc
from .entry import activation, fixed, learned

TITLE = {"en": "Oscillating", "zh": "振荡类"}
_SEARCH = "found by the search of Ramachandran, Zoph & Le 2017, arXiv:1710.05941"
_NOEL = "Noel et al. 2021, arXiv:2111.04020"


@activation(
    source=_SEARCH,
    zh="余弦减去输入自身。",
    points={0.0: 1.0, 1.0: -0.4596976941318603},
    facts=("smooth", "monotone"),
)
def cosid(x):
    """The cosine of the input minus the input."""
    return cos(x) - x


@activation(
    source=_SEARCH,
    zh="x 与 sin x 中较小者：负侧恒等，正侧振荡。",
    points={2.0: 0.9092974268256817, -2.0: -2.0},
    facts=("not monotone", "bounded above"),
)
def minsin(x):
    """The smaller of x and sin(x): the identity for negative input and a sine for positive input."""
    return where(x > 0, sin(x), x)


@activation(
    source=_SEARCH,
    zh="输入加上 sin(x)/x。",
    aliases=("linear_sinc",),
    points={1.0: 1.8414709848078965, -2.0: -1.5453512865871593},
    facts=("smooth", "monotone"),
)
def sinc_plus_x(x):
    """The input plus the unnormalised cardinal sine sin(x)/x."""
    return _sinc(x) + x


@activation(
    source="Sitzmann et al. 2020, arXiv:2006.09661",
    zh="频率为 omega 的正弦 sin(omega·x)，用于以坐标为输入的隐式表示。",
    points={0.05: 0.9974949866040544, -1.0: 0.9880316240928618},
    facts=("smooth", "not monotone", "odd", "bounded"),
    notes=(
        "Draw hidden weights from U(-sqrt(6/n)/omega, sqrt(6/n)/omega), those of the first layer from U(-1/n, 1/n).",
        "隐藏层权重取自 U(−√(6/n)/omega, √(6/n)/omega)，第一层取自 U(−1/n, 1/n)。",
    ),
)
def siren(x, omega=fixed(30.0, above=0)):
    """A sine of frequency omega for networks that map coordinates to signals."""
    # beyond 1e36 the phase is lost in every format; sin(x) keeps the product from overflowing
    return sin(where(abs(x) < 1e36, omega * x, x))


@activation(
    source="folklore; the cosine of the survey of Kunc & Klema 2024, arXiv:2402.09092",
    zh="1 减去余弦：从原点出发的非负振荡。",
    points={1.0: 0.4596976941318603, -2.0: 1.4161468365471424},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def one_minus_cosine(x):
    """One minus the cosine, an oscillation that starts at 0 and is never negative."""
    return 2 * sin(x / 2) ** 2


@activation(
    source="Ziyin, Hartwig & Ueda 2020, arXiv:2006.08195",
    zh="恒等函数叠加频率为 alpha 的正弦平方，能外推周期信号。",
    points={1.0: 1.7080734182735713, -2.0: -1.173178189568194},
    facts=("smooth", "monotone"),
    notes=(
        "Start with alpha between 5 and 50 when the data are known to be periodic.",
        "若已知数据具有周期性，alpha 的初值宜取 5 到 50。",
    ),
)
def snake(x, alpha=learned(1.0, above=0)):
    """The identity plus a squared sine of learned frequency, which can extrapolate periodic signals."""
    return x + sin(alpha * x) ** 2 / alpha


@activation(
    source="Lee et al. 2022 (BigVGAN), arXiv:2206.04658",
    zh="频率 alpha 与幅度 1/beta 分开学习的 Snake，用于声码器。",
    points={1.0: 1.7080734182735713, -2.0: -1.173178189568194},
    facts=("smooth", "monotone"),
)
def snake_beta(x, alpha=learned(1.0), beta=learned(1.0, above=0)):
    """Snake with its frequency alpha and its size 1/beta learned apart, used in vocoders."""
    return x + sin(alpha * x) ** 2 / beta


@activation(
    source="Ziyin, Hartwig & Ueda 2020, arXiv:2006.08195",
    zh="输入加上其正弦；导数周期性地降为 0。",
    points={1.0: 1.8414709848078965, -2.0: -2.9092974268256815},
    facts=("smooth", "monotone", "odd"),
)
def x_plus_sin(x):
    """The input plus its sine, whose slope returns to 0 once in every period."""
    return x + sin(x)


@activation(
    source="Noel et al. 2021, arXiv:2108.12943",
    zh="x 乘以 cos x：振幅随输入增长的余弦单元。",
    aliases=("growing_cosine_unit",),
    points={1.0: 0.5403023058681398, -2.0: 0.8322936730942848},
    facts=("smooth", "not monotone", "odd"),
)
def gcu(x):
    """x times its cosine, an oscillation that grows with the input."""
    return x * cos(x)


@activation(
    source=_NOEL,
    zh="x 乘以 sin x：振幅随输入增长的正弦单元。",
    aliases=("amplifying_sine_unit",),
    points={1.0: 0.8414709848078965, -2.0: 1.8185948536513634},
    facts=("smooth", "not monotone", "even"),
)
def asu(x):
    """x times its sine, an even oscillation that grows with the input."""
    return x * sin(x)


@activation(
    source=_NOEL,
    zh="把主峰移到 π 处、因而过原点的 sinc 曲线。",
    aliases=("shifted_sinc_unit",),
    points={1.0: 1.234389303516826, -2.0: -0.5555947949414456},
    facts=("smooth", "not monotone", "bounded"),
)
def ssu(x):
    """The cardinal sine with its peak moved to pi, pi sinc(x - pi), so that it passes through the origin."""
    # away from the peak sin(x) keeps the digits that x - pi rounds away
    return where(abs(x - PI) < 1, PI * _sinc(x - PI), PI / (PI - x) * sin(x))


@activation(
    source=_NOEL,
    zh="左右两个 sinc 之差：过原点并向两端衰减的振荡。",
    aliases=("decaying_sine_unit",),
    points={1.0: 0.9363422943676044, -2.0: -1.5289626476415323},
    facts=("smooth", "not monotone", "odd", "bounded"),
)
def dsu(x):
    """Half the difference of two shifted cardinal sines, an odd oscillation that dies away."""
    peaks = PI / 2 * (_sinc(x - PI) - _sinc(x + PI))
    return where(abs(abs(x) - PI) < 1, peaks, PI / (PI - x) * (PI / (PI + x)) * sin(x))


@activation(
    source="named in the survey of Kunc & Klema 2024, arXiv:2402.09092",
    zh="正弦减去斜率为 alpha 的直线。",
    points={1.0: 0.3414709848078965, -2.0: 0.0907025731743183},
    facts=("smooth", "not monotone", "odd"),
)
def sinp(x, alpha=fixed(0.5)):
    """The sine of the input minus alpha times the input."""
    return sin(x) - alpha * x


@activation(
    source="Serrano, Szymkowiak & Musialski 2024, arXiv:2401.10967",
    zh="正弦经双曲正切压成近似方波，beta 越大边沿越陡。",
    points={0.1: 0.663291076539669, -2.0: -0.9999990393081443},
    facts=("smooth", "not monotone", "odd", "bounded"),
)
def hosc(x, beta=learned(8.0)):
    """A sine pressed towards a square wave by a hyperbolic tangent; the larger beta, the sharper."""
    return tanh(beta * sin(x))


@activation(
    source="the real part of the wavelet of Saragadam et al. 2023 (WIRE), arXiv:2301.05187",
    zh="高斯包络下的余弦（Gabor 小波的实部）。",
    aliases=("gabor",),
    points={1.0: 0.19876611034641295, -0.5: 0.6834619864100319},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def real_gabor(x, omega=learned(1.0), s=learned(1.0)):
    """A cosine of frequency omega under a bell of width 1/s, the real part of a Gabor wavelet."""
    return exp(-((s * x) ** 2)) * cos(omega * x)


@activation(
    source="the imaginary part of the wavelet of Saragadam et al. 2023 (WIRE), arXiv:2301.05187",
    zh="高斯包络下的正弦（Gabor 小波的虚部）。",
    points={1.0: 0.3095598756531122, -0.5: -0.37337698488938337},
    facts=("smooth", "not monotone", "odd", "bounded"),
)
def imaginary_gabor(x, omega=learned(1.0), s=learned(1.0)):
    """A sine of frequency omega under a bell of width 1/s, the imaginary part of a Gabor wavelet."""
    return exp(-((s * x) ** 2)) * sin(omega * x)
