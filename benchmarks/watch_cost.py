"""What does `actlab.watch(model, optimizer, every=50)` add to the time of a training step?

Prediction: at most 2 % in all three programs. A sampled step is traced call by call, which may cost as much as the
step itself; between sampled steps there is one counter. Measured: the same loop bare and watched, on two copies of one
model, in blocks of fifty steps (each watched block has one sampled step), the two in alternation in one process; the
ratio of the medians, and p20 and p80 of the ratios of neighbouring blocks; and, with less noise, what the one sampled
step takes beyond the others, shared out over the fifty. What is counted is the process's own processor time on one
thread: two per cent are less than what other work on the machine does to a clock on the wall. One row per program is
appended to results/watch_cost.jsonl.
"""

from __future__ import annotations

import argparse
import copy
import datetime
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actlab
from actlab.runtime.machine import machine

RESULTS = Path(__file__).parent / "results" / "watch_cost.jsonl"
EVERY = 50


class Program(NamedTuple):
    """A model and a batch for it."""

    model: nn.Module
    x: Tensor
    y: Tensor


class Words(nn.Module):
    """A small transformer that reads sequences of tokens and names a class."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(1000, 128)
        layer = nn.TransformerEncoderLayer(128, 4, 512, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.last = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.encoder(self.embed(x)).mean(1))


def cnn() -> Program:
    """Three convolutions with batch norm on 32 x 32 pictures."""
    widths = (3, 32, 64, 128)
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 16, 10))
    return Program(model, torch.randn(32, 3, 32, 32), torch.randint(0, 10, (32,)))


def mlp() -> Program:
    """Six hidden layers of 512 ReLU units."""
    layers = [part for _ in range(6) for part in (nn.Linear(512, 512), nn.ReLU())]
    return Program(nn.Sequential(*layers, nn.Linear(512, 10)), torch.randn(128, 512), torch.randint(0, 10, (128,)))


def transformer() -> Program:
    """Two encoder layers of width 128 on 64 tokens."""
    return Program(Words(), torch.randint(0, 1000, (16, 64)), torch.randint(0, 10, (16,)))


PROGRAMS: dict[str, Callable[[], Program]] = {"cnn": cnn, "mlp": mlp, "transformer": transformer}


def loop(program: Program, optimizer: torch.optim.Optimizer) -> Callable[[int], list[float]]:
    """A function that makes so many steps and says how many seconds each took."""

    def steps(count: int) -> list[float]:
        taken: list[float] = []
        for _ in range(count):
            start = time.process_time()
            optimizer.zero_grad()
            F.cross_entropy(program.model(program.x), program.y).backward()
            optimizer.step()
            taken.append(time.process_time() - start)
        return taken

    return steps


def measured(name: str, blocks: int) -> dict[str, object]:
    """Milliseconds per step of both loops, and what watching adds in per cent."""
    torch.manual_seed(0)
    bare = PROGRAMS[name]()
    watched = bare._replace(model=copy.deepcopy(bare.model))
    one, two = (torch.optim.AdamW(program.model.parameters(), lr=1e-4) for program in (bare, watched))
    run_bare, run_watched = loop(bare, one), loop(watched, two)
    pairs: list[tuple[float, float]] = []
    sampled: list[float] = []
    plain: list[float] = []
    with actlab.watch(watched.model, two, every=EVERY) as watch:
        run_bare(EVERY), run_watched(EVERY)  # warm up; the first sampled steps measure each activation's shape
        for at in range(blocks):
            order = (run_bare, run_watched) if at % 2 else (run_watched, run_bare)
            times = {run: run(EVERY) for run in order}
            pairs.append((sum(times[run_bare]), sum(times[run_watched])))
            sampled.append(sum(times[run_watched][EVERY - 2 :]))  # the last but one opens the sampled step
            plain += times[run_watched][: EVERY - 2]
    assert len(watch.history) == blocks + 2, "each block has one sampled step"
    added = sorted(100 * (second / first - 1) for first, second in pairs)
    cuts = statistics.quantiles(added, n=10)
    medians = [statistics.median(times) for times in zip(*pairs, strict=True)]
    usual = statistics.median(plain)
    return {
        "bare_ms": round(medians[0] / EVERY * 1e3, 3),
        "watched_ms": round(medians[1] / EVERY * 1e3, 3),
        "added_percent": round(100 * (medians[1] / medians[0] - 1), 2),
        "added_percent_p20_p50_p80": [round(cuts[at], 2) for at in (1, 4, 7)],
        "sampled_step_adds_percent": round(100 * (statistics.median(sampled) / usual - 2) / EVERY, 2),
        "blocks": blocks,
    }


def main() -> None:
    """Measure what is asked for, print it, append the rows."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", default=list(PROGRAMS), help="programs; without any, all")
    options.add_argument("--blocks", type=int, default=10)
    asked = options.parse_args()
    torch.set_num_threads(1)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    about = {
        "date": datetime.date.today().isoformat(),
        "commit": commit.stdout.strip(),
        "machine": machine().name.split()[1],
        "torch": torch.__version__,
        "python": platform.python_version(),
        "threads": 1,
    }
    with RESULTS.open("a", encoding="utf-8") as rows:
        for name in asked.names:
            row = {**about, "program": name, "every": EVERY, **measured(name, asked.blocks)}
            rows.write(json.dumps(row) + "\n")
            print(json.dumps(row), file=sys.stderr)


if __name__ == "__main__":
    main()
