"""Two-valued functions for binary networks: no gradient passes through any of them."""

from ..language import where
from .entry import Kink, activation, drawn, fixed

TITLE = {"en": "Two-valued", "zh": "二值类"}


@activation(
    source="Courbariaux et al. 2016 (binarised neural networks), arXiv:1602.02830",
    zh="输入非负时输出 1，否则输出 −1；没有 0。",
    aliases=("hardlims", "deterministic_sign"),
    points={-2.0: -1.0, 0.0: 1.0, 3.0: 1.0},
    facts=("monotone", "bounded", "not trainable by gradient"),
    kinks=(Kink(0.0, 0.0),),
    notes=(
        "Unlike the sign it is never 0. Its slope is 0: train through it only with a straight-through gradient.",
        "与符号函数不同，它从不取 0。导数处处为 0，须配合直通估计训练。",
    ),
)
def bipolar_step(x):
    """1 for non-negative input and -1 otherwise."""
    return where(x >= 0, 1.0, -1.0)


@activation(
    source="Courbariaux et al. 2016 (binarised neural networks), arXiv:1602.02830",
    zh="训练时以随 x 线性增长的概率取 1、否则取 −1，评估时取双极阶跃。",
    kind="random",
    points={-2.0: -1.0, 0.0: 1.0, 3.0: 1.0},
    facts=("monotone", "bounded", "not trainable by gradient"),
    kinks=(Kink("(lower+upper)/2", 0.0),),
    ordered=(("lower", "upper"),),
    notes=(
        "In training it is 1 where x reaches a draw from [lower, upper]: with probability (x+1)/2 cut to [0, 1].",
        "训练时逐元素从 [lower, upper] 抽取阈值，x 不低于阈值则取 1，即概率为截断到 [0, 1] 的 (x+1)/2。",
    ),
)
def stochastic_sign(x, lower=fixed(-1.0), upper=fixed(1.0), threshold=drawn("lower", "upper")):
    """1 with a probability that grows linearly with x and -1 otherwise in training, the bipolar step in evaluation."""
    return where(x >= threshold, 1.0, -1.0)
