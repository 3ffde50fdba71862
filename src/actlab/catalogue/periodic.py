"""Periodic functions: they keep oscillating, which suits signals and coordinates."""

from ..language import cos, sin
from ..language import sinc as _sinc
from .entry import activation

TITLE = {"en": "Periodic", "zh": "周期类"}


@activation(
    source="Sitzmann et al. 2020 (SIREN), arXiv:2006.09661, for its use in networks",
    zh="正弦函数。",
    aliases=("sine", "sin"),
    points={1.0: 0.8414709848078965, 0.0: 0.0},
    facts=("smooth", "odd", "not monotone", "bounded"),
    elsewhere={"torch": "sin", "jax": "jax.numpy.sin"},
    notes=(
        "Scale the first layer's frequency (about 30) and initialise as in SIREN; it has no limit at infinity.",
        "需按 SIREN 的方式放大首层频率（约 30）并初始化；在无穷远处没有极限。",
    ),
)
def sinusoid(x):
    """The sine of the input."""
    return sin(x)


@activation(
    source="folklore",
    zh="余弦函数。",
    aliases=("cos",),
    points={0.0: 1.0, 1.0: 0.5403023058681398},
    facts=("smooth", "even", "not monotone", "bounded"),
    elsewhere={"torch": "cos", "jax": "jax.numpy.cos"},
)
def cosine(x):
    """The cosine of the input."""
    return cos(x)


@activation(
    source="folklore; the unnormalised cardinal sine",
    zh="sin(x)/x，在 0 处取 1。",
    points={0.0: 1.0, 1.0: 0.8414709848078965},
    facts=("smooth", "even", "not monotone", "bounded"),
    notes=(
        "torch.sinc and numpy.sinc are the normalised form, sin(pi x)/(pi x).",
        "torch.sinc 与 numpy.sinc 是归一化形式 sin(πx)/(πx)。",
    ),
)
def sinc(x):
    """sin(x)/x, which is 1 at 0."""
    return _sinc(x)
