"""How several tensors of one shape, each with its own strides, are walked together: rows, and a way along each row."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ..renderers.llvm_loops import STRIP

_SHORT = 32  # elements of a row below which bringing memory into order is cheaper


class Walk(NamedTuple):
    """The order in which a kernel goes: `rows` rows of `length` elements, `run` of which follow each other evenly.

    ways: how each operand lies along a row. strides: for each operand the elements from run to run and from row to row.
    """

    length: int
    rows: int
    run: int
    ways: tuple[str, ...]
    strides: tuple[tuple[int, int], ...]

    @property
    def strips(self) -> int:
        """How many strips a row has."""
        return -(-self.length // STRIP)


@lru_cache(maxsize=4096)
def walk_over(shape: tuple[int, ...], strides: tuple[tuple[int, ...], ...], fixed: tuple[str, ...] = ()) -> Walk | None:
    """The walk over operands with these strides; None if its rows would be short or their elements scattered.

    The last operand is written and does not overlap itself: its memory decides the order. fixed: for each operand
    whether it is the "even" or "odd" one of two that alternate in memory, or "same", one place for all; else "".
    """
    count = len(strides)
    fixed = fixed or ("",) * count
    dims = [(size, *steps) for size, *steps in zip(shape, *strides, strict=True) if size > 1]
    dims.sort(key=lambda dim: -dim[-1])
    joined: list[tuple[int, ...]] = [(1, *[0] * count)] if not dims else []
    for dim in dims:
        if joined and all(outer == inner * dim[0] for outer, inner in zip(joined[-1][1:], dim[1:], strict=True)):
            joined[-1] = (joined[-1][0] * dim[0], *dim[1:])
        else:
            joined.append(dim)
    length, *steps = joined[-1]
    ways = tuple(
        known if known == "same" or (known and step == 2) else {1: "each", 0: "same" if dims else "each"}.get(step, "")
        for step, known in zip(steps, fixed, strict=True)
    )
    if len(joined) > 3 or "" in ways or ways[-1] == "same" or (len(joined) > 1 and length < _SHORT):
        return None
    single = (1, *[0] * count)
    apart, run = [single, single, *joined[:-1]][-2:]
    return Walk(length, apart[0] * run[0], run[0], ways, tuple(zip(apart[1:], run[1:], strict=True)))
