"""The input's scale: its numbers, and the same input standardised."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from .node import tensors_in
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
