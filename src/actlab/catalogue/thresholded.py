"""Rectifiers whose corner is moved: thresholds, shrinkage and shifts."""

from ..language import maximum, signed_zero, where
from .entry import SURVEY, Kink, activation, fixed, learned

TITLE = {"en": "Thresholds and shifted corners", "zh": "阈值与拐点平移类"}


@activation(
    source="Donoho & Johnstone 1994, hard thresholding",
    zh="把绝对值不超过 lambd 的输入置零，其余保持不变（硬阈值）。",
    aliases=("hardshrink",),
    points={0.25: 0.0, 2.0: 2.0, -1.0: -1.0},
    facts=("monotone", "odd"),
    kinks=(Kink("-lambd", 0.0, "torch"), Kink("lambd", 0.0, "torch")),
    elsewhere={"torch": "nn.functional.hardshrink", "keras": "hard_shrink"},
)
def hard_shrink(x, lambd=fixed(0.5, low=0)):
    """The input with everything within lambd of zero set to zero (hard thresholding)."""
    return where(x > lambd, x, where(x < -lambd, x, signed_zero(x)))


@activation(
    source="Donoho & Johnstone 1994, soft thresholding",
    zh="把输入向零收缩 lambd（软阈值），即 L1 范数的邻近算子。",
    aliases=("softshrink",),
    points={0.25: 0.0, 2.0: 1.5, -1.0: -0.5},
    facts=("monotone", "odd"),
    kinks=(Kink("-lambd", 0.0, "torch"), Kink("lambd", 0.0, "torch")),
    elsewhere={"torch": "nn.functional.softshrink", "keras": "soft_shrink"},
)
def soft_shrink(x, lambd=fixed(0.5, low=0)):
    """The input moved towards zero by lambd, the proximal operator of the L1 norm (soft thresholding)."""
    return where(x > lambd, x - lambd, where(x < -lambd, x + lambd, signed_zero(x)))


@activation(
    source="Konda, Memisevic & Krueger 2014, arXiv:1402.3337, for value 0",
    zh="超过阈值的输入原样通过，否则输出给定常数。",
    aliases=("thresholded_relu", "trec", "fat_relu"),
    points={0.5: 0.0, 1.0: 0.0, 2.0: 2.0},
    facts=("monotone", "bounded below"),
    kinks=(Kink("threshold", 0.0, "torch"),),
    elsewhere={"torch": "nn.functional.threshold", "keras": "threshold"},
    notes=(
        "torch gives threshold and value no defaults; threshold 1 and value 0 are those of ThresholdedRelu in ONNX.",
        "torch 未规定默认值；此处的 threshold=1、value=0 与 ONNX 的 ThresholdedRelu 一致。",
    ),
)
def threshold(x, threshold=fixed(1.0), value=fixed(0.0)):
    """The input where it exceeds a threshold and a constant elsewhere."""
    return where(x > threshold, x, value)


@activation(
    source="Clevert, Unterthiner & Hochreiter 2016, arXiv:1511.07289, as a baseline",
    zh="拐点沿对角线移到 (−delta, −delta) 的 ReLU。",
    aliases=("displaced_relu", "dis_relu"),
    points={-2.0: -1.0, -0.5: -0.5, 3.0: 3.0},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink("-delta", 0.0),),
    notes=(
        "The displaced ReLU is the same function with a small, tuned delta; SReLU is an S-shaped, different function.",
        "Displaced ReLU 即取较小 delta 的同一函数；SReLU 则另指 S 形 ReLU。",
    ),
)
def shifted_relu(x, delta=fixed(1.0, low=0)):
    """ReLU whose corner is moved down the diagonal to (-delta, -delta)."""
    return maximum(x, -delta)


@activation(
    source="Qiu, Xu & Cai 2017, arXiv:1706.08098",
    zh="整体加上可学习偏移的 ReLU，使输出可以为负。",
    points={-2.0: -1.0, 3.0: 2.0},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
    notes=(
        "One bias per layer, starting at -1 as in the authors' code. FReLU also names the spatial funnel ReLU.",
        "每层一个偏置，初值 −1 取自作者代码；FReLU 也指空间型的漏斗 ReLU。",
    ),
)
def flexible_relu(x, b=learned(-1.0)):
    """ReLU plus a learned bias, so that the output can be negative."""
    return maximum(x, 0.0) + b


@activation(
    source="the Shrink operator of ONNX, opset 9",
    zh="硬阈值与软阈值的统一形式：超出 lambd 的输入向零移动 bias，其余置零。",
    aliases=("onnx_shrink",),
    points={0.25: 0.0, 2.0: 2.0, -1.0: -1.0},
    facts=("monotone", "odd"),
    kinks=(Kink("-lambd", 0.0), Kink("lambd", 0.0)),
    notes=(
        "bias = 0 is hard_shrink, bias = lambd is soft_shrink; anything between removes part of the jump.",
        "bias=0 为硬阈值，bias=lambd 为软阈值；介于二者之间则只消去部分跳变。",
    ),
)
def shrink(x, lambd=fixed(0.5, low=0), bias=fixed(0.0)):
    """Zero within lambd of zero, and the input moved towards zero by bias beyond."""
    return where(x > lambd, x - bias, where(x < -lambd, x + bias, signed_zero(x)))


@activation(
    source=SURVEY,
    zh="延迟到 alpha 之后才开始响应的 ReLU。",
    aliases=("drlu",),
    points={0.03: 0.0, 1.0: 0.94},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink("alpha", 0.0),),
)
def delay_relu(x, alpha=fixed(0.06)):
    """ReLU that starts to respond only beyond alpha."""
    return maximum(x - alpha, 0.0)


@activation(
    source=SURVEY,
    zh="绝对值减去 alpha 后再取非负部分：中间为平底，两侧为直线。",
    aliases=("pan_function",),
    points={0.5: 0.0, 3.0: 2.0, -2.5: 1.5},
    facts=("not monotone", "even", "convex", "bounded below"),
    kinks=(Kink("-alpha", 0.0), Kink("alpha", 0.0)),
)
def pan(x, alpha=fixed(1.0, low=0)):
    """The absolute value lowered by alpha and cut off at zero, a pan with a flat bottom."""
    return maximum(abs(x) - alpha, 0.0)


@activation(
    source="Pishchik 2023, Preprints.org 202301.0463",
    zh="斜率与偏移均可学习的 ReLU。",
    points={-2.0: 0.0, 3.0: 3.0},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
    notes=(
        "With beta fixed at 0 it is the sloped ReLU, for which alpha from 1 to 10 is recommended.",
        "beta 固定为 0 时即 Sloped ReLU，其 alpha 的建议取值为 1 到 10。",
    ),
)
def shi_lu(x, alpha=learned(1.0), beta=learned(0.0)):
    """ReLU with a learned slope alpha and a learned offset beta."""
    return alpha * maximum(x, 0.0) + beta
