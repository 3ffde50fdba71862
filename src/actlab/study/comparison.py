"""A measured comparison: which activation works better on a task, and how sure that is.

`compare` returns a `Comparison`; everything in it is a plain value and `to_json()` writes all of it:

- task, metric, larger_is_better, margin: what was measured; a difference below `margin` is practically none.
- baseline, seeds (the seeds themselves), budget ("full" | "quick"), engine.
- rows: one `Row` per activation, best first; see there.
- failures: one `Failure` (name, seed, learning_rate, reason) per failed run of the comparison itself.
- search_failures: the same for the learning-rate search, where too large a rate may well diverge.
- provenance: versions, cores, platform, date (UTC, ISO 8601), command, store (path), computed and reused
  (cells), seconds (of this call), learning_rates (the grid), tuning_seeds, epochs, recipe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .plan import Tried
from .statistics import Difference, fewest_seeds
from .tasks import Task
from .wording import TEXTS, texts, verdict_sentence


@dataclass(frozen=True)
class Failure:
    """A run that gave no score, and why; reason "" means that the training diverged."""

    name: str
    seed: int
    learning_rate: float
    reason: str


@dataclass(frozen=True)
class Row:
    """One activation in a comparison.

    scores: held-out metric for each seed, None where the run failed. mean, sd, least, greatest: of the
    finished runs, None without any (sd: below two). rank: mean over the seeds of the rank among all rows, 1
    is best, a failed run is last. failures: count; failure_low, failure_high: 95 % interval of the rate.
    learning_rate: the chosen one; tried: (learning rate, mean validation metric or None, failures) for each
    of the grid. dead_share: mean share of dead hidden units after training. seconds: median time of one run.
    curve: mean training loss before training and in each epoch, over the finished runs. difference: to the
    baseline; None for the baseline itself.
    """

    name: str
    scores: tuple[float | None, ...]
    mean: float | None
    sd: float | None
    least: float | None
    greatest: float | None
    rank: float
    failures: int
    failure_low: float
    failure_high: float
    learning_rate: float
    tried: tuple[Tried, ...]
    dead_share: float | None
    seconds: float
    curve: tuple[float, ...]
    difference: Difference | None


@dataclass(frozen=True)
class Comparison:
    """The result of `compare`; the fields are described at the top of this module."""

    task: str
    metric: str
    larger_is_better: bool
    margin: float
    baseline: str
    seeds: tuple[int, ...]
    budget: str
    engine: str
    rows: tuple[Row, ...]
    failures: tuple[Failure, ...]
    search_failures: tuple[Failure, ...]
    provenance: dict[str, Any]
    about: Task = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The activations, best first."""
        return tuple(row.name for row in self.rows)

    def row(self, name: str) -> Row:
        """The row of this activation; KeyError when it was not compared."""
        return {row.name: row for row in self.rows}[name]

    def sentences(self, lang: str = "en") -> tuple[str, ...]:
        """One sentence per comparison with the baseline, best first, then one per activation that failed."""
        text = texts(lang)
        seeds = len(self.seeds)
        said = [
            verdict_sentence(row.name, self.baseline, self.about, row.difference, seeds=seeds, lang=lang)
            for row in self.rows
            if row.difference is not None
        ]
        for row in self.rows:
            if row.failures:
                reasons = [failure.reason for failure in self.failures if failure.name == row.name]
                said.append(
                    text["failures"].format(
                        name=row.name,
                        count=row.failures,
                        seeds=seeds,
                        low=row.failure_low,
                        high=row.failure_high,
                        reason=reasons[0] or text["diverged"],
                    )
                )
        return tuple(said)

    def warnings(self, lang: str = "en") -> tuple[str, ...]:
        """What a reader should know before believing the sentences."""
        text = texts(lang)
        said: list[str] = [text["quick"]] if self.budget == "quick" else []
        comparisons = len(self.rows) - 1
        fewest = fewest_seeds(max(1, comparisons))
        if comparisons and len(self.seeds) < fewest:
            said.append(text["few seeds"].format(seeds=len(self.seeds), comparisons=comparisons, fewest=fewest))
        for row in self.rows:
            said += [text[code].format(name=row.name, **facts) for code, facts in self._doubts(row, text)]
        return tuple(said)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain JSON values, with the sentences and warnings in both languages."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "about"}
        plain |= {"seeds": list(self.seeds), "names": list(self.names)}
        for part in ("rows", "failures", "search_failures"):
            plain[part] = [asdict(each) for each in getattr(self, part)]
        plain["summary"] = dict(self.about.summaries)
        for part, say in (("sentences", self.sentences), ("warnings", self.warnings)):
            plain[part] = {lang: list(say(lang)) for lang in TEXTS}
        return plain

    def _doubts(self, row: Row, text: Mapping[str, str]) -> Iterable[tuple[str, dict[str, Any]]]:
        first, last = row.tried[0].learning_rate, row.tried[-1].learning_rate
        if all(each.mean is None for each in row.tried):
            yield "tuning failed", {"rate": row.learning_rate}
        elif len(row.tried) > 2 and row.learning_rate in (first, last):
            end = text["smallest" if row.learning_rate == first else "largest"]
            yield "edge", {"rate": row.learning_rate, "end": end}
        if row.difference and row.failures != self.row(self.baseline).failures:
            yield "unequal failures", {"baseline": self.baseline, "pairs": row.difference.pairs}
