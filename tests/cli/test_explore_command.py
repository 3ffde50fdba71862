"""`actlab explore`: one file, or a server until it is interrupted; and what it says where neither is possible."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.report.pages import check_page
from typer.testing import CliRunner, Result

from actlab.cli import app
from actlab.explorer import content as contents

LANGS = pytest.mark.parametrize("lang", ["en", "zh"])


def run(*arguments: str) -> Result:
    """The command, in a wide terminal."""
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "100"})


def test_the_explorer_is_exported_to_one_file(tmp_path: Path) -> None:
    """The page opens from a file; where it is not built, exit code 3 and how to build it."""
    target = tmp_path / "explorer.html"
    result = run("explore", "--export", str(target), "--lang", "zh")
    if result.exit_code == 3:
        assert "make explorer" in result.stderr
        pytest.skip("the explorer's page is not built: `make explorer`")
    assert result.exit_code == 0
    written = target.read_text(encoding="utf-8")
    check_page(written)
    assert '<html data-lang="zh"' in written


@LANGS
def test_an_explorer_that_is_not_built_says_how_to_build_it(
    lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence and exit code 3, in the reader's language."""
    monkeypatch.setattr(contents.content, "__defaults__", (tmp_path,))
    result = run("explore", "--no-browser", "--lang", lang)
    assert result.exit_code == 3 and not result.stdout
    assert len(result.stderr.splitlines()) == 1 and "`make explorer`" in result.stderr


@LANGS
def test_a_port_in_use_is_a_usage_error(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence that names the port and the option, and exit code 2."""
    monkeypatch.setattr(contents, "content", lambda lang: {"index.html": ""})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run("explore", "--no-browser", "--port", port, "--lang", lang)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1 and port in result.stderr and "--port" in result.stderr


def test_the_explorer_serves_until_it_is_interrupted() -> None:
    """The address is told on stderr and answers; Ctrl-C ends it without a complaint, with exit code 0."""
    program = (
        "import actlab.explorer.content as c; c.content = lambda lang: {name: name for name in c.TYPES}\n"
        "import sys; sys.argv = ['actlab', 'explore', '--no-browser', '--lang', 'en']\n"
        "from actlab.cli import main; main()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=-1, stderr=-1, text=True) as running:
        assert running.stderr is not None
        told = re.search(r"http://127\.0\.0\.1:\d+/", running.stderr.readline())
        assert told is not None
        with urlopen(told[0]) as answer:
            assert answer.read() == b"index.html"
        running.send_signal(signal.SIGINT)
        out, complaints = running.communicate(timeout=60)
    assert (running.returncode, out, complaints) == (0, "", "")
