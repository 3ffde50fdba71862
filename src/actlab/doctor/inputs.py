"""The input's scale: its numbers, and the same input standardised."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from .node import Node, source_of, tensors_in
from .numbers import InputNumbers


def mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """A nested input with `change` applied to each float tensor in it."""
    if isinstance(value, Tensor):
        return change(value) if value.is_floating_point() else value
    if isinstance(value, Mapping):
        return {key: mapped(item, change) for key, item in value.items()}  # type: ignore[misc]
    if isinstance(value, (list, tuple)):
        return type(value)(mapped(item, change) for item in value)  # type: ignore[misc]
    return value


def feature_axis(t: Tensor) -> int:
    """The axis of features: channels of pictures, the last otherwise."""
    return 1 if t.dim() >= 4 else t.dim() - 1


class Standardise:
    """(input, target) with every float input shifted and scaled per feature, from the batches given."""

    def __init__(self, batches: list[tuple[Any, Any]]) -> None:
        columns = [[t for t in tensors_in(value) if t.is_floating_point() and t.dim() > 1] for value, _ in batches]
        self.scales: list[tuple[Tensor, Tensor]] = []
        for parts in zip(*columns, strict=False):
            axis = feature_axis(parts[0])
            rows = torch.cat([t.detach().movedim(axis, -1).reshape(-1, t.shape[axis]) for t in parts])
            std = rows.std(0, unbiased=False)
            self.scales.append((rows.mean(0), torch.where(std > 0, std, torch.ones_like(std))))

    def __call__(self, value: Any, target: Any) -> tuple[Any, Any]:
        left = iter(self.scales)
        return mapped(value, lambda t: self._one(t, left)), target

    @staticmethod
    def _one(t: Tensor, left: Any) -> Tensor:
        if t.dim() < 2:
            return t
        mean, std = next(left)
        axis = feature_axis(t)
        return ((t.movedim(axis, -1) - mean) / std).movedim(-1, axis)


def input_numbers(batches: list[tuple[Any, Any]]) -> InputNumbers:
    """The scale of the first float input, over the batches; whether every input and target is finite."""
    bad = next(
        (
            where
            for value, target in batches
            for where, part in (("input", value), ("target", target))
            for t in tensors_in(part)
            if t.is_floating_point() and not bool(torch.isfinite(t).all())
        ),
        "",
    )
    firsts = [next((t for t in tensors_in(value) if t.is_floating_point()), None) for value, _ in batches]
    rows = [
        t.detach().double().movedim(feature_axis(t), -1).reshape(-1, t.shape[feature_axis(t)])
        for t in firsts
        if t is not None and t.dim() > 1
    ]
    if not rows or bad:
        return InputNumbers(1.0, 0.0, 1.0, not bad, bad, 0, not rows)
    table = torch.cat(rows)
    std, mean = table.std(0, unbiased=False), table.mean(0)
    moving = std > 1e-12 * float(table.abs().max() + 1e-300)
    shift = float((mean[moving].abs() / std[moving]).median()) if bool(moving.any()) else 0.0
    spread = float(std[moving].max() / std[moving].median()) if bool(moving.any()) else 1.0
    return InputNumbers(math.sqrt(float(table.pow(2).mean())), shift, spread, True, "", table.shape[1], False)


def entering(nodes: list[Node], raw: InputNumbers) -> InputNumbers:
    """The numbers of what the first weights are given, where the model changes its own input; else those of the input.

    A batch norm, a logarithm or a division at the start is the model's own scaling.
    """
    first = next((n for n in nodes if n.data and n.role in ("weight", "recurrent", "attention")), None)
    given = next((p for p in first.parents if p.data), None) if first is not None else None
    raw = replace(raw, symbols=_symbols(first, given))
    if given is None or given.out is None or not raw.finite or raw.tokens or not given.out.is_floating_point():
        return raw
    if source_of(given, ("view", "dropout")).role == "input" or not bool(torch.isfinite(given.out).all()):
        return raw
    return replace(input_numbers([(given.out, ())]), symbols=raw.symbols)


def _symbols(first: Node | None, given: Node | None) -> int:
    if first is not None and first.op.startswith("embedding") and first.weight is not None:
        return first.weight.shape[0]
    rows = given.out if given is not None else None
    if rows is None or not rows.is_floating_point() or rows.dim() < 2:
        return 0
    one_hot = bool(((rows == 0) | (rows == 1)).all()) and bool((rows.sum(-1) == 1).all())
    return rows.shape[-1] if one_hot else 0
