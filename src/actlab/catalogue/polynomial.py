"""Polynomials and quotients of polynomials: no exponential, and no pole for any parameter allowed."""

from ..language import expm1, log, log1p, maximum, sigmoid, where
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Polynomial and rational", "zh": "多项式与有理式"}
_NOEL = "Noel et al. 2021, arXiv:2111.04020"


@activation(
    source="Gilad-Bachrach et al. 2016, CryptoNets",
    zh="输入的平方，加密计算中常用来代替 ReLU。",
    aliases=("quad",),
    points={1.5: 2.25, -3.0: 9.0},
    facts=("smooth", "not monotone", "even", "convex", "bounded below"),
    elsewhere={"torch": "square", "jax": "jax.numpy.square"},
    notes=(
        "Outputs grow with every layer: keep inputs near [-1, 1] by normalisation.",
        "数值会逐层放大：应通过归一化使输入保持在 [−1, 1] 附近。",
    ),
)
def square(x):
    """The square of the input, which replaces ReLU where only sums and products can be computed."""
    return x**2


@activation(
    source="Chen & Manning 2014, a dependency parser, for its use in networks",
    zh="输入的立方乘以 alpha。",
    points={0.5: 0.125, -2.0: -8.0},
    facts=("smooth", "monotone", "odd"),
)
def cube(x, alpha=fixed(1.0)):
    """alpha times the cube of the input."""
    return alpha * x**3


@activation(
    source=_NOEL,
    zh="非单调三次函数 x − x³。",
    points={0.5: 0.375, -2.0: 6.0},
    facts=("smooth", "not monotone", "odd"),
)
def ncu(x):
    """The cubic x - x^3, which oscillates once and then runs away."""
    return x * (1 - x**2)


@activation(
    source=_NOEL,
    zh="平移的抛物线 x² + x。",
    points={0.5: 0.75, -2.0: 2.0},
    facts=("smooth", "not monotone", "convex", "bounded below"),
)
def squ(x):
    """The parabola x^2 + x, which passes through the origin with slope 1."""
    return x * (x + 1)


@activation(
    source="Li et al. 2023 (MPCFormer), arXiv:2211.01452",
    zh="安全多方计算中代替 GELU 的二次函数。",
    points={1.0: 0.875, -2.0: 0.5},
    facts=("smooth", "not monotone", "convex", "bounded below"),
)
def mpc_quad(x):
    """The parabola x^2/8 + x/4 + 1/2, a stand-in for GELU in secure computation."""
    return x * (0.125 * x + 0.25) + 0.5


def _difference_of_powers(u, v, degree):
    """(u^degree - v^degree) / (u - v), without cancellation for u and v of one sign."""
    total, power = 1.0, 1.0
    for _ in range(degree - 1):
        power = power * v
        total = total * u + power
    return total


def _percolation(u):
    return u**3 * (u**3 * u * (u - 2) + 2)


@activation(
    source="Kiselak et al. 2021, doi:10.1007/s00521-020-05182-1",
    zh="由渗流模型导出的八次多项式，常数使零均值单位方差近似保持。",
    points={1.0: 1.2619783028435094, -2.0: -1.5228409922956436},
    facts=("not monotone", "bounded below"),
)
def spocu(x):
    """A polynomial of degree eight from percolation, with constants that keep mean 0 and variance 1 roughly."""
    alpha, beta, gamma = 3.0937, 0.6653, 4.437
    # alpha (h(u) - h(beta)) with h(u) = u^3 (u^5 - 2 u^4 + 2), 0 below 0; near 0 divided by u - beta exactly
    u = x / gamma + beta
    sevenths = _difference_of_powers(u, beta, 7)
    quotient = (u - 2) * sevenths + beta**3 * beta**3 * beta + 2 * _difference_of_powers(u, beta, 3)
    away = where(u > 0, _percolation(u), 0.0) - _percolation(beta)
    return alpha * where(abs(x) < 0.75, x / gamma * quotient, away)


@activation(
    source="named in the survey of Kunc & Klema 2024, arXiv:2402.09092",
    zh="以多项式之商作门控：在 [−c, c] 内由 0 平滑过渡到恒等。",
    points={1.0: 0.7317174011812813, -2.0: -0.23272727272727273},
    facts=("not monotone", "bounded below"),
)
def puaf(x, beta=fixed(5.0, above=3), c=fixed(10.0, above=0)):
    """x times a gate made of polynomials, 0 below -c and 1 above c (PUAF with exponent alpha = 1)."""
    # (c+x)^beta / ((c+x)^beta + (c-x)^beta) is the logistic function of beta log((c+x)/(c-x))
    ratio = where(abs(x) < c / 2, log1p(x / c) - log1p(-x / c), log((c + x) / (c - x)))
    gate = sigmoid(beta * ratio)
    return where(x >= c, x, where(x <= -c, 0.0, x * gate))


@activation(
    source="Li, Xia & Zhang 2024, arXiv:2409.19221",
    zh="由柯西积分公式得到的可学习有理函数，向两端衰减到 0。",
    points={1.0: 0.01, -2.0: -0.002},
    facts=("smooth", "not monotone", "bounded"),
)
def cauchy_activation(x, lambda1=learned(0.01), lambda2=learned(0.01), d=learned(1.0, above=0)):
    """A learned rational bump (lambda1 x + lambda2) / (x^2 + d^2) from Cauchy's integral formula."""
    # far out in powers of 1/x, of which none overflows
    v = 1 / x
    far = v * (lambda1 + lambda2 * v) / (1 + d**2 * v**2)
    return where(abs(x) < 1.25, (lambda1 * x + lambda2) / (x**2 + d**2), far)


@activation(
    source="Zhuo et al. 2024 (PolyCom), arXiv:2411.03884",
    zh="ReLU 的三次多项式，系数可学习，初值为 1/3。",
    points={1.0: 1.0, -2.0: 0.0},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
)
def poly_relu(x, a0=learned(0.0), a1=learned(1 / 3), a2=learned(1 / 3), a3=learned(1 / 3)):
    """A cubic polynomial of ReLU with learned coefficients."""
    r = maximum(x, 0.0)
    return a0 + r * (a1 + r * (a2 + r * a3))


@activation(
    source="Goyal, Goyal & Lall 2019, arXiv:1906.09529",
    zh="系数可学习的二次多项式。",
    points={1.0: 3.0, -2.0: 3.0},
    facts=("smooth", "not monotone", "convex", "bounded below"),
)
def slaf(x, a0=learned(1.0), a1=learned(1.0), a2=learned(1.0)):
    """A parabola whose three coefficients are learned (self-learnable activation)."""
    return a0 + x * (a1 + x * a2)


@activation(
    source="Mathew et al. 2024, arXiv:2405.04459",
    zh="锥形函数 1 − |x−1|^beta：一个神经元即可划出一个区间。",
    aliases=("parameterized_cone",),
    points={0.25: 0.25, 3.0: -1.0, -2.0: -2.0},
    facts=("not monotone", "bounded above", "concave"),
    kinks=(Kink(1.0, "where(beta > 1, 0, 1)"),),
    notes=(
        "beta = 2 is the parabolic cone x (2 - x). Its positive set is an interval, so one unit can bound a class.",
        "beta=2 即抛物锥 x(2−x)。其取正值的集合为区间，单个单元即可圈定一类。",
    ),
)
def cone(x, beta=fixed(1.0, low=1)):
    """1 - |x - 1|^beta, positive between 0 and 2 only."""
    # near 0 the power is close to 1: expm1 of its logarithm keeps the digits of what is left
    left = where(abs(x) < 0.5, -expm1(beta * log1p(-x)), 1 - (1 - x) ** beta)
    return where(x > 1, 1 - (x - 1) ** beta, left)


@activation(
    source=SURVEY,
    zh="三阶切比雪夫多项式的可学习组合，初始为恒等函数。",
    aliases=("chebyshev_polynomial",),
    points={0.5: 0.5, -2.0: -2.0},
    facts=("smooth", "monotone", "odd", "convex", "concave"),
    notes=(
        "Meant for inputs between -1 and 1. Legendre and Hermite polynomials of degree 3 reach the same functions.",
        "适用于 −1 到 1 之间的输入。三阶勒让德、埃尔米特多项式张成相同的函数族。",
    ),
)
def chpaf(x, a0=learned(0.0), a1=learned(1.0), a2=learned(0.0), a3=learned(0.0)):
    """A learned sum of the Chebyshev polynomials up to degree 3, which starts as the identity."""
    return a0 - a2 + x * (a1 - 3 * a3 + x * (2 * a2 + 4 * a3 * x))
