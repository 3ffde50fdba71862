"""Nested batches taken apart and put together along their first axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def joined(parts: list[Any]) -> Any:
    """Outputs or targets of several batches as one; the last one where they do not fit together."""
    first = parts[0]
    if isinstance(first, Tensor):
        same = all(isinstance(p, Tensor) and p.shape[1:] == first.shape[1:] for p in parts)
        return torch.cat(parts) if same and first.dim() else parts[-1]
    if isinstance(first, (tuple, list)):
        return type(first)(joined([p[i] for p in parts]) for i in range(len(first)))  # type: ignore[misc]
    if isinstance(first, Mapping):
        return {key: joined([p[key] for p in parts]) for key in first}  # type: ignore[misc]
    return first


def part(value: Any, rows: Tensor) -> Any:
    """Some rows of every tensor in a nested value."""
    if isinstance(value, Tensor):
        return value[rows]
    if isinstance(value, (tuple, list)):
        return type(value)(part(item, rows) for item in value)  # type: ignore[misc]
    if isinstance(value, Mapping):
        return {key: part(item, rows) for key, item in value.items()}  # type: ignore[misc]
    return value
