"""A rule's page: its docstring, taken apart into the parts that every rule must have, in both languages."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Mapping

from ..records import Page
from . import RULES
from .rule import Rule

# the parts of a page after its first sentence, as they are headed in the docstring and for the reader
PARTS: Mapping[str, tuple[str, ...]] = {
    "en": ("What it does", "Why", "Sick", "Healthy"),
    "zh": ("做什么", "为什么", "病例", "健康例"),
}
_CHINESE = "中文："  # what begins the Chinese half of a docstring
_WIDE = r"[\u2000-\u206f\u3000-\u9fff\uff00-\uffef]"


def page(rule: Rule, lang: str = "en") -> Page:
    """The page of a rule, in English ("en") or Chinese ("zh"). Raises ValueError naming a part that is missing."""
    english, _, chinese = inspect.cleandoc(type(rule).__doc__ or "").partition(_CHINESE)
    text, colon = (chinese, "：") if lang == "zh" else (english, ":")
    heads = "|".join(PARTS[lang])
    pieces = re.split(rf"^({heads}){colon}", text, flags=re.MULTILINE)
    told = [_joined(piece) for piece in pieces]
    parts = dict(zip(told[1::2], told[2::2], strict=True))
    values = {
        "code": rule.code, "name": rule.name, "title": rule.title.get(lang, ""), "reference": rule.reference,
        "first sentence": told[0], **{head: parts.get(head, "") for head in PARTS[lang]},
    }  # fmt: skip
    missing = [part for part, value in values.items() if not value]
    if missing:
        raise ValueError(f"{type(rule).__name__} lacks {', '.join(missing)} in {lang}; write it in the docstring")
    ordered = {head: parts[head] for head in PARTS[lang]}
    return Page(rule.name, rule.code, rule.title[lang], told[0], ordered, rule.reference)


def find(name: str, lang: str = "en") -> Page:
    """The page of the finding with this name or code. Raises ValueError with the nearest names for an unknown one."""
    rules = {key: rule for rule in RULES for key in (rule.name, rule.code)}
    if name not in rules:
        names = [rule.name for rule in RULES]
        close = difflib.get_close_matches(name, names, n=3) or names
        raise ValueError(f"the doctor has no finding {name!r}; the nearest are {', '.join(close)}")
    return page(rules[name], lang)


def _joined(text: str) -> str:
    """Lines as one; between Chinese characters a line break is nothing, elsewhere a space."""
    text = re.sub(rf"(?<={_WIDE})\s*\n\s*|\s*\n\s*(?={_WIDE})", "", text)
    return " ".join(text.split())
