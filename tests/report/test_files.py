"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from actlab.report.files import suffix, write


def test_a_file_is_written_with_its_folders_and_replaces_the_old_one(tmp_path: Path) -> None:
    """Parents are made; a second writing replaces the first; no temporary file stays."""
    target = tmp_path / "a" / "b.txt"
    write(target, "一")
    write(target, "二")
    assert target.read_text(encoding="utf-8") == "二"
    assert os.listdir(target.parent) == ["b.txt"]


def test_a_file_has_the_permissions_that_any_new_file_has(tmp_path: Path) -> None:
    """A report is for others too: the temporary file's private mode does not stay."""
    (tmp_path / "plain").write_text("x")
    written = write(tmp_path / "ours", b"x")
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_failed_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk says no, the reader still finds the old report, whole."""
    target = write(tmp_path / "x.html", "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"cannot write .*x\.html: no space left on device; choose another place"):
        write(target, "new")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.html"]


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    """A folder is not a file to write."""
    with pytest.raises(OSError, match="it is a folder"):
        write(tmp_path, "x")


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    """One sentence, not a traceback, when a parent is a file."""
    (tmp_path / "a").write_text("x")
    with pytest.raises(OSError, match="cannot write"):
        write(tmp_path / "a" / "b", "x")


@pytest.mark.parametrize(("name", "found"), [("x.SVG", ".svg"), ("a.b.png", ".png")])
def test_the_ending_says_what_to_write(name: str, found: str) -> None:
    """Capital letters are the same ending."""
    assert suffix(name, (".svg", ".png")) == found


@pytest.mark.parametrize("name", ["x.pdf", "x", ".svg"])
def test_an_unknown_ending_is_refused_with_the_known_ones(name: str) -> None:
    """The message lists what can be written."""
    with pytest.raises(ValueError, match=r"\.svg, \.png"):
        suffix(name, (".svg", ".png"))
