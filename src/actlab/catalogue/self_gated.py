"""Self-gated functions: the input times a gate in [0, 1] that the input itself opens."""

from ..language import Phi, sigmoid, softplus, tanh
from .entry import activation, learned

TITLE = {"en": "Self-gated", "zh": "自门控"}


@activation(
    source="Hendrycks & Gimpel 2016, arXiv:1606.08415",
    zh="以标准正态变量小于 x 的概率为权的 x。",
    aliases=("gelu_exact",),
    points={0.0: 0.0, 1.0: 0.8413447460685429, -10.0: -7.619853024160527e-23},
    facts=("smooth", "not monotone", "bounded below"),
    elsewhere={
        "torch": "nn.functional.gelu",
        "keras": "gelu",
        "jax": "jax.nn.gelu(approximate=False)",
    },
)
def gelu(x):
    """x weighted by the probability that a standard normal variable lies below x."""
    return x * Phi(x)


@activation(
    source="Hendrycks & Gimpel 2016, arXiv:1606.08415, section 2",
    zh="GELU 的 tanh 近似式，用于 GPT-2 等模型。",
    aliases=("gelu_new", "gelu_pytorch_tanh"),
    points={0.0: 0.0, 1.0: 0.8411919906082768},
    facts=("smooth", "not monotone", "bounded below"),
    elsewhere={"jax": "jax.nn.gelu"},
    notes=(
        "Differs from the exact GELU by up to 5e-4: keep whichever the checkpoint was trained with.",
        "与精确 GELU 最多相差约 5e-4：应与预训练权重所用的版本保持一致。",
    ),
)
def gelu_tanh(x):
    """The tanh approximation of GELU, used by GPT-2 and its relatives."""
    # 1/2 (1 + tanh(u)) is sigmoid(2u), which keeps its digits in the left tail; 1.595... = 2 sqrt(2/pi)
    return x * sigmoid(1.5957691216057308 * x * (1 + 0.044715 * x**2))


@activation(
    source="Elfwing et al. 2017, arXiv:1702.03118; Hendrycks & Gimpel 2016",
    zh="x 乘以自身的 S 形函数值。",
    points={0.0: 0.0, 1.0: 0.7310585786300049, -2.0: -0.2384058440442351},
    facts=("smooth", "not monotone", "bounded below"),
    elsewhere={
        "torch": "nn.functional.silu",
        "keras": "silu",
        "jax": "jax.nn.silu",
    },
)
def silu(x):
    """x times its own logistic function."""
    return x * sigmoid(x)


@activation(
    source="Ramachandran, Zoph & Le 2017, arXiv:1710.05941",
    zh="x 乘以 βx 的 S 形函数值；β 可固定也可学习。",
    aliases=("acon_a",),
    points={1.0: 0.7310585786300049},
    facts=("smooth", "not monotone", "bounded below"),
    notes=(
        "With beta fixed at 1 it is SiLU; pass trainable=() to keep beta fixed.",
        "β 固定为 1 时即为 SiLU；传入 trainable=() 可使 β 不参与训练。",
    ),
)
def swish(x, beta=learned(1.0)):
    """x times the logistic function of beta x, with beta fixed or learned."""
    return x * sigmoid(beta * x)


@activation(
    source="Misra 2019, arXiv:1908.08681",
    zh="x 乘以 softplus(x) 的双曲正切。",
    points={0.0: 0.0, 1.0: 0.8650983882673103},
    facts=("smooth", "not monotone", "bounded below"),
    elsewhere={
        "torch": "nn.functional.mish",
        "keras": "mish",
        "jax": "jax.nn.mish",
    },
)
def mish(x):
    """x times the hyperbolic tangent of softplus(x)."""
    return x * tanh(softplus(x))
