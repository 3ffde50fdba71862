"""How a reported fault is looked for: the same numbers in several lengths, against sixty digits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import torch
from torch import Tensor

from actlab import functional

LENGTHS = (1, 16, 17)  # alone, a full vector register, and one beyond it
mp = mpmath.mp.clone()
mp.dps = 60

Exact = Callable[[Any], Any]

# independent of the package: textbook formulas at sixty digits
EXACT: dict[str, Exact] = {
    "gelu": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "mish": lambda x: x * mp.tanh(mp.log1p(mp.exp(x))),
    "tanh": mp.tanh,
    "tanh_shrink": lambda x: x - mp.tanh(x),
    "tanh_exp": lambda x: x * mp.tanh(mp.exp(x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "log_sigmoid": lambda x: -mp.log1p(mp.exp(-x)),
    "elu": lambda x: x if x > 0 else mp.expm1(x),
    "celu": lambda x: x if x > 0 else mp.expm1(x),
}


def truth(name: str, x: float, order: int = 0) -> float:
    """The value or a derivative at a number, correct to sixty digits and then rounded to float64."""
    at = mp.mpf(x)
    return float(EXACT[name](at) if order == 0 else mp.diff(EXACT[name], at, order))


def derivative(
    name: str, x: Sequence[float], order: int = 0, dtype: torch.dtype = torch.float32, **params: Any
) -> list[float]:
    """The derivative of this order at each number, the same alone, in a full register and beyond one.

    Raises AssertionError where the lengths disagree.
    """
    run = getattr(functional, name)
    found: list[float] = []
    for number in x:
        each = [_differentiate(run, torch.full((length,), number, dtype=dtype), order, params) for length in LENGTHS]
        numbers = {repr(value) for result in each for value in result.tolist()}
        assert len(numbers) == 1, f"{name} at {number} depends on the length: {sorted(numbers)}"
        assert all(result.dtype == dtype for result in each)
        found.append(each[0][0].item())
    return found


def _differentiate(run: Callable[..., Tensor], x: Tensor, order: int, params: dict[str, Any]) -> Tensor:
    x = x.requires_grad_(order > 0)
    y = run(x, **params)
    for left in reversed(range(order)):
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=left > 0)
    return y.detach()


def ulps(found: float, expected: float, dtype: torch.dtype) -> float:
    """The distance in units in the last place of the dtype at `expected`; 0 where both are the same infinity or NaN."""
    if math.isnan(expected) or math.isinf(expected):
        return (
            0.0 if math.isnan(expected) == math.isnan(found) and (found == expected or math.isnan(found)) else math.inf
        )
    info = torch.finfo(dtype)
    exponent = math.frexp(expected)[1] - 1 if expected else -10000
    step = max(info.eps * 2.0 ** max(exponent, -1000), info.smallest_normal * info.eps)
    return abs(found - expected) / step
