"""What a recognised loss call says: what feeds it, what its target looks like, what the best constant would reach."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .calls import REGRESSION_LOSSES
from .node import Node
from .numbers import LossNumbers, Producer
from .passes import LossCalls
from .shapes import Shape
from .structure import producers

CLASS_LOSSES = ("cross_entropy", "nll_loss")
BINARY_LOSSES = ("binary_cross_entropy", "binary_cross_entropy_with_logits")
FEW = 50  # distinct integer values up to which a target may be class codes


def recompute(calls: LossCalls) -> list[float]:
    """The loss per batch with reduction "mean", whatever reduction the program used."""
    function = calls.node.arguments.get("function")
    options = _options(calls.node)
    if function is None:
        return calls.values
    try:
        return [
            float(function(given, target, **options)) for given, target in zip(calls.inputs, calls.targets, strict=True)
        ]
    except (RuntimeError, TypeError, ValueError):
        return calls.values


def _options(node: Node) -> dict[str, Any]:
    skipped = ("function", "input", "target", "size_average", "reduce")
    options = {k: v for k, v in node.arguments.items() if k not in skipped and not k.startswith("arg")}
    return {**options, "reduction": "mean"}


def standard_error(values: list[float]) -> float:
    """The standard error of the mean of per-batch losses; a tenth of the mean when there is one batch only."""
    if len(values) < 2:
        return 0.01 * abs(values[0]) if values else 0.0
    mean = sum(values) / len(values)
    return math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1) / len(values))


def trivial_loss(calls: LossCalls) -> float | None:
    """What the best output that ignores the input would reach; None where that is not known."""
    name = calls.node.op
    target = _join(calls.targets)
    if target is None:
        return None
    options = _options(calls.node)
    if name in CLASS_LOSSES and not target.is_floating_point():
        counts = _class_counts(target, calls, options)
        weight = options.get("weight")
        mass = counts.double() * (weight.detach().double().cpu() if isinstance(weight, Tensor) else 1.0)
        share = mass / mass.sum() if float(mass.sum()) > 0 else mass
        return float(-(share * share.clamp_min(1e-300).log()).sum())
    if name == "cross_entropy":
        share = target.double().movedim(1, -1).flatten(0, -2).mean(0) if target.dim() > 1 else target.double()
        return float(-(share * share.clamp_min(1e-300).log()).sum())
    if name in BINARY_LOSSES:
        share = target.double().reshape(target.shape[0], -1).mean(0)
        weight = options.get("pos_weight")
        up = weight.detach().double().cpu().flatten() if isinstance(weight, Tensor) else torch.ones(1).double()
        best = (up * share / (up * share + 1 - share)).clamp(1e-12, 1 - 1e-12)
        return float(-(up * share * best.log() + (1 - share) * (1 - best).log()).mean())
    if name in REGRESSION_LOSSES and target.is_floating_point():
        centre = target.double().mean(0, keepdim=True)
        if name == "l1_loss":
            centre = target.double().median(0, keepdim=True).values
        function = calls.node.arguments["function"]
        return float(function(centre.expand_as(target).to(target.dtype), target, **options))
    return None


def _join(targets: list[Tensor]) -> Tensor | None:
    try:
        return torch.cat([t.detach().cpu().reshape(-1) if t.dim() == 0 else t.detach().cpu() for t in targets])
    except RuntimeError:
        return None


def _class_counts(target: Tensor, calls: LossCalls, options: dict[str, Any]) -> Tensor:
    ids = target.flatten()
    ids = ids[(ids != options.get("ignore_index", -100)) & (ids >= 0)]
    given = calls.inputs[0]
    classes = given.shape[1] if given.dim() > 1 else given.shape[0]
    return torch.bincount(ids, minlength=classes)[:classes]


def class_counts_and_recall(calls: LossCalls) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Samples per class and the share of each that is predicted right; for one binary output two classes."""
    target, given = _join(calls.targets), _join(calls.inputs)
    if target is None or given is None or target.numel() == 0:
        return (), ()
    name = calls.node.op
    if name in CLASS_LOSSES and not target.is_floating_point() and given.dim() > 1:
        predicted, actual, classes = given.argmax(1).flatten(), target.flatten(), given.shape[1]
    elif name in BINARY_LOSSES and given.numel() == target.numel() and given.shape[1:].numel() == 1:
        limit = 0.0 if name.endswith("logits") else 0.5
        predicted, actual, classes = (given > limit).long().flatten(), (target > 0.5).long().flatten(), 2
    elif name == "cross_entropy" and given.dim() == 2 and target.shape == given.shape:
        predicted, actual, classes = given.argmax(1), target.argmax(1), given.shape[1]
    else:
        return (), ()
    counts = torch.bincount(actual[actual >= 0], minlength=classes)[:classes]
    recall = [
        float((predicted[actual == c] == c).double().mean()) if int(counts[c]) else math.nan for c in range(classes)
    ]
    return tuple(int(c) for c in counts), tuple(recall)


def describe(node: Node, shapes: dict[tuple[str, str, int], Shape | None]) -> Producer:
    """A call as the loss rules see it."""
    axis = _axis(node)
    out = node.out
    size = out.shape[axis] if out is not None and axis is not None and -out.dim() <= axis < out.dim() else None
    shape = shapes.get(node.key)
    low, high = (shape.low, shape.high) if shape is not None else (-math.inf, math.inf)
    if node.role == "softmax":
        low, high = 0.0, 1.0
    positive = axis % out.dim() if out is not None and axis is not None and out.dim() else axis
    implicit = node.role in ("softmax", "log_softmax") and _given_dim(node) is None
    rank = out.dim() if out is not None else 0
    return Producer(node.op, node.role, node.path, positive, size, low, high, implicit, rank)


def _given_dim(node: Node) -> int | None:
    dim = node.arguments.get("dim", node.arguments.get("arg1"))
    return dim if isinstance(dim, int) and not isinstance(dim, bool) else None


def _axis(node: Node) -> int | None:
    """The axis of a softmax; torch's own choice (0 for 0, 1 and 3 dimensions, else 1) when none was given."""
    if node.role not in ("softmax", "log_softmax"):
        return None
    dim = _given_dim(node)
    if dim is None and node.out is not None:
        return 0 if node.out.dim() in (0, 1, 3) else 1
    return dim


def loss_numbers(
    start: LossCalls, end: LossCalls | None, later: LossCalls | None, shapes: dict[tuple[str, str, int], Shape | None]
) -> LossNumbers:
    """Everything the rules ask about one loss call."""
    node = start.node
    given_node = next((p for p in node.parents if p.data), None)
    chain = tuple(describe(p, shapes) for p in producers(given_node)) if given_node is not None else ()
    given, target = start.inputs[0].cpu(), _join(start.targets)
    values = recompute(start)
    counts, recall = class_counts_and_recall(start)
    low, high, mean, std, distinct, outside, row_sum = math.nan, math.nan, 0.0, 1.0, 0, 0.0, 1.0
    kind = "classes"
    codes = False
    if target is not None and target.is_floating_point() and target.numel():
        numbers = target.double()
        finite = numbers[torch.isfinite(numbers)]
        if finite.numel():
            low, high, mean = float(finite.min()), float(finite.max()), float(finite.mean())
            std = float(finite.std(unbiased=False))
            values_seen = finite.unique()
            distinct = int(values_seen.numel())
            integral = bool((finite == finite.round()).all())
            kind = "binary" if integral and low >= 0 and high <= 1 else "numbers"
            codes = integral and _looks_like_codes(finite, values_seen)
        if chain:
            slack = 1e-6 * max(1.0, abs(low), abs(high))
            outside = float(((numbers < chain[0].low - slack) | (numbers > chain[0].high + slack)).double().mean())
        if numbers.dim() > 1:
            row_sum = float(numbers.movedim(1, -1).sum(-1).sub(1).abs().max())
    return LossNumbers(
        name=node.op,
        producers=chain,
        input_shape=tuple(given.shape),
        target_shape=tuple(start.targets[0].shape),
        rows_sum_to_one=_rows_sum_to_one(given, node.op),
        probabilities=_probabilities(given),
        target_kind=kind,
        outside=outside,
        target_low=low,
        target_high=high,
        distinct=distinct,
        rows_target_sum=row_sum,
        counts=counts,
        counted=bool(counts),
        weighted=any(isinstance(_options(node).get(k), Tensor) for k in ("weight", "pos_weight")),
        trivial=trivial_loss(start),
        start=_mean(values),
        end=_mean(recompute(end)) if end is not None else math.nan,
        standard_error=standard_error(values),
        recall_start=recall,
        recall_end=class_counts_and_recall(end)[1] if end is not None else (),
        recall_later=class_counts_and_recall(later)[1] if later is not None else (),
        balanced_codes=codes,
        target_mean=mean,
        target_std=std,
    )


def _looks_like_codes(values: Tensor, distinct: Tensor) -> bool:
    """Whether whole numbers look like class codes: 0..K-1 or 1..K without gaps, 3 to FEW of them, all about as common.

    About as common: the entropy is at least 0.95 of its largest; counts and ratings pile up instead.
    """
    number = int(distinct.numel())
    if not 3 <= number <= FEW or float(distinct[0]) not in (0.0, 1.0):
        return False
    if float(distinct[-1] - distinct[0]) != number - 1:
        return False
    share = torch.bincount((values - distinct[0]).long().flatten()).double()
    share = share / share.sum()
    return float(-(share * share.clamp_min(1e-300).log()).sum()) > 0.95 * math.log(number)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _probabilities(given: Tensor) -> bool:
    """Whether scores are non-negative and sum to 1 over the classes: a softmax, however it is written."""
    if given.dim() < 2 or given.shape[1] < 2 or not given.is_floating_point():
        return False
    return bool((given >= 0).all()) and bool(((given.double().sum(1) - 1).abs() < 1e-4).all())


def _rows_sum_to_one(given: Tensor, name: str) -> bool:
    if given.dim() < 2 or name not in CLASS_LOSSES:
        return True
    rows = given.double().exp() if name == "nll_loss" else F.softmax(given.double(), 1)
    return bool(((rows.sum(1) - 1).abs() < 1e-3).all())
