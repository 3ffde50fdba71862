"""From a plan to a function of addresses, and from tensors to those addresses."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from ..renderers.llvm_cpu import LANES, Plan, kernel_text
from .machine import load, openmp, threads

# lines of text times blocks for one thread: about 20 microseconds, several times what handing work over costs
_GRAIN = 60_000


class Native(NamedTuple):
    """A compiled kernel: its function, and the work that one block of `LANES` elements is, in lines of text."""

    run: Callable[..., None]
    lines: int


class Laid(NamedTuple):
    """A tensor's numbers in the order of the output: where they start, bytes from block to block, and their owner."""

    address: int
    step: int
    tensor: Tensor


@cache
def compiled(plan: Plan) -> Native:
    """The kernel of a plan, compiled once. Raises CannotSpell and machine.Unavailable."""
    text = kernel_text(plan)
    tensors = len(plan.inputs)
    whole = [ctypes.c_int64] * (tensors + 1 + (tensors - 1) + 3)
    kind = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int32, *whole)
    return Native(kind(load(text)), text.count("\n"))


def laid(tensor: Tensor, like: Tensor) -> Laid:
    """The tensor in the order of memory of `like`; one number for all becomes one block that is read over and over."""
    if tensor.shape == like.shape and tensor.stride() == like.stride():
        return Laid(tensor.data_ptr(), LANES * tensor.element_size(), tensor)
    if tensor.numel() == 1 or not any(tensor.stride()):
        block = tensor.flatten()[:1].repeat(LANES)
        return Laid(block.data_ptr(), 0, block)
    copied = torch.empty_like(like, dtype=tensor.dtype).copy_(tensor)
    return Laid(copied.data_ptr(), LANES * copied.element_size(), copied)


def run(native: Native, x: Tensor, others: list[Tensor]) -> Tensor:
    """The kernel on `x` and further tensors that broadcast to its shape; the output has the strides ATen would give."""
    y = torch.empty_like(x)
    if not x.is_contiguous() and x.stride() != y.stride():
        x = x.clone()  # gaps or overlaps: brought into the order of the output
    count = y.numel()
    team = 1
    if native.lines * count > _GRAIN * LANES:
        team = max(1, min(threads(), native.lines * (count // LANES) // _GRAIN))
    if not others:
        native.run(count, team, x.data_ptr(), y.data_ptr(), *openmp())
        return y
    read = [laid(other, y) for other in others]
    native.run(
        *(count, team, x.data_ptr()),
        *[one.address for one in read],
        y.data_ptr(),
        *[one.step for one in read],
        *openmp(),
    )
    return y
