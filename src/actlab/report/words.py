"""The words of a report: every text of ours in English and Chinese, under the same keys."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from ..catalogue import ENTRIES, Entry

LANGUAGES = ("en", "zh")


@cache
def texts(lang: str) -> Mapping[str, str]:
    """Key -> text in one language. Raises ValueError for a language that is not there."""
    if lang not in LANGUAGES:
        raise ValueError(f"there is no text in {lang!r}; the languages are {' and '.join(LANGUAGES)}")
    told = json.loads((files("actlab.report") / "text" / f"{lang}.json").read_text(encoding="utf-8"))
    return told | {f"family.{family.name}": family.title[lang] for family in ENTRIES.families}


def say(lang: str, key: str, **values: object) -> str:
    """The text of `key` in one language, with the values filled in. Raises KeyError for an unknown key."""
    return texts(lang)[key].format(**values) if values else texts(lang)[key]


def word(lang: str, group: str, term: str) -> str:
    """A term of a closed set, such as a family or a severity, in one language; unknown terms stay as they are."""
    return texts(lang).get(f"{group}.{term}", term)


def join(lang: str, items: Sequence[str]) -> str:
    """The items as a list inside a sentence."""
    return texts(lang)["list.comma"].join(items)


def clauses(lang: str, items: Sequence[str]) -> str:
    """The items as parts of a longer line, held further apart than words."""
    return texts(lang)["list.semicolon"].join(items)


def formula_labels(entry: Entry, lang: str) -> tuple[str, str]:
    """What stands before an entry's formula and before that of its slope."""
    if entry.along_axis:
        return "f(x)ᵢ =", "(J·t)ᵢ ="
    if entry.kind == "gated":
        return "f(x, up) =", "∂f/∂x ="
    return "f(x) =", say(lang, "formula.surrogate") if entry.kind == "straight-through" else "f′(x) ="


def choose(asked: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """The language asked for, else ACTLAB_LANG, else the locale (zh* is Chinese), else English.

    Raises ValueError when the one asked for is not there.
    """
    for wish in (asked, environment.get("ACTLAB_LANG")):
        if wish:
            texts(wish)
            return wish
    places = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if (next((place for place in places if place), "")).lower().startswith("zh") else "en"
