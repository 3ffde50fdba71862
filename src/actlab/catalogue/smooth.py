"""Smooth rectifiers and other smooth unbounded functions."""

from ..language import hypotm1
from ..language import softplus as _softplus
from .entry import activation, fixed

TITLE = {"en": "Smooth rectifiers", "zh": "平滑整流"}


@activation(
    source="Dugas et al. 2001",
    zh="ReLU 的平滑近似 log(1+e^(βx))/β。",
    points={0.0: 0.6931471805599453, 2.0: 2.1269280110429727},
    facts=("smooth", "monotone", "convex", "bounded below"),
    elsewhere={"torch": "nn.functional.softplus", "keras": "softplus", "jax": "jax.nn.softplus"},
    notes=(
        "A safe map to positive numbers such as variances and rates; exact everywhere, so it needs no threshold.",
        "将输出映射为正数（方差、速率等）的安全选择；处处精确，因此无需 threshold 参数。",
    ),
)
def softplus(x, beta=fixed(1.0, above=0)):
    """The smooth rectifier log(1 + exp(beta x)) / beta."""
    return _softplus(beta * x) / beta


@activation(
    source="folklore",
    zh="弯曲的恒等函数：(√(x²+1) − 1)/2 + x。",
    points={0.0: 0.0, 1.0: 1.2071067811865475},
    facts=("smooth", "monotone", "convex"),
)
def bent_identity(x):
    """The identity bent gently upwards, (sqrt(x^2 + 1) - 1)/2 + x."""
    return hypotm1(x) / 2 + x
