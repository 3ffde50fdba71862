"""The certificate: rows of real entries, records that survive JSON, pages that say everything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from actlab.catalogue import ENTRIES
from actlab.report.words import LANGUAGES
from actlab.testing import certificate_page
from actlab.testing.certificate import PROMISES, ROW_PROMISES, Step, certify, certify_all
from actlab.testing.certificate_records import Certificate, Row
from actlab.testing.peers import LIBRARIES, PEER_CHECKS, Library, measure

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _first_of_each_kind() -> Iterator[str]:
    seen: set[str] = set()
    for name, entry in ENTRIES.items():
        if entry.kind not in seen:
            seen.add(entry.kind)
            yield name


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    """The first entry of each kind, measured."""
    return Certificate(tuple(certify(name) for name in _first_of_each_kind()), {"torch": "2"})


def test_an_entry_of_every_kind_passes_every_check(certificate: Certificate) -> None:
    """Every promise is asked of every kind, and none is broken; errors are measured in all four dtypes."""
    for row in certificate.rows:
        assert not row.faults, row.faults
        asked = {each.check for each in row.outcomes}
        assert asked == {*PROMISES, *(() if row.errors else ROW_PROMISES)}
        assert all(each.compared > 0 for each in (*row.outcomes, *row.errors))
        assert len(row.errors) in (0, 8)
    assert sum(bool(row.errors) for row in certificate.rows) >= 2
    assert len({row.kind for row in certificate.rows}) == len({entry.kind for entry in ENTRIES.values()})


def test_rows_survive_json(certificate: Certificate) -> None:
    """What a worker process sends back, and what is saved, is the row that was measured."""
    assert Certificate.from_json(json.loads(json.dumps(certificate.to_json(), allow_nan=False))) == certificate
    assert certificate.compared > 100_000 and certificate.checks > 10 * len(certificate.rows)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_exemption_has_a_reason_and_every_row_a_line(certificate: Certificate, lang: str) -> None:
    """A page lists every entry, every check with its meaning, and every exemption with its reason."""
    page = certificate_page.page(certificate, (), lang)
    assert any(row.exemptions for row in certificate.rows)
    for row in certificate.rows:
        assert f"| `{row.name}` |" in page
        for exemption in row.exemptions:
            reason = certificate_page.reason(exemption, lang)
            assert len(reason) > 10 and reason in page and "{" not in reason
    assert "✗" not in page
    told = certificate_page.terminal(certificate, (), lang)
    assert all(row.name in told for row in certificate.rows)


def test_both_languages_are_saved_beside_each_other() -> None:
    """A Markdown file has a Chinese one beside it; data has no language."""
    both = {"en": "docs/a.md", "zh": "docs/a.zh-CN.md"}
    assert certificate_page.places("docs/a.md") == certificate_page.places("docs/a.zh-CN.md") == both
    assert list(certificate_page.places("a.json").values()) == ["a.json"]


@pytest.mark.parametrize("file", ["certificate.md", "certificate.zh-CN.md"])
def test_the_committed_certificate_is_that_of_this_catalogue(file: str) -> None:
    """Every entry has its line in both tables, nothing else has, and nothing failed."""
    text = (DOCS / file).read_text("utf-8")
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    listed = [re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) for table in tables]
    assert [*ENTRIES] in listed, "the table of checks"
    assert [name for name, entry in ENTRIES.items() if not entry.along_axis] in listed, "the table of errors"
    assert "✗" not in text


def test_processes_give_the_rows_in_the_order_asked() -> None:
    """Spread over processes, rows come back whole and in order, and progress is told after each."""
    names, steps = ["softmax", "identity"], list[Step]()
    made = certify_all(names, jobs=2, progress=steps.append)
    assert [row.name for row in made.rows] == names and not made.failed
    assert [(step.done, step.total, step.failed) for step in steps] == [(1, 2, 0), (2, 2, 0)]
    assert {"torch", "onnxruntime", "python"} <= set(made.versions)


def test_a_library_that_is_missing_is_listed_as_not_measured() -> None:
    """Peers are found by import; nothing is installed, and a missing one is no failure."""
    (report,) = measure([Library("nowhere", "nowhere", "no_such_package.inside", lambda _: {})])
    assert not report.version and not report.rows
    row = Row("identity", "pointwise", (), ())
    for lang in LANGUAGES:
        page = certificate_page.page(Certificate((row,), {}), (report,), lang)
        assert "nowhere" in page and "**actlab**" in page
        assert "nowhere" in certificate_page.terminal(Certificate((row,), {}), (report,), lang)


def test_torch_is_always_there_to_be_compared_with() -> None:
    """The one peer that is always installed lists its activation modules, and no others."""
    functions = LIBRARIES[0].functions()
    assert {"GELU", "Softmax", "Tanh"} <= set(functions) and "Linear" not in functions and "Module" not in functions
    assert LIBRARIES[0].version and set(PEER_CHECKS) > set(PROMISES) - {"reference"}
