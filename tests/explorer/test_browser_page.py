"""The page opens, served and as one file, in both languages, and asks nobody else for anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.explorer.conftest import running

from actlab.explorer.content import speaking
from actlab.explorer.page import page as single


def test_the_page_opens_in_the_language_of_the_browser(page: Any, site: str, lang: str) -> None:
    """The catalogue is there, and the document says which language it speaks."""
    page.goto(site)
    page.wait_for_selector("#app *")
    assert page.evaluate("document.documentElement.lang").startswith(lang)
    assert page.evaluate("Object.keys(actlabFunctions).length") > 400


@pytest.mark.parametrize(("lang", "asked"), [("en", "zh"), ("zh", "en")])
def test_the_language_asked_for_wins_over_the_browser(context: Any, files: dict[str, str], asked: str) -> None:
    """What `--lang` said is what the page speaks."""
    with running(speaking(files, asked)) as server:
        opened = context.new_page()
        opened.goto(server.address)
        opened.wait_for_selector("#app *")
        assert opened.evaluate("document.documentElement.lang").startswith(asked)
        opened.close()


def test_the_exported_file_opens_without_a_server(
    context: Any, files: dict[str, str], complaints: Any, tmp_path: Path
) -> None:
    """From a file, under its own policy, it draws the same page, trains in its worker, and asks for nothing."""
    place = tmp_path / "page.html"
    place.write_text(single(files), encoding="utf-8")
    opened = context.new_page()
    complaints.listen(opened, place.as_uri())
    opened.goto(f"{place.as_uri()}#view=learn")
    opened.wait_for_selector('[data-testid="learn-step"]:enabled').click()
    opened.wait_for_selector('[data-testid="learn-progress"][data-step="1"]')
    assert opened.evaluate("Object.keys(actlabFunctions).length") > 400
    assert not complaints


VIEWS = ("curves", "find", "compare", "guide", "formula", "learn")
AXE = Path(__file__).parents[2] / "explorer" / "node_modules" / "axe-core" / "axe.min.js"


def obstacles(page: Any) -> list[Any]:
    """What axe finds serious or critical on the page as it is now."""
    if not AXE.is_file():
        pytest.skip("the accessibility checker comes with `npm ci` in explorer/")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(({violations, passes}) => ({violations, passes: passes.length}))")
    assert found["passes"] > 10
    return [
        (finding["id"], [(node["html"][:160], node["any"][:1]) for node in finding["nodes"][:3]])
        for finding in found["violations"]
        if finding["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("lang", "scheme"), [("en", "light"), ("zh", "dark")])
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_no_serious_obstacle(page: Any, site: str, view: str, scheme: str) -> None:
    """axe finds nothing serious or critical: names, roles, contrast and order, in each language and colour scheme."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{site}#view={view}&f=gelu,relu&q=gelu")
    page.wait_for_selector("main *")
    assert not obstacles(page)


@pytest.mark.parametrize("lang", ["en"])
def test_an_obstacle_is_found(page: Any, site: str) -> None:
    """Canary: a button without a name, and pale text, are serious."""
    page.goto(f"{site}#view=guide")
    page.wait_for_selector("main *")
    page.evaluate(
        "document.querySelector('main').append(Object.assign(document.createElement('button'), {className: 'planted'}))"
    )
    assert "button-name" in [name for name, _ in obstacles(page)]
