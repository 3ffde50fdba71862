"""Hard functions: piecewise linear or quadratic stand-ins that need no exponential."""

from ..language import maximum, minimum
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Piecewise linear approximations", "zh": "分段线性近似"}


@activation(
    source="Howard et al. 2019 (MobileNetV3), arXiv:1905.02244",
    zh="sigmoid 的分段线性近似 relu6(x+3)/6。",
    aliases=("hardsigmoid",),
    points={-4.0: 0.0, 0.0: 0.5, 1.5: 0.75, 4.0: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(-3.0, 0.0, "torch"), Kink(3.0, 0.0, "torch")),
    elsewhere={
        "torch": "nn.functional.hardsigmoid",
        "keras": "hard_sigmoid",
        "jax": "jax.nn.hard_sigmoid",
    },
    notes=(
        "Three other lines share the name (0.2x+0.5, (x+1)/2, x/4+1/2); this is the one of torch, JAX and Keras 3.",
        "同名的还有 0.2x+0.5、(x+1)/2、x/4+1/2 三种定义；此处与 torch、JAX、Keras 3 一致。",
    ),
)
def hard_sigmoid(x):
    """The piecewise linear sigmoid relu6(x + 3)/6."""
    # x itself is cut: x + 3 would round onto the kink one step before it
    return (minimum(maximum(x, -3.0), 3.0) + 3) / 6


@activation(
    source="Collobert 2004, Large Scale Machine Learning",
    zh="把输入截断在 [min_val, max_val] 之内。",
    aliases=("hardtanh",),
    points={-2.0: -1.0, 0.3: 0.3, 5.0: 1.0},
    facts=("monotone", "bounded", "odd"),
    kinks=(Kink("min_val", 0.0, "torch"), Kink("max_val", 0.0, "torch")),
    ordered=(("min_val", "max_val"),),
    elsewhere={"torch": "nn.functional.hardtanh", "keras": "hard_tanh", "jax": "jax.nn.hard_tanh"},
)
def hard_tanh(x, min_val=fixed(-1.0), max_val=fixed(1.0)):
    """The input cut off at min_val and max_val."""
    return minimum(maximum(x, min_val), max_val)


@activation(
    source="Howard et al. 2019 (MobileNetV3), arXiv:1905.02244",
    zh="x 乘以 hard sigmoid：Swish 的廉价替代。",
    aliases=("hardswish", "hard_silu"),
    points={-4.0: 0.0, -1.5: -0.375, 1.0: 0.6666666666666666, 4.0: 4.0},
    facts=("not monotone", "bounded below"),
    kinks=(Kink(-3.0, 0.0, "torch"), Kink(3.0, 1.0, "torch")),
    elsewhere={
        "torch": "nn.functional.hardswish",
        "keras": "hard_silu",
        "jax": "jax.nn.hard_silu",
    },
)
def hard_swish(x):
    """x times the hard sigmoid, a cheap stand-in for Swish."""
    # divided before it is multiplied, so that 6 x never overflows
    return x * ((minimum(maximum(x, -3.0), 3.0) + 3) / 6)


@activation(
    source=SURVEY,
    zh="门为截断直线 0.2βx + 0.5 的自门控函数，右侧按 2x 增长，β 可学习。",
    points={1.0: 1.4, -2.0: -0.4, 3.0: 6.0},
    facts=("not monotone", "bounded below"),
    kinks=(Kink("-2.5/beta", 0.0), Kink("2.5/beta", 2.0)),
    notes=(
        "Also published as Hard-Swish; the hard swish of MobileNetV3 is another function.",
        "原文亦称 Hard-Swish，但与 MobileNetV3 的 hard swish 并非同一函数。",
    ),
)
def adaptive_hard_swish(x, beta=learned(1.0, above=0)):
    """2 x times the line 0.2 beta x + 0.5 cut to [0, 1], with a learned beta."""
    # x itself is cut: the line would round onto the kink before x reaches it
    return x * (0.4 * beta * (minimum(maximum(x, -2.5 / beta), 2.5 / beta) + 2.5 / beta))
