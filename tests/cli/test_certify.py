"""`actlab certify`: what it prints and saves, and with which exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from actlab.cli import app
from actlab.report.words import LANGUAGES
from actlab.testing import certificate
from actlab.testing.certificate_records import Certificate


def run(*arguments: str) -> Result:
    """One `actlab certify`, in this process."""
    return CliRunner(env={"ACTLAB_LANG": "en"}).invoke(app, ["certify", "--jobs", "1", *arguments])


@pytest.fixture(autouse=True)
def one_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate itself has tests of its own; here one quick check stands for all."""
    monkeypatch.setattr(certificate.certify, "__defaults__", ({"nan": certificate.nan},))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_certificate_is_told_and_saved_in_both_languages(lang: str, tmp_path: Path) -> None:
    """Lines on stdout, progress on stderr, a page in each language, and data."""
    page, data = tmp_path / "c.md", tmp_path / "c.json"
    result = run("identity", "Identity", "--lang", lang, "--save", str(page), "--save", str(data))
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("identity") == 1 and "1/1" in result.stderr
    assert "# Certificate" in page.read_text("utf-8") and "# 证书" in (tmp_path / "c.zh-CN.md").read_text("utf-8")
    (row,) = Certificate.from_json(json.loads(data.read_text("utf-8"))).rows
    assert row.name == "identity" and not row.faults


def test_json_goes_to_stdout() -> None:
    """With --json the record is all there is on stdout."""
    assert json.loads(run("identity", "--json").stdout)["rows"][0]["name"] == "identity"


def test_a_failure_is_exit_code_1_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One broken promise fails the whole, and says which and where."""

    def broken(_: Any) -> int:
        raise AssertionError("it is off by one")

    monkeypatch.setattr(certificate.certify, "__defaults__", ({"nan": broken},))
    result = run("identity")
    assert result.exit_code == 1 and "it is off by one" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"), [(("gellu",), "gelu"), (("gelu", "--save", "x.pdf"), ".md"), (("--jobs", "0"), "--jobs")]
)
def test_bad_input_is_exit_code_2(arguments: tuple[str, ...], said: str) -> None:
    """An unknown name, ending or number is said before any work starts."""
    result = run(*arguments)
    assert result.exit_code == 2 and said in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize("package", ["onnxscript", "onnxruntime"])
def test_a_missing_extra_is_exit_code_3(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, package, None)
    result = run("identity")
    assert result.exit_code == 3 and package in result.stderr and "pip install" in result.stderr


def test_ctrl_c_ends_it_cleanly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is saved, one line is said, and the exit code is 130."""

    def stop(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(certificate.certify, "__defaults__", ({"nan": stop},))
    result = run("identity")
    assert result.exit_code == 130 and "nothing was saved" in result.stderr and not result.stdout
