"""Who computes a formula that torch has as one operation: torch or a compiled kernel, by size, as measured here.

Asked is only where both give the same bits, on every number of a 16-bit dtype and on twenty numbers of every exponent
of the others: so no result is seen to depend on a stopwatch. What was measured is kept beside the kernels and shown by
`actlab bench --choices`.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from ..renderers.torch_calls import call
from . import machine
from .admission import inputs
from .tables import every

if TYPE_CHECKING:
    from .kernel import Kernel

SIZES = (2**8, 2**12, 2**16, 2**20)
_lock = Lock()
_ROUNDS = 15  # of each size and each of the two, in turn; the fastest counts

Operation = Callable[[Tensor], Any]


class Measured(NamedTuple):
    """The microseconds that a kernel and torch's operation took at one size."""

    elements: int
    kernel: float
    torch: float

    @property
    def taken(self) -> str:
        """Which of the two computes sizes nearer to this one than to the next, on a scale of factors."""
        return "torch" if self.torch < self.kernel else "kernel"


@cache
def operation(text: str) -> Operation:
    """A call as a function of `x`; torch's own where it is called with nothing else, which saves a frame."""
    name = text.removeprefix("torch.").removesuffix("(x)")
    if name.isidentifier():
        return getattr(torch, name)
    space: dict[str, Any] = {"torch": torch}
    exec(f"def operation(x):\n    return {text}", space)  # our own text with numbers in it, never a user's
    return space["operation"]


def measured(kernel: Kernel, dtype: torch.dtype, again: bool = False) -> tuple[Measured, ...]:
    """What was measured of a compiled kernel on this machine; nothing if torch has no operation with the same bits.

    again: measured now, whatever is known.
    """
    text = None if kernel.names or dtype not in kernel.flat else call(kernel.expr)
    if text is None:
        return ()
    about = f"choice {machine.machine().name} {torch.__version__} {dtype} {text}"
    place = hashlib.sha256(about.encode()).hexdigest()
    known = None if again else machine.kept(place)
    if known is None:
        other, native = operation(text), kernel.flat[dtype]
        kernel.flat[dtype] = native._replace(instead=())
        rows = _measure(other, kernel.quick, dtype) if _same_bits(other, kernel.quick, dtype) else ()
        kernel.flat[dtype] = native
        machine.keep(place, json.dumps(rows).encode())
        return rows
    return tuple(Measured(*row) for row in json.loads(known))


def alternatives(kernel: Kernel, dtype: torch.dtype) -> tuple[tuple[float, Operation | None], ...]:
    """(elements below which it holds, what computes instead of the kernel) in growing order; None: the kernel."""
    rows = measured(kernel, dtype)
    if all(row.taken == "kernel" for row in rows):
        return ()
    other = operation(call(kernel.expr) or "x")
    limits = [(first.elements * second.elements) ** 0.5 for first, second in pairwise(rows)]
    found: list[tuple[float, Operation | None]] = []
    for limit, row in zip((*limits, float("inf")), rows, strict=True):
        who = other if row.taken == "torch" else None
        if found and found[-1][1] is who:
            found.pop()  # the same goes on
        found.append((limit, who))
    return tuple(found)


def _same_bits(other: Operation, own: Operation, dtype: torch.dtype) -> bool:
    x = every(dtype) if dtype.itemsize == 2 else inputs(dtype)
    ours, theirs = own(x), other(x)
    zeros = own(torch.tensor([0.0, -0.0], dtype=dtype)).signbit().tolist()
    if zeros == [False, True] and not bool((ours.signbit() == theirs.signbit())[~x.isnan()].all()):
        return False  # an odd function keeps the sign of 0
    return bool(((ours == theirs) | (ours.isnan() & theirs.isnan())).all())


def _measure(other: Operation, own: Operation, dtype: torch.dtype) -> tuple[Measured, ...]:
    rows: list[Measured] = []
    with _lock, _one_thread():
        for size in SIZES:
            x = torch.linspace(-3, 3, size).to(dtype)
            times = [[_microseconds(who, x, max(1, 4096 // size)) for who in (own, other)] for _ in range(_ROUNDS)]
            rows.append(Measured(size, *[round(min(column), 3) for column in zip(*times, strict=True)]))
    return tuple(rows)


@contextmanager
def _one_thread() -> Generator[None]:
    # on a busy machine several would measure how they wait for each other
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _microseconds(who: Operation, x: Tensor, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        who(x)
    return (time.perf_counter() - start) / calls * 1e6
