"""Radial basis functions and wavelets of one variable: what a hidden unit makes of its distance from a centre."""

from ..language import damp, exp, expm1, hypot, log1p, phi, sigmoid, sigmoid_slope, sin, where
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Radial basis functions", "zh": "径向基函数类"}
_MATERN = "folklore; the Matérn covariance of spatial statistics"
_LIBRARY = "JeremyLinux's PyTorch radial basis function layer; Poisson kernels"


def _one_less(square, r, coefficients):
    """1 - r^2 (c0 + c1 r + c2 r^2 + ...), the series of a kernel that is flat at its top; square is r^2."""
    rest = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        rest = c + r * rest
    return 1 - square * rest


def _inverse_factorials(count):
    made = [1.0]
    for k in range(1, count):
        made.append(made[-1] / k)
    return made


@activation(
    source=_MATERN,
    zh="平滑度为 3/2 的 Matérn 核 (1+u)e^(−u)，u = √3·|x|/length。",
    points={0.5: 0.7848876539574506, -2.0: 0.13973135019231467},
    facts=("not monotone", "even", "bounded"),
)
def matern32(x, length=fixed(1.0, above=0)):
    """The Matern kernel of smoothness 3/2, (1 + u) exp(-u) at u = sqrt(3) |x| / length."""
    scaled = x / length
    u = 3**0.5 * abs(scaled)
    # near the top by its series: the slope would cancel there
    inverse = _inverse_factorials(20)
    near = [(-1) ** k * (inverse[k - 1] - inverse[k]) for k in range(2, 20)]
    return where(u < 1, _one_less(3 * (scaled * scaled), u, near), damp(exp(-u), 1 + u))


@activation(
    source=_MATERN,
    zh="平滑度为 5/2 的 Matérn 核 (1+u+u²/3)e^(−u)，u = √5·|x|/length。",
    points={0.5: 0.8286491424181253, -2.0: 0.13866021913850426},
    facts=("not monotone", "even", "bounded"),
)
def matern52(x, length=fixed(1.0, above=0)):
    """The Matern kernel of smoothness 5/2, (1 + u + u^2/3) exp(-u) at u = sqrt(5) |x| / length."""
    scaled = x / length
    u = 5**0.5 * abs(scaled)
    inverse = _inverse_factorials(22)
    near = [(-1) ** k * (inverse[k - 1] - inverse[k] - inverse[k - 2] / 3) for k in range(2, 22)]
    near[1] = 0.0  # of u^3, which vanishes; rounding would leave a kink in the slope's slope
    return where(u < 1.25, _one_less(5 * (scaled * scaled), u, near), damp(exp(-u), 1 + u * (1 + u / 3)))


@activation(
    source=_LIBRARY,
    zh="(|x|−1)·e^(−|x|)：中心为 −1 的尖谷，外侧略高于零。",
    points={0.5: -0.3032653298563167, -2.0: 0.1353352832366127},
    facts=("not monotone", "even", "bounded"),
    kinks=(Kink(0.0, 0.0),),
)
def poisson_one(x):
    """(|x| - 1) exp(-|x|), a pointed valley that rises a little above 0 outside."""
    r = abs(x)
    return damp(exp(-r), r - 1)


@activation(
    source=_LIBRARY,
    zh="(|x|−2)/2·|x|·e^(−|x|)：中心为零、两侧先降后升。",
    points={0.5: -0.22744899739223753, -3.0: 0.07468060255179591},
    facts=("not monotone", "even", "bounded"),
    kinks=(Kink(0.0, 0.0),),
)
def poisson_two(x):
    """(|x| - 2)/2 |x| exp(-|x|), which is 0 at the centre, dips on either side and then rises."""
    r = abs(x)
    return damp(exp(-r), r * (r / 2 - 1))


@activation(
    source="folklore; the polyharmonic spline of order 3",
    zh="|x|³：三阶多重调和样条。",
    points={0.5: 0.125, -2.0: 8.0},
    facts=("not monotone", "even", "bounded below", "convex"),
)
def cubic_rbf(x):
    """The cube of |x|, the polyharmonic spline of order 3."""
    return x * x * abs(x)


@activation(
    source="Wendland 1995, Advances in Computational Mathematics 4",
    zh="紧支撑的 Wendland C² 核 (1−r)⁴(4r+1)，r = |x|/length，r ≥ 1 时为零。",
    points={0.125: 0.8792724609375, -0.5: 0.1875, 2.0: 0.0},
    facts=("not monotone", "even", "bounded"),
)
def wendland_c2(x, length=fixed(1.0, above=0)):
    """Wendland's kernel (1 - r)^4 (4 r + 1) at r = |x| / length, exactly 0 from r = 1 on."""
    scaled = x / length
    r = abs(scaled)
    outer = where(r < 1, (1 - r) ** 4 * (4 * r + 1), 0.0)
    return where(r < 0.25, _one_less(scaled * scaled, r, (10.0, -20.0, 15.0, -4.0)), outer)


@activation(
    source="folklore; the smooth function of compact support",
    zh="光滑凸起 e^(−1/(1−(x/width)²))：在 ±width 之外恰为零且处处无限可微。",
    points={0.0: 0.36787944117144233, -0.5: 0.26359713811572677, 1.0: 0.0},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def smooth_bump(x, width=fixed(1.0, above=0)):
    """exp(-1/(1 - (x/width)^2)) within width of zero and exactly 0 beyond, with every derivative continuous."""
    u = x / width
    return where(abs(u) < 1, exp(-1 / (1 - u * u)), 0.0)


@activation(
    source="Bozorgasl & Chen 2024 (Wav-KAN), arXiv:2405.12832",
    zh="高斯函数的导数 −x·e^(−x²/2)，最简单的奇小波。",
    points={1.0: -0.6065306597126334, -2.0: 0.2706705664732254},
    facts=("smooth", "not monotone", "odd", "bounded"),
)
def derivative_of_gaussian(x):
    """The slope of a bell curve, -x exp(-x^2/2), the simplest odd wavelet."""
    return -x * exp(-(x**2) / 2)


@activation(
    source="Qiu et al. 2024 (ReLU-KAN), arXiv:2406.02075",
    zh="由两个 ReLU 之积平方而成的凸起，支撑在 [start, start + width]。",
    points={0.5: 1.0, 0.25: 0.5625, 2.0: 0.0},
    facts=("not monotone", "bounded"),
    kinks=(Kink("start", 0.0), Kink("start + width", 0.0)),
)
def relu_kan_bump(x, start=fixed(0.0), width=fixed(1.0, above=0)):
    """The squared product of two ReLUs, a bump of height 1 over [start, start + width]."""
    up, down = (x - start) / width, (start + width - x) / width
    return where(x > start, where(x < start + width, (4 * (up * down)) ** 2, 0.0), 0.0)


@activation(
    source="Delis 2024, the FasterKAN package",
    zh="反射开关函数 1 − tanh²(rate·x)。",
    aliases=("reflectional_switch",),
    points={1.0: 0.7864477329659274, -2.0: 0.4199743416140261},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def rswaf(x, rate=fixed(0.5, above=0)):
    """The reflectional switch 1 - tanh(rate x)^2, which stands in for a spline in fast KANs."""
    return 4 * sigmoid_slope(2 * rate * x)


@activation(
    source="Wang et al. 2021 (NeuS), arXiv:2106.10689",
    zh="陡度 s 可学习的逻辑斯谛密度，训练中向零水平面收紧。",
    aliases=("s_density",),
    points={0.05: 3.932238664829637, -0.1: 2.0998717080701303},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def neus_density(x, s=learned(20.0, above=0)):
    """The logistic density of learned sharpness s, which tightens around a surface as training goes on."""
    return s * sigmoid_slope(s * x)


@activation(
    source="Duch & Jankowski 1999, Neural Computing Surveys 2, bicentral functions",
    zh="两个 sigmoid 之积构成的软窗口：在 ±width 之间接近 1。",
    points={0.0: 0.9643510838246173, -1.5: 0.11919751046351465},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def bicentral(x, width=learned(1.0), rate=learned(4.0, above=0)):
    """A soft window, the product of a rising sigmoid at -width and a falling one at width."""
    # near 0, where its slope would cancel, multiplied out: (1 + e^(-rw))^2 + e^(-rw) (2 sinh(rx/2))^2 below the line
    shrunk, twice_sinh = exp(-rate * width), expm1(rate * x / 2) - expm1(-rate * x / 2)
    near = 1 / ((1 + shrunk) ** 2 + shrunk * twice_sinh**2)
    return where(abs(rate * x) < 1, near, sigmoid(rate * (x + width)) * sigmoid(-rate * (x - width)))


@activation(
    source=SURVEY,
    zh="两个高斯密度的可学习加权和（混合高斯单元）。",
    aliases=("mixture_of_gaussian_unit",),
    points={0.0: 0.8360067758025862, -2.0: 0.12952056910492118},
    facts=("smooth", "not monotone", "bounded"),
    notes=(
        "The survey leaves the number of bells and their start open; two at -1/2 and 1/2, one half as wide, are ours.",
        "综述未规定分量个数与初值；此处取位于 ±1/2、权重为 1 的两个分量，后者宽度减半。",
    ),
)
def mogu(
    x,
    *,
    a1=learned(1.0),
    mu1=learned(-0.5),
    s1=learned(1.0, above=0),
    a2=learned(1.0),
    mu2=learned(0.5),
    s2=learned(0.5, above=0),
):
    """A learned mixture of two normal densities."""
    return a1 / s1 * phi(x / s1 - mu1 / s1) + a2 / s2 * phi(x / s2 - mu2 / s2)


@activation(
    source="folklore; the rational quadratic covariance of Gaussian processes",
    zh="有理二次核 (1 + x²/(2·alpha·length²))^(−alpha)：不同宽度高斯核的混合。",
    points={1.0: 0.64, -2.0: 0.25},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def rational_quadratic(x, alpha=fixed(2.0, above=0), length=fixed(1.0, above=0)):
    """(1 + x^2 / (2 alpha length^2))^-alpha, a mixture of bell curves of all widths."""
    u = x / ((2 * alpha) ** 0.5 * length)
    return where(abs(u) < 1, exp(-alpha * log1p(u * u)), (1 / hypot(1, u)) ** (2 * alpha))


@activation(
    source="folklore; the tuning curve of a circular quantity, after von Mises 1918",
    zh="周期性的钟形曲线 e^(kappa·(cos x − 1))，用于角度等循环量。",
    points={1.0: 0.6314745151064697, -2.0: 0.2426471771679713},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def von_mises(x, kappa=learned(1.0, above=0)):
    """The bell curve of the circle, exp(kappa (cos x - 1)), for angles and other periodic inputs."""
    return exp(-2 * kappa * sin(x / 2) ** 2)


@activation(
    source="Rodieck 1965, Vision Research 5",
    zh="高斯之差：中心兴奋、周围抑制的感受野曲线。",
    aliases=("difference_of_gaussians",),
    points={0.0: 0.5, 1.0: 0.16528220842033572, -2.0: -0.167930046619704},
    facts=("smooth", "not monotone", "even", "bounded"),
)
def center_surround(x, weight=learned(0.5), spread=learned(2.0, above=0)):
    """A narrow bell less a wide one, the receptive field of a cell excited at its centre and inhibited around it."""
    return exp(-(x**2) / 2) - weight * exp(-((x / spread) ** 2) / 2)
