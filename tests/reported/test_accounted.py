"""Every reported fault is looked for somewhere, and the table that says where is true."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.reported.cases import CASES

from actlab.testing.contracts import CHECKS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def missing(place: str) -> str:
    """What is wrong with a place of the table; empty if nothing is."""
    if place.startswith("not ours: "):
        return "" if len(place.split()) > 6 else f"{place!r} is no reason"
    if place.startswith("contract: "):
        known = {check.__name__ for check in CHECKS}
        return "" if place.removeprefix("contract: ") in known else f"there is no {place}"
    name, _, function = place.partition("::")
    path = ROOT / name if "/" in name else HERE / name
    if not path.is_file():
        return f"there is no file {name}"
    known = {node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}
    return "" if function in known else f"{name} has no {function}"


@pytest.mark.parametrize("case", CASES)
def test_every_case_has_a_test_a_contract_or_a_reason(case: str) -> None:
    """The tests and contracts that a case names exist."""
    assert CASES[case]
    assert not [fault for place in CASES[case] if (fault := missing(place))]


def test_every_test_here_belongs_to_a_case() -> None:
    """No test of this folder is forgotten in the table."""
    named = {place.partition("::")[2] for places in CASES.values() for place in places}
    for path in HERE.glob("test_*.py"):
        if path.name != Path(__file__).name:
            tests = {node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}
            assert {name for name in tests if name.startswith("test_")} <= named


@pytest.mark.parametrize("place", ["contract: nowhere", "test_values.py::test_nothing", "nofile.py::x", "not ours: no"])
def test_a_case_that_names_nothing_is_caught(place: str) -> None:
    """Canary: a contract, a function and a file that do not exist, and a reason that is none."""
    assert missing(place)
