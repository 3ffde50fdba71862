"""Straight-through functions: a step in the forward pass, the slope of a gentler stand-in in the backward pass."""

from ..language import PI, atan, maximum, minimum, sigmoid, softsign, straight, where
from .entry import Kink, activation, fixed

TITLE = {"en": "Straight-through", "zh": "直通估计"}

_SURROGATE = (
    "The slope is not that of the value: it is chosen so that something can be learned through the step.",
    "此处的斜率不是函数值的斜率，而是为了让梯度能穿过阶跃而人为选定的。",
)


def _spike(x):
    return where(x >= 0, 1, 0)


def _binary(x):
    return where(x >= 0, 1, -1)


def _cut(x):
    return minimum(maximum(x, -1), 1)


@activation(
    kind="straight-through",
    source="Hinton 2012 (lectures); Bengio et al. 2013, arXiv:1308.3432",
    zh="输出 ±1，梯度原样通过。",
    aliases=("ste_binary", "binary_ste"),
    points={-2.0: -1.0, 0.0: 1.0, 3.0: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, 1.0),),
    notes=_SURROGATE,
)
def ste_sign(x):
    """The sign, +1 at 0, with the slope of the identity."""
    return straight(_binary(x), x)


@activation(
    kind="straight-through",
    source="Courbariaux et al. 2016, arXiv:1602.02830",
    zh="输出 ±1，梯度只在 [−1, 1] 内通过。",
    aliases=("hard_tanh_ste", "clipped_ste_sign"),
    points={-2.0: -1.0, 0.0: 1.0, 0.5: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(-1.0, 0.0), Kink(0.0, 1.0), Kink(1.0, 0.0)),
    notes=_SURROGATE,
)
def ste_hard_tanh(x):
    """The sign, +1 at 0, with the slope of hard tanh."""
    return straight(_binary(x), _cut(x))


@activation(
    kind="straight-through",
    source="Liu et al. 2018 (Bi-Real Net), arXiv:1808.00278",
    zh="输出 ±1，梯度取分段二次近似的斜率 2 − 2|x|。",
    aliases=("approx_sign",),
    points={-2.0: -1.0, 0.0: 1.0, 0.5: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, 2.0), Kink(-1.0, 0.0), Kink(1.0, 0.0)),
    notes=_SURROGATE,
)
def bi_real_sign(x):
    """The sign, +1 at 0, with the slope 2 - 2|x| of a piecewise quadratic."""
    near = _cut(x)
    return straight(_binary(x), near * (2 - abs(near)))


@activation(
    kind="straight-through",
    source="Li & Liu 2016 (ternary weight networks), arXiv:1605.04711, with the clipped slope of arXiv:1602.02830",
    zh="输出 −1、0、1 三值，梯度只在 [−1, 1] 内通过。",
    aliases=("ternary_ste",),
    points={-2.0: -1.0, 0.3: 0.0, 0.7: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink("-threshold", 1.0), Kink("threshold", 1.0), Kink(-1.0, 0.0), Kink(1.0, 0.0)),
    notes=_SURROGATE,
)
def ste_ternary(x, threshold=fixed(0.5, above=0, below=1)):
    """-1, 0 or 1, with the slope of hard tanh."""
    return straight(where(x > threshold, 1, where(x < -threshold, -1, 0)), _cut(x))


@activation(
    kind="straight-through",
    source="Bengio et al. 2013, arXiv:1308.3432",
    zh="超过阈值输出 1，否则为 0，梯度原样通过。",
    aliases=("threshold_ste", "heaviside_ste"),
    points={-2.0: 0.0, 0.0: 0.0, 0.5: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink("threshold", 1.0),),
    notes=_SURROGATE,
)
def ste_step(x, threshold=fixed(0.0)):
    """1 above a threshold and 0 below, with the slope of the identity."""
    return straight(where(x > threshold, 1, 0), x)


@activation(
    kind="straight-through",
    source="Zenke & Ganguli 2018 (SuperSpike), arXiv:1705.11146",
    zh="脉冲神经元的阶跃，梯度取快速 S 形函数的斜率。",
    aliases=("super_spike",),
    points={-0.5: 0.0, 0.0: 1.0, 2.0: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, 1.0),),
    notes=_SURROGATE,
)
def spike_softsign(x, beta=fixed(10.0, above=0)):
    """A spike at and above 0, with the slope 1/(1 + beta |x|)^2."""
    return straight(_spike(x), softsign(beta * x) / beta)


@activation(
    kind="straight-through",
    source="Fang et al. 2021, arXiv:2007.05785",
    zh="脉冲神经元的阶跃，梯度取反正切的斜率。",
    points={-0.5: 0.0, 0.0: 1.0, 2.0: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, "alpha/2"),),
    notes=_SURROGATE,
)
def spike_arctan(x, alpha=fixed(2.0, above=0)):
    """A spike at and above 0, with the slope of an arc tangent."""
    return straight(_spike(x), atan(PI / 2 * alpha * x) / PI)


@activation(
    kind="straight-through",
    source="Neftci, Mostafa & Zenke 2019, arXiv:1901.09948",
    zh="脉冲神经元的阶跃，梯度取 S 形函数的斜率。",
    points={-0.5: 0.0, 0.0: 1.0, 2.0: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, "alpha/4"),),
    notes=_SURROGATE,
)
def spike_sigmoid(x, alpha=fixed(4.0, above=0)):
    """A spike at and above 0, with the slope of a logistic function."""
    return straight(_spike(x), sigmoid(alpha * x))


@activation(
    kind="straight-through",
    source="Bellec et al. 2018, arXiv:1803.09574",
    zh="脉冲神经元的阶跃，梯度取三角形。",
    points={-0.5: 0.0, 0.0: 1.0, 2.0: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, "gamma"), Kink(-1.0, 0.0), Kink(1.0, 0.0)),
    notes=_SURROGATE,
)
def spike_triangle(x, gamma=fixed(0.3, above=0)):
    """A spike at and above 0, with the slope gamma max(0, 1 - |x|)."""
    near = _cut(x)
    return straight(_spike(x), gamma * (near * (1 - abs(near) / 2)))
