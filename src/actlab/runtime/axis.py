"""Along-axis formulas on tensors: composed of ATen calls, so autograd, forward mode and transforms are torch's.

Where a compiled row kernel has proved to be right it answers instead (see `rows`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..language import Expr, walk
from . import rows
from .dtypes import HALF
from .kernel import compiled, prelude
from .look import looking

# sums whose last bit depends on the layout of memory, unless rows are brought into one; softmax has its own kernels
_ADDING = ("total", "mean", "rms", "unit", "excess", "share")


@cache
def _looking() -> tuple[Callable[[Tensor, int], Tensor], ...]:
    return tuple(looking(getattr(torch, name), prelude()[name]) for name in ("softmax", "log_softmax"))


class AxisKernel:
    """One along-axis formula ready to run: `kernel(x, dim, *tensors)` in the dtype of `x`."""

    def __init__(self, expr: Expr, names: tuple[str, ...]) -> None:
        self.expr = expr
        self.names = names
        self._formula = compiled(expr, ("dim", *names), _looking())
        alone = bool(expr.args) and expr.args[0].op == "symbol"
        self.one_call = tuple(one for one in _looking() if alone and one.__name__ == expr.op)
        self.adds = any(node.op in _ADDING for node in walk(expr))
        self.rows: dict[torch.dtype, rows.Pair | None] = {}  # compiled kernels; None where there are none
        self.quick = rows.quick(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return axis_kernel, (self.expr, self.names)

    def __deepcopy__(self, memo: object) -> AxisKernel:
        return self

    def __call__(self, x: Tensor, dim: int, *tensors: Tensor) -> Tensor:
        if not tensors and not torch.compiler.is_compiling():
            found = rows.value(self, x, dim)
            if found is not None:
                return found
        return self.text(x, dim, *tensors)

    def text(self, x: Tensor, dim: int, *tensors: Tensor) -> Tensor:
        """The value by torch operations, one after the other."""
        dtype = torch.float32 if x.dtype in HALF else x.dtype
        wide = [tensor.to(dtype) for tensor in tensors]
        if not self.adds:
            return self._formula(x.to(dtype), dim, *wide).to(x.dtype)
        last = [tensor.movedim(dim, -1) if tensor.ndim == x.ndim else tensor for tensor in wide]
        y = self._formula(x.to(dtype).movedim(dim, -1).contiguous(), -1, *last).to(x.dtype)
        # to one line and back: free here, and in the backward pass it brings any gradient into the same layout
        return y.reshape(-1).reshape(y.shape).movedim(-1, dim)


@cache
def axis_kernel(expr: Expr, names: tuple[str, ...] = ()) -> AxisKernel:
    """The kernel of an along-axis formula, made once."""
    return AxisKernel(expr, names)


def along_axis(kernel: AxisKernel, x: Tensor, dim: int, tensors: tuple[Tensor, ...] = ()) -> Tensor:
    """The kernel's value along `dim`; computed in float32 for float16 and bfloat16."""
    return kernel(x, dim, *tensors)
