"""The files of the built page, with the entries that installed packages add."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..catalogue import ENTRIES
from ..catalogue.plugins import all_entries
from ..report.words import say

BUILT = Path(__file__).parent / "built"
DATA, FUNCTIONS = "catalog.json", "functions.js"
# file -> what it is; there is no other
TYPES = {
    "index.html": "text/html; charset=utf-8",
    "explorer.css": "text/css; charset=utf-8",
    "explorer.js": "text/javascript; charset=utf-8",
    "worker.js": "text/javascript; charset=utf-8",
    FUNCTIONS: "text/javascript; charset=utf-8",
    DATA: "application/json; charset=utf-8",
    "words.json": "application/json; charset=utf-8",
}


class NotBuilt(ImportError):
    """The page has not been built in this checkout; the message says how to build it."""


def content(lang: str, folder: Path = BUILT) -> dict[str, str]:
    """File name -> text of everything the page consists of.

    lang: of the complaint. Raises NotBuilt when a file is missing.
    """
    missing = [name for name in TYPES if not (folder / name).is_file()]
    if missing:
        raise NotBuilt(say(lang, "explore.unbuilt", file=missing[0]))
    found = {name: (folder / name).read_text(encoding="utf-8") for name in TYPES}
    added = [entry for name, entry in all_entries().items() if name not in ENTRIES]
    if added:
        from .catalog import as_json, catalog
        from .functions import script

        found[DATA] = as_json(_joined(json.loads(found[DATA]), catalog(added), "columns"))
        found[FUNCTIONS] += script(added)
    return found


def speaking(content: Mapping[str, str], lang: str) -> dict[str, str]:
    """The same files, but the page opens in this language whatever the browser's is."""
    return {**content, "index.html": content["index.html"].replace("<html ", f'<html data-lang="{lang}" ', 1)}


def _joined(first: Any, second: Any, *keys: str) -> Any:
    """The columns of both, one after the other; `keys`: those to join, all of them inside."""
    if not isinstance(first, Mapping):
        return [*first, *second]
    return {**first, **{key: _joined(first[key], second[key]) for key in keys or first}}
