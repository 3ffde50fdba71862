"""What a page may contain: nothing that makes a browser ask anybody for anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

_REFERENCES = {"src", "href", "xlink:href", "action", "data", "poster", "srcset"}
_VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}
# names of vocabularies, which no browser fetches
_VOCABULARIES = ("http://www.w3.org/",)


class _Reader(HTMLParser):
    def __init__(self, leads: Callable[[str], bool]) -> None:
        super().__init__()
        self.leads = leads
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[str] = []
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in _VOID:
            self.open.append(tag)
        for name, value in attrs:
            text = value or ""
            if name in _REFERENCES and not (self.leads(text) if (tag, name) == ("a", "href") else text.startswith("#")):
                self.faults.append(f"<{tag} {name}={text}>")
            if name.startswith("on"):
                self.faults.append(f"<{tag} {name}>")
            if name != "content":
                self.faults += outside(text) if name != "xmlns" and not name.startswith("xmlns:") else []
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"] or ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.faults += outside(data)
            self.faults += re.findall(r"@import[^;]*", data)


def outside(text: str) -> list[str]:
    """References of a style that leave the page."""
    return [f"url({place})" for place in re.findall(r"url\(\s*[\"']?([^)\"']+)", text) if not place.startswith("#")]


def check_page(page: str, leads: Callable[[str], bool] = lambda target: target.startswith("#")) -> _Reader:
    """Assert that a page is balanced, asks nobody for anything and says so to the browser; what was read.

    leads: whether a link that a reader may follow leads somewhere; by default only places in the page itself do.
    """
    reader = _Reader(leads)
    reader.feed(page)
    reader.close()
    assert not reader.faults, reader.faults[:5]
    assert not reader.open, reader.open
    assert reader.tags.count("html") == reader.tags.count("body") == 1
    assert reader.policy.startswith("default-src 'none'"), "the page has no content security policy"
    return reader
