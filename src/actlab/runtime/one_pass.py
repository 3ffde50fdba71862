"""One pass over memory: several formulas of the same tensors, each stored or summed, whatever the strides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor

from ..language import walk
from ..renderers.llvm_codes import Coding
from ..renderers.llvm_cpu import Part
from ..renderers.llvm_loops import Plan, sum_dtype
from ..renderers.spelling import CannotSpell
from .admission import admitted
from .choice import alternatives
from .dtypes import DTYPES
from .launch import Native, changes_too_often, compiled, launch
from .layout import Walk, walk_over
from .tables import table_of, worth_a_table

if TYPE_CHECKING:
    from .kernel import Kernel


class Task(NamedTuple):
    """What one pass is to compute: formulas of `x` and `tensors`, times `along` if given.

    owner: the kernel whose tensors these are, which keeps what is compiled. outs: where to store, one tensor of the
    shape of `x` for each formula, of its own strides. of: for each formula the place among (x, *tensors) of what it is
    a derivative by; the result has that shape if it can be summed on the way, else the shape of `x`. codings: for each
    formula how its results are stored as bytes, None as they are; without any, none. seed: from which chance starts.
    """

    owner: Kernel
    asked: tuple[Kernel, ...]
    x: Tensor
    tensors: tuple[Tensor, ...] = ()
    along: Tensor | None = None
    outs: tuple[Tensor, ...] = ()
    of: tuple[int, ...] = (0,)
    codings: tuple[Coding | None, ...] = ()
    seed: int = 0


class Ready(NamedTuple):
    """A kernel that may run: its plan and its function."""

    plan: Plan
    native: Native


class _Laid(NamedTuple):
    """The operands of a task in memory: what is read, a table last if there is one, the first output, and the walk."""

    read: list[Tensor]
    lead: tuple[Tensor, ...]
    path: Walk
    table: Tensor | None


def results(task: Task) -> list[Tensor] | None:
    """The values of a task; None where no compiled code is right. Raises machine.Unavailable."""
    laid = _laid(task)
    if laid is None:
        return None
    read, lead, path, table = laid
    inputs = path.ways[: len(read)]
    summed = tuple(at > 0 and inputs[at] == "same" and _can_be_summed(read[at], path, at) for at in task.of)
    count = len(summed) - sum(summed)
    if task.outs and len(task.outs) != count:
        return None
    if path.rows > 1 and any(one is not None and one.random for one in task.codings):
        return None  # chance counts the elements of one row
    last = slice(len(read), None) if task.outs else slice(-1, None)
    times = 1 if task.outs else count
    ways = inputs + path.ways[last] * times
    path = path._replace(ways=ways, strides=path.strides[: len(read)] + path.strides[last] * times)
    formulas = (task.asked, task.codings, task.along is None, table is None, summed)
    key = (formulas, tuple(one.dtype for one in read), ways, path.rows > 1)
    if key not in task.owner.native:
        # the first call may come while a model is built on another device, or where gradients are wanted
        with torch.device("cpu"), torch.inference_mode(False), torch.no_grad():
            task.owner.native[key] = _ready(task, laid, summed, ways)
    ready = task.owner.native[key]
    if ready is None:
        return None
    stored = [*lead, *[torch.empty_like(task.x) for _ in range(count - len(lead))]][:count]
    for at, coding in enumerate(task.codings):
        stored[at] = stored[at] if coding is None else torch.empty_like(task.x, dtype=torch.uint8)
    sums = [_partial(ready.plan, part, path) for part in ready.plan.parts if part.summed]
    if launch(ready.native, ready.plan, path, [*read, *stored, *sums], task.seed):
        return None  # a limit may be missing, which moves with the tensors
    whole, parts = iter(stored), iter(sums)
    return [
        _total(next(parts), path, read[at], at) if is_sum else next(whole)
        for is_sum, at in zip(summed, task.of, strict=True)
    ]


def plain(x: Tensor) -> bool:
    """Whether it is numbers in this machine's memory that take part in no gradient."""
    return (
        (type(x) is Tensor or type(x) is torch.nn.Parameter)
        and x.is_cpu
        and x.layout is torch.strided
        and not (x.requires_grad and torch.is_grad_enabled())
        and not x.is_neg()
        and not x.is_nested
        and not x._is_zerotensor()
        and not is_functorch_wrapped_tensor(x)  # what a transform that has ended left behind
        and torch._C._has_storage(x)  # the gradients of `is_grads_batched` come as one without
    )


def _laid(task: Task) -> _Laid | None:
    """The operands where they lie, or copied into the order of the output; None if one is not plain or does not fit."""
    x = task.x
    read = [x]
    for tensor in task.tensors:
        if not plain(tensor) or not _fits(tensor, x):
            return None
        own = tensor.dtype in (x.dtype, torch.uint8) and tensor.shape == x.shape
        read.append(tensor if own else tensor.to(DTYPES[x.dtype][1]))
    if task.along is not None:
        read.append(task.along)
    table = None if task.tensors or task.codings else table_for(task)
    if table is not None:
        read.append(table)
    lead = task.outs or (torch.empty_like(x),)
    fixed = _fixed(read, lead, table)
    path = walk_over(x.shape, tuple(_strides(one, x, table) for one in (*read, *lead)), fixed)
    if path is None:
        if task.outs:
            return None
        read = [_copied(one, lead[0], table) for one in read]
        path = walk_over(x.shape, tuple(_strides(one, x, table) for one in (*read, *lead)), fixed)
        assert path is not None
    return _Laid(read, lead, path, table)


def _fits(tensor: Tensor, x: Tensor) -> bool:
    """Whether the tensor broadcasts to the shape of `x`."""
    if tensor.shape == x.shape:
        return True
    missing = x.ndim - tensor.ndim
    return missing >= 0 and all(own in (1, to) for own, to in zip(tensor.shape, x.shape[missing:], strict=True))


def _strides(one: Tensor, x: Tensor, table: Tensor | None) -> tuple[int, ...]:
    if one is table:
        return (0,) * x.ndim
    return one.stride() if one.shape == x.shape else one.expand(x.shape).stride()


def _copied(one: Tensor, like: Tensor, table: Tensor | None) -> Tensor:
    """The tensor in the order of memory of `like`, unless it is the same number everywhere."""
    if one is table or one.numel() == 1 or not any(one.stride()):
        return one
    return torch.empty_like(like, dtype=one.dtype).copy_(one)


def _fixed(read: list[Tensor], lead: tuple[Tensor, ...], table: Tensor | None) -> tuple[str, ...]:
    """Which tensors alternate in memory, as the halves of an interleaved gated unit do, and which is a table."""
    found = ["same" if one is table else "" for one in (*read, *lead)]
    for first, group in ((0, read), (len(read), lead)):
        if table is None and len(group) > 1 and _alike(group[0], group[1]):
            apart = (group[1].data_ptr() - group[0].data_ptr()) // group[0].element_size()
            if abs(apart) == 1:
                found[first : first + 2] = ("even", "odd") if apart == 1 else ("odd", "even")
    return tuple(found)


def _alike(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and one.stride() == other.stride()


def _can_be_summed(tensor: Tensor, path: Walk, at: int) -> bool:
    """Whether what is summed over rows, in their order, has the numbers of `tensor` in the order of its memory."""
    outer, inner = path.strides[at]
    kept = (path.rows // path.run if outer else 1) * (path.run if inner else 1)
    return kept == tensor.numel() and tensor.is_contiguous() and (outer >= inner or not outer)


def _partial(plan: Plan, part: Part, path: Walk) -> Tensor:
    return torch.empty(path.rows * path.strips, dtype=getattr(torch, sum_dtype(plan, part)), device="cpu")


def _total(partial: Tensor, path: Walk, tensor: Tensor, at: int) -> Tensor:
    over = [dim for dim, kept in enumerate(path.strides[at]) if not kept]
    spread = partial.view(path.rows // path.run, path.run, path.strips)
    return spread.sum([*over, 2], dtype=torch.float64).reshape(tensor.shape)


def table_for(task: Task) -> Tensor | None:
    """The table that the one formula is looked up in; None if it is computed."""
    name, computed_in = DTYPES[task.x.dtype]
    if len(task.asked) != 1 or computed_in is task.x.dtype:
        return None
    (kernel,) = task.asked
    key = (task.x.dtype, task.along is not None)
    if key not in kernel.looked_up:
        if changes_too_often(_shape(task)):
            return None
        found = part(kernel, computed_in)
        kernel.looked_up[key] = found is None or worth_a_table(Plan((found,), (), name, along=key[1]))
    return table_of(kernel, task.x.dtype) if kernel.looked_up[key] else None


def _ready(task: Task, laid: _Laid, summed: tuple[bool, ...], ways: tuple[str, ...]) -> Ready | None:
    """The compiled kernel; None where no kernel is right."""
    owner, asked, dtype = task.owner, task.asked, task.x.dtype
    name, computed_in = DTYPES[dtype]
    if changes_too_often((_shape(task), ways)):
        return None
    parts: list[Part] = []
    for kernel, is_sum, coding in zip(asked, summed, task.codings or (None,) * len(asked), strict=True):
        found = part(kernel, computed_in) if laid.table is None else Part(kernel.expr)
        if found is None:
            return None
        parts.append(replace(found, summed=is_sum, coding=coding))
    parts.sort(key=lambda one: one.summed)
    beside = laid.read[1 : 1 + len(owner.names)]
    held = tuple("code" if one.dtype is torch.uint8 else DTYPES[one.dtype][0] for one in beside)
    plan = Plan(
        tuple(parts),
        owner.names,
        name,
        held,
        along=task.along is not None,
        ways=(*ways, *("same" for one in parts if one.summed)),
        rows=laid.path.rows > 1,
        watched=bool(owner.names) and any(kernel.lost for kernel in asked),
        table=laid.table is not None,
    )
    try:
        native = compiled(plan)
    except CannotSpell:
        return None
    if laid.table is not None:
        native = native._replace(table=laid.table.data_ptr())
    ordinary = all(way == "each" for one, way in zip((*laid.read, None), ways, strict=False) if one is not laid.table)
    alike = all(kind == name for kind in held) and not task.codings and not plan.rows
    handed_on = asked[0].expr.op == "symbol"  # the identity gives its input itself, not a copy
    one = asked[0] if len(asked) == 1 and ordinary and alike and not handed_on else None
    if one is not None and not held:
        (one.flat_product if plan.along else one.flat)[dtype] = native
        if not plan.along:
            one.flat[dtype] = native._replace(instead=alternatives(one, dtype))
    elif one is not None and one is owner and not plan.along:
        one.flat_beside[dtype] = native._replace(watched=plan.watched)
    return Ready(plan, native)


def _shape(task: Task) -> tuple[object, ...]:
    """All but the numbers of what is asked for."""
    formulas = tuple(node.name or node.op for one in task.asked for node in walk(one.expr))
    return (*formulas, task.x.dtype, *(one.dtype for one in task.tensors), task.along is None)


def part(kernel: Kernel, dtype: torch.dtype) -> Part | None:
    """How the kernel's formula is computed in float32 or float64 by compiled code; None if that is not right."""
    if dtype not in kernel.parts:
        try:
            kernel.parts[dtype] = admitted(kernel, dtype)
        except CannotSpell:
            kernel.parts[dtype] = None
    return kernel.parts[dtype]
