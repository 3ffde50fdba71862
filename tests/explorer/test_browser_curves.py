"""The view of curves in a browser: its numbers are Python's, and what a reader does has the effect it promises."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import actlab
from actlab.report.words import LANGUAGES

WALKED = tuple(actlab.names(kind="pointwise"))[::40]
ENGLISH = pytest.mark.parametrize("lang", ["en"])


def opened(page: Any, site: str, hash: str) -> Any:
    """The page at a state of its own, drawn."""
    page.goto("about:blank")
    page.goto(f"{site}#{hash}")
    page.wait_for_selector("[data-testid=tab-curves]")
    return page


def rows(page: Any, table: str) -> list[list[str]]:
    """The cells of a table's body, as people read them."""
    return page.locator(f"[data-testid={table}] tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent.trim()))"
    )


def number(text: str) -> float:
    """A number as the page writes it."""
    return {"∞": math.inf, "-∞": -math.inf}.get(text) or float(text.removesuffix(" %"))


def curvature(name: str, x: float) -> float:
    return float(actlab.slope(name, x, order=2))


@pytest.mark.parametrize("x", [-1.37, 0.0, 2.5])
@ENGLISH
def test_the_reading_is_what_python_computes(page: Any, site: str, x: float) -> None:
    """Value, slope and curvature of entries from the whole catalogue stand in the reading to seven digits."""
    compared = 0
    for at in range(0, len(WALKED), 4):
        names = WALKED[at : at + 4]
        opened(page, site, f"f={','.join(names)}&at={x}")
        for name, (shown, *numbers) in zip(names, rows(page, "reading-table"), strict=True):
            expected = [float(actlab.value(name, x)), float(actlab.slope(name, x)), curvature(name, x)]
            assert shown == name
            for text, right in zip(numbers, expected, strict=True):
                assert number(text) == pytest.approx(right, rel=2e-6, abs=1e-9), (name, text, right)
                compared += 1
    assert compared == 3 * len(WALKED) > 0


def test_a_slider_changes_picture_numbers_and_address(page: Any, site: str) -> None:
    """A parameter set by slider or number is drawn, read out, kept in the address and undone by the defaults."""
    opened(page, site, "f=elu,relu&at=-2&panes=value,slope")
    before = page.locator("[data-testid=chart-value] canvas").evaluate("sheet => sheet.toDataURL()")
    page.get_by_test_id("parameter-0-alpha").fill("2.5")
    for text, right in zip(
        rows(page, "reading-table")[0][1:3],
        [actlab.value("elu", -2.0, alpha=2.5), actlab.slope("elu", -2.0, alpha=2.5)],
        strict=True,
    ):
        assert number(text) == pytest.approx(float(right), rel=2e-6)
    assert page.locator("[data-testid=chart-value] canvas").evaluate("sheet => sheet.toDataURL()") != before
    page.wait_for_function("() => location.hash.includes('elu:alpha=2.5')")
    box = page.get_by_test_id("parameter-0-alpha-number")
    box.fill("nonsense")
    assert box.get_attribute("aria-invalid") == "true"
    assert "alpha=2.5" in page.get_by_test_id("focus-0").inner_text()
    box.fill("0.5")
    box.press("ArrowUp")
    assert "alpha=0.51" in page.get_by_test_id("focus-0").inner_text()
    page.get_by_test_id("defaults-0").click()
    assert page.get_by_test_id("focus-0").inner_text().strip() == "elu"


@ENGLISH
def test_the_outputs_are_those_of_python(page: Any, site: str) -> None:
    """E f, E f², gain and share of zeros under N(0, σ²) are those of `theory.moments`."""
    from actlab.theory.moments import moments

    names = ("relu", "gelu", "mish", "hard_sigmoid")
    for sigma in (0.5, 1, 3):
        opened(page, site, f"f={','.join(names)}&sigma={sigma}&panes=outputs")
        for name, (_, mean, second, gain, zeros, _) in zip(names, rows(page, "outputs-table"), strict=True):
            right = moments(name, sigma**2)
            assert number(mean) == pytest.approx(right.mean, rel=1e-5, abs=1e-9)
            assert number(second) == pytest.approx(right.second, rel=1e-5)
            assert number(gain) == pytest.approx(right.second**-0.5, rel=1e-5)
            assert number(zeros) / 100 == pytest.approx(right.zero_share, rel=2e-3, abs=1e-5)


@ENGLISH
def test_saturation_in_a_number_format_is_told_where_python_finds_it(page: Any, site: str) -> None:
    """For each narrow format the sentence names the input beyond which Python finds all outputs equal."""
    compared = 0
    for name in ("sigmoid", "elu", "mish", "tanh"):
        opened(page, site, f"f={name}")
        told = page.get_by_test_id("rounding").inner_text()
        for form, edges in actlab.properties(name).collapse.items():
            for edge in edges:
                if edge is not None:
                    lines = [line for line in told.splitlines() if form in line]
                    places = [float(found) for line in lines for found in re.findall(r"x [<>≤≥] (-?[\d.e-]+)", line)]
                    assert any(place == pytest.approx(edge, rel=1e-5) for place in places), (name, form, edge, told)
                    compared += 1
    assert compared >= 15


@ENGLISH
def test_a_number_format_rounds_what_is_read_out(page: Any, site: str) -> None:
    """With float16 chosen the value is the float16 nearest to that of the float16 nearest to x."""
    import numpy as np

    opened(page, site, "f=gelu&at=0.3&type=float16")
    right = float(np.float16(actlab.value("gelu", float(np.float16(0.3)))))
    assert number(rows(page, "reading-table")[0][1]) == pytest.approx(right, rel=1e-6)


def test_zoom_by_dragging_wheel_keys_and_buttons(page: Any, site: str) -> None:
    """Each way of zooming and moving changes the window, which the address keeps; reset returns to the whole."""
    opened(page, site, "f=tanh")
    chart = page.get_by_test_id("chart-value").bounding_box()

    def shown() -> tuple[float, float]:
        return tuple(float(page.get_by_test_id(f"window-{end}").input_value()) for end in ("low", "high"))

    whole = shown()
    middle = chart["y"] + chart["height"] / 2
    page.mouse.move(chart["x"] + chart["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(chart["x"] + chart["width"] * 0.6, middle, steps=4)
    page.mouse.up()
    dragged = shown()
    assert whole[0] < dragged[0] < dragged[1] < whole[1]
    page.wait_for_function("() => location.hash.includes('x=')")
    page.get_by_test_id("charts").focus()
    page.keyboard.press("-")
    wider = shown()
    assert wider[1] - wider[0] == pytest.approx(1.25 * (dragged[1] - dragged[0]), rel=1e-3)
    chart = page.get_by_test_id("chart-value").bounding_box()
    middle = chart["y"] + chart["height"] / 2
    page.mouse.move(chart["x"] + chart["width"] / 2, middle)
    page.mouse.wheel(0, 200)
    page.wait_for_function(f"() => document.querySelector('[data-testid=window-high]').value > {wider[1]}")
    page.get_by_test_id("move-right").click()
    page.get_by_test_id("zoom-in").click()
    page.get_by_test_id("reset-window").click()
    assert shown() == whole
    page.get_by_test_id("charts").focus()
    page.keyboard.press("Home")
    assert float(page.get_by_test_id("reading-at").input_value()) == whole[0]
    page.mouse.move(chart["x"] + chart["width"] * 0.75, middle)
    under = float(page.get_by_test_id("reading").get_attribute("data-x"))
    assert 0 < under < whole[1]
    assert page.locator(".hair:not([hidden])").count() == 2, "the cursor stands in both panes"


def test_functions_are_found_added_focused_and_removed(page: Any, site: str, lang: str) -> None:
    """Search takes names, aliases and words of both languages; a fifth function replaces the focused one."""
    opened(page, site, "f=relu")
    alias, entry = next(
        (alias, name) for name in actlab.names() for alias in actlab.entry(name).aliases if name != "relu"
    )
    box = page.get_by_test_id("add-function")
    box.fill(alias)
    page.wait_for_selector(f"[data-testid=offer-{entry}]")
    box.press("Enter")
    assert page.get_by_test_id("focus-1").inner_text().strip() == entry
    box.fill(actlab.entry("gelu").summary("zh")[:8])
    page.get_by_test_id("offer-gelu").click()
    for name in ("tanh", "mish"):
        box.fill(name)
        box.press("Enter")
    assert page.locator("[data-testid=chosen] > li").count() == 4
    assert page.get_by_test_id("focus-3").inner_text().strip() == "mish"
    page.get_by_test_id("focus-0").click()
    assert page.get_by_test_id("details").locator("h2").inner_text() == "relu"
    assert actlab.entry("relu").summary(lang) in page.get_by_test_id("details").inner_text()
    for _ in range(4):
        page.get_by_test_id("remove-0").click()
    assert page.locator(".empty").is_visible()
    box.fill("surely nothing")
    assert page.locator("[role=option].none").is_visible()


def test_a_garbage_address_is_told_and_survived(page: Any, site: str, lang: str) -> None:
    """What makes no sense in the address is named in the reader's language and falls back; the rest is kept."""
    opened(page, site, "f=no_such&x=5,1&y=log&%E0%A4%A")
    told = page.get_by_test_id("garbage")
    assert "no_such" in told.inner_text()
    assert ("默认" in told.inner_text()) is (lang == "zh")
    assert page.get_by_test_id("scale-log").is_checked()
    page.get_by_test_id("close-notice").click()
    assert told.count() == 0
    assert page.locator("[data-testid=chosen] > li").count() == 3


@ENGLISH
def test_a_long_garbage_address_is_told_in_a_few_words(page: Any, site: str) -> None:
    """A thousand fields that make no sense do not fill the page: a few are named."""
    opened(page, site, "&".join(f"z{at}=1" for at in range(1000)))
    told = page.get_by_test_id("garbage").inner_text()
    assert "z0=1" in told and "…" in told and len(told) < 400


def test_the_address_holds_the_whole_state(page: Any, context: Any, site: str) -> None:
    """The copied link opens the same functions, parameters, window, panes, scale, format and reading elsewhere."""
    state = "f=relu,elu:alpha=2&focus=1&x=-3,3&panes=value,difference&y=symlog&type=bfloat16&at=0.5&minus=1-0&lang=zh"
    opened(page, site, state)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_test_id("copy-link").click()
    page.wait_for_function("() => document.querySelector('[data-testid=share-told]').textContent !== ''")
    link = page.evaluate("navigator.clipboard.readText()")
    reading = rows(page, "reading-table")
    opened(page, site, link.split("#")[1])
    assert rows(page, "reading-table") == reading
    assert page.get_by_test_id("pane-difference").is_visible()
    assert page.get_by_test_id("pair-first").input_value() == "1"
    assert page.get_by_test_id("format").input_value() == "bfloat16"


@ENGLISH
def test_pictures_and_numbers_can_be_taken_away(page: Any, site: str, tmp_path: Path) -> None:
    """SVG and PNG show the current panes, broken at a jump; the CSV holds Python's numbers."""
    opened(page, site, "f=step,gelu&x=-2,2&panes=value,slope")

    def saved(kind: str) -> bytes:
        with page.expect_download() as waiting:
            page.get_by_test_id(f"save-{kind}").click()
        waiting.value.save_as(tmp_path / waiting.value.suggested_filename)
        assert waiting.value.suggested_filename.endswith(f".{kind}")
        return (tmp_path / waiting.value.suggested_filename).read_bytes()

    drawing = ElementTree.fromstring(saved("svg"))
    lines = [path.get("d") for path in drawing.iter("{http://www.w3.org/2000/svg}path") if path.get("fill") == "none"]
    assert len(lines) == 4
    assert lines[0].count("M") == 2, "a step is two pieces"
    assert lines[1].count("M") == 1
    picture = saved("png")
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    assert width == 2 * int(drawing.get("width", "0"))
    assert height == 2 * int(drawing.get("height", "0"))
    head, *table = list(csv.reader(io.StringIO(saved("csv").decode())))
    assert head == [
        "x",
        *(f"{name} {order}" for name in ("step", "gelu") for order in ("value", "slope", "curvature")),
    ]
    for row in table[::50]:
        x = float(row[0])
        assert float(row[4]) == pytest.approx(float(actlab.value("gelu", x)), rel=1e-12, abs=1e-300)
        assert float(row[5]) == pytest.approx(float(actlab.slope("gelu", x)), rel=1e-11, abs=1e-14)
    assert len(table) > 500


@ENGLISH
def test_kinks_flat_stretches_and_undefined_places_are_told(page: Any, site: str) -> None:
    """The notes name kinks and saturation; where a function is undefined the reading says so instead of a number."""
    opened(page, site, "f=hard_tanh&x=-4,4")
    notes = page.get_by_test_id("notes").inner_text()
    assert "x ≤ -1" in notes
    assert "x ≥ 1" in notes
    assert "-1, 1" in notes
    opened(page, site, "f==log(x)&x=-4,4&at=-1")
    assert rows(page, "reading-table")[0][1] == "undefined"


@ENGLISH
def test_the_difference_names_its_largest_place(page: Any, site: str) -> None:
    """The difference of two functions is drawn, and its largest size over the window is told."""
    opened(page, site, "f=relu,identity&x=-4,2&panes=difference")
    told = page.get_by_test_id("largest-difference").inner_text()
    assert "4" in told
    assert "x = -4" in told


def test_the_views_are_tabs_by_keyboard_and_the_language_changes(page: Any, site: str, lang: str) -> None:
    """Arrow keys move between the views; the switch changes every text and the language of the document."""
    opened(page, site, "")
    page.get_by_test_id("tab-curves").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_test_id("tab-find").get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowLeft")
    assert page.get_by_test_id("view-curves").is_visible()
    page.get_by_test_id("language").click()
    other = next(one for one in LANGUAGES if one != lang)
    page.wait_for_function(f"() => document.documentElement.lang.startsWith('{other}')")
    assert ("函数" in page.inner_text("main")) is (other == "zh")


@ENGLISH
def test_every_entry_opens(page: Any, site: str) -> None:
    """Every entry of the catalogue is drawn, and its outputs are counted, without an error."""
    opened(page, site, "f=&panes=value")
    names = list(actlab.names())
    failed = page.evaluate(
        """async names => {
            const failed = [];
            for (let at = 0; at < names.length; at += 4) {
                location.hash = `f=${names.slice(at, at + 4)}&panes=value,outputs`;
                await new Promise(done => addEventListener("hashchange", () => setTimeout(done), { once: true }));
                const shown = document.querySelectorAll("[data-testid=outputs-table] tbody tr").length;
                const told = document.querySelector("[data-testid=failure], [data-testid=garbage]");
                if (told || shown !== Math.min(4, names.length - at))
                    failed.push(names.slice(at, at + 4));
            }
            return failed;
        }""",
        names,
    )
    assert failed == [], json.dumps(failed)
