"""`actlab show NAME --memory`: bytes that were counted, certificates, and reasons in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import actlab
from actlab.catalogue import ENTRIES
from actlab.cli import app
from actlab.doctor.entry_memory import MODES, entry_memory
from actlab.nn.warm import NAMED
from actlab.report.entry_memory import terminal
from actlab.report.terminal import text_of
from actlab.report.words import LANGUAGES, texts

RUNTIME = Path(actlab.__file__).parent / "runtime"


def test_what_is_promised_is_what_is_counted() -> None:
    """Lean halves what a linear layer and an activation keep; an output takes a bit or two, a code one byte."""
    found = entry_memory(ENTRIES["silu"])
    assert not found.refused and {(row.mode, row.dtype) for row in found.rows} == {(m, d) for m in MODES for d in NAMED}
    for row in found.rows:
        size = NAMED[row.dtype].itemsize
        if row.mode == "plain":
            assert (row.before_linear, row.before_sum) == (2 * size, size) and row.max_error == 0
        if row.mode == "lean":
            assert row.before_linear == size and row.max_error == 0
        if row.mode == "output" and row.dtype != "float64":
            bits = 2 if row.dtype == "bfloat16" else 1
            assert row.before_linear == size + bits / 8 and 0 < row.max_error < 0.006
        if row.mode.startswith("code8"):
            assert row.before_sum == 1 and 0 < row.rms_error < 0.0025


@pytest.mark.parametrize("name", ("swiglu", "softmax", "rrelu", "prelu", "swiglu_oai"))
def test_every_kind_is_told_in_both_languages(name: str) -> None:
    """Rows for the modes that an entry has, a sentence for each that it has not; no terminal is too narrow."""
    found = entry_memory(ENTRIES[name])
    assert {row.mode for row in found.rows} | {row.mode for row in found.refused} == set(MODES)
    for lang in LANGUAGES:
        for width in (50, 100):
            told = text_of(terminal(found, lang, width), width)
            assert name in told and "{" not in told


def test_every_reason_has_words() -> None:
    """Whatever a plan refuses can be said in both languages."""
    codes = {
        code
        for path in [*RUNTIME.glob("*.py"), RUNTIME.parent / "nn" / "saves.py"]
        for code in re.findall(r'Refused\(\s*"(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert len(codes) > 8
    assert all(f"kept.refused.{code}" in texts(lang) for code in codes for lang in LANGUAGES)


def test_the_command_answers_in_text_and_json(tmp_path: Path) -> None:
    """`--memory` tells what is kept; the same as JSON, and in a file."""
    run = CliRunner(env={"ACTLAB_LANG": "en", "COLUMNS": "100"})
    told = run.invoke(app, ["show", "relu", "--memory", "--save", str(tmp_path / "kept.json")])
    assert told.exit_code == 0 and "bfloat16" in told.stdout
    found = json.loads(run.invoke(app, ["show", "relu", "--memory", "--json"]).stdout)
    assert found["name"] == "relu" and json.loads((tmp_path / "kept.json").read_text()) == found
    assert run.invoke(app, ["show", "relu", "--memory", "--save", "kept.png"]).exit_code == 2
