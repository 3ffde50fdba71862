"""The findings' documentation is made from the rules, is complete, and is what is committed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from actlab.cli import app
from actlab.doctor.pages import LANGUAGES, documents, write
from actlab.doctor.rules import FOLLOWS, RULES, Rule
from actlab.doctor.rules.page import PARTS, find, page
from actlab.doctor.rules.rule import words

FOLDER = Path(__file__).parents[2] / "docs" / "findings"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_a_complete_page_in_both_languages(rule: Rule) -> None:
    """A sentence, what it does, why, a sick and a healthy example, a reference; Chinese is Chinese."""
    for lang in LANGUAGES:
        shown = page(rule, lang)
        assert tuple(shown.parts) == PARTS[lang]
        texts = [shown.summary, *shown.parts.values()]
        chinese = [bool(re.search(r"[\u4e00-\u9fff]", text)) for text in texts]
        assert sum(chinese) >= len(texts) - 2 if lang == "zh" else not any(chinese)
        assert all(text.endswith("。" if lang == "zh" else ".") for text in texts)


class Lacking(Rule):
    """A rule without examples.

    What it does: nothing.
    Why: to be caught.
    Sick: this.
    Healthy: another.

    中文：没有例子的规则。
    做什么：什么也不做。
    为什么：为了被发现。
    病例：这一个。
    """

    code, name, title, reference = "D999", "lacking", words("Lacking", "缺少"), "none"


def test_a_rule_with_a_missing_part_is_refused_by_name() -> None:
    """Canary: the English half is complete, the Chinese one lacks its healthy example."""
    assert page(Lacking(), "en").parts["Healthy"] == "another."
    with pytest.raises(ValueError, match="Lacking lacks 健康例 in zh"):
        page(Lacking(), "zh")
    bare = Lacking()
    bare.reference = ""  # type: ignore[misc]
    with pytest.raises(ValueError, match="reference"):
        page(bare, "en")


def test_the_committed_pages_are_those_made_from_the_rules() -> None:
    """`make docs` writes them; none is missing, out of date or left over."""
    made = dict(documents())
    assert {path.name for path in FOLDER.glob("*.md")} == set(made)
    assert [name for name, text in made.items() if (FOLDER / name).read_text(encoding="utf-8") != text] == []


def test_every_link_of_a_page_leads_to_a_page(tmp_path: Path) -> None:
    """Causes, consequences, the index and the other language; what is no page is removed when pages are written."""
    (tmp_path / "forgotten.md").write_text("old")
    write(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert "forgotten.md" not in names
    for path in tmp_path.iterdir():
        assert set(re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8"))) <= names


def test_a_page_is_found_by_name_and_by_code_and_an_unknown_name_is_answered_with_the_nearest() -> None:
    """D101 is dead-units; dead-unit is nearly."""
    assert find("D101", "zh") == find("dead-units", "zh")
    with pytest.raises(ValueError, match="nearest are dead-units"):
        find("dead-unit")


def test_causes_are_findings_and_never_form_a_circle() -> None:
    """Every name in the table of causes is a rule's, and following causes comes to an end."""
    names = {rule.name for rule in RULES}
    assert names >= {*FOLLOWS, *(cause for causes in FOLLOWS.values() for cause in causes)}
    left = dict(FOLLOWS)
    while left:
        free = [name for name, causes in left.items() if not set(causes) & set(left)]
        assert free, f"a circle among {sorted(left)}"
        for name in free:
            del left[name]


def test_the_command_line_prints_a_page_and_asks_for_a_case_when_there_is_neither() -> None:
    """`actlab doctor --explain D101`, in Chinese and as JSON; without a page or a case it says what is missing."""
    chinese = CliRunner().invoke(app, ["doctor", "--explain", "D101", "--lang", "zh"])
    assert chinese.exit_code == 0 and "死单元" in chinese.output and "健康例" in chinese.output
    told = json.loads(CliRunner().invoke(app, ["doctor", "--explain", "dead-units", "--json"]).output)
    assert told["code"] == "D101" and set(told["parts"]) == set(PARTS["en"])
    nothing = CliRunner().invoke(app, ["doctor"])
    assert nothing.exit_code == 2 and "FILE.py:FUNCTION" in nothing.output
