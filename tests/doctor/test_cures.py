"""Each cure does what its diff says, on modules and on calls written in forward() or in the loss."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from tests.specimens.programs import (
    CLASSES,
    FEATURES,
    One,
    Two,
    batches,
    classify,
    decide,
    features,
    labels,
    regress,
    stack,
)
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.doctor import Case, Prescription
from actlab.doctor.cures import CURES, carry_out
from actlab.doctor.node import call_model
from actlab.doctor.passes import make_optimizer


def cured(case: Case, action: str, **settings: Any) -> Case:
    """The case after one cure, which must apply."""
    done = carry_out(case, [Prescription(action, (), "", {}, settings)])
    assert done is not None, action
    return done.case


def answers(case: Case) -> Tensor:
    """The model's output on the first batch, in training mode."""
    with torch.no_grad():
        return call_model(case.model, next(iter(case.data))[0])


class InForward(nn.Module):
    """Two layers with a call of the user's between and one after."""

    def __init__(self, between: Callable[[Tensor], Tensor], after: Callable[[Tensor], Tensor] = lambda x: x) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b = nn.Linear(FEATURES, 32), nn.Linear(32, CLASSES)
        self.between, self.after = between, after

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.b(self.between(self.a(x))))


def raw_scores(model: InForward, x: Tensor) -> Tensor:
    """What the model gives without its last call."""
    return model.b(model.between(model.a(x)))


def test_a_softmax_called_in_forward_is_skipped() -> None:
    """Only the last call of that function: the same one between the layers stays."""
    model = InForward(lambda x: torch.softmax(x, 1), lambda x: x.softmax(-1))
    case = classify(model)
    x = next(iter(case.data))[0]
    after = cured(case, "remove-output-activation", path="", op="softmax")
    assert torch.allclose(answers(after), raw_scores(model, x))


def test_a_softmax_called_in_the_loss_is_skipped() -> None:
    """The loss becomes cross-entropy of raw scores; the model is not touched."""
    case = classify(stack(Two), lambda o, t: F.cross_entropy(torch.softmax(o, 1), t))
    after = cured(case, "remove-output-activation", path="", op="softmax")
    scores, target = torch.randn(8, CLASSES), torch.arange(8) % CLASSES
    assert after.model is case.model
    assert torch.equal(after.loss(scores, target), F.cross_entropy(scores, target))


def test_an_axis_is_set_in_a_call() -> None:
    """softmax(x, dim=0) in forward() runs over the classes after the cure."""
    case = classify(InForward(torch.relu, lambda x: torch.log_softmax(x, 0)), F.nll_loss)
    after = cured(case, "set-dim", path="", op="log_softmax", dim=1)
    assert torch.allclose(answers(after).exp().sum(1), torch.ones(len(answers(after))), atol=1e-5)


def test_an_activation_called_in_forward_is_replaced() -> None:
    """F.relu takes the place of torch.sigmoid, and the weights are drawn with its gain."""
    model = InForward(torch.sigmoid)
    after = cured(
        classify(model), "replace-activation", paths=[""], kinds=["sigmoid"], to="relu", gain=math.sqrt(2), level=False
    )
    x = next(iter(after.data))[0]
    assert torch.allclose(answers(after), model.b(torch.relu(model.a(x))))
    assert float(model.a.bias.detach().abs().sum()) == 0


@pytest.mark.parametrize(
    ("op", "call"),
    [
        ("sqrt", lambda x: (x - x).sqrt()),
        ("log", lambda x: torch.log(torch.relu(x))),
        ("div", lambda x: x / (x - x).abs()),
        ("softmax", lambda x: torch.softmax(x.masked_fill(x > -9, -math.inf), -1)),
        ("exp", lambda x: torch.exp(x * 1e3)),
        ("pow", lambda x: (x - x) ** 0.5),
    ],
)
def test_a_call_that_breaks_is_guarded(op: str, call: Callable[[Tensor], Tensor]) -> None:
    """Value and gradient are finite after the cure and were not before (the canary)."""

    def finite(case: Case) -> bool:
        value, target = next(iter(case.data))
        case.model.zero_grad()
        loss = case.loss(call_model(case.model, value), target)
        loss.backward()
        grads = [p.grad for p in case.model.parameters() if p.grad is not None]
        return bool(torch.isfinite(loss)) and all(bool(torch.isfinite(g).all()) for g in grads)

    case = classify(InForward(call))
    assert not finite(case)
    assert finite(cured(case, "make-finite", path="", op=op))


@pytest.mark.parametrize(("op", "call"), [("detach", torch.detach), ("round", torch.round), ("sign", torch.sign)])
def test_a_blocked_gradient_is_opened(op: str, call: Callable[[Tensor], Tensor]) -> None:
    """The first layer gets a gradient; values stay what they were."""
    model = InForward(call)
    case = classify(model)
    before = answers(case)
    after = cured(case, "open-gradient", path="", op=op)
    assert torch.allclose(answers(after), before, atol=1e-6)
    after.loss(call_model(after.model, features()), labels(features())).backward()
    assert model.a.weight.grad is not None and float(model.a.weight.grad.abs().sum()) > 0


def test_a_rewritten_model_can_be_copied_and_saved() -> None:
    """deepcopy and state_dict work; the copy gives the same answers."""
    after = cured(
        classify(InForward(torch.relu, lambda x: x.softmax(-1))), "remove-output-activation", path="", op="softmax"
    )
    again = copy.deepcopy(after.model)
    again.load_state_dict(after.model.state_dict())
    x = features()[:8]
    assert torch.equal(again(x), after.model(x))


def test_only_dead_units_are_drawn_again() -> None:
    """Living units keep their weights to the last bit."""
    model = stack([FEATURES, 32, CLASSES])
    with torch.no_grad():
        model[0].bias[:5] = -50.0
    before = model[0].weight.detach().clone()
    case = cured(classify(model), "revive-units", paths=["0"], gain=math.sqrt(2))
    alive = model[0](features()).amax(0) > 0
    assert bool(alive.all()) and torch.equal(model[0].weight[5:], before[5:])
    assert not torch.equal(case.model.get_submodule("0").weight[:5], before[:5])


def test_gradients_are_clipped_before_the_step() -> None:
    """A gradient of norm above 1 moves plain descent by no more than its rate."""
    case = regress(stack(One), lambda y: 1e4 * y, optimizer=lambda p: torch.optim.SGD(p, lr=0.1))
    after = cured(case, "clip-gradient", norm=1.0)
    optimizer = make_optimizer(after)
    before = torch.cat([p.detach().flatten() for p in after.model.parameters()])
    value, target = next(iter(after.data))
    after.loss(after.model(value), target).backward()
    optimizer.step()
    moved = torch.cat([p.detach().flatten() for p in after.model.parameters()]) - before
    assert math.isclose(float(moved.norm()), 0.1, rel_tol=1e-3)


def test_a_scaled_loss_takes_the_same_step() -> None:
    """Larger loss, the gradient divided again before the step."""
    steps: list[Tensor] = []
    for action in ("scale-loss", "scale-learning-rate"):
        case = cured(classify(stack(Two), optimizer=lambda p: torch.optim.SGD(p, lr=0.1)), action, factor=1024.0)
        if action == "scale-learning-rate":
            case = cured(case, action, factor=1 / 1024.0)
        optimizer = make_optimizer(case)
        case.loss(case.model(features()), labels(features())).backward()
        optimizer.step()
        steps.append(torch.cat([p.detach().flatten() for p in case.model.parameters()]))
    assert torch.allclose(*steps, atol=1e-6)


def test_class_codes_are_classified_and_answered_as_codes() -> None:
    """Scores in training, codes in evaluation, so that the program's own metric still applies."""
    y = labels(features()).float()[:, None] + 1
    case = Case(stack(One), batches(features(), y), F.mse_loss)
    after = cured(case, "classify", lowest=1.0, classes=CLASSES)
    assert answers(after).shape == (64, CLASSES) and math.isfinite(float(after.loss(answers(after), y[:64])))
    after.model.eval()
    assert set(answers(after).unique().tolist()) <= {1.0, 2.0, 3.0, 4.0}


def test_missing_inputs_are_filled_in_at_prediction_too() -> None:
    """Data without gaps, and a model that answers gaps with finite numbers."""
    x = features()
    x[::7, 2] = math.nan
    after = cured(Case(stack(Two), batches(x, labels(features())), F.cross_entropy), "clean-data", where="input")
    assert all(bool(torch.isfinite(value).all()) for value, _ in after.data)
    assert bool(torch.isfinite(after.model(x)).all())


def test_samples_without_a_target_are_dropped() -> None:
    """The rest stays in order."""
    y = features()[:, :1].clone()
    y[:3] = math.nan
    after = cured(Case(stack(One), batches(features(), y), F.mse_loss), "clean-data", where="target")
    assert sum(len(target) for _, target in after.data) == len(y) - 3


def test_a_balanced_sampler_draws_classes_equally_often() -> None:
    """A class of 4 % becomes about half of two."""
    y = (torch.arange(1024) % 25 == 0).long()
    torch.manual_seed(0)
    after = cured(Case(stack([FEATURES, 2]), batches(features(), y), F.cross_entropy), "balanced-sampler")
    drawn = torch.cat([target for _, target in after.data])
    assert len(drawn) == 1024 and 0.4 < float(drawn.double().mean()) < 0.6


def test_a_loss_written_by_hand_is_recognised() -> None:
    """The library's own takes its place; a loss that is something else stays for a person."""

    def by_hand(o: Tensor, t: Tensor) -> Tensor:
        return -torch.log(o.exp() / o.exp().sum(1, keepdim=True))[torch.arange(len(t)), t].mean()

    assert cured(classify(stack(Two), by_hand), "stable-loss").loss is F.cross_entropy
    other = classify(stack(Two), lambda o, t: 3 * by_hand(o, t))
    assert carry_out(other, [Prescription("stable-loss", (), "", {}, {})]) is None


def test_an_activation_written_by_hand_is_recognised_by_its_values() -> None:
    """log(1 + exp(60 x)) / 60 becomes Softplus(60), finite for large inputs; an unknown function stays."""

    class ByHand(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.log(1 + torch.exp(60 * x)) / 60

    class Other(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.log(1 + torch.exp(x)) + x

    model = cured(classify(stack(Two, ByHand)), "stable-module", path="1").model
    assert math.isinf(float(ByHand()(torch.tensor(10.0)))) and float(model.get_submodule("1")(torch.tensor(10.0))) == 10
    other = classify(stack(Two, Other))
    assert carry_out(other, [Prescription("stable-module", (), "", {}, {"path": "1"})]) is None


def test_recurrence_is_gated_or_made_to_remember() -> None:
    """A GRU of the same sizes; an LSTM whose forget gates start open."""

    class Reads(nn.Module):
        def __init__(self, make: Any) -> None:
            super().__init__()
            self.cell, self.last = make(4, 8, batch_first=True), nn.Linear(8, CLASSES)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(self.cell(x.reshape(-1, 4, 4))[0][:, -1])

    gated = cured(classify(Reads(nn.RNN)), "gate-recurrence", path="cell")
    assert isinstance(gated.model.get_submodule("cell"), nn.GRU) and answers(gated).shape == (64, CLASSES)
    open_ = cured(classify(Reads(nn.LSTM)), "forget-bias", path="cell").model.get_submodule("cell")
    assert bool((open_.bias_ih_l0.chunk(4)[1] == 1).all()) and float(open_.bias_hh_l0.detach().abs().sum()) == 0


SMALL: Mapping[str, tuple[Callable[[], Case], dict[str, Any]]] = {
    "add-norm": (lambda: classify(stack(Two)), {"paths": ["0"]}),
    "prior-bias": (lambda: classify(stack(Two)), {"bias": [-1.0] * CLASSES}),
    "replace-output-activation": (
        lambda: regress(stack(One, last=nn.ReLU())),
        {"path": "3", "op": "relu", "to": "softplus"},
    ),
    "float32-weights": (lambda: classify(stack(Two).bfloat16()), {}),
    "use-bfloat16": (lambda: classify(stack(Two).half()), {}),
    "alpha-dropout": (lambda: classify(nn.Sequential(stack(Two), nn.Dropout(0.1))), {"paths": ["1"]}),
    "multi-label": (lambda: decide(stack(One)), {}),
    "scale-residual": (lambda: classify(stack(Two)), {"paths": ["0"], "factor": 0.5}),
}  # fmt: skip


@pytest.mark.parametrize("action", SMALL)
def test_the_program_still_runs_after_a_small_cure(action: str) -> None:
    """Finite loss, gradients for every weight."""
    make, settings = SMALL[action]
    after = cured(make(), action, **settings)
    value, target = next(iter(after.data))
    loss = after.loss(call_model(after.model, value), target)
    loss.backward()
    assert math.isfinite(float(loss.detach())) and all(p.grad is not None for p in after.model.parameters())


def test_a_cure_that_finds_no_place_leaves_it_to_a_person() -> None:
    """Canary: the call is not made, the module is not there."""
    for action, settings in (
        ("remove-output-activation", {"path": "", "op": "softmax"}),
        ("set-dim", {"path": "", "op": "softmax", "dim": 1}),
        ("make-finite", {"path": "", "op": "sqrt"}),
        ("revive-units", {"paths": ["7"], "gain": 1.0}),
        ("gate-recurrence", {"path": "0"}),
        ("forget-bias", {"path": "0"}),
        ("add-norm", {"paths": ["1"]}),
    ):
        assert CURES[action](classify(stack(Two)), settings) is None, action
