"""Tables of all 65,536 numbers of a 16-bit dtype: right by construction, and as fast for any formula.

A table holds the value in float64, rounded to float32 so that rounding it again, to 16 bits, is as if it had been
rounded once. Looking a number up takes 0.27 ns on one AVX-512 core, whatever the formula; that is what the arithmetic
of a short formula takes, and half of what mish or gelu take. Which of the two computes a formula is decided by the
length of its text and not by a stopwatch, because the two may differ in the last bit.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..language import symbol
from ..renderers.llvm_cpu import Part
from ..renderers.llvm_loops import Plan, kernel_text

if TYPE_CHECKING:
    from .kernel import Kernel

# lines of text beyond those of a copy that take as long as looking up
_AS_LONG = 14


def table_of(kernel: Kernel, dtype: torch.dtype) -> Tensor:
    """The formula's value at every number of a 16-bit dtype, in the order of their bits."""
    found = kernel.tables.get(dtype)
    if found is None:
        with torch.device("cpu"), torch.no_grad():
            made = _to_odd(kernel.text(every(dtype).to(torch.float64)))
        found = kernel.tables.setdefault(dtype, made)  # of two threads the first: kernels keep its address
    return found


def worth_a_table(plan: Plan) -> bool:
    """Whether looking the results of a plan up is faster than computing them."""
    copy = replace(plan, parts=(Part(symbol("x")),))
    return kernel_text(plan).count("\n") - kernel_text(copy).count("\n") > _AS_LONG


@cache
def every(dtype: torch.dtype) -> Tensor:
    """Every number of a 16-bit dtype, in the order of their bits."""
    return torch.arange(65536, dtype=torch.int32).to(torch.int16).view(dtype)


def _to_odd(wide: Tensor) -> Tensor:
    """float64 in float32, what is not exact with an odd last bit: the rounding after which another one is harmless."""
    narrow = wide.to(torch.float32)
    back = narrow.to(torch.float64)
    bits = narrow.view(torch.int32)
    toward_zero = bits - (back.abs() > wide.abs()).to(torch.int32)
    odd = torch.where((back != wide) & ~wide.isnan(), toward_zero | 1, bits)
    return odd.view(torch.float32)
