"""Cures of the loss, the data and the step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .batches import joined, part
from .inputs import Standardise, feature_axis, mapped
from .node import tensors_in
from .records import Case, adam
from .structure_cures import remove_output
from .weight_cures import Settings
from .wrappers import Coded, Filled, Rescaled, Standardised

FAMILIAR: tuple[Callable[[Tensor, Tensor], Tensor], ...] = (
    F.cross_entropy,
    F.binary_cross_entropy_with_logits,
    F.nll_loss,
    F.binary_cross_entropy,
)


def standardise_inputs(case: Case, settings: Settings) -> Case | None:
    """Standardise inputs inside the model."""
    scales = Standardise([(value, None) for value, _ in islice(iter(case.data), 64)]).scales
    return replace(case, model=Standardised(case.model, scales)) if scales else None


def standardise_targets(case: Case, settings: Settings) -> Case | None:
    """Train on the standardised target; the model answers in the target's units."""
    mean, std, inner = float(settings["mean"]), float(settings["std"]), case.loss

    def loss(output: Tensor, target: Any) -> Tensor:
        return inner((output - mean) / std, mapped(target, lambda t: (t - mean) / std))

    return replace(case, model=Rescaled(case.model, mean, std), loss=loss)


def clean_data(case: Case, settings: Settings) -> Case | None:
    """Missing inputs filled in with the feature's mean inside the model; samples whose target is missing dropped."""
    if settings["where"] == "target":
        return replace(case, data=Finite(case.data))
    columns = [[t for t in tensors_in(v) if t.is_floating_point() and t.dim() > 1] for v, _ in islice(case.data, 64)]
    means: list[Tensor] = []
    for parts in zip(*columns, strict=False):
        rows = torch.cat([t.movedim(feature_axis(t), -1).flatten(0, -2) for t in parts])
        means.append(torch.where(torch.isfinite(rows), rows, torch.nan).nanmean(0).nan_to_num())
    if not means:
        return None
    model = Filled(case.model, means)
    return replace(case, model=model, data=Finite(case.data, model.completed))


class Finite:
    """The batches of `data` with inputs completed, without the samples whose target is not finite."""

    def __init__(self, data: Iterable[tuple[Any, Any]], completed: Callable[[Any], Any] = lambda value: value) -> None:
        self._data, self._completed = data, completed

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for given, target in self._data:
            value = self._completed(given)
            whole = [
                torch.isfinite(t).flatten(1).all(1) if t.dim() > 1 else torch.isfinite(t) for t in tensors_in(target)
            ]
            rows = torch.stack(whole).all(0).nonzero().flatten()
            if len(rows):
                yield part(value, rows), part(target, rows)


def use_cross_entropy(case: Case, settings: Settings) -> Case | None:
    """CrossEntropyLoss on raw scores."""
    cured = remove_output(case, settings) if settings["op"] else case
    return None if cured is None else replace(cured, loss=F.cross_entropy)


def one_unit(case: Case, settings: Settings) -> Case | None:
    """The loss of a sigmoid on raw scores, for one unit."""
    cured = remove_output(case, settings) if settings["op"] != "cross_entropy" else case
    if cured is None:
        return None

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(output, target.reshape(output.shape).to(output.dtype))

    return replace(cured, loss=loss)


def match_shapes(case: Case, settings: Settings) -> Case | None:
    """The target in the output's shape."""
    inner = case.loss
    return replace(case, loss=lambda output, target: inner(output, target.reshape(output.shape)))


def multi_label(case: Case, settings: Settings) -> Case | None:
    """One sigmoid per label."""
    return replace(case, loss=F.binary_cross_entropy_with_logits)


def classify(case: Case, settings: Settings) -> Case | None:
    """One output per class code and cross-entropy; in evaluation the model answers with the code."""
    lowest, classes = settings["lowest"], settings["classes"]
    heads = [(path, m) for path, m in case.model.named_modules() if isinstance(m, nn.Linear)]
    if not heads or heads[-1][1].out_features != 1 or not heads[-1][0]:
        return None
    path, head = heads[-1]
    parent, _, name = path.rpartition(".")
    wide = nn.Linear(head.in_features, classes, len(list(head.parameters())) > 1).to(head.weight)
    setattr(case.model.get_submodule(parent), name, wide)

    def loss(scores: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(scores, (target.reshape(scores.shape[0]) - lowest).round().long())

    return replace(case, model=Coded(case.model, lowest), loss=loss)


def stable_loss(case: Case, settings: Settings) -> Case | None:
    """A hand-written loss replaced by the library's, where both agree on the data to four digits."""
    value, target = next(iter(case.data))
    scores = torch.tanh(torch.randn_like(_first(case, value)))
    for familiar in FAMILIAR:
        try:
            mine, theirs = float(case.loss(scores, target)), float(familiar(scores, target))
        except (RuntimeError, TypeError, ValueError, IndexError):
            continue
        if abs(mine - theirs) <= 1e-4 * abs(theirs):
            return replace(case, loss=familiar)
    return None


def _first(case: Case, value: Any) -> Tensor:
    from .node import call_model

    with torch.no_grad():
        return tensors_in(call_model(case.model, value))[0]


def class_weights(case: Case, settings: Settings) -> Case | None:
    """Classes weighted inversely to their counts."""
    weights = torch.tensor(settings["weights"], dtype=torch.float32)
    ratio = settings["pos_weight"]
    name = settings["loss"]
    if name == "binary_cross_entropy_with_logits":
        return replace(case, loss=lambda o, t: F.binary_cross_entropy_with_logits(o, t, pos_weight=torch.tensor(ratio)))
    if name == "nll_loss":
        return replace(case, loss=lambda o, t: F.nll_loss(o, t, weight=weights.to(o.dtype)))
    if name == "cross_entropy" and all(len(tensors_in(target)) == 1 for _, target in islice(iter(case.data), 1)):
        return replace(case, loss=lambda o, t: F.cross_entropy(o, t, weight=weights.to(o.dtype)))
    return None


class Balanced:
    """The batches of `data` with their samples drawn anew each time, every class equally often."""

    def __init__(self, data: Iterable[tuple[Any, Any]]) -> None:
        self._data = data

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        batches = list(self._data)
        values, targets = joined([v for v, _ in batches]), joined([t for _, t in batches])
        labels = tensors_in(targets)[0].reshape(-1).long()
        draw = torch.multinomial(1.0 / torch.bincount(labels).clamp_min(1)[labels], len(labels), replacement=True)
        for rows in draw.split(len(tensors_in(batches[0][1])[0])):
            yield part(values, rows), part(targets, rows)


def balanced_sampler(case: Case, settings: Settings) -> Case | None:
    """Rare classes drawn as often as common ones; for one label per sample."""
    target = tensors_in(next(iter(case.data))[1])
    if len(target) != 1 or target[0].numel() != target[0].shape[0]:
        return None
    return replace(case, data=Balanced(case.data))


def _stepping(case: Case, change: Callable[[torch.optim.Optimizer], None]) -> Case:
    """The case with something done to each optimiser it makes."""
    make = case.optimizer or adam

    def changed(parameters: Iterable[Any]) -> torch.optim.Optimizer:
        optimizer = make(parameters)
        change(optimizer)
        return optimizer

    return replace(case, optimizer=changed)


def _gradients(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]


def scale_learning_rate(case: Case, settings: Settings) -> Case | None:
    """Every step times a factor."""

    def scale(optimizer: torch.optim.Optimizer) -> None:
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * float(settings["factor"])

    return _stepping(case, scale)


def clip_gradient(case: Case, settings: Settings) -> Case | None:
    """The gradient's norm clipped before each step."""

    def clip(optimizer: torch.optim.Optimizer) -> None:
        def limit(o: torch.optim.Optimizer, *_: Any) -> None:
            nn.utils.clip_grad_norm_(_gradients(o), settings["norm"])

        optimizer.register_step_pre_hook(limit)

    return _stepping(case, clip)


def scale_loss(case: Case, settings: Settings) -> Case | None:
    """The loss times a factor, the gradient divided by it before the step, so that small gradients survive half
    precision."""
    factor, inner = float(settings["factor"]), case.loss

    def unscale(optimizer: torch.optim.Optimizer) -> None:
        def divide(o: torch.optim.Optimizer, *_: Any) -> None:
            with torch.no_grad():
                for parameter in _gradients(o):
                    parameter.grad.div_(factor)  # type: ignore[union-attr]

        optimizer.register_step_pre_hook(divide)

    return replace(_stepping(case, unscale), loss=lambda output, target: inner(output, target) * factor)
