"""Steps: two-valued functions whose slope is 0 everywhere, so gradient descent cannot train through them."""

from ..language import sign, where
from .entry import Kink, activation

TITLE = {"en": "Steps", "zh": "阶跃"}

_NOTES = (
    "Its slope is 0 wherever it exists, so no gradient passes: train through it only with a straight-through "
    "or surrogate gradient.",
    "导数处处为 0，梯度无法通过：只有配合直通估计或替代梯度才能训练。",
)


@activation(
    source="McCulloch & Pitts 1943, Bulletin of Mathematical Biophysics 5",
    zh="输入非负时输出 1，否则输出 0。",
    aliases=("binary_step", "heaviside"),
    points={-1.0: 0.0, 0.0: 1.0, 2.0: 1.0},
    facts=("monotone", "bounded", "not trainable by gradient"),
    kinks=(Kink(0.0, 0.0),),
    notes=_NOTES,
)
def step(x):
    """1 for non-negative input and 0 otherwise."""
    return where(x >= 0, 1.0, 0.0)


@activation(
    source="folklore; the output of Rosenblatt's perceptron, 1958",
    zh="输入的符号：−1、0 或 1。",
    aliases=("sign", "sgn"),
    points={-3.0: -1.0, 0.0: 0.0, 0.5: 1.0},
    facts=("monotone", "odd", "bounded", "not trainable by gradient"),
    kinks=(Kink(0.0, 0.0, "torch"),),
    elsewhere={"torch": "sign", "jax": "jax.numpy.sign"},
    notes=_NOTES,
)
def signum(x):
    """The sign of the input: -1, 0 or 1."""
    return sign(x)
