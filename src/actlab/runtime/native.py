"""Compiled CPU kernels behind the torch text: taken wherever they have proved to be right, on any size of tensor.

A kernel earns its place once per machine (see `admission`). What passes serves all tensors of its dtype, so that no
result depends on the size, the place or the chunk of an element. What does not pass, and everything that torch traces
or transforms, is computed by the torch text. ACTLAB_NATIVE=0 in the environment switches all of it off.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.autograd import forward_ad

from ..renderers.llvm_loops import STRIP
from .dtypes import DTYPES
from .launch import Native, team
from .machine import Unavailable
from .one_pass import Task, plain, results

if TYPE_CHECKING:
    from .kernel import Kernel


class _Switch:
    on = os.environ.get("ACTLAB_NATIVE", "1") != "0"


@contextmanager
def switched(on: bool) -> Generator[None]:
    """Compiled kernels on or off inside a `with`."""
    before, _Switch.on = _Switch.on, on
    try:
        yield
    finally:
        _Switch.on = before


def untraced() -> bool:
    """Whether torch runs what it is told, and neither traces, transforms nor records it."""
    return (
        not torch.compiler.is_compiling()
        and not torch._C._are_functorch_transforms_active()
        and not torch._C._len_torch_dispatch_stack()
        and not torch._C._get_tracing_state()
    )


def suits(x: Tensor) -> bool:
    """Whether a compiled kernel may compute from `x` here: plain numbers on the CPU that nobody traces."""
    return untraced() and _Switch.on and plain(x) and x.dtype in DTYPES and x.numel() > 0


def quick(flat: dict[torch.dtype, Native]) -> Callable[..., Tensor | None]:
    """A function of `x`, or of `x` and a gradient, by the kernels that were made for tensors alone and without gaps.

    The result is written to `out` if given. It gives None for everything else. One frame, because at a few hundred
    elements the questions cost as much as the answer.
    """
    transformed, dispatched = torch._C._are_functorch_transforms_active, torch._C._len_torch_dispatch_stack
    compiling, tracing, records = torch.compiler.is_compiling, torch._C._get_tracing_state, torch.is_grad_enabled

    def at(x: Tensor, along: Tensor | None = None, out: Tensor | None = None) -> Tensor | None:
        if compiling() or type(x) is not Tensor:
            return None
        native = flat.get(x.dtype)
        if native is None or (x.requires_grad and records()) or forward_ad._current_level >= 0 or transformed():
            return None
        if native.instead and along is None and out is None and _Switch.on:
            count = x.numel()
            for limit, other in native.instead:
                if count < limit:
                    if other is not None:
                        return other(x)
                    break
        if (
            not x.is_cpu
            or not x.is_contiguous()
            or x.layout is not torch.strided
            or x.is_neg()
            or dispatched()
            or tracing()
            or not _Switch.on
        ):
            return None
        try:
            address = x.data_ptr()
        except RuntimeError:  # a wrapper that a transform left behind
            return None
        if not address and x.numel():
            return None  # torch's tensor of zeros without memory
        count = x.numel()
        busy = count > native.plenty
        workers = team(native, count) if busy else 1
        units = -(-count // STRIP)
        if along is None:
            y = torch.empty_like(x) if out is None else out
            if native.table:
                native.call(workers, busy, count, units, address, native.table, y.data_ptr())
            else:
                native.call(workers, busy, count, units, address, y.data_ptr())
            return y
        if along.shape != x.shape or along.dtype != x.dtype or not along.is_contiguous() or not plain(along):
            return None
        y = torch.empty_like(x)
        if native.table:
            native.call(workers, busy, count, units, address, along.data_ptr(), native.table, y.data_ptr())
        else:
            native.call(workers, busy, count, units, address, along.data_ptr(), y.data_ptr())
        return y

    return at


def value(kernel: Kernel, x: Tensor, tensors: tuple[Tensor, ...], out: Tensor | None = None) -> Tensor | None:
    """The kernel's value by compiled code, in `out` if given; None where the torch text has to run."""
    found = computed(Task(kernel, (kernel,), x, tensors, outs=() if out is None else (out,)))
    return None if found is None else found[0]


def in_place(kernel: Kernel, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor | None:
    """The kernel's value written over `x`; None, and `x` as it was, where something else has to compute it."""
    y = None if tensors else kernel.quick(x, None, x)
    if y is None and forward_ad._current_level < 0 and suits(x) and _may_be_lost(kernel, x):
        y = value(kernel, x, tensors, x)
    if y is not None and not x.is_inference():
        torch.autograd.graph.increment_version(x)
    return y


def _may_be_lost(kernel: Kernel, x: Tensor) -> bool:
    """Whether nobody will miss the numbers of `x` once its value is written over them."""
    if not x.is_contiguous() and not x.is_contiguous(memory_format=torch.channels_last):
        return False  # it may overlap itself
    # a limit at an infinity that moves with the tensors would be found missing when `x` is gone
    return not (kernel.names and kernel.lost) or math.isfinite(x.sum())


def product(kernel: Kernel, along: Tensor, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor | None:
    """`along` times the kernel's value in one pass, or None where the torch text has to run."""
    found = computed(Task(kernel, (kernel,), x, tensors, along))
    return None if found is None else found[0]


def pullback(task: Task) -> list[Tensor] | None:
    """`along` times the derivatives of the owner's formula by those of (x, *tensors) that the task names, in one pass.

    Each has the shape of `x`, or that of its tensor where it was summed; None where the torch text has to run.
    """
    names = ("x", *task.owner.names)
    return computed(task._replace(asked=tuple(task.owner.partial(names[at]) for at in task.of)))


def computed(task: Task) -> list[Tensor] | None:
    """The results of a task in one pass; None where the torch text has to run."""
    x, along = task.x, task.along
    if not suits(x):
        return None
    if along is not None and (not plain(along) or along.dtype != x.dtype or along.shape != x.shape):
        return None
    try:
        return results(task)
    except Unavailable as reason:
        give_up(reason)
        return None


def give_up(reason: Unavailable) -> None:
    """Say once why no kernel can be compiled here, and compute with torch from now on."""
    _Switch.on = False
    warnings.warn(
        f"actlab computes activations with torch operations, several times slower than its own CPU kernels: {reason}; "
        "set ACTLAB_NATIVE=0 to be content with that",
        RuntimeWarning,
        stacklevel=2,
    )
