"""Exponential units: linear for positive input, an exponential that levels off for negative input."""

from ..language import expm1, where
from .entry import Kink, activation, fixed

TITLE = {"en": "Exponential units", "zh": "指数类"}

# Klambauer et al. 2017: the fixed point of mean 0 and variance 1
_ALPHA = 1.6732632423543772848170429916717
_SCALE = 1.0507009873554804934193349852946


@activation(
    source="Clevert, Unterthiner & Hochreiter 2016, arXiv:1511.07289",
    zh="正半轴恒等，负半轴指数衰减到 −alpha。",
    points={-2.0: -0.8646647167633873, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, "alpha", "torch"),),
    elsewhere={"torch": "nn.functional.elu", "keras": "elu", "jax": "jax.nn.elu"},
)
def elu(x, alpha=fixed(1.0, low=0)):
    """Identity for positive input and an exponential that levels off at -alpha for negative input."""
    return where(x > 0, x, alpha * expm1(x))


@activation(
    source="Barron 2017, arXiv:1704.07483",
    zh="对任意 alpha 导数都连续的 ELU。",
    points={-2.0: -0.8646647167633873, 3.0: 3.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 1.0, "torch"),),
    elsewhere={"torch": "nn.functional.celu", "keras": "celu", "jax": "jax.nn.celu"},
)
def celu(x, alpha=fixed(1.0, above=0)):
    """ELU rescaled so that its slope is continuous for every alpha."""
    return where(x > 0, x, alpha * expm1(x / alpha))


@activation(
    source="Klambauer et al. 2017, arXiv:1706.02515",
    zh="常数取得恰当、使激活自动保持零均值单位方差的缩放 ELU。",
    points={-1.0: -1.1113307378125625, 1.0: 1.0507009873554805},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, _SCALE * _ALPHA, "torch"),),
    elsewhere={
        "torch": "nn.functional.selu",
        "keras": "selu",
        "jax": "jax.nn.selu",
    },
    notes=(
        "Self-normalising only with LeCun-normal weights (gain 1), inputs of mean 0 and variance 1, and AlphaDropout.",
        "只有配合 LeCun 正态初始化（增益 1）、零均值单位方差的输入和 AlphaDropout，才具有自归一化性质。",
    ),
)
def selu(x):
    """Scaled ELU whose constants keep activations at mean 0 and variance 1."""
    return _SCALE * where(x > 0, x, _ALPHA * expm1(x))
