"""`repair` cures a copy, trains both alike, and accepts only what is better on data that training did not see."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from tests.specimens.programs import (
    CLASSES,
    FEATURES,
    One,
    Two,
    adam,
    batches,
    classify,
    features,
    labels,
    rare_plain,
    regress,
    scaled_input,
    sgd,
    stack,
    with_bias,
)
from torch import Tensor, nn
from torch.nn import functional as F

from actlab.doctor import Case, CaseError, examine, repair
from actlab.doctor.repair import reseed
from actlab.doctor.trainings import margin


def held_out(case: Case) -> Case:
    """The case with its last quarter of batches held out."""
    data = list(case.data)
    cut = len(data) * 3 // 4
    return replace(case, data=data[:cut], held_out=data[cut:])


CURABLE: dict[str, Callable[[], Case]] = {
    "dead-units": lambda: replace(with_bias(-10.0), optimizer=adam(1e-2)),
    "vanishing-gradient": lambda: classify(stack([FEATURES, *[32] * 8, CLASSES], nn.Sigmoid), optimizer=adam(3e-3)),
    "linear-collapse": lambda: regress(stack([FEATURES, 32, 32, 1], None), optimizer=adam(1e-2)),
    "softmax-before-cross-entropy": lambda: classify(stack(Two, last=nn.Softmax(1)), optimizer=sgd(0.1)),
    "learning-rate-too-high": lambda: classify(stack([FEATURES, 32, 32, CLASSES]), optimizer=adam(1.0)),
    "target-scale": lambda: regress(stack(One), lambda y: y + 1000, optimizer=adam(1e-2)),
    "input-scale": lambda: scaled_input(500.0),
    "output-range": lambda: regress(stack(One, last=nn.Tanh()), lambda y: 5 * y, optimizer=adam(1e-2)),
}


@pytest.mark.parametrize("name", CURABLE)
def test_a_curable_program_is_cured_and_the_proof_accepted(name: str) -> None:
    """The alarm is gone, the repaired arm beats both controls over three seeds, and the user's model is untouched."""
    case = held_out(CURABLE[name]())
    found = examine(case)
    assert found.alarms[0].name == name
    before = [p.detach().clone() for p in case.model.parameters()]
    result = repair(case, found, epochs=8)
    assert result.accepted, result.verdict("en")
    assert result.changes and result.left == ()
    assert len(result.before.loss) == len(result.after.loss) == len(result.after.held_out) == 8
    assert [(arm.name, len(arm.seeds)) for arm in result.arms] == [
        ("no repair", 3),
        ("new seed only", 3),
        ("repaired", 3),
    ]
    assert [m.control for m in result.margins] == ["no repair", "new seed only"] and all(
        m.better for m in result.margins
    )
    assert result.tried[-1].outcome == "proved"
    assert all(torch.equal(a, b) for a, b in zip(before, case.model.parameters(), strict=True))
    assert result.model is not case.model
    assert result.verdict("zh").endswith("。") and json.dumps(result.to_json(), allow_nan=False)


def test_two_faults_are_cured_one_upon_the_other() -> None:
    """The first cure clears its alarm and is kept while the second fault's cures are tried; both are in the changes."""
    x = features()
    model = stack([FEATURES, 32, 32, CLASSES], last=nn.Softmax(1))
    nn.init.constant_(model[2].bias, -10.0)
    case = held_out(Case(model, batches(x, labels(x)), F.cross_entropy, optimizer=adam(1e-2)))
    result = repair(case, examine(case), epochs=4)
    assert result.accepted, result.verdict("en")
    assert {change.path for change in result.changes} >= {"5", "2.bias"}
    assert [attempt.outcome for attempt in result.tried] == ["kept", "proved"]


def test_applying_a_repair_changes_the_users_own_model_and_nothing_did_before() -> None:
    """`apply` carries the cures out on the model given to `examine`, whose alarms are then gone."""
    case = held_out(with_bias(-10.0))
    result = repair(case, examine(case), epochs=3)
    assert result.accepted and bool((case.model[2].bias == -10.0).all())
    cured = result.apply()
    assert cured.model is case.model and bool((case.model[2].bias == 0).all())
    assert examine(cured).healthy


def test_class_imbalance_is_judged_by_balanced_accuracy() -> None:
    """Accuracy would hide the rare class, so the metric changes with the finding."""
    case = rare_plain()
    result = repair(case, examine(case), epochs=2)
    assert result.after.metric_name == "balanced accuracy"
    assert result.tried[0].prescription.changes[0].path == "loss"


def test_a_repair_that_does_not_help_is_rolled_back() -> None:
    """Canary: cures for a fault that the program does not have prove nothing; no change is left, nothing to apply."""
    healthy = held_out(classify(stack(Two), optimizer=adam(1e-2)))
    sick = examine(held_out(classify(stack(Two, last=nn.Softmax(1)), optimizer=sgd(0.1))))
    result = repair(healthy, sick, epochs=2)
    assert not result.accepted and result.changes == () and result.before == result.after
    with pytest.raises(CaseError, match="no verified repair"):
        result.apply()


def test_a_healthy_program_is_trained_as_it_is() -> None:
    """No alarm, nothing tried, nothing changed."""
    case = held_out(classify(stack(Two), optimizer=adam(1e-2)))
    result = repair(case, examine(case), epochs=1)
    assert not result.accepted and result.tried == () and result.before == result.after
    assert "nothing to repair" in result.verdict("en")


def test_a_loss_that_reads_the_model_can_be_repaired() -> None:
    """An activity penalty reads what the forward pass left on the user's model; held-out loss is then not judged."""

    class Remembers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.a, self.b = nn.Linear(FEATURES, 32), nn.Linear(32, CLASSES)
            nn.init.constant_(self.a.bias, -20.0)

        def forward(self, x: Tensor) -> Tensor:
            self.h = torch.relu(self.a(x))
            return self.b(self.h)

    model = Remembers()
    case = classify(model, lambda o, t: F.cross_entropy(o, t) + 1e-3 * model.h.abs().mean(), optimizer=adam(1e-2))
    result = repair(case, examine(case), epochs=4)
    assert result.accepted, result.verdict("en")
    assert result.margins[0].by == "metric" and not hasattr(model, "h")


def test_a_lucky_seed_is_no_repair() -> None:
    """Canary: a repaired arm that is ahead of "no repair" but not of "new seed only" is not better than chance."""
    repaired, unrepaired = [[0.9, 0.9, 0.9]] * 3, [[0.5, 0.5, 0.5]] * 3
    lucky = [[0.4, 0.4, 0.4], [0.95, 0.95, 0.95], [0.9, 0.9, 0.9]]
    assert margin("no repair", "metric", repaired, unrepaired).better
    assert not margin("new seed only", "metric", repaired, lucky).better
    assert margin("no repair", "loss", unrepaired, repaired).better


def test_what_only_a_person_can_change_is_advice() -> None:
    """Weights that are no modules have no place for an activation; nothing is changed and nothing accepted."""

    class Bare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.a, self.b = nn.Parameter(torch.randn(32, FEATURES) / 4), nn.Parameter(torch.randn(CLASSES, 32) / 6)

        def forward(self, x: Tensor) -> Tensor:
            return F.linear(F.linear(x, self.a), self.b)

    case = classify(Bare())
    result = repair(case, examine(case), epochs=1)
    assert not result.accepted and result.changes == ()
    assert [advice.action for advice in result.advice] == ["insert-activations"]


def test_an_interrupt_keeps_what_is_known_and_puts_the_model_back() -> None:
    """Ctrl-C in the repaired arm: both curves so far, not accepted, weights as before."""
    case = with_bias(-10.0)
    found = examine(case)
    before = [p.detach().clone() for p in case.model.parameters()]

    def stop(name: str, epoch: int, epochs: int) -> None:
        if name == "after" and epoch == 1:
            raise KeyboardInterrupt

    result = repair(case, found, epochs=2, progress=stop)
    assert result.interrupted and not result.accepted and result.changes == ()
    assert len(result.before.loss) == 2 and len(result.after.loss) == 1
    assert [arm.name for arm in result.arms] == ["no repair", "new seed only"]
    assert all(torch.equal(a, b) for a, b in zip(before, case.model.parameters(), strict=True))


def test_a_standardising_repair_carries_its_numbers_into_prediction() -> None:
    """The repaired model takes raw inputs: the mean and deviation are its buffers."""
    case = scaled_input(500.0)
    result = repair(case, examine(case), epochs=3)
    assert result.accepted
    assert any(name.startswith("mean") for name, _ in result.model.named_buffers())
    x = features() * 500
    with torch.no_grad():
        right = (result.model(x).argmax(1) == labels(features())).float().mean()
    assert float(right) > 0.5


def test_a_new_seed_keeps_what_the_initialisation_is() -> None:
    """Constants, biases, orthogonality and singular values survive the reshuffling; the function does not."""
    torch.manual_seed(0)
    square, flat = nn.Linear(16, 16), nn.Linear(16, 4)
    nn.init.orthogonal_(square.weight)
    nn.init.constant_(flat.weight, 0.05)
    nn.init.constant_(square.bias, -10.0)
    model = nn.Sequential(square, flat)
    old = square.weight.detach().clone()
    reseed(model, 1)
    assert not torch.equal(square.weight, old)
    assert torch.allclose(square.weight @ square.weight.T, torch.eye(16), atol=1e-5)
    assert bool((flat.weight == 0.05).all()) and bool((square.bias == -10.0).all())
