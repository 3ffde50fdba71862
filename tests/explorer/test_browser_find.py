"""Finding, comparing and the guide, as a reader does them in the browser, in both languages."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import actlab
from actlab.catalogue import ENTRIES
from actlab.explorer.guide import guide


def count(page: Any) -> int:
    """How many cards the page says are left."""
    told = re.search(r"\d+", page.get_by_test_id("find-count").inner_text())
    assert told
    return int(told.group())


def test_every_entry_has_a_card_with_a_line(page: Any, site: str, lang: str) -> None:
    """The grid shows the whole catalogue, each card with its curve, its name and its family in words."""
    page.goto(f"{site}#view=find")
    page.get_by_test_id("card-gelu").wait_for()
    cards = page.locator("[data-testid^=card-]")
    assert cards.count() == count(page) == len(ENTRIES)
    drawn = page.locator("[data-testid^=card-] path").evaluate_all("all => all.filter(p => p.getAttribute('d')).length")
    assert drawn == len(ENTRIES)
    assert ("自门控" if lang == "zh" else "Self-gated") in (page.get_by_test_id("card-gelu").text_content() or "")


def test_search_finds_names_aliases_words_of_both_languages_and_formulas(page: Any, site: str) -> None:
    """A question in any of these forms leaves the entry; nonsense leaves a sentence."""
    page.goto(f"{site}#view=find")
    named = next(entry for entry in ENTRIES.values() if entry.aliases)
    summary = ENTRIES["mish"].summary("zh")[:4]
    for asked, name in (
        ("GELU", "gelu"),
        (named.aliases[0], named.name),
        (summary, "mish"),
        ("x*tanh(ln(1+exp(x)))", "mish"),
    ):
        page.get_by_test_id("find-search").fill(asked)
        page.get_by_test_id(f"card-{name}").wait_for()
        assert count(page) < len(ENTRIES)
    page.get_by_test_id("find-search").fill("qqqqq")
    page.get_by_test_id("find-none").wait_for()
    page.get_by_test_id("find-clear").click()
    assert count(page) == len(ENTRIES)


@pytest.mark.parametrize("lang", ["en"])
def test_facets_count_what_they_leave_and_are_kept_in_the_address(page: Any, site: str) -> None:
    """The number beside a value is the number of cards after choosing it; a reload keeps the choice."""
    page.goto(f"{site}#view=find")
    for facet, value in (("bounded", "yes"), ("kind", "pointwise"), ("smooth", "yes")):
        box = page.get_by_test_id(f"facet-{facet}-{value}")
        label = box.locator("xpath=..").locator("small")
        foretold = int(label.inner_text())
        box.check()
        assert count(page) == foretold == page.locator("[data-testid^=card-]").count() > 0
    page.wait_for_url(re.compile("smooth"))
    page.reload()
    page.get_by_test_id("find-count").wait_for()
    assert count(page) == foretold
    assert page.get_by_test_id("facet-smooth-yes").is_checked()


@pytest.mark.parametrize("lang", ["en"])
def test_sorting_by_gain_is_the_order_of_the_gains(page: Any, site: str) -> None:
    """Cards come in the order of the property asked for, largest first when asked."""
    page.goto(f"{site}#view=find&by=family.rectified&sort=gain&down=1")
    page.locator("[data-testid^=card-]").first.wait_for()
    names = page.locator("[data-testid^=card-] b").all_inner_texts()
    gains = [actlab.properties(name).gain for name in names]
    known = [round(gain, 5) for gain in gains if gain is not None]  # the page sorts by seven digits
    assert len(known) > 5 and known == sorted(known, reverse=True)
    assert all(gain is None for gain in gains[len(known) :])


def test_cards_choose_and_compare_marks_what_differs(page: Any, site: str, lang: str) -> None:
    """A click on a card adds the function; the table shows Python's numbers and marks only rows that differ."""
    page.goto(f"{site}#view=find&f=relu")
    page.get_by_test_id("card-elu").click()
    assert page.get_by_test_id("card-elu").get_attribute("aria-pressed") == "true"
    page.get_by_test_id("tab-compare").click()
    table = page.get_by_test_id("compare-table")
    gains = page.get_by_test_id("differs-gain").all_inner_texts()
    assert [float(text) for text in gains] == pytest.approx([actlab.gain("relu"), actlab.gain("elu")], rel=1e-5)
    assert page.get_by_test_id("differs-bounded").count() == 0
    rows = table.locator("tbody tr").count()
    page.get_by_test_id("compare-only").check()
    assert 0 < table.locator("tbody tr").count() < rows
    page.get_by_test_id("compare-swap-0").click()
    assert page.get_by_test_id("differs-gain").all_inner_texts() == gains[::-1]
    page.get_by_test_id("compare-curves-1").click()
    page.get_by_test_id("view-curves").wait_for()


@pytest.mark.parametrize("lang", ["en"])
def test_a_changed_parameter_and_a_formula_are_measured(page: Any, site: str) -> None:
    """The table's numbers for other parameters, and for a typed formula, are those Python computes."""
    page.goto(f"{site}#view=compare&f=elu:alpha=2,%3Dx*sigmoid(2*x)")
    own = actlab.define("x*sigmoid(2*x)", name="twice_as_steep")
    both = [actlab.properties("elu", alpha=2.0), actlab.properties(own)]
    for key, pick in (("gain", "gain"), ("mean", "mean"), ("second", "second"), ("slope_second", "slope_second")):
        told = [float(text) for text in page.get_by_test_id(f"differs-{key}").all_inner_texts()]
        assert told == pytest.approx([getattr(each, pick) for each in both], rel=2e-6), key


def test_the_guide_ends_where_advise_does(page: Any, site: str, lang: str) -> None:
    """Four answers lead to the entries, reasons and sources of actlab.advise; an answer can be changed."""
    page.goto(f"{site}#view=guide")
    for answer in ("hidden", "any", "cnn", "dead-units"):
        page.get_by_test_id(f"answer-{answer}").click()
    told = actlab.advise(architecture="cnn", trouble="dead-units")
    for at, advice in enumerate(told):
        text = page.get_by_test_id(f"advice-{at}").inner_text()
        assert advice.reason[lang] in text and advice.source in text
        assert all(name in text for name in advice.entries)
    assert page.get_by_test_id(f"advice-{len(told)}").count() == 0
    page.get_by_test_id("guide-change-2").click()
    page.get_by_test_id("guide-architecture").wait_for()
    page.get_by_test_id("answer-rnn").click()
    page.get_by_test_id("answer-any").click()
    page.get_by_test_id("guide-compare").click()
    page.get_by_test_id("compare-table").wait_for()


def test_the_guide_says_what_advise_says_to_every_question() -> None:
    """Under every key of the data stands the advice for it, each said once, in both languages."""
    data = guide()
    places = {place["id"]: [question["id"] for question in place["questions"]] for place in data["places"]}
    checked = 0
    for key, found in data["answers"].items():
        place, *chosen = key.split("|")
        asked = {name: answer for name, answer in zip(places[place], chosen, strict=True) if answer}
        told = actlab.advise(where=place, **asked)
        said = [{**data["advice"][at]} for at in found]
        for each in said:
            each["initialisation"] = {lang: text for lang, text in each["initialisation"].items() if text}
        assert [advice.to_json() for advice in told] == said
        checked += 1
    texts = [json.dumps(each) for each in data["advice"]]
    assert checked > 100 and len(set(texts)) == len(texts)
    assert all(text for each in data["advice"] for text in each["reason"].values())
