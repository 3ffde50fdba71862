"""A diagnosis as SARIF 2.1.0: what the standard requires is there, and every rule is described."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from tests.specimens.programs import with_bias
from typer.testing import CliRunner

from actlab.cli import app
from actlab.doctor import examine, load_case
from actlab.doctor.rules import RULES
from actlab.doctor.sarif import sarif

PROGRAM = """
import actlab, torch

def case():
    torch.manual_seed(0)
    x = torch.randn(256, 4)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2), torch.nn.Softmax(1))
    return actlab.Case(model, [(x, (x[:, 0] > 0).long())], torch.nn.CrossEntropyLoss())
"""

# Properties that sections 3.13 to 3.52 of the standard require, and those of each object that we write; the standard's
# schema allows no others.
OBJECTS: dict[str, tuple[set[str], set[str]]] = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"results", "columnKind", "language"}),
    "driver": ({"name"}, {"version", "rules"}),
    "rule": ({"id"}, {"name", "shortDescription", "fullDescription", "help"}),
    "result": ({"message"}, {"ruleId", "ruleIndex", "level", "locations", "properties"}),
    "location": (set(), {"physicalLocation", "logicalLocations"}),
}


def check(kind: str, found: dict[str, Any]) -> dict[str, Any]:
    """The object itself, when it has what it needs and nothing unknown."""
    needed, allowed = OBJECTS[kind]
    assert needed <= set(found) <= needed | allowed, f"{kind}: {sorted(found)}"
    return found


def check_log(log: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of a log of one run that keeps to the standard."""
    check("log", log)
    assert log["version"] == "2.1.0" and "2.1.0" in log["$schema"]
    (run,) = log["runs"]
    rules = [check("rule", rule) for rule in check("driver", check("run", run)["tool"]["driver"])["rules"]]
    assert len({rule["id"] for rule in rules}) == len(rules), "an id stands for one rule"
    assert all(rule[part]["text"] for rule in rules for part in ("shortDescription", "fullDescription", "help"))
    for result in run["results"]:
        check("result", result)
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error") and result["message"]["text"]
        for location in result["locations"]:
            check("location", location)
            assert all(each["fullyQualifiedName"] for each in location["logicalLocations"])
            if "physicalLocation" in location:
                assert location["physicalLocation"]["region"]["startLine"] >= 1
                assert not location["physicalLocation"]["artifactLocation"]["uri"].startswith("\\")
    assert json.loads(json.dumps(log, allow_nan=False)) == log
    return run["results"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_diagnosis_is_valid_sarif(lang: str, tmp_path: Path) -> None:
    """Rule ids are codes, levels are severities, every rule has help; without a file only module paths are places."""
    found = examine(with_bias(-10.0), steps=5)
    results = check_log(json.loads(found.save(tmp_path / "found.sarif", lang).read_text(encoding="utf-8")))
    assert [result["ruleId"] for result in results] == [finding.code for finding in found.findings]
    assert results[0]["level"] == "error" and "physicalLocation" not in results[0]["locations"][0]
    assert sarif(found, lang)["runs"][0]["tool"]["driver"]["rules"][0]["id"] == RULES[0].code


def test_a_finding_of_a_case_from_a_file_is_placed_there(tmp_path: Path) -> None:
    """`actlab doctor FILE.py:case --report x.sarif`: the line is that of the function that returns the case."""
    program, report = tmp_path / "a program.py", tmp_path / "x.sarif"
    program.write_text(PROGRAM)
    ended = CliRunner().invoke(app, ["doctor", f"{program}:case", "--steps", "2", "--report", str(report)])
    assert ended.exit_code == 1
    (first, *_) = check_log(json.loads(report.read_text(encoding="utf-8")))
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("/a%20program.py"), "a URI, not a path"
    assert PROGRAM.splitlines()[place["region"]["startLine"] - 1] == "def case():"
    assert examine(load_case(f"{program}:case"), steps=1).source == f"{program}:4"


def test_the_check_finds_a_planted_fault() -> None:
    """Canary: an unknown property, a wrong index and a missing message are caught."""
    healthy = sarif(examine(with_bias(-10.0), steps=2))
    plants: list[tuple[list[str | int], str, object]] = [
        ([], "severity", "error"),
        ([], "ruleIndex", 0),
        (["message"], "text", ""),
    ]
    for path, key, wrong in plants:
        log = copy.deepcopy(healthy)
        check_log(log)
        place: Any = log["runs"][0]["results"][0]
        for step in path:
            place = place[step]
        place[key] = wrong
        with pytest.raises(AssertionError):
            check_log(log)
