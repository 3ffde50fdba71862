"""The gallery: a page for each entry in both languages, complete, linked, and nothing fetched from anywhere."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from markupsafe import escape
from tests.report.pages import check_page

from actlab.advice import use
from actlab.catalogue import ENTRIES, KINDS, Entry, find
from actlab.report.accuracy_rows import measured_in
from actlab.report.gallery import write_gallery
from actlab.report.sources import dated, linked
from actlab.report.words import LANGUAGES, say
from actlab.theory import Properties, neighbours, properties

PER_KIND = 3


def _few() -> Iterator[Entry]:
    """The first entries of each kind, so that every way of drawing is met."""
    for kind in KINDS:
        yield from [entry for entry in ENTRIES.values() if entry.kind == kind][:PER_KIND]


def _told(entry: Entry) -> tuple[Properties, dict[str, Any]]:
    told = use(entry)
    return properties(entry), {"when": told.when, "when_not": told.when_not}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of a few entries of each kind."""
    home = tmp_path_factory.mktemp("gallery")
    index = write_gallery(home, list(_few()), _told, lambda entry, lang: [("float32", f"{lang} 1 ULP")])
    assert index == home / "index.html"
    return home


def _pages(folder: Path) -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.html"))}


def _leads(page: Path, target: str) -> bool:
    """Whether a link of a page leads to another page, a place in one, or a published source."""
    if re.fullmatch(r"https://(arxiv\.org/abs/\d{4}\.\d{4,5}|doi\.org/10\.\d{4,9}/\S+)", target):
        return True
    name, _, place = target.partition("#")
    other = (page.parent / name).resolve() if name else page
    return other.is_file() and (not place or f'id="{place}"' in other.read_text(encoding="utf-8"))


def test_both_languages_have_a_page_for_every_entry_and_an_index(folder: Path) -> None:
    """The same set of pages in each language."""
    expected = {"index", *(entry.name for entry in _few())}
    assert len(expected) > 3 * PER_KIND
    for lang in LANGUAGES:
        assert {path.stem for path in (folder / lang).iterdir()} == expected


def test_pages_are_balanced_and_every_link_leads_somewhere(folder: Path) -> None:
    """Valid nesting, no script, nothing loaded from outside, no link without a page behind it."""
    pages = _pages(folder)
    assert len(pages) == 2 * (len(list(_few())) + 1) + 1
    for path, page in pages.items():
        assert "script" not in check_page(page, lambda target, path=path: _leads(path, target)).tags, path


@pytest.mark.parametrize("target", ["nowhere.html", "#nowhere", "https://example.org/", "//example.org/x"])
def test_a_link_that_leads_nowhere_is_caught(folder: Path, target: str) -> None:
    """Canary: a missing page, a missing place and an address that is no source."""
    path = folder / "en" / "index.html"
    page = path.read_text(encoding="utf-8").replace("<main>", f'<main><a href="{target}">x</a>')
    with pytest.raises(AssertionError, match=r"nowhere|example"):
        check_page(page, lambda target: _leads(path, target))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("entry", list(_few()), ids=lambda entry: entry.name)
def test_a_page_tells_what_the_entry_is(folder: Path, entry: Entry, lang: str) -> None:
    """Name, summary, two formulas, a picture with both curves, parameters, source, accuracy, code, in its language."""
    page = (folder / lang / f"{entry.name}.html").read_text(encoding="utf-8")
    flat = re.sub(r"<[^>]+>|\s+", "", page)
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in page
    for text in (entry.summary(lang), entry.source, *entry.aliases, *([entry.notes[lang]] if entry.notes else [])):
        assert _bare(text) in flat, text
    assert page.count("<math") == 2
    for part in ('<path class="value" d="M', '<path class="slope" d="M', f"{lang} 1 ULP", entry.name):
        assert part in page
    for name, parameter in entry.parameters.items():
        assert (f"<code>{name}</code>" in page) is not parameter.operand
    assert f'actlab.create("{entry.name}"' in page.replace("&#34;", '"')
    for name in entry.known_as.values():
        assert f"<code>{escape(name)}</code>" in page


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", str(escape(text)))


def test_the_code_on_a_page_runs(folder: Path) -> None:
    """What a reader copies works: layer and function of every kind give the same shape."""
    for entry in _few():
        page = (folder / "en" / f"{entry.name}.html").read_text(encoding="utf-8")
        code = html.unescape(re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)[0])
        space: dict[str, Any] = {"x": torch.randn(4, 6), "gate": torch.randn(4, 3), "up": torch.randn(4, 3)}
        exec(code, space)
        assert torch.isfinite(space["y"]).all(), entry.name
        assert space["layer"](space["x"]).shape == space["y"].shape


def test_the_year_is_that_of_the_proposal_and_absent_where_no_source_tells() -> None:
    """The earliest year a source names; the survey's own year says nothing, and neither does a number in an address."""
    assert dated("Fukushima 1969; Nair & Hinton 2010") == (1969, True)
    assert dated("folklore; LeCun et al. 1998, Efficient BackProp, for its use in networks") == (1998, False)
    assert dated("named in the survey of Kunc & Klema 2024, arXiv:2402.09092") is None
    assert dated("folklore") is None
    assert dated("somebody, arXiv:1502.01852") == (2015, True)
    assert dated("Wuraola, Patel & Nguang 2021, doi:10.1016/j.neucom.2019.02.030") == (2021, True)


def test_sources_are_linked_by_their_arxiv_number_or_doi() -> None:
    """The text stays as it is; only the reference becomes a link."""
    parts = list(linked("A & B 2020, arXiv:2006.08195; C, doi:10.1016/j.x.2021.02.030, page 3"))
    assert "".join(text for text, _ in parts) == "A & B 2020, arXiv:2006.08195; C, doi:10.1016/j.x.2021.02.030, page 3"
    assert [address for _, address in parts if address] == [
        "https://arxiv.org/abs/2006.08195",
        "https://doi.org/10.1016/j.x.2021.02.030",
    ]


def test_the_nearest_curves_are_near_and_the_same_curve_comes_first() -> None:
    """Distances under N(0, 1), worked out by hand for functions made of half-lines; swish at beta = 1 is silu."""
    entries = [find(name) for name in ("relu", "leaky_relu", "absolute", "identity", "softmax", "silu", "swish")]
    near = neighbours(entries)
    assert set(near) == {entry.name for entry in entries if not entry.along_axis}
    relu = {each.name: each.distance for each in near["relu"]}
    # |x| - relu(x) and x - relu(x) are both x on the left half
    assert relu["absolute"] == pytest.approx(0.5**0.5, rel=1e-4)
    assert relu["identity"] == pytest.approx(0.5**0.5, rel=1e-4)
    assert relu["leaky_relu"] == pytest.approx(0.01 * 0.5**0.5, rel=1e-4)
    assert near["relu"][0].name == "leaky_relu"
    assert near["swish"][0] == ("silu", 0.0)
    assert "relu" not in relu, "an entry is no neighbour of itself"


def test_accuracy_is_read_from_a_saved_certificate(tmp_path: Path) -> None:
    """A row for each dtype with value and slope; nothing where there is no certificate or no such entry."""
    errors = [
        {"of": "value", "dtype": "float32", "ulp": 0.81234, "at": -3.25},
        {"of": "slope", "dtype": "float32", "ulp": 0.0, "at": 0.0},
    ]
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps({"rows": [{"name": "relu", "errors": errors}]}), encoding="utf-8")
    measured = measured_in(path)
    assert measured(find("relu"), "en") == [("float32", "value: 0.812 ULP at x = −3.25; slope: exact")]
    assert "函数值" in measured(find("relu"), "zh")[0][1]
    assert not measured(find("gelu"), "en")
    assert not measured_in(tmp_path / "none.json")(find("relu"), "en")


def test_words_of_facts_exist_for_every_entry() -> None:
    """Each word that an entry states about itself has a text."""
    for lang in LANGUAGES:
        assert all(say(lang, f"fact.{fact}") for entry in ENTRIES.values() for fact in entry.facts)
