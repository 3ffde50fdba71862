"""The numbers that the CPU kernels are to reach, each computed from rows of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from reading import LOSE, Cell, Results, Row, mean

_NONE: Row = {"ratio": {}}
NAMED = ("mish", "softplus", "elu", "gelu_tanh", "log_sigmoid")  # what ATen computes by a library call per element
_FOLDS: Mapping[str, Callable[[list[float]], float]] = {"mean": mean, "least": min, "most": max}


class Target(NamedTuple):
    """A number to be reached: what is folded (a geometric mean, the least or the most of some values) and the bound.

    key: of the words that say what it is. "most" is to stay below the bound, the others to reach it.
    """

    key: str
    fold: str
    bound: float
    values: Callable[[Results], dict[str, float]]


class Outcome(NamedTuple):
    """What came of a target: the number, over how many values, and the values on the wrong side; None: not measured."""

    target: Target
    measured: float | None
    count: int
    beyond: dict[str, float]

    @property
    def reached(self) -> bool:
        """Whether it was measured and reached."""
        return self.measured is not None and _good(self.target, self.measured)


def _good(target: Target, number: float) -> bool:
    return number <= target.bound if target.fold == "most" else number >= target.bound


def outcome(target: Target, results: Results) -> Outcome:
    """The target put to the rows."""
    values = target.values(results)
    if not values:
        return Outcome(target, None, 0, {})
    beyond = {name: number for name, number in values.items() if not _good(target, number)}
    worst = sorted(beyond.items(), key=lambda pair: pair[1], reverse=target.fold == "most")
    return Outcome(target, _FOLDS[target.fold](list(values.values())), len(values), dict(worst))


def _inverted(ratios: Mapping[str, float]) -> dict[str, float]:
    return {name: 1 / ratio for name, ratio in ratios.items()}


def _first_call(cache: str) -> Callable[[Results], dict[str, float]]:
    return lambda results: {
        entry: row["s"]["beyond_imports"][1] for (entry, kept), row in results.first_calls.items() if kept == cache
    }


def _training(results: Results) -> dict[str, float]:
    return {
        entry: row["ratio"]["aten"][1]
        for (network, entry), row in results.training.items()
        if (network, entry) == ("mlp", "mish") and "aten" in row["ratio"]
    }


def _sparse(results: Results) -> dict[str, float]:
    """sparsemax and entmax15 along rows of a thousand, with their gradient, against the entmax package."""
    return {
        entry: results.along_axis[key]["ratio"]["entmax"][1]
        for entry in ("sparsemax", "entmax15")
        if "entmax" in results.along_axis.get(key := (entry, (4096, 1000), -1, "float32", "gradient"), _NONE)["ratio"]
    }


def _softmax(results: Results) -> dict[str, float]:
    """softmax and log_softmax in float32, of every shape, against ATen."""
    return {
        f"{entry} {'×'.join(map(str, shape))}{' with gradient' if work == 'gradient' else ''}": row["ratio"]["aten"][1]
        for (entry, shape, _, dtype, work), row in results.along_axis.items()
        if "aten" in row["ratio"] and dtype == "float32"
    }


def _named(results: Results) -> dict[str, float]:
    return {name: ratio for name, ratio in results.ratios("aten", Cell()).items() if name in NAMED}


def _kept(who: str, beside: float = 0.0) -> Callable[[Results], dict[str, float]]:
    """Bytes that one way of keeping less holds per float32 element, for each function that has it."""
    return lambda results: {
        entry: row["bytes"][who] - beside
        for (entry, dtype), row in results.kept.items()
        if (row["kind"], dtype) == ("pointwise", "float32") and ALLOWS.get(who, who) in row["bytes"]
    }


def _gates(results: Results) -> dict[str, float]:
    return {
        entry: row["bytes"]["output"]
        for (entry, dtype), row in results.kept.items()
        if row["kind"] == "gated" and dtype == "bfloat16" and {"aten", "output"} <= set(row["bytes"])
    }


def _peaks(results: Results) -> dict[str, float]:
    ways = ("lean", "inplace")
    steps = {entry: row for (work, entry), row in results.steps.items() if work == "peak"}
    return {f"{entry}, {who}": row["of_aten"][who] for entry, row in steps.items() for who in ways}


def _times(who: str) -> Callable[[Results], dict[str, float]]:
    return lambda results: {
        entry: row["ratio"][who][1] for (work, entry), row in results.steps.items() if work == "time"
    }


ALLOWS = {"inplace": "output"}  # in place is possible where the output tells the slope; else it is done out of place
GRADIENT, SMALL, IN_PLACE = Cell(work="gradient"), Cell(elements=2**8), Cell(elements=2**24, output="in-place")
BFLOAT = Cell(dtype="bfloat16")
TARGETS = (
    Target("value.mean", "mean", 2.0, lambda results: results.ratios("aten", Cell())),
    Target("value.least", "least", 0.95, lambda results: results.ratios("aten", Cell())),
    Target("gradient.mean", "mean", 1.5, lambda results: results.ratios("aten", GRADIENT)),
    Target("gradient.least", "least", 0.95, lambda results: results.ratios("aten", GRADIENT)),
    Target("named", "least", 3.0, _named),
    Target("lacking.mean", "mean", 5.0, lambda results: results.ratios("text", Cell(), lacking=True)),
    Target("lacking.least", "least", 1.0, lambda results: results.ratios("text", Cell(), lacking=True)),
    Target("compile", "mean", 1.3, lambda results: results.ratios("compile", Cell(), lacking=True)),
    Target("in_place", "most", 1.4, lambda results: _inverted(results.ratios("copy", IN_PLACE))),
    Target("small.text", "least", 1.0, lambda results: results.ratios("text", SMALL)),
    Target("small.aten", "most", 1.3, lambda results: _inverted(results.ratios("aten", SMALL))),
    Target("bfloat16", "mean", 1.5, lambda results: results.ratios("aten", BFLOAT)),
    Target("first.empty", "most", 2.0, _first_call("empty")),
    Target("first.warm", "most", 0.3, _first_call("warm")),
    Target("softmax", "least", LOSE, _softmax),
    Target("rows", "least", 5.0, _sparse),
    Target("training", "least", 1.0, _training),
    Target("memory.lean", "most", 4.0, _kept("lean")),
    Target("memory.inplace", "most", 4.125, _kept("inplace")),
    Target("memory.code8", "most", 1.0, _kept("code8", beside=4.0)),
    Target("memory.gates", "most", 4.0, _gates),
    Target("memory.peak", "most", 0.6, _peaks),
    Target("memory.time.inplace", "most", 1.0, _times("inplace")),
    Target("memory.time.lean", "most", 1.1, _times("lean")),
)
