"""Models around a model: what a cure adds outside the user's own code. The wrapped model is always `actlab_inner`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .inputs import feature_axis, mapped

INNER = "actlab_inner."


def own_path(path: str) -> str:
    """A module path as it reads in the user's model, without the wrappers around it."""
    while path.startswith(INNER):
        path = path.removeprefix(INNER)
    return path


class Standardised(nn.Module):
    """A model whose float inputs are standardised per feature first; the numbers are buffers, so prediction agrees."""

    def __init__(self, model: nn.Module, scales: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.actlab_inner = model
        self.count = len(scales)
        for i, (mean, std) in enumerate(scales):
            self.register_buffer(f"mean{i}", mean.clone())
            self.register_buffer(f"std{i}", std.clone())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The inner model on the standardised input."""
        numbers = iter(range(self.count))

        def one(t: Tensor) -> Tensor:
            if t.dim() < 2:
                return t
            i, axis = next(numbers), feature_axis(t)
            mean, std = getattr(self, f"mean{i}"), getattr(self, f"std{i}")
            return ((t.movedim(axis, -1) - mean) / std).movedim(-1, axis)

        args, kwargs = mapped((args, kwargs), one)
        return self.actlab_inner(*args, **kwargs)


class Rescaled(nn.Module):
    """A model whose output is turned back into the target's units: output * std + mean."""

    def __init__(self, model: nn.Module, mean: float, std: float) -> None:
        super().__init__()
        self.actlab_inner = model
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("std", torch.tensor(std))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The inner model's output in the target's units."""
        return self.actlab_inner(*args, **kwargs) * self.std + self.mean


class Coded(nn.Module):
    """A model with one score per class code: the scores in training, the most likely code in evaluation."""

    def __init__(self, model: nn.Module, lowest: float) -> None:
        super().__init__()
        self.actlab_inner, self.lowest = model, lowest

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Scores (samples, classes) in training; codes (samples, 1) as floats in evaluation."""
        scores = self.actlab_inner(*args, **kwargs)
        return scores if self.training else scores.argmax(1, keepdim=True).to(scores.dtype) + self.lowest


class Filled(nn.Module):
    """A model whose missing inputs (NaN, infinite) are filled in with the feature's mean, kept as a buffer."""

    def __init__(self, model: nn.Module, means: list[Tensor]) -> None:
        super().__init__()
        self.actlab_inner = model
        for i, mean in enumerate(means):
            self.register_buffer(f"mean{i}", mean.clone())

    def completed(self, value: Any) -> Any:
        """A nested input, filled in."""
        means = iter(self.buffers(recurse=False))

        def one(t: Tensor) -> Tensor:
            if t.dim() < 2:
                return t
            moved = t.movedim(feature_axis(t), -1)
            return torch.where(torch.isfinite(moved), moved, next(means)).movedim(-1, feature_axis(t))

        return mapped(value, one)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The inner model on the completed input."""
        args, kwargs = self.completed((args, kwargs))
        return self.actlab_inner(*args, **kwargs)


class Recast(nn.Module):
    """A model held in another float format, whose inputs are brought to it first."""

    def __init__(self, model: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.actlab_inner, self.dtype = model.to(dtype), dtype

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The inner model on inputs of its format."""
        args, kwargs = mapped((args, kwargs), lambda t: t.to(self.dtype))
        return self.actlab_inner(*args, **kwargs)
