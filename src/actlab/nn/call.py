"""From an entry and its arguments to a call: what is a number goes into the formula, what is a tensor beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType
from typing import Any

import torch
from torch import Tensor

from ..catalogue import Entry
from ..language import substitute
from ..runtime import AxisKernel, Kernel, along_axis, axis_kernel, kernel, pointwise

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True)
class Call:
    """An entry with its numbers filled in, ready to be given `x` and the tensors named in `names`.

    random: the call for training, where the drawn parameter is a tensor; bounds: between which it is drawn.
    """

    entry: Entry
    names: tuple[str, ...]
    run: Kernel | AxisKernel
    random: Kernel | None = None
    bounds: tuple[float, float] = (0.0, 0.0)

    def __call__(self, x: Tensor, tensors: tuple[Tensor, ...] = (), dim: int = -1, training: bool = False) -> Tensor:
        """The value at `x`. Raises TypeError for input that is no floating-point tensor, IndexError for a wrong dim."""
        check(self.entry.name, x)
        if isinstance(self.run, AxisKernel):
            if x.ndim == 0 or not -x.ndim <= dim < x.ndim:
                allowed = f"-{x.ndim} to {x.ndim - 1}" if x.ndim else "none: give it at least one dimension"
                raise IndexError(
                    f"{self.entry.name}: dim {dim} is out of range for a tensor of shape {tuple(x.shape)} "
                    f"(allowed: {allowed})"
                )
            return along_axis(self.run, x, dim, tensors)
        if training and self.random is not None:
            low, high = self.bounds
            wide = torch.float64 if x.dtype == torch.float64 else torch.float32
            draw = torch.rand_like(x, dtype=wide) * (high - low) + low
            return pointwise(self.random, x, (*tensors, draw))
        return pointwise(self.run, x, tensors)


def own_copy(function: FunctionType, name: str) -> FunctionType:
    """The same function with a code object of its own.

    torch.compile counts recompilations per code object: functions of all entries made from one would share one limit.
    """
    copy = FunctionType(
        function.__code__.replace(co_name=name),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__doc__ = function.__doc__
    copy.__annotations__ = function.__annotations__
    return copy


def check(name: str, x: Any) -> None:
    """TypeError unless `x` is a tensor of a floating-point dtype that kernels exist for."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} takes a torch tensor, not {type(x).__name__}; wrap it in torch.tensor(...)")
    if x.dtype not in FLOATS:
        kind = str(x.dtype).removeprefix("torch.")
        raise TypeError(f"{name} takes floating-point tensors, not {kind}; convert the input with x.float()")


def prepare(entry: Entry, given: Mapping[str, object], names: tuple[str, ...] = ()) -> Call:
    """The call of `entry` with the numbers `given`; parameters in `names` stay open for tensors.

    Raises TypeError and ValueError as `Entry.arguments` does.
    """
    numbers = {key: number for key, number in given.items() if key not in names}
    values = entry.arguments(numbers)
    return _prepare(entry, tuple(sorted(values.items())), names)


@lru_cache(maxsize=4096)
def _prepare(entry: Entry, values: tuple[tuple[str, float], ...], names: tuple[str, ...]) -> Call:
    numbers = dict(values)
    filled = substitute(entry.value, {key: number for key, number in values if key not in names})
    if entry.kind == "along axis":
        return Call(entry, names, axis_kernel(filled, names))
    opened = tuple((name, numbers[name]) for name in names)
    for name, parameter in entry.parameters.items():
        if parameter.draw:
            kept = {key: number for key, number in values if key not in (*names, name)}
            low, high = (numbers[bound] for bound in parameter.draw)
            drawn = kernel(substitute(entry.value, kept), (*names, name), (*opened, (name, numbers[name])))
            return Call(entry, names, kernel(filled, names, opened), drawn, (low, high))
    return Call(entry, names, kernel(filled, names, opened))
