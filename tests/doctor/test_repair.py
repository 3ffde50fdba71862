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

from actlab.doctor import Case, examine, repair


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
    """The alarm is gone, held-out quality is better beyond noise, the curves have one point per epoch."""
    case = held_out(CURABLE[name]())
    found = examine(case)
    assert found.alarms[0].name == name
    before = [p.detach().clone() for p in case.model.parameters()]
    result = repair(case, found, epochs=8)
    assert result.accepted, result.verdict("en")
    assert result.changes and result.left == ()
    assert len(result.before.loss) == len(result.after.loss) == len(result.after.held_out) == 8
    assert all(torch.equal(a, b) for a, b in zip(before, case.model.parameters(), strict=True))
    assert result.model is not case.model
    assert result.verdict("zh").endswith("。") and json.dumps(result.to_json(), allow_nan=False)


def test_class_weights_are_judged_by_balanced_accuracy() -> None:
    """Accuracy would hide the rare class, so the metric changes with the finding."""
    case = rare_plain()
    result = repair(case, examine(case), epochs=3)
    assert result.after.metric_name == "balanced accuracy"
    assert result.changes[0].path == "loss"


def test_a_repair_that_does_not_help_is_not_accepted() -> None:
    """Canary: a cure for a fault that the program does not have proves nothing."""
    healthy = held_out(classify(stack(Two), optimizer=adam(1e-2)))
    sick = examine(held_out(classify(stack(Two, last=nn.Softmax(1)), optimizer=sgd(0.1))))
    result = repair(healthy, sick, epochs=3)
    assert not result.accepted


def test_what_only_a_person_can_change_is_advice() -> None:
    """A softmax written in the loss cannot be removed from outside; nothing is changed and nothing accepted."""

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(torch.softmax(output, 1), target)

    case = classify(stack(Two), loss)
    result = repair(case, examine(case), epochs=2)
    assert not result.accepted and result.changes == ()
    assert [advice.action for advice in result.advice] == ["remove-output-activation"]


def test_an_interrupt_keeps_what_is_known_and_puts_the_model_back() -> None:
    """Ctrl-C in the second training: both curves so far, not accepted, weights as before."""
    case = with_bias(-10.0)
    found = examine(case)
    before = [p.detach().clone() for p in case.model.parameters()]

    def stop(name: str, epoch: int, epochs: int) -> None:
        if name == "after" and epoch == 1:
            raise KeyboardInterrupt

    result = repair(case, found, epochs=2, progress=stop)
    assert result.interrupted and not result.accepted
    assert len(result.before.loss) == 2 and len(result.after.loss) == 1
    assert all(torch.equal(a, b) for a, b in zip(before, case.model.parameters(), strict=True))


def test_a_standardising_repair_carries_its_numbers_into_prediction() -> None:
    """The repaired model takes raw inputs: the mean and deviation are its buffers."""
    case = scaled_input(500.0)
    result = repair(case, examine(case), epochs=3)
    assert any(name.startswith("mean") for name, _ in result.model.named_buffers())
    x = features() * 500
    with torch.no_grad():
        right = (result.model(x).argmax(1) == labels(features())).float().mean()
    assert float(right) > 0.5


def test_data_are_split_the_same_way_for_both_trainings() -> None:
    """With nothing to change, both curves agree to the last digit."""
    case = Case(stack(Two), batches(features(), labels(features())), F.cross_entropy)
    result = repair(case, examine(case), epochs=2)
    assert result.before == result.after and result.changes == ()
