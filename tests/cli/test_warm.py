"""`actlab warm`: what is compiled ahead, what is not and why, in both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import actlab
from actlab.catalogue import ENTRIES, KINDS, Entry
from actlab.cli import app
from actlab.nn.warm import Refusal, Warmed, compile_ahead
from actlab.renderers.spelling import CannotSpell
from actlab.report import terminal_kernels
from actlab.report.terminal import text_of
from actlab.report.words import LANGUAGES, texts
from actlab.runtime import choice
from actlab.runtime.admission import Verdict
from actlab.runtime.machine import Unavailable, cache_folder, machine


@pytest.fixture(autouse=True)
def can_compile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of its own; a machine that cannot compile skips, and is counted."""
    monkeypatch.setenv("ACTLAB_CACHE", str(tmp_path))
    try:
        machine()
    except Unavailable as reason:
        pytest.skip(f"no CPU kernels here: {reason}")


def run(*arguments: str) -> Result:
    """One `actlab warm`, in this process."""
    return CliRunner(env={"ACTLAB_LANG": "en", "COLUMNS": "100"}).invoke(app, ["warm", *arguments])


def _one_of_each_kind() -> Iterator[Entry]:
    yield from ({entry.kind: entry for entry in ENTRIES.values()}[kind] for kind in KINDS)


def test_every_kind_is_warmed_or_says_why_not() -> None:
    """The last entry of each kind gives a row, and its kernels or a reason that both languages have words for."""
    entries = list(_one_of_each_kind())
    rows = compile_ahead(entries, ("float32",))
    assert [row.name for row in rows] == [entry.name for entry in entries]
    assert any(row.value is None and row.slope is None for row in rows)
    keys = {why.key for row in rows for why in row.refusals.values()}
    assert keys and all(f"warm.refused.{key}" in texts(lang) for key in keys for lang in LANGUAGES)


def test_what_was_warmed_is_there_for_the_next_process() -> None:
    """Files are kept, for a formula of one's own too, and warming again adds none."""
    entry = actlab.define("x * tanh(0.731 * x)", name="warmed")
    (row,) = compile_ahead([entry], ("float64",))
    kept = set(cache_folder().iterdir())
    assert not row.refusals and kept
    compile_ahead([entry], ("float64",))
    assert set(cache_folder().iterdir()) == kept


def test_every_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation without a cell and a kernel that is off have their words; canary for rows that claim too much."""

    def unspelled(*_: object) -> Verdict:
        raise CannotSpell("llvm_cpu has no spelling for 'swirl'")

    mish = ENTRIES["mish"]
    for judge, key in ((unspelled, "spelling"), (lambda *_: Verdict(False, 1e3, 0.5), "inaccurate")):
        monkeypatch.setattr("actlab.nn.warm.verdict", judge)
        (row,) = compile_ahead([mish], ("float32",))
        assert {part: why.key for part, why in row.refusals.items()} == {"value": key, "slope": key}
        assert row.to_json()["value"] == {"compiled": False, "reason": key, **row.refusals["value"].values}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_marks_and_reasons_are_printed(lang: str) -> None:
    """A line for each entry, a column for each dtype, and each reason once with the names it is about."""
    why = Refusal("inaccurate", {"ulp": 12.5, "at": 0.25})
    made = partial(Warmed, dtype="float32", slope=None)
    told = text_of(terminal_kernels.warmed([made("one", value=None), made("two", value=why)], lang))
    assert "✓✓" in told and "–✓" in told and "12.5" in told and told.count("two") == 2 and "float32" in told


def test_json_goes_to_stdout_and_the_folder_to_stderr() -> None:
    """With --json the rows are all there is on stdout."""
    result = run("softsign", "--dtype", "bfloat16", "--json")
    assert result.exit_code == 0 and str(cache_folder()) in result.stderr
    (row,) = json.loads(result.stdout)
    assert row == {"name": "softsign", "dtype": "bfloat16", "value": {"compiled": True}, "slope": {"compiled": True}}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "--all"), (("relu", "--all"), "--all"), (("gellu",), "gelu"), (("relu", "--dtype", "int8"), "float32")],
)
def test_bad_input_is_exit_code_2(arguments: tuple[str, ...], said: str) -> None:
    """No names, an unknown one or an unknown dtype are said in one sentence."""
    result = run(*arguments)
    assert result.exit_code == 2 and said in result.stderr and "Traceback" not in result.stderr


def test_a_machine_that_cannot_compile_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence with the reason, and what happens instead."""

    def nothing() -> None:
        raise Unavailable("llvmlite cannot be loaded")

    monkeypatch.setattr("actlab.nn.warm.machine", nothing)
    result = run("relu")
    assert result.exit_code == 1 and "llvmlite cannot be loaded" in result.stderr and not result.stdout


def test_bench_shows_the_choice_where_torch_has_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A measured time for both, as a table in both languages and as JSON; nothing to choose is said in words."""
    monkeypatch.setattr(choice, "_ROUNDS", 1)
    told = CliRunner().invoke(app, ["bench", "relu", "gelu", "--dtype", "float32", "--json"])
    (row,) = json.loads(told.stdout)
    assert row["name"] == "relu" and [size["elements"] for size in row["sizes"]] == list(choice.SIZES)
    assert all(size["taken"] == min(("kernel", "torch"), key=size.get) for size in row["sizes"])
    kept = CliRunner().invoke(app, ["bench", "relu", "--choices", "--dtype", "float32", "--json"])
    assert json.loads(kept.stdout) == [row], "what is kept is what was measured"
    for lang, word in (("en", "Microseconds"), ("zh", "微秒")):
        assert word in CliRunner().invoke(app, ["bench", "relu", "--choices", "--lang", lang]).stdout
    assert "same bits" in CliRunner().invoke(app, ["bench", "gelu", "--lang", "en"]).stdout
    assert CliRunner().invoke(app, ["bench", "relu", "--dtype", "int8"]).exit_code == 2
