"""Rectifiers: piecewise linear, with a slope that never shrinks on the active side."""

from ..language import maximum, minimum, where
from .entry import Kink, activation, drawn, fixed, learned

TITLE = {"en": "Rectifiers", "zh": "整流类"}


@activation(
    source="folklore; the linear unit",
    zh="输入乘以常数 c；没有非线性。",
    aliases=("linear",),
    points={-2.0: -2.0, 3.0: 3.0},
    facts=("smooth", "monotone", "odd", "convex", "concave"),
    elsewhere={"torch": "nn.Identity", "keras": "linear", "jax": "jax.nn.identity"},
    notes=(
        "A stack of layers with nothing else between them is one linear map: use it only at a regression's output.",
        "若各层之间只有它，整个网络仍等价于一个线性变换：只应用在回归任务的输出层。",
    ),
)
def identity(x, c=1.0):
    """The input times a constant c; no non-linearity at all."""
    return c * x


@activation(
    source="Fukushima 1969; Nair & Hinton 2010",
    zh="取输入与 0 中较大者。",
    points={-2.0: 0.0, 0.0: 0.0, 3.0: 3.0},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 0.0, "torch, JAX, Keras"),),
    elsewhere={
        "torch": "nn.functional.relu",
        "keras": "relu",
        "jax": "jax.nn.relu",
    },
)
def relu(x):
    """The input where it is positive and 0 elsewhere."""
    return maximum(x, 0.0)


@activation(
    source="Krizhevsky 2010, Convolutional Deep Belief Networks on CIFAR-10",
    zh="上限为 6 的 ReLU。",
    points={-1.0: 0.0, 2.5: 2.5, 8.0: 6.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, 0.0, "torch"), Kink(6.0, 0.0, "torch")),
    elsewhere={
        "torch": "nn.functional.relu6",
        "keras": "relu6",
        "jax": "jax.nn.relu6",
    },
)
def relu6(x):
    """ReLU cut off at 6."""
    return minimum(maximum(x, 0.0), 6.0)


@activation(
    source="Maas, Hannun & Ng 2013",
    zh="负半轴保留一个小斜率的 ReLU。",
    points={-2.0: -0.02, 3.0: 3.0},
    facts=("monotone",),
    kinks=(Kink(0.0, "negative_slope", "torch"),),
    elsewhere={
        "torch": "nn.functional.leaky_relu",
        "jax": "jax.nn.leaky_relu",
    },
    notes=(
        "Its default slope differs: 0.01 in torch and JAX, 0.2 in Keras activations.",
        "默认斜率因库而异：torch 与 JAX 为 0.01，Keras activations 为 0.2。",
    ),
)
def leaky_relu(x, negative_slope=fixed(0.01)):
    """ReLU that keeps a small slope for negative input."""
    return where(x > 0, x, negative_slope * x)


@activation(
    source="He et al. 2015, arXiv:1502.01852",
    zh="负半轴斜率可学习的 ReLU。",
    points={-2.0: -0.5, 3.0: 3.0},
    facts=("monotone",),
    kinks=(Kink(0.0, "weight", "torch"),),
    elsewhere={"torch": "nn.PReLU", "keras": "PReLU"},
    notes=(
        "Keep its weight out of weight decay: decay pulls the slope to 0 and turns it into ReLU.",
        "不要对其斜率施加权重衰减：衰减会把斜率拉向 0，使之退化为 ReLU。",
    ),
)
def prelu(x, weight=learned(0.25)):
    """ReLU whose slope for negative input is learned."""
    return where(x > 0, x, weight * x)


@activation(
    source="Xu et al. 2015, arXiv:1505.00853",
    zh="训练时负半轴斜率随机抽取、评估时取均值的 ReLU。",
    kind="random",
    points={-12.0: -2.75, 3.0: 3.0},
    facts=("monotone",),
    kinks=(Kink(0.0, "(lower+upper)/2", "torch"),),
    ordered=(("lower", "upper"),),
    elsewhere={"torch": "nn.functional.rrelu"},
    notes=(
        "In training the negative slope is drawn per element from [lower, upper]; in evaluation it is their mean.",
        "训练时逐元素从 [lower, upper] 中均匀抽取负斜率；评估时取二者均值。",
    ),
)
def rrelu(x, lower=fixed(1 / 8), upper=fixed(1 / 3), slope=drawn("lower", "upper")):
    """ReLU whose slope for negative input is drawn at random in training and is its mean in evaluation."""
    return where(x > 0, x, slope * x)


@activation(
    source="Jin et al. 2016, arXiv:1512.07030",
    zh="中间为恒等、两端斜率与转折点均可学习的 S 形 ReLU。",
    points={-2.0: 0.0, 0.5: 0.5, 3.0: 3.0},
    kinks=(Kink("threshold_left", "slope_left"), Kink("threshold_right", "slope_right")),
    notes=(
        "Papers call it SReLU, as others call the shifted ReLU, max(-1, x), and the squared ReLU.",
        "文献中称为 SReLU；该缩写也指平移 ReLU（即 max(-1, x)）与平方 ReLU。",
    ),
)
def s_shaped_relu(
    x,
    threshold_right=learned(1.0),
    slope_right=learned(1.0),
    threshold_left=learned(0.0),
    slope_left=learned(0.0),
):
    """Identity in the middle, with learned slopes beyond two learned thresholds (S-shaped ReLU)."""
    upper = threshold_right + slope_right * (x - threshold_right)
    lower = threshold_left + slope_left * (x - threshold_left)
    return where(x >= threshold_right, upper, where(x <= threshold_left, lower, x))


@activation(
    source="folklore; modulus units in feature learning",
    zh="输入的绝对值。",
    aliases=("abs",),
    points={-2.5: 2.5, 0.0: 0.0, 1.0: 1.0},
    facts=("even", "not monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 0.0, "torch"),),
    elsewhere={"torch": "abs", "jax": "jax.numpy.abs"},
)
def absolute(x):
    """The absolute value of the input."""
    return abs(x)
