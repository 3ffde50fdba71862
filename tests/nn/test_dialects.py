"""Every name of another library gives that library's function: compared with the formula as the library writes it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import actlab
from actlab.catalogue.dialects import DIALECTS
from actlab.catalogue.naming import libraries, names_of

Formula = Callable[[Tensor], Tensor]


def _tanh_gelu(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


def _quick_gelu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(1.702 * x)


def _relu2(x: Tensor) -> Tensor:
    return torch.relu(x) ** 2


def _xielu(x: Tensor) -> Tensor:
    return torch.where(x > 0, 0.8 * x * x, 0.8 * (torch.expm1(x) - x)) + 0.5 * x


def _laplace(x: Tensor) -> Tensor:
    return 0.5 * (1 + torch.erf((x - 0.707107) / (0.282095 * math.sqrt(2))))


def first(act: Formula) -> Formula:
    """act of the first half times the second."""
    return lambda x: act(x.chunk(2, -1)[0]) * x.chunk(2, -1)[1]


def second(act: Formula) -> Formula:
    """The first half times act of the second."""
    return lambda x: x.chunk(2, -1)[0] * act(x.chunk(2, -1)[1])


def _clamped(alpha: float, limit: float, offset: float, interleaved: bool = False) -> Formula:
    def run(x: Tensor) -> Tensor:
        gate, up = (x[..., ::2], x[..., 1::2]) if interleaved else x.chunk(2, -1)
        gate, up = gate.clamp(max=limit), up.clamp(-limit, limit)
        return (up + offset) * gate * torch.sigmoid(gate * alpha)

    return run


def _step(x: Tensor) -> Tensor:
    gate, up = x.chunk(2, -1)
    return F.silu(gate).clamp(max=7.0) * up.clamp(-7.0, 7.0)


def _situ(beta: float) -> Formula:
    return first(lambda gate: beta * torch.tanh(gate / beta) * torch.sigmoid(gate))


def _sparse(gate: Tensor) -> Tensor:
    deviations = torch.special.ndtri(torch.tensor(0.8, dtype=gate.dtype))
    cut = gate.mean(-1, keepdim=True) + gate.std(-1, keepdim=True, unbiased=False) * deviations
    return F.gelu(torch.relu(gate - cut))


def _bisected(mass: Callable[[Tensor, Tensor], Tensor], target: float) -> Formula:
    """The row `mass(x, t)` whose sum is the target, with t found by halving an interval 200 times."""

    def run(x: Tensor) -> Tensor:
        low, high = x.amin(-1, keepdim=True) - 10, x.amax(-1, keepdim=True)
        for _ in range(200):
            middle = (low + high) / 2
            enough = mass(x, middle).sum(-1, keepdim=True) >= target
            low, high = torch.where(enough, middle, low), torch.where(enough, high, middle)
        return mass(x, low)

    return run


_sparsemax = _bisected(lambda x, t: torch.relu(x - t), 1.0)
_entmax15 = _bisected(lambda x, t: torch.relu(x / 2 - t / 2) ** 2, 1.0)
_budget = _bisected(lambda x, t: (x - t).clamp(0, 1), 2.0)


def _normmax(x: Tensor) -> Tensor:
    raised = _bisected(lambda x, t: torch.relu(x - t) ** 2, 1.0)(x).sqrt()
    return raised / raised.sum(-1, keepdim=True)


def _poly_norm(x: Tensor) -> Tensor:
    return sum(
        (x**k / (x ** (2 * k)).mean(-1, keepdim=True).add(1e-6).sqrt() / 3 for k in (1, 2, 3)), start=1.0 + 0 * x
    )


# (what the libraries compute, their names for it, the arguments they ask for)
FORMULAS: list[tuple[Formula, str, dict[str, float]]] = [
    (
        F.gelu,
        "transformers:gelu transformers:gelu_python timm:gelu vllm:gelu vllm_custom_op:gelu vllm_moe:gelu_no_mul "
        "diffusers:gelu diffusers_feed_forward:gelu fairseq_mega:gelu torch:GELU torch_transformer_layer:gelu",
        {},
    ),
    (
        _tanh_gelu,
        "transformers:gelu_fast transformers:gelu_new transformers:gelu_pytorch_tanh transformers:gelu_python_tanh "
        "transformers:gelu_accurate timm:gelu_tanh vllm:gelu_fast vllm:gelu_new vllm:gelu_pytorch_tanh "
        "vllm_custom_op:gelu_tanh vllm_custom_op:gelu_new vllm_custom_op:gelu_fast vllm_moe:gelu_tanh_no_mul "
        "diffusers_feed_forward:gelu-approximate transformer_engine:gelu fairseq_mega:gelu_fast "
        "fairseq_mega:gelu_accurate jax:gelu",
        {},
    ),
    (lambda x: F.gelu(x).clamp(-10, 10), "transformers:gelu_10", {}),
    (
        _quick_gelu,
        "transformers:quick_gelu timm:quick_gelu vllm:quick_gelu vllm_custom_op:quick_gelu transformer_engine:qgelu "
        "diffusers_feed_forward:geglu-approximate",
        {},
    ),
    (
        torch.relu,
        "transformers:relu transformers_t5_feed_forward_proj:relu timm:relu vllm:relu diffusers:relu "
        "transformer_engine:relu fairseq_mega:relu torch:ReLU torch_transformer_layer:relu",
        {},
    ),
    (
        _relu2,
        "transformers:relu2 vllm:relu2 vllm_custom_op:relu2 vllm_moe:relu2_no_mul liger:liger_relu_squared "
        "liger:LigerReLUSquared transformer_engine:srelu fairseq_mega_attention:relu2",
        {},
    ),
    (
        F.silu,
        "transformers:silu transformers:swish timm:silu timm:swish vllm:silu vllm:swish vllm_moe:silu_no_mul "
        "diffusers:silu diffusers:swish diffusers_feed_forward:linear-silu transformer_engine:silu fairseq_mega:silu "
        "torch:SiLU keras:swish jax:swish",
        {},
    ),
    (F.relu6, "transformers:relu6 timm:relu6 torch:ReLU6", {}),
    (torch.sigmoid, "transformers:sigmoid timm:sigmoid vllm:sigmoid torch:Sigmoid", {}),
    (torch.tanh, "transformers:tanh timm:tanh vllm:tanh torch:Tanh", {}),
    (F.mish, "transformers:mish timm:mish diffusers:mish torch:Mish", {}),
    (
        F.hardswish,
        "transformers:hardswish timm:hard_swish timm:hardswish torch:Hardswish keras:hard_swish jax:hard_swish",
        {},
    ),
    (F.hardsigmoid, "timm:hard_sigmoid timm:hardsigmoid torch:Hardsigmoid", {}),
    (lambda x: x / 2 * (x + 2).clamp(0, 2), "timm:hard_mish", {}),
    (F.elu, "timm:elu torch:ELU", {}),
    (F.celu, "timm:celu torch:CELU", {}),
    (F.selu, "timm:selu torch:SELU", {}),
    (lambda x: F.leaky_relu(x, 0.01), "transformers:leaky_relu timm:leaky_relu torch:LeakyReLU", {}),
    (lambda x: F.leaky_relu(x, 0.2), "keras:leaky_relu", {}),
    (lambda x: F.leaky_relu(x, 0.25), "transformers:prelu timm:prelu torch:PReLU", {}),
    (F.rrelu, "torch:RReLU torch:F.rrelu", {}),
    (lambda x: x, "transformers:linear timm:identity fairseq_mega:linear torch:Identity", {}),
    (lambda x: F.softplus(x).sqrt(), "transformers:sqrtsoftplus", {}),
    (_laplace, "transformers:laplace fairseq_mega_attention:laplace", {}),
    (_xielu, "transformers:xielu vllm:xielu vllm_custom_op:xielu", {}),
    (lambda x: F.threshold(x, 0.3, -1.5), "torch:Threshold", {"threshold": 0.3, "value": -1.5}),
    (F.hardtanh, "torch:Hardtanh", {}),
    (F.hardshrink, "torch:Hardshrink", {}),
    (F.softshrink, "torch:Softshrink", {}),
    (F.tanhshrink, "torch:Tanhshrink", {}),
    (F.logsigmoid, "torch:LogSigmoid", {}),
    (F.softplus, "torch:Softplus", {}),
    (F.softsign, "torch:Softsign", {}),
    (
        first(F.silu),
        "transformers_t5_feed_forward_proj:gated-silu timm_mlp:SwiGLUPacked timm_mlp:SwiGLU vllm_and_mul:silu "
        "vllm_and_mul:swish vllm_custom_op:silu_and_mul vllm_moe:silu liger:liger_swiglu liger:LigerSiLUMulFunction "
        "liger:LigerFusedGateUpSiLUMulFunction transformer_engine:swiglu",
        {},
    ),
    (second(F.silu), "vllm_custom_op:mul_and_silu diffusers_feed_forward:swiglu", {}),
    (first(F.gelu), "vllm_and_mul:gelu vllm_and_mul:geglu vllm_custom_op:gelu_and_mul vllm_moe:gelu", {}),
    (second(F.gelu), "diffusers_feed_forward:geglu", {}),
    (
        first(_tanh_gelu),
        "transformers_t5_feed_forward_proj:gated-gelu vllm_and_mul:gelu_pytorch_tanh vllm_moe:gelu_tanh "
        "vllm_moe:gelu_pytorch_tanh liger:liger_geglu liger:LigerGELUMulFunction transformer_engine:geglu",
        {},
    ),
    (first(torch.relu), "transformers_t5_feed_forward_proj:gated-relu transformer_engine:reglu", {}),
    (first(torch.sigmoid), "transformer_engine:glu", {}),
    (F.glu, "torch:GLU torch:F.glu timm_mlp:GluMlp keras:glu jax:glu", {}),
    (first(_quick_gelu), "transformer_engine:qgeglu", {}),
    (first(_relu2), "transformer_engine:sreglu vllm_moe:relu2", {}),
    (first(lambda x: F.threshold(x, 0.0, 0.0)), "vllm_custom_op:fatrelu_and_mul", {}),
    (_situ(1.0), "vllm_custom_op:situ_and_mul", {}),
    (_situ(2.5), "vllm_moe:situ", {"beta": 2.5}),
    (_clamped(1.0, 1.5, 0.0), "vllm_custom_op:silu_and_mul_with_clamp", {"limit": 1.5}),
    (
        _clamped(1.702, 7.0, 1.0, interleaved=True),
        "vllm_and_mul:swigluoai vllm_custom_op:swigluoai_and_mul vllm_moe:swigluoai",
        {},
    ),
    (_clamped(1.702, 7.0, 1.0), "transformer_engine:clamped_swiglu", {}),
    (_clamped(1.0, 1.5, 0.0), "vllm_moe:swigluoai_uninterleave", {"limit": 1.5}),
    (_step, "vllm_custom_op:swiglustep_and_mul vllm_moe:swiglustep", {}),
    (first(_sparse), "vllm_custom_op:gelu_and_mul_sparse", {"sparsity": 0.8}),
    (lambda x: torch.softmax(x, -1), "liger:liger_softmax fairseq_mega_attention:softmax torch:Softmax", {}),
    (lambda x: torch.softmax(x, -3), "torch:Softmax2d", {}),
    (lambda x: F.softmin(x, -1), "torch:Softmin", {}),
    (lambda x: torch.log_softmax(x, -1), "torch:LogSoftmax", {}),
    (
        _sparsemax,
        "liger:liger_sparsemax liger:LigerSparsemax entmax:sparsemax entmax:sparsemax_bisect keras:sparsemax",
        {},
    ),
    (_entmax15, "entmax:entmax15 entmax:entmax_bisect", {}),
    (_normmax, "entmax:normmax_bisect", {}),
    (_budget, "entmax:budget_bisect", {}),
    (lambda x: torch.tanh(0.5 * x), "liger:liger_dyt liger:LigerDyT", {}),
    (_poly_norm, "liger:liger_poly_norm liger:LigerPolyNorm", {}),
]
ROWS = [pytest.param(name, formula, given, id=name) for formula, names, given in FORMULAS for name in names.split()]
# cannot be compared number by number: every call draws anew
DRAWN = {"torch:F.gumbel_softmax"}


def _numbers() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    x = 4 * torch.randn(3, 5, 16, generator=generator, dtype=torch.float64)
    x[0, 0] = torch.linspace(-7.0, 7.0, 16)
    return x


@pytest.mark.parametrize(("name", "formula", "given"), ROWS)
def test_a_name_of_another_library_is_its_function(name: str, formula: Formula, given: dict[str, float]) -> None:
    """In float64 the module agrees with the library's own formula to 1e-12: function, gate, layout and constants."""
    x = _numbers()
    module = actlab.create(name, **given)
    if any(True for _ in module.parameters()):  # 0.8 as float32 is another number
        module = actlab.create(name, **given, dtype=torch.float64)
    module.eval()
    expected = formula(x)
    assert module(x).shape == expected.shape
    torch.testing.assert_close(module(x), expected, rtol=1e-12, atol=1e-12)
    assert module is not actlab.create(name, **given)


TORCH = [
    pytest.param(name.removeprefix("torch:"), given, id=name)
    for name, _, given in (row.values for row in ROWS)
    if name.startswith("torch:") and hasattr(torch.nn, name.removeprefix("torch:"))
]


@pytest.mark.parametrize(("name", "given"), TORCH)
def test_a_class_of_torch_is_the_class_itself(name: str, given: dict[str, float]) -> None:
    """Ours and `torch.nn`'s of the same name, both as they come, agree in float64 to 1e-12."""
    cls = getattr(torch.nn, name)
    softmax = name in ("Softmax", "Softmin", "LogSoftmax")  # without a dim, torch warns and picks one
    theirs = cls(**given, **({"dim": -1} if softmax else {})).double().eval()
    ours = actlab.create(cls, **given).double().eval()
    x = _numbers()
    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-12, atol=1e-12)


def test_every_name_in_the_tables_is_compared() -> None:
    """No row of the tables is believed without a formula that somebody wrote down a second time."""
    compared = {row.values[0] for row in ROWS} | DRAWN
    assert len(ROWS) == len({row.values[0] for row in ROWS}) > 180
    assert len(TORCH) > 25
    assert {f"{library}:{name}" for library, names in DIALECTS.items() for name in names} <= compared


@pytest.mark.parametrize("library", libraries())
def test_every_known_name_makes_a_module_that_runs(library: str) -> None:
    """Each name constructs, with the arguments the library asks for, and bends a tensor; learned numbers are fresh."""
    for name, meaning in names_of(library).items():
        given = dict.fromkeys(meaning.needs, 0.5)
        one, other = (actlab.create(f"{library}:{name}", **given) for _ in range(2))
        y = one(torch.randn(2, 4, 6, 8))
        assert y.isfinite().sum() > 0, name
        for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
            assert mine is not theirs and torch.equal(mine, theirs)


def test_a_drawn_row_is_a_distribution_that_changes_with_every_call() -> None:
    """gumbel_softmax draws in training: rows that sum to 1, and the argmax as often as softmax says."""
    module = actlab.create("torch:F.gumbel_softmax")
    torch.manual_seed(0)
    y = module(torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64).expand(40_000, 3))
    torch.testing.assert_close(y.sum(-1), torch.ones(40_000, dtype=torch.float64))
    shares = torch.bincount(y.argmax(-1), minlength=3) / 40_000
    expected = torch.softmax(torch.tensor([0.0, 1.0, 2.0]), -1)
    assert (shares - expected).abs().max() < 4 * math.sqrt(0.25 / 40_000)


@pytest.mark.parametrize("thing", [torch.nn.GELU, torch.nn.Hardswish, F.gelu, F.silu, torch.tanh, torch.nn.GLU, F.glu])
def test_torchs_own_classes_and_functions_are_names_too(thing: Any) -> None:
    """create(nn.GELU), create(F.gelu) and create("nn.GELU") make the same function."""
    x = _numbers()
    theirs = thing().double() if isinstance(thing, type) else thing
    torch.testing.assert_close(actlab.create(thing).double()(x), theirs(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("spelled", ["nn.GELU", "torch.nn.GELU", "torch.nn.modules.activation.GELU", "F.gelu", "gelu"])
def test_torchs_paths_are_names(spelled: str) -> None:
    """A path as a config or a repr prints it is understood."""
    assert actlab.create(spelled).name == "gelu"


def test_our_own_classes_and_functions_are_names_too() -> None:
    """create(actlab.nn.Mish) and create(actlab.functional.mish) make a fresh module of it."""
    assert actlab.create(actlab.nn.Mish).name == actlab.create(actlab.functional.mish).name == "mish"


@pytest.mark.parametrize("thing", [3, None, len, torch.nn.Linear, F.dropout, torch.nn.ReLU()])
def test_what_is_no_activation_is_refused_in_one_sentence(thing: Any) -> None:
    """An object that names no activation is an error that says what is expected."""
    with pytest.raises((TypeError, ValueError), match="activation"):
        actlab.create(thing)
