"""A look at rows before ATen computes them: its softmax of a row that is masked everywhere is NaN, where ours is empty.

Compiled code reads the first place of each row, and the others where that one is masked: with torch, looking takes
longer than the softmax of a few hundred numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from ..renderers.llvm_look import look_text
from . import native
from .machine import Unavailable, load

_NAMES = {torch.float32: "float32", torch.float64: "float64"}


@cache
def _reader(dtype: torch.dtype, number: float) -> Callable[[int, int, int, int], int]:
    """What tells whether a row has this number everywhere. Raises machine.Unavailable."""
    return load(look_text(_NAMES[dtype], number))


def same_everywhere(a: Tensor, number: float) -> Tensor | None:
    """Which rows along the last dim have this number everywhere, True or False for each; None where none has."""
    if native.suits(a) and a.is_contiguous() and a.dtype in _NAMES:
        length = a.shape[-1]
        if not _reader(a.dtype, number)(a.data_ptr(), a.numel() // length, 1, length):
            return None
    return torch.all(a == number, -1, keepdim=True)


def looking(bare: Callable[..., Tensor], careful: Callable[..., Tensor]) -> Callable[[Tensor, int], Tensor]:
    """`bare` of float32 or float64 rows along a dim; `careful` where one is masked everywhere or nobody may look.

    One frame, because at a few hundred elements the questions cost as much as the answer.
    """
    compiling, tracing = torch.compiler.is_dynamo_compiling, torch._C._is_tracing
    dispatched, address, size = torch._C._len_torch_dispatch_stack, Tensor.data_ptr, Tensor.numel

    def at(a: Tensor, dim: int) -> Tensor:
        if compiling() or type(a) is not Tensor or not a.is_cpu or tracing() or dispatched() or not native.is_on():
            return careful(a, dim)
        try:
            if not a.is_contiguous() or a.is_neg():
                a = a.resolve_neg().contiguous()  # as ATen does
            place, reader = address(a), _reader(a.dtype, -math.inf)
        except Unavailable as reason:
            native.give_up(reason)
            return careful(a, dim)
        except RuntimeError:  # wrapped by a transform, or sparse
            return careful(a, dim)
        if not place or not a.ndim:
            return careful(a, dim)
        length = a.shape[dim]
        inner = 1 if dim == -1 or length == 1 else a.stride(dim)  # the stride of a single place may be anything
        return careful(a, dim) if reader(place, size(a) // (length * inner), inner, length) else bare(a, dim)

    at.__name__ = careful.__name__
    return at
