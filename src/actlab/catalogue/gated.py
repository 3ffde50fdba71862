"""Gated linear units: one half of the input, bent by an activation, opens and closes the other half.

A formula takes the gate half as `x` and the other as `up`. Which half of a tensor is the gate differs between
libraries, so modules ask for `gate` and `layout`.
"""

from ..language import Expr, exp, maximum, minimum, sigmoid, substitute, symbol, tanh, where
from . import along_axis, gated_by_distribution, gated_by_other_curves, gated_by_sigmoid, self_gated
from .entry import Kink, activation, fixed, learned

TITLE = {"en": "Gated units", "zh": "门控单元"}

_SHAZEER = "Shazeer 2020, arXiv:2002.05202"
# the slope of silu(alpha x)/alpha at the limit, times what the other half is cut to
_AT_LIMIT = "(sigmoid(alpha*limit) + alpha*limit*sigmoid(alpha*limit)*sigmoid(-alpha*limit))*({})"
_CUT = "minimum(maximum(up, -limit), limit) + offset"


def _where_silu_is(limit: Expr) -> Expr:
    """The place right of 0 at which silu reaches a positive number: five steps of Newton's method."""
    place = limit
    for _ in range(5):
        tail = limit * exp(-place)
        place = (tail * (1 + place) + limit) / (1 + tail)
    return place


@activation(
    kind="gated",
    source="Dauphin et al. 2016, arXiv:1612.08083",
    zh="以 S 形函数为门控制另一半。",
    points={0.0: 0.5, 2.0: 0.8807970779778823},
    facts=("smooth", "monotone", "bounded"),
    elsewhere={"torch": "nn.functional.glu", "jax": "jax.nn.glu", "keras": "glu"},
)
def glu(x, up):
    """The other half, let through by a logistic gate."""
    return sigmoid(x) * up


@activation(
    kind="gated",
    source=_SHAZEER,
    zh="两半直接相乘，没有非线性的门。",
    points={1.5: 1.5, -2.0: -2.0},
    facts=("smooth", "monotone", "odd"),
)
def bilinear_glu(x, up):
    """The product of the two halves, without a bend in the gate."""
    return x * up


@activation(
    kind="gated",
    source=_SHAZEER,
    zh="以 ReLU 为门控制另一半。",
    points={-2.0: 0.0, 1.5: 1.5},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 0.0, "torch"),),
)
def reglu(x, up):
    """The other half, let through by a ReLU gate."""
    return maximum(x, 0) * up


@activation(
    kind="gated",
    source=_SHAZEER,
    zh="以精确 GELU 为门控制另一半。",
    points={0.0: 0.0, 1.0: 0.8413447460685429},
    facts=("smooth", "not monotone", "bounded below"),
)
def geglu(x, up):
    """The other half, let through by an exact GELU gate."""
    return self_gated.gelu.value * up


@activation(
    kind="gated",
    source=f"{_SHAZEER}; with the tanh form of GELU",
    zh="以 tanh 近似的 GELU 为门控制另一半。",
    points={0.0: 0.0, 1.0: 0.8411919906082768},
    facts=("smooth", "not monotone", "bounded below"),
)
def geglu_tanh(x, up):
    """The other half, let through by the tanh form of a GELU gate."""
    return self_gated.gelu_tanh.value * up


@activation(
    kind="gated",
    source=_SHAZEER,
    zh="以 SiLU 为门控制另一半。",
    points={0.0: 0.0, 1.0: 0.7310585786300049},
    facts=("smooth", "not monotone", "bounded below"),
)
def swiglu(x, up):
    """The other half, let through by a SiLU gate."""
    return self_gated.silu.value * up


@activation(
    kind="gated",
    source="van den Oord et al. 2016, arXiv:1606.05328",
    zh="一半取 tanh，另一半取 S 形函数，再相乘。",
    aliases=("gated_tanh_unit",),
    points={0.0: 0.0, 1.0: 0.5567699411459397},
    facts=("smooth", "monotone", "odd", "bounded"),
)
def gtu(x, up):
    """The tanh of one half times the logistic function of the other."""
    return tanh(x) * sigmoid(up)


@activation(
    kind="gated",
    source="GEGLU of arXiv:2002.05202 with the GELU of arXiv:1606.08415 in its logistic approximation",
    zh="以 quick GELU 为门控制另一半。",
    points={0.0: 0.0, 1.0: 0.8457957659328212},
    facts=("smooth", "not monotone", "bounded below"),
)
def qgeglu(x, up, alpha=fixed(1.702, above=0)):
    """The other half, let through by the logistic approximation of a GELU gate."""
    return x * sigmoid(alpha * x) * up


@activation(
    kind="gated",
    source="So et al. 2021, arXiv:2109.08668 (squared ReLU) as the gate of arXiv:2002.05202",
    zh="以平方 ReLU 为门控制另一半。",
    points={-2.0: 0.0, 1.5: 2.25},
    facts=("monotone", "bounded below"),
    kinks=(Kink(0.0, 0.0),),
)
def sreglu(x, up):
    """The other half, let through by a squared ReLU gate."""
    return maximum(x, 0) ** 2 * up


@activation(
    kind="gated",
    source="Song et al. 2024 (ProSparse), arXiv:2402.13516",
    zh="门不超过阈值时整路关闭的门控单元。",
    points={-1.0: 0.0, 1.5: 1.5},
    facts=("monotone", "bounded below"),
    kinks=(Kink("threshold", 0.0, "torch"),),
)
def fatreglu(x, up, threshold=fixed(0.0, low=0)):
    """The other half times the gate where the gate exceeds a threshold, else 0."""
    return where(x > threshold, x, 0) * up


@activation(
    kind="gated",
    source="OpenAI 2025 (gpt-oss), arXiv:2508.10925",
    zh="两半先截断、向上的一半加 1 的 SwiGLU，gpt-oss 所用。",
    aliases=("swiglu_gpt_oss",),
    points={0.0: 0.0, 1.0: 1.6915915318656424},
    facts=("not monotone", "bounded"),
    kinks=(Kink("limit", _AT_LIMIT.format(_CUT), "torch"),),
    notes=(
        'gpt-oss lays the halves interleaved, layout="interleaved", gate="first"; alpha=1, offset=0 and limit=10 give '
        "DeepSeek-V4's clamped SwiGLU.",
        'gpt-oss 的两半交错存放：layout="interleaved"，gate="first"；'
        "取 alpha=1、offset=0、limit=10 即 DeepSeek-V4 的截断 SwiGLU。",
    ),
)
def swiglu_oai(x, up, alpha=fixed(1.702, above=0), limit=fixed(7.0, above=0), offset=fixed(1.0)):
    """SwiGLU whose halves are cut off first and whose other half gains 1, as in gpt-oss."""
    gate = minimum(limit, x)
    return gate * sigmoid(alpha * gate) * (minimum(limit, maximum(-limit, up)) + offset)


@activation(
    kind="gated",
    source="named in Step-3.7's model code and in vLLM's SwigluStepAndMul",
    zh="先弯曲门、再把两半截断的 SwiGLU。",
    points={0.0: 0.0, 1.0: 0.7310585786300049, 20.0: 7.0},
    facts=("not monotone", "bounded"),
    kinks=(Kink(_where_silu_is(symbol("limit")), 0.0, rounded=True),),
)
def swiglu_step(x, up, limit=fixed(7.0, above=0)):
    """SwiGLU whose halves are cut off after the gate is bent."""
    return minimum(limit, x * sigmoid(x)) * minimum(limit, maximum(-limit, up))


@activation(
    kind="gated",
    source="named in vLLM's SituAndMul and in Inkling 2's model code",
    zh="以被 tanh 限幅的 SiLU 为门控制另一半。",
    points={0.0: 0.0, 1.0: 0.5567699411459397},
    facts=("smooth", "not monotone", "bounded"),
)
def situ_glu(x, up, beta=fixed(1.0, above=0)):
    """The other half, let through by a SiLU gate that a tanh keeps below beta."""
    return beta * tanh(x / beta) * sigmoid(x) * up


@activation(
    kind="gated",
    source="named in Inkling 2's model code (mlp_gate_softcap, mlp_up_softcap)",
    zh="门与另一半各被 tanh 限幅的 SwiGLU。",
    points={0.0: 0.0, 1.0: 0.7158178280748405},
    facts=("smooth", "not monotone", "bounded"),
)
def soft_capped_swiglu(x, up, beta=fixed(4.0, above=0), linear_beta=fixed(25.0, above=0)):
    """SwiGLU whose gate and other half are each kept within bounds by a tanh."""
    return beta * tanh(x / beta) * sigmoid(x) * (linear_beta * tanh(up / linear_beta))


@activation(
    kind="gated",
    source="Huang 2024 (expanded gating ranges), arXiv:2405.20768",
    zh="门的取值范围可学习扩大的 SwiGLU。",
    points={0.0: 0.0, 1.0: 0.7310585786300049},
    facts=("smooth", "not monotone", "bounded below"),
)
def x_swiglu(x, up, alpha=learned(0.0)):
    """SwiGLU whose gate may learn to leave the interval from 0 to 1."""
    return gated_by_sigmoid.x_silu.value * up


@activation(
    kind="gated",
    source="Huang 2024 (expanded gating ranges), arXiv:2405.20768",
    zh="门的取值范围可学习扩大的 GEGLU。",
    points={0.0: 0.0, 1.0: 0.8413447460685429},
    facts=("smooth", "not monotone", "bounded below"),
)
def x_geglu(x, up, alpha=learned(0.0)):
    """GEGLU whose gate may learn to leave the interval from 0 to 1."""
    return gated_by_distribution.x_gelu.value * up


@activation(
    kind="gated",
    source="Huang 2024 (expanded gating ranges), arXiv:2405.20768",
    zh="以反正切为门、取值范围可学习扩大的门控单元。",
    points={0.0: 0.0, 1.0: 0.75},
    facts=("smooth", "monotone", "bounded below", "convex"),
)
def x_atglu(x, up, alpha=learned(0.0)):
    """A gated unit with an arctangent gate that may learn to leave the interval from 0 to 1."""
    return gated_by_other_curves.x_atlu.value * up


@activation(
    kind="gated",
    source="named in Gemma 3n's model code and in vLLM's GeluAndMulSparse",
    zh="门先减去本行的高斯分位数、只留超出部分，再取 GELU 的门控单元。",
    rows={(1.0, 1.0): (0.0, 0.0)},
)
def geglu_sparse(x, up, sparsity=fixed(0.95, above=0, below=1)):
    """GEGLU whose gate keeps only what exceeds a quantile of its row, taken as normal."""
    kept = substitute(along_axis.gaussian_sparse_relu.value, {"sparsity": sparsity})
    return substitute(self_gated.gelu.value, {"x": kept}) * up
