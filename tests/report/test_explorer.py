"""The explorer: one page with every entry, strict about what may run, served to this machine only."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from tests.report.pages import check_page

from actlab.catalogue import ENTRIES
from actlab.explorer import catalog, page
from actlab.explorer.server import server
from actlab.report.record import text
from actlab.report.words import LANGUAGES
from actlab.theory import properties, value

USAGE = {"when": ({"en": "Here </script>.", "zh": "此处。"},), "when_not": ()}


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    """The whole catalogue."""
    return catalog((entry, properties(entry), USAGE) for entry in ENTRIES.values())


@pytest.fixture(scope="module")
def written(data: dict[str, Any]) -> str:
    """The page, opening in Chinese."""
    return page(data, "zh")


def test_the_catalogue_has_every_entry_with_words_numbers_and_formulas(data: dict[str, Any]) -> None:
    """Names in reading order; 241 places; both languages; formulas; rows; no NaN in the JSON."""
    assert [entry["name"] for entry in data["entries"]] == list(ENTRIES)
    again = json.loads(text(data), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    for entry in again["entries"]:
        assert set(entry["summary"]) == set(entry["rows"]) == set(LANGUAGES)
        assert {len(numbers) for numbers in entry["curve"].values()} == {241}
        assert entry["mathml"]["slope"].startswith("<math")


def test_the_sampled_numbers_are_those_of_the_reference(data: dict[str, Any]) -> None:
    """Six digits of the float64 reference, at the places that the page shows."""
    compared = 0
    for entry in data["entries"]:
        if ENTRIES[entry["name"]].along_axis:
            continue
        for x, y in list(zip(data["x"], entry["curve"]["value"], strict=True))[::40]:
            assert y == pytest.approx(float(value(entry["name"], x)), rel=1e-5, abs=1e-300)
            compared += 1
    assert compared > 150


def test_the_page_asks_nobody_and_runs_only_its_own_script(written: str) -> None:
    """The policy names the hashes of exactly the script and the style inside; no eval, no inline style or handler."""
    reader = check_page(written)
    script = re.findall(r"<script>(.*?)</script>", written, re.DOTALL)
    style = re.findall(r"<style>(.*?)</style>", written, re.DOTALL)
    assert len(script) == len(style) == 1
    for kind, inside in (("script", script[0]), ("style", style[0])):
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in reader.policy
    assert "unsafe" not in reader.policy
    assert not re.search(r"\beval\(|new Function|innerHTML|document\.write|fetch\(|XMLHttpRequest", script[0])
    assert ' style="' not in written[: written.index('id="catalog"')]


def test_the_data_cannot_end_their_element(written: str) -> None:
    """A text with </script> in it stays data, and the data read back whole."""
    inside = re.search(r'<script type="application/json" id="catalog">(.*?)</script>', written, re.DOTALL)
    assert inside is not None
    read = json.loads(inside[1])
    assert read["lang"] == "zh"
    assert len(read["entries"]) == len(ENTRIES)
    assert read["entries"][0]["usage"]["when"][0]["en"] == "Here </script>."


def test_every_word_the_script_asks_for_is_there(written: str) -> None:
    """`say("...")` of the script never falls back to the key."""
    script = re.findall(r"<script>(.*?)</script>", written, re.DOTALL)[0]
    inside = re.search(r'id="catalog">(.*?)</script>', written, re.DOTALL)
    assert inside is not None
    words = json.loads(inside[1])["words"]
    asked = set(re.findall(r'say\("([a-z._]+)"\)', script)) | set(re.findall(r'data-word="([a-z._]+)"', written))
    assert len(asked) > 6
    for lang in LANGUAGES:
        assert asked <= set(words[lang])
        assert {f"explore.{series}" for series in ("value", "slope", "curvature")} <= set(words[lang])


@pytest.fixture
def address() -> Iterator[str]:
    """A running server."""
    with server("<p>页</p>", "{}") as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def test_the_server_gives_the_page_and_the_catalogue_and_nothing_else(address: str) -> None:
    """Two places exist; a path to a file does not."""
    with urlopen(f"{address}/") as answer:
        assert answer.read().decode() == "<p>页</p>"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    with urlopen(f"{address}/catalog.json?x=1") as answer:
        assert json.loads(answer.read()) == {}
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{address}/../../etc/passwd")
    assert refused.value.code == 404
    refused.value.close()


def test_a_taken_port_is_named_in_one_sentence(address: str) -> None:
    """The message says which port and what to do."""
    port = int(address.rsplit(":", 1)[1])
    with pytest.raises(OSError, match=f"port {port}.*take another port or 0"):
        server("", "", port)
