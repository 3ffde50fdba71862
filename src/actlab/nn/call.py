"""From an entry and its arguments to a call: what is a number goes into the formula, what is a tensor beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType
from typing import Any

import torch
from torch import Tensor

from ..catalogue import Entry
from ..language import substitute
from ..runtime import AxisKernel, Halves, Kernel, along_axis, axis_kernel, gated, in_place, kernel, pointwise
from ..runtime.dtypes import DTYPES


@dataclass(frozen=True)
class Call:
    """An entry with its numbers filled in, ready to be given `x` and the tensors named in `names`.

    random: the call for training, where the drawn parameter is a tensor; draw: its law, bounds: between which a
    uniform draw lies.
    """

    entry: Entry
    names: tuple[str, ...]
    run: Kernel | AxisKernel
    random: Kernel | AxisKernel | None = None
    draw: str = ""
    bounds: tuple[float, ...] = ()

    @property
    def quick(self) -> Callable[[Tensor], Tensor | None] | None:
        """What answers a plain tensor at once; None for calls that it cannot speak for."""
        return None if self.names else self.run.quick

    def __call__(self, x: Tensor, tensors: tuple[Tensor, ...] = (), dim: int = -1, training: bool = False) -> Tensor:
        """The value at `x`. Raises TypeError for input that is no floating-point tensor, IndexError for a wrong dim."""
        quick = None if tensors or training or (dim != -1 and self.entry.along_axis) else self.quick
        if quick is not None and (y := quick(x)) is not None:
            return y
        return self.asked(x, tensors, dim, training)

    def asked(self, x: Tensor, tensors: tuple[Tensor, ...] = (), dim: int = -1, training: bool = False) -> Tensor:
        """The same where `quick` has no answer."""
        check(self.entry.name, x)
        run = self.run
        if training and self.random is not None:
            wide = torch.float64 if x.dtype == torch.float64 else torch.float32
            run, tensors = self.random, (*tensors, DRAWS[self.draw](x, wide, *self.bounds))
        if isinstance(run, Kernel):
            return pointwise(run, x, tensors)
        check_dim(self.entry.name, x, dim)
        try:
            return along_axis(run, x, dim, tensors)
        except ValueError as error:  # a row that does not fit the entry's counts
            raise ValueError(f"{self.entry.name}: along dim {dim} {error}") from None

    def into(self, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor | None:
        """The value outside training written over `x` in one pass; None, and `x` as it was, where that cannot be."""
        return in_place(self.run, x, tensors) if isinstance(self.run, Kernel) else None

    def halved(self, x: Tensor, halves: Halves, tensors: tuple[Tensor, ...] = (), dim: int = -1) -> Tensor:
        """The value where one tensor holds the gate and what it gates; tensors: those of the further names."""
        if isinstance(self.run, Kernel):
            return gated(self.run, halves, x, tensors)
        gate, up = halves.split(x)
        return self(gate, (up, *tensors), dim=dim)


def _exponential(x: Tensor, dtype: torch.dtype) -> Tensor:
    # 1 - U lies in (0, 1], so its logarithm is finite; the smallest normal number keeps the next one finite as well
    return (-torch.log1p(-torch.rand_like(x, dtype=dtype))).clamp(min=torch.finfo(dtype).tiny)


def _logistic(x: Tensor, dtype: torch.dtype) -> Tensor:
    u = torch.rand_like(x, dtype=dtype).clamp(torch.finfo(dtype).tiny, 1 - torch.finfo(dtype).eps)
    return torch.log(u) - torch.log1p(-u)


# law -> a draw for every element of x, in this dtype
DRAWS: dict[str, Callable[..., Tensor]] = {
    "uniform": lambda x, dtype, low, high: torch.rand_like(x, dtype=dtype) * (high - low) + low,
    "normal": lambda x, dtype: torch.randn_like(x, dtype=dtype),
    "half-normal": lambda x, dtype: torch.randn_like(x, dtype=dtype).abs(),
    "logistic": _logistic,
    "gumbel": lambda x, dtype: -torch.log(_exponential(x, dtype)) - 0.5772156649015329,
}


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
    if x.dtype not in DTYPES:
        kind = str(x.dtype).removeprefix("torch.")
        raise TypeError(f"{name} takes floating-point tensors, not {kind}; convert the input with x.float()")


@lru_cache(maxsize=1024)
def masked_as(entry: Entry) -> float | None:
    """The input that takes a place out of a row, leaving the others as if it were not there; None if there is none."""
    run = prepare(entry.root or entry, {})
    for far in (-math.inf, math.inf):
        try:
            with torch.device("cpu"), torch.no_grad():  # also while a model is built on another device, or on meta
                longer, rest = run(torch.tensor([far, 0.3, 1.2])), run(torch.tensor([0.3, 1.2]))
        except ValueError:  # blocks of a fixed size: leaving one out changes every block
            return None
        if longer.shape == (3,) and float(longer[0]) in (0.0, -math.inf) and torch.allclose(longer[1:], rest):
            return far
    return None


def without_masked(name: str, far: float | None, x: Tensor, mask: Tensor) -> Tensor:
    """`x` with the places taken out where `mask` is False; ValueError for an entry or a mask that does not allow it."""
    if far is None:
        raise ValueError(f"{name}: no input takes a place out of its rows, so a mask means nothing to it")
    if mask.dtype != torch.bool:
        kind = str(mask.dtype).removeprefix("torch.")
        raise ValueError(f"{name}: mask must be a bool tensor, True where a place takes part, not {kind}")
    return torch.where(mask, x, far)


def check_dim(name: str, x: Tensor, dim: int) -> None:
    """IndexError unless the tensor has this dimension."""
    if x.ndim == 0 or not -x.ndim <= dim < x.ndim:
        allowed = f"-{x.ndim} to {x.ndim - 1}" if x.ndim else "none: give it at least one dimension"
        raise IndexError(
            f"{name}: dim {dim} is out of range for a tensor of shape {tuple(x.shape)} (allowed: {allowed})"
        )


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

    def ready(*opened: str) -> Kernel | AxisKernel:
        filled = substitute(entry.value, {key: number for key, number in values if key not in opened})
        if entry.along_axis:
            return axis_kernel(filled, opened)
        return kernel(filled, opened, tuple((name, numbers[name]) for name in opened))

    for name, parameter in entry.parameters.items():
        if parameter.draw:
            bounds = tuple(numbers[bound] for bound in parameter.draw.bounds)
            return Call(entry, names, ready(*names), ready(*names, name), parameter.draw.law, bounds)
    return Call(entry, names, ready(*names))
