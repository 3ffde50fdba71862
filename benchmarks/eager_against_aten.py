"""How much slower than ATen is the eager rendering of a formula?

Prediction: between 1x (where the rendering is one ATen call) and about 15x (where one fused ATen kernel stands
against ten calls that each walk through memory). Measured: value, and value with gradient, float32, outputs fresh,
ours and ATen's in alternation in one process; ratios of medians with p20 and p80. One row per entry is appended to
results/eager_against_aten.jsonl.
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
from pathlib import Path

import torch

import actlab
from actlab.catalogue import ENTRIES


def rivals(name: str) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """torch's function for this entry, where it takes a tensor alone."""
    path = ENTRIES[name].elsewhere.get("torch", "")
    if not path or ENTRIES[name].kind != "pointwise" or path in ("nn.Identity", "nn.PReLU"):
        return None
    found: object = torch
    for part in path.split("."):
        found = getattr(found, part)
    return found  # type: ignore[return-value]


def once(function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, backward: bool) -> float:
    start = time.perf_counter()
    y = function(x)
    if backward:
        y.backward(torch.ones_like(y))
        x.grad = None
    return time.perf_counter() - start


def quantiles(times: list[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles(times, n=10)
    return cuts[1], statistics.median(times), cuts[7]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--elements", type=int, default=1 << 20)
    options.add_argument("--repeats", type=int, default=40)
    options.add_argument("--threads", type=int, default=1)
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    about = {
        "date": datetime.date.today().isoformat(),
        "commit": commit.stdout.strip(),
        "machine": platform.machine(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "threads": chosen.threads,
        "elements": chosen.elements,
    }
    target = Path(__file__).parent / "results" / "eager_against_aten.jsonl"
    x = torch.randn(chosen.elements, requires_grad=True)
    copy = quantiles([once(torch.clone, x.detach(), False) for _ in range(chosen.repeats)])[1]
    with target.open("a", encoding="utf-8") as rows:
        for name in ENTRIES:
            theirs = rivals(name)
            if theirs is None:
                continue
            ours = getattr(actlab.functional, name)
            row = {**about, "entry": name, "copy_ns_per_element": copy / chosen.elements * 1e9}
            for backward in (False, True):
                times: dict[str, list[float]] = {"ours": [], "aten": []}
                for _ in range(chosen.repeats):
                    times["ours"].append(once(ours, x, backward))
                    times["aten"].append(once(theirs, x, backward))
                label = "value_and_gradient" if backward else "value"
                for who, measured in times.items():
                    low, middle, high = quantiles(measured)
                    row[f"{label}_{who}_ns"] = [round(t / chosen.elements * 1e9, 3) for t in (low, middle, high)]
                row[f"{label}_ratio"] = round(statistics.median(times["ours"]) / statistics.median(times["aten"]), 2)
            rows.write(json.dumps(row) + "\n")
            print(
                f"{name:14s} value {row['value_ratio']:6.2f}x   with gradient {row['value_and_gradient_ratio']:6.2f}x",
                file=sys.stderr,
            )


if __name__ == "__main__":
    main()
