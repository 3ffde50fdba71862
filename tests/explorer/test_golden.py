"""The page's functions meet the reference: every entry, every place, value, slope and curvature, in each engine."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.explorer.golden import Golden, disagreements, golden, goldens

from actlab.catalogue import ENTRIES
from actlab.explorer.functions import numbers, script

# jobs: name, parameters, number of places; the places of all of them in a row -> the three orders of each in a row
_RUN = """(jobs, text) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), x = new Float64Array(bytes.buffer);
  const found = new Float64Array(3 * x.length);
  let at = 0, to = 0;
  for (const [name, p, count] of jobs) {
    for (const f of actlabFunctions[name]) for (let k = 0; k < count; k++) found[to++] = f(x[at + k], p);
    at += count;
  }
  const out = new Uint8Array(found.buffer);
  let written = "";
  for (let k = 0; k < out.length; k += 8192) written += String.fromCharCode(...out.subarray(k, k + 8192));
  return btoa(written);
}"""


@pytest.fixture(scope="module")
def told() -> list[Golden]:
    """The reference's numbers."""
    return list(goldens())


def _asked(told: list[Golden]) -> list[Any]:
    places = np.concatenate([one.x for one in told]).tobytes()
    return [
        [[one.entry.name, list(one.numbers.values()), len(one.x)] for one in told],
        base64.b64encode(places).decode(),
    ]


def _judge(told: list[Golden], answer: str) -> tuple[list[str], int, int]:
    """What is wrong, how many numbers were forgiven as cancellation, and how many were compared."""
    found = np.frombuffer(base64.b64decode(answer))
    wrong: list[str] = []
    forgiven = at = 0
    for one in told:
        for order in range(3):
            faults, excused = disagreements(one, order, found[at : at + len(one.x)])
            wrong += faults
            forgiven += excused
            at += len(one.x)
    assert at == len(found)
    return wrong, forgiven, at


def _check(told: list[Golden], answer: str) -> None:
    wrong, forgiven, compared = _judge(told, answer)
    assert not wrong, f"{len(wrong)} of {compared}: " + "\n".join(wrong[:20])
    assert compared > 3 * 200 * len(ENTRIES)
    assert forgiven < compared / 1000


def test_every_entry_at_every_place_in_chromium(told: list[Golden], chromium: Any, site: str) -> None:
    """The functions that are served, to 1e-12 where the formula itself keeps so many digits."""
    opened = chromium.new_page()
    opened.goto(site)
    _check(told, opened.evaluate(f"([jobs, text]) => ({_RUN})(jobs, text)", _asked(told)))
    opened.close()


def _in_node(program: str, told: list[Golden], tmp_path: Path) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node on this machine")
    main = tmp_path / "golden.cjs"
    asked = "JSON.parse(require('fs').readFileSync(0))"
    main.write_text(f"{program}\nprocess.stdout.write(({_RUN})(...{asked}));", encoding="utf-8")
    given = json.dumps(_asked(told))
    done = subprocess.run([node, str(main)], input=given, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_every_entry_at_every_place_in_node(told: list[Golden], tmp_path: Path) -> None:
    """The functions as they are written now, without building the page."""
    _check(told, _in_node(script(ENTRIES.values()), told, tmp_path))


def test_scores_next_to_a_steep_level_meet_the_reference(tmp_path: Path) -> None:
    """alpha_entmax above 2, where a distance far below the rounding of the level counts."""
    entry = ENTRIES["alpha_entmax"]
    told = [golden(entry, {**numbers(entry), "alpha": alpha}) for alpha in (3.0, 7.0)]
    wrong, _, compared = _judge(told, _in_node(script([entry]), told, tmp_path))
    assert compared > 600 and not wrong, wrong[:20]


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("sigmoid", "(a>=0?1:e)/(1+e)", "(a>=0?1:e)/(1.00000000001+e)"),
        ("gelu", "exp(-.5*h*h)", "exp(-.5*r*h)"),
        ("relu", "(x>0)", "(x>=0)"),
    ],
)
def test_a_fault_is_found(name: str, right: str, wrong: str, tmp_path: Path) -> None:
    """Canary: a wrong digit, a lost correction of the tail and the other slope at a kink all fail."""
    told = [golden(ENTRIES[name], numbers(ENTRIES[name]))]
    program = script([ENTRIES[name]])
    assert right in program
    assert not _judge(told, _in_node(program, told, tmp_path))[0]
    assert _judge(told, _in_node(program.replace(right, wrong), told, tmp_path))[0]
