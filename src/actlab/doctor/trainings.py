"""One training of a case and what it reaches on data it has not seen; and how sure a difference between two sets is."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from statistics import median
from typing import Any

import torch
from torch import nn

from .batches import joined, part
from .metrics import Metric
from .node import call_model, tensors_in
from .passes import forward, make_optimizer, set_seed
from .records import Case, Curve, Margin

BLOCKS = 10  # parts of the held-out data over which the spread of a difference is taken
WINDOW = 64  # batches held in memory to draw their order from
HELD_BACK = 4  # of a list of batches every fourth is held out where the case names no held-out data


@dataclass
class Training:
    """One training: losses and held-out metric per epoch, and its answers to the held-out data, None until its end."""

    loss: list[float] = field(default_factory=list[float])
    held_out: list[float] = field(default_factory=list[float])
    answers: tuple[Any, Any] | None = None

    def judged(self, by: Metric) -> list[float]:
        """A metric or loss of the answers: over all, then over each part of the held-out data."""
        if self.answers is None:
            return []
        return [_score(by, *self.answers), *_by_blocks(by, *self.answers)]

    def curve(self, metric: str) -> Curve:
        """Losses and held-out metric as a record."""
        return Curve(tuple(self.loss), tuple(self.held_out), metric)


def split(case: Case) -> Case:
    """The case with data held out: its own, else every fourth batch of a list; other data are judged as trained on."""
    data = case.data
    if case.held_out is not None or not isinstance(data, Sequence) or len(data) < HELD_BACK:
        return case
    return replace(
        case,
        data=[batch for i, batch in enumerate(data) if i % HELD_BACK != HELD_BACK - 1],  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        held_out=data[HELD_BACK - 1 :: HELD_BACK],
    )


def train(
    case: Case,
    epochs: int,
    seed: int,
    into: Training,
    metric: Metric,
    *,
    told: Callable[[int], None] = lambda epoch: None,
) -> None:
    """Train the case's model as it stands and write down what it reaches; `into` is filled as the training goes.

    The order of the batches, within windows of 64, is drawn from the seed, alike for every training with it. told:
    called with the number of finished epochs.
    """
    set_seed(seed)
    order = torch.Generator().manual_seed(seed)
    optimizer = make_optimizer(case)
    answers: tuple[Any, Any] = (None, None)
    for epoch in range(epochs):
        told(epoch)
        case.model.train()
        losses: list[float] = []
        for value, target in _shuffled(case.data, order):
            optimizer.zero_grad(set_to_none=True)
            _, loss = forward(case, value, target)
            losses.append(float(loss.detach()))
            if loss.requires_grad:
                loss.backward()
                optimizer.step()
            if not math.isfinite(losses[-1]):
                break
        into.loss.append(sum(losses) / max(len(losses), 1))
        answers = predict(case.model, case.held_out if case.held_out is not None else case.data)
        into.held_out.append(_score(metric, *answers))
        if not math.isfinite(into.loss[-1]) and _broken(case.model):  # no further step can mend it
            left = epochs - epoch - 1
            into.loss += [math.nan] * left
            into.held_out += [into.held_out[-1]] * left
            break
    into.answers = answers
    case.model.train()
    told(epochs)


def _shuffled(data: Iterable[tuple[Any, Any]], order: torch.Generator) -> Iterator[tuple[Any, Any]]:
    batches = iter(data)
    while window := list(islice(batches, WINDOW)):
        yield from (window[i] for i in torch.randperm(len(window), generator=order).tolist())


def _broken(model: nn.Module) -> bool:
    return any(not bool(torch.isfinite(p).all()) for p in model.parameters())


def predict(model: nn.Module, data: Iterable[tuple[Any, Any]]) -> tuple[Any, Any]:
    """Outputs in evaluation mode and targets, all batches together."""
    model.eval()
    outputs: list[Any] = []
    targets: list[Any] = []
    with torch.no_grad():
        for value, target in data:
            outputs.append(call_model(model, value))
            targets.append(target)
    return joined(outputs), joined(targets)


def _score(metric: Metric, output: Any, target: Any) -> float:
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # a part of the data may lack a class
            return float(metric(output, target))
    except Exception:  # a user's loss may ask for what only a forward pass leaves behind
        return math.nan


def _by_blocks(metric: Metric, output: Any, target: Any) -> list[float]:
    first = next(iter(tensors_in(target)), None)
    if first is None or first.dim() == 0 or first.shape[0] < 2 * BLOCKS:
        return [_score(metric, output, target)]
    try:
        return [
            _score(metric, part(output, rows), part(target, rows))
            for rows in (torch.arange(i, first.shape[0], BLOCKS) for i in range(BLOCKS))
        ]
    except IndexError:  # the output's first axis is not the samples
        return [_score(metric, output, target)]


def margin(control: str, by: str, repaired: Sequence[list[float]], unrepaired: Sequence[list[float]]) -> Margin:
    """How much better the repaired trainings are, seed by seed; by: "metric" or "loss", as `Training.judged` told them.

    Its standard error joins two sources of chance: the spread of the difference over seeds, and over the parts of the
    held-out data. A control that is not finite loses to a repaired training that is; differences above twice their
    median count as that, lest one control that diverged widens the error until nothing can be proved.
    """
    sign = 1 if by == "metric" else -1
    if not repaired or not unrepaired or not all(math.isfinite(values[0]) for values in repaired):
        return Margin(control, by, math.nan, math.nan)
    finite = [
        sign * (ours[0] - theirs[0])
        for ours, theirs in zip(repaired, unrepaired, strict=True)
        if math.isfinite(theirs[0])
    ]
    if not finite:
        return Margin(control, by, math.inf, 0.0)
    ours, theirs = (list(map(_mean, list(zip(*arm, strict=False))[1:])) for arm in (repaired, unrepaired))
    parts = [sign * (a - b) for a, b in zip(ours, theirs, strict=False) if math.isfinite(a) and math.isfinite(b)]
    finite, parts = _capped(finite), _capped(parts)
    return Margin(control, by, _mean(finite), math.hypot(_error(finite), _error(parts)))


def _capped(differences: list[float]) -> list[float]:
    middle = median(differences) if differences else 0.0
    return [min(d, 2 * middle) for d in differences] if middle > 0 else differences


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _error(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    mean = _mean(values)
    return math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1) / len(values))
