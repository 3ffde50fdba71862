"""Conducting a comparison: from names and a task to cells, from their records to rows."""

from __future__ import annotations

import math
import os
import platform
import shlex
import statistics as moments
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from importlib import import_module, metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import __version__
from ..engine import Engine, Job, MissingExtra, Record, Store, cores
from ..engine import engine as engine_named
from .comparison import Comparison, Failure, Row
from .plan import (
    COMPARING,
    RECIPE,
    TUNING,
    Tried,
    best_rate,
    final_jobs,
    find_budget,
    score_of,
    search_of,
    tuning_jobs,
)
from .statistics import Difference, compare_scores, ranks, share_interval
from .tasks import Task, find_task

if TYPE_CHECKING:
    from ..catalogue import Entry

TRAIN = "actlab.study.training:train"
# package -> the name it is imported by
EXTRAS = {"SciPy": "scipy", "scikit-learn": "sklearn"}
# Their releases may change results, so a cell is measured anew under another one.
DECIDING = ("actlab", "torch")


class Progress(NamedTuple):
    """How far a comparison is: cells done (also those from the store) of total, failed, stage, time left."""

    done: int
    total: int
    failed: int
    stage: str
    seconds_left: float | None


def compare(
    names: Sequence[str],
    task: str,
    seeds: int | Sequence[int] = 10,
    engine: str | Engine = "local",
    baseline: str = "relu",
    *,
    store: str | os.PathLike[str] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    budget: str = "full",
) -> Comparison:
    """Train the task's network with each activation and each seed, and say which is better than the baseline.

    Every activation gets the same splits, batches and initial draws, and the same search for its learning
    rate: the same grid, judged on validation samples with seeds of its own. Finished cells are kept in
    `store` (default .actlab/studies/<task>-<hash>.jsonl under the current directory), so an interrupted call,
    made again, goes on where it was, and one with more names or seeds computes only those. Cells that
    failed are run again.

    names: in any spelling `actlab.create` takes; the baseline is added if missing. seeds: how many, or which.
    engine: see `actlab.engine.engine`. on_progress: called after each cell. budget: "full" or "quick".
    Raises ValueError for unknown names (with the nearest ones) and unusable values, MissingExtra without SciPy
    or scikit-learn; KeyboardInterrupt passes through with the finished cells kept.
    """
    about, size = find_task(task), find_budget(budget)
    entries = _entries(names, baseline)
    base = entries[0].name
    chosen = _seeds(seeds)
    runner = engine_named(engine)
    for package, module in EXTRAS.items():
        if util.find_spec(module) is None:
            raise MissingExtra(package, "study", "compare")
    started = time.monotonic()
    versions = _versions()
    fixed: dict[str, Any] = {
        "task": about.name,
        "epochs": size.epochs(about),
        "recipe": RECIPE,
        "versions": {name: versions[name] for name in DECIDING},
    }
    path = Path(store) if store else Path(".actlab", "studies", f"{about.name}-{Job.of(**fixed).key[:10]}.jsonl")
    cells = _Cells(Store(path), runner, on_progress, len(entries) * size.cells(len(chosen)))

    tuning = cells.run(TUNING, tuning_jobs(entries, size, fixed))
    searches = {entry.name: search_of(tuning, entry.name, size) for entry in entries}
    rates = {name: best_rate(search, about.metric.larger_is_better) for name, search in searches.items()}
    found = cells.run(COMPARING, final_jobs(entries, rates, chosen, fixed))

    return Comparison(
        task=about.name,
        metric=about.metric.name,
        larger_is_better=about.metric.larger_is_better,
        margin=about.margin,
        baseline=base,
        seeds=chosen,
        budget=budget,
        engine=engine if isinstance(engine, str) else type(engine).__name__,
        rows=_rows(about, base, chosen, found, rates=rates, searches=searches),
        failures=_failures(found),
        search_failures=_failures(tuning),
        provenance={
            "versions": versions,
            "platform": f"{platform.system()} {platform.machine()}",
            "cores": cores(),
            "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "command": _command(
                [entry.name for entry in entries],
                about.name,
                seeds=seeds,
                engine=engine,
                store=store,
                budget=budget,
            ),
            "store": os.fspath(path),
            "computed": cells.computed,
            "reused": cells.total - cells.computed,
            "seconds": round(time.monotonic() - started, 1),
            "learning_rates": list(size.learning_rates),
            "tuning_seeds": list(size.tuning_seeds),
            "epochs": size.epochs(about),
            "recipe": RECIPE,
        },
        about=about,
    )


class _Cells:
    """Runs what the store does not have yet, keeps each record at once, and reports progress."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        on_progress: Callable[[Progress], None] | None,
        total: int,
    ) -> None:
        self._store, self._engine, self._on_progress = store, engine, on_progress
        self._started = time.monotonic()
        self._failed = self._done = self.computed = 0
        self.total = total

    def run(self, stage: str, jobs: Sequence[Job]) -> list[Record]:
        """The records of these jobs, in their order."""
        todo = self._store.missing(jobs, again=True)
        waiting = {job.key for job in todo}
        ready = [record for record in self._store.records(jobs) if record.key not in waiting]
        self._done += len(ready)
        self._failed += sum(map(_failed, ready))
        self._tell(stage)

        def keep(record: Record) -> None:
            self._store.append([record])
            self._done += 1
            self.computed += 1
            self._failed += _failed(record)
            self._tell(stage)

        if todo:
            self._engine.run(TRAIN, todo, keep)
        return self._store.records(jobs)

    def _tell(self, stage: str) -> None:
        if self._on_progress is not None:
            pace = (time.monotonic() - self._started) / self.computed if self.computed else None
            left = None if pace is None else pace * (self.total - self._done)
            self._on_progress(Progress(self._done, self.total, self._failed, stage, left))


def _entries(names: Sequence[str], baseline: str) -> list[Entry]:
    """The baseline first, then the others as given, each once; ValueError when one cannot be compared."""
    if isinstance(names, str):
        names = [names]
    from ..nn import resolve

    found: dict[str, Entry] = {}
    for name in (baseline, *names):
        entry, settings = resolve(name)
        if settings:
            raise ValueError(f"{name} is {entry.name} with {settings}; a study takes the default parameters only")
        found[entry.name] = entry
    if len(found) < 2:
        raise ValueError(f"a comparison needs an activation besides the baseline {baseline}; name at least one more")
    for entry in found.values():
        if entry.kind == "gated":
            raise ValueError(f"{entry.name} halves its input, so it cannot take the place of {baseline} in a study")
    return list(found.values())


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    chosen = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    sound = all(isinstance(seed, int) and seed >= 0 for seed in chosen)
    if not chosen or not sound or len(set(chosen)) < len(chosen):
        raise ValueError(f"seeds must be a number >= 1 or different whole numbers >= 0, not {seeds!r}")
    return chosen


def _rows(
    task: Task,
    baseline: str,
    seeds: Sequence[int],
    records: Sequence[Record],
    *,
    rates: Mapping[str, float],
    searches: Mapping[str, tuple[Tried, ...]],
) -> tuple[Row, ...]:
    by_name = {name: {r.arguments["seed"]: r for r in records if r.arguments["activation"] == name} for name in rates}
    scores = {name: [score_of(found[seed], "held_out") for seed in seeds] for name, found in by_name.items()}
    better = task.metric.larger_is_better
    others = [name for name in rates if name != baseline]
    differences: dict[str, Difference] = dict(
        zip(
            others,
            compare_scores([scores[n] for n in others], scores[baseline], task.margin, better),
            strict=True,
        )
    )
    # by seed: the ranks of all activations, a failed run last
    placed = [ranks([_badness(scores[name][index], better) for name in rates]) for index in range(len(seeds))]
    rows = [
        _row(
            name,
            scores[name],
            [by_name[name][seed] for seed in seeds],
            rank=moments.fmean(place),
            rate=rates[name],
            search=searches[name],
            difference=differences.get(name),
        )
        for name, place in zip(rates, zip(*placed, strict=True), strict=True)
    ]
    return tuple(sorted(rows, key=lambda row: (row.rank, _badness(row.mean, better))))


def _row(
    name: str,
    scores: Sequence[float | None],
    records: Sequence[Record],
    *,
    rank: float,
    rate: float,
    search: tuple[Tried, ...],
    difference: Difference | None,
) -> Row:
    finished = [score for score in scores if score is not None]
    done = [record.value for record in records if record.status == "done"]
    curves = [value["loss"] for value in done if not value["diverged"]]
    failures = len(scores) - len(finished)
    low, high = share_interval(failures, len(scores))
    return Row(
        name=name,
        scores=tuple(scores),
        mean=moments.fmean(finished) if finished else None,
        sd=moments.stdev(finished) if len(finished) > 1 else None,
        least=min(finished, default=None),
        greatest=max(finished, default=None),
        rank=rank,
        failures=failures,
        failure_low=low,
        failure_high=high,
        learning_rate=rate,
        tried=search,
        dead_share=moments.fmean(value["dead_share"] for value in done) if done else None,
        seconds=moments.median(record.elapsed_ms for record in records) / 1000,
        curve=tuple(moments.fmean(step) for step in zip(*curves, strict=True)),
        difference=difference,
    )


def _badness(score: float | None, larger_is_better: bool) -> float:
    return math.inf if score is None else -score if larger_is_better else score


def _failed(record: Record) -> bool:
    return record.status == "failed" or record.value["diverged"]


def _failures(records: Sequence[Record]) -> tuple[Failure, ...]:
    return tuple(
        Failure(r.arguments["activation"], r.arguments["seed"], r.arguments["learning_rate"], r.error)
        for r in records
        if _failed(r)
    )


def _versions() -> dict[str, str]:
    torch = import_module("torch")
    others = {name: metadata.version(name) for name in ("scipy", "scikit-learn")}
    return {
        "actlab": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        **others,
    }


def _command(
    names: Sequence[str],
    task: str,
    *,
    seeds: int | Sequence[int],
    engine: str | Engine,
    store: str | os.PathLike[str] | None,
    budget: str,
) -> str:
    """The command line that makes this comparison again."""
    given = seeds if isinstance(seeds, int) else ",".join(map(str, seeds))
    words = ["actlab", "compare", *names[1:], "--task", task, "--seeds", str(given), "--baseline", names[0]]
    if isinstance(engine, str) and engine != "local":
        words += ["--engine", engine]
    if store:
        words += ["--store", os.fspath(store)]
    if budget != "full":
        words += ["--budget", budget]
    return shlex.join(words)
