"""From a formula to something that runs on tensors: compiled once, NaN and infinities put right, dtype kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..language import Expr, derivative
from ..renderers import function
from ..renderers.limits import FAR, GROWN, SHRUNK, STEADY, STEP
from ..renderers.torch_eager import PRELUDE, TABLE

HALF = (torch.float16, torch.bfloat16)


@cache
def prelude() -> dict[str, Any]:
    """The names that the torch text calls, compiled once."""
    space: dict[str, Any] = {}
    exec(compile(PRELUDE, "<torch_eager prelude>", "exec"), space)  # our own text, never a user's
    return space


@cache
def compiled(expr: Expr, names: tuple[str, ...]) -> Callable[..., Any]:
    """The formula as a Python function of `x` and `names` on tensors of one dtype, IEEE rules, no corrections."""
    space = dict(prelude())
    text = function(TABLE, "formula", ("x", *names), {"y": expr})
    exec(compile(text, "<torch_eager>", "exec"), space)
    return space["formula"]


class Kernel:
    """One formula ready to run: `kernel(x, *tensors)` in the dtype of `x`.

    names: the symbols other than x, in the order their tensors are passed. defaults: a number for each, used
    once to find out where plain arithmetic would lose the limit at infinity or swallow a NaN.
    float16 and bfloat16 are computed in float32.
    """

    def __init__(self, expr: Expr, names: tuple[str, ...] = (), defaults: Mapping[str, float] | None = None) -> None:
        self.expr = expr
        self.names = names
        self.defaults = {name: (defaults or {})[name] for name in names}
        self._formula = compiled(expr, names)
        self._constant = "x" not in expr.symbols
        # a learned tensor may move the limit, so only formulas of x alone keep theirs as numbers
        self._moving = bool(expr.symbols - {"x"})
        self._swallows_nan, self._loses = self._probe()
        self._limits = () if self._moving else tuple(float(self._limit(sign, *self._numbers())) for sign in self._loses)
        self._partials: dict[str, Kernel] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return kernel, (self.expr, self.names, tuple(self.defaults.items()))

    def __deepcopy__(self, memo: object) -> Kernel:
        return self

    def _probe(self) -> tuple[bool, tuple[float, ...]]:
        """(whether a NaN would be swallowed, the infinities at which plain arithmetic loses the limit)."""
        x = torch.tensor([math.nan, math.inf, -math.inf], dtype=torch.float64)
        swallows, lost = False, set[float]()
        with torch.no_grad():
            for factor in (1.0, -1.0, 0.0) if self._moving else (1.0,):  # either sign of a learned parameter
                numbers = self._numbers(factor)
                seen = self._raw(x, *numbers).isnan().tolist()
                swallows |= not seen[0]
                for sign, is_nan in zip((1.0, -1.0), seen[1:], strict=True):
                    if is_nan and not math.isnan(float(self._limit(sign, *numbers))):
                        lost.add(sign)
        return swallows, tuple(sorted(lost))

    def _numbers(self, factor: float = 1.0) -> list[Tensor]:
        """The defaults as tensors, times a factor."""
        return [torch.tensor(factor * value, dtype=torch.float64) for value in self.defaults.values()]

    def _raw(self, x: Tensor, *tensors: Tensor) -> Tensor:
        y = self._formula(x, *tensors)
        return torch.zeros_like(x) + y if self._constant else y

    def _limit(self, sign: float, *tensors: Tensor) -> Tensor:
        """The value far out, taken to the limit it is heading for; NaN where it does not settle."""
        wide = [tensor.to(torch.float64) for tensor in tensors]
        like = wide[0] if wide else torch.zeros((), dtype=torch.float64)
        for tensor in wide[1:]:
            like = like + tensor
        first, second, third = (self._raw(torch.full_like(like, sign * FAR * STEP**step), *wide) for step in range(3))
        factor = second / first
        steady = first.isinf() | ((factor - third / second).abs() <= STEADY * factor.abs())
        grown = (first.abs() > GROWN) & (first.sign() == second.sign()) & steady
        settled = torch.where((first - second).abs() <= 1e-9 * first.abs(), first, math.nan)
        limit = torch.where(grown, first * math.inf, settled)
        return torch.where(torch.maximum(first.abs(), second.abs()) < SHRUNK, torch.zeros_like(first), limit)

    def __call__(self, x: Tensor, *tensors: Tensor) -> Tensor:
        dtype = torch.float32 if x.dtype in HALF else x.dtype
        at = x.to(dtype)
        y = self._raw(at, *[tensor.to(dtype) for tensor in tensors])
        for place, sign in enumerate(self._loses):
            if self._moving:
                limit = self._limit(sign, *tensors).to(dtype)
            else:
                limit = torch.scalar_tensor(self._limits[place], dtype=dtype, device=x.device)
            y = torch.where((at == sign * math.inf) & (y != y), limit, y)
        if self._swallows_nan:
            y = torch.where(at != at, at, y)
        return y.to(x.dtype)

    def prepared(self) -> Kernel:
        """This kernel with its first derivatives ready, so that a tracer finds nothing left to compile."""
        for name in ("x", *self.names):
            self.partial(name)
        return self

    def partial(self, name: str) -> Kernel:
        """The kernel of the derivative by `name` ("x" or a parameter)."""
        if name not in self._partials:
            self._partials[name] = Kernel(derivative(self.expr, name), self.names, self.defaults)
        return self._partials[name]


@cache
def kernel(expr: Expr, names: tuple[str, ...] = (), defaults: tuple[tuple[str, float], ...] = ()) -> Kernel:
    """The kernel of a formula, made once, with its first derivatives ready."""
    return Kernel(expr, names, dict(defaults)).prepared()
