"""What other libraries call an activation, and which of ours, with which settings, each of their names means.

One table per place where a library takes names. A name that ours, torch's, Keras's or JAX's homes of a function give
already (`elsewhere` of an entry) is not repeated here. Read in the sources of: transformers 5.23, timm 1.0.31, vLLM
0.33, Liger-Kernel 0.8.5, diffusers 0.42, Transformer Engine (LayerNormMLP), fairseq as used by Mega, torch 2.13,
entmax 1.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Meaning(NamedTuple):
    """What a name stands for: the name of an entry, the settings of its module, and the arguments that have none.

    `needs` lists what the library gives no default either.
    """

    entry: str
    settings: Mapping[str, Any] = MappingProxyType({})
    needs: tuple[str, ...] = ()


class Choice(NamedTuple):
    """One meaning of an ambiguous name: what to write instead, empty if that is no entry, and what it is."""

    write: str
    what: str


def _means(entry: str, *needs: str, **settings: Any) -> Meaning:
    return Meaning(entry, MappingProxyType(settings), needs)


def _own(names: str) -> dict[str, Meaning]:
    """Names that mean our entry of the same name at its defaults."""
    return {name: Meaning(name) for name in names.split()}


def _gated(entry: str, gate: str = "first", *needs: str, layout: str = "chunk", **settings: Any) -> Meaning:
    return _means(entry, *needs, gate=gate, layout=layout, **settings)


_SWISH = {"swish": Meaning("silu")}  # with beta fixed at 1
_TANH_GELUS = {name: Meaning("gelu_tanh") for name in ("gelu_fast", "gelu_new", "gelu_pytorch_tanh")}
_OAI: dict[str, Any] = {"alpha": 1.702, "limit": 7.0, "offset": 1.0}
_XIELU: dict[str, Any] = {"alpha_p": 0.8, "alpha_n": 0.8, "beta": 0.5}
_MEGA_LAPLACE = _means("laplace", mu=0.707107, sigma=0.282095)
_LEAKY = _means("leaky_relu", negative_slope=0.01)

DIALECTS: Mapping[str, Mapping[str, Meaning]] = {
    "transformers": {
        **_own("gelu mish quick_gelu relu relu6 sigmoid silu tanh prelu"),
        **_SWISH,
        **_TANH_GELUS,
        "gelu_python": Meaning("gelu"),
        "gelu_python_tanh": Meaning("gelu_tanh"),
        "gelu_accurate": Meaning("gelu_tanh"),  # despite its name
        "gelu_10": Meaning("clipped_gelu"),
        "hardswish": Meaning("hard_swish"),
        "laplace": _MEGA_LAPLACE,
        "leaky_relu": _LEAKY,
        "linear": Meaning("identity"),
        "relu2": Meaning("squared_relu"),
        "sqrtsoftplus": Meaning("sqrt_softplus"),
        "xielu": _means("xielu", **_XIELU),
    },
    "transformers_t5_feed_forward_proj": {
        **_own("relu"),
        "gated-gelu": _gated("geglu_tanh"),  # T5 turns this one string into gelu_new
        "gated-silu": _gated("swiglu"),
        "gated-relu": _gated("reglu"),
    },
    "timm": {
        **_own("silu mish relu relu6 elu celu selu gelu gelu_tanh quick_gelu sigmoid tanh prelu identity"),
        **_own("hard_sigmoid hard_swish hard_mish"),
        **_SWISH,
        "leaky_relu": _LEAKY,
        "hardsigmoid": Meaning("hard_sigmoid"),
        "hardswish": Meaning("hard_swish"),
    },
    "timm_mlp": {
        "GluMlp": _gated("glu", "second"),
        "SwiGLUPacked": _gated("swiglu"),
        "SwiGLU": _gated("swiglu"),  # two linear layers: the gate's comes first
    },
    "vllm": {
        **_own("gelu relu silu quick_gelu tanh sigmoid"),
        **_SWISH,
        **_TANH_GELUS,  # on ROCm, vLLM takes the exact one for gelu_pytorch_tanh
        "relu2": Meaning("squared_relu"),
        "xielu": _means("xielu", **_XIELU),
    },
    "vllm_and_mul": {
        "gelu": _gated("geglu"),
        "gelu_pytorch_tanh": _gated("geglu_tanh"),
        "silu": _gated("swiglu"),
        "swish": _gated("swiglu"),
        "geglu": _gated("geglu"),
        "swigluoai": _gated("swiglu_oai", layout="interleaved", **_OAI),
    },
    "vllm_custom_op": {
        **_own("gelu gelu_tanh quick_gelu"),
        "gelu_new": Meaning("gelu_tanh"),
        "gelu_fast": Meaning("gelu_tanh"),
        "relu2": Meaning("squared_relu"),
        "xielu": _means("xielu", **_XIELU),
        "silu_and_mul": _gated("swiglu"),
        "mul_and_silu": _gated("swiglu", "second"),
        "gelu_and_mul": _gated("geglu"),
        "fatrelu_and_mul": _gated("fatreglu", threshold=0.0),
        "situ_and_mul": _gated("situ_glu", beta=1.0),
        "silu_and_mul_with_clamp": _gated("swiglu_oai", "first", "limit", alpha=1.0, offset=0.0),
        "swigluoai_and_mul": _gated("swiglu_oai", layout="interleaved", **_OAI),
        "swiglustep_and_mul": _gated("swiglu_step", limit=7.0),
        "gelu_and_mul_sparse": _gated("geglu_sparse", "first", "sparsity"),
    },
    "vllm_moe": {
        "silu": _gated("swiglu"),
        "gelu": _gated("geglu"),
        "gelu_tanh": _gated("geglu_tanh"),
        "gelu_pytorch_tanh": _gated("geglu_tanh"),
        "relu2": _gated("sreglu"),
        "situ": _gated("situ_glu", "first", "beta"),
        "swigluoai": _gated("swiglu_oai", layout="interleaved", **_OAI),
        # the model's config gives the limit, and alpha and offset where they are not these
        "swigluoai_uninterleave": _gated("swiglu_oai", "first", "limit", alpha=1.0, offset=0.0),
        "swiglustep": _gated("swiglu_step", limit=7.0),
        "silu_no_mul": Meaning("silu"),
        "gelu_no_mul": Meaning("gelu"),
        "gelu_tanh_no_mul": Meaning("gelu_tanh"),
        "relu2_no_mul": Meaning("squared_relu"),
    },
    "liger": {
        "liger_geglu": _gated("geglu_tanh"),  # also where a model's config says "gelu"
        "LigerGELUMulFunction": _gated("geglu_tanh"),
        "liger_swiglu": _gated("swiglu"),
        "LigerSiLUMulFunction": _gated("swiglu"),
        "LigerFusedGateUpSiLUMulFunction": _gated("swiglu"),
        "liger_relu_squared": Meaning("squared_relu"),
        "LigerReLUSquared": Meaning("squared_relu"),
        "liger_softmax": _means("softmax", dim=-1),
        "liger_sparsemax": _means("sparsemax", dim=-1),
        "LigerSparsemax": _means("sparsemax", dim=-1),
        "liger_dyt": _means("dyt", alpha=0.5),
        "LigerDyT": _means("dyt", alpha=0.5),
        "liger_poly_norm": _means("poly_norm", eps=1e-6),
        "LigerPolyNorm": _means("poly_norm", eps=1e-6),
    },
    "diffusers": {**_own("silu mish gelu relu"), **_SWISH},
    "diffusers_feed_forward": {
        **_own("gelu"),
        "gelu-approximate": Meaning("gelu_tanh"),
        "geglu": _gated("geglu", "second"),
        "geglu-approximate": Meaning("quick_gelu"),  # not gated, despite its name
        "swiglu": _gated("swiglu", "second"),
        "linear-silu": Meaning("silu"),
    },
    "transformer_engine": {
        **_own("relu silu"),
        "gelu": Meaning("gelu_tanh"),
        "qgelu": Meaning("quick_gelu"),
        "srelu": Meaning("squared_relu"),
        "glu": _gated("glu"),
        "geglu": _gated("geglu_tanh"),
        "qgeglu": _gated("qgeglu"),
        "reglu": _gated("reglu"),
        "sreglu": _gated("sreglu"),
        "swiglu": _gated("swiglu"),
        "clamped_swiglu": _gated("swiglu_oai", **_OAI),
    },
    "fairseq_mega": {
        **_own("relu gelu silu"),
        "gelu_fast": Meaning("gelu_tanh"),
        "gelu_accurate": Meaning("gelu_tanh"),
        "linear": Meaning("identity"),
    },
    "fairseq_mega_attention": {
        "softmax": _means("softmax", dim=-1),
        "relu2": Meaning("squared_relu"),
        "laplace": _MEGA_LAPLACE,
    },
    "torch": {
        "Threshold": _means("threshold", "threshold", "value"),
        "GLU": _gated("glu", "second", dim=-1),
        "Softmax2d": _means("softmax", dim=-3),  # the channels of images, with or without a batch
        "RReLU": _means("rrelu", lower=1 / 8, upper=1 / 3),
        # the function, unlike the class, is not random unless told so: its slope is the mean of 1/8 and 1/3
        "F.rrelu": _means("leaky_relu", negative_slope=(1 / 8 + 1 / 3) / 2),
    },
    "torch_transformer_layer": _own("relu gelu"),
    "entmax": {
        **_own("sparsemax entmax15"),
        "entmax_bisect": _means("alpha_entmax", alpha=1.5, dim=-1),
        "sparsemax_bisect": _means("sparsemax", dim=-1),
        "normmax_bisect": _means("normmax", alpha=2.0, dim=-1),
        "budget_bisect": _means("budget_sparsemax", budget=2.0, dim=-1),
    },
    "keras": {
        **_SWISH,
        "hard_swish": Meaning("hard_swish"),
        "leaky_relu": _means("leaky_relu", negative_slope=0.2),
        "glu": _gated("glu", "second", dim=-1),
        "sparsemax": _means("sparsemax", dim=-1),
    },
    "jax": {
        **_SWISH,
        "hard_swish": Meaning("hard_swish"),
        "glu": _gated("glu", "second", dim=-1),
    },
}

# shorter spellings of a library
ALSO = {"t5": "transformers_t5_feed_forward_proj", "te": "transformer_engine"}

# Names for which libraries and papers have several functions, and none that a reader could rely on.
AMBIGUOUS: Mapping[str, tuple[Choice, ...]] = {
    "srelu": (
        Choice("s_shaped_relu", "S-shaped, with four learned numbers"),
        Choice("squared_relu", "the square of ReLU, so named by Transformer Engine"),
        Choice("shifted_relu", "ReLU moved down and to the left, max(-1, x)"),
    ),
    "relu2": (
        Choice("squared_relu", "the square of ReLU: transformers, and vLLM's plain layers"),
        Choice("vllm_moe:relu2", "the square of ReLU times the other half: vLLM's mixtures of experts"),
    ),
    "crelu": (
        Choice("concatenated_relu", "ReLU of x beside ReLU of -x, twice as wide"),
        Choice("relu", "for complex numbers, ReLU of the real and of the imaginary part: apply it to each"),
    ),
    "frelu": (
        Choice("", "the larger of x and a filtered x, for images: actlab.nn.FunnelRelu(channels)"),
        Choice("flexible_relu", "ReLU with a learned offset"),
    ),
    "siglu": (
        Choice("glu", "the logistic function of one half times the other"),
        Choice("swiglu", "SiLU of one half times the other"),
    ),
    "geglu-approximate": (
        Choice("quick_gelu", "x sigmoid(1.702 x), not gated, so named by diffusers"),
        Choice("geglu_tanh", "gated by the tanh approximation of GELU"),
    ),
}
