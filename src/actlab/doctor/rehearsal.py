"""A short training: what it does to the loss, the weights and the numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .numbers import NotFinite
from .passes import blame, forward, make_optimizer, reading, set_seed
from .records import Case, CaseError
from .trace import Trace

NARROW = (torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class Trained:
    """A short training: the losses, the median relative update per step, and where it stopped being finite.

    lost_updates: the share of 16-bit weight elements with a gradient that a step left as they were (median).
    eps: the optimiser's, if it has one. reached: ids of the parameters that got a gradient.
    """

    losses: tuple[float, ...]
    update_ratio: float
    not_finite: NotFinite | None
    learning_rate: float
    optimizer: str
    lost_updates: float
    eps: float | None
    reached: frozenset[int]


def endless(data: Any) -> Iterator[tuple[Any, Any]]:
    """The batches, over and over."""
    while True:
        empty = True
        for batch in reading(data):
            empty = False
            yield batch[0], batch[1]
        if empty:
            raise CaseError(
                "the data gave batches once and then none; give a list or a DataLoader that can be read again"
            )


def short_training(
    case: Case, steps: int, seed: int, *, factor: float = 1.0, change: Any = None, wide: bool = False
) -> Trained:
    """Train for `steps` optimiser steps; stop where loss or gradient stop being finite.

    factor: multiplies every learning rate. change: (input, target) -> (input, target), applied to each batch.
    wide: the optimiser steps on float32 copies of 16-bit weights, which are rounded after each step.
    """
    set_seed(seed)
    trainable = [p for p in case.model.parameters() if p.requires_grad]
    copies = [p.detach().float().clone() if wide and p.dtype in NARROW else p for p in trainable]
    optimizer = make_optimizer(case, copies)
    for group in optimizer.param_groups:
        group["lr"] = group["lr"] * factor
    rate = float(optimizer.param_groups[0]["lr"])
    watched = [p for p in case.model.parameters() if p.requires_grad and p.dim() >= 2]
    losses: list[float] = []
    ratios: list[float] = []
    lost: list[float] = []
    reached: set[int] = set()
    trouble: NotFinite | None = None
    for step, batch in enumerate(itertools.islice(endless(case.data), steps)):
        value, target = batch if change is None else change(*batch)
        for parameter in case.model.parameters():
            parameter.grad = None
        chance = torch.get_rng_state()
        _, loss = forward(case, value, target)
        if loss.requires_grad:
            loss.backward()
        finite = bool(torch.isfinite(loss)) and all(
            bool(torch.isfinite(p.grad).all()) for p in case.model.parameters() if p.grad is not None
        )
        losses.append(float(loss.detach()))
        if not finite:
            torch.set_rng_state(chance)
            trouble = retrace(case, value, target, step + 1)
            break
        before = [p.detach().clone() for p in watched] if step % 10 == 0 else []
        reached |= {id(p) for p in trainable if p.grad is not None}
        for copy, parameter in zip(copies, trainable, strict=True):
            if copy is not parameter and parameter.grad is not None:
                copy.grad = parameter.grad.float()
        _step(optimizer)
        with torch.no_grad():
            for copy, parameter in zip(copies, trainable, strict=True):
                if copy is not parameter:
                    parameter.copy_(copy)
        ratios += [_ratio(old, new) for old, new in zip(before, watched if before else [], strict=True)]
        lost += [share for share in [_unmoved(before, watched)] if share is not None]
    for parameter in case.model.parameters():
        parameter.grad = None
    ratios = [ratio for ratio in ratios if ratio > 0]
    median = float(np.median(ratios)) if ratios else 0.0
    return Trained(
        tuple(losses), median, trouble, rate, type(optimizer).__name__, float(np.median(lost)) if lost else 0.0,
        optimizer.defaults.get("eps"), frozenset(reached),
    )  # fmt: skip


def _step(optimizer: torch.optim.Optimizer) -> None:
    try:
        optimizer.step()
    except TypeError as error:
        raise CaseError(
            f"{type(optimizer).__name__} cannot step by itself: {error}; give the case an optimizer whose step() needs "
            "no argument"
        ) from error


def _unmoved(before: Sequence[Tensor], after: Sequence[Tensor]) -> float | None:
    """The share of 16-bit elements with a gradient that a step did not change; None where there are none."""
    same = number = 0
    for old, new in zip(before, after if before else [], strict=True):
        if new.dtype in NARROW and new.grad is not None:
            pushed = new.grad != 0
            same += int(((new.detach() == old) & pushed).sum())
            number += int(pushed.sum())
    return same / number if number else None


def _ratio(old: Tensor, new: Tensor) -> float:
    size = float(old.norm())
    return float((new.detach() - old).norm()) / size if size > 0 else 0.0


def retrace(case: Case, value: Any, target: Any, step: int) -> NotFinite | None:
    """The same batch once more, traced, to find where it stops being finite."""
    trace = Trace(case.model)
    with trace:
        trace.begin(value)
        _, loss = forward(case, value, target, trace)
    if loss.requires_grad:
        loss.backward()
    return blame(trace, loss, step)
