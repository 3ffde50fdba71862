"""How fast are compiled row kernels against ATen, the entmax package, the torch text and a copy of memory?

Prediction: softmax and log_softmax without a gradient 1.0 to 1.5 times ATen in rows of a thousand, with one about
ATen, because ATen's own call is recorded there; at 256 elements the call is what costs, and we lose. sparsemax,
entmax15 and alpha_entmax at 4096 x 1000 with their gradient 20 to 100 times the entmax package, which sorts or bisects;
at most 3 times a copy of memory for sparsemax.

A cell is an entry, a shape, a dim, a dtype and the work (the value alone, or with its gradient through autograd). The
entmax package is a rival where it can be imported. Rows: results/cpu_rows.jsonl.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import torch
from measuring import OURS, Rival, alternated, append, keep_memory, options, provenance, tell
from torch import Tensor

from actlab.catalogue import ENTRIES
from actlab.nn.functional import function

Function = Callable[..., Tensor]

# entry -> the function of the entmax package, and what is asked of both
PEERS: dict[str, tuple[str, dict[str, float]]] = {
    "sparsemax": ("sparsemax", {}),
    "entmax15": ("entmax15", {}),
    "alpha_entmax": ("entmax_bisect", {"alpha": 1.3}),
    "normmax": ("normmax_bisect", {"alpha": 2.0}),
    "budget_sparsemax": ("budget_bisect", {"budget": 2.0}),
}
ATEN: dict[str, Function] = {"softmax": torch.softmax, "log_softmax": torch.log_softmax}


def value(run: Function, x: Tensor, along: Tensor) -> object:
    """One value without a gradient."""
    with torch.no_grad():
        return run(x)


def gradient(run: Function, x: Tensor, along: Tensor) -> object:
    """One value and its gradient through autograd."""
    x.grad = None
    run(x).backward(along)
    return x.grad


WORKS: dict[str, Callable[[Function, Tensor, Tensor], object]] = {"value": value, "gradient": gradient}


def _package() -> Any:
    try:
        return importlib.import_module("entmax")
    except ImportError:
        print("the entmax package is no rival: it is not installed (pip install entmax)", file=sys.stderr)
        return None


def functions(name: str, dim: int, package: Any, text: bool) -> dict[str, tuple[Function, bool]]:
    """Rival -> (what it computes, whether our kernels serve)."""
    theirs, numbers = PEERS.get(name, ("", {}))
    given = {key: number for key, number in numbers.items() if key in ENTRIES[name].parameters}
    # the defaults asked for by no word, as most callers do
    ours = function(ENTRIES[name]) if dim == -1 and not given else partial(function(ENTRIES[name]), dim=dim, **given)
    found: dict[str, tuple[Function, bool]] = {OURS: (ours, True)}
    if text:
        found["text"] = (ours, False)
    if name in ATEN:
        found["aten"] = (partial(ATEN[name], dim=dim), False)
    if package is not None and theirs:
        found["entmax"] = (partial(getattr(package, theirs), dim=dim, **numbers), False)
    return found


def main() -> None:
    """Measure what is asked for, print the ratios, append the rows."""
    asked = options(__doc__)
    asked.add_argument("names", nargs="*", help="entries; without any, those that ATen or the entmax package has")
    asked.add_argument("--shapes", nargs="*", default=["256", "512x64", "4096x1000"])
    asked.add_argument("--dims", nargs="*", type=int, default=[-1])
    asked.add_argument("--dtypes", nargs="*", default=["float32", "bfloat16"])
    asked.add_argument("--works", nargs="*", default=list(WORKS), choices=list(WORKS))
    asked.add_argument("--text", action="store_true", help="also the torch text, seconds for large sparse rows")
    given = asked.parse_args()
    keep_memory()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    package, about = _package(), provenance(given.threads)
    names = given.names or [*ATEN, *PEERS]
    for name, shape, dim, dtype, work in product(names, given.shapes, given.dims, given.dtypes, given.works):
        sizes = [int(size) for size in shape.split("x")]
        x = torch.randn(sizes).to(getattr(torch, dtype)).requires_grad_()
        along = torch.randn(sizes).to(x.dtype)
        rivals = {
            who: Rival(partial(WORKS[work], run, x, along), native)
            for who, (run, native) in functions(name, dim, package, given.text).items()
        }
        into = torch.empty_like(x, requires_grad=False)
        rivals["copy"] = Rival(partial(into.copy_, x.detach()))
        seen = alternated(rivals, given.budget_ms * len(rivals) / 1e3, given.least)
        cell = {"entry": name, "shape": sizes, "dim": dim, "dtype": dtype, "work": work}
        row = {**about, **cell, **seen.row("ns_per_element", 1e9 / x.numel())}
        append("cpu_rows", row, given.into)
        tell(f"{name} {shape} dim {dim} {dtype} {work}", row["ratio"])


if __name__ == "__main__":
    main()
