"""The page of benchmarks: what it says follows from the rows, and the committed one is that of the committed rows."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ABOUT = {"date": "2026-01-02", "commit": "abc", "machine": "quick", "torch": "2", "threads": 2}
POINTWISE = {"elements": 2**20, "dtype": "float32", "work": "value", "output": "reused", "repeats": 9}


@pytest.fixture(scope="module")
def bench() -> Iterator[SimpleNamespace]:
    """The modules of the benchmarks, which stand beside each other and not in the package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        names = ("measuring", "reading", "targets", "page")
        yield SimpleNamespace(**{name: import_module(name) for name in names})


def _pointwise(entry: str, aten: float | None, text: float = 9.0, **given: Any) -> dict[str, Any]:
    ratio = {"text": [text] * 3, "copy": [0.5] * 3, **({"aten": [aten] * 3} if aten else {})}
    times = {"ns": {who: [1.0] * 3 for who in ("ours", *ratio)}, "ratio": ratio, "instructions": 2.0}
    return {**ABOUT, **POINTWISE, "entry": entry, **times, **given}


def _write(folder: Path, name: str, *rows: dict[str, Any]) -> Path:
    (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return folder


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A few measurements: of an older form, of another machine, repeated, won, lost."""
    step = {**ABOUT, "network": "mlp", "entry": "mish", "batch": 8, "repeats": 3, "ms": {"ours": [2.0] * 3}}
    _write(tmp_path, "cpu_training", {**step, "ratio": {"aten": [1.2] * 3, "text": [2.0] * 3, "identity": [0.9] * 3}})
    along = {"shape": [4096, 1000], "dim": -1, "dtype": "float32", "work": "gradient", "ratio": {"entmax": [7.0] * 3}}
    _write(tmp_path, "cpu_rows", {**ABOUT, "entry": "sparsemax", **along})
    parts = {"beyond_imports": [0.2] * 3, "import_actlab": [0.1] * 3}
    _write(tmp_path, "cpu_first_call", {**ABOUT, "entry": "mish", "cache": "empty", "s": parts})
    held = {"work": "kept", "dtype": "float32", "bytes": {"aten": 8.0, "ours": 8.0, "lean": 4.0, "inplace": 8.0}}
    size = {"entry": "gelu", "width": 8, "depth": 2, "batch": 64}
    _write(
        tmp_path,
        "cpu_memory",
        {
            **ABOUT,
            "entry": "gelu",
            "kind": "pointwise",
            **held,
            "bytes": {**held["bytes"], "output": 4.5, "code8": 5.0},
        },
        {**ABOUT, "entry": "floor", "kind": "pointwise", **held},
        {
            **ABOUT,
            **size,
            "work": "peak",
            "bytes": {"aten": 2**21},
            "of_aten": {"aten": 1.0, "lean": 0.5, "inplace": 0.5},
        },
        {
            **ABOUT,
            **size,
            "work": "time",
            "ms": {"ours": [3.0] * 3},
            "ratio": {"lean": [1.2] * 3, "inplace": [0.9] * 3},
        },
        {
            **ABOUT,
            **size,
            "work": "peak",
            "batch": 8,
            "bytes": {"aten": 2**21},
            "of_aten": {"lean": 0.9, "inplace": 0.9},
        },
    )
    return _write(
        tmp_path,
        "cpu_pointwise",
        {**ABOUT, "entry": "mish", "elements": 2**20, "dtype": "float32", "value_aten_ratio": 77},
        _pointwise("mish", 66.0, machine="slow"),
        _pointwise("gelu", 55.0),
        _pointwise("gelu", 0.5),
        _pointwise("mish", 4.0),
        _pointwise("logish", None),
    )


def test_the_page_is_made_in_both_languages_with_a_picture(bench: SimpleNamespace, rows: Path, tmp_path: Path) -> None:
    """Each language has the same tables with the same numbers, every slot filled, and a picture with every function."""
    written = bench.page.build(rows, tmp_path / "docs")
    assert {path.name for path in written} == {
        *("benchmarks.md", "benchmarks.zh-CN.md", "cpu_kernels.svg", "cpu_kernels.zh-CN.svg")
    }
    english, chinese = ((tmp_path / "docs" / f"benchmarks{end}.md").read_text("utf-8") for end in ("", ".zh-CN"))
    for text in (english, chinese):
        assert "{" not in text and "`gelu` 0.50" in text and "55" not in text and "66" not in text and "77" not in text
        for target in re.findall(r"\]\((pictures/[^)]+)\)", text):
            assert "gelu" in (tmp_path / "docs" / target).read_text("utf-8")
    cells = [
        re.sub(r"[^\d.|\n]", "", "\n".join(re.findall(r"^\| `.*$", text, re.MULTILINE))) for text in (english, chinese)
    ]
    assert cells[0] == cells[1] and cells[0].count("\n") >= 4
    assert "missed" in english and "未达到" in chinese


def test_the_newest_row_of_the_last_machine_counts(bench: SimpleNamespace, rows: Path) -> None:
    """What was measured again replaces what was; another machine and an older form of rows are passed over."""
    results = bench.reading.Results(rows)
    cell = bench.reading.Cell()
    assert results.ratios("aten", cell) == {"gelu": 0.5, "mish": 4.0}
    assert results.ratios("text", cell, lacking=True) == {"logish": 9.0}
    assert results.about["commits"] == ["abc"] and results.about["machine"] == "quick"


def test_targets_are_judged_by_their_worst_or_their_mean(bench: SimpleNamespace, rows: Path) -> None:
    """Reached, missed with the names beyond the bound, and not measured are told apart."""
    results = bench.reading.Results(rows)
    found = {target.key: bench.targets.outcome(target, results) for target in bench.targets.TARGETS}
    assert found["value.least"].beyond == {"gelu": 0.5} and not found["value.least"].reached
    assert found["value.mean"].measured == pytest.approx(2**0.5) and not found["value.mean"].reached
    assert (
        found["named"].reached and found["training"].reached and found["rows"].reached and found["first.empty"].reached
    )
    assert found["memory.lean"].reached and found["memory.peak"].reached and found["memory.time.inplace"].reached
    assert found["memory.inplace"].beyond == {"gelu": 8.0}, "floor does not tell its slope, so it need not"
    assert found["memory.time.lean"].beyond == {"gelu": 1.2}
    assert found["compile"].measured is None and not found["compile"].reached


def test_without_rows_there_is_a_page_that_says_so(bench: SimpleNamespace, tmp_path: Path) -> None:
    """Nothing measured is no error."""
    told = bench.page.page(bench.reading.Results(tmp_path), "en")
    assert told.count("not measured") > len(bench.targets.TARGETS)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_committed_page_is_that_of_the_committed_rows(bench: SimpleNamespace, lang: str, rows: Path) -> None:
    """Generating it again changes nothing; canary: other rows give another page."""
    committed = (ROOT / "docs" / f"benchmarks{bench.page.LANGUAGES[lang]}.md").read_text("utf-8")
    assert committed == bench.page.page(bench.reading.Results(bench.measuring.RESULTS), lang), (
        "run `python benchmarks/page.py`"
    )
    assert committed != bench.page.page(bench.reading.Results(rows), lang)


def test_the_words_of_the_page_are_complete_in_both_languages(bench: SimpleNamespace) -> None:
    """The same keys in the same order, with the same values filled in, and a sentence for every target."""
    english, chinese = bench.page.texts("en"), bench.page.texts("zh")
    assert list(english) == list(chinese)
    for key, text in english.items():
        slots = [{name for _, name, _, _ in string.Formatter().parse(told) if name} for told in (text, chinese[key])]
        assert slots[0] == slots[1], key
    assert {f"target.{target.key}" for target in bench.targets.TARGETS} <= set(english)


def test_a_rival_that_takes_twice_as_long_is_two(bench: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that only work moves: ratios above 1 are our wins, and what is made ready before is not counted."""
    now = [0.0]

    def takes(seconds: float) -> Any:
        return lambda: now.__setitem__(0, now[0] + seconds)

    monkeypatch.setattr(bench.measuring.time, "perf_counter", lambda: now[0])
    rival = bench.measuring.Rival
    contest = {"ours": rival(takes(1e-3)), "theirs": rival(takes(2e-3)), "late": rival(takes(1e-3), before=takes(9.0))}
    row = bench.measuring.alternated(contest, 0.5, least=5).row("ms", 1e3)
    assert row["ratio"] == {"theirs": [2.0, 2.0, 2.0], "late": [1.0, 1.0, 1.0]} and row["repeats"] == 5
    assert row["ms"]["ours"] == [1.0, 1.0, 1.0]
