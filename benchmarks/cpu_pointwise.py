"""How fast are compiled CPU kernels against the torch text, ATen, torch.compile, a peer and a copy of memory?

Prediction: at 2^20 elements 10 to 40 times the torch text; 3 to 8 times ATen where ATen calls a library function for
each element (mish, elu, tanh), about ATen where its own vectors are good (silu, sigmoid), and 0.7 of it for gelu,
whose tail ATen drops and we keep. At 256 elements the call is what costs; in place at 2^24 the copy is the limit.

A cell is an entry, a size, a dtype, the work (the value alone, or with its gradient through autograd) and where the
output goes:
  reused    the output of the call before has been dropped, and the allocator, which is told to keep what is dropped
            (mallopt), hands its memory out again. Functions take no `out=`; above 32 MiB glibc gives dropped memory
            back all the same, and "reused" is as fresh as "fresh"
  fresh     all dropped memory has been given back to the system (glibc's malloc_trim), so the call pays for its pages;
            from 2^16 elements on, as what is smaller comes out of memory that the process holds anyhow
  in-place  a module with inplace=True, without a gradient, against torch's own in-place function, else x.copy_(f(x));
            x is filled anew before each run, untimed
The copy is out.copy_(x) into memory that is there, for fresh outputs x.clone(). Two more limits: "empty" asks torch for
the memory of a small result and does nothing; "node" is ATen's own work behind a node of autograd in Python.
Rows: results/cpu_pointwise.jsonl.
The whole grid (--group all, --log2 8 to 24, all dtypes, works and outputs) has some 110,000 cells, most of a day.
"""

from __future__ import annotations

import argparse
import ctypes
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import product
from typing import Any, NamedTuple

import torch
from instructions import per_element
from measuring import OURS, Rival, alternated, append, keep_memory, once, options, provenance, tell
from rivals import Forms, elementwise, in_torch, node, rivals
from torch import Tensor

from actlab.catalogue import ENTRIES, find
from actlab.theory.cost import cost

DTYPES = ("float64", "float32", "float16", "bfloat16")
WORKS = ("value", "gradient")
OUTPUTS = ("reused", "fresh", "in-place")
_FRESH_FROM = 16  # log2 of elements
_SMALL = 2**10  # elements up to which the call is what costs


class Cell(NamedTuple):
    """What one row is about."""

    entry: str
    log2: int
    dtype: str
    work: str
    output: str
    against: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.entry} 2^{self.log2} {self.dtype} {self.work} {self.output}"


class Cells(NamedTuple):
    """Which cells are measured: a group of entries, every combination of the rest, all rivals or those `against`."""

    group: str
    log2: Sequence[int]
    dtypes: Sequence[str]
    works: Sequence[str]
    outputs: Sequence[str]
    against: Sequence[str] = ()


GROUPS: dict[str, Callable[[str], bool]] = {
    "torch": lambda name: in_torch(name) is not None,
    "lacking": lambda name: in_torch(name) is None,
    "all": lambda name: True,
    "one-transcendental": lambda name: cost(ENTRIES[name]).transcendental == 1,
}
# what the page of results tells of
PAGE = (
    Cells("torch", (8, 14, 20), ("float32",), WORKS, ("reused",)),
    Cells("torch", (20,), ("float16", "bfloat16"), WORKS, ("reused",)),
    Cells("torch", (20,), ("float32",), ("value",), ("fresh", "in-place")),
    Cells("lacking", (8, 20), ("float32",), ("value",), ("reused",)),
    Cells("one-transcendental", (24,), ("float32",), ("value",), ("in-place",), ("aten", "copy")),
)


@cache
def _trim() -> Callable[[], object]:
    """What gives all dropped memory back to the system; nothing where the C library is another."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return lambda: None
    return partial(trim, 0)


def with_gradient(run: Callable[..., Tensor], along: Tensor, *inputs: Tensor) -> None:
    """One value and the gradients of all inputs through autograd."""
    for one in inputs:
        one.grad = None
    run(*inputs).backward(along)


def contest(forms: dict[str, Forms], inputs: list[Tensor], work: str, output: str) -> dict[str, Rival]:
    """What runs in one cell: every rival's form that fits, and the copy."""
    x, *rest = [one.requires_grad_(work == "gradient") for one in inputs]
    along, source, out = x.detach(), x.detach().clone(), torch.empty_like(x)
    before = {"fresh": _trim(), "in-place": partial(x.detach().copy_, source)}.get(output)
    found: dict[str, Rival] = {}
    for who, form in forms.items():
        run = form.in_place if output == "in-place" else form.fresh
        if work == "gradient":
            found[who] = Rival(partial(with_gradient, run, along, x, *rest), form.native, before)
        else:
            found[who] = Rival(partial(run, x, *rest), form.native, before)
    if work == "value":
        copied = partial(torch.clone, x) if output == "fresh" else partial(out.copy_, x)
        found["copy"] = Rival(copied, before=before)
        if output == "reused" and x.numel() <= _SMALL:
            found["empty"] = Rival(partial(torch.empty_like, x))
    return found


def _runs(cell: Cell, who: str, rival: Rival) -> bool:
    """Whether a rival can do this at all; some cannot compile a formula or take a dtype."""
    try:
        once(rival)
    except Exception as fault:  # whatever another package raises
        print(f"{cell}: {who} is left out: {' '.join(str(fault).split())[:160]}", file=sys.stderr)
        return False
    return True


def measured(cell: Cell, asked: argparse.Namespace) -> dict[str, Any]:
    """The row of one cell."""
    torch.manual_seed(0)
    count = 2**cell.log2
    x, up = (torch.randn(count).to(getattr(torch, cell.dtype)) for _ in range(2))
    inputs = [x, up] if ENTRIES[cell.entry].kind == "gated" else [x]
    forms = rivals(cell.entry, with_compile=asked.compile > 0)
    if cell.work == "gradient" and (bare := node(cell.entry)) is not None:
        forms["node"] = Forms(bare, bare)
    with torch.set_grad_enabled(cell.work == "gradient"):
        found = contest(forms, inputs, cell.work, cell.output)
        found = {who: found[who] for who in found if not cell.against or who in (OURS, *cell.against)}
        found = {who: rival for who, rival in found.items() if who == OURS or _runs(cell, who, rival)}
        times = alternated(found, asked.budget_ms * len(found) / 1e3, asked.least)
    row = {"entry": cell.entry, "elements": count, "dtype": cell.dtype, "work": cell.work, "output": cell.output}
    counted = per_element(cell.entry, cell.dtype) if cell.work == "value" else None
    return {**row, **times.row("ns", 1e9 / count), **({"instructions": counted} if counted else {})}


def cells(asked: argparse.Namespace) -> Iterator[Cell]:
    """Every cell asked for."""
    plans = PAGE if asked.page else [Cells(*(getattr(asked, key) for key in Cells._fields))]
    for plan in plans:
        grouped = [name for name in elementwise() if GROUPS[plan.group](name)]
        names = [find(name).name for name in asked.names] or grouped
        for log2, dtype, work, output in product(plan.log2, plan.dtypes, plan.works, plan.outputs):
            there_is = not (output == "in-place" and work == "gradient") and (output != "fresh" or log2 >= _FRESH_FROM)
            for name in names:  # the result of a gated unit is no tensor that it was given
                if there_is and not (output == "in-place" and ENTRIES[name].kind == "gated"):
                    yield Cell(name, log2, dtype, work, output, tuple(plan.against))


def _options() -> argparse.Namespace:
    found = options(__doc__)
    found.add_argument("names", nargs="*", help="entries, instead of a group")
    found.add_argument("--group", choices=GROUPS, default="torch", help="what torch has, what it lacks, or all")
    found.add_argument("--log2", type=int, nargs="*", default=[8, 14, 20], help="sizes, as powers of two")
    found.add_argument("--dtypes", nargs="*", choices=DTYPES, default=["float32", "bfloat16"])
    found.add_argument("--works", nargs="*", choices=WORKS, default=list(WORKS))
    found.add_argument("--outputs", nargs="*", choices=OUTPUTS, default=["reused"])
    found.add_argument("--against", nargs="*", default=[], metavar="RIVAL", help="aten, text, copy ...; else all")
    found.add_argument("--page", action="store_true", help="the cells that the page of results tells of")
    found.add_argument("--compile", type=int, default=0, metavar="N", help="torch.compile too; only N of the entries")
    return found.parse_args()


def _spread_over(names: Sequence[str], count: int) -> set[str]:
    """So many of the names, evenly far apart in reading order."""
    count = min(count, len(names))
    return {names[k * len(names) // count] for k in range(count)}


def _close(seen: dict[Cell, dict[str, dict[str, float]]]) -> None:
    """Geometric means, and by name what is slower than its rival."""
    for cell, of in seen.items():
        for who, ratios in of.items():
            below = sorted((ratio, name) for name, ratio in ratios.items() if ratio < 1 and who != "copy")
            slower = ", ".join(f"{name} {ratio:.2f}" for ratio, name in below) or "-"
            mean = statistics.geometric_mean(ratios.values())
            print(f"{cell}: {mean:.2f} x {who}; below 1: {slower}", file=sys.stderr)


def main() -> None:
    """Measure what is asked for, tell the ratios, add the rows."""
    asked = _options()
    keep_memory()
    torch.set_num_threads(asked.threads)
    todo = list(cells(asked))
    if asked.compile:  # seconds for each cell
        chosen = _spread_over(list(dict.fromkeys(cell.entry for cell in todo)), asked.compile)
        todo = [cell for cell in todo if cell.entry in chosen]
    about = provenance(asked.threads)
    seen: dict[Cell, dict[str, dict[str, float]]] = {}
    for cell in todo:
        row = measured(cell, asked)
        append("cpu_pointwise", {**about, **row}, asked.into)
        tell(str(cell), row["ratio"])
        mean = cell._replace(entry="geometric mean of all")
        for who, (_, ratio, _) in row["ratio"].items():
            seen.setdefault(mean, {}).setdefault(who, {})[cell.entry] = ratio
    _close(seen)


if __name__ == "__main__":
    main()
