"""The words: complete in both languages."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import actlab.report
from actlab.catalogue import ENTRIES, KINDS
from actlab.report.words import LANGUAGES, choose, clauses, join, say, texts, word

SOURCE = Path(actlab.report.__file__).parents[1]


def _slots(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys_and_none_is_empty() -> None:
    """A text that exists in one language exists in the other, under the same key and in the same order."""
    assert list(texts("en")) == list(texts("zh"))
    assert all(text.strip() or key.startswith("list.") for lang in LANGUAGES for key, text in texts(lang).items())


@pytest.mark.parametrize("key", list(texts("en")))
def test_both_languages_fill_in_the_same_values(key: str) -> None:
    """A translation shows every value that the original shows."""
    assert _slots(texts("en")[key]) == _slots(texts("zh")[key])


def test_chinese_texts_are_chinese() -> None:
    """Only names, formulas and signs may read the same in both languages."""
    same = {key for key, text in texts("zh").items() if not re.search(r"[\u3000-\u9fff\uff00-\uffef]", text)}
    assert same <= {"metric.R2", "metric.r2", "explore.other_language", "study.p"}


def test_every_key_that_the_code_names_exists() -> None:
    """`say(lang, "a.b")` never meets a missing text."""
    named: set[str] = set()
    told_by = ("report/*.py", "explorer/*.py", "testing/*.py", "c*.py")
    for path in (path for pattern in told_by for path in SOURCE.glob(pattern)):
        named |= set(re.findall(r'say\(\s*[\w.]*lang,\s*"([^"]+)"', path.read_text(encoding="utf-8")))
    for path in SOURCE.glob("report/templates/*.html"):
        named |= set(re.findall(r't\("([a-z._]+)"[,)]', path.read_text(encoding="utf-8")))
    assert len(named) > 60
    assert not named - set(texts("en"))


def test_every_family_and_kind_of_the_catalogue_has_a_name() -> None:
    """A new family needs its two words, or the list would show a file name."""
    for lang in LANGUAGES:
        assert {f"family.{entry.family}" for entry in ENTRIES.values()} <= set(texts(lang))
        assert {f"kind.{kind}" for kind in KINDS} <= set(texts(lang))


@pytest.mark.parametrize(
    ("asked", "environment", "lang"),
    [
        (None, {}, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LANG": "zh_TW"}, "zh"),
        (None, {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        (None, {"ACTLAB_LANG": "zh", "LANG": "en_US.UTF-8"}, "zh"),
        ("en", {"ACTLAB_LANG": "zh"}, "en"),
        (None, {"LANG": "de_DE"}, "en"),
    ],
)
def test_the_language_is_the_one_asked_for_then_the_setting_then_the_locale(
    asked: str | None, environment: dict[str, str], lang: str
) -> None:
    """--lang wins over ACTLAB_LANG, which wins over the locale; everything else is English."""
    assert choose(asked, environment) == lang


def test_an_unknown_language_is_refused_with_the_known_ones() -> None:
    """The message lists what there is."""
    with pytest.raises(ValueError, match="en and zh"):
        choose("fr", {})


def test_sentences_are_put_together_as_the_language_does() -> None:
    """Lists inside a sentence take the comma of their language; a term without a translation stays."""
    assert join("en", ["a", "b"]) == "a, b"
    assert join("zh", ["a", "b"]) == "a、b"
    assert clauses("zh", ["a", "b"]) == "a；b"
    assert word("zh", "family", "rectified") == "整流类"
    assert word("zh", "family", "unheard of") == "unheard of"
    assert say("en", "saved", path="{x}") == "Saved {x}"
