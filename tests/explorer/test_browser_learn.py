"""Watch it learn: networks train in the page, tell their numbers, and agree with PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actlab.explorer.page import page as single

SHORT = "train=depth:2,width:4,steps:30"
english = pytest.mark.parametrize("lang", ["en"])


def at(name: str, state: str = "") -> str:
    """The selector of an element of this view."""
    return f"[data-testid=learn-{name}]{state}"


def opened(page: Any, address: str, rest: str) -> None:
    """Opens the view with this state and waits for the first frame."""
    page.goto(f"{address}#view=learn&{rest}")
    page.wait_for_selector(at("lane-0"))
    page.wait_for_selector(at("layers-0"))


def finished(page: Any, start: bool = True) -> None:
    """Starts the training and waits for its end."""
    if start:
        page.click(at("run"))
    page.wait_for_selector(at("progress", "[data-state=finished]"), timeout=60_000)


def until(page: Any, true: Callable[[], bool]) -> None:
    """Waits for something that has no selector; the page's policy forbids what `wait_for_function` does."""
    for _ in range(200):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen within ten seconds")


def loss(page: Any, place: int = 0) -> float:
    """The loss over all points that the page tells, with every digit."""
    return float(page.get_attribute(at(f"result-{place}"), "data-loss"))


def test_a_story_trains_shows_what_it_says_and_says_it_in_the_readers_language(page: Any, site: str, lang: str) -> None:
    """A too large step: ReLU ends with its last layer dead at the loss of a coin toss, leaky ReLU with every point."""
    opened(page, site, "")
    page.select_option(at("story"), "survives")
    finished(page, start=False)
    assert page.locator(at("dead-0-2")).inner_text() == "100 %"
    assert loss(page) == pytest.approx(math.log(2), abs=0.002)
    assert page.locator(at("dead-1-2")).inner_text() == "0 %"
    assert page.get_attribute(at("result-1"), "data-right") == "1"
    told = page.inner_text(at("story-text"))
    assert ("导数" in told) == (lang == "zh") and ("slope" in told) == (lang == "en")
    assert "leaky_relu" in page.get_attribute(at("picture-1"), "aria-label")


@english
def test_the_page_and_pytorch_train_the_same_network(page: Any, site: str) -> None:
    """Run in PyTorch gives this page's losses to nine digits, streamed, and then what the doctor says."""
    opened(page, site, f"f=tanh,=x*tanh(a*x):a=0.5&{SHORT}")
    finished(page)
    page.click(at("torch"))
    for place in (0, 1):
        cell = page.wait_for_selector(at(f"torch-loss-{place}", "[data-loss]"), timeout=60_000)
        page.wait_for_selector(at("torch-progress", "[data-running=false]"), state="attached", timeout=60_000)
        assert float(cell.get_attribute("data-loss")) == pytest.approx(loss(page, place), rel=1e-9)
    last = page.locator(f"{at('torch-table')} tbody tr td:last-child").all_inner_texts()
    assert len(last) == 2 and all(text.strip() not in ("", "…") for text in last)


@english
def test_a_training_repeats_itself_and_another_seed_gives_another(page: Any, site: str) -> None:
    """Reset and start again: the same loss to the last digit; another seed: another loss."""
    opened(page, site, f"f=gelu&{SHORT}")
    finished(page)
    first = loss(page)
    page.click(at("reset"))
    page.wait_for_selector(at("progress", "[data-step='0']"))
    finished(page)
    assert loss(page) == first
    page.click(at("reseed"))
    page.wait_for_selector(at("progress", "[data-step='0']"))
    finished(page)
    assert loss(page) != first


@english
def test_one_step_is_one_step_and_pause_holds_a_training_at_full_speed(page: Any, site: str) -> None:
    """The page answers while the worker trains, by mouse and by keyboard."""
    opened(page, site, "f=relu,tanh&train=depth:4,width:16,steps:20000")
    page.click(at("step"))
    page.wait_for_selector(at("progress", "[data-step='1']"))
    page.focus(at("run"))
    page.keyboard.press("Enter")
    page.wait_for_selector(at("progress", "[data-state=running]"))
    until(page, lambda: int(page.get_attribute(at("progress"), "data-step")) > 50)
    page.keyboard.press("Enter")
    page.wait_for_selector(at("progress", "[data-state=paused]"))
    held = page.get_attribute(at("progress"), "data-step")
    page.wait_for_timeout(300)
    assert page.get_attribute(at("progress"), "data-step") == held


@english
def test_a_trainer_that_could_not_start_is_told_and_started_again(page: Any, site: str, complaints: list[str]) -> None:
    """Without its script the worker fails in words; once it is there, one press trains."""
    page.route("**/worker.js", lambda asked: asked.abort())
    page.goto(f"{site}#view=learn&f=relu&{SHORT}")
    page.wait_for_selector(".learn-bad[role=alert]")
    page.unroute("**/worker.js")
    complaints.clear()
    finished(page)
    assert page.locator(".learn-bad[role=alert]").count() == 0


@english
def test_settings_travel_in_the_address_and_a_change_starts_over(page: Any, site: str) -> None:
    """Somebody else opens the link and sees the same training; garbage in it is told and ignored."""
    opened(page, site, f"f=relu&{SHORT}")
    finished(page)
    page.select_option(at("data"), "sine")
    page.wait_for_selector(at("progress", "[data-step='0']"))
    until(page, lambda: "data:sine" in page.evaluate("location.hash"))
    page.reload()
    page.wait_for_selector(at("layers-0"))
    assert page.input_value(at("data")) == "sine"
    assert page.locator(f"{at('layers-0')} tbody tr").count() == 2
    finished(page)
    assert page.get_attribute(at("result-0"), "data-right") is None
    page.goto(f"{site}#view=learn&f=relu&train=depth:99")
    page.reload()
    page.wait_for_selector("[data-testid=garbage]")
    assert page.input_value(at("depth-number")) == "3"


@english
def test_what_cannot_be_trained_is_told_in_a_sentence(page: Any, site: str, complaints: Any) -> None:
    """No function chosen, a function without a gain, a loss that is no longer a number, a server that is gone."""
    page.goto(f"{site}#view=learn&f=")
    page.wait_for_selector("text=Choose at least one function")
    page.goto(f"{site}#view=learn&f==0*x,identity&train=data:sine,rate:100,steps:500")
    page.reload()
    page.wait_for_selector(at("layers-1"))
    finished(page)
    assert "no gain" in page.inner_text(at("result-0"))
    assert "no longer a number" in page.inner_text(at("result-1"))
    page.click(at("torch"))
    assert "formula" in page.inner_text(at("torch-failed"))
    page.route("**/run", lambda route: route.abort())
    page.click(at("torch"))
    until(page, lambda: "actlab explore" in page.inner_text(at("torch-failed")))
    assert all("400" in each or "ERR_FAILED" in each for each in complaints)
    complaints.clear()


@english
def test_the_exported_file_trains_without_a_server(context: Any, files: Any, complaints: Any, tmp_path: Path) -> None:
    """The worker is made from the file itself, and nothing is asked of anybody."""
    place = tmp_path / "page.html"
    place.write_text(single(files), encoding="utf-8")
    page = context.new_page()
    complaints.listen(page, place.as_uri())
    opened(page, place.as_uri(), f"f=relu&{SHORT}")
    finished(page)
    assert 0 < loss(page) < math.log(2)
    assert page.locator(at("torch")).count() == 0
    assert not complaints
