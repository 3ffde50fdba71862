"""The built-in tasks and their splits."""

from __future__ import annotations

import pytest
import torch

from actlab.study import TASKS, find_task

EVERY = pytest.mark.parametrize("name", TASKS)


@EVERY
def test_a_split_depends_on_the_seed_only(name: str) -> None:
    """Two splits with one seed are equal, so runs with one seed are paired; another seed splits differently."""
    first, again, other = (TASKS[name].split(seed) for seed in (5, 5, 6))
    for part, same in zip(first, again, strict=True):
        assert torch.equal(part.inputs, same.inputs) and torch.equal(part.targets, same.targets)
    assert not torch.equal(first.held_out.inputs, other.held_out.inputs)


@EVERY
def test_no_sample_is_in_two_parts(name: str) -> None:
    """Held-out samples are neither trained on nor used to choose the learning rate; none is lost."""
    task = TASKS[name]
    drawn = len(task.draw(torch.Generator().manual_seed(5)).targets)
    parts = task.split(5)
    rows = torch.cat([part.inputs for part in parts])
    repeated = drawn - len(torch.unique(task.draw(torch.Generator().manual_seed(5)).inputs, dim=0))
    assert len(rows) == drawn and len(rows) - len(torch.unique(rows, dim=0)) == repeated
    assert len(parts.held_out.targets) == pytest.approx(drawn / 5, abs=task.outputs)


@EVERY
def test_each_part_has_the_classes_in_the_same_shares(name: str) -> None:
    """A split cannot make a class rare by chance."""
    task = TASKS[name]
    if task.outputs == 1:
        assert all(part.targets.dtype == torch.float32 for part in task.split(5))
        return
    counts = torch.stack([torch.bincount(part.targets, minlength=task.outputs) for part in task.split(5)])
    expected = torch.outer(torch.tensor([0.6, 0.2, 0.2]), counts.sum(0).float())
    assert counts.shape[1] == task.outputs and float((counts - expected).abs().max()) <= 1


@EVERY
def test_inputs_are_standardised_by_the_training_part(name: str) -> None:
    """Mean 0 and variance 1 in training (constant inputs 0), and not exactly so elsewhere: nothing leaks."""
    training, validation, _ = TASKS[name].split(5)
    deviations = training.inputs.double().std(0, correction=0)
    assert float(training.inputs.double().mean(0).abs().max()) < 1e-5
    assert bool(torch.isclose(deviations, (deviations > 0).double(), atol=1e-5).all())
    assert float(validation.inputs.double().mean(0).abs().max()) > 1e-3


@EVERY
def test_a_task_is_described_in_both_languages(name: str) -> None:
    """Each summary is one sentence in its language."""
    task = TASKS[name]
    assert task.summary("en").endswith(".") and task.summary("zh").endswith("。")
    assert task.name == name and task.metric.names["en"] and task.metric.names["zh"]


@pytest.mark.parametrize(("name", "said"), [("digit", "did you mean digits"), ("mnist3000", "the tasks are digits")])
def test_an_unknown_task_is_refused_with_the_nearest_names(name: str, said: str) -> None:
    """The message says what can be written instead."""
    with pytest.raises(ValueError, match=said):
        find_task(name)
