"""Compiled kernels of along-axis formulas: a row at a time, value and gradient, wherever they have proved to be right.

They serve float32, float16 and bfloat16 on the CPU where nobody traces or transforms; float64, tensors beside the row
and everything that is no pass over a row is computed by the torch text. The value leaves the sums of each row, a few
doubles, for the gradient, which therefore solves and searches nothing again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.autograd import forward_ad

from ..language import Expr, walk
from ..language.transposed import UPSTREAM, pulled_back
from ..renderers.llvm_rows import SHORT, rows_text
from ..renderers.row_lines import LANES, RowPlan
from ..renderers.spelling import CannotSpell
from . import native
from .again import computed_again
from .dtypes import DTYPES
from .launch import Native, changes_too_often, team
from .look import same_everywhere
from .machine import Unavailable, load

if TYPE_CHECKING:
    from .axis import AxisKernel

# float64 is left to the torch text
SERVED = {dtype: name for dtype, (name, computed_in) in DTYPES.items() if computed_in is torch.float32}

# numbers of a float32 row from where our softmax takes 0.6 to 0.8 of ATen's time, which pays for a node in Python; the
# length of a row decides and not how many there are, so that a row has the same bits in every batch
LONG = 512

# lines of text times elements for one thread: about 10 microseconds
_GRAIN = 6_000_000


class RowNative(NamedTuple):
    """A compiled kernel, the rows of float32 that a thread writes aside, and the doubles that a row leaves."""

    native: Native
    aside: int
    sums: int


class Pair(NamedTuple):
    """The value of a formula and, where it can be read backwards, its gradient."""

    value: RowNative
    gradient: RowNative | None


@cache
def compiled_rows(plan: RowPlan) -> RowNative:
    """The kernel of a plan, compiled once. Raises CannotSpell and machine.Unavailable."""
    text, row = rows_text(plan), plan.row
    return RowNative(Native(load(text), _GRAIN // text.count("\n")), len(row.kept), len(row.sums))


def run_rows(made: RowNative, read: tuple[Tensor, ...], given: Tensor | None = None, leave: bool = False) -> Any:
    """The kernel over the rows along the last dim of contiguous tensors of one shape; with `leave`, (result, sums).

    given: the sums that the value left.
    """
    x = read[0]
    count, length = x.numel(), x.shape[-1]
    rows = count // length
    busy = count > made.native.plenty
    workers = team(made.native, count, rows) if busy else 1
    y = torch.empty_like(x)
    padded = -(-length // LANES) * LANES
    # on the device of x: the default device may be another
    aside = x.new_empty(workers * made.aside * padded, dtype=torch.float32) if length > SHORT else None
    sums = x.new_empty(rows * made.sums, dtype=torch.float64) if leave else None
    places = [0 if one is None else one.data_ptr() for one in (*read, y, aside, sums, given)]
    made.native.call(workers, busy, length, rows, *places)
    return (y, sums) if leave else y


def _again(pair: Pair, x: Tensor, sums: Tensor) -> Tensor:
    return run_rows(pair.value, (x,))


@computed_again(lambda node: partial(_again, node.pair))
class _Rows(torch.autograd.Function):
    """A formula along the last dim as an autograd function of (its text, its kernels, contiguous x)."""

    @staticmethod
    def forward(ctx: Any, kernel: AxisKernel, pair: Pair, x: Tensor) -> Tensor:
        y, sums = run_rows(pair.value, (x,), leave=True)
        ctx.kernel, ctx.pair = kernel, pair
        ctx.save_for_backward(x, sums)
        return y

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        x, sums = ctx.saved_tensors
        along = upstream[0]
        again = torch.is_grad_enabled()
        if not again and native.suits(along) and along.dtype == x.dtype:
            return None, None, run_rows(ctx.pair.gradient, (x.contiguous(), along.contiguous()), sums.contiguous())
        with torch.enable_grad():  # another derivative is wanted, or the gradient is transformed
            at = x.view_as(x) if again else x.detach().requires_grad_()  # a node of its own, without the hooks of x
            (pulled,) = torch.autograd.grad(ctx.kernel.text(at, -1), at, along, create_graph=again)
        return None, None, pulled


_aten: Any = torch
# operation -> ATen's gradient from the result, and what a row is made of that was masked everywhere
_PULLED = {
    "softmax": (_aten._softmax_backward_data, 0.0),
    "log_softmax": (_aten._log_softmax_backward_data, -math.inf),
}


class _Softmax(torch.autograd.Function):
    """softmax or log_softmax of long float32 rows: our value, which alone is kept, and ATen's gradient from it."""

    @staticmethod
    def forward(ctx: Any, kernel: AxisKernel, pair: Pair, x: Tensor) -> Tensor:
        y = run_rows(pair.value, (x,))
        ctx.kernel = kernel
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        (y,), (along,) = ctx.saved_tensors, upstream
        pull, nothing = _PULLED[ctx.kernel.expr.op]
        pulled = pull(along, y, -1, y.dtype)
        if (rows := same_everywhere(y.detach(), nothing)) is not None:
            pulled = pulled.masked_fill(rows, 0.0)
        return None, None, pulled


# what Function.apply calls once it has asked for transforms, which `value` has asked for already
_recorded: Any = super(torch.autograd.Function, _Rows).apply  # pyright: ignore[reportAttributeAccessIssue]
_recorded_softmax: Any = super(torch.autograd.Function, _Softmax).apply  # pyright: ignore[reportAttributeAccessIssue]


def _alone(kernel: AxisKernel, dtype: torch.dtype) -> bool:
    """Whether it is softmax or log_softmax of float32 numbers, which ATen computes as well."""
    return bool(kernel.one_call) and dtype is torch.float32


def quick(kernel: AxisKernel) -> Callable[[Tensor], Tensor | None]:
    """A function of one contiguous tensor that wants no gradient: the value along its last dim, None for all else.

    One frame, because at a few hundred elements the questions cost as much as the answer.
    """
    ready, contiguous, size, address = kernel.rows, Tensor.is_contiguous, Tensor.numel, Tensor.data_ptr
    compiling, suits = torch.compiler.is_dynamo_compiling, native.suits
    bare = kernel.one_call[0] if kernel.one_call else None

    def at(x: Tensor) -> Tensor | None:
        if compiling() or type(x) is not Tensor or not x.ndim:
            return None
        if bare is not None and x.dtype is torch.float32 and x.shape[-1] < LONG:
            return bare(x, -1)
        pair = ready.get(x.dtype)
        if pair is None or forward_ad._current_level >= 0 or not suits(x) or not contiguous(x):
            return None
        made, count, length = pair.value, size(x), x.shape[-1]
        if length > SHORT:
            return run_rows(made, (x,))
        rows = count // length
        busy = count > made.native.plenty
        y = torch.empty_like(x)
        workers = team(made.native, count, rows) if busy else 1
        made.native.call(workers, busy, length, rows, address(x), address(y), 0, 0, 0)
        return y

    return at


def value(kernel: AxisKernel, x: Tensor, dim: int) -> Tensor | None:
    """The kernel's value along `dim` by compiled code, differentiable; None where the torch text has to run."""
    records = x.requires_grad and torch.is_grad_enabled()
    if x.dtype not in SERVED or not x.ndim or forward_ad._current_level >= 0:
        return None
    if not native.suits(x.detach() if records else x) or is_functorch_wrapped_tensor(x):
        return None
    direct = dim in (-1, x.ndim - 1)
    alone = _alone(kernel, x.dtype)
    if (not direct and not kernel.adds) or (alone and x.shape[-1] < LONG):
        return None  # ATen walks these along any dim at the speed of memory
    if x.dtype not in kernel.rows:
        # the first call may come while a model is built on another device, or where gradients are wanted
        with torch.device("cpu"), torch.inference_mode(False), torch.no_grad():
            kernel.rows[x.dtype] = _pair(kernel, SERVED[x.dtype])
    pair = kernel.rows[x.dtype]
    if pair is None or (records and pair.gradient is None):
        return None
    rows = (x if direct else x.movedim(dim, -1)).contiguous()
    recorded = _recorded_softmax if alone else _recorded
    y = recorded(kernel, pair, rows) if records else run_rows(pair.value, (rows,))
    return y if direct else y.movedim(-1, dim)


def plans(expr: Expr, dtype: str = "float32") -> tuple[RowPlan, RowPlan | None]:
    """How a formula and its gradient are computed; None for a gradient that cannot be read backwards."""
    try:
        gradient = RowPlan(pulled_back(expr), ("x", UPSTREAM), dtype, before=expr)
    except ValueError:
        gradient = None
    return RowPlan(expr, dtype=dtype), gradient


def _pair(kernel: AxisKernel, dtype: str) -> Pair | None:
    """The compiled kernels; None if the formula is not written in passes or its kernels are not right."""
    from .row_admission import admitted  # which runs what is compiled here

    shape = (*(node.name or node.op for node in walk(kernel.expr)), dtype)
    if kernel.names or changes_too_often(shape):
        return None
    try:
        admission = admitted(kernel)
        if not admission.value:
            return None
        for_value, for_gradient = plans(kernel.expr, dtype)
        right = for_gradient if admission.gradient else None
        return Pair(compiled_rows(for_value), right and compiled_rows(right))
    except CannotSpell:
        return None
    except Unavailable as reason:
        native.give_up(reason)
        return None
