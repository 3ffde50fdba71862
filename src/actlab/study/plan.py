"""What a comparison runs: its budgets, its cells as jobs, and how a learning rate is chosen from them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ..engine import Job, Record
from .tasks import Task

if TYPE_CHECKING:
    from ..catalogue import Entry

# Part of every cell's key: raise it when training changes in a way that changes results.
RECIPE = 1
TUNING, COMPARING = "tuning", "comparing"
# Far from any seed a person would choose: the search uses other splits than the comparison. The samples of a
# bundled data set are in both, differently divided, so held-out scores are a little too good, alike for all.
FIRST_TUNING_SEED = 1_000_000


@dataclass(frozen=True)
class Budget:
    """What each activation gets: share of the task's epochs, learning rates tried, seeds to try them with."""

    share: float
    learning_rates: tuple[float, ...]
    searches: int

    @property
    def tuning_seeds(self) -> tuple[int, ...]:
        """The seeds of the learning-rate search."""
        return tuple(range(FIRST_TUNING_SEED, FIRST_TUNING_SEED + self.searches))

    def epochs(self, task: Task) -> int:
        """Epochs of one run."""
        return max(1, round(self.share * task.epochs))

    def cells(self, seeds: int) -> int:
        """Runs for one activation."""
        return len(self.learning_rates) * self.searches + seeds


BUDGETS: Mapping[str, Budget] = {
    "full": Budget(1.0, (1e-3, 3e-3, 1e-2, 3e-2, 1e-1), 3),
    "quick": Budget(0.2, (3e-3, 1e-2), 1),
}


def find_budget(name: str) -> Budget:
    """The budget with this name; ValueError with the names otherwise."""
    if name not in BUDGETS:
        close = difflib.get_close_matches(name, BUDGETS, n=1)
        advice = f"did you mean {close[0]}?" if close else f"the budgets are {', '.join(BUDGETS)}"
        raise ValueError(f"there is no budget named {name!r}; {advice}")
    return BUDGETS[name]


class Tried(NamedTuple):
    """One learning rate of the search: mean validation metric of finished runs (None: none did), failures."""

    learning_rate: float
    mean: float | None
    failures: int


def job(entry: Entry, seed: int, learning_rate: float, fixed: Mapping[str, Any]) -> Job:
    """One cell; the formula is part of it, so that a changed definition is measured anew."""
    defaults = {name: repr(parameter.default) for name, parameter in entry.parameters.items()}
    formula = {"value": repr(entry.value), "defaults": defaults}
    return Job.of(activation=entry.name, seed=seed, learning_rate=learning_rate, formula=formula, **fixed)


def tuning_jobs(entries: Iterable[Entry], budget: Budget, fixed: Mapping[str, Any]) -> list[Job]:
    """The learning-rate search: every activation, every rate, every tuning seed."""
    return [
        job(entry, seed, rate, fixed)
        for seed in budget.tuning_seeds
        for rate in budget.learning_rates
        for entry in entries
    ]


def final_jobs(
    entries: Iterable[Entry], rates: Mapping[str, float], seeds: Sequence[int], fixed: Mapping[str, Any]
) -> list[Job]:
    """The comparison itself, seed by seed, so that an interrupted one has whole pairs."""
    return [job(entry, seed, rates[entry.name], fixed) for seed in seeds for entry in entries]


def score_of(record: Record, part: str) -> float | None:
    """The metric on "held_out" or "validation" samples; None when the run failed or diverged."""
    return record.value[part] if record.status == "done" else None


def search_of(records: Iterable[Record], name: str, budget: Budget) -> tuple[Tried, ...]:
    """What the search found for one activation, by rising learning rate."""
    found: dict[float, list[float | None]] = {rate: [] for rate in budget.learning_rates}
    for record in records:
        if record.arguments["activation"] == name:
            found[record.arguments["learning_rate"]].append(score_of(record, "validation"))
    return tuple(_tried(rate, scores) for rate, scores in found.items())


def _tried(rate: float, scores: Sequence[float | None]) -> Tried:
    finished = [score for score in scores if score is not None]
    mean = math.fsum(finished) / len(finished) if finished else None
    return Tried(rate, mean, len(scores) - len(finished))


def best_rate(search: Sequence[Tried], larger_is_better: bool) -> float:
    """The learning rate with the fewest failures, then the best mean, then the smallest."""
    sign = -1.0 if larger_is_better else 1.0

    def order(each: Tried) -> tuple[int, float, float]:
        return each.failures, math.inf if each.mean is None else sign * each.mean, each.learning_rate

    return min(search, key=order).learning_rate
