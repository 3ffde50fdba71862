"""Elastic functions: a slope that is stretched at random in training and rests in evaluation."""

from ..language import where
from .entry import Kink, activation, drawn, fixed

_NOTES = (
    "Keep lower and upper the same distance from 1: evaluation uses their mean as the slope.",
    "lower 与 upper 应关于 1 对称：评估时以二者均值为斜率。",
)

TITLE = {"en": "Randomly stretched", "zh": "随机伸缩类"}


@activation(
    source="Jiang et al. 2018, Neurocomputing, elastic rectified linear units",
    zh="训练时正半轴斜率随机伸缩、评估时为普通 ReLU。",
    kind="random",
    aliases=("erelu",),
    points={-2.0: 0.0, 3.0: 3.0},
    facts=("monotone", "convex", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
    ordered=(("lower", "upper"),),
    notes=_NOTES,
)
def elastic_relu(x, lower=fixed(0.5), upper=fixed(1.5), k=drawn("lower", "upper")):
    """ReLU whose slope for positive input is drawn around 1 in training and is 1 in evaluation."""
    return where(x > 0, k * x, 0.0)


@activation(
    source="Jiang et al. 2018, Neurocomputing, elastic rectified linear units",
    zh="训练时正半轴斜率随机伸缩、负半轴斜率为 beta 的 PReLU。",
    kind="random",
    aliases=("eprelu",),
    points={-2.0: -0.5, 3.0: 3.0},
    facts=("monotone",),
    kinks=(Kink(0.0, "beta"),),
    ordered=(("lower", "upper"),),
    notes=_NOTES,
)
def elastic_prelu(x, beta=fixed(0.25), lower=fixed(0.5), upper=fixed(1.5), k=drawn("lower", "upper")):
    """Leaky ReLU whose slope for positive input is drawn around 1 in training and is 1 in evaluation."""
    return where(x > 0, k * x, beta * x)
