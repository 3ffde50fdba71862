"""Along-axis formulas on tensors: composed of ATen calls, so autograd, forward mode and transforms are torch's."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..language import Expr
from .kernel import HALF, compiled


class AxisKernel:
    """One along-axis formula ready to run: `kernel(x, dim, *tensors)` in the dtype of `x`."""

    def __init__(self, expr: Expr, names: tuple[str, ...]) -> None:
        self.expr = expr
        self.names = names
        self._formula = compiled(expr, ("dim", *names))

    def __reduce__(self) -> tuple[Any, ...]:
        return axis_kernel, (self.expr, self.names)

    def __deepcopy__(self, memo: object) -> AxisKernel:
        return self

    def __call__(self, x: Tensor, dim: int, *tensors: Tensor) -> Tensor:
        dtype = torch.float32 if x.dtype in HALF else x.dtype
        return self._formula(x.to(dtype), dim, *[tensor.to(dtype) for tensor in tensors]).to(x.dtype)


@cache
def axis_kernel(expr: Expr, names: tuple[str, ...] = ()) -> AxisKernel:
    """The kernel of an along-axis formula, made once."""
    return AxisKernel(expr, names)


def along_axis(kernel: AxisKernel, x: Tensor, dim: int, tensors: tuple[Tensor, ...] = ()) -> Tensor:
    """The kernel's value along `dim`; computed in float32 for float16 and bfloat16."""
    return kernel(x, dim, *tensors)
