"""S-shaped functions: bounded, monotone, saturating on both sides."""

from ..language import PI, atan, exp, expm1
from ..language import log_sigmoid as _log_sigmoid
from ..language import sigmoid as _sigmoid
from ..language import softsign as _softsign
from ..language import tanh as _tanh
from .entry import activation

TITLE = {"en": "S-shaped", "zh": "S 形"}


@activation(
    source="Verhulst 1845, the logistic curve",
    zh="把实数压缩到 (0, 1) 的 S 形曲线。",
    aliases=("logistic",),
    points={0.0: 0.5, 2.0: 0.8807970779778823, -2.0: 0.11920292202211755},
    facts=("smooth", "monotone", "bounded"),
    elsewhere={
        "torch": "nn.functional.sigmoid",
        "keras": "sigmoid",
        "jax": "jax.nn.sigmoid",
    },
)
def sigmoid(x):
    """The logistic curve, which squeezes any number into (0, 1)."""
    return _sigmoid(x)


@activation(
    source="folklore; LeCun et al. 1998, Efficient BackProp, for its use in networks",
    zh="双曲正切：以零为中心、取值于 (−1, 1) 的 S 形曲线。",
    points={1.0: 0.7615941559557649, -2.0: -0.9640275800758169},
    facts=("smooth", "monotone", "odd", "bounded"),
    elsewhere={"torch": "tanh", "keras": "tanh", "jax": "jax.numpy.tanh"},
)
def tanh(x):
    """The hyperbolic tangent, an S-shaped curve centred at zero with values in (-1, 1)."""
    return _tanh(x)


@activation(
    source="LeCun et al. 1998, Efficient BackProp",
    zh="缩放的双曲正切 1.7159·tanh(2x/3)，使 f(±1) = ±1。",
    aliases=("scaled_tanh",),
    points={0.0: 0.0, 3.0: 1.7159 * 0.9640275800758169},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def lecun_tanh(x):
    """The tanh scaled to 1.7159 tanh(2x/3), so that it maps 1 to 1 and -1 to -1."""
    return 1.7159 * _tanh(x * (2 / 3))


@activation(
    source="folklore",
    zh="反正切函数，取值于 (−π/2, π/2)。",
    aliases=("atan",),
    points={1.0: PI / 4, -1.0: -PI / 4},
    facts=("smooth", "monotone", "odd", "bounded"),
    elsewhere={"torch": "atan", "jax": "jax.numpy.arctan"},
)
def arctan(x):
    """The arc tangent, with values in (-pi/2, pi/2)."""
    return atan(x)


@activation(
    source="Bergstra et al. 2009; Turian et al. 2009",
    zh="x 除以 1+|x|：以多项式速度饱和的 S 形曲线。",
    points={1.0: 0.5, -3.0: -0.75},
    facts=("monotone", "odd", "bounded"),
    elsewhere={"torch": "nn.functional.softsign", "keras": "softsign", "jax": "jax.nn.soft_sign"},
)
def softsign(x):
    """x divided by 1 + |x|, an S-shaped curve that saturates slowly."""
    return _softsign(x)


@activation(
    source="folklore; the bipolar sigmoid",
    zh="以零为中心的 S 形函数 (1−e^(−x))/(1+e^(−x))，即 tanh(x/2)。",
    aliases=("bipolar_sigmoid",),
    points={2.0: 0.7615941559557649, 0.0: 0.0},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def symmetrical_sigmoid(x):
    """The sigmoid stretched to (-1, 1) and centred at zero, which is tanh(x/2)."""
    return _tanh(x / 2)


@activation(
    source="the complementary log-log link of generalised linear models; Gomes & Ludermir 2011",
    zh="互补双对数函数：1 − exp(−exp(x))。",
    aliases=("complementary_log_log", "cloglog"),
    points={0.0: 0.6321205588285577, 1.0: 0.9340119641546875},
    facts=("smooth", "monotone", "bounded"),
)
def log_log(x):
    """The complementary log-log curve 1 - exp(-exp(x)), an asymmetric sigmoid."""
    return -expm1(-exp(x))


@activation(
    source="folklore; the log-likelihood of logistic regression",
    zh="S 形函数的对数；两端都不损失精度。",
    aliases=("logsigmoid",),
    points={0.0: -0.6931471805599453, -100.0: -100.0},
    facts=("smooth", "monotone", "concave", "bounded above"),
    elsewhere={"torch": "nn.functional.logsigmoid", "keras": "log_sigmoid", "jax": "jax.nn.log_sigmoid"},
)
def log_sigmoid(x):
    """The logarithm of the sigmoid, exact in both tails."""
    return _log_sigmoid(x)
