"""Compiled CPU kernels behind the torch text: taken wherever they have proved to be right, on any size of tensor.

A kernel earns its place once per machine (see `admission`). What passes serves all tensors of its dtype, so that no
result depends on the size, the place or the chunk of an element. What does not pass, and everything that torch traces
or transforms, is computed by the torch text. ACTLAB_NATIVE=0 in the environment switches all of it off.
"""

from __future__ import annotations

import ctypes
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
from .launch import Native, over
from .machine import Unavailable
from .one_pass import Task, plain, results

if TYPE_CHECKING:
    from .kernel import Kernel

numel, data_ptr = Tensor.numel, Tensor.data_ptr
_MANY = 2**18  # elements from where computing limits, 100 microseconds, costs less than looking for infinities


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


def is_on() -> bool:
    """Whether compiled kernels may serve."""
    return _Switch.on


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
    if not untraced() or not _Switch.on or torch._is_functional_tensor(x):  # pyright: ignore[reportPrivateImportUsage]
        return False  # a functional tensor has no memory
    return plain(x) and x.dtype in DTYPES and x.numel() > 0


def quick(flat: dict[torch.dtype, Native]) -> Callable[..., Tensor | None]:
    """A function of `x` by the kernels that were made for it alone and without gaps, written to `out` if given.

    It gives None for everything else. One frame and as few questions as can be, because at a few hundred elements they
    cost as much as the answer; what a transform has wrapped is known by having no memory.
    """
    compiling, tracing, records = torch.compiler.is_dynamo_compiling, torch._C._is_tracing, torch.is_grad_enabled
    dispatched, empty_like, size, address = torch._C._len_torch_dispatch_stack, torch.empty_like, numel, data_ptr
    transformed = torch._C._are_functorch_transforms_active

    def at(x: Tensor, out: Tensor | None = None) -> Tensor | None:
        if compiling() or type(x) is not Tensor or (native := flat.get(x.dtype)) is None:
            return None
        if (x.requires_grad and records()) or forward_ad._current_level >= 0 or not _Switch.on:
            return None
        count = size(x)
        if native.instead and out is None:
            for limit, other in native.instead:
                if count < limit:
                    if other is not None:  # whose slope at NaN is another, if this is part of a transform
                        return None if transformed() else other(x)
                    break
        if not x.is_cpu or not x.is_contiguous() or x.is_neg() or dispatched() or tracing():
            return None
        try:
            read = address(x)
        except RuntimeError:
            return None
        if not read and count:
            return None  # torch's tensor of zeros without memory
        y = empty_like(x) if out is None else out
        if native.table:
            over(native, count, read, native.table, address(y))
        elif 0 < count <= STRIP:
            native.call(1, False, count, 1, read, address(y))
        else:
            over(native, count, read, address(y))
        return y

    return at


def quick_beside(flat: dict[torch.dtype, Native]) -> Callable[..., Tensor | None]:
    """The same for a function of `x` and further tensors of its shape, as a gate and what it gates, or a gradient."""
    compiling, tracing, records = torch.compiler.is_dynamo_compiling, torch._C._is_tracing, torch.is_grad_enabled
    dispatched, empty_like, size, address = torch._C._len_torch_dispatch_stack, torch.empty_like, numel, data_ptr

    def at(x: Tensor, *others: Tensor) -> Tensor | None:
        if compiling() or (native := flat.get(x.dtype)) is None or forward_ad._current_level >= 0 or not _Switch.on:
            return None
        dtype, shape, recording, read = x.dtype, x.shape, records(), []
        for one in (x, *others):
            if type(one) is not Tensor or one.dtype is not dtype or one.shape != shape:
                return None
            if recording and one.requires_grad:
                return None
            if not one.is_cpu or not one.is_contiguous() or one.is_neg():
                return None
            try:
                read.append(address(one))
            except RuntimeError:
                return None
        if not all(read) or tracing() or dispatched():
            return None
        y = empty_like(x)
        flag = (ctypes.c_int32(),) if native.watched else ()
        flags, table = map(ctypes.addressof, flag), (native.table,) if native.table else ()
        over(native, size(x), *flags, *read, *table, address(y))
        return None if flag and flag[0].value else y

    return at


def value(kernel: Kernel, x: Tensor, tensors: tuple[Tensor, ...], out: Tensor | None = None) -> Tensor | None:
    """The kernel's value by compiled code, in `out` if given; None where the torch text has to run."""
    found = computed(Task(kernel, (kernel,), x, tensors, outs=() if out is None else (out,)))
    return None if found is None else found[0]


def in_place(kernel: Kernel, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor | None:
    """The kernel's value written over `x`; None, and `x` as it was, where something else has to compute it."""
    y = None if tensors else kernel.quick(x, x)
    if y is None and forward_ad._current_level < 0 and suits(x) and _whole(x):
        if not (kernel.names and kernel.lost):
            y = value(kernel, x, tensors, x)
        elif x.numel() > _MANY:
            ended, limits = kernel.ended(x.dtype, tensors)
            y = value(ended, x, (*tensors, *limits), x)
        elif math.isfinite(x.sum()):  # a limit at an infinity would be found missing when `x` is gone
            y = value(kernel, x, tensors, x)
    if y is not None and not x.is_inference():
        torch.autograd.graph.increment_version(x)
    return y


def _whole(x: Tensor) -> bool:
    """Whether it has no gaps and does not overlap itself."""
    return x.is_contiguous() or x.is_contiguous(memory_format=torch.channels_last)


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
