"""What the benchmarks share: rivals that run in alternation, where a number comes from, rows that are only added.

A measurement is a dictionary of rivals, of which "ours" is one. In every round each of them runs once, in an order
drawn anew, and once more just before, untimed, so that none pays for what another left in the caches. Told are p20,
median and p80 of the times, and their ratios to ours: above 1 we are faster.
"""

from __future__ import annotations

import argparse
import ctypes
import datetime
import json
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

RESULTS = Path(__file__).parent / "results"
OURS = "ours"
_SAMPLE = 50e-6  # seconds that one timing takes at least, some hundred times what reading the clock costs


class Rival(NamedTuple):
    """Something to be timed: what runs, with actlab's compiled kernels or without, and what is done before, untimed."""

    work: Callable[[], object]
    native: bool = False
    before: Callable[[], object] | None = None


class Spread(NamedTuple):
    """The 20 %, 50 % and 80 % points of some numbers."""

    p20: float
    median: float
    p80: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Spread:
        """The points of at least two numbers."""
        cuts = statistics.quantiles(numbers, n=10, method="inclusive")
        return cls(cuts[1], statistics.median(numbers), cuts[7])


class Measured(NamedTuple):
    """Seconds of every rival in every round."""

    rounds: dict[str, list[float]]

    def row(self, unit: str, per_second: float) -> dict[str, Any]:
        """What goes into a row of results: times in a unit, of which a second has `per_second`, and ratios to ours.

        The middle of a ratio is that of the medians; its ends are the 20 % and 80 % points of the rounds.
        """
        times = {who: Spread.of(seen) for who, seen in self.rounds.items()}
        ours = self.rounds[OURS]
        ratios: dict[str, list[float]] = {}
        for who, seen in self.rounds.items():
            if who != OURS:
                ends = Spread.of([a / b for a, b in zip(seen, ours, strict=True)])
                ratios[who] = _digits((ends.p20, times[who].median / times[OURS].median, ends.p80))
        told = {who: _digits([part * per_second for part in spread]) for who, spread in times.items()}
        return {unit: told, "ratio": ratios, "repeats": len(ours)}


def _digits(numbers: Iterable[float]) -> list[float]:
    return [float(f"{number:.4g}") for number in numbers]


def keep_memory() -> None:
    """Tell the C library to keep what is dropped, lest "reused" memory is given back and fetched again at times."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(-3, 32 << 20)  # M_MMAP_THRESHOLD, at its most
    mallopt(-1, 1 << 30)  # M_TRIM_THRESHOLD


def once(rival: Rival, times: int = 1) -> float:
    """Seconds that the rival takes, the mean of so many runs; what comes out is dropped after the clock has stopped."""
    from actlab.runtime import native

    with native.switched(rival.native):
        if rival.before is not None:
            rival.before()
        start = time.perf_counter()
        for _ in range(times - 1):
            rival.work()
        made = rival.work()
        taken = time.perf_counter() - start
        del made
        return taken / times


def alternated(rivals: Mapping[str, Rival], seconds: float, least: int, most: int = 301) -> Measured:
    """Rounds until the time is used up, at least `least` and at most `most`; the first runs are not counted."""
    repeats: dict[str, int] = {}
    for who, rival in rivals.items():
        warm = min(once(rival) for _ in range(3))
        # what has to be made ready before each run is timed alone
        repeats[who] = 1 if rival.before else max(1, round(_SAMPLE / warm))
    rounds: dict[str, list[float]] = {who: [] for who in rivals}
    order, names = random.Random(0), list(rivals)
    until, done = time.perf_counter() + seconds, 0
    while done < least or (done < most and time.perf_counter() < until):
        order.shuffle(names)
        for who in names:
            once(rivals[who])
            rounds[who].append(once(rivals[who], repeats[who]))
        done += 1
    return Measured(rounds)


def options(about: str | None) -> argparse.ArgumentParser:
    """The options that all benchmarks share; `about` is what a script says of itself."""
    import torch

    found = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--budget-ms", type=float, default=25, help="time for each rival of a cell")
    found.add_argument("--least", type=int, default=9, help="rounds at least, whatever they take")
    found.add_argument("--threads", type=int, default=torch.get_num_threads())
    found.add_argument("--into", type=Path, default=RESULTS, metavar="DIR", help="where the rows are added")
    return found


def provenance(threads: int) -> dict[str, Any]:
    """Date, commit (marked where the package differs from it), machine, versions and threads: the head of every row."""
    return {
        "date": datetime.date.today().isoformat(),
        "commit": _git("rev-parse", "--short", "HEAD") + ("-dirty" if _git("status", "--short", "src") else ""),
        "machine": _processor(),
        "torch": metadata.version("torch"),
        "llvmlite": metadata.version("llvmlite"),
        "python": platform.python_version(),
        "threads": threads,
    }


def _git(*words: str) -> str:
    root = RESULTS.parents[1]
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False, cwd=root).stdout.strip()


def _processor() -> str:
    try:
        import llvmlite.binding as llvm

        return str(llvm.get_host_cpu_name())
    except ImportError:
        return platform.machine()


def append(name: str, row: Mapping[str, Any], folder: Path) -> None:
    """Add a row to NAME.jsonl in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def read(name: str, folder: Path) -> list[dict[str, Any]]:
    """The rows of NAME.jsonl in a folder, in the order they were measured; none where there is no such file."""
    path = folder / f"{name}.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return [json.loads(line) for line in lines]


def tell(head: str, ratios: Mapping[str, Sequence[float]]) -> None:
    """A line for people: the ratio of every rival to ours, with p20 and p80."""
    told = "  ".join(f"{who} {middle:.2f}x ({low:.2f}..{high:.2f})" for who, (low, middle, high) in ratios.items())
    print(f"{head:44s} {told}", file=sys.stderr)
