"""The findings as documentation: an index and a page each in Markdown, made from the rules.

`python -m actlab.doctor.pages` rewrites docs/findings; a test fails when they are out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from .records import Page
from .rules import FOLLOWS, RULES
from .rules.page import page

LANGUAGES = {"en": ".md", "zh": ".zh-CN.md"}
_COLUMNS = {"en": ("Code", "Finding", "In a sentence"), "zh": ("编号", "发现", "一句话说明")}
_TEXT = {
    "en": {
        "colon": ":",
        "list": ", ",
        "index": "What the doctor can find",
        "about": "In the order in which causes come before their consequences. `actlab doctor --explain NAME` prints "
        "a page in the terminal.",
        "follows": "May follow from",
        "leads": "May lead to",
        "reference": "Reference",
        "other": "中文",
        "back": "All findings",
    },
    "zh": {
        "colon": "：",
        "list": "、",
        "index": "医生能发现什么",
        "about": "按先因后果的顺序排列。`actlab doctor --explain 名称 --lang zh` 可在终端中显示每一页。",
        "follows": "可能的原因",
        "leads": "可能的后果",
        "reference": "参考文献",
        "other": "English",
        "back": "全部发现",
    },
}


def documents() -> Iterator[tuple[str, str]]:
    """(file name, Markdown) for the index and every finding in both languages."""
    for lang, suffix in LANGUAGES.items():
        pages = [page(rule, lang) for rule in RULES]
        yield f"README{suffix}", _index(pages, lang)
        for each in pages:
            yield f"{each.name}{suffix}", _document(each, lang)


def _link(name: str, lang: str) -> str:
    return f"[{name}]({name}{LANGUAGES[lang]})"


def _beside(name: str, lang: str) -> str:
    """A link to the same page in the other language."""
    other = next(suffix for each, suffix in LANGUAGES.items() if each != lang)
    return f"[{_TEXT[lang]['other']}]({name}{other})"


def _index(pages: list[Page], lang: str) -> str:
    text = _TEXT[lang]
    rows = [f"| {each.code} | {_link(each.name, lang)} | {each.summary} |" for each in pages]
    head = [f"| {' | '.join(_COLUMNS[lang])} |", "| --- | --- | --- |"]
    return "\n".join([f"# {text['index']}", "", _beside("README", lang), "", text["about"], "", *head, *rows, ""])


def _document(shown: Page, lang: str) -> str:
    text = _TEXT[lang]
    leads = [rule.name for rule in RULES if shown.name in FOLLOWS.get(rule.name, ())]
    links = {"follows": FOLLOWS.get(shown.name, ()), "leads": leads}
    lines = [f"# {shown.title}", "", f"`{shown.name}` · {shown.code} · {_beside(shown.name, lang)}", "", shown.summary]
    for head, told in shown.parts.items():
        lines += ["", f"**{head}{text['colon']}** {told}"]
    for key, names in links.items():
        if names:
            lines += ["", f"**{text[key]}{text['colon']}** {text['list'].join(_link(name, lang) for name in names)}"]
    lines += [
        "",
        f"**{text['reference']}{text['colon']}** {shown.reference}",
        "",
        f"[{text['back']}](README{LANGUAGES[lang]})",
        "",
    ]
    return "\n".join(lines)


def write(folder: Path) -> None:
    """Write all pages into a folder, and remove pages of findings that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    made = dict(documents())
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    for path in folder.glob("*.md"):
        if path.name not in made:
            path.unlink()


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/findings"))
