"""Clipped functions: cut off at a floor and a ceiling, piecewise linear or quadratic in between."""

from ..language import maximum, minimum, where
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Clipped lines", "zh": "截断线性类"}


@activation(
    source="folklore; the hard sigmoid of Theano, Keras 1 and 2, MXNet and ONNX",
    zh="旧版 Keras 与 ONNX 采用的分段线性 sigmoid：0.2x + 0.5 截断到 [0, 1]。",
    points={-3.0: 0.0, 0.0: 0.5, 1.0: 0.7, 3.0: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(-2.5, 0.0), Kink(2.5, 0.0)),
    notes=(
        "Models saved by Keras 2 mean this one by hard_sigmoid; Keras 3 and torch mean relu6(x+3)/6.",
        "Keras 2 保存的模型中 hard_sigmoid 指此函数；Keras 3 与 torch 则指 relu6(x+3)/6。",
    ),
)
def hard_sigmoid_02(x):
    """The line 0.2x + 0.5 cut off at 0 and 1, the hard sigmoid of Keras 2 and ONNX."""
    # x itself is cut: 0.2x + 0.5 would round onto the kink before x reaches it
    return (minimum(maximum(x, -2.5), 2.5) + 2.5) / 5


@activation(
    source="Courbariaux, Bengio & David 2015 (BinaryConnect), arXiv:1511.00363",
    zh="把 (x+1)/2 截断到 [0, 1] 的分段线性 sigmoid。",
    points={-2.0: 0.0, 0.0: 0.5, 0.5: 0.75, 2.0: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(-1.0, 0.0), Kink(1.0, 0.0)),
    elsewhere={"keras": "sparse_sigmoid", "jax": "jax.nn.sparse_sigmoid"},
    notes=(
        "Also called hard sigmoid where weights or activations are binary; exactly 0 and 1 beyond -1 and 1.",
        "二值网络文献中也称 hard sigmoid；在 −1 与 1 之外精确取 0 与 1。",
    ),
)
def sparse_sigmoid(x):
    """The line (x + 1)/2 cut off at 0 and 1."""
    return (minimum(maximum(x, -1.0), 1.0) + 1) / 2


@activation(
    source="Gulcehre et al. 2016, arXiv:1603.00391",
    zh="sigmoid 在 0 处的一阶泰勒展开，截断到 [0, 1]。",
    points={-3.0: 0.0, 0.0: 0.5, 1.0: 0.75, 3.0: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(-2.0, 0.0), Kink(2.0, 0.0)),
)
def hard_sigmoid_taylor(x):
    """The tangent of the sigmoid at zero, x/4 + 1/2, cut off at 0 and 1."""
    return (minimum(maximum(x, -2.0), 2.0) + 2) / 4


@activation(
    source="Liew, Khalil-Hani & Bakhteri 2016, Neurocomputing",
    zh="上限为 alpha 的 ReLU。",
    aliases=("brelu", "relu_n", "clipped_relu"),
    points={-1.0: 0.0, 0.25: 0.25, 3.0: 1.0},
    facts=("monotone", "bounded"),
    kinks=(Kink(0.0, 0.0), Kink("alpha", 0.0)),
    notes=(
        'ReLU6 is alpha = 6; trainable="alpha" learns the ceiling. BReLU also names the bipolar ReLU, which differs.',
        'alpha=6 即 ReLU6；传入 trainable="alpha" 可学习上限。缩写 BReLU 另指双极 ReLU，并非此函数。',
    ),
)
def bounded_relu(x, alpha=fixed(1.0, above=0)):
    """ReLU cut off at alpha."""
    return minimum(maximum(x, 0.0), alpha)


@activation(
    source="Liew, Khalil-Hani & Bakhteri 2016, Neurocomputing",
    zh="抛物线底、直线臂并以 beta 封顶的偶函数。",
    aliases=("bounded_bi_firing",),
    points={0.5: 0.125, 3.0: 2.5, -3.0: 2.5, 9.0: 5.0},
    facts=("even", "not monotone", "bounded"),
    kinks=(
        Kink("-(beta + alpha/2)", 0.0),
        Kink("-alpha", -1.0),
        Kink("alpha", 1.0),
        Kink("beta + alpha/2", 0.0),
    ),
    ordered=(("alpha", "beta"),),
)
def bbfire(x, alpha=fixed(1.0, above=0), beta=fixed(5.0, above=0)):
    """The absolute value with a rounded bottom of half-width alpha and a ceiling at beta."""
    r = abs(x)
    return where(r >= beta + alpha / 2, beta, where(r > alpha, r - alpha / 2, x**2 / (2 * alpha)))


@activation(
    source=SURVEY,
    zh="中心 beta 可学习、陡度 alpha 可调的 hard tanh；alpha 增大时趋于符号函数。",
    points={-2.0: -1.0, 0.25: 0.25, 3.0: 1.0},
    facts=("monotone", "bounded", "odd"),
    kinks=(Kink("beta - 1/alpha", 0.0), Kink("beta + 1/alpha", 0.0)),
    notes=(
        "Made for binarisation: raise alpha step by step in training until only the sign of x - beta is left.",
        "用于二值化：训练中逐步增大 alpha，最终只保留 x−beta 的符号。",
    ),
)
def adaptive_hard_tanh(x, alpha=fixed(1.0, above=0), beta=learned(0.0)):
    """The line alpha (x - beta) cut off at -1 and 1, with a learned centre and an adjustable steepness."""
    # x itself is cut: alpha (x - beta) would round onto the kink before x reaches it
    return alpha * (minimum(maximum(x, beta - 1 / alpha), beta + 1 / alpha) - beta)


@activation(
    source="keras.layers.ReLU",
    zh="Keras 的广义 ReLU：可设上限、负侧斜率与阈值。",
    points={-1.0: 0.0, 2.5: 2.5, 8.0: 6.0},
    facts=("monotone", "bounded"),
    kinks=(Kink("threshold", "negative_slope"), Kink("max_value", 0.0)),
    ordered=(("threshold", "max_value"),),
    notes=(
        "Keras sets no ceiling unless one is given; 6 is the usual one. It jumps at a threshold other than 0.",
        "Keras 默认不设上限；6 为常用值。阈值不为 0 时在阈值处有跳变。",
    ),
)
def keras_relu(x, max_value=fixed(6.0), negative_slope=fixed(0.0, low=0), threshold=fixed(0.0)):
    """ReLU with a ceiling, a slope below a threshold and the threshold itself, the layer of Keras."""
    return where(x >= max_value, max_value, where(x > threshold, x, negative_slope * (x - threshold)))


@activation(
    source=SURVEY,
    zh="整体平移 alpha 的 hard tanh。",
    aliases=("shifted_hard_tanh",),
    points={-2.0: -1.0, 0.5: 0.5},
    facts=("monotone", "odd", "bounded"),
    kinks=(Kink(-1.0, 0.0), Kink(1.0, 0.0)),
)
def sv_hard_tanh(x, alpha=fixed(0.0)):
    """Hard tanh moved up by alpha."""
    return minimum(maximum(x, -1.0), 1.0) + alpha
