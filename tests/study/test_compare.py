"""A comparison from names to sentences; mostly with an engine that makes up scores instead of training."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actlab.engine import Job, MissingExtra, Record, Store
from actlab.study import BUDGETS, Comparison, Progress, compare
from actlab.study import statistics as study_statistics

Score = Callable[[dict[str, Any]], float | None]


class MadeUp:
    """An engine whose cells cost nothing: `score` gives the metric, None for divergence; `broken` names fail."""

    def __init__(self, score: Score, broken: tuple[str, ...] = ()) -> None:
        self.score, self.broken = score, broken
        self.jobs: list[Job] = []

    def run(self, function_path: str, jobs: Iterable[Job], on_result: Callable[[Record], None]) -> None:
        for job in jobs:
            self.jobs.append(job)
            arguments = job.arguments
            if arguments["activation"] in self.broken:
                on_result(Record.failed(job, "RuntimeError: out of order (made_up.py, line 1)"))
                continue
            score = self.score(arguments)
            value = {
                "held_out": score,
                "validation": score,
                "loss": [1.0, None if score is None else 0.5],
                "diverged": score is None,
                "dead_share": 0.25,
                "steps": 1,
            }
            on_result(Record(job.key, arguments, "done", value, "", 10.0))


LEVELS = {"relu": 0.9, "gelu": 0.95, "tanh": 0.9, "sigmoid": 0.8, "mish": 0.9}


def levels(arguments: Mapping[str, Any]) -> float:
    """A level per activation, noise shared by all with one seed, best at the learning rate 0.01."""
    shared = random.Random(arguments["seed"]).gauss(0, 0.02)
    own = random.Random(f"{arguments['activation']} {arguments['seed']}").gauss(0, 0.001)
    return LEVELS[arguments["activation"]] + shared + own - 2 * abs(arguments["learning_rate"] - 0.01)


@pytest.fixture(autouse=True)
def quick_intervals(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(study_statistics, "RESAMPLES", 999)
    monkeypatch.chdir(tmp_path)


def made_up(names: list[str], seeds: Any = 10, score: Score = levels, **settings: Any) -> Comparison:
    return compare(names, "digits", seeds, engine=MadeUp(score, settings.pop("broken", ())), **settings)


def test_a_real_comparison_trains_once_and_then_reads_its_store(tmp_path: Path) -> None:
    """End to end on wines with workers; the second call computes nothing and says the same.

    Computed in this process the numbers are the same too: the engine decides where a cell runs, not what it gives.
    """
    seen: list[Progress] = []
    first = compare(
        ["tanh"],
        "wine",
        2,
        engine="local:2",
        budget="quick",
        store=tmp_path / "w.jsonl",
        on_progress=seen.append,
    )
    assert first.provenance["computed"] == 8 and first.provenance["reused"] == 0
    assert first.failures == () and all(row.mean is not None and row.mean > 0.5 for row in first.rows)
    assert [each.done for each in seen] == [0, 1, 2, 3, 4, 4, 5, 6, 7, 8] and seen[-1].total == 8
    assert {each.stage for each in seen} == {"tuning", "comparing"} and seen[-1].seconds_left == 0

    again = compare(["tanh"], "wine", 2, engine="local:1", budget="quick", store=tmp_path / "w.jsonl")
    assert again.provenance["computed"] == 0 and again.provenance["reused"] == 8
    assert again.rows == first.rows and again.sentences("zh") == first.sentences("zh")

    here = compare(["tanh"], "wine", 2, engine="local:1", budget="quick", store=tmp_path / "here.jsonl")
    assert here.provenance["computed"] == 8
    assert [replace(row, seconds=0) for row in here.rows] == [replace(row, seconds=0) for row in first.rows]


def test_the_verdicts_are_those_of_the_scores() -> None:
    """Better, equal and worse as made up, best first, with the chosen learning rate and the spread of the seeds."""
    found = made_up(["gelu", "tanh", "sigmoid"])
    assert found.names[0] == "gelu" and found.names[-1] == "sigmoid" and set(found.names[1:3]) == {"relu", "tanh"}
    verdicts = {row.name: row.difference.verdict if row.difference else None for row in found.rows}
    assert verdicts == {"gelu": "better", "tanh": "practically equal", "relu": None, "sigmoid": "worse"}
    assert all(row.learning_rate == 0.01 and len(row.scores) == 10 for row in found.rows)
    gelu = found.row("gelu")
    assert gelu.difference is not None and gelu.difference.mean == pytest.approx(0.05, abs=0.002)
    assert gelu.rank == 1.0 and gelu.mean is not None and gelu.sd is not None
    assert gelu.least is not None and gelu.least < gelu.mean < (gelu.greatest or 0)


def test_each_comparison_is_one_sentence_in_each_language() -> None:
    """The sentence has the verdict, the size with its unit, the interval, the seeds and the certainty."""
    found = made_up(["gelu", "tanh"])
    english, chinese = found.sentences("en"), found.sentences("zh")
    assert english[0].startswith("gelu is better than relu on digits: accuracy +5.0 pp (95 % CI +4.")
    assert "10 paired seeds" in english[0] and "P(better) = 1.00" in english[0] and "after Holm" in english[0]
    assert english[1].startswith("tanh and relu are practically equal on digits (within ±0.5 pp)")
    assert chinese[0].startswith("在 digits 上，gelu 优于 relu：准确率相差 +5.0 个百分点（95% 置信区间 +4.")
    assert len(english) == len(chinese) == 2
    with pytest.raises(ValueError, match="'en' or 'zh'"):
        found.sentences("fr")


def test_an_undecided_comparison_says_how_many_seeds_are_missing() -> None:
    """No decision comes with what to do."""
    found = made_up(["gelu"], score=lambda a: random.Random(f"{a['activation']}{a['seed']}").gauss(0.9, 0.02))
    (sentence,) = found.sentences("en")
    difference = found.row("gelu").difference
    assert difference is not None and difference.verdict == "no decision" and (difference.more_seeds or 0) > 0
    assert sentence.endswith(f"about {10 + difference.more_seeds} seeds in all would decide.")


def test_all_activations_get_the_same_cells() -> None:
    """Equal treatment: every activation has the same seeds and learning rates, tuned on seeds of its own."""
    engine = MadeUp(levels)
    compare(["gelu", "tanh"], "digits", 4, engine=engine)
    budget = BUDGETS["full"]
    cells: dict[str, list[tuple[int, float]]] = {}
    for job in engine.jobs:
        arguments = job.arguments
        cells.setdefault(arguments["activation"], []).append((arguments["seed"], arguments["learning_rate"]))
    assert set(cells) == {"relu", "gelu", "tanh"}
    assert len({json.dumps(sorted(each)) for each in cells.values()}) == 1
    assert len(cells["relu"]) == budget.cells(4) == len(budget.learning_rates) * budget.searches + 4
    assert not set(budget.tuning_seeds) & set(range(1000))


def test_the_learning_rate_is_chosen_for_each_activation() -> None:
    """The best mean on validation wins, a rate at which runs fail does not, and a choice at the end is told."""

    def score(arguments: Mapping[str, Any]) -> float | None:
        rate = arguments["learning_rate"]
        if arguments["activation"] == "relu":
            return None if rate == 0.01 and arguments["seed"] % 2 else 1 - abs(rate - 0.01)
        return 0.5 + rate

    found = made_up(["gelu"], seeds=6, score=score)
    assert found.row("relu").learning_rate == 0.003 and found.row("gelu").learning_rate == 0.1
    assert [each.failures for each in found.row("relu").tried] == [0, 0, 1, 0, 0]
    assert any(text.startswith("gelu: the best learning rate 0.1 is the largest") for text in found.warnings("en"))
    assert any(text.startswith("gelu：选出的学习率 0.1") and "最大" in text for text in found.warnings("zh"))


def test_failures_are_counted_ranked_last_and_explained() -> None:
    """Diverged and crashed runs stay in the table; the reason of the first is in the sentence."""

    def score(arguments: Mapping[str, Any]) -> float | None:
        return None if arguments["activation"] == "gelu" and arguments["seed"] in (1, 2, 3) else levels(arguments)

    found = made_up(["gelu", "sigmoid", "tanh"], score=score, broken=("tanh",))
    gelu, tanh = found.row("gelu"), found.row("tanh")
    assert gelu.failures == 3 and gelu.scores[1] is None and gelu.rank == pytest.approx((7 * 1 + 3 * 3.5) / 10)
    assert 0.06 < gelu.failure_low < 0.3 < gelu.failure_high < 0.66
    assert gelu.difference is not None and gelu.difference.pairs == 7
    assert tanh.failures == 10 and tanh.mean is None and found.names[-1] == "tanh" and tanh.curve == ()
    assert tanh.difference is not None and tanh.difference.verdict == "worse"
    said = " ".join(found.sentences("en"))
    assert "gelu failed in 3 of 10 runs" in said and "the training diverged" in said and "out of order" in said
    assert "训练发散" in " ".join(found.sentences("zh"))
    reasons = [(failure.name, failure.reason[:12]) for failure in found.failures]
    assert sorted(reasons) == [("gelu", "")] * 3 + [("tanh", "RuntimeError")] * 10
    assert {failure.name for failure in found.search_failures} == {"tanh"}
    warned = " ".join(found.warnings("en"))
    assert "tanh: every run of the learning-rate search failed" in warned and "only the 7 seeds" in warned


def test_a_failed_baseline_is_no_reason_to_fail() -> None:
    """Even when nothing can be compared there is a complete result."""
    found = made_up(["gelu"], broken=("relu", "gelu"))
    assert [row.failures for row in found.rows] == [10, 10] and found.row("gelu").seconds == 0
    json.dumps(found.to_json(), allow_nan=False)
    assert all("None" not in text for lang in ("en", "zh") for text in (*found.sentences(lang), *found.warnings(lang)))


def test_an_interrupted_comparison_goes_on_where_it_was(tmp_path: Path) -> None:
    """Ctrl-C passes through, finished cells are kept, and the same call computes only the others."""
    path = tmp_path / "study.jsonl"
    whole = made_up(["gelu"], store=tmp_path / "whole.jsonl")

    def interrupt(progress: Progress) -> None:
        if progress.done == 34:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_up(["gelu"], store=path, on_progress=interrupt)
    assert len(list(Store(path))) == 34
    found = made_up(["gelu"], store=path)
    assert found.provenance["reused"] == 34 and found.provenance["computed"] == 50 - 34
    assert found.rows == whole.rows


def test_more_names_or_seeds_compute_only_those() -> None:
    """The default store belongs to the task: what is known is not computed again."""
    made_up(["gelu"], seeds=4)
    assert len(list(Path(".actlab/studies").glob("digits-*.jsonl"))) == 1
    assert made_up(["gelu"], seeds=6).provenance["computed"] == 2 * 2
    assert made_up(["gelu", "mish"], seeds=6).provenance["computed"] == BUDGETS["full"].cells(6)
    assert made_up(["mish"], seeds=6, baseline="gelu").provenance["computed"] == 0


def test_failed_cells_run_again_and_diverged_ones_do_not() -> None:
    """A crash may have had a passing cause; divergence is a result."""
    first = made_up(["gelu", "tanh"], seeds=6, broken=("tanh",))
    assert first.row("tanh").failures == 6
    again = made_up(["gelu", "tanh"], seeds=6)
    assert again.row("tanh").failures == 0 and again.provenance["computed"] == BUDGETS["full"].cells(6)
    made_up(["mish"], seeds=6, score=lambda a: None)
    assert made_up(["mish"], seeds=6).provenance["computed"] == 0


def test_everything_is_plain_json_and_says_where_it_came_from() -> None:
    """The JSON has rows, sentences and warnings in both languages, and the provenance to do it again."""
    found = made_up(["gelu"], seeds=(3, 5, 8), store="here.jsonl")
    plain = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert plain["names"] == list(found.names) and plain["seeds"] == [3, 5, 8] and len(plain["rows"]) == 2
    assert set(plain["sentences"]) == set(plain["warnings"]) == {"en", "zh"}
    provenance = plain["provenance"]
    assert {"actlab", "torch", "scipy", "scikit-learn", "python"} == set(provenance["versions"])
    assert provenance["command"] == (
        "actlab compare gelu --task digits --seeds 3,5,8 --baseline relu --store here.jsonl"
    )
    assert provenance["cores"] >= 1 and provenance["date"].endswith("+00:00") and provenance["store"] == "here.jsonl"


def test_too_few_seeds_are_told() -> None:
    """Below the number that can be significant a warning names that number."""
    assert any("at least 6" in text for text in made_up(["gelu"], seeds=5).warnings("en"))
    assert any("至少使用 7 个种子" in text for text in made_up(["gelu", "tanh"], seeds=6).warnings("zh"))
    assert not any("at least" in text for text in made_up(["gelu"], seeds=6).warnings("en"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"names": ["gleu"]}, "gelu"),
        ({"task": "digit"}, "did you mean digits"),
        ({"baseline": "rellu"}, "relu"),
        ({"budget": "ful"}, "did you mean full"),
        ({"engine": "clouds"}, "no engine"),
        ({"seeds": 0}, "seeds must be"),
        ({"seeds": [1, 1]}, "seeds must be"),
        ({"seeds": [-1]}, "seeds must be"),
        ({"seeds": "10"}, "seeds must be"),
        ({"seeds": [1.5]}, "seeds must be"),
        ({"names": []}, "at least one more"),
        ({"names": ["ReLU", "torch:relu"]}, "at least one more"),
    ],
)
def test_unusable_requests_are_refused_before_anything_is_written(settings: dict[str, Any], said: str) -> None:
    """One readable sentence with the nearest names, and no store."""
    with pytest.raises(ValueError, match=said):
        compare(**{"names": ["gelu"], "task": "digits", "engine": MadeUp(levels), **settings})
    assert not Path(".actlab").exists()


def test_names_may_be_spelled_in_any_way_and_are_compared_once() -> None:
    """ "GELU" and "nn.GELU" are one activation; the baseline is added."""
    assert set(made_up(["GELU", "nn.GELU", "relu"], seeds=1).names) == {"gelu", "relu"}
    assert set(compare("gelu", "digits", 1, MadeUp(levels)).names) == {"gelu", "relu"}


def test_without_scipy_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The study is an extra."""
    monkeypatch.setattr("actlab.study.conduct.EXTRAS", {"SciPy": "no_such_module_at_all"})
    with pytest.raises(MissingExtra, match=r'pip install "actlab\[study\]"'):
        made_up(["gelu"])


def test_the_tasks_can_be_listed_without_torch_or_scipy() -> None:
    """Importing the study loads no heavy library."""
    code = (
        "import sys; from actlab.study import TASKS; assert len(TASKS) >= 8\n"
        "print([m for m in ('torch', 'scipy', 'sklearn', 'matplotlib', 'ray', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
