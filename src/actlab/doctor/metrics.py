"""How good a program's answers are where the case names no metric of its own; larger is better."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .node import tensors_in
from .records import Case, Diagnosis

Metric = Callable[[Any, Any], float]


def metric_of(case: Case, diagnosis: Diagnosis) -> tuple[Metric, str]:
    """The case's metric, or balanced accuracy where classes are uneven, accuracy for classes, else R²; and its name."""
    if case.metric is not None:
        return case.metric, getattr(case.metric, "__name__", "metric").replace("<lambda>", "metric")
    target = next(iter(tensors_in(next(iter(case.held_out or case.data))[1])), None)
    if target is None or (target.is_floating_point() and not bool(((target == 0) | (target == 1)).all())):
        return r_squared, "R²"
    if any(finding.name == "class-imbalance" for finding in diagnosis.findings):
        return balanced_accuracy, "balanced accuracy"
    return accuracy, "accuracy"


def _classes(output: Any, target: Tensor) -> tuple[Tensor, Tensor]:
    scores, target = tensors_in(output)[0], target.long()
    if scores.numel() == target.numel():
        scores = scores.reshape(target.shape)
        probabilities = bool(((scores >= 0) & (scores <= 1)).all())
        return (scores > (0.5 if probabilities else 0.0)).long(), target
    axis = 1 if scores.shape[0] == target.shape[0] and scores.shape[2:] == target.shape[1:] else -1
    return scores.argmax(axis), target


def accuracy(output: Any, target: Any) -> float:
    """The share of targets that the largest score names; one score names 1 above 0, a probability above a half."""
    predicted, actual = _classes(output, tensors_in(target)[0])
    return float((predicted == actual).double().mean())


def balanced_accuracy(output: Any, target: Any) -> float:
    """The mean over classes of the share of each that is named."""
    predicted, actual = _classes(output, tensors_in(target)[0])
    return float(torch.stack([(predicted[actual == c] == c).double().mean() for c in actual.unique()]).mean())


def r_squared(output: Any, target: Any) -> float:
    """1 - squared error / variance of the target."""
    predicted, actual = tensors_in(output)[0].double(), tensors_in(target)[0].double()
    error = (predicted.reshape(actual.shape) - actual).pow(2).mean()
    return float(1 - error / actual.var(unbiased=False).clamp_min(1e-300))
