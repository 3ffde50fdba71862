"""Two processes that train together are watched as one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("two_ranks.py")


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What both ranks said, of DDP and of FSDP."""
    folder = tmp_path_factory.mktemp("ranks")
    started = [
        subprocess.Popen([sys.executable, str(PROGRAM), str(rank), str(folder)], stderr=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    for process in started:
        _, complaint = process.communicate(timeout=240)
        assert process.returncode == 0, complaint[-2000:]
    return [json.loads((folder / f"{rank}.json").read_text(encoding="utf-8")) for rank in range(2)]


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_statistics_of_both_ranks_are_merged(ranks: list[dict[str, Any]], kind: str) -> None:
    """Samples add up, a unit that fires on one rank is alive, and both ranks come to the same findings."""
    first, second = ranks[0][kind], ranks[1][kind]
    assert first["samples"] == second["samples"] == 2 * 3 * 256
    assert min(first["own"]) >= 0.5 and max(second["own"]) < 0.2, "each rank alone sees other dead units"
    assert first["dead"] == second["dead"] and first["dead"][0] < 0.2 and first["dead"][1] == 1.0
    assert first["findings"] == second["findings"] == ["dead-units"]
    assert first["losses"] == second["losses"]


@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_rank_0_speaks(ranks: list[dict[str, Any]], kind: str) -> None:
    """The report, asked for by all ranks while they train and afterwards, is a text on rank 0 only."""
    assert "dead-units" in ranks[0][kind]["during"] and "dead-units" in ranks[0][kind]["after"]
    assert ranks[1][kind]["during"] == ranks[1][kind]["after"] == ""
