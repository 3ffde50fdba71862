"""What the rows of results say: the newest row of each cell, measured on the machine that was measured last."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from measuring import read

Row = Mapping[str, Any]
# rows that may be told together agree in these
_SAME = ("machine", "torch", "threads")
WIN, LOSE = 1.05, 0.95  # ratios between them are ties


class Cell(NamedTuple):
    """A kind of pointwise measurement."""

    elements: int = 2**20
    dtype: str = "float32"
    work: str = "value"
    output: str = "reused"


def verdict(ratio: float) -> str:
    """Whether a ratio is a win, a tie or a loss."""
    return "win" if ratio > WIN else "lose" if ratio < LOSE else "tie"


def mean(ratios: Iterable[float]) -> float:
    """The geometric mean."""
    return statistics.geometric_mean(ratios)


class Results:
    """The rows in a folder that may be told together.

    `about` holds what they agree in and, under "commits" and "dates", where they come from.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        pointwise = [row for row in read("cpu_pointwise", folder) if "ratio" in row]
        self._last: Row = pointwise[-1] if pointwise else {}

    def rows(self, name: str, *keys: str) -> dict[tuple[Any, ...], Row]:
        """The newest row of each combination of these keys in NAME.jsonl; rows of an earlier form are passed over."""
        found: dict[tuple[Any, ...], Row] = {}
        for row in read(name, self._folder):
            if all(key in row for key in keys) and all(row.get(key) == self._last.get(key) for key in _SAME):
                key = tuple(tuple(part) if isinstance(part := row[key], list) else part for key in keys)
                found.pop(key, None)  # in the order of measurement
                found[key] = row
        return found

    @cached_property
    def _pointwise(self) -> dict[tuple[Any, ...], Row]:
        return self.rows("cpu_pointwise", "elements", "dtype", "work", "output", "entry")

    @cached_property
    def training(self) -> dict[tuple[Any, ...], Row]:
        """(network, entry) -> the row of its step; those with the whole batch only."""
        found = self.rows("cpu_training", "network", "entry", "batch")
        whole = {network: max(key[2] for key in found if key[0] == network) for network, *_ in found}
        return {key[:2]: row for key, row in found.items() if key[2] == whole[key[0]]}

    @cached_property
    def first_calls(self) -> dict[tuple[Any, ...], Row]:
        """(entry, "empty" or "warm") -> the row of its first call."""
        return self.rows("cpu_first_call", "entry", "cache")

    @cached_property
    def along_axis(self) -> dict[tuple[Any, ...], Row]:
        """(entry, shape, dim, dtype, work) -> the row of a function along an axis."""
        return self.rows("cpu_rows", "entry", "shape", "dim", "dtype", "work")

    @cached_property
    def kept(self) -> dict[tuple[Any, ...], Row]:
        """(entry, dtype) -> the row of bytes kept for backward in Linear -> f -> Linear."""
        return {key[1:]: row for key, row in self.rows("cpu_memory", "work", "entry", "dtype").items()}

    @cached_property
    def steps(self) -> dict[tuple[Any, ...], Row]:
        """("peak" or "time", entry) -> the row of a step in every way of keeping; those with the largest batch only."""
        found = self.rows("cpu_memory", "work", "entry", "batch")
        whole = {work: max(key[2] for key in found if key[0] == work) for work, *_ in found}
        return {key[:2]: row for key, row in found.items() if key[2] == whole[key[0]]}

    def cell(self, cell: Cell) -> dict[str, Row]:
        """Entry -> row of a pointwise cell."""
        return {key[-1]: row for key, row in self._pointwise.items() if key[:-1] == tuple(cell)}

    def ratios(self, who: str, cell: Cell, lacking: bool = False) -> dict[str, float]:
        """Entry -> how many times faster than a rival we are; lacking: only of what torch has not."""
        return {
            entry: row["ratio"][who][1]
            for entry, row in self.cell(cell).items()
            if who in row["ratio"] and not (lacking and "aten" in row["ratio"])
        }

    @cached_property
    def about(self) -> dict[str, Any]:
        """What the rows agree in, and the commits and dates they were measured at."""
        found = (self._pointwise, self.training, self.first_calls, self.along_axis, self.kept, self.steps)
        rows = [row for measured in found for row in measured.values()]
        told = {key: self._last.get(key, "") for key in (*_SAME, "llvmlite", "python")}
        return {
            **told,
            "commits": list(dict.fromkeys(row["commit"] for row in rows)),
            "dates": sorted({row["date"] for row in rows}),
        }
