"""From a plan to a function of addresses, and from tensors to those addresses."""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, get_num_threads

from ..renderers.llvm_loops import STRIP, Plan, kernel_text
from .layout import Walk
from .machine import lanes, load, several, threads

# formulas that differ in their numbers only, for which kernels are made in one process: a number that changes at every
# step, as an annealed temperature does, would be compiled at every step
_MOST_ALIKE = 64
_alike: Counter[tuple[object, ...]] = Counter()

# lines of text times blocks for one thread: about 20 microseconds, several times what handing work over costs
_GRAIN = 60_000


class Native(NamedTuple):
    """A compiled kernel: its function, how many elements are work enough for a thread, and the address of its table.

    instead: (elements below which it holds, what computes instead of the kernel), see `choice`. watched: whether its
    first address is that of a word that becomes 1 at a NaN.
    """

    call: Callable[..., int]
    plenty: int
    table: int = 0
    instead: tuple[tuple[float, Callable[[Tensor], Tensor] | None], ...] = ()
    watched: bool = False


def changes_too_often(shape: tuple[object, ...]) -> bool:
    """Whether enough kernels have been made for formulas of this shape, all but their numbers; counts this one."""
    _alike[shape] += 1
    return _alike[shape] > _MOST_ALIKE


@cache
def compiled(plan: Plan) -> Native:
    """The kernel of a plan, compiled once. Raises CannotSpell and machine.Unavailable."""
    plan = replace(plan, lanes=lanes())
    return made(kernel_text(plan), plan.lanes)


def made(text: str, width: int) -> Native:
    """The kernel of a text that computes blocks of this width. Raises machine.Unavailable."""
    return Native(load(text), _GRAIN * width // text.count("\n"))


def team(native: Native, count: int, units: int = 1 << 30) -> int:
    """How many threads so many elements are worth, at most one for each unit of work."""
    return max(1, min(threads(), count // native.plenty, units))


def over(native: Native, count: int, *addresses: int) -> None:
    """Run a kernel of tensors without gaps, at these addresses."""
    call, plenty, *_ = native
    if count <= plenty:
        call(1, False, count, -(-count // STRIP), *addresses)
    else:
        call(min(get_num_threads(), count // plenty) if several() else 1, True, count, -(-count // STRIP), *addresses)


def launch(native: Native, plan: Plan, walk: Walk, operands: Sequence[Tensor], seed: int = 0) -> bool:
    """Run the kernel over its operands, inputs first, in the layout of `walk`; whether a watched result was NaN.

    seed: from which chance starts, 0 to 2**63 - 1, where it takes part.
    """
    count, units = walk.rows * walk.length, walk.rows * walk.strips
    busy = count > native.plenty
    arguments = [team(native, count, units) if busy else 1, busy, walk.length, units]
    flag = ctypes.c_int32() if plan.watched else None
    if flag is not None:
        arguments.append(ctypes.addressof(flag))
    if plan.random:
        arguments.append(seed)
    arguments += [operand.data_ptr() for operand in operands]
    if plan.rows:
        arguments.append(walk.run)
        for operand, strides in zip(operands, walk.strides, strict=False):
            arguments += [stride * operand.element_size() for stride in strides]
    native.call(*arguments)
    return flag is not None and flag.value != 0


def run(plan: Plan, x: Tensor, others: Sequence[Tensor] = ()) -> Tensor:
    """The one result of a plan at contiguous `x` and further tensors, each laid like `x` or a single number."""
    y = torch.empty_like(x)
    ways = ("each", *("same" if other.numel() == 1 else "each" for other in others), "each")
    laid = replace(plan, ways=ways)
    launch(compiled(laid), laid, Walk(x.numel(), 1, 1, ways, ((0, 0),) * len(ways)), (x, *others, y))
    return y
