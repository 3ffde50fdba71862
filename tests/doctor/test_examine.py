"""`examine` sees every kind of program, leaves it as it was, and says what it cannot run in one sentence."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.specimens.programs import (
    CLASSES,
    FEATURES,
    Recurrent,
    Two,
    adam,
    batches,
    classify,
    features,
    labels,
    stack,
    with_bias,
)
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.doctor import Case, CaseError, Diagnosis, examine
from actlab.doctor.gather import gather
from actlab.nn import create


def names(diagnosis: Diagnosis) -> list[str]:
    """The names of the alarms."""
    return [finding.name for finding in diagnosis.alarms]


# -- the model is left as it was --------------------------------------------------------------------------------------


class Keeping(nn.Module):
    """A model with all that may be disturbed: batch norm, dropout, a frozen part, an attribute set in forward."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.below, self.norm, self.above = nn.Linear(FEATURES, 32), nn.BatchNorm1d(32), nn.Linear(32, CLASSES)
        self.drop = nn.Dropout(0.2)
        self.below.weight.requires_grad_(False)
        self.seen: Tensor | None = None
        self.drop.eval()

    def forward(self, x: Tensor) -> Tensor:
        self.seen = torch.relu(self.norm(self.below(x)))
        return self.above(self.drop(self.seen))


def everything(model: nn.Module) -> list[Any]:
    """All of a model's state, and of the random generators, as comparable values."""
    told: list[Any] = []
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        gradient = None if tensor.grad is None else (id(tensor.grad), tensor.grad.tolist())
        told.append((name, id(tensor), tensor.tolist(), tensor.requires_grad, gradient))
    for name, module in model.named_modules():
        told.append((name, id(module), module.training, list(module._forward_hooks), list(module._forward_pre_hooks)))
        told.append(sorted(key for key in vars(module)))
    told += [random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()]
    return told


def test_examining_leaves_the_model_and_the_random_state_exactly_as_they_were() -> None:
    """Weights, buffers, gradients (None stays None), modes, hooks, attributes, requires_grad, three generators."""
    model = Keeping()
    model.above.weight.grad = torch.ones_like(model.above.weight)
    model.above.register_forward_hook(lambda *_: None)
    before = everything(model)
    examine(classify(model), steps=5)
    assert everything(model) == before
    assert model.seen is None


def test_a_case_that_fails_halfway_is_put_back_too() -> None:
    """An error in the loss after some steps changes nothing either."""
    model = Keeping()
    calls = iter(range(10**6))

    def loss(output: Tensor, target: Tensor) -> Tensor:
        if next(calls) > 20:
            raise RuntimeError("out of paper")
        return F.cross_entropy(output, target)

    before = everything(model)
    with pytest.raises(CaseError, match="out of paper"):
        examine(classify(model, loss))
    assert everything(model) == before


def test_the_comparison_of_states_can_fail() -> None:
    """Canary: one changed weight, one hook, one drawn number."""
    model = Keeping()
    before = everything(model)
    with torch.no_grad():
        model.above.bias[0] += 1e-6
    assert everything(model) != before
    model = Keeping()
    before = everything(model)
    torch.rand(1)
    assert everything(model) != before


def test_the_same_seed_gives_the_same_diagnosis() -> None:
    """Two runs agree in every number."""
    first, second = (examine(with_bias(-10.0), seed=3).to_json() for _ in range(2))
    assert first == second


def test_a_loss_may_read_the_model() -> None:
    """An activity penalty takes what forward left as an attribute, so the model itself has to be run, not a copy."""
    model = Keeping()

    def loss(output: Tensor, target: Tensor) -> Tensor:
        assert model.seen is not None
        return F.cross_entropy(output, target) + 1e-3 * model.seen.abs().mean()

    assert names(examine(classify(model, loss))) == []


# -- what it sees -----------------------------------------------------------------------------------------------------


class Functional(nn.Module):
    """Two hidden layers whose activation is a function, in several spellings."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b, self.c = nn.Linear(FEATURES, 32), nn.Linear(32, 32), nn.Linear(32, CLASSES)
        self.function = function
        nn.init.constant_(self.b.bias, -12.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.c(self.function(self.b(self.function(self.a(x)))))


class MySquare(torch.autograd.Function):
    """A rectifier as a custom autograd function."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return upstream[0] * (x > 0)


class Own(nn.Module):
    """The custom function as a module."""

    def forward(self, x: Tensor) -> Tensor:
        return MySquare.apply(x)


SPELLINGS: dict[str, Callable[[], Callable[[Tensor], Tensor]]] = {
    "F.relu": lambda: F.relu,
    "Tensor.relu": lambda: Tensor.relu,
    "in place": lambda: torch.relu_,
    "clamp": lambda: lambda x: x.clamp(min=0),
    "maximum": lambda: lambda x: torch.maximum(x, torch.zeros(())),
    "gelu": lambda: F.gelu,
    "a module": nn.ReLU,
    "an in-place module": lambda: nn.ReLU(inplace=True),
    "our module": lambda: create("relu"),
    "an autograd function": Own,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_dead_units_are_seen_however_the_activation_is_called(spelling: str) -> None:
    """Functions, methods, in-place calls, modules called twice, our modules and custom functions."""
    found = examine(classify(Functional(SPELLINGS[spelling]())), steps=5)
    assert names(found)[0] == "dead-units"


def test_a_shared_activation_is_judged_per_call() -> None:
    """One nn.ReLU called twice: the first call is alive, the second dead."""
    rows = gather(classify(Functional(nn.ReLU())), steps=2).layers
    assert [row.dead_share < 0.1 for row in rows] == [True, False]
    assert [row.path for row in rows] == ["function", "function"]


def test_dead_units_are_counted_per_unit_not_per_element() -> None:
    """A layer with 90 % zeros whose units all fire sometimes has no dead unit."""
    model = stack([FEATURES, 64, CLASSES])
    with torch.no_grad():
        model[0].weight.div_(model[0].weight.norm(dim=1, keepdim=True))
        model[0].bias.fill_(-1.3)
    numbers = gather(classify(model), steps=2)
    assert numbers.layers[0].dead_share == 0
    assert numbers.layers[0].mean < 0


def test_a_gate_and_attention_are_no_hidden_sigmoid_or_softmax() -> None:
    """A sigmoid that multiplies another branch is a gate; a softmax that mixes another branch is attention."""

    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.a, self.b, self.c = (nn.Linear(FEATURES, FEATURES) for _ in range(3))
            self.last = nn.Linear(FEATURES, CLASSES)

        def forward(self, x: Tensor) -> Tensor:
            h = self.a(x) * torch.sigmoid(self.b(x))
            weights = torch.softmax(self.c(h), -1)
            return self.last(h * weights)

    numbers = gather(classify(Gated()), steps=2)
    assert [row.role for row in numbers.layers] == ["gate"]
    assert numbers.hidden_softmax == ()


def test_a_self_written_swish_is_one_activation_and_not_a_sigmoid() -> None:
    """The sigmoid inside a module that works elementwise is not read by itself."""

    class Swish(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * torch.sigmoid(x)

    rows = gather(classify(stack([FEATURES, 32, CLASSES], Swish)), steps=2).layers
    assert [row.kind for row in rows] == ["Swish"] and not rows[0].saturating


class Dictionary(nn.Module):
    """Mappings in and out."""

    def __init__(self) -> None:
        super().__init__()
        self.net = stack(Two)

    def forward(self, left: Tensor, right: Tensor) -> dict[str, Tensor]:
        return {"scores": self.net(torch.cat([left, right], 1)), "other": left}


@pytest.mark.parametrize("kind", ["mapping", "tuple"])
def test_inputs_and_outputs_may_be_mappings_and_tuples(kind: str) -> None:
    """A mapping goes in as keywords, a tuple as positional arguments; the loss gets what the model gives."""
    x, y = features(), labels(features())
    halves = [
        ({"left": a[:, :8], "right": a[:, 8:]} if kind == "mapping" else (a[:, :8], a[:, 8:]), b)
        for a, b in batches(x, y)
    ]
    found = examine(Case(Dictionary(), halves, lambda o, t: F.cross_entropy(o["scores"], t), optimizer=adam(1e-2)))
    assert found.healthy and found.learning == "yes"


class Encoder(nn.Module):
    """A transformer encoder over four tokens."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.up = nn.Linear(4, 16)
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.last = nn.Linear(16, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.encoder(self.up(x.reshape(-1, 4, 4))).mean(1))


class Picture(nn.Module):
    """A small convolutional network with batch norm, in-place ReLU and a squeeze-and-excitation gate."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.norm, self.act = nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True)
        self.gate = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 8), nn.Sigmoid())
        self.last = nn.Linear(8 * 16, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        h = self.act(self.norm(self.conv(x.reshape(-1, 1, 4, 4))))
        h = h * self.gate(h.mean((2, 3)))[:, :, None, None]
        return self.last(h.flatten(1))


@pytest.mark.parametrize(
    "model", [Encoder, Picture, lambda: Recurrent(0.0), Keeping], ids=["encoder", "cnn", "lstm", "bn"]
)
def test_healthy_architectures_raise_no_alarm(model: Callable[[], nn.Module]) -> None:
    """Transformer, convolutional, recurrent and batch-normalised networks with ordinary settings."""
    assert names(examine(classify(model(), optimizer=adam(3e-3)))) == []


def test_vanishing_gradients_come_with_theory_beside_measurement() -> None:
    """Per layer the predicted factor, from the layer's own weights, is within a third of the measured one."""
    rows = gather(classify(stack([FEATURES, *[64] * 6, CLASSES], nn.Sigmoid)), steps=2).layers
    pairs = [(r.predicted_gradient_factor, r.measured_gradient_factor) for r in rows if r.measured_gradient_factor]
    assert len(pairs) == 5
    for predicted, measured in pairs:
        assert predicted is not None and measured is not None
        assert predicted == pytest.approx(measured, rel=1 / 3)
        assert predicted == pytest.approx(0.14, rel=0.2)  # sigmoid with torch's default initialisation


def test_a_frozen_model_part_and_a_shuffling_loader_are_fine() -> None:
    """A DataLoader with its own generator is read again and again, and its generator put back."""
    x = features()
    data = torch.utils.data.TensorDataset(x, labels(x))
    generator = torch.Generator().manual_seed(5)
    loader = torch.utils.data.DataLoader(data, 64, shuffle=True, generator=generator)
    before = generator.get_state()
    model = stack([FEATURES, 32, 32, CLASSES])
    model[0].requires_grad_(False)
    assert names(examine(Case(model, loader, F.cross_entropy))) == []
    assert torch.equal(generator.get_state(), before)


def test_a_diagnosis_becomes_json_and_is_written_to_a_file(tmp_path: Path) -> None:
    """to_json holds JSON values only, infinities included; save refuses other suffixes and leaves nothing behind."""
    found = examine(with_bias(-10.0), steps=5)
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["healthy"] is False
    written = found.save(tmp_path / "deep" / "found.json")
    assert json.loads(written.read_text(encoding="utf-8"))["findings"][0]["name"] == "dead-units"
    with pytest.raises(ValueError, match=r"\.html or \.json"):
        found.save(tmp_path / "found.doc")
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]


# -- what cannot be run -----------------------------------------------------------------------------------------------


def generator() -> Iterator[tuple[Tensor, Tensor]]:
    """Data that can be read only once."""
    yield from batches(features(), labels(features()))


class Once:
    """Data whose second reading is empty."""

    def __init__(self) -> None:
        self.left = batches(features(), labels(features()))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        while self.left:
            yield self.left.pop()


class Failing:
    """A loader that raises."""

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        raise OSError("no disk")


BROKEN: dict[str, tuple[Callable[[Case], Case], str]] = {
    "no batch": (lambda case: replace(case, data=[]), "hold no batch"),
    "read once": (lambda case: replace(case, data=generator()), "read only once"),
    "empty when read again": (lambda case: replace(case, data=Once()), "once and then none"),
    "a loader that fails": (lambda case: replace(case, data=Failing()), "when they were read: OSError: no disk"),
    "not a pair": (lambda case: replace(case, data=[features()]), "pair"),
    "wrong width": (lambda case: replace(case, data=[(features()[:, :3], labels(features()))]), "cannot take"),
    "wrong target": (lambda case: replace(case, data=[(features(), features())]), "does not fit"),
    "loss per sample": (lambda case: replace(case, loss=lambda o, t: o.sum(1)), "one number"),
    "loss is a float": (lambda case: replace(case, loss=lambda o, t: 1.0), "scalar tensor"),
    "no parameters": (lambda case: replace(case, model=nn.Flatten()), "no trainable parameter"),
    "bad optimiser": (lambda case: replace(case, optimizer=lambda p: torch.optim.SGD(p, lr=-1.0)), "optimizer"),
    "a step with an argument": (lambda case: replace(case, optimizer=torch.optim.LBFGS), "cannot step by itself"),
    "on meta": (lambda case: replace(case, model=nn.Linear(FEATURES, CLASSES, device="meta")), "meta device"),
    "no module": (lambda case: replace(case, model=lambda x: x), "torch.nn.Module"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("fault", BROKEN)
def test_what_cannot_be_examined_is_told_in_one_sentence(fault: str) -> None:
    """A CaseError, which is a ValueError: one line that says what, where and what to do."""
    change, words = BROKEN[fault]
    with pytest.raises(CaseError, match=words) as told:
        examine(change(classify(stack(Two))), steps=2)
    assert "\n" not in str(told.value) and len(str(told.value)) < 400
