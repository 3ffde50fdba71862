"""Pages: self-contained, complete, in both languages, safe whatever the records say."""

from __future__ import annotations

import re

import pytest
from tests.report import records
from tests.report.pages import check_page

from actlab.catalogue import find
from actlab.report import html
from actlab.theory import properties

LANGS = ("en", "zh")
USAGE = {
    "when": ({"en": "Take it <here>.", "zh": "用于<此处>。"},),
    "when_not": ({"en": "Not there.", "zh": "不宜。"},),
}


def _pages(lang: str) -> dict[str, str]:
    entries = [find(name) for name in ("relu", "gelu", "swish")]
    return {
        "entry": html.entry_page(find("elu"), properties("elu"), USAGE, lang),
        "axis": html.entry_page(find("softmax"), properties("softmax"), USAGE, lang),
        "table": html.table_page(entries, [properties(entry) for entry in entries], lang),
        "doctor": html.doctor_page(records.diagnosis(), records.repair(), lang),
        "healthy": html.doctor_page(records.diagnosis(findings=(), layers=(), losses=()), None, lang),
        "comparison": html.comparison_page(records.comparison(), lang),
    }


@pytest.fixture(scope="module", params=LANGS)
def pages(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    """Every kind of page in one language."""
    return request.param, _pages(request.param)


def test_no_page_asks_anybody_for_anything(pages: tuple[str, dict[str, str]]) -> None:
    """Balanced, no reference that leaves the page, no script, a strict policy."""
    for name, page in pages[1].items():
        assert "script" not in check_page(page).tags, name


@pytest.mark.parametrize(
    "fault",
    [
        '<img src="https://example.org/x.png">',
        "<style>p { background: url(https://example.org/x) }</style>",
        "<style>@import 'https://example.org/x.css';</style>",
        '<p style="background: url(//example.org/x)">x</p>',
        '<p onclick="x()">x</p>',
        "<div>",
    ],
)
def test_the_check_of_pages_finds_a_planted_fault(fault: str) -> None:
    """A reference that leaves the page, a handler and an unclosed element are caught."""
    page = html.doctor_page(records.diagnosis(findings=(), layers=(), losses=()), None, "en")
    check_page(page)
    with pytest.raises(AssertionError):
        check_page(page.replace("<footer>", f"{fault}<footer>"))


def test_the_check_of_pages_finds_a_missing_policy() -> None:
    """A page without a content security policy is caught."""
    page = html.doctor_page(records.diagnosis(findings=(), layers=(), losses=()), None, "en")
    with pytest.raises(AssertionError, match="policy"):
        check_page(page.replace("Content-Security-Policy", "X"))


def test_a_page_is_in_one_language(pages: tuple[str, dict[str, str]]) -> None:
    """The language is declared, and an English page has no Chinese in it."""
    lang, written = pages
    for name, page in written.items():
        assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in page, name
        visible = re.sub(r"<style.*?</style>|style=\"[^\"]*\"", "", page, flags=re.DOTALL)
        assert bool(re.search(r"[\u4e00-\u9fff]", visible)) == (lang == "zh"), name


def test_what_a_record_says_is_never_markup(pages: tuple[str, dict[str, str]]) -> None:
    """Texts of records are escaped."""
    assert "<b>not markup</b>" not in pages[1]["doctor"]
    assert "&lt;b&gt;not markup&lt;/b&gt;" in pages[1]["doctor"]
    assert "<here>" not in pages[1]["entry"]


def test_the_report_shows_findings_pictures_diffs_code_and_the_proof(pages: tuple[str, dict[str, str]]) -> None:
    """Root cause first; five pictures; the diff with both sides; code to paste; the layers."""
    page = pages[1]["doctor"]
    names = [page.index(f"<strong>{finding.name}</strong>") for finding in records.diagnosis().findings]
    assert names == sorted(names)
    assert len(re.findall(r"<svg ", page)) == 5
    assert {"gradient", "shares", "histograms", "loss"} <= set(re.findall(r'<figure id="(\w+)">', page))
    assert "- Sigmoid()" in page
    assert "+ GELU()" in page
    assert page.count("plan.apply()") == 1  # the second finding has the same cure, told once
    assert page.count("net.19") > 3
    assert page.index('id="findings"') < page.index('id="repair"')


def test_a_healthy_report_says_so_and_stands_without_pictures(pages: tuple[str, dict[str, str]]) -> None:
    """No finding, no layer, no repair: a short page, not a broken one."""
    page = pages[1]["healthy"]
    assert {"en": "healthy", "zh": "健康"}[pages[0]] in page
    assert "<svg" not in page
    assert 'id="repair"' not in page


def test_parts_of_several_pictures_never_share_a_name(pages: tuple[str, dict[str, str]]) -> None:
    """Every id on a page is unique and every reference inside it has its target."""
    for name, page in pages[1].items():
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), name
        assert set(re.findall(r'(?:url\(|href=")#([^")]+)', page)) <= set(ids), name


def test_the_same_records_give_the_same_bytes(pages: tuple[str, dict[str, str]]) -> None:
    """No timestamp, no random name."""
    assert html.comparison_page(records.comparison(), pages[0]) == pages[1]["comparison"]


def test_the_page_of_an_entry_has_its_formula_properties_and_code(pages: tuple[str, dict[str, str]]) -> None:
    """Formula and slope in MathML, the property table, advice, a line of code and the source."""
    page = pages[1]["entry"]
    assert page.count("<math ") == 2
    assert page.count('<th scope="row">') > 15
    assert "actlab.create(&#34;elu&#34;)" in page
    assert "1511.07289" in page


def test_the_comparison_page_shows_every_row_failure_and_condition(pages: tuple[str, dict[str, str]]) -> None:
    """Sentences, the table best first, two pictures, provenance."""
    page, made = pages[1]["comparison"], records.comparison()
    for row in made.rows:
        assert f"<td>{row.name}</td>" in page
    assert "1/6" in page
    assert len(re.findall(r"<svg ", page)) == 2
    assert "torch 2.13.0" in page
