"""A formula of one's own in the browser: exact numbers, faults with their place, texts to copy, no code from text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import actlab


def fact(page: Any, key: str) -> float:
    """A measured property as the page shows it."""
    text = page.get_by_test_id(f"fact-{key}").inner_text()
    return float(text.removesuffix(" %").replace("∞", "inf"))


def test_a_typed_formula_has_exact_numbers_sliders_and_properties(page: Any, site: str, lang: str) -> None:
    """Value, slope and curvature in the table, and the measured properties, are Python's."""
    page.goto(f"{site}#view=formula")
    page.get_by_test_id("formula-text").fill("x*sigmoid(beta*x) + c*sin(x)^2")
    page.get_by_test_id("formula-beta-number").fill("1.5")
    page.get_by_test_id("formula-c-number").fill("0.25")
    page.get_by_test_id("formula-numbers").locator("summary").click()
    own = actlab.define("x*sigmoid(beta*x) + c*sin(x)^2", name="own_wave", beta=1.5, c=0.25)
    rows = page.get_by_test_id("formula-table").locator("tbody tr")
    numbers = np.array([[float(cell) for cell in row.split("\t")] for row in rows.all_inner_texts()])
    assert len(numbers) > 10
    for order in range(3):
        assert numbers[:, order + 1] == pytest.approx(actlab.slope(own, numbers[:, 0], order=order), rel=2e-7, abs=2e-8)
    page.wait_for_timeout(300)
    known = actlab.properties(own)
    assert fact(page, "gain") == pytest.approx(known.gain, rel=1e-5)
    assert fact(page, "mean") == pytest.approx(known.mean, rel=1e-5)
    assert fact(page, "kinks") == 0


def test_a_wrong_formula_is_told_where_and_why(page: Any, site: str, lang: str) -> None:
    """The caret stands under the place, the sentence is in the reader's language, and a right formula takes it away."""
    page.goto(f"{site}#view=formula")
    page.get_by_test_id("formula-text").fill("x*tanh(2x)")
    caret = page.get_by_test_id("formula-caret").inner_text().splitlines()
    assert caret[0] == "x*tanh(2x)" and caret[1].index("^") == 8
    assert page.get_by_test_id("formula-fault").inner_text().startswith("请在" if lang == "zh" else "Write *")
    assert page.get_by_test_id("formula-text").get_attribute("aria-invalid") == "true"
    page.get_by_test_id("formula-text").fill("x*tanh(2*x)")
    assert page.get_by_test_id("formula-fault").count() == 0
    assert page.get_by_test_id("formula-chart").is_visible()


@pytest.mark.parametrize("lang", ["en"])
def test_the_texts_to_copy_carry_the_numbers_of_the_sliders(page: Any, site: str) -> None:
    """Every target is offered; the actlab text makes the same entry."""
    page.goto(f"{site}#view=formula&formula=x*sigmoid(beta*x)&given=beta:1.75")
    for target, expected in (
        ("torch", "torch.sigmoid(beta * x)"),
        ("jax", "jax.nn.sigmoid(beta * x)"),
        ("latex", r"\beta"),
    ):
        page.locator(f"[data-testid=formula-target-{target}]").check(force=True)
        assert expected in page.get_by_test_id("formula-code").inner_text()
    page.locator("[data-testid=formula-target-python]").check(force=True)
    text = page.get_by_test_id("formula-code").inner_text()
    assert 'actlab.define("x*sigmoid(beta*x)"' in text and "beta=1.75" in text


@pytest.mark.parametrize("lang", ["en"])
def test_a_formula_joins_the_curves_and_survives_the_address(page: Any, site: str) -> None:
    """The formula is one of the chosen functions, with its parameter, also after a reload."""
    page.goto(f"{site}#view=formula&f=relu&formula=maximum(x,a*x)&given=a:0.2")
    page.get_by_test_id("formula-use").click()
    page.get_by_test_id("view-curves").wait_for()
    assert "maximum(x,a*x) (a=0.2)" in page.get_by_test_id("chosen").inner_text()
    page.wait_for_url(lambda address: "view=" not in address)  # the first view goes without saying
    page.reload()
    page.get_by_test_id("chosen").wait_for()
    assert "maximum(x,a*x) (a=0.2)" in page.get_by_test_id("chosen").inner_text()
    assert page.get_by_test_id("garbage").count() == 0


@pytest.mark.parametrize("lang", ["en"])
def test_no_text_becomes_code(page: Any, site: str) -> None:
    """What would run if it were evaluated is refused, and the page's policy forbids evaluation altogether."""
    page.goto(f"{site}#view=formula")
    for text in ("(() => { window.stolen = 1 })()", "constructor.constructor('window.stolen=1')()", "x*toString(x)"):
        page.get_by_test_id("formula-text").fill(text)
        page.get_by_test_id("formula-fault").wait_for()
    assert page.evaluate("window.stolen") is None
    # the debugger's own evaluation may bypass the policy, a timer of the page may not
    blocked = "try { const f = Function; return f('return 1')() } catch (fault) { return fault.name }"
    told = page.evaluate(f"new Promise(done => setTimeout(() => done((() => {{ {blocked} }})()), 0))")
    assert told == "EvalError"
