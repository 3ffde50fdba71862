"""The command line: what each command prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from tests.report import records
from tests.report.pages import check_page
from typer.testing import CliRunner, Result

import actlab
import actlab.doctor
import actlab.study
from actlab.catalogue import ENTRIES
from actlab.cli import app
from actlab.report.words import say

LANGS = pytest.mark.parametrize("lang", ["en", "zh"])
CASE = """
import actlab, torch
def case():
    torch.manual_seed(0)
    x = torch.randn(256, 4)
    y = (x[:, 0] > 0).long()
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    data = [(x[i:i + 64], y[i:i + 64]) for i in range(0, 256, 64)]
    return actlab.Case(model, data, torch.nn.CrossEntropyLoss(), name="small")
"""


def run(*arguments: str, columns: int = 100, **environment: str) -> Result:
    """One command, in-process, on a terminal of this width."""
    return CliRunner(env={"COLUMNS": str(columns), "ACTLAB_LANG": "en", **environment}).invoke(app, list(arguments))


def process(*arguments: str, **given: Any) -> subprocess.CompletedProcess[str]:
    """One command in a process of its own."""
    environment = {**os.environ, "ACTLAB_LANG": "en", "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-m", "actlab", *arguments],
        capture_output=True, text=True, encoding="utf-8", env=environment, timeout=120, check=False, **given,
    )  # fmt: skip


def fits(text: str, width: int) -> bool:
    """Whether every line fits the terminal, wide characters counted as two columns."""
    return max(map(cell_len, text.splitlines())) <= width


@LANGS
@pytest.mark.parametrize("columns", [60, 200])
@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("list", "--family", "rectified"),
        ("show", "gelu"),
        ("show", "elu", "-p", "alpha=0.2"),
        ("show", "LeakyReLU"),
        ("table", "relu", "gelu", "swish"),
        ("value", "gelu", "-10", "0", "1"),
        ("value", "softmax", "1", "-2", "3", "-5"),
        ("advise", "--task", "binary", "--where", "output"),
        ("advise", "--architecture", "transformer", "--trouble", "dead-units"),
    ],
)
def test_every_quick_command_answers_in_both_languages_at_any_width(
    arguments: tuple[str, ...], columns: int, lang: str
) -> None:
    """Exit code 0, data on stdout that fits, nothing on stderr, in the language asked for."""
    result = run(*arguments, "--lang", lang, columns=columns)
    assert result.exit_code == 0, result.output
    assert not result.stderr
    assert fits(result.stdout, columns)
    assert bool(re.search(r"[\u4e00-\u9fff]", result.stdout)) == (lang == "zh")


@pytest.mark.parametrize("place", ["before", "after"])
def test_options_for_every_command_stand_before_or_after_its_name(place: str) -> None:
    """--lang and --json mean the same on both sides of the command."""
    options = ("--lang", "zh", "--json")
    result = run(*options, "list") if place == "before" else run("list", *options)
    assert [entry["name"] for entry in json.loads(result.stdout)] == list(ENTRIES)


@pytest.mark.parametrize(
    ("arguments", "check"),
    [
        (("list", "--family", "smooth"), lambda r: r[0]["name"] == "softplus"),
        (("show", "gelu"), lambda r: r["properties"]["range"]["low"]["value"] == pytest.approx(-0.16997120747990369)),
        (("show", "gelu"), lambda r: {"text", "latex"} == set(r["formula"]["slope"])),
        (("table", "relu", "step"), lambda r: [e["name"] for e in r] == ["relu", "step"]),
        (("value", "gelu", "-10"), lambda r: r["value"] == [pytest.approx(-7.619853024160527e-23, rel=1e-12)]),
        (("value", "softmax", "1", "-2"), lambda r: r["value"] == pytest.approx([0.9526, 0.0474], abs=5e-5)),
        (("advise", "--task", "regression"), lambda r: r[0]["reason"]["zh"]),
    ],
)  # fmt: skip
def test_json_is_the_same_facts(arguments: tuple[str, ...], check: Callable[[Any], object]) -> None:
    """`--json` prints one JSON value on stdout and nothing else."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0
    assert check(json.loads(result.stdout))


@LANGS
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show", "gellu"), 2, "gelu"),
        (("show", "gelu", "-p", "alpha=1"), 2, "alpha"),
        (("show", "elu", "-p", "alpha"), 2, "alpha=0.2"),
        (("show", "elu", "-p", "alpha=-1"), 2, ">= 0"),
        (("show", "elu", "-p", "dim=0"), 2, "dim"),
        (("show", "gelu", "--save", "x.pdf"), 2, ".svg"),
        (("show", "gelu", "--save", "/proc/nowhere/x.svg"), 2, "/proc/nowhere/x.svg"),
        (("show",), 2, "NAME"),
        (("table", "relu", "rel"), 2, "relu"),
        (("list", "--family", "unheard"), 2, "rectified"),
        (("list", "--frob"), 2, "--frob"),
        (("frob",), 2, "frob"),
        (("shwo", "gelu"), 2, "show"),
        (("value", "gelu", "one"), 2, "one"),
        (("advise", "--task", "cooking"), 2, "regression"),
        (("advise", "--where", "output"), 2, "multi-class"),
        (("compare", "gelu", "--task", "digitz"), 2, "digits"),
        (("compare", "gelu", "--seeds", "many"), 2, "0,1,5"),
        (("compare", "gellu", "--task", "digits"), 2, "gelu"),
        (("doctor", "nowhere.py:case"), 2, "nowhere.py"),
        (("doctor", "nowhere.py:case", "--report", "x.txt"), 2, ".html"),
        (("doctor", "nowhere.py:case", "--steps", "0"), 2, "--steps"),
        (("explore", "--export", "x.svg"), 2, ".html"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(
    arguments: tuple[str, ...], code: int, said: str, lang: str
) -> None:
    """Nothing on stdout, one line on stderr that names the trouble, no traceback."""
    result = run(*arguments, "--lang", lang)
    assert result.exit_code == code
    assert not result.stdout
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr
    assert result.stderr.startswith(say(lang, "error"))


def test_an_unknown_language_is_refused() -> None:
    """The known ones are listed."""
    result = run("list", "--lang", "fr")
    assert result.exit_code == 2
    assert "en and zh" in result.stderr


def test_debug_shows_where_it_happened() -> None:
    """A traceback only when asked for."""
    result = run("show", "gellu", "--debug")
    assert result.exit_code == 2
    assert "Traceback" in result.stderr
    assert "Traceback" not in run("show", "gellu").stderr


@pytest.mark.parametrize("name", ["svg", "png", "html", "json"])
def test_a_saved_file_is_whole_and_told_on_stderr(name: str, tmp_path: Path) -> None:
    """The ending says what is written; stdout is the same as without saving."""
    target = tmp_path / "new" / f"x.{name}"
    result = run("show", "mish", "--save", str(target))
    assert result.exit_code == 0
    assert result.stdout == run("show", "mish").stdout
    assert "Saved" in result.stderr
    data = target.read_bytes()
    assert data.startswith({"svg": b"<?xml", "png": b"\x89PNG", "html": b"<!DOCTYPE", "json": b"{"}[name])
    if name == "html":
        check_page(data.decode())


def test_a_refused_ending_writes_nothing_even_beside_a_good_one(tmp_path: Path) -> None:
    """All endings are checked before the first file is written."""
    assert run("show", "mish", "--save", str(tmp_path / "x.svg"), "--save", str(tmp_path / "x.doc")).exit_code == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("findings", "accepted", "arguments", "code"),
    [
        (True, False, (), 1),
        (True, True, ("--repair",), 0),
        (True, False, ("--repair",), 1),
        (False, False, ("--repair",), 0),
    ],
)
def test_the_doctor_leaves_with_1_when_an_illness_stays(
    *, findings: bool, accepted: bool, arguments: tuple[str, ...], code: int,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """An alarm that is not cured is exit code 1; a healthy model or an accepted repair is 0."""
    found = records.diagnosis() if findings else records.diagnosis(findings=())
    monkeypatch.setattr(actlab.doctor, "load_case", lambda target: target)
    monkeypatch.setattr(actlab.doctor, "examine", lambda case, steps, seed: found)
    monkeypatch.setattr(actlab.doctor, "repair", lambda case, diagnosis, progress: records.repair(accepted=accepted))
    report = tmp_path / "report.html"
    result = run("doctor", "x.py:case", *arguments, "--report", str(report))
    assert result.exit_code == code, result.output
    assert ("svg" in check_page(report.read_text(encoding="utf-8")).tags) or not findings
    read = json.loads(run("doctor", "x.py:case", *arguments, "--json").stdout)
    assert read["healthy"] is not findings
    assert (read["repair"] is not None) == (findings and bool(arguments))


def test_the_doctor_examines_a_real_case_and_keeps_its_prints_off_stdout(tmp_path: Path) -> None:
    """A small healthy network: exit code 0, JSON alone on stdout although the case prints."""
    (tmp_path / "small.py").write_text(CASE.replace("def case():", "def case():\n    print('hello from the case')"))
    result = process("doctor", f"{tmp_path / 'small.py'}:case", "--steps", "10", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["name"] == "small"
    assert "hello from the case" in result.stderr


def test_a_comparison_is_printed_and_a_failed_run_is_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options reach the study; the report is written; progress goes to stderr."""
    asked: dict[str, Any] = {}

    def measure(names: list[str], task: str, seeds: Any, **given: Any) -> Any:
        asked.update(names=names, task=task, seeds=seeds, **given)
        given["on_progress"](actlab.study.Progress(1, 4, 1, "tuning", None))
        return records.comparison()

    monkeypatch.setattr(actlab.study, "compare", measure)
    report = tmp_path / "c.html"
    result = run("compare", "gelu", "mish", "--seeds", "0,1,5", "--baseline", "tanh", "--report", str(report))
    assert result.exit_code == 1
    assert asked["names"] == ["gelu", "mish"]
    assert (asked["task"], asked["seeds"], asked["baseline"], asked["budget"]) == ("digits", [0, 1, 5], "tanh", "full")
    assert "no decision" in result.stdout.lower()
    assert "1/4" in result.stderr
    check_page(report.read_text(encoding="utf-8"))


def test_an_interrupted_comparison_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 130 and one sentence."""

    def measure(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(actlab.study, "compare", measure)
    result = run("compare", "gelu")
    assert result.exit_code == 130
    assert "the same command goes on from there" in result.stderr


@pytest.mark.parametrize(("package", "extra"), [("scipy", "study"), ("ray", "ray")])
def test_a_missing_extra_is_exit_code_3_and_says_what_to_install(
    package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command to install it is in the sentence."""

    def measure(*_: object, **__: object) -> None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=f"{package}.stats")

    monkeypatch.setattr(actlab.study, "compare", measure)
    result = run("compare", "gelu")
    assert result.exit_code == 3
    assert f'pip install "actlab[{extra}]"' in result.stderr


def test_a_fault_of_ours_is_exit_code_1_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw still ends in a sentence, with the way to see more."""

    def measure(*_: object, **__: object) -> None:
        raise RuntimeError("a tensor\nhad the wrong shape")

    monkeypatch.setattr(actlab.study, "compare", measure)
    result = run("compare", "gelu")
    assert result.exit_code == 1
    assert result.stderr == "error: RuntimeError: a tensor had the wrong shape; run again with --debug to see where\n"


@LANGS
def test_help_exists_in_both_languages_for_every_command(lang: str) -> None:
    """Every command and every option is explained in the reader's language."""
    whole = run("--help", "--lang", lang, columns=200)
    assert whole.exit_code == 0
    for command in ("list", "show", "table", "value", "doctor", "advise", "compare", "certify", "explore"):
        assert say(lang, f"help.{command}") in whole.stdout
        own = run(command, "--help", "--lang", lang, columns=200)
        assert own.exit_code == 0
        assert say(lang, "option.lang") in own.stdout
        assert say(lang, "help.help") in own.stdout


def test_the_version_is_that_of_the_package() -> None:
    """One line."""
    assert run("--version").stdout == f"actlab {actlab.__version__}\n"


def test_no_command_shows_the_help_as_a_usage_error() -> None:
    """Exit code 2, and the commands are listed."""
    result = run()
    assert result.exit_code == 2
    assert "compare" in result.output


@pytest.mark.parametrize("arguments", [("--help",), ("list",), ("show", "gelu"), ("table", "relu", "gelu")])
def test_quick_commands_never_load_heavy_packages(arguments: tuple[str, ...]) -> None:
    """Answers about functions come without torch, matplotlib, SciPy and jinja2."""
    program = (
        "import sys; sys.argv = ['actlab', *sys.argv[1:]]\n"
        "from actlab.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'matplotlib', 'scipy', 'sklearn', 'jinja2', 'ray', 'numba', 'sympy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr


def test_a_reader_that_has_seen_enough_ends_the_command_silently() -> None:
    """`actlab list | head -1` prints one line and no complaint."""
    command = f"'{sys.executable}' -m actlab show gelu | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, check=False)
    assert not result.stderr


def test_a_terminal_without_unicode_gets_question_marks_not_a_crash() -> None:
    """Old code pages cannot show every sign; the command still answers."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "ACTLAB_LANG": "zh"}
    result = subprocess.run(
        [sys.executable, "-m", "actlab", "show", "gelu"],
        capture_output=True, text=True, env=environment, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "gelu" in result.stdout


def test_a_broken_import_of_ours_is_no_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a package that can be installed is exit code 3; a name we misspelled is a fault of ours."""

    def measure(*_: object, **__: object) -> None:
        raise ImportError("cannot import name 'x' from 'actlab.y'", name="actlab.y")

    monkeypatch.setattr(actlab.study, "compare", measure)
    assert run("compare", "gelu").exit_code == 1
