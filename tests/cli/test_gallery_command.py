"""The command that writes the gallery."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from actlab.cli import app
from actlab.report.words import LANGUAGES


def test_the_gallery_of_chosen_entries_is_written_into_a_folder(tmp_path: Path) -> None:
    """Names and aliases, each page once, the index told on stderr and nothing on stdout."""
    result = CliRunner().invoke(app, ["gallery", "relu", "gelu_exact", "gelu", "--save", str(tmp_path), "--lang", "en"])
    assert result.exit_code == 0, result.output
    assert not result.stdout
    assert str(tmp_path / "index.html") in "".join(result.stderr.split())
    for lang in LANGUAGES:
        assert {page.stem for page in (tmp_path / lang).iterdir()} == {"relu", "gelu", "index"}


def test_an_unknown_name_is_told_before_anything_is_written(tmp_path: Path) -> None:
    """One sentence, exit code 2, and no folder."""
    target = tmp_path / "gallery"
    result = CliRunner().invoke(app, ["gallery", "geluu", "--save", str(target), "--lang", "en"])
    assert result.exit_code == 2
    assert "gelu" in result.stderr
    assert not target.exists()
