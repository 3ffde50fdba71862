"""A case from FILE.py:function: every way it can fail is one readable sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from actlab.doctor import CaseError, load_case

GOOD = """
import torch
from actlab import Case
def case():
    return Case(torch.nn.Linear(2, 1), [(torch.zeros(4, 2), torch.zeros(4, 1))], torch.nn.functional.mse_loss)
def raises():
    raise KeyError("weights")
def number():
    return 3
text = "no function"
"""

FAULTS = {
    "missing.py:case": "does not exist",
    "good.py:other": "no function named other; it has case",
    "good.py:raises": "raised KeyError",
    "good.py:number": "returned a int",
    "good.py:text": "is a str",
    "broken.py:case": "fails when it is loaded: SyntaxError",
    ".:case": "is a folder",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good and a broken file, as the working directory."""
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "broken.py").write_text("def case(:")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_case_is_loaded_from_a_file(folder: Path) -> None:
    """With the function's name, and without it when it is called case."""
    for target in ("good.py:case", "good.py", str(folder / "good.py:case")):
        assert len(list(load_case(target).data)) == 1


@pytest.mark.parametrize("target", FAULTS)
def test_a_target_that_cannot_be_loaded_is_told_in_one_sentence(folder: Path, target: str) -> None:
    """What happened, where, and what to do."""
    with pytest.raises(CaseError, match=FAULTS[target]) as told:
        load_case(target)
    assert "\n" not in str(told.value)
