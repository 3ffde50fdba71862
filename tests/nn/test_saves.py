"""`saves` and `inplace` of modules: what is kept for the gradient, what is refused, and what travels with a module."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

import actlab
from actlab.catalogue import ENTRIES, Entry
from actlab.nn import saves
from actlab.nn.modules import signature
from actlab.nn.saves import SAVES, WAYS, takes_saves
from actlab.runtime import native


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """No refusal was told before the test."""
    monkeypatch.setattr(saves, "_told", set())


def _some(every: int) -> Iterator[Entry]:
    yield from [entry for entry in ENTRIES.values() if takes_saves(entry) and entry.kind != "gated"][::every]


def _gradient(module: nn.Module, x: Tensor) -> Tensor:
    x = x.detach().requires_grad_()
    (found,) = torch.autograd.grad(module(x * 1.0).sum(), x)
    return found


def test_a_mode_gives_gradients_within_its_certificate_or_says_why_it_cannot() -> None:
    """Walked over the catalogue: what is constructed is as exact as it says, what is refused is a sentence."""
    made = refused = 0  # kernels of every entry would take longer than what is asked here
    with native.switched(False):
        for entry in _some(29):
            plain = actlab.create(entry)
            for way in WAYS:
                why = plain.refuses(way)
                if why is not None:
                    refused += 1
                    with pytest.raises(ValueError, match=r"is not possible, because .*; use saves="):
                        actlab.create(entry, saves=way)
                    continue
                made += 1
                lean = actlab.create(entry, saves=way)
                for dtype in (torch.float32, torch.bfloat16):
                    x = torch.linspace(-5.0317, 5.0731, 801).to(dtype)  # beside kinks, where either slope is right
                    true, told = _gradient(plain, x).double(), lean.certificate(dtype)
                    off = (_gradient(lean, x).double() - true).abs() / true.abs().clamp(min=1.0)
                    assert off.max() <= 1.01 * told.max_error + 2 * torch.finfo(dtype).eps, (entry.name, way, dtype)
    assert made > 15 and refused > 5


def _kept(module: nn.Module) -> float:
    """Bytes per element that autograd keeps between two linear layers, each storage once, weights and input apart."""
    before, after, x = nn.Linear(8, 64), nn.Linear(64, 8), torch.randn(32, 8)
    seen: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        seen[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        after(module(before(x))).sum().backward()
    apart = {one.untyped_storage().data_ptr() for one in (x, *before.parameters(), *after.parameters())}
    return sum(one.untyped_storage().nbytes() for at, one in seen.items() if at not in apart) / (32 * 64)


def test_the_bytes_that_are_kept_are_those_that_were_promised() -> None:
    """Between linear layers: 4 or, with two branches, 4.125 for an output, in place or not; 5 with codes."""
    most = {"output": 4.125, "code8": 5.0, "code8_unbiased": 5.0}
    counted = 0
    with native.switched(False):
        for entry in _some(41):
            plain = actlab.create(entry)
            for way in WAYS:
                if plain.refuses(way) is None:
                    counted += 1
                    assert _kept(actlab.create(entry, saves=way)) <= most[way], (entry.name, way)
            if plain.refuses("output") is None:
                assert _kept(actlab.create(entry, inplace=True)) <= 4.125, entry.name
    assert counted > 10


def test_the_counter_sees_what_is_kept_twice() -> None:
    """Canary: an ordinary activation keeps 8 bytes, its input and, with the next layer, its output."""
    assert _kept(actlab.nn.Gelu()) == 8.0
    assert _kept(nn.Identity()) == 4.0


def test_an_output_in_place_is_the_input_and_its_gradient_is_right() -> None:
    """Two tensors become one, with and without branches; the next layer keeps the same storage."""
    for name in ("gelu", "silu", "mish", "tanh", "softplus", "elu"):
        x = torch.randn(64, 32, requires_grad=True)
        hidden = x * 1.0
        module = actlab.create(name, inplace=True)
        y = module(hidden)
        assert y.data_ptr() == hidden.data_ptr()
        (y * y).sum().backward()
        plain = _gradient(nn.Sequential(actlab.create(name), _Squared()), x)
        assert x.grad is not None and (x.grad - plain).abs().max() < 1e-3


class _Squared(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * x


def test_in_place_is_refused_once_in_words_where_the_output_does_not_tell() -> None:
    """The result is that of computing out of place; the sentence names the reason and the cure."""
    x = torch.randn(20)
    plain = _gradient(actlab.create("sinusoid"), x)
    with pytest.warns(RuntimeWarning, match=r"sinusoid: inplace=True was not done in place, because .*actlab\.lean"):
        assert torch.equal(_gradient(actlab.create("sinusoid", inplace=True), x), plain)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(_gradient(actlab.create("sinusoid", inplace=True), x), plain), "said once"
        wide = x.double()
        assert torch.equal(
            _gradient(actlab.create("cosine", inplace=True), wide), _gradient(actlab.create("cosine"), wide)
        )
        with torch.no_grad():
            assert actlab.create("sinusoid", inplace=True)(x) is x, "without a gradient everything is done in place"


def test_what_cannot_be_kept_is_an_error_when_the_module_is_made() -> None:
    """An unknown mode, a learned slope, a random draw, whole rows, a gate that is no factor."""
    for name, given in (
        ("gelu", {"saves": "less"}),
        ("prelu", {"saves": "output"}),
        ("prelu", {"saves": "code8"}),
        ("swiglu", {"saves": "code8", "gate": "first"}),
        ("swiglu_oai", {"saves": "output", "gate": "first"}),
        ("x_swiglu", {"saves": "output", "gate": "first"}),
    ):
        with pytest.raises(ValueError, match="saves"):
            actlab.create(name, **given)
    for name in ("softmax", "rrelu"):
        with pytest.raises(TypeError, match="saves"):
            actlab.create(name, saves="output")


def test_saves_is_a_keyword_of_every_class_that_a_formula_describes() -> None:
    """It comes last and takes no place of torch's own arguments."""
    for entry in ENTRIES.values():
        row = signature(entry).parameters.get("saves")
        assert (row is not None) == takes_saves(entry)
        assert row is None or (row.kind is row.KEYWORD_ONLY and row.default == "input")


def test_a_module_travels_with_what_it_saves() -> None:
    """Pickled, copied, printed; a module that was pickled before there was a choice keeps its input."""
    module = actlab.nn.Gelu(saves="code8")
    assert "saves='code8'" in repr(module) and "saves" not in repr(actlab.nn.Gelu())
    for other in (pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        assert other.saves == "code8" and repr(other) == repr(module)
    old = actlab.nn.Gelu()
    del old.__dict__["saves"]
    again = pickle.loads(pickle.dumps(old))
    assert again.saves == "input" and torch.equal(again(torch.ones(3)), module(torch.ones(3)))


def test_swapped_in_modules_save_what_was_asked_for() -> None:
    """`swap(model, "silu", saves="output")`, and an error before anything is planned where that cannot be."""
    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 8), nn.ReLU(inplace=True))
    swapped = actlab.swap(model, "silu", saves="output").apply()
    assert [one.saves for one in swapped.modules() if isinstance(one, actlab.nn.Activation)] == ["output"] * 2
    swapped(torch.randn(3, 4)).sum().backward()
    with pytest.raises(ValueError, match="not possible"):
        actlab.swap(model, "sinusoid", saves="output")
    with pytest.raises(ValueError, match="let your function make them"):
        actlab.swap(model, nn.Tanh, saves="output")


@pytest.mark.parametrize("way", WAYS)
def test_compiled_transformed_and_without_a_gradient_it_runs_as_usual(way: str) -> None:
    """A compiled graph and functorch use the ordinary formula; nothing is kept where nothing is recorded."""
    module, plain = actlab.nn.Silu(saves=way), actlab.nn.Silu()
    x = torch.randn(6)
    torch.compiler.reset()
    leaf = x.clone().requires_grad_()
    torch.compile(module, fullgraph=True, backend="eager")(leaf).sum().backward()
    assert leaf.grad is not None and torch.allclose(leaf.grad, _gradient(plain, x))
    assert torch.allclose(torch.func.vmap(torch.func.grad(module))(x), _gradient(plain, x))
    with torch.no_grad():
        assert torch.equal(module(x), plain(x))
    with torch.inference_mode():
        assert torch.equal(module(x), plain(x))


def test_a_checkpoint_that_runs_a_layer_again_draws_the_same_random_numbers() -> None:
    """What drops out in backward is what dropped out in forward, though forward recorded no gradient the first time."""
    for way in SAVES:
        module = actlab.nn.Gelu(saves=way)
        x = torch.rand(4, 64) + 0.5  # where no slope is 0
        x.requires_grad_()
        y = checkpoint(lambda x, module=module: F.dropout(module(x), 0.5), x, use_reentrant=True)
        y.sum().backward()
        assert x.grad is not None
        assert torch.equal(y == 0, x.grad == 0), way


def test_a_checkpoint_that_begins_in_place_computes_from_its_input_again() -> None:
    """Forward under no_grad leaves alone what a graph holds: written over, it would be taken for the input later."""
    for compiled in (True, False):
        found: list[Tensor] = []
        for inplace in (False, True):
            module, x = actlab.nn.Silu(inplace=inplace), torch.linspace(-3, 3, 12).requires_grad_()
            with native.switched(compiled):
                checkpoint(lambda h, run=module: run(h).square(), x * 1, use_reentrant=True).sum().backward()
            assert x.grad is not None
            found.append(x.grad)
        assert torch.allclose(*found, atol=1e-3)


@pytest.mark.parametrize("way", SAVES)
def test_in_place_does_not_lose_a_tangent_or_a_gradient_outside_a_transform(way: str) -> None:
    """A tangent that comes with the input is pushed on, and a vmap inside a recorded gradient is recorded as ever."""
    module, plain, x = actlab.nn.Gelu(saves=way, inplace=True), actlab.nn.Gelu(), torch.linspace(-3, 3, 12).view(3, 4)
    with forward_ad.dual_level(), torch.no_grad():
        told = forward_ad.unpack_dual(module(forward_ad.make_dual(x.clone(), torch.ones(3, 4)))).tangent
        assert torch.allclose(told, forward_ad.unpack_dual(plain(forward_ad.make_dual(x, torch.ones(3, 4)))).tangent)
    gradients: list[Tensor] = []
    for run in (module, plain):
        leaf = x.clone().requires_grad_()
        torch.func.vmap(run)(leaf * 1).sum().backward()
        assert leaf.grad is not None
        gradients.append(leaf.grad)
    assert torch.allclose(*gradients)


@pytest.mark.parametrize("way", SAVES)
def test_a_default_device_is_not_that_of_what_is_kept(way: str) -> None:
    """Modules are made while a model is built on meta, and tensors of the CPU are served where another is default."""
    x, plain = torch.linspace(-3, 3, 12).requires_grad_(), torch.linspace(-3, 3, 12).requires_grad_()
    with torch.device("meta"):
        module = actlab.nn.Mish(saves=way)
        module(x * 1).sum().backward()
    actlab.nn.Mish()(plain).sum().backward()
    assert x.grad is not None and plain.grad is not None
    assert torch.allclose(x.grad, plain.grad, atol=1e-2)


def test_integers_are_refused_as_ever() -> None:
    """Whatever is saved, the error names the cure."""
    for way in SAVES:
        with pytest.raises(TypeError, match=r"x\.float\(\)"):
            actlab.nn.Gelu(saves=way)(torch.arange(3))
