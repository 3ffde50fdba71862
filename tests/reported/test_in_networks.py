"""What users of frameworks reported about activations inside models: arguments, autocast, transforms, memory, gains."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from tests.reported.measure import truth
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

import actlab
from actlab import create, functional
from actlab.catalogue import ENTRIES, Entry, find
from actlab.nn.modules import signature
from actlab.report.curves import sample
from actlab.theory import variance_slope
from actlab.theory.formulas import mathml

ALL = [pytest.param(entry, id=entry.name) for entry in ENTRIES.values()]
HALVES = {"gate": "first", "layout": "chunk"}


def made(entry: Entry, **params: Any) -> nn.Module:
    """A module of an entry, in evaluation; of a gated one, with the gate first."""
    return create(entry.name, **(HALVES if entry.kind == "gated" else {}), **params).eval()


@pytest.mark.parametrize("entry", ALL)
def test_images_without_a_batch_pass_forward_and_backward(entry: Entry) -> None:
    """A tensor of shape (0, 4, 6, 6) is no crash in either direction (pytorch #38108, #78152)."""
    x = torch.zeros(0, 4, 6, 6, requires_grad=True)
    made(entry)(x).sum().backward()
    assert x.grad is not None and x.grad.shape == x.shape


@pytest.mark.parametrize("entry", ALL)
def test_module_and_function_accept_the_same_parameters(entry: Entry) -> None:
    """What can be given to one can be given to the other (pytorch #74366)."""
    own = {name for name, row in entry.parameters.items() if row.settable} | set(entry.counts)
    for known in (signature(entry), inspect.signature(getattr(functional, entry.name))):
        assert own <= set(known.parameters)


@pytest.mark.parametrize("entry", ALL)
def test_every_entry_has_formulas_and_a_picture(entry: Entry) -> None:
    """Value and slope can be printed and drawn (pytorch #65368)."""
    for of in ("value", "slope"):
        assert mathml(entry, of).endswith("</math>")
    drawn = sample(entry)
    assert len(drawn.x) == len(drawn.value) == len(drawn.slope) > 100
    assert sum(map(math.isfinite, drawn.value)) > 100


def test_the_picture_of_glu_is_a_sigmoid() -> None:
    """The gate, and no other function with a similar name (pytorch #167240)."""
    drawn = sample(find("glu"))
    assert drawn.value == pytest.approx([1 / (1 + math.exp(-x)) for x in drawn.x])


@pytest.mark.filterwarnings("ignore:.*was not done in place:RuntimeWarning")
def test_an_activation_fits_where_a_block_makes_it_in_place() -> None:
    """A builder that passes `inplace=True` to any activation class works (pytorch #101794)."""

    def block(activation: Callable[..., nn.Module]) -> nn.Module:
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), activation(inplace=True))

    x = torch.randn(2, 3, 8, 8)
    for activation in (actlab.nn.Gelu, actlab.nn.Relu, actlab.nn.Swish, actlab.nn.Softmax):
        block(activation)(x).sum().backward()


@pytest.mark.parametrize("name", ["gelu", "swish", "prelu", "softmax", "swiglu", "rrelu"])
@pytest.mark.parametrize("wide", [torch.float32, torch.bfloat16])
def test_autocast_trains(name: str, wide: torch.dtype) -> None:
    """Under bfloat16 autocast output and gradients keep their dtypes, whatever comes in (pytorch #87979, #47906)."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 6), made(find(name)).train(), nn.LazyLinear(2))
    with torch.autocast("cpu", torch.bfloat16):
        y = net(torch.randn(4, 6, dtype=wide))
        assert y.dtype == torch.bfloat16
    y.float().square().sum().backward()
    for parameter in net.parameters():
        assert parameter.grad is not None and parameter.grad.dtype == parameter.dtype
        assert torch.isfinite(parameter.grad).all()


def test_halves_of_different_dtypes_meet_without_an_error() -> None:
    """A float32 gate beside a bfloat16 other half, as autocast makes them, and back (pytorch #42358)."""
    gate = torch.randn(4, 6, requires_grad=True)
    up = torch.randn(4, 6).bfloat16().requires_grad_()
    functional.swiglu(gate, up).float().sum().backward()
    assert gate.grad is not None and gate.grad.dtype == torch.float32
    assert up.grad is not None and up.grad.dtype == torch.bfloat16


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "silu", "mish", "softplus", "tanh_exp"])
def test_compiled_code_has_the_same_limits(name: str) -> None:
    """Eager and compiled agree at both infinities and at NaN, gradients too (measured in torch: gelu does not)."""
    torch.compiler.reset()
    layer = create(name)
    at = [math.inf, -math.inf, math.nan, 0.5]
    found = []
    for run in (layer, torch.compile(layer, fullgraph=True, backend="aot_eager")):
        x = torch.tensor(at, requires_grad=True)
        y = run(x)
        y.sum().backward()
        found.append(torch.stack((y.detach(), x.grad)))
    torch.testing.assert_close(*found, equal_nan=True, rtol=1e-6, atol=0)


def test_compiled_tanh_keeps_small_inputs() -> None:
    """2e-7 relative on inputs of size 1e-4 (pytorch #142223)."""
    torch.compiler.reset()
    x = torch.randn(1000, generator=torch.Generator().manual_seed(0)) * 1e-4
    y = torch.compile(create("tanh"), backend="aot_eager")(x)
    assert ((y - torch.tanh(x.double())).abs() <= 2e-7 * x.abs()).all()


def test_an_output_used_in_place_compiles_with_its_gradient() -> None:
    """relu and then relu in place, compiled (pytorch #148835)."""
    torch.compiler.reset()
    layer = create("relu", inplace=True)

    def run(x: Tensor) -> Tensor:
        return layer(functional.relu(x) - 1).square().sum()

    x = torch.linspace(-3, 3, 13).requires_grad_()
    compiled = torch.compile(run, backend="aot_eager")
    assert torch.equal(torch.autograd.grad(compiled(x), x)[0], torch.autograd.grad(run(x), x)[0])


FIRSTS = [pytest.param(family.entries[0], id=family.name) for family in ENTRIES.families]


@pytest.mark.parametrize("entry", FIRSTS)
def test_traced_code_widens_only_where_it_says_so(entry: Entry) -> None:
    """Any layer can be traced; no constant turns a float32 program into a float64 one (reported for Liger-Kernel)."""
    nodes = [n for n in make_fx(made(entry))(torch.randn(4, 8)).graph.nodes if n.meta.get("tensor_meta") is not None]
    wide = {node for node in nodes if node.meta["tensor_meta"].dtype == torch.float64}
    stated = {
        n
        for n in wide
        if not n.all_input_nodes or any(word in str(n.target) for word in ("_to_copy", "lift", "getitem"))
    }
    assert all(wide & set(node.all_input_nodes) for node in wide - stated)
    assert nodes[-1] not in wide


def test_fused_bfloat16_products_are_nearer_to_the_truth_than_two_steps() -> None:
    """One rounding instead of two (pytorch #150638, #168186)."""
    torch.manual_seed(0)
    gate, up = (torch.randn(4000).bfloat16() for _ in range(2))
    exact = gate.double() * torch.sigmoid(gate.double()) * up.double()
    one = (functional.swiglu(gate, up).double() - exact).abs().mean()
    two = ((nn.functional.silu(gate) * up).double() - exact).abs().mean()
    assert one < two


def test_transforms_nest_over_a_function_with_a_vector_parameter() -> None:
    """vmap over jvp and jvp over vjp, one weight for each channel (functorch #434, pytorch #89895)."""
    torch.manual_seed(0)
    x, t = torch.randn(3, 5, dtype=torch.float64), torch.randn(3, 5, dtype=torch.float64)
    weight = torch.linspace(-0.5, 0.5, 5, dtype=torch.float64)

    def f(row: Tensor) -> Tensor:
        return functional.prelu(row, weight=weight)

    pushed = torch.func.vmap(lambda row, way: torch.func.jvp(f, (row,), (way,))[1])(x, t)
    slope = torch.where(x > 0, 1.0, weight.expand(3, 5))
    torch.testing.assert_close(pushed, slope * t)
    pulled = torch.func.jvp(lambda row: torch.func.vjp(f, row)[1](t[0])[0], (x[0],), (t[0],))
    torch.testing.assert_close(pulled[0], slope[0] * t[0])


@pytest.mark.parametrize("name", [entry.name for entry in ENTRIES.values() if entry.kind == "random"])
def test_drawing_works_under_vmap(name: str) -> None:
    """With `randomness` stated, in training, as torch's own rrelu does not (measured in torch)."""
    layer = create(name).train()
    x = torch.randn(1, 16).expand(4, 16)
    y = torch.func.vmap(layer, randomness="different")(x)
    assert y.shape == (4, 16) and torch.isfinite(y).all()


def test_an_encoder_layer_keeps_our_activation_through_pickle() -> None:
    """A transformer layer with a module as its activation is saved and read again (pytorch #81832)."""
    import pickle

    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation=create("mish"), batch_first=True).eval()
    x = torch.randn(2, 3, 8)
    again = pickle.loads(pickle.dumps(layer))
    assert torch.equal(again(x), layer(x))
    assert type(again.activation) is type(layer.activation)


def _saved(run: Callable[..., Tensor], *inputs: Tensor) -> int:
    """Bytes kept for the backward pass, each storage once."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.data_ptr()] = max(kept.get(tensor.data_ptr(), 0), tensor.numel() * tensor.element_size())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        run(*inputs)
    return sum(kept.values())


@pytest.mark.parametrize("entry", [row for row in ALL if row.values[0].kind in ("pointwise", "gated")])
def test_only_the_inputs_are_kept_for_the_backward_pass(entry: Entry) -> None:
    """4 bytes for each float32 element of an input, however long the formula (Mish #18, Liger-Kernel #555)."""
    if entry.along_axis:
        pytest.skip("a row needs its own numbers again")
    x = [torch.randn(1000, requires_grad=True) * 1 for _ in range(2 if entry.kind == "gated" else 1)]
    learned = 4 * sum(row.learned for row in entry.parameters.values())
    layer = made(entry)
    assert _saved(layer, *x) <= 4 * 1000 * len(x) + 2 * learned


# at the gain the variance is kept in the mean; where an error in it grows with depth, fewer layers can be asked for
@pytest.mark.parametrize("name", ["relu", "elu", "selu", "tanh", "gelu", "silu", "mish", "hard_swish", "softplus"])
def test_every_function_has_a_gain_that_keeps_the_signal(name: str) -> None:
    """Root mean square within a factor two, over as many layers as the drift allows (pytorch #24991, Mish #37)."""
    generator = torch.Generator().manual_seed(0)
    width, gain = 1024, actlab.gain(name)
    drift = variance_slope(name)
    # a sample's mean square is off by 4 % in a layer of this width, which may grow sixfold
    depth = 100 if drift <= 1 else min(100, int(math.log(6) / math.log(drift)))
    assert depth >= 8
    h = torch.randn(width, 64, generator=generator)
    f = getattr(functional, name)
    for _ in range(depth):
        h = torch.randn(width, width, generator=generator) @ f(h) * (gain / math.sqrt(width))
    assert 0.5 < h.square().mean().sqrt().item() < 2.0


def test_the_names_of_transformers_are_the_formulas_they_stand_for() -> None:
    """Eight names with a formula each, exact in float64 (transformers #21345)."""
    x = torch.linspace(-9, 9, 181, dtype=torch.float64)
    exact = torch.tensor([truth("gelu", at) for at in x.tolist()], dtype=torch.float64)
    cubic = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    by_tanh = x * torch.sigmoid(2 * cubic)
    formulas = {
        "gelu": exact,
        "gelu_10": exact.clamp(-10, 10),
        "gelu_new": by_tanh,
        "gelu_pytorch_tanh": by_tanh,
        "gelu_accurate": by_tanh,
        "quick_gelu": x * torch.sigmoid(1.702 * x),
        "relu2": x.relu().square(),
        "laplace": 0.5 * torch.special.erfc((0.707107 - x) / (0.282095 * math.sqrt(2))),
    }
    for name, expected in formulas.items():
        found = create(f"transformers:{name}")(x)
        torch.testing.assert_close(
            found, expected, rtol=1e-12, atol=1e-15, msg=lambda said, name=name: f"{name}: {said}"
        )


def test_sparsemax_exists_and_projects() -> None:
    """The request of pytorch #14923: a projection onto the simplex, by hand for three scores."""
    y = functional.sparsemax(torch.tensor([0.5, 0.25, -1.0], dtype=torch.float64))
    assert y.tolist() == [0.625, 0.375, 0.0]


def test_the_doctor_sees_inside_an_encoder_in_evaluation() -> None:
    """Its fused path would pass every hook by (pytorch #128413, #132700)."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation=nn.ReLU(), batch_first=True)
    model = nn.Sequential(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Flatten(), nn.Linear(24, 2))
    model.eval()
    x = torch.randn(64, 3, 8)
    data = [(x[at : at + 16], (x[at : at + 16, 0, 0] > 0).long()) for at in range(0, 64, 16)]
    diagnosis = actlab.examine(actlab.Case(model, data, nn.CrossEntropyLoss()), steps=3)
    assert sum("activation" in seen.path for seen in diagnosis.layers) == 2
    assert not model.training
