"""A formula whose gradient keeps its output instead of its input, and one bit per element where there are two branches.

In 16-bit dtypes another bit may be kept, see `output_plan`. What follows an activation, a layer's matrix product, keeps
the output anyway: so the input is not kept at all. With `inplace` the output is written over the input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.autograd import forward_ad

from ..renderers.llvm_loops import STRIP
from ..renderers.llvm_slope import Backward, Forward, LookedUp, backward_text, forward_text, looked_up_text
from ..renderers.spelling import CannotSpell
from . import native
from .branches import Refused
from .bridge import pointwise, product
from .codes import only_once
from .dtypes import DTYPES, HALF
from .kernel import Kernel
from .launch import Native, made, team
from .machine import Unavailable, lanes
from .one_pass import Task, part, table_for
from .output_plan import Plan, rounded_once, slope_plan
from .tables import every

_Asked = TypeVar("_Asked", Forward, LookedUp, Backward)


def from_output(run: Kernel, x: Tensor, inplace: bool = False) -> Tensor:
    """The kernel's value at `x`, which keeps for its gradient only that value and at most one bit per element, in
    16-bit dtypes two.

    inplace: the value is written over `x` where autograd allows it; where it does not (a leaf, a view, numbers that
    share memory), and where no gradient is recorded, `x` stays as it is. Next to an extremum values of float32 may
    differ from those of `pointwise` in the last bit, see `Bottom`. A second derivative is an error.
    float64 keeps its input, for checks by differences; and while torch traces or transforms it is `pointwise`. Raises
    ValueError for a kernel that has no plan, see `slope_plan`.
    """
    if not native.untraced():
        return pointwise(run, x)
    plan = slope_plan(run)
    if isinstance(plan, Refused):
        raise ValueError(f"a slope cannot be found from the output: {plan.said}")
    recorded = torch.is_grad_enabled() and x.requires_grad and forward_ad._current_level < 0
    if not recorded or x.dtype not in plan.dtypes or not _ordinary(x):
        return pointwise(run, x)
    if run.expr.op == "symbol":
        return x  # the identity, as `pointwise`
    over = inplace and not x.is_leaf and not x._is_view() and _dense(x)
    return _recorded(run, plan, x, over)


def _ordinary(x: Tensor) -> bool:
    """Whether it is numbers in memory of their own, and no wrapper around others."""
    return (
        (type(x) is Tensor or type(x) is torch.nn.Parameter)
        and x.layout is torch.strided
        and x.device.type != "meta"
        and not x.is_neg()
        and not x.is_nested
        and not x._is_zerotensor()
        and not is_functorch_wrapped_tensor(x)
        and torch._C._has_storage(x)
    )


def _dense(x: Tensor) -> bool:
    """Whether its numbers fill a stretch of memory, each in a place of its own."""
    return x.is_contiguous() or torch.empty_like(x, device="meta").stride() == x.stride()


def _along(x: Tensor) -> Tensor:
    """The numbers of a dense tensor in the order of memory."""
    return x.as_strided((x.numel(),), (1,))


class _FromOutput(torch.autograd.Function):
    """A formula as an autograd function of (kernel, plan, x, whether to write over x)."""

    @staticmethod
    def forward(ctx: Any, run: Kernel, plan: Plan, x: Tensor, over: bool) -> Tensor:
        if over:
            ctx.mark_dirty(x)
            y = x
        else:
            y = torch.empty_like(x)
            x = x if x.is_contiguous() or x.stride() == y.stride() else y.copy_(x)
        sides = _forward(run, plan, x, y)
        ctx.plan, ctx.strides = plan, y.stride()
        ctx.save_for_backward(y, *sides)
        return y

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        only_once("its output")
        y, *sides = ctx.saved_tensors
        plan: Plan = ctx.plan
        if y.stride() != ctx.strides:  # a hook brought it back in another order than that of the bits
            y = torch.empty_strided(y.shape, ctx.strides, dtype=y.dtype, device=y.device).copy_(y)
        along: Tensor = upstream[0]
        if plan.formula is not None and y.dtype not in HALF:
            return None, None, product(plan.formula, along, y, ()), None
        if not _ordinary(along):  # several gradients in one, as `is_grads_batched` gives
            return None, None, (along.to(torch.float32) * _slope(plan, y, sides)).to(y.dtype), None
        if along.stride() != ctx.strides or along.dtype != y.dtype:
            along = torch.empty_like(y).copy_(along)
        return None, None, _backward(plan, y, along, sides), None


# what Function.apply calls once it has asked for transforms, which `from_output` has asked for already
_recorded: Callable[..., Tensor] = super(torch.autograd.Function, _FromOutput).apply  # type: ignore[misc]


def _forward(run: Kernel, plan: Plan, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
    """Write the values at dense `x` to `y`, which may be `x`; the packed bits of `Plan.sides`."""
    bits = plan.bits(x.dtype)
    found = _kernel_forward(run, plan, x) if bits else None
    if found is not None:
        packed = tuple(x.new_empty((x.numel() + 7) // 8, dtype=torch.uint8) for _ in range(bits))
        _launch(found, x, y, *packed)
        return packed
    packed = tuple(_packed(side) for side in plan.sides(_along(x)))
    if bits or native.value(run, x, (), y) is None:
        y.copy_(rounded_once(plan.bottom if x.dtype is torch.float32 else None, x, run(x)))
    return packed


def _backward(plan: Plan, y: Tensor, along: Tensor, sides: list[Tensor]) -> Tensor:
    """The gradient `along`, laid like the output `y`, times the slopes there."""
    found = _kernel_backward(plan, y) if native.suits(along) else None
    if found is None:
        return (along.to(torch.float32) * _slope(plan, y, sides)).to(y.dtype)
    returned = torch.empty_like(y)
    _launch(found, y, along, *sides, returned)
    return returned


def _slope(plan: Plan, y: Tensor, sides: list[Tensor]) -> Tensor:
    """The slopes at the outputs `y` by torch operations, laid like them."""
    found = plan.slope(_along(y), [_unpacked(side, y.numel()) for side in sides])
    return found.as_strided(y.shape, y.stride())


def _packed(right: Tensor) -> Tensor:
    """Bits in bytes, the first one lowest."""
    whole = torch.nn.functional.pad(right.to(torch.uint8), (0, -len(right) % 8)).view(-1, 8)
    return (whole << torch.arange(8, dtype=torch.uint8, device=right.device)).sum(1, dtype=torch.uint8)


def _unpacked(packed: Tensor, count: int) -> Tensor:
    places = torch.arange(8, dtype=torch.uint8, device=packed.device)
    return ((packed[:, None] >> places) & 1).flatten()[:count].to(torch.bool)


def _launch(found: Native, *operands: Tensor) -> None:
    count = operands[0].numel()
    busy, units = count > found.plenty, -(-count // STRIP)
    tables = (found.table,) if found.table else ()
    addresses = [operand.data_ptr() for operand in operands]
    found.call(team(found, count, units) if busy else 1, busy, count, units, *addresses, *tables)


def _kernel_forward(run: Kernel, plan: Plan, x: Tensor) -> Native | None:
    """The compiled kernel from `x` to value and bits; None where torch operations have to do it."""
    if not native.suits(x):
        return None
    key = (x.dtype, "forward")
    if key not in plan.native:
        with torch.device("cpu"), torch.inference_mode(False), torch.no_grad():
            name, computed_in = DTYPES[x.dtype]
            bits, own, found = plan.bits(x.dtype), part(run, computed_in), None
            if plan.turn is None or bits > 1 or table_for(Task(run, (run,), x)) is not None:
                words = plan.words[x.dtype] = _words(run, plan, x.dtype)
                found = _compiled(LookedUp(bits), looked_up_text)
                found = None if found is None else found._replace(table=words.data_ptr())
            elif own is not None:
                bottom = None if x.dtype in HALF else plan.bottom
                found = _compiled(Forward(own, name, plan.turn, bottom), forward_text)
            plan.native[key] = found
    return plan.native[key]


def _words(run: Kernel, plan: Plan, dtype: torch.dtype) -> Tensor:
    """For every number of a 16-bit dtype the bits of its value and, below them, those that are kept beside it."""
    high = run(every(dtype)).view(torch.int16).to(torch.int32) << 16
    return high + plan.tables[dtype].codes.to(torch.int32)


def _kernel_backward(plan: Plan, y: Tensor) -> Native | None:
    """The compiled kernel from output, gradient and bits to a gradient; None where torch operations have to do it."""
    if not native.suits(y):
        return None
    key = (y.dtype, "backward")
    if key not in plan.native:
        pieces = None if y.dtype in HALF else plan.pieces
        regions, fine = ((), 0) if pieces is None else (pieces.regions, pieces.fine)
        table = plan.tables[y.dtype].slopes if pieces is None else pieces.table
        found = _compiled(Backward(DTYPES[y.dtype][0], plan.bits(y.dtype), regions, fine), backward_text)
        plan.native[key] = None if found is None else found._replace(table=table.data_ptr())
    return plan.native[key]


def _compiled(asked: _Asked, text: Callable[[_Asked], str]) -> Native | None:
    try:
        return _made(asked, text)
    except CannotSpell:
        return None
    except Unavailable as reason:
        native.give_up(reason)
        return None


@cache
def _made(asked: Any, text: Callable[[Any], str]) -> Native:
    asked = replace(asked, lanes=lanes())
    return made(text(asked), asked.lanes)
