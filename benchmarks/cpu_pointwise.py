"""How fast are compiled CPU kernels against the torch text, ATen's own operation and a copy of memory?

Prediction: at 2^20 elements 10 to 40 times the torch text; 3 to 8 times ATen where ATen calls a library function for
each element (mish, elu, tanh), about ATen where its own vectors are good (silu, sigmoid), and 0.7 of it for gelu,
whose tail ATen drops and we keep. At 256 elements the call is what costs. Measured: value alone, and value with
gradient through autograd, outputs fresh, all rivals in alternation in one process; ratios of medians with p20 and
p80. One row per entry, size and dtype is appended to results/cpu_pointwise.jsonl.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import llvmlite
import torch
from torch import Tensor

import actlab
from actlab.catalogue import ENTRIES
from actlab.runtime import native
from actlab.runtime.machine import machine

Function = Callable[[Tensor], Tensor]
RESULTS = Path(__file__).parent / "results" / "cpu_pointwise.jsonl"


def in_torch(name: str) -> Function | None:
    """torch's function for this entry, where it takes a tensor alone."""
    path = ENTRIES[name].elsewhere.get("torch", "")
    if not path or ENTRIES[name].kind != "pointwise" or path in ("nn.Identity", "nn.PReLU"):
        return None
    found: object = torch
    for part in path.split("."):
        found = getattr(found, part)
    assert callable(found)
    try:
        found(torch.zeros(1))
    except TypeError:  # it takes parameters
        return None
    return found  # type: ignore[return-value]


def value(function: Function, x: Tensor) -> None:
    """One value without a gradient."""
    with torch.no_grad():
        function(x)


def with_gradient(function: Function, x: Tensor) -> None:
    """One value and its gradient through autograd."""
    x.grad = None
    y = function(x)
    y.backward(x.detach())


def seconds(compiled: bool, work: Callable[[], None]) -> float:
    """How long the work takes, with compiled kernels on or off."""
    with native.switched(compiled):
        start = time.perf_counter()
        work()
        return time.perf_counter() - start


def spread(times: list[float]) -> tuple[float, float, float]:
    """p20, median and p80."""
    cuts = statistics.quantiles(times, n=10)
    return cuts[1], statistics.median(times), cuts[7]


def measured(name: str, x: Tensor, repeats: int) -> dict[str, object]:
    """The nanoseconds per element of every rival, and the ratios of their medians to ours; above 1 we are faster."""
    ours, theirs = getattr(actlab.functional, name), in_torch(name)
    row: dict[str, object] = {}
    for label, work in (("value", value), ("value_and_gradient", with_gradient)):
        rivals: dict[str, tuple[bool, Callable[[], None]]] = {
            "ours": (True, partial(work, ours, x)),
            "text": (False, partial(work, ours, x)),
        }
        if theirs is not None:
            rivals["aten"] = (False, partial(work, theirs, x))
        if label == "value":
            rivals["copy"] = (False, partial(work, torch.clone, x))
        times: dict[str, list[float]] = {who: [] for who in rivals}
        for round_ in range(repeats + 2):
            for who, (compiled, run) in rivals.items():
                taken = seconds(compiled, run)
                if round_ > 1:  # the first rounds compile and warm up
                    times[who].append(taken)
        for who, seen in times.items():
            row[f"{label}_{who}_ns"] = [round(t / x.numel() * 1e9, 3) for t in spread(seen)]
            if who != "ours":
                row[f"{label}_{who}_ratio"] = round(statistics.median(seen) / statistics.median(times["ours"]), 2)
    return row


def main() -> None:
    """Measure what is asked for, print the ratios, append the rows."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", help="entries; without any, those that torch has")
    options.add_argument("--all", action="store_true", help="every entry that is computed element by element")
    options.add_argument("--log2", type=int, nargs="*", default=[8, 14, 20], help="sizes, as powers of two")
    options.add_argument("--dtypes", nargs="*", default=["float32", "bfloat16"])
    options.add_argument("--repeats", type=int, default=25)
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    asked = options.parse_args()
    torch.set_num_threads(asked.threads)
    pointwise = [name for name, entry in ENTRIES.items() if not entry.along_axis and entry.kind == "pointwise"]
    names = asked.names or (pointwise if asked.all else [name for name in pointwise if in_torch(name)])
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    about = {
        "date": datetime.date.today().isoformat(),
        "commit": commit.stdout.strip(),
        "machine": machine().name.split()[1],
        "torch": torch.__version__,
        "llvmlite": llvmlite.__version__,
        "python": platform.python_version(),
        "threads": asked.threads,
    }
    torch.manual_seed(0)
    with RESULTS.open("a", encoding="utf-8") as rows:
        for size in asked.log2:
            for dtype in asked.dtypes:
                x = torch.randn(2**size).to(getattr(torch, dtype)).requires_grad_()
                seen: dict[str, list[float]] = {}
                for name in names:
                    row = measured(name, x, asked.repeats)
                    about_row = {**about, "entry": name, "elements": 2**size, "dtype": dtype}
                    rows.write(json.dumps({**about_row, **row}) + "\n")
                    ratios = "  ".join(
                        f"{key.removesuffix('_ratio'):24s} {number:6.2f}x"
                        for key, number in row.items()
                        if key.endswith("ratio")
                    )
                    print(f"2^{size} {dtype:9s}{name:18s} {ratios}", file=sys.stderr)
                    for key, number in row.items():
                        if key.endswith("ratio") and isinstance(number, float):
                            seen.setdefault(key.removesuffix("_ratio"), []).append(number)
                means = "  ".join(f"{key:24s} {statistics.geometric_mean(found):6.2f}x" for key, found in seen.items())
                print(f"2^{size} {dtype:9s}{'geometric mean':18s} {means}", file=sys.stderr)


if __name__ == "__main__":
    main()
