"""Compiled CPU kernels behind the torch text: taken wherever they have proved to be right, on any size of tensor.

A kernel earns its place once per machine (see `admission`). What passes serves all tensors of its dtype, so that no
result depends on the size, the place or the chunk of an element. What does not pass, and everything that torch traces
or transforms, is computed by the torch text. ACTLAB_NATIVE=0 in the environment switches all of it off.
"""

from __future__ import annotations

import math
import os
import warnings
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..language import walk
from ..renderers.spelling import CannotSpell
from .admission import admitted
from .launch import Native, compiled, run
from .machine import Unavailable

if TYPE_CHECKING:
    from .kernel import Kernel

# dtype -> (its name, the dtype that computes it)
DTYPES = {
    torch.float64: ("float64", torch.float64),
    torch.float32: ("float32", torch.float32),
    torch.float16: ("float16", torch.float32),
    torch.bfloat16: ("bfloat16", torch.float32),
}
# operations that the torch text writes as one ATen call at the speed of memory
_ONE_CALL = frozenset(("abs", "add", "div", "maximum", "minimum", "mul", "neg", "sign", "sqrt", "sub"))


# formulas that differ in their numbers only, for which kernels are made in one process: a number that changes at every
# step, as an annealed temperature does, would be compiled at every step
_MOST_ALIKE = 64
_alike: Counter[tuple[object, ...]] = Counter()


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


def suits(x: Tensor) -> bool:
    """Whether a compiled kernel may compute from `x` here: plain numbers on the CPU that nobody traces."""
    return (
        _Switch.on
        and not torch.compiler.is_compiling()
        and _plain(x)
        and not torch._C._are_functorch_transforms_active()
        and not torch._C._len_torch_dispatch_stack()
        and not torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
        and x.dtype in DTYPES
        and x.numel() > 0
    )


def _plain(x: Tensor) -> bool:
    return (
        (type(x) is Tensor or type(x) is torch.nn.Parameter)
        and x.is_cpu
        and x.layout is torch.strided
        and not (x.requires_grad and torch.is_grad_enabled())
        and not x.is_neg()
    )


def value(kernel: Kernel, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor | None:
    """The kernel's value by compiled code, or None where the torch text has to run."""
    if not tensors and not torch.compiler.is_compiling() and kernel.native.get((x.dtype, (), False), x) is None:
        return None  # known without a look at x
    return _computed(kernel, x, tensors, None) if suits(x) else None


def product(kernel: Kernel, along: Tensor, x: Tensor, tensors: tuple[Tensor, ...]) -> Tensor | None:
    """`along` times the kernel's value in one pass, or None where the torch text has to run."""
    if not suits(x) or not _plain(along) or along.dtype != x.dtype or along.shape != x.shape:
        return None
    return _computed(kernel, x, tensors, along)


def _computed(kernel: Kernel, x: Tensor, tensors: tuple[Tensor, ...], along: Tensor | None) -> Tensor | None:
    others: list[Tensor] = []
    held: tuple[str, ...] = ()
    for tensor in tensors:
        if not _plain(tensor) or not _fits(tensor, x):
            return None
        own = tensor.dtype == x.dtype and tensor.shape == x.shape
        other = tensor if own else tensor.to(DTYPES[x.dtype][1])
        others.append(other)
        held = (*held, DTYPES[other.dtype][0])
    key = (x.dtype, held, along is not None)
    if key not in kernel.native:
        # the first call may come while a model is built on another device, or where gradients are wanted
        with torch.device("cpu"), torch.no_grad():
            kernel.native[key] = _made(kernel, *key)
    native = kernel.native[key]
    if native is None:
        return None
    y = run(native, x, others if along is None else [*others, along])
    if tensors and kernel.lost and math.isnan(y.sum()) and bool((y != y).any()):
        return None  # a limit may be missing, which moves with the tensors
    return y


def _fits(tensor: Tensor, x: Tensor) -> bool:
    """Whether the tensor broadcasts to the shape of `x`."""
    missing = x.ndim - tensor.ndim
    return missing >= 0 and all(own in (1, to) for own, to in zip(tensor.shape, x.shape[missing:], strict=True))


def _made(kernel: Kernel, dtype: torch.dtype, held: tuple[str, ...], along: bool) -> Native | None:
    """The compiled kernel; None where the torch text is as fast, or no kernel is right."""
    name, computed_in = DTYPES[dtype]
    if not along and computed_in is dtype and _is_one_call(kernel):
        return None
    shape = (*(node.name or node.op for node in walk(kernel.expr)), dtype, held, along)
    if _alike[shape] >= _MOST_ALIKE:
        return None
    _alike[shape] += 1
    judged = DTYPES[computed_in][0]
    try:
        plan = admitted(kernel, computed_in, (judged,) * len(held))
        return plan and compiled(replace(plan, dtype=name, held=held, along=along))
    except CannotSpell:
        return None
    except Unavailable as reason:
        _warn(str(reason))
        _Switch.on = False
        return None


def _is_one_call(kernel: Kernel) -> bool:
    if kernel.lost or kernel.swallows_nan:
        return False  # what is put right costs further calls
    inner = [node for node in walk(kernel.expr) if node.op not in ("symbol", "constant")]
    return not inner or (len(inner) == 1 and inner[0].op in _ONE_CALL)


def _warn(reason: str) -> None:
    warnings.warn(
        f"actlab computes activations with torch operations, several times slower than its own CPU kernels: {reason}; "
        "set ACTLAB_NATIVE=0 to be content with that",
        RuntimeWarning,
        stacklevel=2,
    )
