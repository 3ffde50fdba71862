"""The page's data and its one-file form: complete, in both languages, within their sizes, closed to the outside."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tests.report.pages import check_page

from actlab.catalogue import ENTRIES, KINDS, Entry
from actlab.catalogue.lookup import define
from actlab.explorer import content as contents
from actlab.explorer import schema
from actlab.explorer.catalog import as_json, catalog
from actlab.explorer.content import TYPES, NotBuilt, content
from actlab.explorer.functions import numbers, script
from actlab.explorer.page import page
from actlab.report.words import LANGUAGES

ROOT = Path(__file__).parents[2]
FEW = 40  # entries, every eleventh


@pytest.fixture(scope="module")
def data() -> Any:
    """The data of some entries of every kind, as a reader of the JSON sees them."""
    found = list(islice(ENTRIES.values(), 0, None, len(ENTRIES) // FEW))
    found += [next(entry for entry in ENTRIES.values() if entry.kind == kind) for kind in KINDS]
    told = as_json(catalog(dict.fromkeys(found)))
    return json.loads(told, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def names_of(data: Any) -> list[Entry]:
    """The entries of the data."""
    return [ENTRIES[name] for name in data["columns"]["name"]]


def test_the_declaration_for_the_page_is_up_to_date() -> None:
    """Generating the types again changes nothing."""
    committed = ROOT / "explorer" / "src" / "types" / "catalog.d.ts"
    assert committed.read_text(encoding="utf-8") == schema.declaration(), "run `python -m actlab.explorer.schema`"


def test_every_column_of_the_schema_has_an_item_for_each_entry(data: Any) -> None:
    """The columns are those of `Entry` but for the sparks, which the page computes; each is as long as the names."""
    assert set(data["columns"]) == set(schema.Entry.__annotations__) - {"spark"}

    def lengths(column: Any) -> set[int]:
        return {len(column)} if isinstance(column, list) else set().union(*map(lengths, column.values()))

    for column in data["columns"].values():
        assert lengths(column) == {len(data["columns"]["name"])}


def test_every_text_is_there_in_both_languages(data: Any) -> None:
    """Summaries, rows and usage in English and Chinese, and a label for every property, family and kind."""
    columns = data["columns"]
    for lang in LANGUAGES:
        assert all(columns["summary"][lang]) and any(columns["usage"][lang]["good"])
        keys = {*columns["properties"], *(f"family.{entry.family}" for entry in names_of(data))}
        assert keys | {f"kind.{kind}" for kind in KINDS} <= set(data["labels"][lang])
    assert set(data["labels"]["en"]) == set(data["labels"]["zh"])


def test_every_parameter_can_be_moved_within_what_is_allowed(data: Any) -> None:
    """The ends of each slider are allowed, the default lies between them, and a step gets somewhere."""
    moved = 0
    for entry, parameters in zip(names_of(data), data["columns"]["parameters"], strict=True):
        assert [parameter["name"] for parameter in parameters] == list(numbers(entry))
        for told in parameters:
            assert told["low"] <= told["default"] <= told["high"] and 0 < told["step"] < told["high"] - told["low"]
            declared = entry.parameters.get(told["name"])
            if declared is not None and declared.settable:
                assert declared.admits(told["low"]) and declared.admits(told["high"]), (entry.name, told)
            moved += 1
    assert moved > FEW // 2


def test_infinite_numbers_stay_numbers(data: Any) -> None:
    """JSON has no infinity; a number that is too large for a double stands for it, and NaN is null."""
    ends = data["columns"]["properties"]["range_high"]
    assert float("inf") in ends and 1 in ends
    assert as_json([float("inf"), -float("inf"), 2.0, "x"]) == '[1e999,-1e999,2,"x"]'


def test_the_data_fit_their_budget(files: dict[str, str]) -> None:
    """Catalogue and functions take at most 250 KB compressed, and hold every entry."""
    sizes = [len(gzip.compress(files[name].encode("utf-8"), 9)) for name in ("catalog.json", "functions.js")]
    assert sum(sizes) <= 250_000
    assert json.loads(files["catalog.json"])["columns"]["name"] == list(ENTRIES)


def test_a_missing_page_says_how_to_build_it(tmp_path: Path) -> None:
    """One sentence in the reader's language, which names the file and the command."""
    (tmp_path / "index.html").write_text("", encoding="utf-8")
    for lang in LANGUAGES:
        with pytest.raises(NotBuilt, match=r"explorer\.css.*`make explorer`"):
            content(lang, tmp_path)


def test_entries_of_installed_packages_join_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What plug-ins bring stands behind the catalogue's own in every column, with functions of its own."""
    own, other = next(iter(ENTRIES.values())), define("x*tanh(a*x)", name="shrub", a=2.0)
    for name in TYPES:
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "catalog.json").write_text(as_json(catalog([own])), encoding="utf-8")
    (tmp_path / "functions.js").write_text(script([own]), encoding="utf-8")
    monkeypatch.setattr(contents, "all_entries", lambda: {own.name: own, "shrub": other})
    found = content("en", tmp_path)
    columns = json.loads(found["catalog.json"])["columns"]
    assert columns["name"] == [own.name, "shrub"] and len(columns["summary"]["zh"]) == 2
    assert columns["parameters"][1][0]["default"] == 2
    assert "shrub:full(" in found["functions.js"] and f"{own.name}:" in found["functions.js"]


FILES = {name: f"/* {name} */" for name in TYPES} | {
    "index.html": '<!doctype html>\n<html lang="en"><head>\n<meta charset="utf-8">\n'
    '<link rel="preload" href="catalog.json" as="fetch">\n<link rel="stylesheet" href="explorer.css">\n'
    '<script defer src="explorer.js"></script>\n</head><body><div id="app"></div></body></html>',
    "catalog.json": '{"text":"</script><b>"}',
    "words.json": "{}",
    "worker.js": 'say("</SCRIPT><!--")',
}


def test_one_file_holds_everything_and_runs_only_its_own_scripts() -> None:
    """The policy names the hashes of exactly the scripts and the style inside, and nothing may be fetched."""
    written = page(FILES)
    reader = check_page(written)
    scripts = re.findall(r'<script(?: id="functions")?>(.*?)</script>', written, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", written, re.DOTALL)
    assert len(scripts) == 2
    for kind, inside in (("script", scripts), ("style", [style])):
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inside]
        hashes = " ".join(f"'sha256-{digest}'" for digest in digests)
        assert f"{kind}-src {hashes};" in reader.policy
    assert "connect-src 'none'" in reader.policy and "unsafe" not in reader.policy


def test_nothing_inside_can_end_the_element_it_stands_in() -> None:
    """Data and worker with </script> in them stay data, and read back whole."""
    written = page(FILES)
    assert written.lower().count("</script>") == 5
    (data,) = re.findall(r'id="catalog-data">(.*?)</script>', written)
    assert json.loads(data) == {"text": "</script><b>"}
    (worker,) = re.findall(r'id="worker">(.*?)</script>', written)
    assert worker == r'say("<\/SCRIPT><\!--")'


def test_the_built_page_is_one_balanced_file(files: dict[str, str]) -> None:
    """What is exported asks nobody for anything, and no script of ours makes code from text."""
    check_page(page(files))
    for name in ("explorer.js", "worker.js", "functions.js"):
        assert not re.search(r"\beval\(|new Function|document\.write|XMLHttpRequest", files[name])
