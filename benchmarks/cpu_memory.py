"""How much memory does training keep between forward and backward, and what does keeping less of it cost?

Predictions: of Linear -> f -> Linear plain torch keeps 8 bytes per float32 element (input and output of f), lean 4 with
the same gradients, the output in place 4 and a bit where f has two branches, code8 5 (the output for the next product,
a byte for the slope); activation checkpointing of every pair (f, Linear) 4, for which it runs the product twice. Of a
gated block in bfloat16 eager torch keeps 8 bytes per gate element, ours 6, from the output 4. A step of a perceptron
with twelve layers whose activations outweigh its weights then peaks at 0.6 times plain torch's memory, at the same time
in place and at 1.1 times with recomputation. Bytes are those of the storages that the graph holds, weights and the
input of the first layer apart; the peak is that of resident memory in a process of its own, above what it holds before
the step without its weights. Rows: results/cpu_memory.jsonl.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from measuring import Rival, alternated, append, options, provenance, tell
from rivals import elementwise, in_torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

import actlab
from actlab.catalogue import ENTRIES
from actlab.doctor.saved import held, storage
from actlab.nn import create
from actlab.runtime import native

PAGES = Path("/proc/self/clear_refs")  # where Linux forgets the highest resident memory of a process
USUAL = ("gelu", "silu", "mish", "relu", "elu", "softplus", "hard_swish", "gelu_tanh")


class Way(NamedTuple):
    """A way to train: what is made for an entry (None where it has no such way), and what the model runs in."""

    make: Callable[[str], nn.Module | None]
    around: Callable[[], AbstractContextManager[Any]] = nullcontext
    native: bool = True
    checkpointed: bool = False
    compiled: bool = False


class Torch(nn.Module):
    """torch's own function as a layer."""

    def __init__(self, run: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.run = run

    def forward(self, x: Tensor) -> Tensor:
        """The function of x."""
        return self.run(x)


class Again(nn.Sequential):
    """Layers that keep their input and run again in the backward pass."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """The layers, one after the other, on x."""
        return checkpoint(super().forward, x, use_reentrant=False)  # type: ignore[return-value]


GATES: dict[str, Callable[[Tensor], Tensor]] = {"swiglu": F.silu, "geglu": F.gelu}


def _halved(act: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    gate, up = x.chunk(2, -1)
    return act(gate) * up


def _theirs(name: str) -> nn.Module | None:
    if name in GATES:
        return Torch(partial(_halved, GATES[name]))
    run = in_torch(name)
    return None if run is None else Torch(run)


def _ours(name: str, **settings: Any) -> nn.Module | None:
    gate = {"gate": "first"} if ENTRIES[name].kind == "gated" else {}
    try:
        return create(name, **gate, **settings)
    except (TypeError, ValueError):  # it has no such argument, or refuses with its reason
        return None


WAYS = {
    "aten": Way(_theirs, native=False),
    "ours": Way(_ours),
    "lean": Way(_ours, around=actlab.lean),
    "output": Way(partial(_ours, saves="output")),
    "inplace": Way(partial(_ours, inplace=True)),
    "code8": Way(partial(_ours, saves="code8")),
    "checkpoint": Way(_theirs, native=False, checkpointed=True),
    "compile": Way(_theirs, native=False, compiled=True),
}


def chain(name: str, way: Way, width: int, depth: int, out: int | None = None) -> nn.Module | None:
    """A Linear layer and then `depth` pairs of the function and a Linear layer; None where there is no such way."""
    acts = [way.make(name) for _ in range(depth)]
    if None in acts:
        return None
    torch.manual_seed(0)
    wide = width * (2 if ENTRIES[name].kind == "gated" else 1)
    into = [nn.Linear(width, wide) for _ in range(depth - 1)] + [nn.Linear(width, out or wide)]
    pairs = [(Again if way.checkpointed else nn.Sequential)(*pair) for pair in zip(acts, into, strict=True)]
    model: Any = nn.Sequential(nn.Linear(width, wide), *pairs)
    if way.compiled:
        torch._dynamo.reset()
        model = torch.compile(model, dynamic=False)
    return model


def kept(name: str, who: str, dtype: torch.dtype) -> float | None:
    """Bytes that the graph holds for each output element of an activation; None where there is no such way.

    There are so many elements that what is kept of a learned parameter rounds to nothing.
    """
    way, batch, width, depth = WAYS[who], 4096, 64, 3
    model = chain(name, way, width, depth)
    if model is None:
        return None
    model.to(dtype)
    x = torch.randn(batch, width, dtype=dtype)
    with native.switched(way.native), way.around():
        y = model(x)
        there = {storage(tensor)[0] for tensor in (*model.parameters(), x)}
        found = {one.storage: one.bytes for one in held([y]) if one.storage not in there}
    return sum(found.values()) / (batch * width * depth)


def stepping(name: str, who: str, batch: int, width: int, depth: int) -> Callable[[], None] | None:
    """A training step of the perceptron: forward, loss, backward, SGD."""
    way = WAYS[who]
    model = chain(name, way, width, depth, out=10)
    if model is None:
        return None
    x, target = torch.randn(batch, width), torch.randint(10, (batch,))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

    def step() -> None:
        optimizer.zero_grad()
        with way.around():
            F.cross_entropy(model(x), target).backward()
        optimizer.step()

    return step


# -- peak --------------------------------------------------------------------------------------------------------------


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{key}:"))


def peak(asked: argparse.Namespace) -> int | None:
    """Bytes of resident memory at the highest point of a step, above those without it and without its weights.

    The step before it compiles what is to be compiled; what that left in memory is not the step's.
    """
    name, who = asked.names[0], asked.child
    with native.switched(WAYS[who].native):
        step = stepping(name, who, asked.batch, asked.width, asked.depth)
        if step is None:
            return None
        step()
        weights = 4 * (asked.width + 1) * (asked.width * asked.depth + 10)
        before = _status("VmRSS") - 2 * weights  # the step before left the gradients as well
        PAGES.write_text("5", "utf-8")
        step()
        return _status("VmHWM") - before


def _child(name: str, who: str, asked: argparse.Namespace) -> int | None:
    """The peak in a process of its own."""
    given = ("--threads", "--batch", "--width", "--depth")
    words = [str(part) for key in given for part in (key, getattr(asked, key[2:]))]
    # glibc would keep freed tensors below 32 MiB for itself, and they would not be missed in what is resident
    given_back = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(2**20)}
    command = [sys.executable, __file__, name, "--child", who, *words]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=given_back).stdout)


# -- what is measured --------------------------------------------------------------------------------------------------


def _bytes(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """For every pointwise entry, and for the gated ones in two dtypes: bytes kept per element in each way."""
    for name in asked.names or elementwise():
        gated = ENTRIES[name].kind == "gated"
        ways = [who for who in WAYS if who != "compile" or (name in (*USUAL, *GATES) and asked.compile)]
        for dtype in (torch.float32, torch.bfloat16) if gated or name in USUAL else (torch.float32,):
            found = {who: kept(name, who, dtype) for who in ways}
            told = {who: round(count, 3) for who, count in found.items() if count is not None}
            kind = {"work": "kept", "entry": name, "kind": ENTRIES[name].kind, "dtype": str(dtype)[6:]}
            print(f"{name:24s} {kind['dtype']:9s} {told}", file=sys.stderr)
            yield {**kind, "bytes": told}


def _peaks(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The peak of a step in every way, as many times as asked for."""
    size = {"batch": asked.batch, "width": asked.width, "depth": asked.depth}
    for name in asked.names or USUAL[:2]:
        ways = [who for who in WAYS if who != "compile" or asked.compile]
        seen = {who: [_child(name, who, asked) for _ in range(asked.repeats)] for who in ways}
        found = {who: sorted(each) for who, each in seen.items() if None not in each}
        middle = {who: each[len(each) // 2] for who, each in found.items()}
        ratio = {who: float(f"{count / middle['aten']:.4g}") for who, count in middle.items()}
        print(f"peak {name:19s} {ratio}", file=sys.stderr)
        yield {"work": "peak", "entry": name, **size, "bytes": middle, "of_aten": ratio, "seen": found}


def _times(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The time of a step in every way, against our modules that keep their input."""
    size = {"batch": asked.time_batch, "width": asked.width, "depth": asked.depth}
    for name in asked.names or USUAL[:2]:
        steps = {who: stepping(name, who, **size) for who in WAYS if who != "compile" or asked.compile}
        found = {who: Rival(step, WAYS[who].native) for who, step in steps.items() if step is not None}
        times = alternated(found, asked.budget_ms * len(found) / 1e3, asked.least)
        row = times.row("ms", 1e3)
        tell(f"time {name}", row["ratio"])
        yield {"work": "time", "entry": name, **size, **row}


PARTS = {"bytes": _bytes, "peak": _peaks, "time": _times}


def main() -> None:
    """Measure what is asked for, tell it, add the rows."""
    found = options(__doc__)
    found.add_argument("names", nargs="*", metavar="NAME", help="entries; by default all for bytes, gelu and silu else")
    found.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    found.add_argument("--compile", action="store_true", help="torch.compile too; it takes its time")
    found.add_argument("--batch", type=int, default=16384, help="samples in a step whose peak is measured")
    found.add_argument("--time-batch", type=int, default=1024, help="samples in a step whose time is measured")
    found.add_argument("--width", type=int, default=1024)
    found.add_argument("--depth", type=int, default=12)
    found.add_argument("--repeats", type=int, default=3, help="processes for each peak")
    found.add_argument("--child", choices=WAYS, help=argparse.SUPPRESS)
    found.set_defaults(budget_ms=4000)
    asked = found.parse_args()
    torch.set_num_threads(asked.threads)
    if asked.child:
        print(json.dumps(peak(asked)))
        return
    about = provenance(asked.threads)
    for part in asked.only:
        for row in PARTS[part](asked):
            append("cpu_memory", {**about, **row}, asked.into)


if __name__ == "__main__":
    main()
